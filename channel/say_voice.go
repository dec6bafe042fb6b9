package channel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ess-thailand/ess/casefile"
)

// A call may be overheard, and may be answered by somebody else: it says that
// somebody is needed, in which district, how far, and what the keys mean. It
// names no person, no number, no type of incident and no exact place.

// call is one call in words.
type call struct {
	language string // th-TH or en-US
	say      string
	keys     []key
	code     int    // so many digits are asked for instead of a key
	unheard  string // said when we did not take a press
}

// key is what one key means in a call, as the gateway is told.
type key struct {
	Key    string `json:"key"`
	Means  string `json:"means"`
	Digits int    `json:"digits,omitempty"` // at most so many more may follow, ended by the hash key
	Say    string `json:"say,omitempty"`    // said when we have taken the press
}

// choice is one key of a question in words.
type choice struct {
	key          // without words
	ask, confirm pair
}

var (
	recorded = pair{"บันทึกคำตอบแล้ว", "Your answer is recorded."}
	accept   = choice{
		key{Key: "1", Means: "ACCEPT", Digits: 3},
		pair{"หากรับ กด 1 ตามด้วยจำนวนนาทีที่จะถึง แล้วกดสี่เหลี่ยม", "To accept, press 1, then the minutes until you arrive, then hash."},
		pair{"บันทึกคำตอบแล้ว รายละเอียดจะตามมาทางไลน์หรือเอสเอ็มเอส", "Your answer is recorded. The details follow by LINE or SMS."},
	}
	acknowledge = choice{key{Key: "1", Means: "ACKNOWLEDGE"}, pair{"หากรับทราบ กด 1", "To acknowledge, press 1."}, recorded}
	deskTakes   = choice{
		key{Key: "1", Means: "ACKNOWLEDGE", Digits: 3},
		pair{"หากรับทราบ กด 1 แล้วกดสี่เหลี่ยม หากส่งกำลังแล้ว กด 1 ตามด้วยจำนวนนาทีที่จะถึง แล้วกดสี่เหลี่ยม", "To acknowledge, press 1, then hash. If you send somebody, press 1, then the minutes until they arrive, then hash."}, recorded,
	}
	takeIt     = choice{key{Key: "1", Means: "ACKNOWLEDGE"}, pair{"หากรับเรื่อง กด 1", "To take it, press 1."}, recorded}
	decline    = choice{key{Key: "0", Means: "DECLINE"}, pair{"หากไปไม่ได้ กด 0", "If you cannot go, press 0."}, pair{"บันทึกแล้ว กำลังถามผู้อื่น", "Recorded. Others are being asked."}}
	deskRefuse = choice{key{Key: "0", Means: "DECLINE"}, pair{"หากรับไม่ได้ กด 0", "If you cannot take it, press 0."}, pair{"บันทึกแล้ว กำลังถามผู้อื่น", "Recorded. Others are being asked."}}
	danger     = choice{key{Key: "9", Means: "DANGER"}, pair{"หากท่านตกอยู่ในอันตราย กด 9", "If you are in danger, press 9."}, pair{"บันทึกแล้ว หากต้องการความช่วยเหลือทันที โทร 191", "Recorded. For help at once call 191."}}
	repeat     = choice{key{Key: "*", Means: "REPEAT"}, pair{"หากต้องการฟังซ้ำ กดดอกจัน", "To hear this again, press star."}, pair{}}
)

// spokenQuestion is what is asked of somebody by a call or a mail.
type spokenQuestion struct {
	what pair
	keys []choice
}

// questions are what is worth a ringing phone. Everything else that ESS says to
// people is not for a call.
var questions = map[string]spokenQuestion{
	"offer":          {pair{"ขอกำลังเจ้าหน้าที่ใกล้จุดเกิดเหตุ", "An officer is needed near an incident."}, []choice{accept, decline, danger}},
	"offer_desk":     {pair{"แจ้งเวร มีเหตุในพื้นที่ของท่าน", "Duty desk: there is an incident in your area."}, []choice{deskTakes, deskRefuse}},
	"assist_alert":   {pair{"เจ้าหน้าที่ในพื้นที่ขอกำลังเสริมด่วน", "An officer in your area needs help now."}, []choice{acknowledge}},
	"radio_alert":    {pair{"ศูนย์วิทยุ มีหมุดใหม่บนจอ", "Radio centre: there is a new pin on your screen."}, []choice{acknowledge}},
	"centre_ask":     {pair{"มีศูนย์อื่นขอส่งต่อผู้แจ้งให้ศูนย์ของท่าน", "Another centre asks yours to take a caller over."}, []choice{takeIt}},
	"handover_offer": {pair{"ขอส่งต่อการดูแลให้ท่าน", "You are asked to take over the care of somebody."}, []choice{takeIt, deskRefuse}},
	"desk_item":      {pair{"มีเรื่องรอโต๊ะกลาง", "A case waits for the national desk."}, []choice{takeIt}},
	"desk_taps":      {pair{"มีการแจ้งที่ไม่ส่งตำแหน่งรอโต๊ะกลาง", "Reports without a location wait for the national desk."}, nil},
	"care_owed":      {careWaits, nil},
	"care_overdue":   {careOverdue, nil},
}

