package lineemu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// What a phone refuses to do.
var (
	ErrBlocked  = errors.New("lineemu: this person has blocked the account or deleted LINE")
	ErrNoButton = errors.New("lineemu: nothing like that to tap")
	ErrNoMenu   = errors.New("lineemu: no rich menu is shown")
)

// windowAfterMessage is how long a person who is no friend can be reached
// after having written to the account.
const windowAfterMessage = 7 * 24 * time.Hour

// User is a person with LINE on the phone.
type User struct {
	ID       string `json:"id"` // U and 32 hexadecimal digits; empty draws one
	Name     string `json:"name"`
	Label    string `json:"label,omitempty"`    // the role, shown on the phones page only
	Language string `json:"language,omitempty"` // th when empty
	Friend   bool   `json:"friend"`             // already, before anything happens
	Pinned   bool   `json:"pinned,omitempty"`   // the phones page opens with this phone
}

// Item is one thing that happened on a phone, in either direction.
type Item struct {
	Seq       int       `json:"seq"`
	At        time.Time `json:"at"`
	Incoming  bool      `json:"incoming"` // from the account; else by the person
	Type      string    `json:"type"`     // text, flex, template, location, image, audio, postback, uri, follow, loading …
	MessageID string    `json:"messageId,omitempty"`
	Shown     bool      `json:"shown"` // leaves something in the chat
	Texts     []string  `json:"texts,omitempty"`
	AltText   string    `json:"altText,omitempty"`
	Sender    string    `json:"sender,omitempty"`

	Rang       bool   `json:"rang"`                 // the phone made itself heard
	LockScreen string `json:"lockScreen,omitempty"` // what it showed when it rang
	Preview    string `json:"preview,omitempty"`    // what the chat list shows in any case

	Buttons      []Button `json:"buttons,omitempty"`
	QuickReplies []Button `json:"quickReplies,omitempty"`
	Tapped       *Button  `json:"tapped,omitempty"` // what the person tapped
	Lat          *float64 `json:"lat,omitempty"`
	Lon          *float64 `json:"lon,omitempty"`
	Unsent       bool     `json:"unsent,omitempty"`

	Via       string          `json:"via,omitempty"` // reply, push or multicast
	RequestID string          `json:"requestId,omitempty"`
	EventID   string          `json:"eventId,omitempty"` // the webhook that the person's act caused
	Message   json.RawMessage `json:"message,omitempty"` // as sent; not kept when Light
}

// Says reports whether any visible text of the item contains words.
func (i Item) Says(words string) bool {
	return slices.ContainsFunc(i.Texts, func(t string) bool { return strings.Contains(t, words) })
}

// Phone is one person's LINE. Its methods may be called from anywhere.
type Phone struct {
	p     *Platform
	user  User
	group *Group // set for the chat of a group

	mu           sync.Mutex
	friend       bool
	blocked      bool
	deleted      bool
	wroteAt      time.Time // opens the window of windowAfterMessage
	readUpTo     string    // message ID that the account marked as read
	items        []Item
	quick        []Button
	menuID       string        // linked to this person; empty shows the default
	loadingUntil time.Time     // the loading animation
	news         chan struct{} // closed by the next change; nil while nobody waits

	outbox  []*event // waiting for the webhook, in order
	sending bool
}

// AddUser gives a person a phone.
func (p *Platform) AddUser(u User) (*Phone, error) {
	if u.ID == "" {
		u.ID = "U" + p.ids.hex(32)
	}
	if !userIDPattern.MatchString(u.ID) {
		return nil, errors.New("lineemu: a user ID is U and 32 hexadecimal digits")
	}
	if u.Language == "" {
		u.Language = "th"
	}
	ph := &Phone{p: p, user: u, friend: u.Friend}
	p.peopleMu.Lock()
	if _, there := p.people[u.ID]; there {
		p.peopleMu.Unlock()
		return nil, errors.New("lineemu: this user exists already")
	}
	p.people[u.ID] = ph
	p.order = append(p.order, ph)
	p.peopleMu.Unlock()
	p.changed(nil)
	return ph, nil
}

// Phone returns the phone of a user ID, or nil.
func (p *Platform) Phone(userID string) *Phone {
	p.peopleMu.RLock()
	defer p.peopleMu.RUnlock()
	return p.people[userID]
}

// Phones returns all phones in the order of AddUser.
func (p *Platform) Phones() []*Phone {
	p.peopleMu.RLock()
	defer p.peopleMu.RUnlock()
	return slices.Clone(p.order)
}

// User returns whose phone it is, Friend as it is now.
func (ph *Phone) User() User {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	u := ph.user
	u.Friend = ph.friend && !ph.blocked
	return u
}

