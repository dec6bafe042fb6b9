package line

import (
	"net/url"
	"slices"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// aidCards are said to whoever filed an aid request, visits, decides or answers for one. A card has the request's code
// and what comes next. Whom it is about, where they live, what was asked for and how much stand on the page behind the
// link, which asks for a login: a phone lies open on a table, and a chat is never emptied.
var aidCards = map[string]build{
	"aid_filed":     aidFiled,
	"aid_returned":  aidReturned,
	"aid_visit":     aidVisit,
	"aid_visit_set": aidVisitSet,
	"aid_task_due":  aidTaskDue,
	"aid_owed":      aidOwed,
	"aid_decide":    aidDecide,
	"aid_referred":  aidReferred,
	"aid_approved":  aidApproved,
	"aid_rejected":  aidRejected,
	"aid_paid":      aidPaid,
	"aid_failed":    aidFailed,
	"aid_delivered": aidDelivered,
	"aid_closed":    aidClosed,
	"aid_why":       aidWhy,
	"aid_noted":     aidNoted,
	"aid_refused":   aidRefused,
}

// aidPersonTemplates are said to the person helped, where they said that it is safe.
var aidPersonTemplates = map[string]build{"aid_person": aidPerson}

// aidActions are the buttons of these cards.
var aidActions = []casefile.Action{casefile.ActAidMissed, casefile.ActAidWithdraw}

// aid is what the card is about; the zero value where nothing is known.
func (p page) aid() activities.AidSaid {
	if p.Aid == nil {
		return activities.AidSaid{}
	}
	return *p.Aid
}

// aidCard is a card of an aid request.
func (p page) aidCard(title string, lines []string, rows ...[]*messaging_api.FlexButton) []messaging_api.MessageInterface {
	p.console = "" // the link of a case
	return p.card(title, lines, rows...)
}

// onPage is a button that opens the request on the member's own pages; none where they are not served.
func (p page) onPage(th, en string) []*messaging_api.FlexButton {
	id := p.aid().ID
	if p.pages == "" || id == "" {
		return nil
	}
	to, err := url.JoinPath(p.pages, "smart", "requests", url.PathEscape(string(id)))
	if err != nil {
		return nil // checkConsole has seen the base; a card without a link is still a card
	}
	return row(primary(&messaging_api.UriAction{Label: p.say(th, en), Uri: to}))
}

// rows leaves out the rows without buttons.
func rows(all ...[]*messaging_api.FlexButton) [][]*messaging_api.FlexButton {
	var out [][]*messaging_api.FlexButton
	for _, r := range all {
		if len(r) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// ofAid is a button about the request of this card.
func (p page) ofAid(label string, action casefile.Action, with ...func(*casefile.Incoming)) *messaging_api.PostbackAction {
	p.Case = ""
	own := func(in *casefile.Incoming) { in.Aid = p.aid().ID }
	if p.aid().ID == "" {
		own = func(in *casefile.Incoming) { in.Aid = p.talk().Aid }
	}
	return p.press(label, action, append([]func(*casefile.Incoming){own}, with...)...)
}

// when is a day, or a day and an hour, in Thailand; empty: not known.
func (p page) when(th, en string, hour bool) string {
	at := p.aid().At
	if at.IsZero() {
		return ""
	}
	said := p.say(th, en) + p.day(at)
	if hour {
		said += at.In(policy.Bangkok).Format(" 15:04") + p.say(" น.", "")
	}
	return said
}

func (p page) openIt() []*messaging_api.FlexButton {
	return p.onPage("เปิดคำขอ", "Open the request")
}

func aidFiled(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("ส่งคำขอแล้ว", "The request is sent"), []string{
		p.say("เจ้าหน้าที่จะตรวจและแจ้งขั้นต่อไป", "An officer looks at it, and you hear what comes next."),
	}, rows(p.openIt(), row(secondary(p.ofAid(p.say("ถอนคำขอ", "Withdraw it"), casefile.ActAidWithdraw))))...)
}

func aidReturned(p page) []messaging_api.MessageInterface {
	var w policy.Text
	if slices.Contains(casefile.AidReasons[casefile.AidSentBack], p.Reason) {
		w = policy.AidCodeWords(p.Reason)
	}
	return p.aidCard(p.say("คำขอถูกส่งกลับให้แก้ไข", "The request came back to be corrected"),
		[]string{p.say(w.Th, w.En), p.when("โปรดแก้ไขภายใน ", "Please correct it by ", false)},
		rows(p.onPage("แก้ไขคำขอ", "Correct it"), row(secondary(p.ofAid(p.say("ถอนคำขอ", "Withdraw it"), casefile.ActAidWithdraw))))...)
}

// missedWords are why a visit did not take place.
var missedWords = []struct {
	code  string
	words pair
}{
	{"NOBODY_HOME", pair{"ไม่มีคนอยู่", "Nobody there"}},
	{"NOT_FOUND", pair{"หาบ้านไม่พบ", "Not found"}},
	{"UNSAFE", pair{"ไม่ปลอดภัย", "Not safe"}},
	{"REFUSED_ENTRY", pair{"ไม่ให้เข้า", "Not let in"}},
}

// visitRows: what was found is filled in on the page; that nothing could be found is said with one tap.
func (p page) visitRows() [][]*messaging_api.FlexButton {
	all := rows(p.onPage("บันทึกผลการเยี่ยม", "Write down what you found"))
	for i := 0; i < len(missedWords); i += 2 {
		var r []*messaging_api.FlexButton
		for _, m := range missedWords[i : i+2] {
			r = append(r, secondary(p.ofAid(p.pair(m.words), casefile.ActAidMissed, because(m.code))))
		}
		all = append(all, r)
	}
	return all
}

func aidVisit(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("งานเยี่ยมบ้านของท่าน", "A home visit for you"), []string{
		p.when("นัดเยี่ยม ", "Visit on ", true), p.say("ที่อยู่และรายละเอียดอยู่ในหน้าคำขอ", "The address and all else are on the request's page."),
	}, p.visitRows()...)
}

func aidVisitSet(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("นัดเยี่ยมบ้านแล้ว", "A visit is planned"), []string{p.when("วันที่ ", "On ", true)}, rows(p.openIt())...)
}

