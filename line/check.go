package line

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"
	"github.com/rivo/uniseg"

	"github.com/ess-thailand/ess/casefile"
)

// LINE's limits that its API description does not hold. Text is counted in
// UTF-16 units, everything that LINE draws on a button in grapheme clusters.
const (
	maxMessages     = 5
	maxText         = 5000 // UTF-16 units
	maxAltText      = 1500 // UTF-16 units
	maxQuickReplies = 13
	maxLabel        = 20 // clusters: templates, quick replies, rich menus
	maxFlexLabel    = 40
	maxDisplayText  = 300
	maxURI          = 1000
	maxConfirmText  = 240
	maxButtonsText  = 160 // without title and picture
	maxButtons      = 4
	maxPlace        = 100 // title and address of a location
	maxSenderName   = 20
	maxBubble       = 30 << 10
	maxCarousel     = 50 << 10
	maxBubbles      = 12
	maxBody         = 2 << 20
	maxAreas        = 20
	maxChatBar      = 14
	maxMenuName     = 300
	maxMenuImage    = 1 << 20
)

// uses of an action, because its label has another limit in each.
type use int

const (
	inTemplate use = iota
	inQuickReply
	inFlex
	inMenu
)

// checker collects what is wrong. Its findings name the rule and the place,
// never the text, so they may be logged.
type checker struct{ found []error }

func (c *checker) wrong(format string, args ...any) {
	c.found = append(c.found, fmt.Errorf(format, args...))
}

func (c *checker) units(what, s string, least, most int) {
	if n := len(utf16.Encode([]rune(s))); n < least || n > most {
		c.wrong("%s: %d UTF-16 units, want %d to %d", what, n, least, most)
	}
	c.plain(what, s)
}

func (c *checker) clusters(what, s string, least, most int) {
	if n := uniseg.GraphemeClusterCount(s); n < least || n > most {
		c.wrong("%s: %d clusters, want %d to %d", what, n, least, most)
	}
	c.plain(what, s)
}

func (c *checker) plain(what, s string) {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
		c.wrong("%s: control character or broken UTF-8", what)
	}
}

// checkMessages reports every limit that a send would break.
func checkMessages(messages []messaging_api.MessageInterface) error {
	var c checker
	if len(messages) < 1 || len(messages) > maxMessages {
		c.wrong("%d messages, want 1 to %d", len(messages), maxMessages)
	}
	for i, m := range messages {
		at := fmt.Sprintf("messages[%d]", i)
		if m == nil || reflect.ValueOf(m).Kind() != reflect.Pointer || reflect.ValueOf(m).IsNil() {
			c.wrong("%s: not a pointer to a message", at) // by value it loses its type
			continue
		}
		c.message(at, m)
	}
	if len(c.found) == 0 { // only what is whole can be encoded
		if size := size(messages); size > maxBody {
			c.wrong("body: %d bytes", size)
		}
	}
	return errors.Join(c.found...)
}

func size(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return math.MaxInt
	}
	return len(b)
}

func (c *checker) message(at string, m messaging_api.MessageInterface) {
	switch m := m.(type) {
	case *messaging_api.TextMessage:
		c.units(at+".text", m.Text, 1, maxText)
		c.around(at, m.QuickReply, m.Sender)
	case *messaging_api.LocationMessage:
		c.clusters(at+".title", m.Title, 1, maxPlace)
		c.clusters(at+".address", m.Address, 1, maxPlace)
		if !(m.Latitude >= -90 && m.Latitude <= 90 && m.Longitude >= -180 && m.Longitude <= 180) {
			c.wrong("%s: coordinates out of range", at)
		}
		c.around(at, m.QuickReply, m.Sender)
	case *messaging_api.TemplateMessage:
		c.units(at+".altText", m.AltText, 1, maxAltText)
		c.template(at+".template", m.Template)
		c.around(at, m.QuickReply, m.Sender)
	case *messaging_api.FlexMessage:
		c.units(at+".altText", m.AltText, 1, maxAltText)
		c.flex(at+".contents", m.Contents)
		c.around(at, m.QuickReply, m.Sender)
	default:
		c.wrong("%s: a %T is not among our messages", at, m)
	}
}

