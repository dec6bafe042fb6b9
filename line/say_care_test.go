package line

import (
	"strings"
	"testing"
	"time"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// careArgs is a card about something that is owed.
func careArgs(k casefile.ObligationKind, code, reason string) activities.Args {
	a := sampleArgs()
	a.Owed = &casefile.Obligation{ID: 4, Kind: k, Code: code, DueAt: time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)}
	a.Reason, a.AgeS = reason, 5*3600
	return a
}

// Every kind of thing that is owed has its words and its buttons, in both languages.
func TestWhatIsOwedHasItsCard(t *testing.T) {
	c := newFakeLINE(t).client(t)
	codes := map[casefile.ObligationKind]string{casefile.OweTask: "SCHOOL_CONTACT", casefile.OweLegal: "DV_RELIEF_COURT", casefile.OweHelp: "DOCUMENTS"}
	var b strings.Builder
	draw := func(name string, lang casefile.Language, a activities.Args) {
		messages, _ := mustRender(t, c, name, lang, a)
		if err := checkMessages(messages); err != nil {
			t.Errorf("%s %s %s: %v", name, lang, a.Reason, err)
		}
		b.WriteString("== " + name + ", " + string(lang) + ", " + string(a.Owed.Kind) + " " + string(a.Owed.State) + " " + a.Reason + "\n")
		for _, m := range messages {
			b.WriteString(sketch(m))
		}
		b.WriteString("\n")
	}
	for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
		for _, k := range casefile.ObligationKinds {
			draw("care_owed", lang, careArgs(k, codes[k], ""))
		}
		draw("care_owed", lang, careArgs(casefile.OweTask, "SUPPLIES", "REMINDER"))
		for _, who := range policy.Calleds {
			draw("care_overdue", lang, careArgs(casefile.OweVisit, "", string(who)))
		}
		for _, s := range casefile.ObligationStates {
			a := careArgs(casefile.OweTask, "SUPPLIES", string(casefile.Settled))
			a.Owed.State = s
			draw("care_news", lang, a)
			a = careArgs(casefile.OweReferral, "", string(casefile.ReferralAnswered))
			a.Owed.State = s
			draw("care_news", lang, a)
		}
		for _, reason := range []string{string(casefile.PlanDecided), string(casefile.HelpAsked), "text", "image", "NOT_KNOWN"} {
			draw("care_news", lang, careArgs(casefile.OweVisit, "", reason))
		}
		for _, action := range careActions {
			draw("care_noted", lang, careArgs(casefile.OweVisit, "", string(action)))
		}
	}
	golden(t, "care_owed.kinds", b.String())
}

// Who may not be called is not called by a volunteer: the first line says so.
func TestSafeContactStandsOnTheCard(t *testing.T) {
	c := newFakeLINE(t).client(t)
	a := careArgs(casefile.OweVisit, "", "")
	a.NoCall, a.Contact = false, &casefile.SafeContact{NoCall: true, NoMessage: true, FromMinute: 540, ToMinute: 900}
	messages, _ := mustRender(t, c, "care_owed", casefile.Thai, a)
	card := sketch(messages[0])
	for _, want := range []string{"ห้ามโทรกลับ", "ติดต่อได้เฉพาะ 09:00–15:00 น.", "ห้ามส่งข้อความ", "30 พ.ย. 2569 10:00 น."} {
		if !strings.Contains(card, want) {
			t.Errorf("the card lacks %q:\n%s", want, card)
		}
	}
	header := messages[0].(*messaging_api.FlexMessage).Contents.(*messaging_api.FlexBubble).Header
	if first := header.Contents[0].(*messaging_api.FlexText).Text; first != "ห้ามโทรกลับ" {
		t.Errorf("first line is %q", first)
	}
}

// A press comes back as what was pressed, about the obligation of its card.
func TestCareButtonsComeBack(t *testing.T) {
	for _, action := range careActions {
		in := casefile.Incoming{Word: casefile.Pressed, Action: action, Case: caseID, Offer: 12, Reason: "NO_CAPACITY"}
		if got := Decode(Encode(in)); got.Action != action || got.Offer != 12 || got.Case != caseID || got.Reason != "NO_CAPACITY" {
			t.Errorf("%s came back as %+v", action, got)
		}
	}
}
