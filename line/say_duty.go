package line

import (
	"fmt"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/policy"
)

// dutyBegins tells somebody that their shift has begun. It makes its sound at
// whatever hour: it is the hour that they are on call for.
func dutyBegins(p page) []messaging_api.MessageInterface {
	return p.card(p.say("เวรของท่านเริ่มแล้ว", "Your shift has begun"), []string{
		p.unit(), p.until(),
		p.say("ส่งตำแหน่งในแชตนี้ เพื่อให้ถูกเรียกใกล้ตัว", "Send your location here, so that you are called nearby."),
		p.say("ถ้าปฏิบัติหน้าที่ไม่ได้ กดออกเวรจากเมนู แล้วแจ้งหน่วยของท่าน", "If you cannot serve, go off duty from the menu and tell your unit."),
	})
}

// dutyEnds tells somebody that their shift is over.
func dutyEnds(p page) []messaging_api.MessageInterface {
	return p.card(p.say("หมดเวรแล้ว ขอบคุณ", "Your shift is over. Thank you."), []string{
		p.unit(), p.say("จะไม่ถูกเรียกจนกว่าจะถึงเวรครั้งต่อไป", "You will not be called until your next shift."),
	})
}

// dutyGap tells the duty desk of a unit that nobody keeps its shift.
func dutyGap(p page) []messaging_api.MessageInterface {
	return p.card(p.say("เวรนี้ไม่มีผู้ปฏิบัติหน้าที่", "Nobody keeps this shift"), []string{
		p.unit(), p.say("ผู้ที่อยู่เวรไม่พร้อม โปรดจัดผู้เข้าเวรแทนทันที", "Whoever is on call is not on duty. Name somebody to stand in now."),
	})
}

// rosterUnreachable tells the national desk every morning what would fail at
// night. It names nobody: the list is behind the desk's own door.
func rosterUnreachable(p page) []messaging_api.MessageInterface {
	var gaps activities.RosterGaps
	if p.Roster != nil {
		gaps = *p.Roster
	}
	return p.card(p.say("ตรวจสายการแจ้งประจำวัน", "The morning's check of the ladders"), []string{
		fmt.Sprintf(p.say("ติดต่อไม่ได้ %d คน ที่อยู่ในสายการแจ้ง", "People in a ladder who cannot be reached: %d"), gaps.People),
		fmt.Sprintf(p.say("สายการแจ้งที่ไม่มีผู้รับขั้นสุดท้าย %d สาย", "Ladders that end at nobody: %d"), gaps.Ladders),
		p.say("ดูรายชื่อในระบบที่ /v1/roster/unreachable แล้วแก้ไขก่อนค่ำ", "See who at /v1/roster/unreachable, and mend it before tonight."),
	})
}

// until is the end of a shift in Thai time.
func (p page) until() string {
	if p.Until.IsZero() {
		return ""
	}
	end := p.Until.In(policy.Bangkok)
	return p.say("ถึง "+end.Format("02/01 15:04")+" น.", "until "+end.Format("2 Jan 15:04"))
}
