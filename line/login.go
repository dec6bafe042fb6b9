package line

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// LoginHost is where people sign in, and who issues ID tokens.
const LoginHost = "https://access.line.me"

// ErrNotSignedIn says that LINE does not vouch for who this is.
var ErrNotSignedIn = errors.New("line: not signed in")

const (
	clockSkew = time.Minute     // between LINE's clock and ours
	keysApart = 5 * time.Second // between two looks for keys, so that made-up key IDs ask LINE for nothing
	loginWait = 5 * time.Second
)

// LoginConfig is a LINE Login channel, under the same provider as the official
// account: only then does it know people by the same IDs.
type LoginConfig struct {
	ChannelID     string
	Secret        string
	Redirect      string // where LINE sends people back to, exactly as its console has it
	Page          string // default LoginHost
	APIEndpoint   string // default APIHost
	AllowLoopback bool
	Now           func() time.Time // default time.Now
}

// Login signs people in with LINE. ID tokens of the web come signed with the
// channel secret (HS256), those of a page inside LINE with a key of LINE's (ES256);
// neither way takes what belongs to the other.
type Login struct {
	cfg  LoginConfig
	http http.Client

	mu    sync.Mutex
	keys  map[string]*ecdsa.PublicKey
	asked time.Time // for keys, by the clock on the wall
}

// Attempt is one try to sign in. It is kept on the server, and used once.
type Attempt struct {
	State    string
	Nonce    string
	Verifier string
}

// NewLogin checks the channel; LINE is asked when somebody signs in.
func NewLogin(cfg LoginConfig) (*Login, error) {
	cfg.Page, cfg.APIEndpoint = or(cfg.Page, LoginHost), or(cfg.APIEndpoint, APIHost)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.ChannelID == "" || cfg.Secret == "" {
		return nil, errors.New("line: a login channel needs its ID and its secret")
	}
	if u, err := url.Parse(cfg.Redirect); err != nil || u.Host == "" || u.Scheme != "https" && !cfg.AllowLoopback {
		return nil, errors.New("line: people come back from signing in to an https address")
	}
	if err := errors.Join(checkEndpoint(cfg.Page, LoginHost, cfg.AllowLoopback), checkEndpoint(cfg.APIEndpoint, APIHost, cfg.AllowLoopback)); err != nil {
		return nil, err
	}
	return &Login{cfg: cfg, http: http.Client{
		Timeout:       loginWait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Attempt begins one, with three secrets that have nothing to do with each other.
func (l *Login) Attempt() Attempt {
	secret := func() string {
		raw := make([]byte, 32)
		_, _ = rand.Read(raw) // never fails
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	return Attempt{State: secret(), Nonce: secret(), Verifier: secret()}
}

// URL is the page on which somebody signs in.
func (l *Login) URL(a Attempt, language string) string {
	challenge := sha256.Sum256([]byte(a.Verifier))
	return l.cfg.Page + "/oauth2/v2.1/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {l.cfg.ChannelID}, "redirect_uri": {l.cfg.Redirect}, "scope": {"openid"}, "state": {a.State}, "nonce": {a.Nonce},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"}, "ui_locales": {language},
	}.Encode()
}

// Exchange turns the code of an attempt into who signed in: the user ID, and the
// ID token that says so, by which a second use shows. ErrNotSignedIn: LINE, or
// what it sent, does not vouch for it; any other error: LINE does not answer.
func (l *Login) Exchange(ctx context.Context, a Attempt, code string) (user, token string, err error) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {l.cfg.Redirect}, "client_id": {l.cfg.ChannelID}, "client_secret": {l.cfg.Secret},
		"code_verifier": {a.Verifier},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.cfg.APIEndpoint+"/oauth2/v2.1/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", "", errors.New("line login: no request")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		IDToken string `json:"id_token"`
	}
	status, err := l.ask(req, &answer)
	switch {
	case err != nil:
		return "", "", err
	case status == http.StatusBadRequest:
		return "", "", ErrNotSignedIn
	case status != http.StatusOK:
		return "", "", fmt.Errorf("line login: status %d", status)
	}
	said, err := l.read(answer.IDToken, jwt.SigningMethodHS256.Alg(), func(*jwt.Token) (any, error) { return []byte(l.cfg.Secret), nil })
	if err != nil || subtle.ConstantTimeCompare([]byte(said.Nonce), []byte(a.Nonce)) != 1 {
		return "", "", ErrNotSignedIn
	}
	return said.Subject, answer.IDToken, nil
}

// Inside is who a page inside LINE (LIFF) runs for, by its ID token. Such a token
// carries no nonce of ours: whoever takes it must see to it that it is used once.
func (l *Login) Inside(ctx context.Context, token string) (user string, err error) {
	var away error
	said, err := l.read(token, jwt.SigningMethodES256.Alg(), func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		key, err := l.key(ctx, kid)
		if key == nil {
			away = err
			return nil, ErrNotSignedIn
		}
		return key, nil
	})
	if away != nil {
		return "", away
	}
	return said.Subject, err
}

// claims are what we read of an ID token.
type claims struct {
	jwt.RegisteredClaims
	Nonce string `json:"nonce"`
}

// read checks signature, issuer, audience and times. What was wrong is nobody's
// business: the token may quote a person.
func (l *Login) read(token, alg string, key jwt.Keyfunc) (claims, error) {
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, key, jwt.WithValidMethods([]string{alg}), jwt.WithIssuer(LoginHost), jwt.WithAudience(l.cfg.ChannelID),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(clockSkew), jwt.WithTimeFunc(l.cfg.Now), jwt.WithStrictDecoding())
	if err != nil || c.IssuedAt == nil || !userIDPattern.MatchString(c.Subject) {
		return claims{}, ErrNotSignedIn
	}
	return c, nil
}

// key finds one of LINE's keys. One that is not known is looked for, but not again
// and again; nil without an error: there is no such key.
func (l *Login) key(ctx context.Context, kid string) (*ecdsa.PublicKey, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if key := l.keys[kid]; key != nil || time.Since(l.asked) < keysApart {
		return key, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.cfg.APIEndpoint+"/oauth2/v2.1/certs", nil)
	if err != nil {
		return nil, errors.New("line login: no request")
	}
	var set struct {
		Keys []struct{ Kty, Alg, Kid, Crv, X, Y string }
	}
	status, err := l.ask(req, &set)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("line login: keys: status %d", status)
	}
	l.asked, l.keys = time.Now(), map[string]*ecdsa.PublicKey{}
	for _, k := range set.Keys {
		x, errX := base64.RawURLEncoding.DecodeString(k.X)
		y, errY := base64.RawURLEncoding.DecodeString(k.Y)
		if k.Kty != "EC" || k.Crv != "P-256" || errX != nil || errY != nil || len(x) != 32 || len(y) != 32 {
			continue
		}
		if key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...)); err == nil {
			l.keys[k.Kid] = key
		}
	}
	return l.keys[kid], nil
}

// ask sends a request and decodes an answer of 200; its errors hold nothing of either.
func (l *Login) ask(req *http.Request, into any) (status int, err error) {
	res, err := l.http.Do(req)
	if err != nil {
		return 0, errors.New("line login: no answer")
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return 0, errors.New("line login: no whole answer")
	}
	if res.StatusCode == http.StatusOK && json.Unmarshal(body, into) != nil {
		return 0, errors.New("line login: an answer that is none")
	}
	return res.StatusCode, nil
}
