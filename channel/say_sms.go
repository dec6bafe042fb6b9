package channel

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ess-thailand/ess/casefile"
)

// texts is everything that ESS says by SMS. A phone that lies on a table shows a
// message to whoever stands beside it, and a provider reads it: so no type of
// incident, no name, no number, no pin and no exact place is in any of them.
//
// The first lines are always said; what is given as second goes where three parts
// are not enough.
var texts = map[string]func(page) (must, may []string){
	// To members and duty desks.
	"offer":            smsOffer,
	"offer_desk":       smsOfferDesk,
	"accepted_card":    smsAccepted,
	"crew_full":        said("มีผู้รับครบแล้ว ไม่ต้องเดินทาง ขอบคุณ", "Others accepted first. Please do not go. Thank you."),
	"declined_noted":   said("บันทึกว่าไม่รับแล้ว กำลังถามผู้อื่น", "Your answer is recorded. Others are being asked."),
	"noted":            said("บันทึกแล้ว", "Recorded."),
	"refused":          smsRefused,
	"stand_down":       said("ยกเลิกการขอกำลัง ไม่ต้องเดินทาง", "Stand down. Please do not go."),
	"released":         said("ท่านพ้นจากเรื่องนี้แล้ว", "You are released from this case."),
	"pin_moved":        question("หมุดถูกย้าย ดูตำแหน่งใหม่ใน LINE หรือโทร 1300 แจ้งรหัสนี้", "The pin was moved. See LINE, or call 1300 with this code."),
	"cancel_forced":    said("ผู้แจ้งขอยกเลิก ให้ถือว่าถูกบังคับ ปฏิบัติต่อไป ต้องพบตัวก่อนยุติ", "Cancel asked: treat as forced. Go on; see the person before ending."),
	"arrival_check":    question("ถึงที่เกิดเหตุหรือยัง\nตอบ 2 = ถึงแล้ว\n0 = ไปไม่ได้แล้ว", "Have you arrived?\nReply 2 = on scene\n0 = cannot go"),
	"scene_check":      question("ที่เกิดเหตุเป็นอย่างไร\nตอบ 3 = ระงับเหตุแล้ว\n2 = ยังปฏิบัติอยู่\n9 = ขอกำลังเสริม", "How is the scene?\nReply 3 = under control\n2 = still working\n9 = need help"),
	"controlled_noted": said("บันทึกแล้วว่าระงับเหตุแล้ว กำลังส่งต่อให้ผู้ดูแล", "Recorded: under control. It is being handed over for care."),
	"same_place_again": smsToSee(pair{"มีการแจ้งซ้ำที่เดิม", "Reported again at the same place"}),
	"radio_alert":      smsToSee(pair{"ศูนย์วิทยุ: มีหมุดใหม่ ต้องรับทราบ", "Radio centre: new pin, must be acknowledged"}),
	"handover_offer":   smsHandover,
	"handover_taken":   said("ท่านรับดูแลเรื่องนี้แล้ว รายละเอียดอยู่ในระบบ", "You have taken it over. Details are in the system."),
	"handover_noted":   said("มีผู้รับดูแลต่อแล้ว ขอบคุณ", "Somebody has taken over. Thank you."),
	"desk_item":        smsDeskItem,
	"desk_taps":        smsDeskTaps,
	"centre_ask":       smsCentreAsk,
	"assist_alert":     smsToSee(pair{"เจ้าหน้าที่ขอกำลังเสริมด่วน", "An officer needs help now"}),
	"care_owed":        smsCare(careWaits),
	"care_overdue":     smsCare(careOverdue),
	"care_noted":       said("บันทึกคำตอบแล้ว", "Your answer is recorded."),
	"aid_visit":        smsAid(pair{"มีงานเยี่ยมรอท่าน", "A visit waits for you."}),
	"aid_task_due":     smsAid(pair{"ใกล้ครบกำหนด", "Due soon."}),
	"aid_owed":         smsAid(pair{"เลยกำหนดแล้ว", "Overdue."}),
	"aid_returned":     smsAid(pair{"คำขอถูกส่งกลับ โปรดแก้ไข", "The request came back: please correct it."}),
	"watch_alarm":      watchAlarm,
	"watch_over":       watchOver,
	"watch_answered":   watchAnswered,

	// To whoever wrote something that we cannot act on, and to whose number is being proved.
	"sms_help":         smsHelp,
	"sms_help_member":  smsHelpMember,
	"sms_which":        smsWhich,
	"contact_code":     smsContactCode,
	"contact_verified": said("ยืนยันเบอร์นี้แล้ว ข้อความด่วนจะมาที่เบอร์นี้เมื่อ LINE ไม่ถึงท่าน", "This number is confirmed. Urgent messages come here when LINE does not reach you."),

	// To reporters, in plain words and in neutral ones.
	"received":         smsReceived,
	"pin_echo":         smsPinEcho,
	"pin_ask_again":    told(pair{"ตำแหน่งที่ส่งมายังใช้ไม่ได้ ส่งพิกัดอีกครั้งหรือพิมพ์ที่อยู่ เจ้าหน้าที่กำลังดูเรื่องนี้", "That location cannot be used. Send it again, or write the address. An officer is looking at your report."}, pair{"ตำแหน่งไม่ชัด ส่งอีกครั้งหรือพิมพ์ที่อยู่", "The location is unclear. Send it again, or write an address."}),
	"pin_reminder":     told(pair{"ยังไม่ได้รับตำแหน่ง พิมพ์ที่อยู่หรือพิกัดตอบมา ถ้าโทรได้ โทร 191", "We have no location yet. Reply with the address or coordinates. If you can call: 191."}, pair{"พิมพ์ที่อยู่ตอบมาได้ทุกเมื่อ", "You can reply with an address at any time."}),
	"acked":            smsAcked,
	"on_scene":         told(pair{"เจ้าหน้าที่ถึงที่เกิดเหตุแล้ว", "Officers are at the scene."}, pair{"ถึงแล้ว", "Arrived."}),
	"cannot_find":      told(pair{"เจ้าหน้าที่ถึงบริเวณแล้วแต่ยังหาไม่พบ พิมพ์จุดสังเกตหรือพิกัดตอบมา", "Officers are nearby but cannot find you. Reply with a landmark or coordinates."}, pair{"พิมพ์จุดสังเกตหรือตำแหน่งตอบมาได้", "You can reply with a landmark or a location."}),
	"closing_question": smsClosing,
	"aid_person":       smsAidPerson,
	"care_closed":      told(pair{"การดูแลเสร็จสิ้นแล้ว ขอบคุณ", "The care has ended. Thank you."}, pair{"เรียบร้อยแล้ว ขอบคุณ", "All done. Thank you."}),
	"care_rated":       told(pair{"ขอบคุณสำหรับคะแนน", "Thank you for telling us."}, noted),
	"cancel_noted":     told(pair{"รับทราบคำขอยกเลิกแล้ว", "Your request to cancel is noted."}, noted),
	"safe_noted":       told(pair{"รับทราบว่าปลอดภัยแล้ว", "Noted that you are safe."}, noted),
	"status":           smsStatus,
	"phone_noted":      told(pair{"บันทึกเบอร์โทรกลับแล้ว", "Your call-back number is saved."}, gotIt),
	"no_call_noted":    told(pair{"รับทราบ จะไม่โทรกลับ พิมพ์ตอบได้ตลอด", "Noted: nobody will call you. You can write at any time."}, pair{"รับทราบแล้ว พิมพ์ได้ตลอด", "Noted. You can write at any time."}),
	"added_noted":      told(pair{"ได้รับข้อมูลเพิ่มแล้ว ส่งต่อให้เจ้าหน้าที่แล้ว", "Received and passed on to the officers."}, gotIt),
	"pin_moved_noted":  told(pair{"ได้รับตำแหน่งใหม่ แจ้งเจ้าหน้าที่แล้ว", "The new location is in and the officers know."}, gotIt),
	"not_solved_noted": told(pair{"รับทราบว่ายังไม่จบ เปิดเรื่องอีกครั้งแล้ว", "Noted that it is not solved. The case is open again."}, noted),
	"late_noted":       told(pair{"เรื่องนี้ยุติแล้ว บันทึกข้อความไว้ให้แล้ว ถ้ามีเหตุใหม่ พิมพ์ ช่วยด้วย", "This case has ended; your message is kept. If something new happens, write help."}, gotIt),
	"desk_asks":        told(pair{"เจ้าหน้าที่ขอข้อมูลเพิ่ม พิมพ์ที่อยู่ จุดสังเกต หรือสิ่งที่เห็นตอบมา", "Officers need to know more. Reply with the address, a landmark or what you see."}, pair{"พิมพ์เพิ่มได้", "You can write more."}),
}