// ID returns the LINE user ID.
func (ph *Phone) ID() string { return ph.user.ID }

// Follow adds the account as a friend.
func (ph *Phone) Follow() error { return ph.follow("follow", false) }

// Unblock takes a block back, which LINE reports as a follow.
func (ph *Phone) Unblock() error { return ph.follow("unblock", true) }

func (ph *Phone) follow(act string, unblocked bool) error {
	ph.mu.Lock()
	if ph.deleted {
		ph.mu.Unlock()
		return ErrBlocked
	}
	ph.friend, ph.blocked = true, false
	ph.mu.Unlock()
	ph.do(Item{Type: act}, ph.event("follow", true, object{"follow": object{"isUnblocked": unblocked}}))
	return nil
}

// Block shuts the account out: pushes still answer 200 and arrive nowhere.
func (ph *Phone) Block() {
	ph.mu.Lock()
	ph.blocked, ph.menuID = true, "" // LINE drops the personal menu with the friendship
	ph.mu.Unlock()
	ph.do(Item{Type: "block"}, ph.event("unfollow", false, nil))
}

// DeleteAccount makes the person leave LINE without a word.
func (ph *Phone) DeleteAccount() {
	ph.mu.Lock()
	ph.deleted = true
	ph.mu.Unlock()
}

// Say sends a text and returns its message ID.
func (ph *Phone) Say(text string) (string, error) {
	return ph.send("text", Item{Texts: []string{text}}, object{"text": text, "quoteToken": ph.p.ids.hex(32)})
}

// SendLocation sends a pin; like a pin of LINE it may be dropped anywhere.
// Title and address are optional.
func (ph *Phone) SendLocation(lat, lon float64, title, address string) (string, error) {
	m := object{"latitude": lat, "longitude": lon}
	i := Item{Lat: &lat, Lon: &lon}
	for name, text := range map[string]string{"title": title, "address": address} {
		if text != "" {
			m[name] = text
		}
	}
	for _, text := range []string{title, address} {
		if text != "" {
			i.Texts = append(i.Texts, text)
		}
	}
	return ph.send("location", i, m)
}

// SendImage sends a photo.
func (ph *Phone) SendImage(image []byte) (string, error) {
	return ph.sendMedia("image", http.DetectContentType(image), image, object{"quoteToken": ph.p.ids.hex(32)})
}

// SendAudio sends a voice message.
func (ph *Phone) SendAudio(audio []byte) (string, error) {
	return ph.sendMedia("audio", "audio/x-m4a", audio, object{"duration": 1000 + len(audio)/16})
}

func (ph *Phone) sendMedia(kind, mime string, data []byte, m object) (string, error) {
	id := ph.p.ids.messages.next()
	ph.p.keepContent(id, mime, data)
	m["id"], m["contentProvider"] = id, object{"type": "line"}
	return ph.send(kind, Item{}, m)
}

func (ph *Phone) send(kind string, i Item, m object) (string, error) {
	id, _ := m["id"].(string)
	if id == "" {
		id = ph.p.ids.messages.next()
	}
	ph.mu.Lock()
	if ph.blocked || ph.deleted {
		ph.mu.Unlock()
		return "", ErrBlocked
	}
	ph.wroteAt = ph.p.opt.Now()
	ph.quick = nil // a newer bubble pushes them away
	ph.mu.Unlock()
	m["type"], m["id"] = kind, id
	m["markAsReadToken"] = ph.p.readToken(ph.user.ID, id)
	i.Type, i.MessageID, i.Shown = kind, id, true
	ph.do(i, ph.event("message", true, object{"message": m}))
	return id, nil
}

// Unsend takes a sent message back.
func (ph *Phone) Unsend(messageID string) error {
	ph.mu.Lock()
	at := slices.IndexFunc(ph.items, func(i Item) bool { return !i.Incoming && i.MessageID == messageID && !i.Unsent })
	if at >= 0 {
		ph.items[at].Unsent = true
	}
	ph.mu.Unlock()
	if at < 0 {
		return errors.New("lineemu: no such message to unsend")
	}
	ph.p.dropContent(messageID)
	ph.do(Item{Type: "unsend", MessageID: messageID}, ph.event("unsend", false, object{"unsend": object{"messageId": messageID}}))
	return nil
}

// TapMenu taps the area of the rich menu with this label.
func (ph *Phone) TapMenu(label string) (Action, error) {
	m := ph.Menu()
	if m == nil {
		return Action{}, ErrNoMenu
	}
	for i, a := range m.Areas {
		if a.Label == label {
			return ph.TapMenuArea(i)
		}
	}
	return Action{}, fmt.Errorf("%w: menu area %q", ErrNoButton, label)
}

