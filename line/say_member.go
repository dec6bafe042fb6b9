package line

import (
	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/casefile"
)

// joinTemplates are said to whoever wants to be a member.
var joinTemplates = map[string]build{
	"member_join":     memberJoin,
	"member_ask":      memberAsk,
	"member_again":    memberAgain,
	"member_consent":  memberConsent,
	"member_asked":    memberAsked,
	"member_already":  memberAlready,
	"member_stopped":  memberStopped,
	"member_renewing": memberRenewing,
	"member_leave":    memberLeave,
	"member_left":     memberLeft,
}

// memberCards are said to verifiers, and to members about their membership. A push holds no name.
var memberCards = map[string]build{
	"member_vet":       memberVet,
	"member_show":      memberShow,
	"member_decided":   memberDecided,
	"member_approved":  memberApproved,
	"member_rejected":  memberRejected,
	"member_suspended": memberSuspended,
	"member_resumed":   memberResumed,
	"member_resigned":  memberResigned,
	"member_care":      memberCare,
	"member_expired":   memberExpired,
	"member_renew":     memberRenew,
	"practice_alert":   practiceAlert,
	"practice_noted":   practiceNoted,
}

var groupWords = map[casefile.Group]pair{
	casefile.Teacher:        {"ครู", "Teacher"},
	casefile.StudentCouncil: {"สภานักเรียน", "Student council"},
	casefile.YouthCouncil:   {"สภาเด็กและเยาวชน", "Youth council"},
	casefile.CyberScout:     {"ลูกเสือไซเบอร์", "Cyber scout"},
	casefile.VHV:            {"อสม.", "Health volunteer"},
	casefile.SDV:            {"อพม.", "Social volunteer"},
	casefile.Community:      {"ชุมชน", "Community"},
	casefile.Agency:         {"หน่วยงาน", "Agency"},
}

var classWords = map[casefile.Class]pair{
	casefile.Junior:       {"เยาวชน ไม่ถูกส่งไปที่เกิดเหตุ", "Junior: never sent to a scene"},
	casefile.Volunteer:    {"อาสาสมัคร", "Volunteer"},
	casefile.School:       {"สถานศึกษา", "School"},
	casefile.Professional: {"เจ้าหน้าที่", "Professional"},
	casefile.Supervisor:   {"หัวหน้างาน", "Supervisor"},
}

// joinWords are the questions, by casefile.JoinStep.
var joinWords = map[string]pair{
	string(casefile.JoinUnit):  {"พิมพ์รหัสหน่วยงานของท่าน ขอได้จากหัวหน้าหน่วยหรือโรงเรียน", "Type the code of your organisation. Its head can tell you."},
	string(casefile.JoinBorn):  {"พิมพ์ปีเกิด เช่น 2550", "Type your year of birth, such as 2007."},
	string(casefile.JoinPlace): {"พิมพ์ชื่อตำบลหรือแขวงที่ท่านช่วยได้", "Type the sub-district where you can help."},
	string(casefile.JoinName):  {"พิมพ์ชื่อและนามสกุล", "Type your first and last name."},
}

func (p page) join(label, group, option string) *messaging_api.PostbackAction {
	p.Case = ""
	return p.press(label, casefile.ActJoin, func(in *casefile.Incoming) { in.Reason, in.Option = group, option })
}

func memberJoin(p page) []messaging_api.MessageInterface {
	if p.neutral {
		return one(p.text(p.say("เลือกได้จากเมนูด้านล่าง", "Please choose from the menu below.")))
	}
	var rows [][]*messaging_api.FlexButton
	for i := 0; i < len(casefile.Groups); i += 2 {
		a, b := casefile.Groups[i], casefile.Groups[i+1]
		rows = append(rows, row(secondary(p.join(p.pair(groupWords[a]), string(a), "")), secondary(p.join(p.pair(groupWords[b]), string(b), ""))))
	}
	return one(bubble(p.say("สมัครเป็นสมาชิก", "Become a member"), flex{
		header: []*messaging_api.FlexText{headline(p.say("ท่านอยู่กลุ่มใด", "Which group are you of?"))},
		lines:  []string{p.say("ใช้เวลาประมาณหนึ่งนาที หน่วยงานของท่านเป็นผู้รับรอง", "It takes a minute. Your organisation decides.")},
		rows:   rows,
	}))
}

