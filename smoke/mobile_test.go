package smoke

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channelemu"
)

// beside is a system of its own for those who are reached beside LINE. Its towns
// are named, and so far from each other that none asks another's officers: a
// telephone rings for one case at a time.
var beside struct {
	once   sync.Once
	err    error
	system *system
}

// startBeside gives a test the named province there.
func startBeside(t *testing.T, province string) *town {
	t.Helper()
	t.Parallel()
	beside.once.Do(func() { beside.system, beside.err = newSystem(nil, sharedSpeed) })
	if beside.err != nil {
		t.Fatal(beside.err)
	}
	return beside.system.townIn(t, province)
}

// mobile is a telephone without LINE: it rings, and it shows messages.
type mobile struct {
	*channelemu.Phone
	town   *town
	name   string
	number string
	read   map[string]int // how far its owner has read and heard, by channel
}

// mobile is a telephone with a number that nobody else in any town has.
func (h *town) mobile(name string) *mobile {
	h.t.Helper()
	h.numbers++
	number := fmt.Sprintf("+6681%s%05d", h.province.Code, h.numbers)
	m := &mobile{Phone: h.Phones.Phone(number), town: h, name: name, number: number, read: map[string]int{}}
	h.t.Cleanup(func() {
		if h.t.Failed() {
			h.t.Logf("%v", m)
		}
	})
	return m
}

// carry gives members telephones of their own, for messages and for calls, and
// lets them prove the numbers, each by the code that comes in a message.
func (h *town) carry(names ...string) map[string]*mobile {
	h.t.Helper()
	return h.carryCalledAfter(0, names...)
}

// carryCalledAfter is the same for people who have asked to be called only after
// so much silence; 0: as everybody.
func (h *town) carryCalledAfter(silence time.Duration, names ...string) map[string]*mobile {
	h.t.Helper()
	mobiles := h.given(names...)
	for name, m := range mobiles {
		h.knows(name, casefile.ChannelVoice, m.number, silence)
		m.proves()
	}
	return mobiles
}

// given writes the numbers of members down and sends each a code, which nobody has answered yet.
func (h *town) given(names ...string) map[string]*mobile {
	h.t.Helper()
	mobiles := map[string]*mobile{}
	for _, name := range names {
		m := h.mobile(name)
		mobiles[name] = m
		way := h.knows(name, casefile.ChannelSMS, m.number, 0)
		if status, raw := h.request("somsri", http.MethodPost, way+"/code", nil); status != http.StatusAccepted {
			h.t.Fatalf("send a code: %d %s", status, raw)
		}
	}
	return mobiles
}

// knows writes down a way to a member, used after so much silence (0: as the
// policy says), and returns its path at the API.
func (h *town) knows(name string, by casefile.Channel, address string, silence time.Duration) string {
	h.t.Helper()
	path := "/v1/members/" + h.memberID(name) + "/contacts"
	way := map[string]any{"channel": by, "address": address}
	if silence > 0 {
		way["after_s"] = silence.Seconds()
	}
	status, raw := h.request("somsri", http.MethodPost, path, way)
	var added struct{ ID string }
	if err := json.Unmarshal(raw, &added); err != nil || status != http.StatusCreated {
		h.t.Fatalf("add a way to %s: %d %s", name, status, raw)
	}
	return path + "/" + added.ID
}

// memberID is the ID that every import makes of a code.
func (h *town) memberID(name string) string {
	return uuid.NewSHA1(uuid.MustParse("5ec1a1ed-0000-4000-8000-000000000e55"), []byte("import member "+h.code(name))).String()
}

var sixDigits = regexp.MustCompile(`[0-9]{6}`)

// proves answers the code that comes to a number with the code.
func (m *mobile) proves() {
	m.town.t.Helper()
	asked := m.hears("รหัสยืนยัน")
	m.replies(sixDigits.FindString(asked.Text))
	m.hears("ยืนยันเบอร์นี้แล้ว")
}

// hears waits for a message or a call with these words, after those read before.
func (m *mobile) hears(words string) channelemu.Item { m.town.t.Helper(); return m.hearsBy("", words) }

// hearsBy waits for one that came by this channel.
func (m *mobile) hearsBy(by casefile.Channel, words string) channelemu.Item {
	m.town.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	item, err := m.Wait(ctx, 0, func(i channelemu.Item) bool {
		return i.Incoming && i.Seq > m.read[i.Channel] && (by == "" || i.Channel == string(by)) && strings.Contains(i.Text, words)
	})
	if err != nil {
		m.town.t.Fatalf("the telephone of %s did not hear %q; it heard %s", m.name, words, m.said())
	}
	m.read[item.Channel] = item.Seq
	return item
}

// said is everything that the telephone heard, for a failing test.
func (m *mobile) said() string {
	var b strings.Builder
	for _, i := range m.Transcript() {
		way := "←"
		if i.Incoming {
			way = "→"
		}
		fmt.Fprintf(&b, "\n  %d %s %s %s", i.Seq, way, i.Channel, i.Text)
	}
	return b.String()
}

func (m *mobile) heard() []channelemu.Item {
	return slices.DeleteFunc(m.Transcript(), func(i channelemu.Item) bool { return !i.Incoming })
}

// replies writes a message to ESS and waits until it was taken, as people do who
// see that it was sent: the next one does not overtake it.
func (m *mobile) replies(text string) {
	m.town.t.Helper()
	id, err := m.Reply(text)
	if err != nil {
		m.town.t.Fatalf("%s cannot write: %v", m.name, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := m.Wait(ctx, 0, func(i channelemu.Item) bool { return i.ID == id && i.Taken }); err != nil {
		m.town.t.Fatalf("nobody took what %s wrote: %s", m.name, text)
	}
}

// keys presses keys in the call that is under way.
func (m *mobile) keys(keys string) {
	m.town.t.Helper()
	if err := m.Press(keys); err != nil {
		m.town.t.Fatalf("%s cannot press %s: %v", m.name, keys, err)
	}
}

// silent is what nobody may hear anything on for a while: phones of LINE and others.
type silent interface{ count() int }

func (p *person) count() int { return len(incoming(p.Transcript())) }
func (m *mobile) count() int { return len(m.heard()) }

// nothingFor fails if any of them hears anything in so much case time.
func (h *town) nothingFor(caseTime time.Duration, all ...silent) {
	h.t.Helper()
	before := make([]int, len(all))
	for i, one := range all {
		before[i] = one.count()
	}
	time.Sleep(h.Clock.Wait(caseTime))
	for i, one := range all {
		if one.count() > before[i] {
			h.t.Errorf("%v heard something unasked", one)
		}
	}
}

func (p *person) String() string { return p.name + " (LINE)" + p.said() }
func (m *mobile) String() string { return m.name + " (telephone)" + m.said() }
