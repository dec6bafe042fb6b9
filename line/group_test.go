package line

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

const groupID = "C0123456789abcdef0123456789abcdef"

func inGroup(kind, source, more string) json.RawMessage {
	return json.RawMessage(`{"type":"` + kind + `","mode":"active","timestamp":1790000000000,"webhookEventId":"01J","replyToken":"token",
		"deliveryContext":{"isRedelivery":false},"source":` + source + more + `}`)
}

// Whatever is said in a group, nothing of it is anybody's report; the only words that do something are those that
// make the group a unit's, and the account's being taken out of it.
func TestAGroupIsHeardForNothingButItself(t *testing.T) {
	source := `{"type":"group","groupId":"` + groupID + `","userId":"` + person + `"}`
	text := func(words string) string { return `,"message":{"id":"1","type":"text","text":"` + words + `"}` }
	tests := []struct {
		name string
		give json.RawMessage
		want *Group
	}{
		{"a cry for help", inGroup("message", source, text("ช่วยด้วย")), nil},
		{"a digit of the menu", inGroup("message", source, text("1")), nil},
		{"a forged incident tap", inGroup("postback", source, `,"postback":{"data":"v1|report|t=1"}`), nil},
		{"the account is invited", inGroup("join", `{"type":"group","groupId":"`+groupID+`"}`, ""), nil},
		{"the words that link it", inGroup("message", source, text(" เชื่อมกลุ่ม ")), &Group{ID: groupID, Act: GroupLinks, By: person, ReplyToken: "token"}},
		{"the words in English", inGroup("message", source, text("Link group")), &Group{ID: groupID, Act: GroupLinks, By: person, ReplyToken: "token"}},
		{"the words, from somebody LINE does not name", inGroup("message", `{"type":"group","groupId":"`+groupID+`"}`, text("เชื่อมกลุ่ม")), nil},
		{"the words in a room", inGroup("message", `{"type":"room","roomId":"R0123456789abcdef0123456789abcdef","userId":"`+person+`"}`, text("เชื่อมกลุ่ม")), nil},
		{"the words in a group that is none", inGroup("message", `{"type":"group","groupId":"../x","userId":"`+person+`"}`, text("เชื่อมกลุ่ม")), nil},
		{"the account is taken out", inGroup("leave", `{"type":"group","groupId":"`+groupID+`"}`, ""), &Group{ID: groupID, Act: GroupLeft}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := Parse(tt.give)
			if a.In.Word != casefile.Unknown || a.UserID != "" || a.ReplyToken != "" || a.In.ReplyToken != "" {
				t.Errorf("taken for a word of a person: %+v", a)
			}
			switch {
			case tt.want == nil && (a.Group != nil || err == nil):
				t.Errorf("understood as %+v, %v", a.Group, err)
			case tt.want != nil && (a.Group == nil || *a.Group != *tt.want || err != nil):
				t.Errorf("understood as %+v, %v; want %+v", a.Group, err, tt.want)
			}
		})
	}
}

// What is said in a group is said to a group only, and nothing else is ever said there.
func TestOnlyTheGroupsOwnWordsGoToAGroup(t *testing.T) {
	f := newFakeLINE(t)
	c := f.client(t)
	info := func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"userId": person, "basicId": "@esshelpme"})
	}
	f.script = append(f.script, info)
	for range 2 { // the account is asked for once
		sent, err := c.Send(t.Context(), activities.Outgoing{To: groupID, Key: "k", Template: "group_new_case", Args: sampleArgs()})
		if err != nil || sent.Outcome != activities.OutcomeAccepted {
			t.Fatalf("sent %+v, %v", sent, err)
		}
	}
	if n := f.count("GET /v2/bot/info"); n != 1 {
		t.Errorf("asked for the account %d times", n)
	}
	push := f.heard[len(f.heard)-1]
	words, _ := json.Marshal(push.body["messages"])
	if want := `[{"text":"เหตุใหม่\nhttps://line.me/R/oaMessage/%40esshelpme/","type":"text"}]`; string(words) != want {
		t.Errorf("the group reads %s, want %s", words, want)
	}
	if first := f.heard[1]; first.key == "" || first.key != push.key || push.body["to"] != groupID {
		t.Error("not the same retry key, or not to the group")
	}
	before := len(f.heard)
	for _, name := range Templates() {
		to := groupID
		if strings.HasPrefix(name, "group_") {
			to = person
		}
		if sent, err := c.Send(t.Context(), activities.Outgoing{To: to, Key: "k", Template: name, Args: sampleArgs()}); err != nil || sent.Outcome != activities.OutcomeRefused {
			t.Errorf("%s went to %s: %+v, %v", name, to[:1], sent, err)
		}
	}
	if len(f.heard) != before {
		t.Error("LINE was asked all the same")
	}
}

func TestManyPeopleGetTheirMenuInFewCalls(t *testing.T) {
	f := newFakeLINE(t)
	c := f.client(t)
	users := make([]string, 501)
	for i := range users {
		users[i] = person
	}
	if err := c.LinkMenus(t.Context(), users, MenuOnDuty, casefile.Thai); err == nil {
		t.Error("linked to a menu that was never set up")
	}
	if _, err := c.SetupMenus(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.LinkMenus(t.Context(), users, MenuOnDuty, casefile.Thai); err != nil {
		t.Fatal(err)
	}
	if n := f.count("POST /v2/bot/richmenu/bulk/link"); n != 2 {
		t.Errorf("%d calls for 501 people", n)
	}
	if got := f.heard[len(f.heard)-1].body; got["richMenuId"] != f.aliases["duty-on-th"] || len(got["userIds"].([]any)) != 1 {
		t.Errorf("the last call was %v", got)
	}
	if err := c.LinkMenus(t.Context(), []string{"../quota"}, MenuOnDuty, casefile.Thai); err == nil {
		t.Error("took what is no user ID")
	}
}

func TestWhoMayBeCalledSeesTheDutySwitch(t *testing.T) {
	for want, m := range map[MenuRole]casefile.Member{
		MenuCitizen: {OnDuty: true}, MenuOffDuty: {Role: casefile.Police}, MenuOnDuty: {Level: casefile.LevelStation, OnDuty: true},
	} {
		if got := MenuOf(m); got != want {
			t.Errorf("%+v sees %s, want %s", m, got, want)
		}
	}
}
