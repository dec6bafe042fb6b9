package line

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/ess-thailand/ess/lineemu"
)

const home = "http://127.0.0.1:8080/smart/back"

// signingIn is a Login channel on an emulated LINE, and a phone.
type signingIn struct {
	*Login
	p      *lineemu.Platform
	phone  *lineemu.Phone
	id     string
	secret string
	now    time.Time
}

func newSigningIn(t *testing.T) *signingIn {
	t.Helper()
	s := &signingIn{now: time.Date(2026, 5, 1, 3, 4, 5, 0, time.UTC)}
	var err error
	if s.p, err = lineemu.New(lineemu.Options{ChannelSecret: "secret-of-the-account", Seed: 1, Now: func() time.Time { return s.now }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.p.Close)
	base, err := s.p.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if s.phone, err = s.p.AddUser(lineemu.User{Name: "มะลิ"}); err != nil {
		t.Fatal(err)
	}
	s.id, s.secret = s.p.LoginChannel()
	if s.Login, err = NewLogin(LoginConfig{
		ChannelID: s.id, Secret: s.secret, Redirect: home, Page: base, APIEndpoint: base, AllowLoopback: true, Now: func() time.Time { return s.now },
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// visit opens the sign-in page and chooses the phone; the answer is where LINE sends it.
func (s *signingIn) visit(t *testing.T, page string) url.Values {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(page + "&user=" + s.phone.ID())
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	to, err := res.Location()
	if err != nil {
		t.Fatalf("the sign-in page answered %d: %v", res.StatusCode, err)
	}
	if got := to.Scheme + "://" + to.Host + to.Path; got != home {
		t.Fatalf("LINE sent the phone to %s", got)
	}
	return to.Query()
}

func TestSomebodySignsIn(t *testing.T) {
	s := newSigningIn(t)
	a := s.Attempt()
	back := s.visit(t, s.URL(a, "th"))
	if back.Get("state") != a.State {
		t.Error("the state did not come back")
	}
	user, token, err := s.Exchange(t.Context(), a, back.Get("code"))
	if err != nil || user != s.phone.ID() || token == "" {
		t.Fatalf("signed in %q, %v", user, err)
	}
	if _, _, err := s.Exchange(t.Context(), a, back.Get("code")); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("the code served twice: %v", err)
	}
	if _, err := s.Inside(t.Context(), token); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("a token of the web was taken for one of a page inside LINE: %v", err)
	}
}

// A code that somebody else began, or that belongs to another attempt, signs nobody in.
func TestACodeBelongsToItsAttempt(t *testing.T) {
	s := newSigningIn(t)
	a, other := s.Attempt(), s.Attempt()
	code := s.visit(t, s.URL(a, "th")).Get("code")
	if _, _, err := s.Exchange(t.Context(), Attempt{State: a.State, Nonce: a.Nonce, Verifier: other.Verifier}, code); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("another verifier: %v", err)
	}
	code = s.visit(t, s.URL(a, "th")).Get("code")
	if _, _, err := s.Exchange(t.Context(), Attempt{State: a.State, Nonce: other.Nonce, Verifier: a.Verifier}, code); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("another nonce: %v", err)
	}
	if _, _, err := s.Exchange(t.Context(), a, "made-up"); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("a made-up code: %v", err)
	}
}

func TestAPageInsideLINESignsIn(t *testing.T) {
	s := newSigningIn(t)
	token, err := s.phone.LIFFToken()
	if err != nil {
		t.Fatal(err)
	}
	if user, err := s.Inside(t.Context(), token); err != nil || user != s.phone.ID() {
		t.Fatalf("signed in %q, %v", user, err)
	}
	body, signature := token[:strings.LastIndex(token, ".")], token[strings.LastIndex(token, ".")+1:]
	flipped := "B" + signature[1:]
	if signature[0] == 'B' {
		flipped = "C" + signature[1:]
	}
	for name, bad := range map[string]string{"tampered": body + "." + flipped, "unsigned": body + ".", "no token": "", "words": "not.a.token"} {
		if _, err := s.Inside(t.Context(), bad); !errors.Is(err, ErrNotSignedIn) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.now = s.now.Add(time.Hour + clockSkew + time.Second)
	if _, err := s.Inside(t.Context(), token); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("an expired token: %v", err)
	}
}