var (
	gotIt = pair{"ได้รับข้อมูลแล้ว", "Received."}
	noted = pair{"รับทราบแล้ว", "Noted."}
)

// Templates lists what may be said by SMS.
func Templates() []string { return slices.Sorted(maps.Keys(texts)) }

// said is a statement to a responder: the case, and one sentence.
func said(th, en string) func(page) ([]string, []string) {
	return func(p page) ([]string, []string) { return []string{p.head() + " " + p.say(th, en)}, nil }
}

// question is the same, with the area for whoever has several cases.
func question(th, en string) func(page) ([]string, []string) {
	return func(p page) ([]string, []string) {
		return []string{p.head() + " " + p.say(th, en)}, []string{p.area()}
	}
}

// told is said to a reporter, with the code, so that it can be read out to 1300.
func told(plain, neutral pair) func(page) ([]string, []string) {
	return func(p page) ([]string, []string) {
		return []string{p.tone(p.in(plain), p.in(neutral))}, []string{p.code()}
	}
}

// code is the case code as its own words.
func (p page) code() string {
	if p.Code == "" {
		return ""
	}
	return p.say("รหัส ", "Code ") + p.Code
}

// where is coarse: the exact place is never in a message of SMS.
func (p page) where() string {
	area, far := p.area(), p.distance()
	if area != "" && far != "" {
		return area + " " + far
	}
	return area + far
}

