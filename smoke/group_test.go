package smoke

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/jpeg"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/lineemu"
)

// group gives the station of a town a LINE group, which its duty desk links.
func (h *town) group(members ...*person) *lineemu.Group {
	h.t.Helper()
	var phones []*lineemu.Phone
	for _, m := range members {
		phones = append(phones, m.Phone)
	}
	return h.Platform.AddGroup(h.code("group"), false, phones...)
}

// links lets somebody write the words into a group that would make it theirs.
func (h *town) links(g *lineemu.Group, by *person) {
	h.t.Helper()
	if _, err := g.Say(by.Phone, "เชื่อมกลุ่ม"); err != nil {
		h.t.Fatal(err)
	}
}

func groupHears(h *town, g *lineemu.Group, mark int, words string) lineemu.Item {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	item, err := g.WaitSince(ctx, mark, func(i lineemu.Item) bool { return i.Incoming && i.Says(words) })
	if err != nil {
		h.t.Fatalf("the group did not hear %q; it heard %+v", words, g.Transcript())
	}
	return item
}

// The LINE group of a station hears of a new case that there is one, and nothing else; the duty desk acknowledges in
// its own chat, as ever. What people say in a group is nobody's report.
func TestAGroupHearsThereIsANewCaseAndNothingElse(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 400})
	desk, ann := h.desk(casefile.LevelStation), h.people["ann"]
	g := h.group(desk, ann)
	g.Invite()
	h.links(g, ann) // no duty desk: nothing happens
	h.links(g, desk)
	groupHears(h, g, 0, "หน่วยของท่าน")
	if _, err := g.Say(ann.Phone, "ช่วยด้วย"); err != nil {
		t.Fatal(err)
	}

	mark := g.Mark()
	mali := h.citizen("mali")
	id := mali.reports(casefile.SexualRisk, h.pin)
	desk.hears("ack")
	card := groupHears(h, g, mark, "เหตุใหม่")
	words := strings.Split(strings.Join(card.Texts, "\n"), "\n")
	if len(words) != 2 || words[0] != "เหตุใหม่" || !strings.HasPrefix(words[1], "https://line.me/R/oaMessage/%40") || len(card.Buttons)+len(card.QuickReplies) != 0 {
		t.Errorf("the group reads %q and may press %v", words, labels(card))
	}
	desk.presses(casefile.ActAck)
	mali.hearsWithin("รับทราบ", time.Minute)

	// The desk is asked for the same case again and again while nobody goes; the group is not.
	ann.hearsWithin("accept", time.Minute)
	ann.presses(casefile.ActAccept)
	ann.hearsWithin("depart", time.Minute)
	said := incoming(g.Transcript())
	if len(said) != 2 { // that it was linked, and the one card
		t.Errorf("the group heard %d messages: %+v", len(said), said)
	}
	if n := len(incoming(ann.Transcript())); n == 0 {
		t.Error("ann heard nothing in her own chat")
	}
	for _, e := range h.timeline(id) {
		if strings.Contains(string(e.Kind), "GROUP") {
			t.Errorf("the group is in the record of the case: %s", e.Kind)
		}
	}

	// Out of the group, out of the story.
	mark = g.Mark()
	g.Remove()
	pong := h.citizen("pong")
	desk.mark = desk.Mark()
	pong.reports(casefile.Gathering, h.pin)
	desk.hears("ack")
	if later := incoming(g.Transcript()[mark:]); len(later) != 0 {
		t.Errorf("a group that we were taken out of heard %+v", later)
	}
}

// checksRoster is what ess policy check --roster says. It ends with an error: other towns are LIVE and were never tested.
func (h *town) checksRoster() string {
	h.t.Helper()
	err := h.Run("policy", "check", "--roster")
	if err == nil {
		return ""
	}
	return err.Error()
}

