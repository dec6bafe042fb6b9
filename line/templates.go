package line

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// template is one thing that ESS says. Reporter templates are written twice:
// in plain words and, for a phone that somebody else may hold, in neutral ones.
type template struct {
	responder bool
	group     bool // said in a LINE group: no card, for a card is one desk's
	build     func(page) []messaging_api.MessageInterface
}

// templates is everything that ESS can say in LINE.
var templates = func() map[string]template {
	all := map[string]template{}
	for name, build := range reporterTemplates {
		all[name] = template{build: build}
	}
	for name, build := range doorTemplates {
		all[name] = template{build: build}
	}
	for name, build := range concernTemplates {
		all[name] = template{build: build}
	}
	for name, build := range carePersonTemplates {
		all[name] = template{build: build}
	}
	for name, build := range aidPersonTemplates {
		all[name] = template{build: build}
	}
	for name, build := range joinTemplates {
		all[name] = template{build: build}
	}
	for _, cards := range []map[string]build{concernCards, taskCards, memberCards, careCards, aidCards} {
		for name, build := range cards {
			all[name] = template{responder: true, build: build}
		}
	}
	for name, build := range responderTemplates {
		all[name] = template{responder: true, build: build}
	}
	for name, build := range groupTemplates {
		all[name] = template{responder: true, group: true, build: build}
	}
	return all
}()

// Templates lists the names of all templates.
func Templates() []string { return slices.Sorted(maps.Keys(templates)) }

// render builds the messages of a template and says whether they make no sound.
func (c *Client) render(m activities.Outgoing) (messages []messaging_api.MessageInterface, silent bool, err error) {
	t, ok := templates[m.Template]
	if !ok {
		return nil, false, errors.New("no such template")
	}
	p := page{Args: m.Args, lang: m.Language, policy: c.cfg.Policy, names: c.cfg.Names, console: c.cfg.ConsoleURL, pages: c.cfg.PublicURL, chat: c.account.link()}
	p.neutral = !t.responder && (m.Args.Quiet || m.Args.Neutral)
	messages = t.build(p)
	if p.neutral {
		for _, message := range messages {
			p.disguise(message)
		}
	}
	return messages, m.Silent || p.neutral, nil
}

