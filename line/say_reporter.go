package line

import (
	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

type build = func(page) []messaging_api.MessageInterface

func one(m messaging_api.MessageInterface) []messaging_api.MessageInterface {
	return []messaging_api.MessageInterface{m}
}

// reporterTemplates are said to whoever reported. In the neutral tone no text,
// alt text or label holds a word that tells what the chat is about.
var reporterTemplates = map[string]build{
	"received":         received,
	"pin_echo":         pinEcho,
	"pin_ask_again":    pinAskAgain,
	"pin_reminder":     pinReminder,
	"acked":            acked,
	"on_scene":         onScene,
	"closing_question": closingQuestion,
	"cancel_noted":     cancelNoted,
	"safe_noted":       safeNoted,
	"status":           status,
	"check_in":         checkIn,
	"cannot_find":      cannotFind,
	"phone_noted":      phoneNoted,
	"no_call_noted":    noCallNoted,
	"added_noted":      addedNoted,
	"pin_moved_noted":  pinMovedNoted,
	"not_solved_noted": notSolvedNoted,
	"late_noted":       lateNoted,
	"desk_asks":        deskAsks,
	"card":             card,
}

// code is the case code as its own words, so that it can be read out.
func (p page) code() string { return p.say("รหัส ", "Code ") + p.Code }

func (p page) sendLocation() messaging_api.ActionInterface {
	return &messaging_api.LocationAction{Label: p.say("ส่งตำแหน่ง", "Send location")}
}

func (p page) takePhoto() messaging_api.ActionInterface {
	return &messaging_api.CameraAction{Label: p.say("ถ่ายรูป", "Take photo")}
}

func (p page) cancel() messaging_api.ActionInterface {
	return p.press(p.say("ยกเลิก", "Cancel"), casefile.ActCancel)
}

func (p page) noCall(th, en string) messaging_api.ActionInterface {
	label := p.tone(p.say(th, en), p.say("พิมพ์เท่านั้น", "Text only"))
	return p.press(label, casefile.ActNoCall)
}

// further are the quick replies while a case runs. They vanish with the next
// message, so every message carries them.
func (p page) further() []messaging_api.ActionInterface {
	return []messaging_api.ActionInterface{
		p.sendLocation(),
		p.takePhoto(),
		p.press(p.tone(p.say("สถานะ", "Status"), p.say("ล่าสุด", "Latest")), casefile.ActStatus),
		p.press(p.tone(p.say("ปลอดภัยแล้ว", "I am safe"), p.say("เรียบร้อยดี", "All fine")), casefile.ActSafe),
		p.cancel(),
	}
}

// running is a sentence of a case that goes on.
func (p page) running(plain, neutral pair) []messaging_api.MessageInterface {
	return one(p.text(p.tone(p.pair(plain), p.pair(neutral)), p.further()...))
}

// received answers the tap. The case exists; only the place is missing.
func received(p page) []messaging_api.MessageInterface {
	words := p.tone(
		p.say("รับเรื่องแล้ว "+p.code()+"\nกด “ส่งตำแหน่ง” ด้านล่าง หรือพิมพ์ที่อยู่ที่เกิดเหตุ\nไลน์อาจช้า ถ้าโทรได้ โทร {POLICE} (ตำรวจ) หรือ {EMS} (แพทย์ฉุกเฉิน)",
			"Received. "+p.code()+"\nTap “Send location” below, or type the address.\nLINE may be slow. If you can call: {POLICE} (police) or {EMS} (ambulance)."),
		p.say("ได้รับข้อมูลแล้ว "+p.code()+"\nส่งตำแหน่งได้ที่ปุ่มด้านล่าง หรือพิมพ์ที่อยู่",
			"Received. "+p.code()+"\nYou can send a location below, or type an address."))
	replies := []messaging_api.ActionInterface{p.sendLocation(), p.takePhoto(), p.cancel()}
	if !p.Quiet { // a quiet reporter is never called
		replies = append(replies, p.noCall("พิมพ์เท่านั้น ห้ามโทร", "Text only, no calls"))
	}
	return one(p.text(words, replies...))
}

// pinEcho is the first of the two messages: the place as we understood it, so
// that a wrong pin is seen by the one who knows better.
func pinEcho(p page) []messaging_api.MessageInterface {
	words := p.tone(
		p.say("ได้รับแจ้งเหตุแล้ว ส่งให้เจ้าหน้าที่ใกล้จุดเกิดเหตุแล้ว "+p.code()+"\nสถานที่: "+p.area()+
			"\nถ้าหมุดไม่ตรง กด “ย้ายหมุด” แล้วส่งใหม่\nพิมพ์เบอร์โทรกลับได้เลย ถ้ารับสายไม่ได้ กด “ห้ามโทรกลับ”",
			"Your report is in and was sent to officers near the place. "+p.code()+"\nPlace: "+p.area()+
				"\nIf the pin is wrong, tap “Move pin” and send it again.\nType a number we can call. If you cannot answer, tap “Do not call back”."),
		p.say("ได้รับข้อมูลแล้ว "+p.code()+"\n"+p.area()+"\nถ้าไม่ตรง กด “ย้ายหมุด”",
			"Received. "+p.code()+"\n"+p.area()+"\nIf it is wrong, tap “Move pin”."))
	replies := []messaging_api.ActionInterface{&messaging_api.LocationAction{Label: p.say("ย้ายหมุด", "Move pin")}}
	if !p.Quiet {
		replies = append(replies, p.noCall("ห้ามโทรกลับ", "Do not call back"))
	}
	replies = append(replies, p.cancel(), p.takePhoto())
	if p.Pin == nil {
		return one(p.text(words, replies...))
	}
	place := &messaging_api.LocationMessage{
		Title:     p.say("ตำแหน่งที่ได้รับ", "Location received"),
		Address:   p.area(),
		Latitude:  p.Pin.Lat,
		Longitude: p.Pin.Lon,
	}
	if asked := p.asked(replies); asked != nil { // quick replies show under the last message only
		return []messaging_api.MessageInterface{p.text(words), place, asked}
	}
	place.QuickReply = quick(replies)
	return []messaging_api.MessageInterface{p.text(words), place}
}

// asked is a question card, nil for none. Nobody needs to answer it, and in the
// neutral tone nothing is asked.
func (p page) asked(replies []messaging_api.ActionInterface) *messaging_api.TemplateMessage {
	if p.Question == nil || p.neutral {
		return nil
	}
	in := func(t policy.Text) string { return p.say(t.Th, t.En) }
	buttons := &messaging_api.ButtonsTemplate{Text: in(p.Question.Text)}
	for _, o := range p.Question.Options {
		buttons.Actions = append(buttons.Actions, p.press(in(o.Text), casefile.ActCard, func(i *casefile.Incoming) {
			i.Reason, i.Option = p.Question.Code, o.Code
		}))
	}
	return &messaging_api.TemplateMessage{AltText: p.say("มีคำถามจาก ESS", "A question from ESS"), Template: buttons, QuickReply: quick(replies)}
}

// card answers an answer with the next question.
func card(p page) []messaging_api.MessageInterface {
	if asked := p.asked(p.further()); asked != nil {
		return one(asked)
	}
	return addedNoted(p)
}

func pinAskAgain(p page) []messaging_api.MessageInterface {
	return p.running(
		pair{"ตำแหน่งที่ส่งมายังใช้ไม่ได้ กรุณากด “ส่งตำแหน่ง” อีกครั้ง หรือพิมพ์ที่อยู่ เจ้าหน้าที่กำลังดูเรื่องนี้", "That location cannot be used. Please tap “Send location” again, or type the address. An officer is looking at your report."},
		pair{"ตำแหน่งไม่ชัด ส่งอีกครั้งได้ หรือพิมพ์ที่อยู่", "The location is unclear. You can send it again, or type an address."})
}

func pinReminder(p page) []messaging_api.MessageInterface {
	return p.running(
		pair{"ยังไม่ได้รับตำแหน่ง กรุณากด “ส่งตำแหน่ง” หรือพิมพ์ที่อยู่ ถ้าโทรได้ โทร {POLICE}", "We have no location yet. Please tap “Send location”, or type the address. If you can call: {POLICE}."},
		pair{"ส่งตำแหน่งหรือพิมพ์ที่อยู่ได้ทุกเมื่อ", "You can send a location or type an address at any time."})
}

// acked is the second of the two messages.
func acked(p page) []messaging_api.MessageInterface {
	if n := p.minutes(); n != "" {
		return p.running(
			pair{"เจ้าหน้าที่รับทราบแล้ว คาดว่าถึงใน " + n, "Officers have it. Expected in " + n + "."},
			pair{"รับทราบแล้ว ประมาณ " + n, "Noted. About " + n + "."})
	}
	return p.running(pair{"เจ้าหน้าที่รับทราบแล้ว", "Officers have it."}, noted)
}

func onScene(p page) []messaging_api.MessageInterface {
	return p.running(pair{"เจ้าหน้าที่ถึงที่เกิดเหตุแล้ว", "Officers are at the scene."}, pair{"ถึงแล้ว", "Arrived."})
}

// yesNo is a question with two buttons that work on a computer too.
func (p page) yesNo(question string, yes, no *messaging_api.PostbackAction) []messaging_api.MessageInterface {
	return one(&messaging_api.TemplateMessage{
		AltText:  p.tone(p.say("มีคำถามจาก ESS", "A question from ESS"), p.say("ข้อความใหม่", "New message")),
		Template: &messaging_api.ConfirmTemplate{Text: question, Actions: []messaging_api.ActionInterface{yes, no}},
	})
}

func closingQuestion(p page) []messaging_api.MessageInterface {
	return p.yesNo(
		p.tone(p.say("เรื่อง "+p.code()+" ยุติแล้ว ปัญหาแก้ไขได้จริงหรือไม่", p.code()+" has ended. Is it really solved?"),
			p.say(p.code()+" เรียบร้อยดีไหม", p.code()+": all fine?")),
		p.press(p.tone(p.say("แก้ไขแล้ว", "Solved"), p.say("เรียบร้อย", "Fine")), casefile.ActSolved),
		p.press(p.tone(p.say("ยังไม่จบ", "Not solved"), p.say("ยัง", "Not yet")), casefile.ActNotSolved))
}

// cancelNoted is the same for a cancel of one's own will and a forced one: it
// depends on nothing but language, tone and code.
func cancelNoted(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(
		p.say("รับทราบคำขอยกเลิกแล้ว ", "Your request to cancel is noted. "), p.say("รับทราบแล้ว ", "Noted. ")) + p.code()))
}

