package line

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// tokenHost issues t1, t2, … unless it is told to fail.
type tokenHost struct {
	*httptest.Server

	mu     sync.Mutex
	issued int
	fail   bool
	form   url.Values
}

func newTokenHost(t *testing.T) *tokenHost {
	t.Helper()
	h := &tokenHost{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		_ = r.ParseForm()
		h.form = r.PostForm
		if r.URL.Path != "/oauth2/v3/token" || h.fail {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"error":"invalid_request","error_description":"secret %s"}`, r.PostForm.Get("client_secret"))
			return
		}
		h.issued++
		_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","access_token":"t%d","expires_in":900}`, h.issued)
	}))
	t.Cleanup(h.Close)
	return h
}

type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) add(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
}

func tokensOf(t *testing.T, h *tokenHost, change ...func(*Channel)) (*StatelessTokens, *handClock, *bytes.Buffer) {
	t.Helper()
	clock, logged := &handClock{now: time.Unix(1790000000, 0)}, &bytes.Buffer{}
	ch := Channel{ID: "1234567890", Secret: "channel-secret", APIEndpoint: h.URL, AllowLoopback: true, Now: clock.Now,
		Log: slog.New(slog.NewTextHandler(logged, nil))}
	for _, c := range change {
		c(&ch)
	}
	tokens, err := NewStatelessTokens(ch)
	if err != nil {
		t.Fatal(err)
	}
	return tokens, clock, logged
}

func want(t *testing.T, tokens *StatelessTokens, token string) {
	t.Helper()
	if got, err := tokens.Token(context.Background()); err != nil || got != token {
		t.Errorf("token %q, %v; want %q", got, err, token)
	}
}

// eventually waits for the refresh that runs beside the calls.
func eventually(t *testing.T, tokens *StatelessTokens, token string) {
	t.Helper()
	for range 200 {
		if got, _ := tokens.Token(context.Background()); got == token {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("never got %s", token)
}

func TestTokenIsKeptAndRefreshedEarly(t *testing.T) {
	h := newTokenHost(t)
	tokens, clock, _ := tokensOf(t, h)
	want(t, tokens, "t1")
	clock.add(9 * time.Minute)
	want(t, tokens, "t1")
	if h.issued != 1 || h.form.Get("client_id") != "1234567890" || h.form.Get("grant_type") != "client_credentials" {
		t.Errorf("%d issued, form %v", h.issued, h.form)
	}
	clock.add(time.Minute) // ten minutes: still good, but a new one is fetched
	want(t, tokens, "t1")
	eventually(t, tokens, "t2")
}

func TestManyCallersShareOneRequest(t *testing.T) {
	h := newTokenHost(t)
	tokens, _, _ := tokensOf(t, h)
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() { want(t, tokens, "t1") })
	}
	wg.Wait()
	if h.issued != 1 {
		t.Errorf("%d issued", h.issued)
	}
}

// While LINE issues none, the old token serves as long as it lives, and somebody is told.
func TestOldTokenServesWhileRefreshFails(t *testing.T) {
	h := newTokenHost(t)
	tokens, clock, logged := tokensOf(t, h)
	want(t, tokens, "t1")
	h.mu.Lock()
	h.fail = true
	h.mu.Unlock()
	clock.add(13 * time.Minute)
	want(t, tokens, "t1")
	clock.add(3 * time.Minute) // dead
	_, err := tokens.Token(context.Background())
	if err == nil || strings.Contains(err.Error(), "channel-secret") {
		t.Errorf("error %v", err)
	}
	if s := logged.String(); !strings.Contains(s, "no new line token") || strings.Contains(s, "channel-secret") {
		t.Errorf("logged %q", s)
	}
	h.mu.Lock()
	h.fail = false
	h.mu.Unlock()
	want(t, tokens, "t2")
}

func TestRenewReplacesOnlyTheRefusedToken(t *testing.T) {
	h := newTokenHost(t)
	tokens, _, _ := tokensOf(t, h)
	want(t, tokens, "t1")
	if got, err := tokens.Renew(context.Background(), "t1"); err != nil || got != "t2" {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := tokens.Renew(context.Background(), "t1"); err != nil || got != "t2" {
		t.Errorf("the second caller with the old token got %s, %v", got, err)
	}
}

// With a signing key the secret never travels; LINE can check the assertion.
func TestAssertionReplacesTheSecret(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	h := newTokenHost(t)
	tokens, clock, _ := tokensOf(t, h, func(ch *Channel) { ch.Key, ch.KeyID = key, "kid-1" })
	want(t, tokens, "t1")
	if h.form.Get("client_secret") != "" {
		t.Error("the secret travelled")
	}
	parts := strings.Split(h.form.Get("client_assertion"), ".")
	if len(parts) != 3 {
		t.Fatalf("form %v", h.form)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		t.Error(err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Iss, Sub, Aud string
		Exp           int64
	}
	if err := json.Unmarshal(claims, &got); err != nil {
		t.Fatal(err)
	}
	if got.Iss != "1234567890" || got.Sub != got.Iss || got.Aud != "https://api.line.me/" || got.Exp-clock.Now().Unix() > 1800 {
		t.Errorf("claims %+v", got)
	}
}

func TestChannelNeedsWhatItNeeds(t *testing.T) {
	for _, ch := range []Channel{{}, {ID: "1"}, {Secret: "s"}, {ID: "1", Secret: "s", APIEndpoint: "http://127.0.0.1:1"}, {ID: "1", Key: &rsa.PrivateKey{}}} {
		if _, err := NewStatelessTokens(ch); err == nil {
			t.Errorf("%d characters of ID passed", len(ch.ID))
		}
	}
}

func TestStaticTokenIsNeverPrinted(t *testing.T) {
	b, err := json.Marshal(map[string]any{"token": StaticToken("very-secret")})
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", StaticToken("very-secret"), StaticToken("very-secret"), StaticToken("very-secret"), b); strings.Contains(s, "very-secret") {
		t.Error(s)
	}
}
