package line

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// responderTemplates are said to members and duty desks. All are cards: the lock
// screen shows only the alt text, which is the case code and nothing else.
var responderTemplates = map[string]build{
	"offer":            offer,
	"offer_desk":       offerDesk,
	"accepted_card":    acceptedCard,
	"crew_full":        crewFull,
	"declined_noted":   declinedNoted,
	"noted":            answerNoted,
	"refused":          refused,
	"stand_down":       standDown,
	"released":         released,
	"pin_moved":        pinMoved,
	"reporter_added":   reporterAdded,
	"scene_lead":       sceneLead,
	"cancel_forced":    cancelForced,
	"arrival_check":    arrivalCheck,
	"scene_check":      sceneCheck,
	"controlled_noted": controlledNoted,
	"same_place_again": samePlaceAgain,
	"radio_alert":      radioAlert,
	"handover_offer":   handoverOffer,
	"handover_taken":   handoverTaken,
	"handover_noted":   handoverNoted,
	"desk_item":        deskItem,
	"desk_taps":        deskTaps,
	"centre_ask":       centreAsk,
	"centre_taken":     centreTaken,
	"nobody_notified":  nobodyNotified,
	"assist_alert":     assistAlert,
	"child_alert":      childAlert,
	"escalated":        escalated,
	"duty_set":         dutySet,
	"duty_begins":      dutyBegins,
	"duty_ends":        dutyEnds,
	"duty_gap":         dutyGap,
	"test_alert":       testAlert,
	"test_noted":       testNoted,
	"thanks":           thanks,
	"watch_alarm":      watchAlarm,
	"watch_over":       watchOver,
	"watch_answered":   watchAnswered,

	"roster_unreachable": rosterUnreachable,
}

// etaChoices are the minutes that a responder can name with one tap.
var etaChoices = []int{5, 10, 20}

// card is a responder's card. Whether the reporter may be called comes before
// everything else: a ringing phone can betray somebody who hides.
func (p page) card(title string, lines []string, rows ...[]*messaging_api.FlexButton) []messaging_api.MessageInterface {
	f := flex{lines: append([]string{p.alt()}, lines...), rows: rows}
	if p.noCalls() {
		warning := headline(p.say("ห้ามโทรกลับ", "DO NOT CALL BACK"))
		f.header = append(f.header, warning)
	}
	f.header = append(f.header, headline(title))
	if link := p.link(); link != nil {
		f.rows = append(f.rows, row(secondary(link)))
	}
	m := bubble(p.alt(), f)
	if p.noCalls() {
		m.Contents.(*messaging_api.FlexBubble).Header.BackgroundColor = darkRed
	}
	return one(m)
}

// noCalls: asked for, or the silent button, which implies it.
func (p page) noCalls() bool { return p.NoCall || p.Quiet }

// alt is all that a lock screen may show.
func (p page) alt() string {
	if p.Code == "" {
		return "ESS"
	}
	return p.say("ESS รหัส ", "ESS code ") + p.Code
}

// answer is a button that belongs to the offer of this card.
func (p page) answer(label string, action casefile.Action, with ...func(*casefile.Incoming)) *messaging_api.PostbackAction {
	own := func(in *casefile.Incoming) { in.Offer, in.Role = p.Seq, p.Role }
	return p.press(label, action, append([]func(*casefile.Incoming){own}, with...)...)
}

// what is the incident in one or two lines.
func (p page) what() []string {
	typ := p.pair(typeWords[p.Type])
	if p.Guessed || typ == "" {
		typ = p.say("ยังไม่ทราบประเภทเหตุ", "Type not known yet")
	}
	if s, ok := severityWords[p.Severity]; ok {
		typ += p.say(" · ความรุนแรง: ", " · severity: ") + p.pair(s)
	}
	child := ""
	if p.Child {
		child = p.say("มีเด็กเกี่ยวข้อง", "A child is involved")
	}
	return []string{typ, child}
}

// where is coarse: the exact place is shown only after acceptance.
func (p page) where() []string { return []string{p.area(), p.distance(), p.age()} }

func (p page) role() string {
	if w, ok := roleWords[p.Role]; ok {
		return p.say("ขอ: ", "Needed: ") + p.pair(w)
	}
	return ""
}

func (p page) why() string {
	if w, ok := reasonWords[p.Reason]; ok {
		return p.pair(w)
	}
	return ""
}

