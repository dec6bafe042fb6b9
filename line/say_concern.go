package line

import (
	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/casefile"
)

// concernTemplates are said at the door to whoever points something out. The
// pointer is told two things, "received" and "taken up", and never more.
var concernTemplates = map[string]build{
	"concern_kinds":         concernKinds,
	"concern_where":         concernWhere,
	"concern_what":          concernWhat,
	"concern_thanks":        concernThanks,
	"concern_added":         concernAdded,
	"concern_later":         concernLater,
	"concern_pointer_taken": concernPointerTaken,
}

// concernCards are for those who were asked about a concern.
var concernCards = map[string]build{
	"concern_offer":    concernOffer,
	"concern_taken":    concernTaken,
	"concern_why":      concernWhy,
	"concern_declined": concernDeclined,
	"concern_followed": concernFollowed,
	"concern_raised":   concernRaised,
	"concern_refused":  concernRefused,
	"concern_gone":     concernGone,
	"concern_overdue":  concernOverdue,
}

// concernWords name the six kinds: on a button, and the ministry's own words.
var concernWords = map[casefile.ConcernKind]pair{
	casefile.AboutChildSpace: {"พื้นที่ไม่ปลอดภัยสำหรับเด็ก", "A place unsafe for children"},
	casefile.AboutSchool:     {"ความปลอดภัยในโรงเรียน", "Safety at a school"},
	casefile.AboutPregnancy:  {"ตั้งครรภ์ในวัยเรียน", "School-age pregnancy"},
	casefile.AboutDrugs:      {"ยาเสพติด", "Drugs"},
	casefile.AboutViolence:   {"ความรุนแรงในบ้านหรือชุมชน", "Violence at home or near it"},
	casefile.AboutOnline:     {"ภัยออนไลน์", "Harm online"},
}

// talk is what this message is about; the zero value where nothing is known.
func (p page) talk() casefile.TalkAnswer {
	if p.Talk == nil {
		return casefile.TalkAnswer{}
	}
	return *p.Talk
}

// inTalk is a button of a conversation. A tap leaves no bubble: who looks at the phone later learns nothing.
func (p page) inTalk(label, reason string) *messaging_api.PostbackAction {
	p.Case, p.neutral = "", true
	return p.press(label, casefile.ActConcern, because(reason))
}

// hush is all that a phone shows which other eyes may see.
func (p page) hush() []messaging_api.MessageInterface {
	return one(p.text(p.say("เลือกได้จากเมนูด้านล่าง", "Please choose from the menu below.")))
}

func (p page) itIsUrgent() *messaging_api.PostbackAction {
	return p.inTalk(p.say("เกิดอยู่ตอนนี้ ด่วน", "It happens now"), casefile.TalkUrgent)
}

func concernKinds(p page) []messaging_api.MessageInterface {
	if p.neutral {
		return p.hush()
	}
	var rows [][]*messaging_api.FlexButton
	for _, k := range casefile.ConcernKinds {
		rows = append(rows, row(secondary(p.inTalk(p.pair(concernWords[k]), string(k)))))
	}
	return one(bubble(p.say("แจ้งเบาะแส", "Point something out"), flex{
		header: []*messaging_api.FlexText{headline(p.say("แจ้งเบาะแส (ไม่ด่วน)", "Point out (not urgent)"))},
		lines: []string{
			p.say("เห็นเด็กหรือใครน่าห่วงเรื่องใด กดหนึ่งข้อ ใช้เวลาหนึ่งนาที", "What worries you about a child or a person? Tap one. It takes a minute."),
			p.say("ไม่มีใครที่ดูแลเรื่องนี้เห็นว่าใครแจ้ง", "Nobody who works on it sees who pointed it out."),
			p.say("ถ้าเกิดอยู่ตอนนี้ กลับไปเมนูแล้วแจ้งเหตุด่วน หรือโทร {POLICE}", "If it happens now, report it from the menu or call {POLICE}."),
		},
		rows: rows,
	}))
}