// around checks what every message may carry.
func (c *checker) around(at string, q *messaging_api.QuickReply, s *messaging_api.Sender) {
	if s != nil {
		c.clusters(at+".sender.name", s.Name, 1, maxSenderName)
		if strings.Contains(strings.ToUpper(s.Name), "LINE") {
			c.wrong("%s.sender.name: LINE forbids its own name", at)
		}
	}
	if q == nil {
		return
	}
	if len(q.Items) < 1 || len(q.Items) > maxQuickReplies {
		c.wrong("%s: %d quick replies, want 1 to %d", at, len(q.Items), maxQuickReplies)
	}
	for i, item := range q.Items {
		at := fmt.Sprintf("%s.quickReply[%d]", at, i)
		if item.Type != "action" {
			c.wrong("%s: type is not \"action\"", at)
		}
		c.action(at, item.Action, inQuickReply)
	}
}

func (c *checker) template(at string, t messaging_api.TemplateInterface) {
	var actions []messaging_api.ActionInterface
	switch t := t.(type) {
	case *messaging_api.ConfirmTemplate:
		c.clusters(at+".text", t.Text, 1, maxConfirmText)
		if actions = t.Actions; len(actions) != 2 {
			c.wrong("%s: %d actions, want 2", at, len(actions))
		}
	case *messaging_api.ButtonsTemplate:
		c.clusters(at+".text", t.Text, 1, maxButtonsText)
		if actions = t.Actions; len(actions) < 1 || len(actions) > maxButtons {
			c.wrong("%s: %d actions, want 1 to %d", at, len(actions), maxButtons)
		}
	default:
		c.wrong("%s: a %T is not among our templates", at, t)
	}
	for i, a := range actions {
		c.action(fmt.Sprintf("%s.actions[%d]", at, i), a, inTemplate)
	}
}

func (c *checker) action(at string, a messaging_api.ActionInterface, in use) {
	most, least := maxLabel, 1
	if in == inFlex {
		most = maxFlexLabel
	}
	switch a := a.(type) {
	case *messaging_api.PostbackAction:
		c.clusters(at+".label", a.Label, least, most)
		c.postback(at, a.Data)
		if a.Text != "" {
			c.wrong("%s.text: deprecated", at)
		}
		if a.DisplayText != "" {
			c.clusters(at+".displayText", a.DisplayText, 1, maxDisplayText)
		}
		if a.FillInText != "" && a.InputOption != messaging_api.PostbackActionINPUT_OPTION_OPEN_KEYBOARD {
			c.wrong("%s.fillInText: only with openKeyboard", at)
		}
		c.clusters(at+".fillInText", a.FillInText, 0, maxDisplayText)
	case *messaging_api.UriAction:
		c.clusters(at+".label", a.Label, least, most)
		c.uri(at+".uri", a.Uri)
	case *messaging_api.LocationAction:
		c.clusters(at+".label", a.Label, least, most)
		c.only(at, in, inQuickReply)
	case *messaging_api.CameraAction:
		c.clusters(at+".label", a.Label, least, most)
		c.only(at, in, inQuickReply)
	case *messaging_api.RichMenuSwitchAction:
		c.clusters(at+".label", a.Label, least, most)
		c.postback(at, a.Data)
		c.only(at, in, inMenu)
		if !aliasPattern.MatchString(a.RichMenuAliasId) {
			c.wrong("%s: not an alias", at)
		}
	default:
		c.wrong("%s: a %T is not among our actions", at, a)
	}
}

func (c *checker) only(at string, in, want use) {
	if in != want {
		c.wrong("%s: LINE does not allow this action here", at)
	}
}

// postback demands more than LINE: data that our own door would not understand
// is a button that does nothing.
func (c *checker) postback(at, data string) {
	if Decode(data).Word == casefile.Unknown {
		c.wrong("%s.data: not readable by our own door, or over %d", at, maxPostback)
	}
}

func (c *checker) uri(at, uri string) {
	u, err := url.Parse(uri)
	if err != nil || uniseg.GraphemeClusterCount(uri) > maxURI || !slices.Contains([]string{"http", "https", "line", "tel"}, u.Scheme) {
		c.wrong("%s: not a URI that LINE opens", at)
	}
	c.plain(at, uri)
}