// TapMenuArea taps area i of the rich menu, counted from 0.
func (ph *Phone) TapMenuArea(i int) (Action, error) {
	m := ph.Menu()
	if m == nil {
		return Action{}, ErrNoMenu
	}
	if i < 0 || i >= len(m.Areas) {
		return Action{}, fmt.Errorf("%w: menu area %d", ErrNoButton, i)
	}
	return ph.tap(Button{m.Areas[i].Label, m.Areas[i].Action}, "")
}

// TapQuickReply taps a visible quick reply. Location, camera and camera roll
// only open a screen: what is sent from there is up to the caller.
func (ph *Phone) TapQuickReply(label string) (Action, error) {
	for _, b := range ph.QuickReplies() {
		if b.Label == label {
			if !slices.Contains([]string{"location", "camera", "cameraRoll"}, b.Action.Type) {
				ph.mu.Lock()
				ph.quick = nil
				ph.mu.Unlock()
			}
			return ph.tap(b, "")
		}
	}
	return Action{}, fmt.Errorf("%w: quick reply %q", ErrNoButton, label)
}

// TapButton taps the newest button with this label, in whatever message it
// is: buttons in a chat never vanish.
func (ph *Phone) TapButton(label string) (Action, error) { return ph.TapButtonOf("", label) }

// TapButtonOf taps a button of one message.
func (ph *Phone) TapButtonOf(messageID, label string) (Action, error) {
	ph.mu.Lock()
	var found *Button
	for n := len(ph.items) - 1; n >= 0 && found == nil; n-- {
		i := &ph.items[n]
		if messageID != "" && i.MessageID != messageID {
			continue
		}
		for b := range i.Buttons {
			if i.Buttons[b].Label == label {
				found, messageID = &i.Buttons[b], i.MessageID
				break
			}
		}
	}
	ph.mu.Unlock()
	if found == nil {
		return Action{}, fmt.Errorf("%w: button %q", ErrNoButton, label)
	}
	return ph.tap(*found, messageID)
}

// tap does what a button does, and returns it for the caller to go on with.
func (ph *Phone) tap(b Button, messageID string) (Action, error) {
	ph.mu.Lock()
	gone := ph.blocked || ph.deleted
	ph.mu.Unlock()
	if gone {
		return Action{}, ErrBlocked
	}
	a := b.Action
	i := Item{Type: a.Type, Tapped: &b, MessageID: messageID}
	postback := object{"data": a.Data}
	switch a.Type {
	case "message":
		_, err := ph.Say(a.Text)
		return a, err
	case "postback":
		if words := a.DisplayText + a.Text; words != "" { // never both
			i.Shown, i.Texts = true, []string{words}
			ph.mu.Lock()
			ph.quick = nil
			ph.mu.Unlock()
		}
	case "datetimepicker":
		postback["params"] = object{a.Mode: ph.pickTime(a)}
	case "richmenuswitch":
		postback["params"] = ph.switchMenu(a.RichMenuAliasID)
	default: // uri, clipboard, location, camera: LINE tells us nothing
		ph.do(i, nil)
		return a, nil
	}
	ph.do(i, ph.event("postback", true, object{"postback": postback}))
	if a.Type == "postback" && a.Text != "" { // deprecated: also sent as a message
		_, err := ph.Say(a.Text)
		return a, err
	}
	return a, nil
}

func (ph *Phone) pickTime(a Action) string {
	if a.Initial != "" {
		return a.Initial
	}
	layout := map[string]string{"date": "2006-01-02", "time": "15:04", "datetime": "2006-01-02T15:04"}[a.Mode]
	return ph.p.opt.Now().Format(layout)
}

func (ph *Phone) switchMenu(alias string) object {
	ph.p.mu.Lock()
	menu, ok := ph.p.menus.aliases[alias]
	ph.p.mu.Unlock()
	if !ok {
		return object{"newRichMenuAliasId": alias, "status": "RICHMENU_ALIAS_ID_NOTFOUND"}
	}
	ph.linkMenu(menu)
	return object{"newRichMenuAliasId": alias, "status": "SUCCESS"}
}

func (ph *Phone) linkMenu(id string) {
	ph.mu.Lock()
	ph.menuID = id
	ph.mu.Unlock()
	ph.p.changed(ph)
}

// Menu returns the rich menu on the screen: the person's own, else the
// default, else nil.
func (ph *Phone) Menu() *Menu {
	ph.mu.Lock()
	id, gone := ph.menuID, ph.blocked || ph.deleted
	ph.mu.Unlock()
	if gone || ph.group != nil {
		return nil
	}
	ph.p.mu.Lock()
	defer ph.p.mu.Unlock()
	own := ph.p.menus.byID[id]
	if own == nil {
		own = ph.p.menus.byID[ph.p.menus.standard]
	}
	if own == nil {
		return nil
	}
	m := own.Menu
	m.Areas = slices.Clone(m.Areas)
	return &m
}

