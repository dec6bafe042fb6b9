package lineemu

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAGroupWithTheAccountInIt(t *testing.T) {
	w := start(t, func(o *Options) { o.Quota = 5 })
	desk, officer, stranger := w.friend("เวร"), w.friend("เจ้าหน้าที่"), w.friend("คนอื่น")
	g := w.p.AddGroup("กลุ่มเวร", false, desk, officer)
	said := func(by *Phone, text string) {
		t.Helper()
		if _, err := g.Say(by, text); err != nil {
			t.Fatal(err)
		}
		w.settle()
	}

	said(desk, "ยังไม่มีบัญชีในกลุ่ม")
	want(t, w.call("POST", pushPath, pushTo(g.ID(), "x")), 400, "Failed to send messages")
	if n := len(w.hook.events(t)); n != 0 {
		t.Fatalf("%d events of a group that the account is not in", n)
	}

	g.Invite()
	w.settle()
	said(officer, "สวัสดี")
	events := w.hook.events(t)
	if len(events) != 2 || events[0]["type"] != "join" || events[1]["type"] != "message" {
		t.Fatalf("%v", events)
	}
	for i, by := range []any{nil, officer.ID()} {
		source := events[i]["source"].(map[string]any)
		if source["type"] != "group" || source["groupId"] != g.ID() || source["userId"] != by || events[i]["replyToken"] == nil {
			t.Errorf("event %d: %v", i, events[i])
		}
	}
	if _, err := g.Say(stranger, "x"); err == nil {
		t.Error("somebody who is not in the group spoke in it")
	}

	want(t, w.call("POST", replyPath, replyTo(events[1]["replyToken"], "ตอบ")), 200, "")
	want(t, w.call("POST", replyPath, replyTo(events[1]["replyToken"], "อีก")), 400, "Invalid reply token")
	want(t, w.call("POST", pushPath, pushTo(g.ID(), "เหตุใหม่")), 200, "")
	heard := g.Transcript()
	if last := heard[len(heard)-1]; !last.Incoming || !last.Says("เหตุใหม่") || last.LockScreen != "เหตุใหม่" {
		t.Errorf("%+v", last)
	}
	if n := len(desk.Transcript()); n != 0 {
		t.Error("the group's messages stand in the chat of one person with the account")
	}
	// Two people read a push: it counts twice, a reply never.
	want(t, w.call("POST", pushPath, pushTo(g.ID(), "b")), 200, "")
	want(t, w.call("POST", pushPath, pushTo(g.ID(), "c")), 429, "You have reached your monthly limit.")

	want(t, w.call("POST", "/v2/bot/chat/loading/start", `{"chatId":"`+g.ID()+`"}`), 400, "The request body has 1 error(s)")
	want(t, w.call("POST", "/v2/bot/message/multicast", `{"to":["`+g.ID()+`"],"messages":[{"type":"text","text":"x"}]}`), 400,
		"The property, to[0], in the request body is invalid (line: -, column: -)")

	w.pass(time.Second)
	g.Remove()
	g.Remove() // only once
	w.settle()
	events = w.hook.events(t)
	if last := events[len(events)-1]; len(events) != 3 || last["type"] != "leave" || last["replyToken"] != nil {
		t.Errorf("%v", events)
	}
	want(t, w.call("POST", pushPath, pushTo(g.ID(), "x")), 400, "Failed to send messages")
}

func TestPageShowsAGroup(t *testing.T) {
	w := start(t)
	desk := w.friend("เวร")
	g := w.p.AddGroup("กลุ่มเวร", true, desk)
	at := "/phones/api/phones/" + g.ID()
	for _, act := range []string{`{"act":"invite"}`, `{"act":"say","text":"เชื่อมกลุ่ม","by":"` + desk.ID() + `"}`} {
		if r := w.call("POST", at, act); r.status != http.StatusOK {
			t.Errorf("%s: %+v", act, r)
		}
	}
	for _, act := range []string{`{"act":"say","text":"x","by":"nobody"}`, `{"act":"location"}`} {
		if r := w.call("POST", at, act); r.status != http.StatusConflict {
			t.Errorf("%s: %+v", act, r)
		}
	}
	var s phoneState
	if err := json.Unmarshal([]byte(w.call("GET", at, "").body), &s); err != nil {
		t.Fatal(err)
	}
	if !s.User.Friend || s.Menu != nil || len(s.Members) != 1 || len(s.Items) != 2 || s.Items[1].Sender != "เวร" {
		t.Errorf("%+v", s)
	}
	if r := w.call("GET", "/phones/api/phones?pinned", ""); !strings.Contains(r.body, g.ID()) {
		t.Errorf("%s", r.body)
	}
	g.Remove()
	w.settle()
}