// accepts are the ways to say yes, one for each time of arrival.
func (p page) accepts() [][]*messaging_api.FlexButton {
	var rows [][]*messaging_api.FlexButton
	for _, n := range etaChoices {
		label := p.say("รับ ถึงใน ", "Accept, ") + strconv.Itoa(n) + p.say(" นาที", " min")
		rows = append(rows, row(primary(p.answer(label, casefile.ActAccept, func(in *casefile.Incoming) { in.Minutes = n }))))
	}
	return rows
}

func offer(p page) []messaging_api.MessageInterface {
	rows := append(p.accepts(), row(
		secondary(p.answer(p.say("ติดภารกิจ", "Busy"), casefile.ActDecline, because("BUSY"))),
		secondary(p.answer(p.say("อยู่ไกล", "Too far"), casefile.ActDecline, because("TOO_FAR"))),
		secondary(p.answer(p.say("ไม่พร้อม", "Not able"), casefile.ActDecline, because("NOT_ABLE"))),
	))
	lines := append(append(p.what(), p.where()...), p.role())
	return p.card(p.say("ขอกำลังใกล้จุดเกิดเหตุ", "Officers needed nearby"), lines, rows...)
}

func offerDesk(p page) []messaging_api.MessageInterface {
	rows := [][]*messaging_api.FlexButton{row(primary(p.answer(p.say("รับทราบ", "Acknowledge"), casefile.ActAck)))}
	if !p.AckOnly {
		rows = append(rows, p.accepts()...)
	}
	rows = append(rows, row(secondary(p.answer(p.say("ส่งกำลังไม่ได้", "Cannot send anyone"), casefile.ActDecline, because("NO_UNIT")))))
	to := ""
	if w, ok := levelWords[p.Level]; ok {
		to = p.say("ถึง: ", "To: ") + p.pair(w)
	}
	lines := append([]string{to, p.unit()}, append(append(p.what(), p.where()...), p.role())...)
	return p.card(p.say("แจ้งเวร: มีเหตุในพื้นที่", "Duty desk: incident in your area"), lines, rows...)
}

// mapButton opens the place in the phone's map. The coordinates leave for the
// map only when the responder taps.
func (p page) mapButton() []*messaging_api.FlexButton {
	if p.Pin == nil {
		return nil
	}
	at := fmt.Sprintf("%.6f,%.6f", p.Pin.Lat, p.Pin.Lon)
	return row(primary(&messaging_api.UriAction{
		Label: p.say("เปิดแผนที่", "Open map"), Uri: "https://www.google.com/maps/search/?api=1&query=" + url.QueryEscape(at),
	}))
}

// exact are the buttons of those who go: the place, and the number unless nobody may call.
func (p page) exact() [][]*messaging_api.FlexButton {
	var rows [][]*messaging_api.FlexButton
	if m := p.mapButton(); m != nil {
		rows = append(rows, m)
	}
	if p.Phone != "" && !p.noCalls() {
		rows = append(rows, row(secondary(&messaging_api.UriAction{Label: p.say("โทรกลับผู้แจ้ง", "Call the reporter"), Uri: "tel:" + p.Phone})))
	}
	return rows
}

func acceptedCard(p page) []messaging_api.MessageInterface {
	rows := append(p.exact(),
		row(primary(p.answer(p.say("ออกเดินทาง", "On my way"), casefile.ActDepart)), primary(p.answer(p.say("ถึงแล้ว", "On scene"), casefile.ActArrive))),
		row(secondary(p.answer(p.say("หาไม่พบ", "Cannot find"), casefile.ActCannotFind)), secondary(p.answer(p.say("ระงับเหตุแล้ว", "Under control"), casefile.ActControl))),
		row(secondary(p.answer(p.say("ขอกำลังเสริม", "Need help"), casefile.ActAssist)), secondary(p.answer(p.say("ไปไม่ได้แล้ว", "Cannot go"), casefile.ActWithdraw))),
	)
	lines := append(p.what(), p.area(), p.leader())
	if n := p.minutes(); n != "" {
		lines = append(lines, p.say("ถึงใน ", "Arrival in ")+n)
	}
	rule := p.policy.Types[p.Type]
	for _, do := range rule.Do {
		lines = append(lines, "✔ "+do.In(p.lang))
	}
	for _, dont := range rule.Dont {
		lines = append(lines, "✘ "+dont.In(p.lang))
	}
	return p.card(p.say("รับเรื่องแล้ว", "You have accepted"), lines, rows...)
}

func crewFull(p page) []messaging_api.MessageInterface {
	return p.card(p.say("กำลังครบแล้ว", "The crew is complete"), []string{p.say("มีผู้รับก่อนแล้ว ขอบคุณที่ตอบ ไม่ต้องเดินทาง", "Others accepted first. Thank you for answering; please do not go.")})
}