// checkTemplates renders every template in both languages and both tones, so
// that a sentence that LINE would refuse stops the start and not an alarm.
func (c *Client) checkTemplates() error {
	sample := activities.Args{
		Case: "00000000-0000-4000-8000-000000000000", Code: "0000-0000", Seq: 1, Type: casefile.ThreatAssault,
		Severity: casefile.Critical, State: casefile.Sent, Role: casefile.Police, Level: casefile.LevelStation,
		Minutes: 10, Metres: 1200, AgeS: 60, Pin: &casefile.Pin{Lat: 16.8, Lon: 100.2}, Phone: "+66812345678",
		Question: &policy.Card{Code: "CODE", Text: policy.Text{Th: "คำถาม", En: "Question"}, Options: []policy.Option{
			{Code: "YES", Text: policy.Text{Th: "ใช่", En: "Yes"}}, {Code: "NO", Text: policy.Text{Th: "ไม่", En: "No"}},
		}},
		Talk: &casefile.TalkAnswer{
			Concern: "00000000-0000-4000-8000-000000000000", About: casefile.AboutSchool, School: true, Danger: true, Tasks: policy.Tasks()[:3], Task: &policy.Tasks()[1],
		},
		Aid:     &activities.AidSaid{ID: "00000000-0000-4000-8000-000000000000", State: casefile.AidVisitSet},
		Waiting: &activities.TapsRung{Taps: 2, People: 1, Longest: []casefile.CaseID{"00000000-0000-4000-8000-000000000000"}},
	}
	var errs []error
	for _, name := range Templates() {
		for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
			for _, neutral := range []bool{false, true} {
				sample.Neutral = neutral
				messages, _, err := c.render(activities.Outgoing{Template: name, Language: lang, Args: sample})
				if err = errors.Join(err, checkMessages(messages)); err != nil {
					errs = append(errs, fmt.Errorf("template %s (%s): %w", name, lang, err))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// page is one message being written: the values, the language and the tone.
type page struct {
	activities.Args
	lang    casefile.Language
	policy  *policy.Policy
	names   func(string, casefile.Language) string
	console string
	pages   string // under which members' own pages are
	chat    string // link that opens the chat with the account
	neutral bool   // words that betray nothing, no sound, no bubble of the reporter's own
}

// say picks the language; Thai unless the reader chose English. {POLICE} and the
// like stand for the numbers of the policy's hotlines.
func (p page) say(th, en string) string {
	words := th
	if p.lang == casefile.English {
		words = en
	}
	if !strings.Contains(words, "{") {
		return words
	}
	for _, code := range policy.HotlineCodes {
		words = strings.ReplaceAll(words, "{"+string(code)+"}", p.policy.Hotlines[code].Number)
	}
	return words
}

// tel calls a hotline.
func (p page) tel(code policy.HotlineCode) string { return "tel:" + p.policy.Hotlines[code].Number }

// tone picks the words: as they are, or neutral.
func (p page) tone(plain, neutral string) string {
	if p.neutral {
		return neutral
	}
	return plain
}

// disguise gives a message a sender's name that says nothing.
func (p page) disguise(m messaging_api.MessageInterface) {
	sender := &messaging_api.Sender{Name: p.say("ข้อมูล", "Info")}
	switch m := m.(type) {
	case *messaging_api.TextMessage:
		m.Sender = sender
	case *messaging_api.LocationMessage:
		m.Sender = sender
	case *messaging_api.TemplateMessage:
		m.Sender = sender
	case *messaging_api.FlexMessage:
		m.Sender = sender
	}
}

// press is a button of this case. In the neutral tone a tap leaves no bubble.
func (p page) press(label string, action casefile.Action, with ...func(*casefile.Incoming)) *messaging_api.PostbackAction {
	in := casefile.Incoming{Word: casefile.Pressed, Action: action, Case: p.Case}
	for _, set := range with {
		set(&in)
	}
	a := &messaging_api.PostbackAction{Label: label, Data: Encode(in)}
	if !p.neutral {
		a.DisplayText = label
	}
	return a
}

func because(reason string) func(*casefile.Incoming) {
	return func(in *casefile.Incoming) { in.Reason = reason }
}

// text is a text message with quick replies below it.
func (p page) text(words string, replies ...messaging_api.ActionInterface) *messaging_api.TextMessage {
	return &messaging_api.TextMessage{Text: words, QuickReply: quick(replies)}
}

func quick(actions []messaging_api.ActionInterface) *messaging_api.QuickReply {
	if len(actions) == 0 {
		return nil
	}
	q := &messaging_api.QuickReply{}
	for _, a := range actions {
		q.Items = append(q.Items, messaging_api.QuickReplyItem{Type: "action", Action: a}) // the SDK leaves Type empty
	}
	return q
}

// area names the district and the province.
func (p page) area() string {
	return or(policy.Area(p.names, p.District, p.Province, p.lang), p.say("ยังไม่ทราบพื้นที่", "area not known"))
}

// unit names the unit: its code looked up, or the name as given.
func (p page) unit() string {
	if p.Unit == "" {
		return ""
	}
	return or(p.names(p.Unit, p.lang), p.Unit)
}

func (p page) minutes() string {
	if p.Minutes <= 0 {
		return ""
	}
	return fmt.Sprintf(p.say("%d นาที", "%d min"), p.Minutes)
}

// distance is rounded to what a straight line can promise.
func (p page) distance() string {
	switch m := (p.Metres + 49) / 50 * 50; {
	case p.Metres <= 0:
		return ""
	case m < 1000:
		return fmt.Sprintf(p.say("ห่างประมาณ %d เมตร", "about %d m away"), m)
	default:
		return fmt.Sprintf(p.say("ห่างประมาณ %.1f กิโลเมตร", "about %.1f km away"), float64(m)/1000)
	}
}

func (p page) age() string {
	switch s := p.AgeS; {
	case s <= 0:
		return ""
	case s < 60:
		return fmt.Sprintf(p.say("แจ้งเมื่อ %d วินาทีก่อน", "reported %d s ago"), s)
	case s < 3600:
		return fmt.Sprintf(p.say("แจ้งเมื่อ %d นาทีก่อน", "reported %d min ago"), s/60)
	default:
		return fmt.Sprintf(p.say("แจ้งเมื่อ %d ชั่วโมงก่อน", "reported %d h ago"), s/3600)
	}
}

// link opens the case in the console, which asks for a login. The code alone tells nothing.
func (p page) link() *messaging_api.UriAction {
	if p.console == "" || p.Code == "" {
		return nil
	}
	to, err := url.JoinPath(p.console, "c", url.PathEscape(p.Code))
	if err != nil {
		return nil // checkConsole has seen the base; a card without a link is still a card
	}
	return &messaging_api.UriAction{Label: p.say("เปิดรายละเอียด", "Open details"), Uri: to}
}
