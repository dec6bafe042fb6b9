package line

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/line/line-bot-sdk-go/v8/linebot/webhook"

	"github.com/ess-thailand/ess/casefile"
)

// Caps of one webhook body. LINE publishes none; these are far above what it sends.
const (
	maxEvents = 100
	maxDepth  = 32
)

// Reasons with which something is kept as casefile.Unknown. They are codes for
// logs and counters and say nothing about a person.
const (
	ReasonUndecodable    = "UNDECODABLE"     // not an event as LINE describes it
	ReasonNoSource       = "NO_SOURCE"       // nobody to attribute it to
	ReasonGroup          = "GROUP"           // a group or room: never anything about a case
	ReasonUnknownEvent   = "UNKNOWN_EVENT"   // an event that we do not act on
	ReasonUnknownMessage = "UNKNOWN_MESSAGE" // a kind of message that we do not know
	ReasonBadPostback    = "BAD_POSTBACK"    // a button that is not ours, or of another version
)

// Arrival is one webhook event in our own words. In is personal data as a whole.
type Arrival struct {
	EventID     casefile.EventID
	UserID      string // LINE user ID; empty: nobody who can have a case
	ReplyToken  string // empty: no reply possible
	At          time.Time
	Redelivered bool
	Standby     bool   // another module holds the chat: we may not send
	Type        string // LINE's name, such as "message/location"; safe to log
	In          casefile.Incoming
	Group       *Group // set when it concerns a LINE group of a unit; In is then Unknown
}

// EventError says that an event was not understood. The arrival beside it is
// complete all the same and must be stored. It never holds a part of the event.
type EventError struct{ Reason string }

func (e *EventError) Error() string { return "webhook event: " + e.Reason }

// CheckSecrets refuses a missing or empty channel secret: HMAC under an empty
// key can be made by anyone. Call it when the door is built.
func CheckSecrets(secrets []string) error {
	if len(secrets) == 0 {
		return errors.New("no LINE channel secret")
	}
	for _, s := range secrets {
		if s == "" {
			return errors.New("a LINE channel secret is empty")
		}
	}
	return nil
}

// Verify reports whether the signature over the raw body was made with one of
// the secrets. There are two while a secret is rotated.
func Verify(secrets []string, signature string, body []byte) bool {
	sum, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil || CheckSecrets(secrets) != nil {
		return false
	}
	ok := false
	for _, secret := range secrets { // all of them, so that time does not tell which one
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		ok = hmac.Equal(mac.Sum(nil), sum) || ok
	}
	return ok
}

// Split takes a verified body apart into raw events, so that one bad event
// cannot spoil the others. The errors hold no part of the body.
func Split(body []byte) (destination string, events []json.RawMessage, err error) {
	if depth(body) > maxDepth {
		return "", nil, errors.New("webhook body: nested too deep")
	}
	var b struct {
		Destination string            `json:"destination"`
		Events      []json.RawMessage `json:"events"`
	}
	if json.Unmarshal(body, &b) != nil {
		return "", nil, errors.New("webhook body: not as LINE describes it")
	}
	if len(b.Events) > maxEvents {
		return "", nil, errors.New("webhook body: too many events")
	}
	return b.Destination, b.Events, nil
}

// depth is how deep objects and arrays are nested, counted before any decoder
// spends memory on them.
func depth(body []byte) int {
	deepest, level, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch b := body[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			level++
			deepest = max(deepest, level)
		case b == '}' || b == ']':
			level--
		}
	}
	return deepest
}

var (
	eventIDPattern    = regexp.MustCompile(`^[0-9A-Za-z]{1,64}$`)
	replyTokenPattern = regexp.MustCompile(`^[0-9A-Za-z_-]{1,200}$`)
)

// Parse says in our own words what one event means. It always returns an
// arrival that is fit to be stored; the error says why it was not understood.
func Parse(raw json.RawMessage) (Arrival, error) {
	a := envelope(raw)
	if kind := sourceKind(raw); kind == "group" || kind == "room" {
		if a.Group = group(raw, a); a.Group != nil {
			a, _ = a.unknown(ReasonGroup)
			return a, nil
		}
		return a.unknown(ReasonGroup)
	}
	event, err := webhook.UnmarshalEvent(raw)
	if err != nil { // the error may hold a value of the event: it stays here
		return a.unknown(ReasonUndecodable)
	}
	if a.UserID == "" {
		return a.unknown(ReasonNoSource)
	}
	switch e := event.(type) {
	case webhook.MessageEvent:
		return a.message(e.Message)
	case webhook.PostbackEvent:
		a.Type = "postback"
		data := ""
		if e.Postback != nil {
			data = e.Postback.Data
		}
		return a.pressed(data)
	case webhook.FollowEvent:
		a.In.Word = casefile.Followed
	case webhook.UnfollowEvent:
		a.In.Word = casefile.Blocked
	case webhook.UnsendEvent:
		if e.Unsend == nil || !messageIDPattern.MatchString(e.Unsend.MessageId) {
			return a.unknown(ReasonUndecodable)
		}
		a.In.Word, a.In.MessageID = casefile.Unsent, e.Unsend.MessageId
	default:
		return a.unknown(ReasonUnknownEvent)
	}
	return a, nil
}

