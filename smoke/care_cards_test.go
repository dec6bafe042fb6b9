package smoke

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
)

// readsOf waits for one message about a case that holds all the words.
func (p *person) readsOf(id casefile.CaseID, within time.Duration, words ...string) lineemu.Item {
	p.town.t.Helper()
	ctx, cancel := context.WithTimeout(p.town.t.Context(), within)
	defer cancel()
	words = append(words, casefile.Case{ID: id}.Code())
	item, err := p.Wait(ctx, func(i lineemu.Item) bool {
		return i.Incoming && !slices.ContainsFunc(words, func(w string) bool { return !carries(i, w) })
	})
	if err != nil {
		p.town.t.Fatalf("%s did not read %q; heard %s", p.name, words, p.said())
	}
	return item
}

// managed is a follow-up with a case manager.
func (o office) managed() casefile.CaseID {
	o.t.Helper()
	id := o.opens()
	duty := o.desk(casefile.LevelMSDHSDuty)
	duty.hearsOf(id, casefile.ActCareManage)
	o.orders("somsri", id, "manage", map[string]any{"member": o.Manager})
	return id
}

// owes gives the volunteer something to do within some days of case time.
func (o office) owes(id casefile.CaseID, kind casefile.ObligationKind, code string, days int) {
	o.t.Helper()
	due := o.Clock.Case(time.Now()).Add(time.Duration(days) * 24 * time.Hour)
	o.orders("somsri", id, "owe", map[string]any{"owed": []map[string]any{{"kind": kind, "code": code, "member": o.Volunteer, "due_at": due}}})
	o.comes(id, "it is owed", func(c casefile.Case) bool { return c.Care.Owes(kind) })
}

// A volunteer finishes a task by one press and the case manager hears it. The
// screen of the volunteer names no place and no trouble.
func TestAVolunteerFinishesATaskByOnePressAndTheCaseManagerHearsIt(t *testing.T) {
	o := start(t).office()
	id := o.managed()
	volunteer, worker := o.people["volunteer"], o.people["worker"]
	o.owes(id, casefile.OweTask, "SUPPLIES", 5)
	card := volunteer.readsOf(id, patience, "นำสิ่งของไปให้", "ครบกำหนด", string(casefile.ActCareDone))
	for _, word := range []string{"ความรุนแรง", o.province.NameTh} {
		if strings.Contains(strings.Join(card.Texts, " "), word) {
			t.Errorf("the card of the volunteer says %q: %v", word, card.Texts)
		}
	}
	volunteer.presses(casefile.ActCareDone)
	volunteer.hears("บันทึกว่าเสร็จแล้ว")
	worker.readsOf(id, patience, "ทำเสร็จแล้ว", "นำสิ่งของไปให้")
	volunteer.presses(casefile.ActCareDone) // the card is still in the chat
	volunteer.hears("ทำรายการไม่ได้")
	o.owes(id, casefile.OweTask, "CHECK_IN", 5)
	volunteer.hears("โทรหรือแวะถาม")
	before := len(volunteer.Transcript())
	volunteer.asksForTasks()
	o.eventually("what is owed stands in the list of tasks, with its buttons", func() bool {
		return slices.ContainsFunc(volunteer.Transcript()[before:], func(i lineemu.Item) bool {
			return i.Incoming && about(i, id) && carries(i, "โทรหรือแวะถาม") && carries(i, string(casefile.ActCareDone))
		})
	})
}

// Who cannot do it alone presses one button: the supervisor is asked, the case
// manager hears it, and the task stays with whoever has it until it is done.
func TestWhoCannotDoItAloneGetsHelp(t *testing.T) {
	o := start(t).office()
	id := o.managed()
	volunteer, worker, boss := o.people["volunteer"], o.people["worker"], o.people["boss"]
	o.owes(id, casefile.OweTask, "DOCUMENTS", 5)
	volunteer.hearsOf(id, casefile.ActCareHelp)
	volunteer.presses(casefile.ActCareHelp)
	volunteer.hears("แจ้งหัวหน้า")
	worker.readsOf(id, patience, "ขอความช่วยเหลือ", "ช่วยเรื่องเอกสาร")
	boss.readsOf(id, patience, "มีผู้ขอให้ช่วยงานนี้", "ช่วยเรื่องเอกสาร")
	boss.presses(casefile.ActCareDone)
	boss.hears("บันทึกว่าเสร็จแล้ว")
	c := o.comes(id, "the help is given", func(c casefile.Case) bool { return !c.Care.Owes(casefile.OweHelp) })
	if !c.Care.Owes(casefile.OweTask) {
		t.Error("the help has settled the task, too")
	}
}

