package lineemu

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// content is what a person sent as a photo or voice message.
type content struct {
	mime  string
	bytes []byte
	asked int  // how often it was asked for
	gone  bool // unsent
}

func (p *Platform) keepContent(id, mime string, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.contents[id] = &content{mime: mime, bytes: data}
}

func (p *Platform) dropContent(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.contents[id]; c != nil {
		c.gone, c.bytes = true, nil
	}
}

func (p *Platform) content(c *call) answer {
	preparing := p.faults.get().ContentPreparing
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.contents[c.PathValue("messageId")]
	switch {
	case k == nil:
		return refuse(http.StatusNotFound, "not found")
	case k.gone:
		return refuse(http.StatusGone, "The content is gone")
	}
	k.asked++
	if k.asked <= preparing {
		return answer{status: http.StatusAccepted}
	}
	return answer{status: http.StatusOK, raw: k.bytes, header: map[string]string{"Content-Type": k.mime}}
}

func (p *Platform) profile(c *call) answer {
	id := c.PathValue("userId")
	if !userIDPattern.MatchString(id) {
		return refuse(http.StatusBadRequest, "The value for the 'userId' parameter is invalid")
	}
	ph := p.Phone(id)
	if ph == nil || !ph.replyable() {
		return refuse(http.StatusNotFound, "Not found")
	}
	u := ph.User()
	return ok(map[string]string{"displayName": u.Name, "userId": u.ID, "language": u.Language})
}

func (p *Platform) info(*call) answer {
	return ok(map[string]string{
		"userId": p.botID, "basicId": "@" + p.opt.ChannelID, "displayName": p.opt.AccountName,
		"chatMode": "bot", "markAsReadMode": "manual",
	})
}

func (p *Platform) quotaLimit(*call) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quota == 0 {
		return ok(map[string]any{"type": "none"})
	}
	return ok(map[string]any{"type": "limited", "value": p.quota})
}

func (p *Platform) quotaUsed(c *call) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turnMonth(c.now)
	return ok(map[string]int{"totalUsage": p.used})
}

// readToken lets the account mark one message as read. It carries its own
// proof, so nothing has to be remembered.
func (p *Platform) readToken(userID, messageID string) string {
	mac := hmac.New(sha256.New, []byte(p.opt.ChannelSecret))
	mac.Write([]byte("read " + userID + " " + messageID))
	return userID + "." + messageID + "." + hex.EncodeToString(mac.Sum(nil)[:8])
}

func (p *Platform) markAsRead(c *call) answer {
	var in struct {
		Token string `json:"markAsReadToken"`
	}
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	part := strings.Split(in.Token, ".")
	if len(part) != 3 || in.Token != p.readToken(part[0], part[1]) || p.Phone(part[0]) == nil {
		return refuse(http.StatusBadRequest, "Invalid markAsReadToken. Tokens must be used by the bot that received them via Webhook.")
	}
	p.Phone(part[0]).markRead(part[1])
	return ok(none{})
}

func (p *Platform) getEndpoint(*call) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.webhookURL == "" {
		return refuse(http.StatusNotFound, "Webhook endpoint not found")
	}
	return ok(map[string]any{"endpoint": p.webhookURL, "active": true})
}

func (p *Platform) setEndpoint(c *call) answer {
	var in struct {
		Endpoint string `json:"endpoint"`
	}
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	if len(in.Endpoint) > 500 || p.SetWebhookURL(in.Endpoint) != nil {
		return refuse(http.StatusBadRequest, "Invalid webhook endpoint URL")
	}
	return ok(none{})
}

func (p *Platform) testEndpoint(c *call) answer {
	var in struct {
		Endpoint string `json:"endpoint"`
	}
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	target := in.Endpoint
	if target == "" {
		p.mu.Lock()
		target = p.webhookURL
		p.mu.Unlock()
	}
	if target == "" {
		return refuse(http.StatusNotFound, "Webhook endpoint not found")
	}
	if u, err := url.Parse(target); err != nil || !loopback(u.Hostname()) {
		return refuse(http.StatusBadRequest, "Invalid webhook endpoint URL")
	}
	body := p.body([]json.RawMessage{})
	status, err := p.post(c.Context(), target, body, p.Sign(body))
	result := map[string]any{
		"success": err == nil && status == http.StatusOK, "timestamp": c.now.UTC().Format("2006-01-02T15:04:05.000Z"),
		"statusCode": status, "reason": "OK", "detail": http.StatusText(status),
	}
	var late interface{ Timeout() bool }
	switch {
	case errors.As(err, &late) && late.Timeout():
		result["reason"], result["detail"] = "REQUEST_TIMEOUT", "no answer in time"
	case err != nil:
		result["reason"], result["detail"] = "COULD_NOT_CONNECT", "connection failed"
	case status != http.StatusOK:
		result["reason"] = "ERROR_STATUS_CODE"
	default:
		result["detail"] = "200"
	}
	return ok(result)
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

func invalidToken(why string) answer {
	return answer{status: http.StatusBadRequest, body: map[string]string{"error": "invalid_request", "error_description": why}}
}

// issueToken issues a stateless channel token for the channel secret or for a
// signed assertion.
func (p *Platform) issueToken(c *call) answer {
	if c.PostForm.Get("grant_type") != "client_credentials" {
		return invalidToken("Invalid 'grant_type'.")
	}
	if c.PostForm.Get("client_assertion_type") != "" || c.PostForm.Get("client_assertion") != "" {
		if c.PostForm.Get("client_assertion_type") != assertionType {
			return invalidToken("Invalid 'client_assertion_type'.")
		}
		if !p.assertionHolds(c.PostForm.Get("client_assertion"), c.now) {
			return refuse(http.StatusNotFound, "Cannot find channel key that satisfies the conditions")
		}
	} else if c.PostForm.Get("client_id") != p.opt.ChannelID ||
		!hmac.Equal([]byte(c.PostForm.Get("client_secret")), []byte(p.opt.ChannelSecret)) {
		return invalidToken("Invalid 'client_credentials'.")
	}
	return ok(map[string]any{"token_type": "Bearer", "access_token": p.Token(), "expires_in": int(tokenLife.Seconds())})
}

// assertionHolds verifies a JWT assertion: RS256, for this channel, at most
// half an hour long.
func (p *Platform) assertionHolds(jwt string, now time.Time) bool {
	part := strings.Split(jwt, ".")
	if len(part) != 3 {
		return false
	}
	var head struct{ Alg, Kid string }
	var claims struct {
		Iss, Sub, Aud string
		Exp           int64
	}
	signature, err := base64.RawURLEncoding.DecodeString(part[2])
	if err != nil || !decodeJWT(part[0], &head) || !decodeJWT(part[1], &claims) || head.Alg != "RS256" || head.Kid == "" {
		return false
	}
	if p.opt.AssertionKey != nil {
		sum := sha256.Sum256([]byte(part[0] + "." + part[1]))
		if rsa.VerifyPKCS1v15(p.opt.AssertionKey, crypto.SHA256, sum[:], signature) != nil {
			return false
		}
	}
	end := time.Unix(claims.Exp, 0)
	return claims.Iss == p.opt.ChannelID && claims.Sub == p.opt.ChannelID &&
		slices.Contains([]string{"https://api.line.me/", "https://api.line.me"}, claims.Aud) &&
		end.After(now) && end.Sub(now) <= p.stretch(30*time.Minute)+time.Second
}

func decodeJWT(part string, v any) bool {
	b, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(b, v) == nil
}
