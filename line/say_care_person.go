package line

import (
	"strconv"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/casefile"
)

// carePersonTemplates are said to the person helped. Somebody else may hold the
// phone: in the neutral tone no word tells that anybody helps.
var carePersonTemplates = map[string]build{
	"care_closed": careClosed,
	"care_rated":  careRated,
}

// careClosed asks how it went once a follow-up has ended, and is the way back.
func careClosed(p page) []messaging_api.MessageInterface {
	var stars []*messaging_api.FlexButton
	for i, code := range casefile.Ratings {
		stars = append(stars, secondary(p.press(strconv.Itoa(i+1), casefile.ActRate, func(in *casefile.Incoming) { in.Option = code })))
	}
	return one(bubble(p.tone(p.say("มีคำถามจาก ESS", "A question from ESS"), p.say("ข้อความใหม่", "New message")), flex{
		header: []*messaging_api.FlexText{headline(p.code())},
		lines: []string{p.tone(
			p.say("การดูแลเสร็จสิ้นแล้ว เป็นอย่างไรบ้าง ให้คะแนน 1 (ไม่ดี) ถึง 5 (ดีมาก)", "The care has ended. How was it, from 1 (poor) to 5 (very good)?"),
			p.say("เป็นอย่างไรบ้าง 1 ถึง 5", "How was it, 1 to 5?"))},
		rows: [][]*messaging_api.FlexButton{
			row(stars...),
			row(secondary(p.press(p.tone(p.say("ยังไม่เรียบร้อย", "Not settled yet"), p.say("ยัง", "Not yet")), casefile.ActNotSolved, because(casefile.ReasonCare)))),
		},
	}))
}

func careRated(p page) []messaging_api.MessageInterface {
	return one(p.text(p.tone(p.say("ขอบคุณสำหรับคะแนน", "Thank you for telling us."), p.say("ขอบคุณ", "Thank you."))))
}

// meeting says what comes next in a follow-up; empty where nothing is planned.
func (p page) meeting() (plain, neutral string) {
	if p.State != casefile.FollowUp || p.Until.IsZero() {
		return "", ""
	}
	day := p.day(p.Until)
	return p.say("\nนัดครั้งถัดไปภายใน "+day, "\nNext contact by "+day+"."), p.say(" ครั้งถัดไปภายใน "+day, " Next by "+day+".")
}