func (p page) stop() *messaging_api.PostbackAction {
	return p.join(p.say("เลิกสมัคร", "Stop"), "", casefile.JoinCancel)
}

// joinStep is the question that Reason names.
func (p page) joinStep() string {
	return or(p.pair(joinWords[p.Reason]), p.say("พิมพ์คำตอบ", "Type your answer."))
}

// memberAsk asks the next question; Reason says which.
func memberAsk(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(p.joinStep(), p.say("พิมพ์คำตอบได้เลย", "Type your answer.")), p.stop()))
}

// memberAgain asks the same once more, because the answer could not be read.
func memberAgain(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(p.say("คำตอบนี้ใช้ไม่ได้ ", "That answer cannot be used. ")+p.joinStep(), p.say("พิมพ์อีกครั้ง", "Type it again.")), p.stop()))
}

// memberConsent says what is kept and why, before anything is.
func memberConsent(p page) []messaging_api.MessageInterface {
	if p.neutral {
		return one(p.text(p.say("ทำต่อหรือไม่", "Go on?"), p.join(p.say("ทำต่อ", "Go on"), "", casefile.JoinAgree), p.stop()))
	}
	return one(bubble(p.say("สมัครเป็นสมาชิก", "Become a member"), flex{
		header: []*messaging_api.FlexText{headline(p.say("ข้อมูลที่เก็บ", "What is kept"))},
		lines: []string{
			p.say("หน่วยงาน: ", "Organisation: ") + p.unit(),
			p.say("เก็บชื่อ ตำบล ปีเกิดถ้าถาม และบัญชี LINE แบบเข้ารหัส เพื่อให้หน่วยงานรับรองและเพื่อแจ้งงานแก่ท่าน", "Name, sub-district, year of birth if asked, and your LINE account are kept encrypted, so that your organisation can vouch for you and you can be asked to help."),
			p.say("ผู้เห็นข้อมูลคือผู้รับรอง ทุกครั้งมีบันทึก ท่านลาออกได้ทุกเมื่อในแชตนี้ และขอลบได้โดยแจ้งหน่วยงาน สมาชิกภาพมีอายุหนึ่งปี", "Only verifiers see it, and each look is recorded. You can leave at any time in this chat, and ask your organisation to have it erased. A membership lasts one year."),
		},
		rows: [][]*messaging_api.FlexButton{row(primary(p.join(p.say("รับทราบและส่งใบสมัคร", "I have read it: apply"), "", casefile.JoinAgree))), row(secondary(p.stop()))},
	}))
}

func memberAsked(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(p.say("ส่งใบสมัครแล้ว รหัส ", "Your application is sent. Code ")+p.Code+p.say(" หน่วยงานจะพิจารณา และเราจะแจ้งผลที่นี่", ". Your organisation decides, and we tell you here."),
		p.say("ได้รับข้อมูลแล้ว ", "Received. ")+p.Code)))
}

func memberAlready(p page) []messaging_api.MessageInterface {
	if p.neutral {
		return one(p.text(p.say("ได้รับข้อมูลแล้ว", "Received.")))
	}
	return one(p.text(p.say("ท่านมีใบสมัครหรือเป็นสมาชิกอยู่แล้ว", "You have applied or are a member already."), p.join(p.say("ลาออกจากสมาชิก", "Leave"), "", casefile.JoinLeave)))
}

