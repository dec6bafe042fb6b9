package line

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/line/line-bot-sdk-go/v8/linebot/channel_access_token"
	"golang.org/x/sync/singleflight"
)

// TokenSource gives the channel access token of a call.
type TokenSource interface {
	// Token returns a token that should be good now.
	Token(ctx context.Context) (string, error)
	// Renew returns another token than the one that LINE has just refused, or the same if there is no other.
	Renew(ctx context.Context, refused string) (string, error)
}

// StaticToken is a long-lived token from LINE's console, for development and tests.
type StaticToken string

// Token returns the token.
func (t StaticToken) Token(context.Context) (string, error) { return string(t), nil }

// Renew returns the same token: there is no other.
func (t StaticToken) Renew(context.Context, string) (string, error) { return string(t), nil }

// String hides the token.
func (StaticToken) String() string { return "***" }

// GoString hides the token.
func (StaticToken) GoString() string { return "***" }

// MarshalText hides the token.
func (StaticToken) MarshalText() ([]byte, error) { return []byte("***"), nil }

// refreshAfter is when a stateless token of fifteen minutes is replaced;
// alarmLeft is when failing to do so becomes an alarm.
const (
	refreshAfter = 10 * time.Minute
	alarmLeft    = 3 * time.Minute
	retryIssue   = 5 * time.Second // between two tries while the old token still works
)

// Channel is a LINE channel that issues stateless tokens. With Key the secret
// stays off the wire: a signed assertion is sent instead.
type Channel struct {
	ID            string
	Secret        string
	KeyID         string          // of the assertion signing key, as registered in the console
	Key           *rsa.PrivateKey // optional
	APIEndpoint   string          // default APIHost
	AllowLoopback bool
	Log           *slog.Logger     // default slog.Default()
	Now           func() time.Time // default time.Now
}

// StatelessTokens issues and keeps stateless channel tokens. One refresh runs at
// a time; while it fails the old token is used as long as it lives.
type StatelessTokens struct {
	channel Channel
	api     channel_access_token.ChannelAccessTokenAPI // copied for every call, as WithContext writes into it
	flight  singleflight.Group

	mu      sync.Mutex
	token   string
	fresh   time.Time // until then it is used without a thought
	expires time.Time
}

// NewStatelessTokens checks the channel; the first token is issued when it is needed.
func NewStatelessTokens(ch Channel) (*StatelessTokens, error) {
	ch.APIEndpoint = or(ch.APIEndpoint, APIHost)
	if ch.Log == nil {
		ch.Log = slog.Default()
	}
	if ch.Now == nil {
		ch.Now = time.Now
	}
	if ch.ID == "" || ch.Secret == "" && ch.Key == nil || ch.Key != nil && ch.KeyID == "" {
		return nil, errors.New("line: a channel needs its ID and either its secret or a signing key with its ID")
	}
	if err := checkEndpoint(ch.APIEndpoint, APIHost, ch.AllowLoopback); err != nil {
		return nil, err
	}
	api, err := channel_access_token.NewChannelAccessTokenAPI(
		channel_access_token.WithEndpoint(ch.APIEndpoint),
		channel_access_token.WithHTTPClient(&http.Client{
			Timeout:       5 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}))
	if err != nil {
		return nil, fmt.Errorf("line token endpoint: %w", err)
	}
	return &StatelessTokens{channel: ch, api: *api}, nil
}

// Token returns the kept token, or waits for one if there is none alive. In the
// last third of its life a replacement is fetched beside the calls.
func (t *StatelessTokens) Token(ctx context.Context) (string, error) {
	now := t.channel.Now()
	t.mu.Lock()
	token, alive, stale := t.token, now.Before(t.expires), !now.Before(t.fresh)
	if alive && stale {
		t.fresh = now.Add(retryIssue) // one caller in five seconds starts a try
	}
	t.mu.Unlock()
	if !alive {
		return t.issue(ctx)
	}
	if stale {
		go func() { _, _ = t.issue(context.WithoutCancel(ctx)) }() // issue logs; the old token is still good
	}
	return token, nil
}

// Renew drops a refused token and issues another.
func (t *StatelessTokens) Renew(ctx context.Context, refused string) (string, error) {
	t.mu.Lock()
	if t.token == refused {
		t.expires = time.Time{}
	}
	t.mu.Unlock()
	return t.Token(ctx)
}

// issue asks LINE for a token; callers at the same time share one request.
func (t *StatelessTokens) issue(ctx context.Context) (string, error) {
	result := t.flight.DoChan("token", func() (any, error) {
		// Bound by its own client's timeout: one caller that gives up must not fail the others.
		token, life, err := t.request(context.WithoutCancel(ctx))
		now := t.channel.Now()
		t.mu.Lock()
		defer t.mu.Unlock()
		if err != nil {
			if left := t.expires.Sub(now); left < alarmLeft {
				t.channel.Log.Error("no new line token", "left", max(left, 0).String(), "error", err)
			}
			return "", err
		}
		t.token, t.expires, t.fresh = token, now.Add(life), now.Add(min(refreshAfter, life*2/3))
		return token, nil
	})
	select {
	case r := <-result:
		if r.Err != nil {
			return "", r.Err
		}
		return r.Val.(string), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (t *StatelessTokens) request(ctx context.Context) (string, time.Duration, error) {
	client := t.api
	api := client.WithContext(ctx)
	var res *http.Response
	var body *channel_access_token.IssueStatelessChannelAccessTokenResponse
	var err error
	if t.channel.Key != nil {
		assertion, signErr := t.assertion()
		if signErr != nil {
			return "", 0, signErr
		}
		res, body, err = api.IssueStatelessChannelTokenByJWTAssertionWithHttpInfo(assertion)
	} else {
		res, body, err = api.IssueStatelessChannelTokenByClientSecretWithHttpInfo(t.channel.ID, t.channel.Secret)
	}
	switch {
	case res == nil:
		return "", 0, errors.New("line token: no answer")
	case err != nil || body == nil || body.AccessToken == "" || body.ExpiresIn <= 0:
		return "", 0, fmt.Errorf("line token: status %d", res.StatusCode) // the SDK's error holds the body
	}
	return body.AccessToken, time.Duration(body.ExpiresIn) * time.Second, nil
}

// assertion is the signed statement that LINE takes in place of the secret (RS256).
func (t *StatelessTokens) assertion() (string, error) {
	part := func(v any) string {
		b, _ := json.Marshal(v) // maps of strings and numbers always encode
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(map[string]string{"alg": "RS256", "typ": "JWT", "kid": t.channel.KeyID}) + "." + part(map[string]any{
		"iss": t.channel.ID, "sub": t.channel.ID, "aud": APIHost + "/", "exp": t.channel.Now().Add(5 * time.Minute).Unix(),
	})
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, t.channel.Key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("line token: sign the assertion: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