func concernWhere(p page) []messaging_api.MessageInterface {
	if p.neutral {
		return p.hush()
	}
	words := p.say("อยู่ที่ไหน: ส่งตำแหน่ง พิมพ์ชื่อโรงเรียนหรือสถานที่พร้อมจังหวัด หรือวางลิงก์", "Where is it? Send a location, type the name of the school or place with its province, or paste a link.")
	if t := p.talk().Task; t != nil {
		words = p.say(t.SayTh, t.SayEn) + "\n\n" + words
	}
	return one(p.text(words, p.sendLocation(), p.inTalk(p.say("ไม่ทราบที่", "I do not know"), casefile.TalkSkip), p.itIsUrgent()))
}

func concernWhat(p page) []messaging_api.MessageInterface {
	if p.neutral {
		return p.hush()
	}
	var replies []messaging_api.ActionInterface
	if p.talk().Danger {
		replies = append(replies, p.itIsUrgent())
	}
	replies = append(replies, p.takePhoto())
	if p.talk().School {
		replies = append(replies, p.inTalk(p.say("บอกโรงเรียนได้", "The school may know"), casefile.ReasonTellSchool))
	}
	replies = append(replies, p.inTalk(p.say("ส่งเลย", "Send it as it is"), casefile.TalkSkip))
	if !p.talk().Danger {
		replies = append(replies, p.itIsUrgent())
	}
	words := p.say("เห็นอะไร พิมพ์สั้น ๆ หรือส่งรูป ไม่ต้องพิมพ์ชื่อของท่าน", "What did you see? Type a few words or send a picture. Your own name is not needed.")
	if p.talk().School {
		words += p.say("\nถ้าไม่มีคนในโรงเรียนเกี่ยวข้อง กด “บอกโรงเรียนได้”", "\nIf nobody of the school is part of it, tap “The school may know”.")
	}
	return one(p.text(words, replies...))
}

func concernThanks(p page) []messaging_api.MessageInterface {
	if p.neutral {
		return one(p.text(p.pair(gotIt)))
	}
	words := p.say("ได้รับแล้ว ขอบคุณ\nจะบอกอีกครั้งเมื่อมีผู้รับดูแล", "Received. Thank you.\nYou will hear once more, when somebody has taken it up.")
	if p.talk().Danger {
		words = p.say("ได้รับแล้ว ขอบคุณ\nถ้าเกิดอยู่ตอนนี้ กดปุ่มด้านล่าง เจ้าหน้าที่จะไปทันที ไม่ต้องพิมพ์ใหม่", "Received. Thank you.\nIf it happens now, tap below: officers go at once, and you need not type it again.")
	}
	return one(p.text(words, p.itIsUrgent()))
}

func concernAdded(p page) []messaging_api.MessageInterface {
	if p.neutral {
		return one(p.text(p.pair(gotIt)))
	}
	return one(p.text(p.say("ได้รับเพิ่มแล้ว ขอบคุณ", "Received, too. Thank you."), p.itIsUrgent()))
}

// concernLater answers who has an emergency that is not over: whatever they say belongs to it.
func concernLater(p page) []messaging_api.MessageInterface {
	return one(p.text(p.say("ทำรายการนี้ได้ภายหลัง", "This can be done later.")))
}

func concernPointerTaken(p page) []messaging_api.MessageInterface {
	return one(p.text(p.say("มีผู้ดูแลแล้ว ขอบคุณ", "Somebody is taking care of it. Thank you.")))
}

// ofConcern is a button of a worker's card.
func (p page) ofConcern(label string, action casefile.Action, with ...func(*casefile.Incoming)) *messaging_api.PostbackAction {
	p.Case = ""
	own := func(in *casefile.Incoming) { in.Concern = p.talk().Concern }
	return p.press(label, action, append([]func(*casefile.Incoming){own}, with...)...)
}

// worry is what a concern is about, and roughly where.
func (p page) worry() []string {
	child := ""
	if p.Child {
		child = p.say("เกี่ยวกับเด็ก", "About a child")
	}
	return []string{p.pair(concernWords[p.talk().About]), child, p.area()}
}