// memberLeave asks once more.
func memberLeave(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(p.say("เมื่อลาออก ท่านพ้นจากทุกเรื่องและจะไม่ถูกเรียกอีก ยืนยันหรือไม่", "Once you leave you are on no case and will not be called. Do you want to?"), p.say("ยืนยันหรือไม่", "Do you want to?")),
		p.join(p.say("ยืนยัน", "Yes"), "", casefile.JoinLeft), p.join(p.say("ไม่", "No"), "", casefile.JoinCancel)))
}

func memberLeft(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(p.say("บันทึกการลาออกแล้ว", "It is recorded."), p.say("รับทราบแล้ว", "Noted."))))
}

func memberStopped(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(p.say("ยกเลิกแล้ว ไม่มีการส่งอะไร", "Stopped. Nothing was sent."), p.say("รับทราบแล้ว", "Noted."))))
}

func memberRenewing(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(p.say("ส่งคำขอต่ออายุให้หน่วยงานแล้ว", "Your organisation has been asked to renew it."), p.say("รับทราบแล้ว", "Noted."))))
}

// vet is a button of a verifier's card.
func (p page) vet(label, option, reason string) *messaging_api.PostbackAction {
	p.Case = ""
	return p.press(label, casefile.ActVet, func(in *casefile.Incoming) {
		in.Registration, in.Option, in.Reason = p.Registration, option, reason
	})
}

func memberVet(p page) []messaging_api.MessageInterface {
	p.Case = ""
	return p.card(p.say("มีผู้ขอเป็นสมาชิก", "Somebody asks to be a member"), []string{p.say("ดูใบสมัครแล้วตัดสิน ถ้าไม่ตอบ จะเตือนซ้ำและแจ้งสำนักงานจังหวัด", "Look at it and decide. Without an answer we remind you and tell the office of the province.")},
		row(primary(p.vet(p.say("ดูใบสมัคร", "Look at it"), casefile.VetShow, ""))))
}

// memberShow shows a verifier who it is, because the verifier has just asked.
func memberShow(p page) []messaging_api.MessageInterface {
	var lines []string
	if a := p.Applicant; a != nil {
		lines = []string{a.Name, p.pair(groupWords[a.Group]) + " · " + p.unit(), p.say("ตำบล ", "Sub-district ") + a.Subdistrict, p.pair(classWords[a.Class])}
	}
	return p.card(p.say("ใบสมัคร", "Application"), lines,
		row(primary(p.vet(p.say("รับรอง", "Approve"), string(casefile.Approve), ""))),
		row(secondary(p.vet(p.say("ไม่ใช่คนของเรา", "Not one of us"), string(casefile.Reject), "NOT_OURS")), secondary(p.vet(p.say("ข้อมูลไม่ตรง", "Wrong data"), string(casefile.Reject), "WRONG_DATA"))))
}

// memberDecided answers a verifier; Reason is what was decided, or REFUSED.
func memberDecided(p page) []messaging_api.MessageInterface {
	words := map[string]pair{
		string(casefile.Approve): {"รับรองแล้ว แจ้งผู้สมัครให้แล้ว", "Approved. The applicant is told."},
		string(casefile.Reject):  {"ไม่รับรอง แจ้งผู้สมัครให้แล้ว", "Not approved. The applicant is told."},
	}
	said, ok := words[p.Reason]
	if !ok {
		said = pair{"ทำรายการนี้ไม่ได้ หรือมีผู้ตัดสินแล้ว", "That is not possible, or somebody has decided already."}
	}
	return p.card(p.say("ใบสมัคร", "Application"), []string{p.pair(said)})
}

func memberApproved(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ท่านเป็นสมาชิกแล้ว", "You are a member"), []string{
		p.say("หน่วยงานของท่านรับรองแล้ว สมาชิกภาพมีอายุหนึ่งปี", "Your organisation has approved it. It lasts one year."),
		p.say("ถ้าท่านปฏิบัติหน้าที่ กดเข้าเวรจากเมนู แล้วส่งตำแหน่งในแชตนี้", "If you serve, go on duty from the menu and send your location here."),
	})
}

