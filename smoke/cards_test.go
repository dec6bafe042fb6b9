package smoke

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"encoding/json"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// Whoever reported is asked what the officers need to know, one question after
// the other. Nobody waits for the answers; a weapon and a child make the case
// graver, the shelter is rung, and the officer is told what to do and what not.
func TestAnswersMakeACaseGraverAndHoldNothingUp(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann := h.people["ann"]
	ann.hears("accept") // nobody has answered anything
	h.desk(casefile.LevelStation).hears("ack")
	ann.presses(casefile.ActAccept)
	if card := ann.hears("depart"); !card.Says("✔") || !card.Says("✘") {
		t.Errorf("the officer is not told what to do and what not: %v", card.Texts)
	}
	if s := h.look(id).Severity; s != casefile.High {
		t.Fatalf("before any answer the case is %s", s)
	}
	cards := policy.Default().CardsOf(casefile.Gathering)
	mali.mark = 0
	for i, card := range cards {
		mali.hears(card.Text.Th)
		mali.presses(casefile.ActCard) // the gravest answer is the first
		ann.hears("ผู้แจ้งตอบคำถาม")
		h.eventually("the answer is recorded", func() bool { return h.times(id, casefile.CardAnswered) == i+1 })
	}
	h.desk(casefile.LevelShelter).hears("ack")
	if r := h.look(id); r.Severity != casefile.Critical || !r.Child {
		t.Errorf("after a weapon and a child the case is %s, child %t", r.Severity, r.Child)
	}
}

// On a phone that other eyes may see nothing is asked.
func TestNothingIsAskedWhereOthersMayRead(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	mali.reports(casefile.Confinement, h.pin)
	h.desk(casefile.LevelStation).hears("ack")
	mali.presses(casefile.ActCancel) // the answer to it comes behind all that was said before
	mali.hears("รับทราบแล้ว")
	if mali.heard(string(casefile.ActCard)) {
		t.Errorf("a question stands on the phone: %s", mali.said())
	}
}

// picture is a small photo as a telephone makes it.
var picture = slices.Concat([]byte{0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0}, bytes.Repeat([]byte("a face nobody may see "), 200), []byte{0xff, 0xd9})

// sent is what came beside words, as the REST API lists it.
type sent struct {
	ID    int    `json:"id"`
	Kind  string `json:"kind"`
	State string `json:"state"`
}

func (h *town) media(id casefile.CaseID) []sent {
	h.t.Helper()
	status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(id)+"/media", nil)
	var list struct {
		Media []sent `json:"media"`
	}
	if err := json.Unmarshal(raw, &list); err != nil || status != http.StatusOK {
		h.t.Fatalf("GET media: %d %s", status, raw)
	}
	return list.Media
}

// keeps waits until the one photo of a case is with us.
func (h *town) keeps(id casefile.CaseID) sent {
	h.t.Helper()
	var photo sent
	h.eventually("the photo is kept", func() bool {
		for _, m := range h.media(id) {
			photo = m
		}
		return photo.State == "KEPT"
	})
	return photo
}

// A photo is fetched at once and kept sealed; the team hears that something
// came, and sees it only by saying what for.
func TestAPhotoIsKeptSealedAndTheTeamHears(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann := h.people["ann"]
	ann.accepts()
	if _, err := mali.SendImage(picture); err != nil {
		t.Fatal(err)
	}
	ann.hears("ผู้แจ้งส่งรูป")
	photo := h.keeps(id)
	at := "/v1/cases/" + string(id) + "/media/" + strconv.Itoa(photo.ID)
	if status, _ := h.request("somsri", http.MethodGet, at, nil); status/100 == 2 {
		t.Error("the photo is shown without a purpose")
	}
	status, content := h.request("somsri", http.MethodGet, at+"?purpose=emergency_response", nil)
	if status != http.StatusOK || !bytes.Equal(content, picture) {
		t.Errorf("the photo is not the one that was sent: %d, %d bytes", status, len(content))
	}
	var sealed []byte
	h.database(&sealed, "SELECT content_sealed FROM media WHERE case_id = $1 AND seq = $2", string(id), photo.ID)
	if len(sealed) == 0 || bytes.Contains(sealed, []byte("a face")) {
		t.Errorf("the photo does not lie sealed: %d bytes", len(sealed))
	}
	var looks int
	h.database(&looks, "SELECT count(*) FROM audit WHERE case_id = $1 AND action = 'VIEWED' AND actor LIKE '%somsri' AND purpose = 'emergency_response'", string(id))
	if looks != 1 {
		t.Errorf("one look at the photo, %d are written down", looks)
	}
}

// A photo from somebody who hides is kept, and the phone shows nothing of it.
func TestAPhotoFromAQuietPhoneShowsNothing(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	mali.taps("", true)
	mali.hears("ได้รับข้อมูลแล้ว")
	mali.sends(h.pin)
	mali.hears("ได้รับข้อมูลแล้ว")
	id := h.caseOf(mali)
	if _, err := mali.SendImage(picture); err != nil {
		t.Fatal(err)
	}
	h.keeps(id)
	mali.hears("ได้รับข้อมูลแล้ว")
	for _, item := range incoming(mali.Transcript()) {
		if item.Rang {
			t.Errorf("the phone rang: %v", item.Texts)
		}
		for _, word := range []string{"รูป", "เจ้าหน้าที่", "เหตุ"} {
			if said := strings.Join(item.Texts[:min(1, len(item.Texts))], ""); strings.Contains(said+item.AltText+item.Preview+item.LockScreen, word) {
				t.Errorf("the quiet phone shows %q: %v", word, item.Texts)
			}
		}
	}
	if n := len(incoming(mali.Transcript())); n != 4 { // the tap, the pin as words and as a map, the photo
		t.Errorf("three things were answered with %d messages: %s", n, mali.said())
	}
}