func (c *checker) flex(at string, contents messaging_api.FlexContainerInterface) {
	switch f := contents.(type) {
	case *messaging_api.FlexBubble:
		c.bubble(at, f)
	case *messaging_api.FlexCarousel:
		if f == nil || len(f.Contents) < 1 || len(f.Contents) > maxBubbles {
			c.wrong("%s: want 1 to %d bubbles", at, maxBubbles)
			return
		}
		for i := range f.Contents {
			c.bubble(fmt.Sprintf("%s[%d]", at, i), &f.Contents[i])
			if f.Contents[i].Size != f.Contents[0].Size {
				c.wrong("%s: bubbles of different size", at)
			}
		}
		if len(c.found) == 0 && size(f) > maxCarousel {
			c.wrong("%s: over %d bytes", at, maxCarousel)
		}
	default:
		c.wrong("%s: a %T is neither bubble nor carousel", at, contents)
	}
}

func (c *checker) bubble(at string, b *messaging_api.FlexBubble) {
	if b == nil || b.Body == nil {
		c.wrong("%s: a bubble without a body", at)
		return
	}
	if b.Hero != nil {
		c.wrong("%s: our bubbles have no hero", at)
	}
	for i, box := range []*messaging_api.FlexBox{b.Header, b.Body, b.Footer} {
		if box != nil {
			c.box(fmt.Sprintf("%s.block[%d]", at, i), box)
		}
	}
	if len(c.found) == 0 && size(b) > maxBubble {
		c.wrong("%s: over %d bytes", at, maxBubble)
	}
}

// box also holds our own promise of readable cards: text wraps and grows with
// the reader's font size, and a button beside another shares the width.
func (c *checker) box(at string, b *messaging_api.FlexBox) {
	if b.Layout == "" || len(b.Contents) == 0 {
		c.wrong("%s: a box without layout or contents", at)
	}
	beside := b.Layout != messaging_api.FlexBoxLAYOUT_VERTICAL
	for i, part := range b.Contents {
		at := fmt.Sprintf("%s[%d]", at, i)
		switch p := part.(type) {
		case *messaging_api.FlexText:
			c.units(at+".text", p.Text, 1, maxText)
			if !p.Wrap || !p.Scaling || beside && p.Flex == 0 {
				c.wrong("%s: text needs wrap and scaling, and flex beside others", at)
			}
		case *messaging_api.FlexButton:
			if !p.Scaling || beside && p.Flex == 0 {
				c.wrong("%s: a button needs scaling, and flex beside others", at)
			}
			c.action(at+".action", p.Action, inFlex)
		case *messaging_api.FlexBox:
			if beside && p.Flex == 0 {
				c.wrong("%s: a box needs flex beside others", at)
			}
			c.box(at, p)
		case *messaging_api.FlexSeparator:
		default:
			c.wrong("%s: a %T is not among our parts", at, part)
		}
	}
}

// checkMenu reports every limit that a rich menu would break.
func checkMenu(m *messaging_api.RichMenuRequest) error {
	var c checker
	c.clusters("name", m.Name, 1, maxMenuName)
	c.clusters("chatBarText", m.ChatBarText, 1, maxChatBar)
	if m.Size == nil {
		return errors.Join(append(c.found, errors.New("no size"))...)
	}
	w, h := m.Size.Width, m.Size.Height
	if w < 800 || w > 2500 || h < 250 || float64(w)/float64(h) < 1.45 {
		c.wrong("size: %d×%d", w, h)
	}
	if len(m.Areas) < 1 || len(m.Areas) > maxAreas {
		c.wrong("%d areas, want 1 to %d", len(m.Areas), maxAreas)
	}
	for i, area := range m.Areas {
		at := fmt.Sprintf("areas[%d]", i)
		if b := area.Bounds; b == nil || b.X < 0 || b.Y < 0 || b.Width < 1 || b.Height < 1 || b.X+b.Width > w || b.Y+b.Height > h {
			c.wrong("%s: outside the image", at)
		}
		c.action(at, area.Action, inMenu) // with a label: screen readers read it aloud
	}
	return errors.Join(c.found...)
}