// A duty desk whose phone is heard says so with one press, and a province whose desks have not is shown before the
// night it matters. Nobody is alerted by it.
func TestACommunicationTestShowsWhichDeskDoesNotAnswer(t *testing.T) {
	h := start(t)
	if err := h.Run("roster", "test", "--province", h.province.Code); err != nil {
		t.Fatal(err)
	}
	levels := []casefile.Level{
		casefile.LevelStation, casefile.LevelRadio191, casefile.LevelMSDHSDuty, casefile.LevelMSDHSProvince, casefile.LevelShelter, casefile.LevelEMS,
	}
	for _, level := range levels {
		h.desk(level).hears("heard")
	}
	for _, level := range levels[1:] {
		h.desk(level).presses(casefile.ActHeard)
		h.desk(level).hears("บันทึกแล้ว")
	}
	silent := h.code(string(casefile.LevelStation))
	out := h.checksRoster()
	if !strings.Contains(out, silent+" police station: no answer") {
		t.Errorf("the silent station is not listed:\n%s", out)
	}
	for _, level := range levels[1:] {
		if strings.Contains(out, h.code(string(level))+" ") {
			t.Errorf("%s answered and is listed:\n%s", level, out)
		}
	}
	h.desk(casefile.LevelStation).presses(casefile.ActHeard)
	h.desk(casefile.LevelStation).hears("บันทึกแล้ว")
	if out := h.checksRoster(); strings.Contains(out, h.province.NameEn+": police station") || strings.Contains(out, silent+" ") {
		t.Errorf("the station answered and is listed:\n%s", out)
	}
	for _, level := range levels { // a press opens no case
		if got := h.desk(level).Transcript(); len(incoming(got)) != 2 {
			t.Errorf("%s heard more than the test and the thanks: %s", level, h.desk(level).said())
		}
	}
}

// Members see the duty switch before they ever pressed it; everybody else sees the five types.
func TestMembersSeeTheDutySwitchFromTheFirstDay(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 400})
	shows := func(p *person, action casefile.Action) bool {
		for _, data := range p.menuAreas() {
			if strings.HasPrefix(data, "v1|"+string(action)) {
				return true
			}
		}
		return false
	}
	h.eventually("ann sees the duty switch", func() bool { return shows(h.people["ann"], casefile.ActDutyOff) })
	if mali := h.citizen("mali"); shows(mali, casefile.ActDutyOff) || !shows(mali, "report") {
		t.Error("a citizen sees a member's menu")
	}
	// Who blocked the account lost the menu; it is there again with the friendship.
	h.people["ann"].Block()
	if err := h.people["ann"].Unblock(); err != nil {
		t.Fatal(err)
	}
	h.eventually("ann sees the duty switch again", func() bool { return shows(h.people["ann"], casefile.ActDutyOff) })
}

// A photo tells what is in it, and not where the phone was.
func TestAPhotoIsSeenWithoutThePlaceInIt(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	const place = "16.8211N100.2659E"
	photo := append([]byte("\xff\xd8\xff\xe1\x00\x19Exif\x00\x00"+place), plain.Bytes()[2:]...)
	if _, err := mali.SendImage(photo); err != nil {
		t.Fatal(err)
	}
	var list struct {
		Media []struct {
			ID    int
			State string
			Bare  bool
		}
	}
	h.eventually("the photo is kept", func() bool {
		status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/media", nil)
		return status == http.StatusOK && json.Unmarshal(raw, &list) == nil && len(list.Media) == 1 && list.Media[0].State == "KEPT"
	})
	status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/media/"+strconv.Itoa(list.Media[0].ID)+"?purpose=emergency_response", nil)
	if status != http.StatusOK || !list.Media[0].Bare || !bytes.Equal(raw, plain.Bytes()) {
		t.Errorf("status %d, bare %v, %d bytes for a picture of %d; the place in it: %v", status, list.Media[0].Bare, len(raw), plain.Len(), bytes.Contains(raw, []byte(place)))
	}
}