// QuickReplies returns the visible quick replies: only those of the last
// bubble, until one of them is tapped.
func (ph *Phone) QuickReplies() []Button {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	return slices.Clone(ph.quick)
}

// Transcript returns everything that happened on this phone, oldest first.
func (ph *Phone) Transcript() []Item {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	return slices.Clone(ph.items)
}

// Mark returns a place in the transcript to wait from: what comes next is not
// yet in it.
func (ph *Phone) Mark() int {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	return len(ph.items)
}

// Wait returns the first item of the whole transcript that matches, now or
// when it comes.
func (ph *Phone) Wait(ctx context.Context, match func(Item) bool) (Item, error) {
	return ph.WaitSince(ctx, 0, match)
}

// WaitSince is Wait for items after a Mark.
func (ph *Phone) WaitSince(ctx context.Context, mark int, match func(Item) bool) (Item, error) {
	for {
		ph.mu.Lock()
		fresh := ph.items[min(mark, len(ph.items)):]
		if ph.news == nil {
			ph.news = make(chan struct{})
		}
		news := ph.news
		fresh = slices.Clone(fresh) // match may call the phone
		ph.mu.Unlock()
		for _, i := range fresh {
			if match(i) {
				return i, nil
			}
		}
		mark += len(fresh)
		select {
		case <-news:
		case <-ctx.Done():
			return Item{}, fmt.Errorf("lineemu: waiting on a phone: %w", ctx.Err())
		}
	}
}

// do records what the person did, and posts the event that it causes.
func (ph *Phone) do(i Item, e *event) {
	i.At = ph.p.opt.Now()
	if e != nil {
		i.At, i.EventID = e.at, e.id
	}
	ph.mu.Lock()
	ph.add(i)
	ph.mu.Unlock()
	ph.p.changed(ph)
	if e != nil {
		ph.p.enqueue(e)
	}
}

// add appends to the transcript; the caller holds mu and says changed after.
func (ph *Phone) add(i Item) {
	i.Seq = len(ph.items) + 1
	ph.items = append(ph.items, i)
	if ph.news != nil {
		close(ph.news)
		ph.news = nil
	}
}

// reachable reports whether a push or multicast arrives.
func (ph *Phone) reachable(now time.Time) bool {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	return !ph.blocked && !ph.deleted && (ph.friend || now.Sub(ph.wroteAt) <= windowAfterMessage)
}

// replyable reports whether an answer arrives: it needs no friendship.
func (ph *Phone) replyable() bool {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	return !ph.blocked && !ph.deleted
}

// receive shows messages on the phone and reports which rang.
func (ph *Phone) receive(s *send, messages []message) {
	ph.mu.Lock()
	for n, m := range messages {
		seen := m.look()
		i := Item{
			At: s.at, Incoming: true, Type: m.Type, MessageID: s.sent[n].ID, Shown: true,
			Texts: seen.texts, Buttons: seen.buttons, QuickReplies: m.quickReplies(),
			Sender: m.sender(), Rang: !s.silent, Preview: m.preview(ph.user.Language),
			Via: s.endpoint, RequestID: s.requestID,
		}
		i.AltText, _ = m.body["altText"].(string)
		if i.Rang {
			i.LockScreen = i.Preview
		}
		if lat, ok := number(m.body, "latitude"); ok && m.Type == "location" {
			lon, _ := number(m.body, "longitude")
			i.Lat, i.Lon = &lat, &lon
		}
		if !ph.p.opt.Light {
			i.Message = m.raw
		}
		ph.quick = i.QuickReplies
		ph.add(i)
	}
	ph.loadingUntil = time.Time{} // a message ends the animation
	ph.mu.Unlock()
	ph.p.changed(ph)
}

func (ph *Phone) startLoading(now time.Time, seconds int) {
	ph.mu.Lock()
	ph.loadingUntil = now.Add(ph.p.stretch(time.Duration(seconds) * time.Second))
	ph.add(Item{At: now, Incoming: true, Type: "loading"})
	ph.mu.Unlock()
	ph.p.changed(ph)
}

func (ph *Phone) markRead(messageID string) {
	ph.mu.Lock()
	ph.readUpTo = messageID
	ph.mu.Unlock()
	ph.p.changed(ph)
}

// phoneTranscript is one phone in ExportTranscripts.
type phoneTranscript struct {
	User  User   `json:"user"`
	Items []Item `json:"items"`
}

func (ph *Phone) transcript() phoneTranscript {
	return phoneTranscript{User: ph.User(), Items: ph.Transcript()}
}