// aidTaskDue is the next step, when it begins and again before it is due.
func aidTaskDue(p page) []messaging_api.MessageInterface {
	title := p.say("งานคำขอของท่าน", "A request for you to work on")
	if p.Reason == "REMINDER" {
		title = p.say("ใกล้ครบกำหนด", "Due soon")
	}
	how, buttons := p.step()
	return p.aidCard(title, []string{p.stands(), p.when("ครบกำหนด ", "Due ", true), how}, buttons...)
}

// step is how whoever owes the next one does it: who filed it and who visits on their own page, everybody else in the console.
func (p page) step() (how string, buttons [][]*messaging_api.FlexButton) {
	switch p.aid().State {
	case casefile.AidReturned:
		return "", rows(p.onPage("แก้ไขคำขอ", "Correct it"))
	case casefile.AidVisitSet:
		return "", p.visitRows()
	}
	return p.inSystem(), nil
}

// stands is where the request stands, in words for any screen.
func (p page) stands() string {
	w := policy.AidStatusWords(p.aid().State)
	return p.say(w.Th, w.En)
}

// aidOwed calls one rung about a step that is late.
func aidOwed(p page) []messaging_api.MessageInterface {
	lines := []string{p.stands(), p.when("ครบกำหนด ", "Due ", true), p.overdue()}
	var buttons [][]*messaging_api.FlexButton
	switch policy.Called(p.Reason) {
	case policy.CallSupervisor:
		lines = append(lines, p.say("ผู้รับผิดชอบยังไม่ดำเนินการ โปรดติดตามหรือมอบหมายใหม่ในระบบ", "Whoever owes it has not acted. Please follow it up or assign it anew in the console."))
	case policy.CallProvince:
		lines = append(lines, p.say("หน่วยเจ้าของคำขอยังไม่ดำเนินการ โปรดสั่งการ", "The office that works on it has not acted. Please see to it."))
	case policy.CallCentral:
		lines = append(lines, p.say("จังหวัดยังไม่ดำเนินการ โปรดสั่งการ", "The province has not acted. Please see to it."))
	default: // whoever owes it
		var how string
		how, buttons = p.step()
		lines = append(lines, how)
	}
	return p.aidCard(p.say("เลยกำหนดแล้ว", "Overdue"), lines, buttons...)
}

func (p page) inSystem() string {
	return p.say("ทำในระบบ", "It is done in the console.")
}

func aidDecide(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("มีคำขอรอพิจารณา", "A request waits for a decision"), []string{
		p.when("ภายใน ", "By ", false), p.say("หากมีส่วนได้เสีย โปรดแจ้งก่อนพิจารณา", "Say so first if you are too close to it."), p.inSystem(),
	})
}

