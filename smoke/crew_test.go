package smoke

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// relists imports the line of a member again, with some columns changed.
func (h *town) relists(name string, columns map[string]string) {
	h.t.Helper()
	row := slices.Clone(h.enlisted[name])
	for i, column := range memberHeader {
		if v, ok := columns[column]; ok {
			row[i] = v
		}
	}
	h.members = append(h.members, row)
	h.enlist()
}

// Somebody who has left the radio centre still has its card in the chat. It
// counts for nothing there, and the record says that it was pressed.
func TestACardInOldHandsCountsForNothing(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	radio := h.desk(casefile.LevelRadio191)
	radio.hears("radio_seen")
	h.relists(string(casefile.LevelRadio191), map[string]string{"level": "", "role": string(casefile.Police)})
	radio.presses(casefile.ActRadioSeen)
	radio.hearsWithin("ทำรายการไม่ได้", time.Minute)
	h.happens(id, "the press is written down", func(e casefile.Event) bool {
		return e.Kind == casefile.Noted && e.Reason == "REFUSED:RADIO_SEEN"
	})
	if slices.ContainsFunc(h.story(id), func(e casefile.Event) bool { return e.Kind == casefile.RadioSeen }) {
		t.Error("the radio centre counts as having seen the pin")
	}
}

// Nobody finds the place, and whoever reported does not answer: a human of the
// national desk looks for it.
func TestTheDeskLooksForAPlaceThatNobodyFinds(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann := h.people["ann"]
	ann.accepts()
	if h.look(id).Desk != nil { // for another reason, on a slow machine
		h.orders("somsri", id, "resolve-desk", map[string]any{"reason": "IN_HAND"})
	}
	ann.presses(casefile.ActCannotFind)
	mali.hears("ยังหาไม่พบ")
	h.happens(id, "the desk is asked", func(e casefile.Event) bool {
		return e.Kind == casefile.DeskRaised && e.Desk == casefile.DeskCannotFind
	})
	ann.hearsWithin("โต๊ะกลางกำลังช่วยหา", time.Minute)
	h.national("desk-desk-1300-1").hearsOf(id, casefile.ActDeskTake)
}

// The first on the scene leads. The others read it on their cards, and when the
// first has to leave, the next one leads.
func TestTheFirstOnTheSceneLeads(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 500, "cho": 700})
	mali := h.citizen("mali")
	id := mali.reports(casefile.ThreatAssault, h.pin) // needs two
	ann, bo, cho := h.people["ann"], h.people["bo"], h.people["cho"]
	ann.accepts()
	bo.accepts()
	bo.presses(casefile.ActArrive)
	bo.hearsWithin("ท่านเป็นผู้สั่งการ", time.Minute)
	ann.hearsWithin("มีผู้สั่งการในที่เกิดเหตุแล้ว", time.Minute)
	ann.presses(casefile.ActArrive)
	ann.hearsWithin("บันทึกแล้ว", time.Minute)
	bo.presses(casefile.ActWithdraw)
	ann.hearsWithin("ท่านเป็นผู้สั่งการ", time.Minute)

	cho.hearsWithin("accept", time.Minute)
	h.eventually("the crew is open again", func() bool { return len(h.look(id).team(casefile.Police)) == 1 })
	cho.presses(casefile.ActAccept)
	if card := cho.hearsWithin("depart", time.Minute); !card.Says("มีผู้สั่งการในที่เกิดเหตุแล้ว") {
		t.Errorf("who joins later does not read that somebody leads there: %v", card.Texts)
	}
}

// Whoever said yes a moment too late is the first to be asked when somebody else cannot go after all.
func TestWhoCameTooLateIsAskedFirst(t *testing.T) {
	h := start(t)
	ids := map[string]casefile.MemberID{"ann": h.joins("ann", 300), "near": h.joins("near", 500), "bo": h.joins("bo", 900)}
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann, bo := h.people["ann"], h.people["bo"]
	bo.hears("accept")
	ann.accepts()
	bo.hears("กำลังครบแล้ว") // stood down before an answer
	bo.presses(casefile.ActAccept)
	bo.hears("มีผู้รับก่อนแล้ว")
	ann.presses(casefile.ActWithdraw)
	bo.hearsWithin("accept", time.Minute)
	asked := h.happens(id, "somebody is asked in the place of who withdrew", func(e casefile.Event) bool {
		return e.Kind == casefile.Offered && e.Role == casefile.Police && e.Round > 0
	})
	near := slices.DeleteFunc(slices.Clone(asked.Asked), func(a casefile.Ask) bool { return a.Level != casefile.LevelNear })
	if len(near) == 0 || near[0].Member != ids["bo"] || near[0].Why != "CHOSEN_CAME_LATE" {
		t.Errorf("asked first: %+v, want %s", near, ids["bo"])
	}
}

// Two persons at a desk mark no report as false over the heads of the officers
// who are there. When these have said that it is over, who still drives is told to turn back, and why.
func TestNothingIsCalledFalseOverTheHeadsOfThoseThere(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 500})
	mali := h.citizen("mali")
	id := mali.reports(casefile.ThreatAssault, h.pin)
	ann, bo := h.people["ann"], h.people["bo"]
	ann.accepts()
	bo.accepts()
	ann.presses(casefile.ActArrive)
	h.comesTo(id, casefile.OnScene)
	prank := map[string]any{"reason": "PRANK"}
	h.orders("somsri", id, "false-report", prank) // the first of two
	h.mayNot("wichai", id, "false-report", prank)
	ann.presses(casefile.ActControl)
	h.eventually("the scene is under control", func() bool { return !h.look(id).State.BeforeControl() })
	h.orders("wichai", id, "false-report", prank)
	h.comesTo(id, casefile.FalseReport)
	if card := bo.hearsWithin("ไม่ต้องเดินทาง", time.Minute); !strings.Contains(strings.Join(card.Texts, " "), "เหตุไม่จริง") {
		t.Errorf("who drives is not told why: %v", card.Texts)
	}
	if left := h.look(id).team(casefile.Police); slices.ContainsFunc(left, func(a casefile.AssignmentState) bool { return a != casefile.AssignOnScene }) {
		t.Errorf("somebody is still on the way: %v", left)
	}
}

// A pin that is moved to another province is that province's: its social worker
// and its ambulance are rung, although those of the first one had acknowledged.
func TestAPinMovedFarAwayRingsTheDesksThere(t *testing.T) {
	here := start(t)
	there := here.town(t)
	mali := here.citizen("mali")
	id := mali.reports(casefile.Berserk, here.pin)
	for _, level := range []casefile.Level{casefile.LevelMSDHSDuty, casefile.LevelEMS} {
		here.desk(level).hears("ack")
		here.desk(level).presses(casefile.ActAck)
		here.desk(level).hears("บันทึกแล้ว")
	}
	mali.sends(there.pin)
	mali.hears("ย้ายหมุดแล้ว")
	for _, level := range []casefile.Level{casefile.LevelMSDHSDuty, casefile.LevelEMS} {
		there.desk(level).hearsWithin("ack", time.Minute)
		here.desk(level).hearsWithin("โอนให้", time.Minute)
	}
	there.desk(casefile.LevelRadio191).hearsWithin("radio_seen", time.Minute)
	if r := here.look(id); r.Place.Province != there.province.Code {
		t.Errorf("the case stands in %s", r.Place.Province)
	}
}
