package lineemu

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	pages "html/template"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// What LINE Login documents: how long a code and an ID token live, and who signs.
const (
	codeLife    = 10 * time.Minute
	idTokenLife = time.Hour
	loginIssuer = "https://access.line.me"
)

// login is the Login channel of the platform: its codes, and the key that signs what an app inside LINE is given.
type login struct {
	key   *ecdsa.PrivateKey
	kid   string
	codes expiring[*grant] // guarded by Platform.mu
}

// grant is what somebody agreed to on the sign-in page.
type grant struct {
	user, redirect, nonce, challenge, scope string
	used                                    bool
}

func newLogin() (login, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return login{}, err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return login{}, err
	}
	sum := sha256.Sum256(point)
	return login{key: key, kid: hex.EncodeToString(sum[:16]), codes: newExpiring[*grant]()}, nil
}

// LoginChannel is the ID and the secret of the Login channel, which stands under
// the same provider as the official account: user IDs are the same in both.
func (p *Platform) LoginChannel() (id, secret string) {
	mac := hmac.New(sha256.New, []byte(p.opt.ChannelSecret))
	mac.Write([]byte("login channel"))
	return p.opt.ChannelID + "1", hex.EncodeToString(mac.Sum(nil)[:16])
}

var signInPage = pages.Must(pages.New("").Parse(`<!doctype html>
<html lang="th"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>LINE Login (emulated)</title>
<style>body{font:16px/1.5 sans-serif;max-width:26rem;margin:0 auto;padding:1rem;background:#f4f5f7;color:#111}
a,button{display:block;box-sizing:border-box;width:100%;padding:.9rem 1rem;margin:.5rem 0;border-radius:.6rem;border:1px solid #06c755;background:#fff;color:#111;text-decoration:none;font:inherit;text-align:start}
small{display:block;color:#555}input{box-sizing:border-box;width:100%;padding:.8rem;font:inherit;border:1px solid #999;border-radius:.6rem}.no{border-color:#999;text-align:center}</style>
<h1>LINE Login</h1><p>เลือกโทรศัพท์ที่ใช้เข้าสู่ระบบ / choose whose phone this is</p>
<form method="get">{{range $k, $v := .Keep}}<input type="hidden" name="{{$k}}" value="{{$v}}">{{end}}<input name="q" value="{{.Query}}" placeholder="ค้นหา / find" aria-label="find"></form>
{{range .Phones}}<a href="{{.Link}}">{{.Name}}<small>{{.Label}}</small></a>{{end}}
<a class="no" href="{{.Cancel}}">ยกเลิก / cancel</a></html>`))

// authorize is the sign-in page: whoever opens it says whose phone it is. With the
// parameter user, which LINE does not have, the choice is made already.
func (p *Platform) authorize(w http.ResponseWriter, r *http.Request) {
	if host, _, err := net.SplitHostPort(r.Host); err != nil || !loopback(strings.Trim(host, "[]")) {
		http.Error(w, "only on loopback", http.StatusForbidden)
		return
	}
	q := r.URL.Query()
	id, _ := p.LoginChannel()
	back, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case q.Get("client_id") != id:
		http.Error(w, "400 Bad Request: invalid client_id", http.StatusBadRequest)
		return
	case err != nil || back.Scheme != "http" && back.Scheme != "https" || !loopback(back.Hostname()):
		http.Error(w, "400 Bad Request: invalid redirect_uri", http.StatusBadRequest)
		return
	}
	say := func(also url.Values) string {
		to := *back
		values := to.Query()
		for k, v := range also {
			values[k] = v
		}
		values.Set("state", q.Get("state"))
		to.RawQuery = values.Encode()
		return to.String()
	}
	refusal := func(code, why string) string { return say(url.Values{"error": {code}, "error_description": {why}}) }
	switch challenge := q.Get("code_challenge"); {
	case q.Get("response_type") != "code" || q.Get("state") == "" || !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		http.Redirect(w, r, refusal("INVALID_REQUEST", "response_type, state and scope are required"), http.StatusFound)
		return
	case challenge != "" && (q.Get("code_challenge_method") != "S256" || len(challenge) != 43):
		http.Redirect(w, r, refusal("INVALID_REQUEST", "invalid code_challenge"), http.StatusFound)
		return
	}
	if user := q.Get("user"); user != "" {
		ph := p.Phone(user)
		if ph == nil || ph.gone() {
			http.Redirect(w, r, refusal("ACCESS_DENIED", "The resource owner denied the request."), http.StatusFound)
			return
		}
		code := p.ids.hex(40)
		p.mu.Lock()
		p.login.codes.put(code, &grant{user: user, redirect: q.Get("redirect_uri"), nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), scope: q.Get("scope")},
			p.opt.Now(), p.stretch(codeLife))
		p.mu.Unlock()
		http.Redirect(w, r, say(url.Values{"code": {code}}), http.StatusFound)
		return
	}
	p.showSignIn(w, q, refusal("ACCESS_DENIED", "The resource owner denied the request."))
}

