package channel

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// alarmWords say what the second watcher found, by its kind of alarm. They are
// also spoken, so they hold no names of programs where plain words will do.
var alarmWords = map[string]pair{
	"INBOX_WAITING":       {"มีผู้แจ้งเหตุ แต่ระบบยังไม่เริ่มดำเนินการ", "Reported, but the system has not begun to work on it"},
	"CASE_UNACKNOWLEDGED": {"ยังไม่มีเจ้าหน้าที่รับเรื่อง เกินเวลาที่กำหนด", "No human has taken it within the limit"},
	"CASE_OVERDUE":        {"เลยกำหนดขั้นต่อไป และไม่มีความเคลื่อนไหว", "Its next step is overdue and nothing happens"},
	"MESSAGES_STUCK":      {"ข้อความถึงเจ้าหน้าที่ไม่ออก", "Messages to officers do not leave"},
	"MEDIA_STUCK":         {"ภาพและเสียงจากผู้แจ้งค้างอยู่", "Photos and voices of reporters are not fetched"},
	"API_SILENT":          {"ระบบรับแจ้งหยุดตอบ", "The intake has fallen silent"},
	"WORKER_SILENT":       {"ระบบดำเนินการหยุดตอบ", "The worker has fallen silent"},
	"RELAY_SILENT":        {"ตัวส่งต่อเรื่องหยุดตอบ", "The relay has fallen silent"},
	"TEMPORAL_SILENT":     {"เทมโพรัลหยุดตอบ", "Temporal has fallen silent"},
	"LINE_SILENT":         {"ติดต่อ LINE ไม่ได้", "LINE cannot be reached"},
	"WATCH_SILENT":        {"ตัวเฝ้าระวังอีกตัวหยุดตอบ", "The other watcher has fallen silent"},
	"DATABASE_AWAY":       {"ฐานข้อมูลไม่ตอบ", "The database does not answer"},
}

// Alarms lists the kinds of alarm that have words of their own.
func Alarms() []string { return slices.Sorted(maps.Keys(alarmWords)) }

// ringing is what the watcher rings for, in words.
type ringing struct {
	what   string
	count  int
	codes  []string // of the oldest cases
	answer string   // what an answer names; empty: nothing can be answered
}

func (p page) ringing() ringing {
	words, ok := alarmWords[p.Reason]
	if !ok {
		words = pair{"ระบบต้องการคนดู", "The system needs a human"}
	}
	a := activities.Alarm{Count: 1}
	if p.Alarm != nil {
		a = *p.Alarm
	}
	r := ringing{what: p.in(words), count: a.Count, answer: a.Answer}
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
