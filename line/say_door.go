package line

import (
	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// doorTemplates are answered at the door, without a case.
var doorTemplates = map[string]build{
	"menu":         menu,
	"hotlines":     hotlines,
	"practice":     practice,
	"not_urgent":   notUrgent,
	"language_set": languageSet,
	"welcome":      welcome,
}

// menuLabels name the five types on a button, short enough for LINE.
var menuLabels = map[casefile.IncidentType]pair{
	casefile.ThreatAssault: {"ถูกทำร้าย ถูกข่มขู่", "Harmed, threatened"},
	casefile.Confinement:   {"ถูกกักขัง", "Locked in"},
	casefile.SexualRisk:    {"เสี่ยงถูกล่วงละเมิด", "Risk of sexual abuse"},
	casefile.Berserk:       {"คนคลุ้มคลั่ง", "Violent frenzy"},
	casefile.Gathering:     {"มั่วสุม ก่อเหตุร้าย", "Harmful gathering"},
}

func tap(label string, typ casefile.IncidentType, quiet bool) *messaging_api.PostbackAction {
	return &messaging_api.PostbackAction{Label: label, Data: Encode(casefile.Incoming{Word: casefile.Tapped, Type: typ, Quiet: quiet})}
}

// elsewhere are the menu entries that report nothing.
func (p page) elsewhere() []*messaging_api.PostbackAction {
	p.Case = ""
	return []*messaging_api.PostbackAction{
		p.press(p.say("แจ้งเบาะแส (ไม่ด่วน)", "Point something out"), casefile.ActConcern),
		p.press(p.say("งานของฉัน (สมาชิก)", "My tasks (members)"), casefile.ActTasks),
		p.press(p.say("สมัครเป็นสมาชิก", "Become a member"), casefile.ActJoin),
		p.press(p.say("ไม่ด่วน ขอคำปรึกษา", "Not urgent, advice"), casefile.ActNotUrgent),
		p.press(p.say("เบอร์สายด่วน", "Hotlines"), casefile.ActHotlines),
		p.press(p.say("ทดลองใช้", "Practice"), casefile.ActPractice),
		p.press(p.say("English", "ภาษาไทย"), casefile.ActLanguage, func(in *casefile.Incoming) {
			in.Language = casefile.Language(p.say(string(casefile.English), string(casefile.Thai)))
		}),
	}
}

// menu does in a chat what the rich menu does where LINE shows one.
func menu(p page) []messaging_api.MessageInterface {
	if p.neutral {
		return one(p.text(p.say("เลือกได้จากเมนูด้านล่าง", "Please choose from the menu below.")))
	}
	var rows [][]*messaging_api.FlexButton
	for _, typ := range casefile.IncidentTypes {
		rows = append(rows, row(primary(tap(p.pair(menuLabels[typ]), typ, false))))
	}
	rows = append(rows, row(secondary(tap(p.say("ข้อมูล", "Info"), "", true))))
	for _, a := range p.elsewhere() {
		rows = append(rows, row(secondary(a)))
	}
	rows = append(rows, row(secondary(&messaging_api.UriAction{Label: p.say("โทร {POLICE}", "Call {POLICE}"), Uri: p.tel(policy.HotlinePolice)})))
	return one(bubble(p.say("เมนู ESS", "ESS menu"), flex{
		header: []*messaging_api.FlexText{headline(p.say("เกิดอะไรขึ้น", "What is happening?"))},
		lines: []string{
			p.say("กดหนึ่งข้อ แล้วส่งตำแหน่งที่เกิดเหตุ", "Tap one, then send the location."),
			p.say("บนคอมพิวเตอร์ พิมพ์เลข 1–5 ตามลำดับ หรือ “ช่วยด้วย”", "On a computer type 1 to 5 in this order, or “help”."),
		},
		rows: rows,
	}))
}

func hotlines(p page) []messaging_api.MessageInterface {
	if p.neutral {
		return one(p.text(p.say("ดูได้จากเมนูด้านล่าง", "Numbers are in the menu below.")))
	}
	call := func(label string, code policy.HotlineCode) []*messaging_api.FlexButton {
		return row(secondary(&messaging_api.UriAction{Label: label, Uri: p.tel(code)}))
	}
	return one(bubble(p.say("เบอร์สายด่วน", "Hotlines"), flex{
		header: []*messaging_api.FlexText{headline(p.say("เบอร์สายด่วน", "Hotlines"))},
		lines: []string{
			p.say("{POLICE} ตำรวจ เหตุด่วนเหตุร้าย", "{POLICE} Police"),
			p.say("{EMS} แพทย์ฉุกเฉิน", "{EMS} Ambulance"),
			p.say("{MSDHS} ศูนย์ช่วยเหลือสังคม 24 ชั่วโมง", "{MSDHS} Social assistance, day and night"),
		},
		rows: [][]*messaging_api.FlexButton{
			call(p.say("โทร {POLICE}", "Call {POLICE}"), policy.HotlinePolice),
			call(p.say("โทร {EMS}", "Call {EMS}"), policy.HotlineEMS),
			call(p.say("โทร {MSDHS}", "Call {MSDHS}"), policy.HotlineMSDHS),
		},
	}))
}

// practice walks through a report. Nobody is alerted, so curiosity has an outlet.
func practice(p page) []messaging_api.MessageInterface {
	if p.neutral {
		return one(p.text(p.say("ลองใช้ได้จากเมนูด้านล่าง", "You can try it from the menu below.")))
	}
	return one(bubble(p.say("ทดลองใช้ ESS", "ESS practice"), flex{
		header: []*messaging_api.FlexText{headline(p.say("ทดลองใช้ — ไม่มีการแจ้งเจ้าหน้าที่", "Practice — nobody is alerted"))},
		lines: []string{
			p.say("1. กดประเภทเหตุจากเมนู เพียงครั้งเดียว เรื่องถูกบันทึกทันที", "1. Tap one type in the menu. Your report is kept at once."),
			p.say("2. กด “ส่งตำแหน่ง” แล้วเลือกจุดเกิดเหตุ จะเป็นที่อื่นก็ได้", "2. Tap “Send location” and pick the place; it need not be where you are."),
			p.say("3. พิมพ์เบอร์โทรกลับ หรือกด “พิมพ์เท่านั้น ห้ามโทร”", "3. Type a number, or tap “Text only, no calls”."),
			// Only here: a menu that stays in the chat must not explain its silent button.
			p.say("“ข้อมูล” คือการแจ้งแบบเงียบ ไม่มีเสียง ไม่มีคำที่สังเกตได้", "“Info” reports silently: no sound and no telling words."),
			p.say("จากนั้นจะได้รับสองข้อความ: ส่งถึงเจ้าหน้าที่แล้ว และเจ้าหน้าที่รับทราบแล้ว", "Then you get two messages: sent to officers, and officers have it."),
			p.say("กดปุ่มด้านล่างได้ตามสบาย ไม่มีการแจ้งใคร", "Tap the buttons below freely; nobody is alerted."),
		},
		rows: [][]*messaging_api.FlexButton{
			row(secondary(p.withoutCase(p.say("ลองอีกครั้ง", "Practise again"), casefile.ActPractice))),
			row(secondary(p.withoutCase(p.say("กลับไปเมนู", "Back to the menu"), casefile.ActMenu))),
		},
	}))
}

func (p page) withoutCase(label string, action casefile.Action) *messaging_api.PostbackAction {
	p.Case = ""
	return p.press(label, action)
}

func notUrgent(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(
		p.say("รับคำขอแล้ว เลขที่ "+p.Code+"\nเจ้าหน้าที่ {MSDHS} จะติดต่อกลับทางแชตนี้ ถ้าเรื่องด่วนขึ้น กดแจ้งเหตุจากเมนู หรือโทร {MSDHS}",
			"Your request has number "+p.Code+".\nThe {MSDHS} team will answer in this chat. If it becomes urgent, report from the menu or call {MSDHS}."),
		p.say("ได้รับข้อมูลแล้ว เลขที่ "+p.Code, "Received. Number "+p.Code))))
}

func languageSet(p page) []messaging_api.MessageInterface {
	return one(p.text(p.say("ตั้งเป็นภาษาไทยแล้ว", "The language is now English.")))
}

func welcome(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(
		p.say("ESS แจ้งเหตุด่วนทางสังคม: กดประเภทเหตุจากเมนู แล้วส่งตำแหน่ง ไม่ต้องพูด\nแนะนำให้ปักหมุดแชตนี้ไว้บนสุด\nไลน์อาจช้า ถ้าโทรได้ โทร {POLICE} (ตำรวจ) {EMS} (แพทย์ฉุกเฉิน) หรือ {MSDHS} (ศูนย์ช่วยเหลือสังคม)",
			"ESS takes urgent social reports: tap a type in the menu and send the location, without speaking.\nPin this chat to the top.\nLINE may be slow. If you can call: {POLICE} (police), {EMS} (ambulance) or {MSDHS} (social assistance)."),
		p.say("ยินดีต้อนรับ ใช้เมนูด้านล่างได้เลย", "Welcome. Please use the menu below."))))
}