func declinedNoted(p page) []messaging_api.MessageInterface {
	return p.card(p.say("รับทราบ", "Noted"), []string{p.say("บันทึกว่าไม่รับแล้ว กำลังถามผู้อื่น", "Your answer is recorded. Others are being asked.")})
}

// answerNoted answers any other button of a responder or a duty desk.
func answerNoted(p page) []messaging_api.MessageInterface {
	return p.card(p.say("บันทึกแล้ว", "Recorded"), []string{p.area(), p.leader()}, p.exact()...)
}

// refused answers a tap that the law does not allow, or that came too late.
func refused(p page) []messaging_api.MessageInterface {
	why := p.say("ปุ่มนี้ใช้ไม่ได้ในขั้นตอนนี้ ไม่มีอะไรเปลี่ยนแปลง", "This button does not apply at this stage. Nothing was changed.")
	if p.State.Ended() {
		why = p.say("เรื่องนี้ยุติแล้ว ไม่มีอะไรเปลี่ยนแปลง", "This case has ended. Nothing was changed.")
	}
	return p.card(p.say("ทำรายการไม่ได้", "Not possible"), []string{why})
}

func standDown(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ยกเลิกการขอกำลัง", "Stand down"), []string{p.say("ไม่ต้องเดินทาง", "Please do not go."), p.why()})
}

func released(p page) []messaging_api.MessageInterface {
	return p.card(p.say("พ้นภารกิจ", "Released"), []string{p.say("ท่านพ้นจากเรื่องนี้แล้ว", "You are released from this case."), p.why()})
}

func pinMoved(p page) []messaging_api.MessageInterface {
	var rows [][]*messaging_api.FlexButton
	if m := p.mapButton(); m != nil {
		rows = append(rows, m)
	}
	return p.card(p.say("หมุดถูกย้าย", "The pin was moved"), []string{p.say("ใช้ตำแหน่งใหม่นี้", "Use this new place."), p.area(), p.distance()}, rows...)
}

func reporterAdded(p page) []messaging_api.MessageInterface {
	what, ok := addedWords[p.Reason]
	if !ok {
		what = pair{"ดูได้ในรายละเอียดของเรื่อง", "It is with the details of the case."}
	}
	return p.card(p.say("มีข้อมูลเพิ่ม", "Something was added"), []string{p.pair(what)}, p.exact()...)
}

// leader is who leads at the scene. It names nobody: who it is shows there, and on the radio.
func (p page) leader() string {
	switch p.Lead {
	case activities.LeadYou:
		return p.say("ท่านเป็นผู้สั่งการในที่เกิดเหตุ", "You lead at the scene.")
	case activities.LeadOnScene:
		return p.say("มีผู้สั่งการในที่เกิดเหตุแล้ว เมื่อถึงให้รายงานตัว", "Somebody leads at the scene: report to them when you arrive.")
	}
	return ""
}

// sceneLead tells the crew that somebody leads at the scene, or somebody else than before.
func sceneLead(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ผู้สั่งการในที่เกิดเหตุ", "Who leads at the scene"), []string{p.leader(), p.area()}, p.exact()...)
}

func cancelForced(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ผู้แจ้งขอยกเลิก ให้ถือว่าถูกบังคับ", "Cancelled: treat as forced"), []string{
		p.say("ปฏิบัติต่อไป ต้องพบตัวผู้แจ้งตามลำพังก่อนยุติ", "Go on. Nobody ends this before seeing the person alone."),
	})
}

func arrivalCheck(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ถึงที่เกิดเหตุหรือยัง", "Have you arrived?"), []string{p.area()},
		row(primary(p.answer(p.say("ถึงแล้ว", "On scene"), casefile.ActArrive)), primary(p.answer(p.say("ออกเดินทาง", "On my way"), casefile.ActDepart))),
		row(secondary(p.answer(p.say("หาไม่พบ", "Cannot find"), casefile.ActCannotFind)), secondary(p.answer(p.say("ไปไม่ได้แล้ว", "Cannot go"), casefile.ActWithdraw))))
}

func sceneCheck(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ที่เกิดเหตุเป็นอย่างไร", "How is the scene?"), []string{p.say("ถ้าไม่ตอบ จะถามซ้ำและแจ้งเวร", "Without an answer we ask again and tell the duty desk.")},
		row(primary(p.answer(p.say("ระงับเหตุแล้ว", "Under control"), casefile.ActControl))),
		row(secondary(p.answer(p.say("ยังปฏิบัติอยู่", "Still working"), casefile.ActArrive)), secondary(p.answer(p.say("ขอกำลังเสริม", "Need help"), casefile.ActAssist))))
}