// A visit that nobody makes is not forgotten: the supervisor hears it, then the province.
func TestAnOverdueVisitReachesTheSupervisorThenTheProvince(t *testing.T) {
	h := startOwn(t, 24*60*60/4) // a day in four seconds
	o := h.office()
	id := o.managed()
	o.owes(id, casefile.OweVisit, "HOME_VISIT", 1)
	o.people["volunteer"].readsOf(id, 2*patience, "เลยกำหนดแล้ว", "เยี่ยม", string(casefile.ActCareMissed))
	o.people["boss"].readsOf(id, 2*patience, "เลยกำหนดแล้ว", "เยี่ยม", "มอบหมายใหม่")
	o.desk(casefile.LevelMSDHSProvince).readsOf(id, 2*patience, "เลยกำหนดแล้ว", "เยี่ยม", "โปรดสั่งการ")
	rung := func(who string) time.Time {
		return o.happens(id, who, func(e casefile.Event) bool {
			return e.Kind == casefile.Chased && e.Reason == who && e.Care != nil && o.isVisit(id, e.Care.Obligation)
		}).At
	}
	if owner, boss, province := rung("OWNER"), rung("SUPERVISOR"), rung("PROVINCE"); !owner.Before(boss) || !boss.Before(province) {
		t.Errorf("called out of turn: owner %s, supervisor %s, province %s", owner, boss, province)
	}
}

func (o office) isVisit(id casefile.CaseID, n int) bool {
	o.t.Helper()
	var kind string
	o.database(&kind, "SELECT coalesce(max(kind), '') FROM obligations WHERE case_id = $1 AND id = $2", string(id), n)
	return kind == string(casefile.OweVisit)
}

// A partner that declines in LINE passes it on to the next office, and the case
// manager hears who has it.
func TestAPartnerThatDeclinesInLINEPassesItOn(t *testing.T) {
	o := start(t).office()
	id := o.managed()
	o.orders("somsri", id, "consent", map[string]any{"consent": map[string]any{"purpose": "REFERRAL", "given": true, "basis": "CONSENT"}})
	next := o.unitID(string(casefile.LevelShelter))
	o.orders("somsri", id, "refer", map[string]any{"unit": o.Partner, "service": "HEALTH_CONTACT", "next": []casefile.UnitID{next}})
	first, second := o.desk(casefile.LevelEMS), o.desk(casefile.LevelShelter)
	first.hearsOf(id, casefile.ActCareDecline)
	if second.heard(string(casefile.ActCareAccept)) {
		t.Error("both were asked at once")
	}
	first.presses(casefile.ActCareDecline)
	first.hears("จะเสนอหน่วยงานถัดไป")
	second.hearsOf(id, casefile.ActCareAccept)
	second.presses(casefile.ActCareAccept)
	second.hears("บันทึกว่ารับแล้ว")
	o.people["worker"].readsOf(id, patience, "หน่วยงานรับแล้ว")
}

// The screen of the person helped shows nothing that betrays: neither while the
// help goes on nor when it has ended; and one tap opens it again.
func TestTheScreenOfThePersonHelpedShowsNothingThatBetrays(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 400})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Confinement, h.pin) // a stranger may hold the phone
	for _, name := range []string{"ann", "bo"} {
		h.people[name].hearsOf(id, casefile.ActAccept)
		h.people[name].presses(casefile.ActAccept)
		h.people[name].hearsOf(id, casefile.ActDepart)
	}
	ann := h.people["ann"]
	ann.presses(casefile.ActArrive)
	h.comesTo(id, casefile.OnScene)
	ann.presses(casefile.ActControl)
	mali.hears(string(casefile.ActSolved))
	duty := h.desk(casefile.LevelMSDHSDuty)
	duty.hearsOf(id, casefile.ActTakeOver)
	duty.presses(casefile.ActTakeOver)
	h.comesTo(id, casefile.FollowUp)
	duty.hearsOf(id, casefile.ActCareManage) // what is owed stands
	if _, err := mali.Say("ขอบคุณ"); err != nil {
		t.Fatal(err)
	}
	h.eventually("the answer offers to look how it stands", func() bool {
		return slices.ContainsFunc(mali.QuickReplies(), func(b lineemu.Button) bool { return line.Decode(b.Action.Data).Action == casefile.ActStatus })
	})
	mali.presses(casefile.ActStatus)
	mali.hears("ครั้งถัดไปภายใน")
	end := map[string]any{"outcome": "HELPED", "reason": "SETTLED"}
	h.orders("somsri", id, "close", end)
	if h.look(id).State != casefile.Closed { // it takes two
		h.orders("wichai", id, "close", end)
	}
	h.comesTo(id, casefile.Closed)
	mali.hears(string(casefile.ActRate))
	mali.presses(casefile.ActRate)
	mali.hears("ขอบคุณ")
	h.happens(id, "the rating is kept", func(e casefile.Event) bool { return e.Kind == casefile.Rated && e.Care.Rating > 0 })
	for _, item := range incoming(mali.Transcript()) {
		for _, word := range []string{"กักขัง", "เจ้าหน้าที่", "ตำรวจ", "พม.", "ช่วย", "ปลอดภัย", "อันตราย"} {
			shown := append([]string{item.AltText}, item.Texts...)
			if strings.Contains(strings.Join(append(shown, labels(item)...), " "), word) {
				t.Errorf("the screen shows %q: %v", word, shown)
			}
		}
	}
	mali.presses(casefile.ActNotSolved)
	h.comesTo(id, casefile.FollowUp)
}