func smsOffer(p page) (must, may []string) {
	return []string{
		p.head() + " " + p.say("ขอกำลังใกล้ท่าน", "You are needed nearby"),
		p.where(),
		p.say("ตอบ 1 ตามด้วยนาทีที่จะถึง = รับ (เช่น 1 10)\n0 = ไปไม่ได้", "Reply 1 and your minutes = accept (e.g. 1 10)\n0 = cannot go"),
	}, nil
}

func smsOfferDesk(p page) (must, may []string) {
	reply := p.say("ตอบ 1 = รับทราบ\n0 = ส่งกำลังไม่ได้", "Reply 1 = acknowledged\n0 = cannot send anyone")
	if !p.AckOnly {
		reply = p.say("ตอบ 1 = รับทราบ\n1 10 = ส่งกำลัง ถึงใน 10 นาที\n0 = ส่งกำลังไม่ได้", "Reply 1 = acknowledged\n1 10 = we come in 10 min\n0 = cannot send anyone")
	}
	return []string{p.head() + " " + p.say("แจ้งเวร: มีเรื่องในพื้นที่", "Duty desk: a case in your area"), p.where(), reply}, []string{p.unit()}
}

func smsAccepted(p page) (must, may []string) {
	first := p.head() + " " + p.say("รับเรื่องแล้ว", "You have accepted.")
	if n := p.minutes(); n != "" {
		first += p.say(" ถึงใน "+n, " Arrival in "+n+".")
	}
	if p.NoCall || p.Quiet {
		first += p.say(" ห้ามโทรหาผู้แจ้ง", " DO NOT CALL the reporter.")
	}
	return []string{
		first,
		p.say("ดูสถานที่ใน LINE หรือโทร 1300 แจ้งรหัสนี้", "See the place in LINE, or call 1300 with this code."),
		p.say("ตอบ 2 = ถึงแล้ว\n3 = ระงับเหตุแล้ว\n9 = ขอกำลังเสริม\n0 = ไปไม่ได้แล้ว", "Reply 2 = on scene\n3 = under control\n9 = need help\n0 = cannot go"),
	}, []string{p.area()}
}

