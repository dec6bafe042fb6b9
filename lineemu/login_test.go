package lineemu

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// open is a browser that opens a page of the platform and follows nothing.
func (w *world) open(q url.Values) (status int, location *url.URL, body string) {
	w.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(w.base + "/oauth2/v2.1/authorize?" + q.Encode())
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	if err := res.Write(&b); err != nil {
		w.t.Fatal(err)
	}
	location, _ = res.Location()
	return res.StatusCode, location, b.String()
}

// challenge is of the verifier "the-verifier-of-a-test".
const challenge = "ZbmTslU1TNnJbwmub7RxNKxRM32fVhGs2US0OApGYcY"

func (w *world) wanted(also ...string) url.Values {
	id, _ := w.p.LoginChannel()
	q := url.Values{"response_type": {"code"}, "client_id": {id}, "redirect_uri": {"http://127.0.0.1:9/back"}, "state": {"s1"}, "scope": {"openid"}, "nonce": {"n1"}}
	for i := 0; i < len(also); i += 2 {
		q.Set(also[i], also[i+1])
	}
	return q
}

func (w *world) exchange(code string, also ...string) reply {
	id, secret := w.p.LoginChannel()
	v := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"http://127.0.0.1:9/back"}, "client_id": {id}, "client_secret": {secret}}
	for i := 0; i < len(also); i += 2 {
		v.Set(also[i], also[i+1])
	}
	return w.call("POST", "/oauth2/v2.1/token", v.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", "")
}

func (w *world) verify(token string, also ...string) reply {
	id, _ := w.p.LoginChannel()
	v := url.Values{"id_token": {token}, "client_id": {id}}
	for i := 0; i < len(also); i += 2 {
		v.Set(also[i], also[i+1])
	}
	return w.call("POST", "/oauth2/v2.1/verify", v.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", "")
}

func TestSignInPageOffersThePhones(t *testing.T) {
	w := start(t)
	w.friend("มะลิ <b>")
	w.friend("somchai")
	status, _, body := w.open(w.wanted())
	if status != http.StatusOK || !strings.Contains(body, "มะลิ &lt;b&gt;") || strings.Contains(body, "<b>") || !strings.Contains(body, "somchai") {
		t.Errorf("the page: %d\n%s", status, body)
	}
	if _, _, found := w.open(w.wanted("q", "somch")); strings.Contains(found, "มะลิ") || !strings.Contains(found, "somchai") {
		t.Errorf("looked for by name:\n%s", found)
	}
}

func TestACodeBuysOneIDToken(t *testing.T) {
	w := start(t)
	mali := w.friend("mali")
	_, to, _ := w.open(w.wanted("user", mali.ID()))
	if to == nil || to.Query().Get("state") != "s1" || to.Query().Get("code") == "" {
		t.Fatalf("sent to %v", to)
	}
	code := to.Query().Get("code")
	got := w.exchange(code)
	var tokens struct {
		ID   string `json:"id_token"`
		Type string `json:"token_type"`
	}
	if err := json.Unmarshal([]byte(got.body), &tokens); err != nil || got.status != http.StatusOK || tokens.Type != "Bearer" {
		t.Fatalf("token: %d %s", got.status, got.body)
	}
	said := w.verify(tokens.ID, "nonce", "n1", "user_id", mali.ID())
	var claims map[string]any
	if err := json.Unmarshal([]byte(said.body), &claims); err != nil || claims["sub"] != mali.ID() || claims["iss"] != "https://access.line.me" || claims["nonce"] != "n1" {
		t.Errorf("verify: %d %s", said.status, said.body)
	}
	for name, r := range map[string]reply{
		"a second time":    w.exchange(code),
		"a made-up code":   w.exchange("made-up"),
		"another nonce":    w.verify(tokens.ID, "nonce", "n2"),
		"another user":     w.verify(tokens.ID, "user_id", "U0"),
		"another audience": w.verify(tokens.ID, "client_id", "1"),
		"tampered":         w.verify(tokens.ID[:len(tokens.ID)-4] + "AAAA"),
	} {
		if r.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	w.pass(time.Hour)
	if r := w.verify(tokens.ID); !strings.Contains(r.body, "IdToken expired.") {
		t.Errorf("after an hour: %d %s", r.status, r.body)
	}
}

func TestTheVerifierMustFitTheChallenge(t *testing.T) {
	w := start(t)
	mali := w.friend("mali")
	code := func() string {
		_, to, _ := w.open(w.wanted("user", mali.ID(), "code_challenge", challenge, "code_challenge_method", "S256"))
		return to.Query().Get("code")
	}
	for name, r := range map[string]reply{
		"no verifier":      w.exchange(code()),
		"another verifier": w.exchange(code(), "code_verifier", "the-verifier-of-somebody-else"),
		"another way back": w.exchange(code(), "code_verifier", "the-verifier-of-a-test", "redirect_uri", "http://127.0.0.1:9/elsewhere"),
		"another secret":   w.exchange(code(), "code_verifier", "the-verifier-of-a-test", "client_secret", "another"),
	} {
		if r.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if r := w.exchange(code(), "code_verifier", "the-verifier-of-a-test"); r.status != http.StatusOK {
		t.Errorf("the right one: %d %s", r.status, r.body)
	}
}

func TestSignInRefuses(t *testing.T) {
	w := start(t)
	gone := w.friend("gone")
	gone.DeleteAccount()
	for name, q := range map[string]url.Values{
		"another channel":             w.wanted("client_id", "1"),
		"a way back that is not ours": w.wanted("redirect_uri", "https://example.com/"),
	} {
		if status, to, _ := w.open(q); status != http.StatusBadRequest || to != nil {
			t.Errorf("%s: %d to %v", name, status, to)
		}
	}
	for name, q := range map[string]url.Values{
		"somebody who left LINE": w.wanted("user", gone.ID()),
		"nobody":                 w.wanted("user", "U0"),
		"a challenge in clear":   w.wanted("user", "U0", "code_challenge", challenge, "code_challenge_method", "plain"),
	} {
		if _, to, _ := w.open(q); to == nil || to.Query().Get("error") == "" || to.Query().Get("code") != "" {
			t.Errorf("%s: sent to %v", name, to)
		}
	}
}