func (p page) urgentButton() []*messaging_api.FlexButton {
	return row(secondary(p.ofConcern(p.say("เรื่องนี้ด่วน แจ้งเหตุทันที", "It is urgent: raise the alarm"), casefile.ActConcernUrgent)))
}

func concernOffer(p page) []messaging_api.MessageInterface {
	return p.card(p.say("เบาะแส ไม่ด่วน", "A concern, not urgent"),
		append(p.worry(), p.say("รายละเอียดอยู่ในระบบ อ่านโดยระบุวัตถุประสงค์", "What was seen is in the system; reading it asks for a purpose.")),
		row(primary(p.ofConcern(p.say("รับเรื่อง", "Take it up"), casefile.ActConcernTake))),
		row(secondary(p.ofConcern(p.say("ไม่ใช่ของเรา", "Not ours"), casefile.ActConcernDecline))),
		p.urgentButton())
}

func concernTaken(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ท่านรับเรื่องแล้ว", "You have taken it up"), append(p.worry(),
		p.say("อ่านรายละเอียดในระบบ แล้วเปิดติดตาม ส่งต่อ หรือยุติพร้อมเหตุผล", "Read it in the system, then follow it up, refer it, or end it with a reason.")),
		row(primary(p.ofConcern(p.say("เปิดเป็นเรื่องติดตาม", "Follow it up"), casefile.ActConcernFollow))), p.urgentButton())
}

func concernWhy(p page) []messaging_api.MessageInterface {
	why := func(th, en, reason string) []*messaging_api.FlexButton {
		return row(secondary(p.ofConcern(p.say(th, en), casefile.ActConcernDecline, because(reason))))
	}
	return p.card(p.say("เพราะเหตุใด", "Why not?"), nil,
		why("ไม่อยู่ในพื้นที่ของเรา", "Not our area", "NOT_OUR_AREA"), why("ไม่ใช่หน้าที่ของเรา", "Not our work", "NOT_OUR_WORK"),
		why("เกี่ยวข้องกับคนของเรา", "Our own people are part of it", "CONFLICT"))
}

func concernDeclined(p page) []messaging_api.MessageInterface {
	return p.card(p.say("รับทราบแล้ว", "Noted"), []string{p.say("จะเสนอหน่วยงานถัดไป", "The next office is asked.")})
}

func concernFollowed(p page) []messaging_api.MessageInterface {
	return p.card(p.say("เปิดเรื่องติดตามแล้ว", "A follow-up is open"), []string{p.say("ข้อมูลที่แจ้งอยู่ในเรื่องแล้ว ไม่ต้องพิมพ์ใหม่", "What was said stands in the case; nothing is typed again.")})
}

func concernRaised(p page) []messaging_api.MessageInterface {
	return p.card(p.say("แจ้งเหตุด่วนแล้ว", "The alarm is raised"), []string{p.say("ตำรวจและ พม. ได้รับแจ้งพร้อมข้อมูลทั้งหมด", "The police and the ministry have it with all that was said.")})
}

func concernRefused(p page) []messaging_api.MessageInterface {
	return p.card(p.say("ทำรายการนี้ไม่ได้", "This is not possible"), []string{p.say("มีผู้อื่นรับเรื่องแล้ว หรือเรื่องอยู่ในขั้นอื่น", "Somebody else has taken it up, or it stands elsewhere.")})
}

func concernGone(p page) []messaging_api.MessageInterface {
	return p.card(p.say("มีผู้รับเรื่องแล้ว", "Somebody has it"), []string{p.say("ท่านไม่ต้องทำอะไร ขอบคุณ", "You need do nothing. Thank you.")})
}

func concernOverdue(p page) []messaging_api.MessageInterface {
	return p.card(p.say("เรื่องที่ท่านรับยังค้างอยู่", "What you took up is still open"), p.worry(),
		row(primary(p.ofConcern(p.say("เปิดเป็นเรื่องติดตาม", "Follow it up"), casefile.ActConcernFollow))), p.urgentButton())
}
