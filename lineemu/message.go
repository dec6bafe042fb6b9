package lineemu

import (
	"encoding/json"
	"strings"
)

// message is a message object as sent to us, and what a person makes of it.
type message struct {
	Type         string
	raw          json.RawMessage
	body         object
	contentsSize int // bytes of a Flex container
}

func parseMessage(raw json.RawMessage) (message, bool) {
	m := message{raw: raw}
	if json.Unmarshal(raw, &m.body) != nil || m.body == nil {
		return m, false
	}
	m.Type, _ = m.body["type"].(string)
	if m.Type == "flex" {
		var part struct{ Contents json.RawMessage }
		_ = json.Unmarshal(raw, &part) // it was an object a moment ago
		m.contentsSize = len(part.Contents)
	}
	return m, true
}

// Action is what a button, a quick reply or a menu area does when tapped.
type Action struct {
	Type            string `json:"type"`
	Label           string `json:"label,omitempty"`
	Data            string `json:"data,omitempty"`
	DisplayText     string `json:"displayText,omitempty"`
	Text            string `json:"text,omitempty"`
	URI             string `json:"uri,omitempty"`
	InputOption     string `json:"inputOption,omitempty"`
	FillInText      string `json:"fillInText,omitempty"`
	RichMenuAliasID string `json:"richMenuAliasId,omitempty"`
	ClipboardText   string `json:"clipboardText,omitempty"`
	Mode            string `json:"mode,omitempty"`
	Initial         string `json:"initial,omitempty"`
}

// Button is something a person can tap, under the words that stand on it.
type Button struct {
	Label  string `json:"label"`
	Action Action `json:"action"`
}

func parseAction(v any) (Action, bool) {
	o, ok := v.(object)
	if !ok {
		return Action{}, false
	}
	text := func(name string) string { s, _ := o[name].(string); return s }
	return Action{
		Type: text("type"), Label: text("label"), Data: text("data"), DisplayText: text("displayText"),
		Text: text("text"), URI: text("uri"), InputOption: text("inputOption"), FillInText: text("fillInText"),
		RichMenuAliasID: text("richMenuAliasId"), ClipboardText: text("clipboardText"),
		Mode: text("mode"), Initial: text("initial"),
	}, true
}

// sight is what a person sees of a message.
type sight struct {
	texts   []string
	buttons []Button
}

func (s *sight) say(texts ...string) {
	for _, t := range texts {
		if t != "" {
			s.texts = append(s.texts, t)
		}
	}
}

// button adds what can be tapped and returns the words on it.
func (s *sight) button(v any, words string) string {
	a, ok := parseAction(v)
	if !ok {
		return ""
	}
	label := a.Label
	if words != "" {
		label = words // a tappable box: its text stands on the screen, the label does not
	}
	s.buttons = append(s.buttons, Button{Label: label, Action: a})
	return label
}

// look walks a message in reading order.
func (m message) look() sight {
	var s sight
	str := func(o object, name string) string { t, _ := o[name].(string); return t }
	switch m.Type {
	case "text", "textV2":
		s.say(str(m.body, "text"))
	case "location":
		s.say(str(m.body, "title"), str(m.body, "address"))
	case "template":
		t, _ := m.body["template"].(object)
		s.template(t)
		columns, _ := t["columns"].([]any)
		for _, c := range columns {
			column, _ := c.(object)
			s.template(column)
		}
	case "flex":
		container, _ := m.body["contents"].(object)
		bubbles, _ := container["contents"].([]any)
		if container["type"] == "bubble" {
			bubbles = []any{container}
		}
		for _, b := range bubbles {
			bubble, _ := b.(object)
			var inside sight
			for _, block := range []string{"header", "hero", "body", "footer"} {
				inside.flex(bubble[block])
			}
			s.texts = append(s.texts, inside.texts...)
			s.buttons = append(s.buttons, inside.buttons...)
			s.button(bubble["action"], strings.Join(inside.texts, " "))
		}
	}
	return s
}

func (s *sight) template(t object) {
	for _, name := range []string{"title", "text"} {
		text, _ := t[name].(string)
		s.say(text)
	}
	actions, _ := t["actions"].([]any)
	if a, there := t["action"]; there { // column of an image carousel
		actions = append(actions, a)
	}
	for _, a := range actions {
		s.say(s.button(a, ""))
	}
}

func (s *sight) flex(v any) {
	o, ok := v.(object)
	if !ok {
		return
	}
	contents, _ := o["contents"].([]any)
	switch o["type"] {
	case "box":
		var inside sight
		for _, c := range contents {
			inside.flex(c)
		}
		s.texts = append(s.texts, inside.texts...)
		s.buttons = append(s.buttons, inside.buttons...)
		s.button(o["action"], strings.Join(inside.texts, " "))
	case "text":
		text, _ := o["text"].(string)
		if len(contents) > 0 {
			text = ""
			for _, c := range contents {
				span, _ := c.(object)
				part, _ := span["text"].(string)
				text += part
			}
		}
		s.say(text)
		s.button(o["action"], text)
	case "button":
		s.say(s.button(o["action"], ""))
	case "image":
		s.button(o["action"], "")
	}
}

// quickReplies are the buttons under the message while it is the last one.
func (m message) quickReplies() []Button {
	q, _ := m.body["quickReply"].(object)
	items, _ := q["items"].([]any)
	var s sight
	for _, v := range items {
		item, _ := v.(object)
		s.button(item["action"], "")
	}
	return s.buttons
}

// sender is the name above the bubble, when the message brings its own.
func (m message) sender() string {
	o, _ := m.body["sender"].(object)
	name, _ := o["name"].(string)
	return name
}

// preview is the line that lock screen and chat list show.
func (m message) preview(language string) string {
	if alt, ok := m.body["altText"].(string); ok {
		return alt
	}
	if text, ok := m.body["text"].(string); ok {
		return text
	}
	words, ok := previews[m.Type]
	if !ok {
		return ""
	}
	if language == "en" {
		return words[1]
	}
	return words[0]
}

var previews = map[string][2]string{
	"location": {"ส่งตำแหน่งที่ตั้ง", "sent a location"},
	"image":    {"ส่งรูป", "sent a photo"},
	"video":    {"ส่งวิดีโอ", "sent a video"},
	"audio":    {"ส่งข้อความเสียง", "sent a voice message"},
	"sticker":  {"ส่งสติกเกอร์", "sent a sticker"},
}
