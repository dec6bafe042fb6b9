package channel

import (
	"fmt"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// ringing is what the watcher rings for, in words.
type ringing struct {
	what   string
	count  int
	codes  []string // of the oldest cases
	answer string   // what an answer names; empty: nothing can be answered
}

func (p page) ringing() ringing {
	a := activities.Alarm{Count: 1}
	if p.Alarm != nil {
		a = *p.Alarm
	}
	r := ringing{what: policy.AlarmName(p.Reason).In(p.lang), count: a.Count, answer: a.Answer}
	for _, id := range a.Cases {
		r.codes = append(r.codes, casefile.Case{ID: id}.Code())
	}
	return r
}

// many says how many there are, if there is more than one.
func (p page) many(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(p.say("ทั้งหมด %d เรื่อง", "%d cases in all"), n)
}

// watchAlarm is what the watcher says in an SMS: what is wrong, where it was
// first, and what to write back.
func watchAlarm(p page) (must, may []string) {
	r := p.ringing()
	must = []string{p.say("ESS เฝ้าระวัง: ", "ESS watcher: ") + r.what}
	if r.answer != "" {
		must = append(must, p.say("ตอบ 1 "+r.answer+" = รับเรื่อง", "Reply 1 "+r.answer+" = I take it"))
	}
	if len(r.codes) > 0 {
		may = append(may, p.say("รหัส ", "Code ")+r.codes[0])
	}
	return must, append(may, p.many(r.count))
}

// watchOver tells who was rung that it has ended.
func watchOver(p page) (must, may []string) {
	return []string{p.say("ESS เฝ้าระวัง: กลับเป็นปกติแล้ว", "ESS watcher: it is over"), p.ringing().what}, nil
}

// watchAnswered answers the answer to an alarm that is about no case.
func watchAnswered(p page) (must, may []string) {
	return []string{p.say("ESS บันทึกแล้วว่าท่านรับเรื่อง จะแจ้งเมื่อกลับเป็นปกติ", "ESS recorded: you have it. You will hear when it is over.")}, nil
}
