package line

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"
)

// Group is what happened in a LINE group that is, or becomes, the group of a unit. Nothing that is said in a group ever
// concerns a case: everybody there reads it, and nobody knows who they all are.
type Group struct {
	ID         string // LINE group ID
	Act        GroupAct
	By         string // who asked, a LINE user ID; empty when the account was taken out
	ReplyToken string
}

// GroupAct is what somebody did with a group.
type GroupAct string

const (
	GroupLinks GroupAct = "LINKS" // somebody wrote the words that make it the group of their unit
	GroupLeft  GroupAct = "LEFT"  // the account was taken out of it
)

var groupIDPattern = regexp.MustCompile(`^C[0-9a-f]{32}$`)

// linkWords make a group the group of a unit when its duty desk writes them there.
var linkWords = []string{"เชื่อมกลุ่ม", "link group"}

// group reads an event of a group, or returns nil for what concerns nobody. Rooms are no groups: they have no name, and
// nobody can leave them to others.
func group(raw json.RawMessage, a Arrival) *Group {
	var e struct {
		Type   string `json:"type"`
		Source struct {
			GroupID string `json:"groupId"`
		} `json:"source"`
		Message struct {
			Type string `json:"type"`
			Text string `json:"text"`
		} `json:"message"`
	}
	if json.Unmarshal(raw, &e) != nil || !groupIDPattern.MatchString(e.Source.GroupID) {
		return nil
	}
	g := &Group{ID: e.Source.GroupID}
	switch {
	case e.Type == "leave":
		g.Act = GroupLeft
	case e.Type == "message" && e.Message.Type == "text" && a.UserID != "" && slices.Contains(linkWords, strings.ToLower(clean(e.Message.Text))):
		g.Act, g.By, g.ReplyToken = GroupLinks, a.UserID, a.ReplyToken
	default:
		return nil
	}
	return g
}

// groupTemplates are all that is ever said in a group, and are said nowhere else. They name no place, no type, no
// person and no case: whoever reads along learns nothing.
var groupTemplates = map[string]build{
	"group_linked":   groupLinked,
	"group_new_case": groupNewCase,
}

func groupLinked(p page) []messaging_api.MessageInterface {
	return one(p.text(p.say(
		"เชื่อมกลุ่มนี้กับหน่วยของท่านแล้ว\nเมื่อมีเหตุใหม่ กลุ่มจะเห็นเพียงคำว่า “เหตุใหม่” และลิงก์ เวรกดรับทราบในแชต ESS เท่านั้น",
		"This group now belongs to your unit.\nOf a new case it hears only “new case” and a link. The duty desk acknowledges in the ESS chat, nowhere else.")))
}

func groupNewCase(p page) []messaging_api.MessageInterface {
	return one(p.text(p.say("เหตุใหม่", "New case") + "\n" + p.chat))
}