func controlledNoted(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ระงับเหตุแล้ว", "Under control"), []string{p.say("บันทึกแล้ว กำลังส่งต่อให้เจ้าหน้าที่ พม.", "Recorded. It is being handed to a social worker.")})
}

func samePlaceAgain(p page) []messaging_api.MessageInterface {
	return p.card(p.say("แจ้งซ้ำที่เดิม", "Again at the same place"), append(append([]string{
		p.say("มีการแจ้งใหม่หลังระงับเหตุ ยกระดับความรุนแรงแล้ว", "A new alarm after control. The severity was raised."),
	}, p.what()...), p.where()...), row(primary(p.answer(p.say("รับทราบ", "Acknowledge"), casefile.ActAck))))
}

// radioAlert shows the pin at once, because the radio centre's screen does too.
func radioAlert(p page) []messaging_api.MessageInterface {
	rows := [][]*messaging_api.FlexButton{row(primary(p.answer(p.say("รับทราบ", "Acknowledge"), casefile.ActRadioSeen)))}
	if m := p.mapButton(); m != nil {
		rows = append(rows, m)
	}
	return p.card(p.say("ศูนย์วิทยุ {POLICE}: มีหมุดใหม่", "Radio centre {POLICE}: new pin"),
		append(append(p.what(), p.where()...), p.say("ต้องกดรับทราบ", "Must be acknowledged")), rows...)
}

func handoverOffer(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ขอส่งต่อการดูแล", "Please take over the care"), append([]string{p.unit(), p.area()}, p.what()...),
		row(primary(p.answer(p.say("รับดูแลต่อ", "Take over"), casefile.ActTakeOver))),
		row(secondary(p.answer(p.say("รับไม่ได้", "Cannot take it"), casefile.ActRefuseOver, because("NO_CAPACITY")))))
}

func handoverTaken(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ท่านรับดูแลเรื่องนี้แล้ว", "You have taken it over"), []string{p.say("ดูรายละเอียดและนัดหมายแรกในระบบ", "Details and the first appointment are in the system."), p.area()})
}

func handoverNoted(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ส่งต่อแล้ว", "Handed over"), []string{p.unit(), p.say("มีผู้รับดูแลต่อแล้ว ขอบคุณ", "Somebody has taken over. Thank you.")})
}

func deskItem(p page) []messaging_api.MessageInterface {
	why, ok := deskWords[casefile.DeskReason(p.Reason)]
	if !ok {
		why = pair{"ต้องมีคนดูเรื่องนี้", "A person must look at this"}
	}
	return p.card(p.say("เรื่องรอโต๊ะกลาง", "Waiting for the desk"), append(append([]string{p.pair(why)}, p.what()...), p.area(), p.age()),
		row(primary(p.answer(p.say("รับทราบ", "Acknowledge"), casefile.ActDeskTake))))
}

// deskTaps is one ring for all taps that no pin followed. Who waits longest can
// be taken at once; the console lists the others.
func deskTaps(p page) []messaging_api.MessageInterface {
	waiting := p.Waiting
	if waiting == nil {
		waiting = &activities.TapsRung{}
	}
	var rows [][]*messaging_api.FlexButton
	for _, id := range waiting.Longest {
		its := p
		its.Case, its.Seq, its.Role = id, 0, ""
		rows = append(rows, row(primary(its.answer(p.say("รับเรื่อง ", "Take ")+casefile.Case{ID: id}.Code(), casefile.ActDeskTake))))
	}
	p.Code, p.NoCall, p.Quiet = "", false, false // of all of them, not of the one that rings
	return p.card(p.say("แตะปุ่มแล้วไม่ส่งตำแหน่ง", "Taps without a location"), []string{
		fmt.Sprintf(p.say("รอเจ้าหน้าที่ดู %d เรื่อง จาก %d คน", "%d reports of %d people wait for a person to look"), waiting.Taps, waiting.People),
		p.say("ยังไม่มีข้อความ รูป หรือเบอร์โทร ถ้ามีจะแจ้งทันทีเป็นรายเรื่อง", "No words, photo or number yet. As soon as there is one, its report rings by itself."),
	}, rows...)
}