func smsRefused(p page) (must, may []string) {
	if p.State.Ended() {
		return []string{p.head() + " " + p.say("เรื่องนี้ยุติแล้ว ไม่มีอะไรเปลี่ยนแปลง", "This case has ended. Nothing was changed.")}, nil
	}
	return []string{p.head() + " " + p.say("ทำรายการไม่ได้ในขั้นตอนนี้หรือช้าเกินไป ไม่มีอะไรเปลี่ยนแปลง", "Not possible at this stage, or too late. Nothing was changed.")}, nil
}

// smsToSee is an alarm that wants nothing but that somebody has read it.
func smsToSee(what pair) func(page) ([]string, []string) {
	return func(p page) (must, may []string) {
		return []string{
			p.head() + " " + p.in(what), p.where(),
			p.say("ดูใน LINE หรือโทร 1300 แจ้งรหัสนี้\nตอบ 1 = รับทราบ", "See LINE, or call 1300 with this code.\nReply 1 = acknowledged"),
		}, nil
	}
}

func smsHandover(p page) (must, may []string) {
	return []string{
		p.head() + " " + p.say("ขอส่งต่อการดูแล", "Please take over the care"), p.area(),
		p.say("ตอบ 1 = รับดูแลต่อ\n0 = รับไม่ได้", "Reply 1 = take over\n0 = cannot take it"),
	}, []string{p.unit()}
}

func smsDeskItem(p page) (must, may []string) {
	return []string{
		p.head() + " " + p.say("เรื่องรอโต๊ะกลาง", "Waiting for the desk"), p.area(),
		p.say("ดูในระบบ\nตอบ 1 = รับทราบ", "See the console.\nReply 1 = I take it"),
	}, nil
}

func smsDeskTaps(p page) (must, may []string) {
	taps, people, reply := 0, 0, ""
	if w := p.Waiting; w != nil {
		taps, people = w.Taps, w.People
		if len(w.Longest) > 0 {
			reply = fmt.Sprintf(p.say("ตอบ 1 %s = รับเรื่องที่รอนานสุด", "Reply 1 %s = I take the one that waits longest"), casefile.Case{ID: w.Longest[0]}.Code())
		}
	}
	return []string{
		"ESS " + fmt.Sprintf(p.say("แตะปุ่มแล้วไม่ส่งตำแหน่ง: %d เรื่อง จาก %d คน ดูในระบบ", "Taps without a location: %d reports of %d people. See the console."), taps, people),
		reply,
	}, nil
}

func smsCentreAsk(p page) (must, may []string) {
	return []string{
		p.head() + " " + p.say("ขอให้ศูนย์ของท่านรับช่วงผู้แจ้งต่อ", "Please take this caller over"), p.area(),
		p.say("ตอบ 1 = รับช่วงต่อ ศูนย์เดิมยังดูแลจนกว่าจะมีผู้รับ", "Reply 1 = take over. Until then the other centre stays with the caller."),
	}, nil
}