// speak words a message as a call, if it is one that is spoken.
func (p page) speak(template string) (call, bool) {
	c := call{keys: []key{}, language: p.say("th-TH", "en-US"), unheard: p.say("บันทึกไม่สำเร็จ กดอีกครั้ง หรือโทร 1300", "It was not recorded. Press again, or call 1300.")}
	switch template {
	case "contact_code":
		code := spelled(p.Code)
		c.code = codeDigits
		c.say = fmt.Sprintf(p.say("รหัสยืนยันของระบบ อี เอส เอส คือ %s ขอทวน %s กดรหัสนี้แล้วกดสี่เหลี่ยม",
			"The code of the system E S S is %s. Once more: %s. Press this code, then hash."), code, code)
		return c, true
	case "watch_alarm":
		r := p.ringing()
		lines := []string{p.say("ที่นี่ตัวเฝ้าระวังระบบ อี เอส เอส", "This is the watcher of the system E S S."), p.stop(r.what), p.stop(p.many(r.count))}
		if len(r.codes) > 0 {
			lines = append(lines, p.spokenCode(r.codes[0]))
		}
		var keys []choice
		if r.answer != "" {
			keys = []choice{takeIt}
		}
		p.offer(&c, lines, keys)
		return c, true
	}
	q, ok := questions[template]
	if !ok || !p.rings(template) {
		return call{}, false
	}
	p = p.asWhole(template)
	lines := []string{p.say("ที่นี่ระบบแจ้งเหตุ อี เอส เอส", "This is the emergency system E S S.")}
	if p.NoCall || p.Quiet {
		lines = append(lines, p.say("ห้ามโทรกลับหาผู้แจ้ง", "Do not call the reporter back."))
	}
	lines = append(lines, p.in(q.what), p.spokenArea(), p.spokenDistance(), p.spokenCode(p.Code))
	keys := q.keys
	if p.AckOnly && len(keys) > 0 {
		keys = append([]choice{acknowledge}, keys[1:]...)
	}
	p.offer(&c, lines, keys)
	return c, true
}

// asWhole leaves out what belongs to one case where a message is about many.
func (p page) asWhole(template string) page {
	if template == "desk_taps" {
		p.Code, p.Province, p.District, p.Metres, p.NoCall, p.Quiet = "", "", "", 0, false, false
	}
	if ofCare(template) { // a follow-up lasts: where the person lives is said nowhere
		p.Province, p.District, p.Metres = "", "", 0
	}
	return p
}

// offer writes what is said, and after it what the keys mean.
func (p page) offer(c *call, lines []string, keys []choice) {
	for _, k := range append(slices.Clone(keys), repeat) {
		lines = append(lines, p.in(k.ask))
		k.key.Say = p.in(k.confirm)
		c.keys = append(c.keys, k.key)
	}
	c.say = strings.Join(slices.DeleteFunc(lines, empty), " ")
}

// stop ends a sentence where the language has one.
func (p page) stop(sentence string) string {
	if sentence == "" || p.lang != casefile.English {
		return sentence
	}
	return sentence + "."
}

func (p page) spokenCode(code string) string {
	if code == "" {
		return ""
	}
	return fmt.Sprintf(p.say("รหัส %s", "Code %s."), spelled(code))
}

// spelled lets a voice read a code letter by letter.
func spelled(code string) string {
	return strings.Join(strings.Split(strings.ReplaceAll(code, "-", ""), ""), " ")
}

// spokenArea names district and province in whole words: a voice reads no abbreviations.
func (p page) spokenArea() string {
	name := func(prefix, code string) string {
		if code == "" {
			return ""
		}
		return prefix + or(p.names(code, p.lang), code)
	}
	switch {
	case p.Province == "" && p.District == "":
		return ""
	case p.lang == casefile.English:
		return p.stop("In " + strings.Join(slices.DeleteFunc([]string{name("", p.District), name("", p.Province)}, empty), ", "))
	case p.Province == "10": // Bangkok has districts of its own kind
		return strings.Join(slices.DeleteFunc([]string{name("เขต", p.District), name("", p.Province)}, empty), " ")
	default:
		return strings.Join(slices.DeleteFunc([]string{name("อำเภอ", p.District), name("จังหวัด", p.Province)}, empty), " ")
	}
}

// spokenDistance is rounded to what a straight line can promise.
func (p page) spokenDistance() string {
	switch m := (p.Metres + 49) / 50 * 50; {
	case p.Metres <= 0:
		return ""
	case m < 1000:
		return fmt.Sprintf(p.say("ห่างประมาณ %d เมตร", "About %d metres away."), m)
	default:
		return fmt.Sprintf(p.say("ห่างประมาณ %.1f กิโลเมตร", "About %.1f kilometres away."), float64(m)/1000)
	}
}
