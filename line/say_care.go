package line

import (
	"fmt"
	"time"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// careCards are said to whoever owes something to a case in follow-up. They say
// what kind of thing is owed and by when; who it is about stands behind the door
// of the console, for a volunteer's screen lies open in many hands.
var careCards = map[string]build{
	"care_owed":    careOwed,
	"care_overdue": careOverdue,
	"care_news":    careNews,
	"care_noted":   careNoted,
	"care_manager": careManager,
}

// careReasons are the codes of a refusal, with their buttons.
var careReasons = []struct {
	code  string
	words pair
}{
	{"NO_CAPACITY", pair{"ไม่รับ: เกินกำลัง", "No: no capacity"}},
	{"NOT_OUR_AREA", pair{"ไม่รับ: นอกพื้นที่", "No: not our area"}},
	{"NOT_OUR_WORK", pair{"ไม่รับ: ไม่ใช่หน้าที่", "No: not our work"}},
}

// oweWords name what is owed where the policy has no label of its own.
var oweWords = map[casefile.ObligationKind]pair{
	casefile.OweManager:    {"ต้องมีผู้จัดการรายกรณี", "A case manager is needed"},
	casefile.OweContact:    {"พบหรือติดต่อครั้งแรก", "First contact"},
	casefile.OweAssessment: {"ประเมิน", "Assessment"},
	casefile.OwePlan:       {"จัดทำแผน", "Plan"},
	casefile.OweApproval:   {"พิจารณาแผน", "Decision on the plan"},
	casefile.OweTask:       {"งาน", "Task"},
	casefile.OweVisit:      {"เยี่ยม", "Visit"},
	casefile.OweReview:     {"ประเมินซ้ำ", "Review"},
	casefile.OweReferral:   {"ขอส่งต่อให้หน่วยของท่าน", "A referral to your office"},
	casefile.OweService:    {"บริการที่หน่วยของท่านรับไว้", "What your office accepted to do"},
	casefile.OweLegal:      {"กำหนดเวลาตามกฎหมาย", "A legal clock"},
	casefile.OweTransfer:   {"ขอโอนเรื่องให้หน่วยของท่าน", "A transfer to your office"},
	casefile.OweHelp:       {"มีผู้ขอให้ช่วยงานนี้", "Somebody asks for help with this"},
}

// owed is what the card is about; the zero value where it is about the case alone.
func (p page) owed() casefile.Obligation {
	if p.Owed == nil {
		return casefile.Obligation{}
	}
	return *p.Owed
}

// owedWhat is the kind in words, and the policy's label of its code.
func (p page) owedWhat() string {
	o := p.owed()
	what := p.pair(oweWords[o.Kind])
	label := p.policy.Care.Tasks[o.Code]
	if o.Kind == casefile.OweLegal {
		label = p.policy.Care.Legal[o.Code].Text
	}
	if name := p.say(label.Th, label.En); name != "" {
		return what + ": " + name
	}
	return what
}

// owedDue is the day and the hour in Thailand.
func (p page) owedDue() string {
	if p.owed().DueAt.IsZero() {
		return ""
	}
	return p.say("ครบกำหนด ", "Due ") + p.day(p.owed().DueAt) + p.owed().DueAt.In(policy.Bangkok).Format(" 15:04") + p.say(" น.", "")
}

var thaiMonths = []string{"ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."}

// buddhist is how far the years of the Buddhist era are ahead.
const buddhist = 543

// day is a date in Thailand, in Thai with the year of the Buddhist era.
func (p page) day(at time.Time) string {
	d := at.In(policy.Bangkok)
	return p.say(fmt.Sprintf("%d %s %d", d.Day(), thaiMonths[d.Month()-1], d.Year()+buddhist), d.Format("2 Jan 2006"))
}

var weekdays = []pair{{"จ.", "Mon"}, {"อ.", "Tue"}, {"พ.", "Wed"}, {"พฤ.", "Thu"}, {"ศ.", "Fri"}, {"ส.", "Sat"}, {"อา.", "Sun"}}

// safeContact says when the person may be spoken to, and how not.
func (p page) safeContact() []string {
	if p.Contact == nil {
		return nil
	}
	c := *p.Contact
	only := ""
	if c.ToMinute > 0 {
		only = fmt.Sprintf(" %02d:%02d–%02d:%02d", c.FromMinute/60, c.FromMinute%60, c.ToMinute/60, c.ToMinute%60) + p.say(" น.", "")
	}
	for _, d := range c.Days {
		if d >= 1 && d <= len(weekdays) {
			only += " " + p.pair(weekdays[d-1])
		}
	}
	if only != "" {
		only = p.say("ติดต่อได้เฉพาะ", "Contact only") + only
	}
	message := ""
	if c.NoMessage {
		message = p.say("ห้ามส่งข้อความถึงผู้รับการดูแล", "DO NOT MESSAGE the person")
	}
	return []string{only, message}
}

// careCard is a card of a follow-up. Whoever may not be called is not called by a volunteer either.
func (p page) careCard(title string, lines []string, rows ...[]*messaging_api.FlexButton) []messaging_api.MessageInterface {
	p.NoCall = p.NoCall || p.Contact != nil && p.Contact.NoCall
	return p.card(title, lines, rows...)
}

// ofOwed is a button that settles or answers what the card is about.
func (p page) ofOwed(th, en string, action casefile.Action, with ...func(*casefile.Incoming)) *messaging_api.PostbackAction {
	own := func(in *casefile.Incoming) { in.Offer = p.owed().ID }
	return p.press(p.say(th, en), action, append([]func(*casefile.Incoming){own}, with...)...)
}

// owedRows are the ways to answer, by kind. What is done in the console alone has none.
func (p page) owedRows() [][]*messaging_api.FlexButton {
	k := p.owed().Kind
	switch k {
	case casefile.OweManager:
		return [][]*messaging_api.FlexButton{row(primary(p.ofOwed("ฉันรับเป็นผู้จัดการรายกรณี", "I manage this case", casefile.ActCareManage)))}
	case casefile.OweReferral, casefile.OweTransfer:
		rows := [][]*messaging_api.FlexButton{row(primary(p.ofOwed("รับ", "Accept", casefile.ActCareAccept)))}
		for _, r := range careReasons {
			rows = append(rows, row(secondary(p.ofOwed(r.words.th, r.words.en, casefile.ActCareDecline, because(r.code)))))
		}
		return rows
	case casefile.OweHelp:
		return [][]*messaging_api.FlexButton{
			row(primary(p.ofOwed("ช่วยแล้ว", "I have helped", casefile.ActCareDone))),
			row(secondary(p.ofOwed("ช่วยไม่ได้", "I cannot", casefile.ActCareUnable))),
		}
	case casefile.OweTask, casefile.OweService, casefile.OweContact, casefile.OweVisit:
		rows := [][]*messaging_api.FlexButton{row(primary(p.ofOwed("เสร็จแล้ว", "Done", casefile.ActCareDone)))}
		if k == casefile.OweContact || k == casefile.OweVisit {
			rows = append(rows, row(
				secondary(p.ofOwed("ไม่พบ", "Nobody there", casefile.ActCareMissed)),
				secondary(p.ofOwed("ไม่ประสงค์รับ", "Not wanted", casefile.ActCareRefused))))
		}
		return append(rows, row(
			secondary(p.ofOwed("ทำไม่ได้", "Cannot do it", casefile.ActCareUnable)),
			secondary(p.ofOwed("ขอความช่วยเหลือ", "I need help", casefile.ActCareHelp))))
	}
	return nil
}

// inConsole is said of what takes more than a button.
func (p page) inConsole() string {
	switch p.owed().Kind {
	case casefile.OweAssessment, casefile.OwePlan, casefile.OweApproval, casefile.OweReview, casefile.OweLegal:
		return p.say("ทำในระบบ", "It is done in the console.")
	}
	return ""
}

func careOwed(p page) []messaging_api.MessageInterface {
	title := p.say("งานของท่าน", "Something for you to do")
	if p.Reason == "REMINDER" {
		title = p.say("ใกล้ครบกำหนด", "Due soon")
	}
	return p.careCard(title, append([]string{p.owedWhat(), p.owedDue(), p.inConsole()}, p.safeContact()...), p.owedRows()...)
}

// careOverdue calls one rung. Whoever owes it, or is asked to manage, can answer on
// the card; the rungs above see to it that somebody does.
func careOverdue(p page) []messaging_api.MessageInterface {
	lines := []string{p.owedWhat(), p.owedDue(), p.overdue(), p.inConsole()}
	var rows [][]*messaging_api.FlexButton
	switch policy.Called(p.Reason) {
	case policy.CallOwner:
		rows = p.owedRows()
	case policy.CallSupervisor:
		lines = append(lines, p.say("ผู้รับผิดชอบยังไม่ตอบ โปรดติดตามหรือมอบหมายใหม่", "Whoever owes it has not answered. Please follow it up or assign it anew."))
		if p.owed().Kind == casefile.OweManager || p.owed().Kind == casefile.OweHelp {
			rows = p.owedRows()
		}
	case policy.CallProvince:
		lines = append(lines, p.say("หน่วยเจ้าของเรื่องยังไม่ดำเนินการ โปรดสั่งการ", "The office that owns the case has not acted. Please see to it."))
	case policy.CallCentral:
		lines = append(lines, p.say("จังหวัดยังไม่ดำเนินการ โปรดสั่งการ", "The province has not acted. Please see to it."))
	}
	return p.careCard(p.say("เลยกำหนดแล้ว", "Overdue"), append(lines, p.safeContact()...), rows...)
}

// overdue is for how long, in the largest unit that fits.
func (p page) overdue() string {
	switch h := p.AgeS / 3600; {
	case p.AgeS <= 0:
		return ""
	case h < 1:
		return p.say("เพิ่งเลยกำหนด", "It has just fallen due")
	case h < 48:
		return fmt.Sprintf(p.say("เลยมาแล้ว %d ชั่วโมง", "Overdue by %d h"), h)
	default:
		return fmt.Sprintf(p.say("เลยมาแล้ว %d วัน", "Overdue by %d days"), h/24)
	}
}

// newsWords say what somebody else did, by the kind of the event.
var newsWords = map[string]pair{
	string(casefile.PlanDecided): {"แผนได้รับการพิจารณาแล้ว", "The plan has been decided on"},
	string(casefile.HelpAsked):   {"มีผู้ขอความช่วยเหลือกับงานนี้", "Somebody needs help with this"},
}

// answeredWords say what a partner or an office answered.
var answeredWords = map[casefile.ObligationState]pair{
	casefile.Done:     {"หน่วยงานรับแล้ว", "Accepted"},
	casefile.Missed:   {"หน่วยงานไม่ตอบ กำลังถามหน่วยถัดไป", "No answer: the next office is asked"},
	casefile.Rejected: {"หน่วยงานไม่รับ กำลังถามหน่วยถัดไป", "Declined: the next office is asked"},
}

// settledWords say how something was settled.
var settledWords = map[casefile.ObligationState]pair{
	casefile.Done:    {"ทำเสร็จแล้ว", "Done"},
	casefile.Missed:  {"ไปแล้วไม่พบ", "Nobody was there"},
	casefile.Refused: {"ผู้รับการดูแลไม่ประสงค์รับ", "The person did not want it"},
	casefile.Unable:  {"ผู้รับผิดชอบทำไม่ได้ โปรดมอบหมายใหม่", "It could not be done: please assign it anew"},
	casefile.Dropped: {"ยกเลิกแล้ว", "No longer needed"},
}

func careNews(p page) []messaging_api.MessageInterface {
	var words pair
	about := ""
	switch p.Reason {
	case string(casefile.Settled):
		words, about = settledWords[p.owed().State], p.owedWhat()
	case string(casefile.ReferralAnswered):
		words, about = answeredWords[p.owed().State], p.owedWhat()
	case string(casefile.HelpAsked):
		words, about = newsWords[p.Reason], p.owedWhat()
	case string(casefile.PlanDecided):
		words = newsWords[p.Reason]
	default: // what the person sent
		words = addedWords[p.Reason]
	}
	return p.careCard(p.say("ความคืบหน้า", "News"), []string{or(p.pair(words), p.say("มีความคืบหน้า ดูในระบบ", "Something has changed: see the console")), about})
}

// pressedWords answer a button of these cards.
var pressedWords = map[casefile.Action]pair{
	casefile.ActCareDone:    {"บันทึกว่าเสร็จแล้ว ขอบคุณ", "Noted as done. Thank you."},
	casefile.ActCareMissed:  {"บันทึกว่าไม่พบ จะนัดใหม่", "Noted: nobody there. It is planned again."},
	casefile.ActCareRefused: {"บันทึกว่าไม่ประสงค์รับ", "Noted: not wanted."},
	casefile.ActCareUnable:  {"บันทึกว่าทำไม่ได้ ผู้จัดการรายกรณีจะมอบหมายใหม่", "Noted: it cannot be done. The case manager assigns it anew."},
	casefile.ActCareHelp:    {"แจ้งหัวหน้าและผู้จัดการรายกรณีแล้ว งานยังอยู่กับท่าน", "The supervisor and the case manager know. The task stays with you."},
	casefile.ActCareManage:  {"ท่านเป็นผู้จัดการรายกรณีแล้ว", "You manage this case now."},
	casefile.ActCareAccept:  {"บันทึกว่ารับแล้ว", "Noted: accepted."},
	casefile.ActCareDecline: {"บันทึกว่าไม่รับ จะเสนอหน่วยงานถัดไป", "Noted: declined. The next office is asked."},
}

func careNoted(p page) []messaging_api.MessageInterface {
	words := p.pair(pressedWords[casefile.Action(p.Reason)])
	return p.careCard(p.say("บันทึกแล้ว", "Noted"), []string{or(words, p.say("บันทึกคำตอบแล้ว", "Your answer is kept."))})
}

func careManager(p page) []messaging_api.MessageInterface {
	return p.careCard(p.say("ท่านเป็นผู้จัดการรายกรณี", "You manage this case"), []string{
		p.say("รายละเอียดและสิ่งที่ต้องทำอยู่ในระบบ", "The details and what is to be done are in the console."),
	})
}

// careActions are the buttons of these cards.
var careActions = []casefile.Action{
	casefile.ActCareDone, casefile.ActCareMissed, casefile.ActCareRefused, casefile.ActCareUnable, casefile.ActCareHelp,
	casefile.ActCareManage, casefile.ActCareAccept, casefile.ActCareDecline,
}

// owedList is a card for each thing that a member owes, below the list of tasks.
func (p page) owedList() []messaging_api.MessageInterface {
	var cards []messaging_api.MessageInterface
	for _, o := range p.talk().Owed {
		q := p
		q.Case, q.Code, q.NoCall, q.Quiet = o.Case, casefile.Case{ID: o.Case}.Code(), p.NoCall || o.NoCall, p.Quiet
		q.Owed, q.Contact, q.Reason = &o.Obligation, &o.Contact, ""
		cards = append(cards, careOwed(q)...)
	}
	return cards
}