// centreAsk asks 191, 1300 or 1669 to take a caller over from another of them.
func centreAsk(p page) []messaging_api.MessageInterface {
	lines := append(append([]string{p.say("ถึง: ", "To: ") + p.pair(levelWords[p.Level])}, p.what()...), p.area(), p.age(),
		p.say("ตำแหน่งและเบอร์โทรแสดงเมื่อรับแล้ว ศูนย์เดิมยังดูแลผู้แจ้งจนกว่าจะมีผู้รับ",
			"The place and the number are shown once you take it. Until then the other centre stays with the caller."))
	return p.card(p.say("ขอส่งต่อผู้แจ้งให้ศูนย์ของท่าน", "Please take this caller over"), lines,
		row(primary(p.answer(p.say("รับช่วงต่อ", "Take over"), casefile.ActCentreTake))))
}

func centreTaken(p page) []messaging_api.MessageInterface {
	return p.card(p.say("มีผู้รับช่วงต่อแล้ว", "The caller was taken over"), []string{
		p.say("เพื่อนร่วมศูนย์รับเรื่องนี้แล้ว ไม่ต้องดำเนินการ", "Somebody at your centre has it. Nothing for you to do."),
	})
}

func nobodyNotified(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ยังไม่มีใครได้รับแจ้ง", "Nobody has been notified"), append([]string{p.say("โทรสั่งการด้วยตนเองทันที", "Dispatch by telephone now.")}, append(p.what(), p.where()...)...),
		row(primary(p.answer(p.say("รับทราบ", "Acknowledge"), casefile.ActAck))))
}

func assistAlert(p page) []messaging_api.MessageInterface {
	rows := [][]*messaging_api.FlexButton{row(primary(p.answer(p.say("รับทราบ", "Acknowledge"), casefile.ActAck)))}
	if m := p.mapButton(); m != nil {
		rows = append(rows, m)
	}
	return p.card(p.say("เจ้าหน้าที่ขอกำลังเสริมด่วน", "Officer needs help now"), append(p.what(), p.where()...), rows...)
}

func childAlert(p page) []messaging_api.MessageInterface {
	return p.card(p.say("มีเด็กเกี่ยวข้อง", "A child is involved"), append([]string{p.say("เตรียมที่พักและเจ้าหน้าที่คุ้มครองเด็ก", "Prepare a place and a child protection officer.")}, p.where()...),
		row(primary(p.answer(p.say("รับทราบ", "Acknowledge"), casefile.ActAck))))
}

func escalated(p page) []messaging_api.MessageInterface {
	to := ""
	if w, ok := levelWords[p.Level]; ok {
		to = p.say("ยกระดับถึง: ", "Escalated to: ") + p.pair(w)
	}
	return p.card(p.say("ยังไม่มีผู้รับเรื่อง", "Nobody has taken it yet"), append([]string{to}, append(p.what(), p.where()...)...),
		row(primary(p.answer(p.say("รับทราบ", "Acknowledge"), casefile.ActAck))))
}

// dutySet confirms the duty switch; Reason is DUTY_ON or DUTY_OFF.
func dutySet(p page) []messaging_api.MessageInterface {
	if p.Reason == "DUTY_ON" {
		return p.card(p.say("เข้าเวรแล้ว", "On duty"), []string{p.say("ส่งตำแหน่งในแชตนี้เมื่อย้ายที่ เพื่อให้ถูกเรียกใกล้ตัว", "Send your location here when you move, so that you are called nearby.")})
	}
	return p.card(p.say("ออกเวรแล้ว", "Off duty"), []string{p.say("จะไม่ถูกเรียกจนกว่าจะเข้าเวรอีกครั้ง", "You will not be called until you are on duty again.")})
}

// testAlert asks a duty desk whether its phone is heard. It looks like an alert, so that the desk knows one.
func testAlert(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ทดสอบการสื่อสาร ไม่ใช่เหตุจริง", "Communication test: no incident"), []string{
		p.say("กดปุ่มเพื่อยืนยันว่าเวรได้ยินและเปิดอ่าน เมื่อมีเหตุจริง การ์ดจะมาแบบนี้และมีปุ่ม “รับทราบ”",
			"Press the button to show that the duty desk is heard. A real incident comes as such a card, with “Acknowledge”."),
	}, row(primary(p.withoutCase(p.say("เวรได้รับแล้ว", "The desk has it"), casefile.ActHeard))))
}

func testNoted(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ขอบคุณ", "Thank you"), []string{p.say("บันทึกแล้วว่าเวรตอบการทดสอบ", "Recorded: the desk answered the test.")})
}

func thanks(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ขอบคุณ", "Thank you"), []string{p.say("ผลของเรื่องที่ท่านช่วย", "What became of the case you helped with"), p.why()})
}