type signInPhone struct{ Name, Label, Link string }

// showSignIn lists phones by name, the pinned ones first; a list of thousands would help nobody.
func (p *Platform) showSignIn(w http.ResponseWriter, q url.Values, cancel string) {
	const most = 30
	asked := strings.ToLower(q.Get("q"))
	keep := map[string]string{}
	for k := range q {
		if k != "q" {
			keep[k] = q.Get(k)
		}
	}
	all := p.Phones()
	slices.SortStableFunc(all, func(a, b *Phone) int {
		switch {
		case a.user.Pinned == b.user.Pinned:
			return 0
		case a.user.Pinned:
			return -1
		default:
			return 1
		}
	})
	var phones []signInPhone
	for _, ph := range all {
		u := ph.User()
		if ph.gone() || !strings.Contains(strings.ToLower(u.Name+" "+u.Label+" "+u.ID), asked) {
			continue
		}
		q.Set("user", u.ID)
		q.Del("q")
		if phones = append(phones, signInPhone{u.Name, u.Label, "?" + q.Encode()}); len(phones) == most {
			break
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_ = signInPage.Execute(w, map[string]any{"Keep": keep, "Query": asked, "Phones": phones, "Cancel": cancel})
}

// gone reports whether somebody left LINE.
func (ph *Phone) gone() bool {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	return ph.deleted
}

func invalidGrant(why string) answer {
	return answer{status: http.StatusBadRequest, body: map[string]string{"error": "invalid_grant", "error_description": why}}
}

// signInToken exchanges a code for tokens, once.
func (p *Platform) signInToken(c *call) answer {
	id, secret := p.LoginChannel()
	form := c.PostForm
	switch {
	case form.Get("grant_type") != "authorization_code":
		return invalidToken("grant_type is invalid.")
	case form.Get("client_id") != id || !hmac.Equal([]byte(form.Get("client_secret")), []byte(secret)):
		return answer{status: http.StatusBadRequest, body: map[string]string{"error": "invalid_client", "error_description": "client_id or client_secret is invalid."}}
	}
	p.mu.Lock()
	g, known := p.login.codes.get(form.Get("code"), c.now)
	if known && g.used {
		known = false
	}
	if known {
		g.used = true
	}
	p.mu.Unlock()
	switch {
	case !known:
		return invalidGrant("invalid authorization code")
	case g.redirect != form.Get("redirect_uri"):
		return invalidGrant("redirect_uri does not match")
	case g.challenge != "":
		sum := sha256.Sum256([]byte(form.Get("code_verifier")))
		if base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
			return invalidGrant("code_verifier does not match")
		}
	}
	return ok(map[string]any{
		"access_token": p.ids.hex(48), "token_type": "Bearer", "expires_in": 2592000, "refresh_token": p.ids.hex(40), "scope": g.scope,
		"id_token": p.webToken(p.claims(g.user, g.nonce)),
	})
}

// claims are what an ID token says of somebody.
func (p *Platform) claims(user, nonce string) object {
	id, _ := p.LoginChannel()
	now := p.opt.Now()
	c := object{"iss": loginIssuer, "sub": user, "aud": id, "iat": now.Unix(), "exp": now.Add(p.stretch(idTokenLife)).Unix(), "amr": []string{"linesso"}}
	if nonce != "" {
		c["nonce"] = nonce
	}
	if ph := p.Phone(user); ph != nil {
		c["name"] = ph.User().Name
	}
	return c
}

// webToken signs with the channel secret, as LINE does for a web page's sign-in.
func (p *Platform) webToken(claims object) string {
	_, secret := p.LoginChannel()
	signed := segment(object{"typ": "JWT", "alg": "HS256"}) + "." + segment(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func segment(v object) string { return base64.RawURLEncoding.EncodeToString(marshal(v)) }

// LIFFToken is the ID token that a page inside LINE is given on this phone: signed
// with a key that /oauth2/v2.1/certs shows, and without a nonce.
func (ph *Phone) LIFFToken() (string, error) {
	if ph.gone() {
		return "", errors.New("lineemu: this person left LINE")
	}
	l := ph.p.login
	signed := segment(object{"typ": "JWT", "alg": "ES256", "kid": l.kid}) + "." + segment(ph.p.claims(ph.user.ID, ""))
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, l.key, sum[:])
	if err != nil {
		return "", err
	}
	both := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return signed + "." + base64.RawURLEncoding.EncodeToString(both), nil
}

func (p *Platform) certs(*call) answer {
	point, err := p.login.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return refuse(http.StatusInternalServerError, "Internal server error")
	}
	text := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	return ok(map[string]any{"keys": []object{{
		"kty": "EC", "alg": "ES256", "use": "sig", "kid": p.login.kid, "crv": "P-256", "x": text(point[1:33]), "y": text(point[33:]),
	}}})
}

// verifyIDToken checks an ID token of either kind and answers with what it says.
func (p *Platform) verifyIDToken(c *call) answer {
	token := c.PostForm.Get("id_token")
	claims, fine := p.checkedToken(token)
	if !fine {
		return invalidToken("Invalid IdToken.")
	}
	exp, _ := claims["exp"].(float64)
	switch {
	case claims["iss"] != loginIssuer:
		return invalidToken("Invalid IdToken Issuer.")
	case c.now.Unix() >= int64(exp):
		return invalidToken("IdToken expired.")
	case claims["aud"] != c.PostForm.Get("client_id"):
		return invalidToken("Invalid IdToken Audience.")
	case c.PostForm.Has("nonce") && claims["nonce"] != c.PostForm.Get("nonce"):
		return invalidToken("Invalid IdToken Nonce.")
	case c.PostForm.Has("user_id") && claims["sub"] != c.PostForm.Get("user_id"):
		return invalidToken("Invalid IdToken Subject Identifier.")
	}
	return ok(claims)
}

// checkedToken reads a token whose signature holds.
func (p *Platform) checkedToken(token string) (object, bool) {
	part := strings.Split(token, ".")
	if len(part) != 3 {
		return nil, false
	}
	var head struct{ Alg, Kid string }
	var claims object
	signature, err := base64.RawURLEncoding.DecodeString(part[2])
	if err != nil || !decodeJWT(part[0], &head) || !decodeJWT(part[1], &claims) {
		return nil, false
	}
	switch head.Alg {
	case "HS256":
		_, secret := p.LoginChannel()
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(part[0] + "." + part[1]))
		return claims, hmac.Equal(mac.Sum(nil), signature)
	case "ES256":
		if head.Kid != p.login.kid || len(signature) != 64 {
			return nil, false
		}
		sum := sha256.Sum256([]byte(part[0] + "." + part[1]))
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return claims, ecdsa.Verify(&p.login.key.PublicKey, sum[:], r, s)
	default:
		return nil, false
	}
}