// unknown keeps who and when, and drops what could be taken for a word.
func (a Arrival) unknown(reason string) (Arrival, error) {
	if reason == ReasonGroup {
		a.UserID, a.ReplyToken = "", ""
	}
	a.In = casefile.Incoming{Word: casefile.Unknown, At: a.At, Reason: reason, ReplyToken: a.ReplyToken}
	return a, &EventError{Reason: reason}
}

func (a Arrival) message(m webhook.MessageContentInterface) (Arrival, error) {
	switch m := m.(type) {
	case webhook.TextMessageContent:
		a.Type = "message/text"
		a.In.Word, a.In.Text = casefile.Said, clean(m.Text)
		a.In.Phone, _ = ParsePhone(a.In.Text)
		return a.with(m.Id)
	case webhook.LocationMessageContent:
		a.Type = "message/location"
		a.In.Word = casefile.SentLocation
		// Missing coordinates decode as (0,0). The pin is kept, because a person sent
		// one; Pin.Usable says that nobody can be sent there.
		a.In.Pin = &casefile.Pin{Lat: m.Latitude, Lon: m.Longitude, FixedAt: a.At, Source: casefile.PinLINE}
		a.In.Text = clean(strings.TrimSpace(m.Title + " " + m.Address))
		return a.with(m.Id)
	case webhook.ImageMessageContent:
		return a.media("image", m.Id)
	case webhook.VideoMessageContent:
		return a.media("video", m.Id)
	case webhook.AudioMessageContent:
		return a.media("audio", m.Id)
	case webhook.FileMessageContent:
		return a.media("file", m.Id)
	case webhook.StickerMessageContent:
		a.Type = "message/sticker"
		a.In.Word, a.In.Text = casefile.Said, "[sticker]" // a sign of life, and nothing to act on
		return a.with(m.Id)
	default: // nil, or a kind that LINE added
		return a.unknown(ReasonUnknownMessage)
	}
}

func (a Arrival) media(kind, id string) (Arrival, error) {
	a.Type = "message/" + kind
	a.In.Word, a.In.MediaKind = casefile.SentMedia, kind
	return a.with(id)
}

// with sets the message ID if it may stand in a path. A message without one is
// a message all the same.
func (a Arrival) with(id string) (Arrival, error) {
	if messageIDPattern.MatchString(id) {
		a.In.MessageID = id
	}
	return a, nil
}

func (a Arrival) pressed(data string) (Arrival, error) {
	in := Decode(data)
	if in.Word == casefile.Unknown {
		return a.unknown(ReasonBadPostback)
	}
	in.At, in.ReplyToken = a.At, a.ReplyToken
	a.In = in
	return a, nil
}

// envelope reads what all events share, each field by itself, so that an event
// with one bad field still has an owner and a time.
func envelope(raw json.RawMessage) Arrival {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(raw, &fields) // nil map: every field is absent
	a := Arrival{
		EventID:    casefile.EventID(text(fields["webhookEventId"])),
		ReplyToken: text(fields["replyToken"]),
		Standby:    text(fields["mode"]) == string(webhook.EventMode_STANDBY),
		Type:       "unknown",
		At:         instant(fields["timestamp"]),
	}
	if t := text(fields["type"]); eventIDPattern.MatchString(t) {
		a.Type = t
	}
	if !eventIDPattern.MatchString(string(a.EventID)) {
		// The same bytes give the same ID, so a repeat is still recognised.
		sum := sha256.Sum256(raw)
		a.EventID = casefile.EventID("sha256-" + hex.EncodeToString(sum[:]))
	}
	if !replyTokenPattern.MatchString(a.ReplyToken) {
		a.ReplyToken = ""
	}
	var source struct {
		UserID string `json:"userId"`
	}
	if json.Unmarshal(fields["source"], &source) == nil && userIDPattern.MatchString(source.UserID) {
		a.UserID = source.UserID
	}
	var context webhook.DeliveryContext
	if json.Unmarshal(fields["deliveryContext"], &context) == nil {
		a.Redelivered = context.IsRedelivery
	}
	a.In.At, a.In.ReplyToken = a.At, a.ReplyToken
	return a
}

func sourceKind(raw json.RawMessage) string {
	var e struct {
		Source struct {
			Type string `json:"type"`
		} `json:"source"`
	}
	_ = json.Unmarshal(raw, &e) // what does not decode has no kind
	return e.Source.Type
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// instant reads LINE's milliseconds. A time outside the life of LINE is no
// time: the caller then uses the moment of arrival.
func instant(raw json.RawMessage) time.Time {
	var ms int64
	if json.Unmarshal(bytes.TrimSpace(raw), &ms) != nil {
		return time.Time{}
	}
	at := time.UnixMilli(ms).UTC()
	if at.Year() < 2011 || at.Year() > 2100 {
		return time.Time{}
	}
	return at
}

// clean removes NUL, which PostgreSQL refuses in text, and surrounding space.
func clean(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", ""))
}