func smsHelp(p page) (must, may []string) {
	if p.neutral {
		return []string{p.say("พิมพ์ที่อยู่หรือตำแหน่งตอบมาได้", "You can reply with an address or a location.")}, nil
	}
	return []string{
		p.say("ESS แจ้งเหตุด่วน: พิมพ์ ช่วยด้วย แล้วส่งที่อยู่หรือพิกัด (เช่น 16.82,100.26)", "ESS urgent reports: write help, then send the address or coordinates (e.g. 16.82,100.26)."),
		p.say("โทร 191 ตำรวจ 1669 แพทย์ฉุกเฉิน 1300 ช่วยเหลือสังคม", "Call 191 police, 1669 ambulance, 1300 social assistance."),
	}, nil
}

func smsHelpMember(p page) (must, may []string) {
	return []string{p.say(
		"ESS ไม่เข้าใจข้อความ\nตอบ 1 [นาที] = รับ\n0 = ไม่รับหรือถอนตัว\n2 = ถึงแล้ว\n3 = ระงับเหตุแล้ว\n9 = ขอกำลังเสริม\nใส่รหัสต่อท้ายถ้ามีหลายเรื่อง",
		"ESS did not understand.\nReply 1 [minutes] = accept\n0 = decline or withdraw\n2 = on scene\n3 = under control\n9 = need help\nAdd the case code if you have several.")}, nil
}

// smsWhich asks which case an answer is about; Reason is the digit that was written.
func smsWhich(p page) (must, may []string) {
	digit := or(p.Reason, "1")
	var codes []string
	if p.Waiting != nil {
		for _, id := range p.Waiting.Longest {
			codes = append(codes, digit+" "+casefile.Case{ID: id}.Code())
		}
	}
	return []string{"ESS " + p.say("มีหลายเรื่อง ตอบพร้อมรหัส เช่น", "Several cases: reply with the code, e.g.")}, codes
}

func smsContactCode(p page) (must, may []string) {
	return []string{"ESS " + p.say("รหัสยืนยันเบอร์นี้: "+p.Code+" ตอบกลับด้วยรหัสนี้", "Code to confirm this number: "+p.Code+". Reply with it.")}, nil
}

// smsReceived answers a report. Nobody is called back who has not asked for it.
func smsReceived(p page) (must, may []string) {
	return []string{
		p.tone(p.say("รับเรื่องแล้ว ", "Received. "), p.say("ได้รับข้อมูลแล้ว ", "Received. ")) + p.code(),
		p.tone(p.say("พิมพ์ที่อยู่หรือพิกัดที่เกิดเหตุตอบมา (เช่น 16.82,100.26)", "Reply with the address or coordinates of the place (e.g. 16.82,100.26)."),
			p.say("พิมพ์ที่อยู่หรือพิกัดตอบมาได้", "You can reply with an address or coordinates.")),
	}, []string{p.tone(p.say("ถ้าโทรได้ โทร 191 หรือ 1669", "If you can call: 191 or 1669."), "")}
}

func smsPinEcho(p page) (must, may []string) {
	return []string{
			p.tone(p.say("ส่งให้เจ้าหน้าที่ใกล้จุดเกิดเหตุแล้ว ", "Sent to officers near the place. "), p.say("ได้รับข้อมูลแล้ว ", "Received. ")) + p.code(),
			p.area(),
			p.say("ถ้าไม่ตรง พิมพ์ที่อยู่ตอบมา", "If that is wrong, reply with the address."),
		}, []string{
			p.tone(p.say("ถ้าให้โทรกลับ พิมพ์เบอร์โทร", "If we may call you, write a number."), ""),
		}
}

func smsAcked(p page) (must, may []string) {
	words := p.tone(p.say("เจ้าหน้าที่รับทราบแล้ว", "Officers have it."), p.in(noted))
	if n := p.minutes(); n != "" {
		words = p.tone(p.say("เจ้าหน้าที่รับทราบแล้ว คาดว่าถึงใน "+n, "Officers have it. Expected in "+n+"."),
			p.say("รับทราบแล้ว ประมาณ "+n, "Noted. About "+n+"."))
	}
	return []string{words}, []string{p.code()}
}