func memberRejected(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ใบสมัครไม่ได้รับการรับรอง", "Not approved"), []string{p.say("ติดต่อหน่วยงานของท่าน แล้วสมัครใหม่ได้", "Speak with your organisation; you may apply again.")})
}

func memberSuspended(p page) []messaging_api.MessageInterface {
	return p.card(p.say("พักสมาชิกภาพชั่วคราว", "Your membership rests"), []string{p.say("ท่านพ้นจากทุกเรื่องและจะไม่ถูกเรียก ติดต่อหน่วยงานของท่าน", "You are on no case and will not be called. Speak with your organisation.")})
}

func memberResumed(p page) []messaging_api.MessageInterface {
	return p.card(p.say("กลับเป็นสมาชิกแล้ว", "You are a member again"), []string{p.say("กดเข้าเวรจากเมนูเมื่อพร้อม", "Go on duty from the menu when you are ready.")})
}

func memberResigned(p page) []messaging_api.MessageInterface {
	return p.card(p.say("สิ้นสุดสมาชิกภาพแล้ว ขอบคุณ", "Your membership has ended. Thank you."), []string{p.say("ท่านจะไม่ถูกเรียกอีก", "You will not be called any more.")})
}

func memberExpired(p page) []messaging_api.MessageInterface {
	return p.card(p.say("สมาชิกภาพหมดอายุแล้ว", "Your membership has expired"), []string{p.say("ท่านจะไม่ถูกเรียก สมัครใหม่ได้จากเมนู", "You will not be called. You may apply again from the menu.")})
}

func memberRenew(p page) []messaging_api.MessageInterface {
	return p.card(p.say("สมาชิกภาพจะหมดอายุเร็ว ๆ นี้", "Your membership ends soon"), []string{p.say("กดต่ออายุ แล้วหน่วยงานของท่านจะรับรองอีกครั้ง", "Press to go on; your organisation confirms it once more.")},
		row(primary(p.join(p.say("ต่ออายุ", "Go on"), "", casefile.JoinRenew))))
}

// practiceAlert looks like an alert, so that members know one, and says at once that it is none.
func practiceAlert(p page) []messaging_api.MessageInterface {
	p.Case = ""
	return p.card(p.say("ซ้อมรับแจ้งเหตุ ไม่ใช่เหตุจริง", "Practice: no incident"), []string{
		p.say("ไม่มีเหตุเกิดขึ้น ไม่ต้องเดินทาง กดปุ่มเพื่อบันทึกว่าท่านได้รับการซ้อมนี้", "Nothing has happened; please do not go. Press the button to show that you have received it."),
	}, row(primary(p.press(p.say("ได้รับการซ้อมแล้ว", "I have received it"), casefile.ActHeard, because(casefile.ReasonPractice)))))
}

func practiceNoted(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ขอบคุณ", "Thank you"), []string{p.say("บันทึกแล้วว่าท่านได้รับการซ้อม", "Recorded: you have received the practice alert.")})
}

// memberCare asks whoever was at a hard scene how they are. It names no case: others may see the screen.
func memberCare(p page) []messaging_api.MessageInterface {
	return p.card(p.say("เมื่อวานเป็นวันที่หนัก ท่านเป็นอย่างไรบ้าง", "Yesterday was hard. How are you?"), []string{
		p.say("นอนไม่หลับ ใจสั่น หรือเห็นภาพซ้ำ เกิดขึ้นได้กับทุกคน ไม่ใช่ความอ่อนแอ", "Bad sleep, a racing heart, pictures that return: they happen to everybody and are no weakness."),
		p.say("คุยกับเพื่อนร่วมงานหรือหัวหน้า หรือโทรสายด่วนสุขภาพจิต {MENTAL} ได้ตลอด 24 ชั่วโมง ถ้าต้องการพัก กดพักจากเมนู", "Speak with a colleague or your supervisor, or call the mental health line {MENTAL} at any hour. If you need a rest, press it in the menu."),
	})
}