// What LINE's token endpoint answers is believed only as far as it is signed, for us, now.
func TestAnIDTokenIsReadStrictly(t *testing.T) {
	now := time.Date(2026, 5, 1, 3, 4, 5, 0, time.UTC)
	const channel, secret, user = "2000000001", "a-secret-of-a-login-channel", "U0123456789abcdef0123456789abcdef"
	a := Attempt{State: "s", Nonce: "nonce-of-this-attempt", Verifier: "v"}
	good := func() jwt.MapClaims {
		return jwt.MapClaims{"iss": LoginHost, "aud": channel, "sub": user, "nonce": a.Nonce, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	}
	sign := func(m jwt.SigningMethod, key any, c jwt.MapClaims) string {
		token, err := jwt.NewWithClaims(m, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	with := func(k string, v any) string {
		c := good()
		if c[k] = v; v == nil {
			delete(c, k)
		}
		return sign(jwt.SigningMethodHS256, []byte(secret), c)
	}
	whole := with("sub", user)
	parts := strings.Split(whole, ".")
	tests := []struct {
		name  string
		token string
		fine  bool
	}{
		{"as LINE makes it", whole, true},
		{"a clock that is half a minute off", with("iat", now.Add(30*time.Second).Unix()), true},
		{"another audience", with("aud", "2000000002"), false},
		{"another issuer", with("iss", "https://example.invalid"), false},
		{"another nonce", with("nonce", "of-another-attempt"), false},
		{"no nonce", with("nonce", nil), false},
		{"expired", with("exp", now.Add(-2*clockSkew).Unix()), false},
		{"never expires", with("exp", nil), false},
		{"of tomorrow", with("iat", now.Add(24*time.Hour).Unix()), false},
		{"nobody", with("sub", nil), false},
		{"a user ID that is none", with("sub", "../message/quota"), false},
		{"signed with another secret", sign(jwt.SigningMethodHS256, []byte("another secret"), good()), false},
		{"signed with an empty secret", sign(jwt.SigningMethodHS256, []byte(""), good()), false},
		{"another algorithm", sign(jwt.SigningMethodHS512, []byte(secret), good()), false},
		{"no algorithm", sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good()), false},
		{"no signature", parts[0] + "." + parts[1] + ".", false},
		{"tampered", parts[0] + "." + strings.Split(with("sub", "Uffffffffffffffffffffffffffffffff"), ".")[1] + "." + parts[2], false},
		{"nothing", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(`{"id_token":"` + tt.token + `"}`))
			}))
			defer host.Close()
			l, err := NewLogin(LoginConfig{ChannelID: channel, Secret: secret, Redirect: home, APIEndpoint: host.URL, AllowLoopback: true, Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := l.Exchange(t.Context(), a, "code")
			if tt.fine && (err != nil || got != user) || !tt.fine && !errors.Is(err, ErrNotSignedIn) {
				t.Errorf("signed in %q, %v", got, err)
			}
		})
	}
}

// That LINE does not answer is not the fault of who signs in.
func TestLINEThatIsAwaySignsNobodyOut(t *testing.T) {
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer host.Close()
	l, err := NewLogin(LoginConfig{ChannelID: "2000000001", Secret: "s", Redirect: home, APIEndpoint: host.URL, AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Exchange(t.Context(), l.Attempt(), "code"); err == nil || errors.Is(err, ErrNotSignedIn) {
		t.Errorf("a code: %v", err)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{})
	token.Header["alg"], token.Header["kid"] = "ES256", "k"
	unsigned, err := token.SigningString()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Inside(t.Context(), unsigned+".AAAA"); err == nil || errors.Is(err, ErrNotSignedIn) {
		t.Errorf("a token of a page inside LINE: %v", err)
	}
}

func TestOnlyLINEIsAskedAboutWhoSomebodyIs(t *testing.T) {
	for name, cfg := range map[string]LoginConfig{
		"another host":         {ChannelID: "1", Secret: "s", Redirect: "https://ess.example/smart/back", APIEndpoint: "https://example.invalid"},
		"another sign-in page": {ChannelID: "1", Secret: "s", Redirect: "https://ess.example/smart/back", Page: "https://example.invalid"},
		"loopback":             {ChannelID: "1", Secret: "s", Redirect: "https://ess.example/smart/back", APIEndpoint: "http://127.0.0.1:1"},
		"back without TLS":     {ChannelID: "1", Secret: "s", Redirect: "http://ess.example/smart/back"},
		"no secret":            {ChannelID: "1", Redirect: "https://ess.example/smart/back"},
	} {
		if _, err := NewLogin(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
