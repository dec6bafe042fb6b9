package line

import (
	"fmt"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// alarm is what stands on both cards: what is or was wrong, how often, and where.
func (p page) alarm() (activities.Alarm, []string) {
	a := activities.Alarm{}
	if p.Alarm != nil {
		a = *p.Alarm
	}
	lines := []string{policy.AlarmName(p.Reason).In(p.lang)}
	if a.Count > 1 {
		lines = append(lines, fmt.Sprintf(p.say("ทั้งหมด %d เรื่อง", "%d cases in all"), a.Count))
	}
	for _, id := range a.Cases {
		lines = append(lines, p.say("รหัส ", "Code ")+casefile.Case{ID: id}.Code())
	}
	return a, lines
}

// about is the page of the one case that an alarm is about; of many the lock screen names none.
func (p page) about(a activities.Alarm) page {
	if a.Count == 1 && len(a.Cases) == 1 {
		p.Code = casefile.Case{ID: a.Cases[0]}.Code()
	}
	return p
}

// watchAlarm rings the national desk when the rest of the system does not do its
// work. A button for each case that it names lets that case hear the answer; the
// last answers for the alarm as a whole.
func watchAlarm(p page) []messaging_api.MessageInterface {
	a, lines := p.alarm()
	p = p.about(a)
	var rows [][]*messaging_api.FlexButton
	take := func(label string, id casefile.CaseID) {
		rows = append(rows, row(primary(p.press(label, casefile.ActDeskTake, func(in *casefile.Incoming) {
			in.Case, in.Reason, in.Option = id, casefile.ReasonWatch, a.Answer
		}))))
	}
	if a.Answer != "" {
		for _, id := range a.Cases {
			take(p.say("รับเรื่อง ", "I take ")+casefile.Case{ID: id}.Code(), id)
		}
		switch {
		case len(a.Cases) == 0:
			take(p.say("รับเรื่อง", "I take it"), "")
		case a.Count > len(a.Cases):
			take(p.say("รับทุกเรื่อง", "I take them all"), "")
		}
	}
	if a.Runbook != "" {
		lines = append(lines, p.say("คู่มือ: ", "Runbook: ")+a.Runbook)
	}
	if len(rows) > 0 {
		lines = append(lines, p.say("จะเตือนซ้ำจนกว่าจะมีคนรับ", "It rings until somebody answers."))
	}
	return p.card(p.say("สัญญาณเตือนจากตัวเฝ้าระวัง", "Alarm of the watcher"), lines, rows...)
}

// watchOver tells who was rung that it has ended.
func watchOver(p page) []messaging_api.MessageInterface {
	a, lines := p.alarm()
	return p.about(a).card(p.say("กลับเป็นปกติแล้ว", "It is over"), append(lines, p.say("ตัวเฝ้าระวังไม่เตือนเรื่องนี้แล้ว", "The watcher rings for this no more.")))
}

// watchAnswered answers the button of an alarm that is about no case.
func watchAnswered(p page) []messaging_api.MessageInterface {
	return p.card(p.say("รับทราบ", "Noted"), []string{p.say("บันทึกแล้วว่าท่านรับเรื่อง จะแจ้งเมื่อกลับเป็นปกติ", "Recorded: you have it. You will hear when it is over.")})
}