func aidReferred(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("มีคำขอส่งต่อถึงหน่วยของท่าน", "A request was referred to your office"), []string{
		p.say("โปรดตอบรับหรือไม่รับพร้อมเหตุผล", "Please take it, or say why not."), p.when("ภายใน ", "By ", false), p.inSystem(),
	})
}

func aidApproved(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("ผลการพิจารณา: อนุมัติ", "Decided: granted"), []string{p.say("กำลังดำเนินการ รายละเอียดอยู่ในหน้าคำขอ", "It is under way. The details are on the request's page.")}, rows(p.openIt())...)
}

func aidRejected(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("ผลการพิจารณา: ไม่อนุมัติ", "Decided: not granted"), []string{
		p.say("เหตุผลอยู่ในหนังสือแจ้งผล", "The reason stands in the letter."), p.when("อุทธรณ์ได้ถึง ", "An appeal may come until ", false),
	}, rows(p.openIt())...)
}

func aidPaid(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("จ่ายครบแล้ว", "Everything is paid"), []string{p.say("จะมีการติดตามผลต่อไป", "Somebody looks in again later.")}, rows(p.openIt())...)
}

func aidFailed(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("มีรายการที่ไม่สำเร็จ", "Something did not go through"), []string{
		p.say("โปรดตรวจข้อมูลและแก้ไข", "Please check what was given and put it right."), p.when("ภายใน ", "By ", false),
	}, rows(p.openIt())...)
}

func aidDelivered(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("มอบครบแล้ว", "Everything is handed over"), []string{p.say("จะมีการติดตามผลต่อไป", "Somebody looks in again later.")}, rows(p.openIt())...)
}

func aidClosed(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("คำขอเสร็จสิ้นแล้ว", "The request is closed"), []string{p.stands(), p.say("ขอบคุณ", "Thank you.")}, rows(p.openIt())...)
}

// withdrawWords are why a request is taken back.
var withdrawWords = []struct {
	code  string
	words pair
}{
	{"NOT_WANTED", pair{"ไม่ต้องการแล้ว", "No longer wanted"}},
	{"HELPED_OTHERWISE", pair{"ได้รับทางอื่นแล้ว", "Settled otherwise"}},
	{"MOVED", pair{"ย้ายที่อยู่แล้ว", "Moved away"}},
	{"DECEASED", pair{"ถึงแก่กรรม", "Deceased"}},
	{"FILED_TWICE", pair{"ยื่นซ้ำ", "Filed twice"}},
}

// aidWhy asks for the reason first: nobody takes a request back by a slip of the thumb.
func aidWhy(p page) []messaging_api.MessageInterface {
	var all [][]*messaging_api.FlexButton
	for _, w := range withdrawWords {
		all = append(all, row(secondary(p.ofAid(p.pair(w.words), casefile.ActAidWithdraw, because(w.code)))))
	}
	return p.aidCard(p.say("ถอนคำขอเพราะเหตุใด", "Why is it withdrawn?"), []string{p.say("ถ้าไม่ต้องการถอน ไม่ต้องกด", "To keep it, tap nothing.")}, all...)
}

// notedWords answer what was done on a phone, by the kind of the event.
var notedWords = map[casefile.AidEventKind]pair{
	casefile.AidVisitMissed: {"บันทึกว่ายังไม่ได้เยี่ยม จะนัดใหม่", "Noted: not visited. It is planned again."},
	casefile.AidWasVisited:  {"บันทึกผลการเยี่ยมแล้ว", "What you found is noted."},
	casefile.AidTakenBack:   {"ถอนคำขอแล้ว", "The request is withdrawn."},
}

func aidNoted(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("บันทึกแล้ว ขอบคุณ", "Noted. Thank you."), []string{or(p.pair(notedWords[casefile.AidEventKind(p.Reason)]), p.stands())})
}

func aidRefused(p page) []messaging_api.MessageInterface {
	return p.aidCard(p.say("ทำรายการนี้ไม่ได้", "This is not possible"), []string{p.say("คำขออยู่ในขั้นอื่นแล้ว", "The request stands elsewhere by now.")}, rows(p.openIt())...)
}

// aidPerson says that something has changed, and whom to ask; what it is stands in no message.
func aidPerson(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(
		p.say("คำขอ "+p.Code+" ของท่านมีความคืบหน้า โทร {MSDHS}", "There is news of your request "+p.Code+". Call {MSDHS}."),
		p.say("มีข้อมูลใหม่", "There is something new."))))
}