func safeNoted(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(
		p.say("รับทราบว่าปลอดภัยแล้ว ", "Noted that you are safe. "), p.say("รับทราบแล้ว ", "Noted. ")) + p.code()))
}

func status(p page) []messaging_api.MessageInterface {
	words, ok := stateWords[p.State]
	if !ok {
		words = sentWords
	}
	plain, neutral := p.pair(words[0]), p.pair(words[1])
	if n := p.minutes(); n != "" && words == ackedWords {
		plain += p.say(" คาดว่าถึงใน "+n, " Expected in "+n+".")
		neutral += p.say(" ประมาณ "+n, " About "+n+".")
	}
	next, then := p.meeting()
	plain, neutral = plain+next, neutral+then
	words[0] = pair{p.code() + "\n" + plain, p.code() + "\n" + plain}
	words[1] = pair{p.code() + "\n" + neutral, p.code() + "\n" + neutral}
	if p.State.Ended() {
		return one(p.text(p.tone(p.pair(words[0]), p.pair(words[1]))))
	}
	return p.running(words[0], words[1])
}

func checkIn(p page) []messaging_api.MessageInterface {
	return p.yesNo(
		p.tone(p.say("ตอนนี้ยังมีอันตรายอยู่หรือไม่", "Is there still danger now?"), p.say("ยังเหมือนเดิมไหม", "Still the same?")),
		p.press(p.tone(p.say("ยังมีอันตราย", "Still danger"), p.say("เหมือนเดิม", "Same")), casefile.ActCheckYes),
		p.press(p.tone(p.say("ไม่มีแล้ว", "No more"), p.say("ดีขึ้น", "Better")), casefile.ActCheckNo))
}

