package channel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ess-thailand/ess/activities"
)

// A mail waits in a box that others may open, and its subject stands on a locked
// screen: the subject is the code and nothing else, and the mail holds no more
// than an SMS does. It cannot be answered.

// mail is one mail in plain text.
type mail struct{ subject, body string }

// mail words a message as a mail, if it is one that is sent by mail.
func (p page) mail(template string) (mail, bool) {
	var subject string
	var lines []string
	switch template {
	case "contact_code":
		subject = "ESS"
		lines = append(lines, p.say("รหัสยืนยันที่อยู่นี้: ", "Code to confirm this address: ")+p.Code,
			p.say("แจ้งรหัสนี้แก่ผู้ดูแลระบบของหน่วยท่าน", "Tell it to the administrator of your unit."))
	case activities.RosterUnreachable:
		subject = p.say("ESS รายชื่อประจำเช้า", "ESS morning list")
		gaps := activities.RosterGaps{}
		if p.Roster != nil {
			gaps = *p.Roster
		}
		lines = append(lines,
			fmt.Sprintf(p.say("ผู้ที่อยู่ในลำดับการแจ้งแต่ติดต่อไม่ได้: %d คน", "People in a ladder who cannot be reached: %d"), gaps.People),
			fmt.Sprintf(p.say("ลำดับการแจ้งที่ไม่มีผู้รับปลายทาง: %d", "Ladders that end at nobody: %d"), gaps.Ladders),
			p.say("ดูรายชื่อที่ GET /v1/roster/unreachable", "The names: GET /v1/roster/unreachable"))
	case "watch_alarm", "watch_over":
		r := p.ringing()
		subject = p.say("ESS เฝ้าระวัง", "ESS watcher")
		if template == "watch_over" {
			lines = append(lines, p.say("กลับเป็นปกติแล้ว", "It is over"))
		}
		lines = append(lines, r.what, p.many(r.count))
		for _, code := range r.codes {
			lines = append(lines, p.say("รหัส ", "Code ")+code)
		}
		if p.Alarm != nil && p.Alarm.Runbook != "" {
			lines = append(lines, p.say("คู่มือ: ", "Runbook: ")+p.Alarm.Runbook)
		}
		if r.answer != "" && template == "watch_alarm" {
			lines = append(lines, p.say("จะเตือนซ้ำจนกว่าจะมีคนรับ ", "It rings until somebody answers. ")+p.unanswerable())
		}
	default:
		q, ok := questions[template]
		if !ok {
			return mail{}, false
		}
		p = p.asWhole(template)
		subject = p.head()
		if p.NoCall || p.Quiet {
			lines = append(lines, p.say("ห้ามโทรกลับหาผู้แจ้ง", "DO NOT CALL BACK the reporter."))
		}
		lines = append(lines, p.in(q.what), p.where(), p.unanswerable())
	}
	return mail{subject, strings.Join(slices.DeleteFunc(lines, empty), "\r\n") + "\r\n"}, true
}

func (p page) unanswerable() string {
	if p.Owed != nil {
		return p.say("ดูใน LINE หรือในระบบ หรือโทร 1300 อีเมลฉบับนี้ตอบไม่ได้", "See LINE or the console, or call 1300. This mail cannot be answered.")
	}
	return p.say("ตอบใน LINE ทาง SMS หรือโทร 1300 อีเมลฉบับนี้ตอบไม่ได้", "Answer in LINE, by SMS, or call 1300. This mail cannot be answered.")
}
