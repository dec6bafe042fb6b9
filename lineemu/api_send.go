package lineemu

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"
)

// retryLife is how long LINE remembers a retry key. After it the same key
// sends again.
const retryLife = 24 * time.Hour

type sentMessage struct {
	ID         string `json:"id"`
	QuoteToken string `json:"quoteToken,omitempty"`
}

// retried is what a repeated key is answered with.
type retried struct {
	requestID string
	sent      []sentMessage // of a push; multicast has none
}

// send is one accepted call that says something to people.
type send struct {
	endpoint  string
	requestID string
	retryKey  string
	at        time.Time
	to        []string
	silent    bool
	raw       []json.RawMessage
	sent      []sentMessage
}

type sendRequest struct {
	ReplyToken           string            `json:"replyToken"`
	Messages             []json.RawMessage `json:"messages"`
	NotificationDisabled bool              `json:"notificationDisabled"`
}

func (p *Platform) reply(c *call) answer {
	var in sendRequest
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	if c.Header.Values("X-Line-Retry-Key") != nil {
		return refuse(http.StatusBadRequest, "The retry key is not supported by this API")
	}
	messages, bad := checkMessages(in.Messages)
	if bad != nil {
		return refuseFor(bad)
	}
	s := p.newSend("reply", c, in, nil)
	p.mu.Lock()
	t, known := p.replies.get(in.ReplyToken, c.now)
	// The minute counts from the last delivery: a webhook that is answered
	// before it has been delivered cannot exist.
	if !known || t.used || c.now.Sub(t.sentAt) > p.stretch(replyLife) || c.now.Sub(t.eventAt) > p.stretch(replyLimit) {
		p.mu.Unlock()
		return refuse(http.StatusBadRequest, "Invalid reply token")
	}
	t.used = true
	s.to = []string{t.userID}
	ph := p.addressee(t.userID)
	reached := []*Phone{}
	if ph != nil && ph.replyable() {
		reached = append(reached, ph)
	}
	p.record(s, messages, reached)
	p.mu.Unlock()
	for _, ph := range reached {
		ph.receive(s, messages)
	}
	return ok(map[string]any{"sentMessages": s.sent})
}

func (p *Platform) push(c *call) answer {
	var in struct {
		sendRequest
		To string `json:"to"`
	}
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	messages, bad := checkMessages(in.Messages)
	if bad != nil {
		return refuseFor(bad)
	}
	if !userIDPattern.MatchString(in.To) && !groupPattern.MatchString(in.To) {
		return refuseProperty("to")
	}
	s := p.newSend("push", c, in.sendRequest, []string{in.To})
	return p.sendOnce(c, s, messages, func() ([]*Phone, *answer) {
		ph := p.addressee(in.To)
		if ph == nil {
			a := refuse(http.StatusBadRequest, "Failed to send messages")
			return nil, &a
		}
		return []*Phone{ph}, nil
	})
}

func (p *Platform) multicast(c *call) answer {
	var in struct {
		sendRequest
		To []string `json:"to"`
	}
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	messages, bad := checkMessages(in.Messages)
	if bad != nil {
		return refuseFor(bad)
	}
	if len(in.To) < 1 || len(in.To) > 500 {
		return refuseFor((&checker{details: []Detail{{"Size must be between 1 and 500", "to"}}}).problem())
	}
	for i, id := range in.To {
		if !userIDPattern.MatchString(id) {
			return refuseProperty(fmt.Sprintf("to[%d]", i))
		}
	}
	s := p.newSend("multicast", c, in.sendRequest, in.To)
	a := p.sendOnce(c, s, messages, func() (phones []*Phone, bad *answer) {
		seen := map[string]bool{}
		for i, id := range in.To {
			ph := p.Phone(id)
			switch {
			case ph == nil && p.faults.get().RefuseUnknownInMulticast:
				a := refuseProperty(fmt.Sprintf("to[%d]", i))
				return nil, &a
			case ph != nil && !seen[id]:
				seen[id] = true
				phones = append(phones, ph)
			}
		}
		return phones, nil
	})
	if a.status == http.StatusOK {
		a.body = none{}
	}
	return a
}

func (p *Platform) newSend(endpoint string, c *call, in sendRequest, to []string) *send {
	s := &send{endpoint: endpoint, requestID: c.requestID, at: c.now, to: to, silent: in.NotificationDisabled, raw: in.Messages}
	for range in.Messages {
		s.sent = append(s.sent, sentMessage{ID: p.ids.messages.next(), QuoteToken: p.ids.hex(32)})
	}
	return s
}

