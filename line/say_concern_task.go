package line

import (
	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/casefile"
)

// taskCards are said to a member who asks what there is to do.
var taskCards = map[string]build{
	"tasks":      tasks,
	"task_ask":   taskAsk,
	"task_pin":   taskPin,
	"task_photo": taskPhoto,
	"task_done":  taskDone,
}

func (p page) inTask(label, task, option string) *messaging_api.PostbackAction {
	p.Case = ""
	return p.press(label, casefile.ActTask, func(in *casefile.Incoming) { in.Reason, in.Option = task, option })
}

// tasks lists what is open.
func tasks(p page) []messaging_api.MessageInterface {
	var rows [][]*messaging_api.FlexButton
	for _, t := range p.talk().Tasks {
		rows = append(rows, row(secondary(p.inTask(p.say(t.Th, t.En), t.Code, ""))))
	}
	line := p.say("กดหนึ่งข้อ ใช้เวลาไม่ถึงหนึ่งนาที", "Tap one. It takes less than a minute.")
	if len(rows) == 0 && len(p.talk().Owed) == 0 {
		line = p.say("ตอนนี้ไม่มีงาน ขอบคุณ", "There is nothing to do now. Thank you.")
	}
	return append(p.card(p.say("งานของฉัน", "My tasks"), []string{line}, rows...), p.owedList()...)
}

func (p page) task() casefile.Task {
	if t := p.talk().Task; t != nil {
		return *t
	}
	return casefile.Task{}
}

func taskAsk(p page) []messaging_api.MessageInterface {
	t := p.task()
	var rows [][]*messaging_api.FlexButton
	for _, o := range t.Options {
		rows = append(rows, row(secondary(p.inTask(p.say(o.Th, o.En), t.Code, o.Code))))
	}
	return p.card(or(p.say(t.Th, t.En), p.say("งานของฉัน", "My tasks")), []string{p.say(t.SayTh, t.SayEn)}, rows...)
}

func taskPin(p page) []messaging_api.MessageInterface {
	t := p.task()
	card := p.card(or(p.say(t.Th, t.En), p.say("งานของฉัน", "My tasks")), []string{or(p.say(t.SayTh, t.SayEn), p.say("ส่งตำแหน่งของสถานที่", "Send the location of the place."))})
	card[0].(*messaging_api.FlexMessage).QuickReply = quick([]messaging_api.ActionInterface{p.sendLocation()})
	return card
}

func taskPhoto(p page) []messaging_api.MessageInterface {
	card := p.card(p.say("ได้ตำแหน่งแล้ว", "The place is known"), []string{p.say("ส่งภาพสถานที่ โดยไม่ให้มีคนในภาพ", "Send a picture of the place with nobody in it.")})
	card[0].(*messaging_api.FlexMessage).QuickReply = quick([]messaging_api.ActionInterface{p.takePhoto(), p.inTask(p.say("ไม่มีรูป", "No picture"), casefile.TalkSkip, "")})
	return card
}

func taskDone(p page) []messaging_api.MessageInterface {
	p.Case = ""
	return p.card(p.say("ขอบคุณ บันทึกแล้ว", "Thank you. It is noted."), []string{p.say("ทุกเรื่องเล็กช่วยให้เด็กปลอดภัยขึ้น", "Every small thing makes children safer.")},
		row(secondary(p.press(p.say("งานของฉัน", "My tasks"), casefile.ActTasks))))
}
