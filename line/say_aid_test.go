package line

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// What a chat keeps says nothing of whom a request is about, where they live, what was asked for and how much.
func TestNoAidMessageTellsWhoseOrHowMuch(t *testing.T) {
	c := newFakeLINE(t).client(t)
	for name := range templates {
		if !strings.HasPrefix(name, "aid_") {
			continue
		}
		for _, reason := range append([]string{"", "INCOMPLETE", "OVER_LIMIT"}, string(policy.CallOwner), string(policy.CallSupervisor), string(policy.CallProvince), string(policy.CallCentral)) {
			for _, state := range casefile.AidStates {
				for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
					a := sampleArgs()
					a.Reason, a.Aid.State = reason, state
					messages, _ := mustRender(t, c, name, lang, a)
					b, err := json.Marshal(messages)
					if err != nil {
						t.Fatal(err)
					}
					for _, words := range visible(t, b) {
						for _, never := range []string{"บาท", "เงิน", "baht", "พิษณุโลก", "Phitsanulok", "812345678", "16.82", "สงเคราะห์", "/c/"} {
							if strings.Contains(words, never) {
								t.Errorf("%s %s says %q: %s", name, lang, never, words)
							}
						}
					}
				}
			}
		}
	}
}

// A visitor says with one tap that nobody was there; what was found is filled in on the page of the request.
func TestAVisitorsCardHasItsPageAndItsButtons(t *testing.T) {
	c := newFakeLINE(t).client(t)
	a := sampleArgs()
	a.Aid.At = time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)
	for _, name := range []string{"aid_visit", "aid_task_due", "aid_owed"} {
		messages, _ := mustRender(t, c, name, casefile.Thai, a)
		card := sketch(messages[0])
		for _, want := range []string{"30 พ.ย. 2569 10:00 น.", "https://ess.example/smart/requests/" + string(a.Aid.ID), "[ไม่มีคนอยู่] v1|aid_missed|w=NOBODY_HOME|d=" + string(a.Aid.ID), "UNSAFE"} {
			if !strings.Contains(card, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, card)
			}
		}
	}
	a.Aid.State = casefile.AidScreened // nothing was missed that is not planned yet
	messages, _ := mustRender(t, c, "aid_task_due", casefile.Thai, a)
	if card := sketch(messages[0]); strings.Contains(card, "aid_missed") || strings.Contains(card, "/smart/") {
		t.Errorf("the card of another step offers:\n%s", card)
	}
}

// Taking a request back takes two taps, and the second says why.
func TestWithdrawingIsAskedForTwice(t *testing.T) {
	c := newFakeLINE(t).client(t)
	first := buttonsOf(t, c, "aid_returned", sampleArgs())
	if in := first[0]; in.Action != casefile.ActAidWithdraw || in.Reason != "" || in.Aid != sampleArgs().Aid.ID || in.Case != "" {
		t.Errorf("the first tap says %+v", in)
	}
	a := sampleArgs()
	a.Aid, a.Talk = nil, &casefile.TalkAnswer{Aid: sampleArgs().Aid.ID}
	second := buttonsOf(t, c, "aid_why", a)
	if len(second) != len(casefile.AidReasons[casefile.AidTakenBack]) {
		t.Errorf("%d reasons are offered", len(second))
	}
	for i, in := range second {
		if in.Reason != casefile.AidReasons[casefile.AidTakenBack][i] || in.Aid != sampleArgs().Aid.ID || in.Action != casefile.ActAidWithdraw {
			t.Errorf("reason %d says %+v", i, in)
		}
	}
}

// buttonsOf reads what the buttons of a card say when they are pressed.
func buttonsOf(t *testing.T, c *Client, name string, a activities.Args) []casefile.Incoming {
	t.Helper()
	messages, _ := mustRender(t, c, name, casefile.Thai, a)
	var out []casefile.Incoming
	for _, part := range messages[0].(*messaging_api.FlexMessage).Contents.(*messaging_api.FlexBubble).Footer.Contents {
		if b, ok := part.(*messaging_api.FlexButton); ok {
			if post, ok := b.Action.(*messaging_api.PostbackAction); ok {
				out = append(out, Decode(post.Data))
			}
		}
	}
	return out
}