func cannotFind(p page) []messaging_api.MessageInterface {
	return p.running(
		pair{"เจ้าหน้าที่ถึงบริเวณแล้วแต่ยังหาไม่พบ กรุณาส่งตำแหน่งอีกครั้ง หรือพิมพ์จุดสังเกต", "Officers are nearby but cannot find you. Please send the location again, or type a landmark."},
		pair{"ส่งตำแหน่งอีกครั้ง หรือพิมพ์จุดสังเกตได้", "You can send the location again, or type a landmark."})
}

func phoneNoted(p page) []messaging_api.MessageInterface {
	return p.running(pair{"บันทึกเบอร์โทรกลับแล้ว", "Your call-back number is saved."}, gotIt)
}

func noCallNoted(p page) []messaging_api.MessageInterface {
	return p.running(
		pair{"รับทราบ จะไม่โทรกลับ พิมพ์ในแชตนี้ได้ตลอด", "Noted: nobody will call you. You can type here at any time."},
		pair{"รับทราบแล้ว พิมพ์ได้ตลอด", "Noted. You can type at any time."})
}

func addedNoted(p page) []messaging_api.MessageInterface {
	return p.running(pair{"ได้รับข้อมูลเพิ่มแล้ว ส่งต่อให้เจ้าหน้าที่แล้ว", "Received and passed on to the officers."}, gotIt)
}

func pinMovedNoted(p page) []messaging_api.MessageInterface {
	return p.running(
		pair{"ย้ายหมุดแล้ว แจ้งเจ้าหน้าที่แล้ว\nสถานที่: " + p.area(), "The pin is moved and the officers know.\nPlace: " + p.area()},
		pair{"ได้รับข้อมูลแล้ว\n" + p.area(), "Received.\n" + p.area()})
}

func notSolvedNoted(p page) []messaging_api.MessageInterface {
	return p.running(
		pair{"รับทราบว่ายังไม่จบ เปิดเรื่องอีกครั้งแล้ว", "Noted that it is not solved. The case is open again."}, noted)
}

func lateNoted(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(
		p.say("เรื่องนี้ยุติแล้ว แต่บันทึกข้อความไว้ให้แล้ว ถ้ามีเหตุใหม่ กดแจ้งจากเมนู", "This case has ended; your message is kept with it. If something new happens, report it from the menu."),
		p.say("ได้รับข้อมูลแล้ว ถ้ามีเรื่องใหม่ กดจากเมนู", "Received. For anything new, use the menu."))))
}

func deskAsks(p page) []messaging_api.MessageInterface {
	words, ok := questionWords[p.Reason]
	if !ok {
		words = anyQuestion
	}
	return p.running(words[0], words[1])
}