// smsClosing asks as little as it can: whoever answers with a digit reports again.
func smsClosing(p page) (must, may []string) {
	return []string{
		p.tone(p.code()+p.say(" ยุติแล้ว", " has ended."), p.code()+p.say(" เรียบร้อยดีไหม", ": all fine?")),
		p.say("ถ้ายังไม่จบ ตอบ 1", "If it is not over, reply 1."),
	}, nil
}

// stateWords tell a reporter where the case stands: plain, and neutral.
var stateWords = map[casefile.State][2]pair{
	casefile.Draft:       {{"ได้รับเรื่องแล้ว รอตำแหน่งที่เกิดเหตุ", "Received. We still need the location."}, gotIt},
	casefile.Acked:       ackedWords,
	casefile.Assigned:    ackedWords,
	casefile.EnRoute:     ackedWords,
	casefile.OnScene:     {{"เจ้าหน้าที่ถึงที่เกิดเหตุแล้ว", "Officers are at the scene."}, {"ถึงแล้ว", "Arrived."}},
	casefile.Controlled:  inCare,
	casefile.Handover:    inCare,
	casefile.FollowUp:    inCare,
	casefile.Closed:      ended,
	casefile.FalseReport: ended, // a verdict on the reporter is never told by a machine
}

var (
	sentWords  = [2]pair{{"ส่งให้เจ้าหน้าที่แล้ว กำลังรอการตอบรับ", "Sent to officers. Waiting for an answer."}, gotIt}
	ackedWords = [2]pair{{"เจ้าหน้าที่รับทราบแล้ว", "Officers have it."}, noted}
	inCare     = [2]pair{{"เจ้าหน้าที่กำลังดูแลต่อ", "Officers are taking care."}, {"กำลังดูแลต่อ", "In progress."}}
	ended      = [2]pair{{"เรื่องนี้ยุติแล้ว", "This case has ended."}, {"เรียบร้อยแล้ว", "All done."}}
)

func smsStatus(p page) (must, may []string) {
	words, ok := stateWords[p.State]
	if !ok {
		words = sentWords
	}
	return []string{p.code(), p.tone(p.in(words[0]), p.in(words[1]))}, nil
}

// digits say what a digit in an answer means, by the template that was said last.
// One table, so that what is promised in a text is what the answer does.
var digits = map[string]map[int]casefile.Action{
	"offer":            {1: casefile.ActAccept, 0: casefile.ActDecline},
	"offer_desk":       {1: casefile.ActAccept, 0: casefile.ActDecline},
	"accepted_card":    underWay,
	"pin_moved":        underWay,
	"cancel_forced":    underWay,
	"arrival_check":    underWay,
	"scene_check":      underWay,
	"noted":            underWay,
	"same_place_again": {1: casefile.ActAck},
	"assist_alert":     {1: casefile.ActAck},
	"radio_alert":      {1: casefile.ActRadioSeen},
	"handover_offer":   {1: casefile.ActTakeOver, 0: casefile.ActRefuseOver},
	"desk_item":        {1: casefile.ActDeskTake},
	"desk_taps":        {1: casefile.ActDeskTake},
	"centre_ask":       {1: casefile.ActCentreTake},
}

var underWay = map[int]casefile.Action{
	0: casefile.ActWithdraw, 2: casefile.ActArrive, 3: casefile.ActControl, 9: casefile.ActAssist,
}

// Action is what a digit means to whoever was told a template last. Where nobody
// is sent in a role, a desk's 1 is its word and no more.
func Action(template string, digit int, ackOnly bool) (casefile.Action, bool) {
	action, ok := digits[template][digit]
	if ackOnly && action == casefile.ActAccept {
		action = casefile.ActAck
	}
	return action, ok
}