// sendOnce accepts a push or multicast unless its retry key has been accepted
// before, and puts it on the phones it reaches.
func (p *Platform) sendOnce(c *call, s *send, messages []message, recipients func() ([]*Phone, *answer)) answer {
	if keys := c.Header.Values("X-Line-Retry-Key"); keys != nil {
		if !uuidPattern.MatchString(keys[0]) {
			return refuse(http.StatusBadRequest, "Invalid X-Line-Retry-Key: must be a UUID")
		}
		s.retryKey = keys[0]
	}
	p.mu.Lock()
	if first, again := p.retries.get(s.retryKey, c.now); again {
		p.mu.Unlock()
		body := &problem{Message: "The retry key is already accepted"}
		if s.endpoint == "push" {
			body.SentMessages = first.sent
		}
		return answer{status: http.StatusConflict, body: body, header: map[string]string{"X-Line-Accepted-Request-Id": first.requestID}}
	}
	phones, bad := recipients()
	if bad != nil {
		p.mu.Unlock()
		return *bad
	}
	reached, heads := phones[:0], 0
	for _, ph := range phones {
		if ph.reachable(c.now) {
			reached = append(reached, ph)
			heads += ph.heads()
		}
	}
	p.turnMonth(c.now)
	if p.quota > 0 && (p.used >= p.quota || p.used+heads > p.quota) {
		p.mu.Unlock()
		return refuse(http.StatusTooManyRequests, quotaText)
	}
	p.used += heads // what cannot be delivered does not count
	if s.retryKey != "" {
		p.retries.put(s.retryKey, retried{s.requestID, s.sent}, c.now, retryLife)
	}
	p.record(s, messages, reached)
	p.mu.Unlock()
	for _, ph := range reached {
		ph.receive(s, messages)
	}
	return ok(map[string]any{"sentMessages": s.sent})
}

// record writes the ledger; the caller holds mu.
func (p *Platform) record(s *send, messages []message, reached []*Phone) {
	entry := Accepted{At: s.at, Endpoint: s.endpoint, RequestID: s.requestID, RetryKey: s.retryKey, To: slices.Clone(s.to), Silent: s.silent}
	if !p.opt.Light {
		entry.Messages = s.raw
	}
	p.accepted = append(p.accepted, entry)
	for _, ph := range reached {
		for i, m := range messages {
			p.delivered = append(p.delivered, Delivered{
				At: s.at, RequestID: s.requestID, UserID: ph.user.ID, MessageID: s.sent[i].ID, Type: m.Type, Rang: !s.silent,
			})
		}
	}
}

// turnMonth starts a new count with the month in Japan, where LINE counts.
func (p *Platform) turnMonth(now time.Time) {
	if month := now.In(japan).Format("2006-01"); month != p.month {
		p.month, p.used = month, 0
	}
}

var japan = time.FixedZone("JST", 9*60*60)

// validate checks the messages of a send without sending them.
func (p *Platform) validate(c *call) answer {
	var in struct {
		Messages []json.RawMessage `json:"messages"`
	}
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	if _, bad := checkMessages(in.Messages); bad != nil {
		return refuseFor(bad)
	}
	return ok(none{})
}

type loadingRequest struct {
	ChatID  string   `json:"chatId"`
	Seconds *float64 `json:"loadingSeconds"`
}

func (in loadingRequest) check() *problem {
	c := &checker{}
	if !userIDPattern.MatchString(in.ChatID) {
		c.add("chatId", "Only user id is acceptable, please confirm if there are any group/room ids or illegal ids.")
	}
	if in.Seconds != nil {
		if s := *in.Seconds; s < 5 || s > 60 {
			c.add("loadingSeconds", "Must be between 5 and 60")
		} else if math.Mod(s, 5) != 0 {
			c.add("loadingSeconds", "must be a multiple of five")
		}
	}
	return c.problem()
}

func (p *Platform) loading(c *call) answer {
	var in loadingRequest
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	if bad := in.check(); bad != nil {
		return refuseFor(bad)
	}
	seconds := 20
	if in.Seconds != nil {
		seconds = int(*in.Seconds)
	}
	if ph := p.Phone(in.ChatID); ph != nil && ph.reachable(c.now) {
		ph.startLoading(c.now, seconds)
	}
	return answer{status: http.StatusAccepted, body: none{}} // also for people who cannot see it
}

// The checks that routes make before the OpenAPI description does. A body
// that cannot even be decoded is left to the description.

func checkSend(body []byte) *problem {
	var in sendRequest
	if json.Unmarshal(body, &in) != nil {
		return nil
	}
	_, bad := checkMessages(in.Messages)
	return bad
}

func checkLoading(body []byte) *problem {
	var in loadingRequest
	if json.Unmarshal(body, &in) != nil {
		return nil
	}
	return in.check()
}

func checkMenuBody(body []byte) *problem {
	var in object
	if json.Unmarshal(body, &in) != nil {
		return nil
	}
	return checkRichMenu(in)
}
