package line

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew")

var weapon = policy.Default().Cards["WEAPON"]

func sampleArgs() activities.Args {
	return activities.Args{
		Case: caseID, Code: "6F3A-2D90", Seq: 7, Type: casefile.ThreatAssault, Severity: casefile.Critical, State: casefile.EnRoute,
		Role: casefile.Police, Level: casefile.LevelStation, Minutes: 10, Metres: 1180, AgeS: 42, Province: "65", District: "6501",
		Pin:   &casefile.Pin{Lat: 16.821123, Lon: 100.265849, FixedAt: time.Unix(1790000000, 0).UTC(), Source: casefile.PinLINE},
		Phone: "+66812345678", Unit: "PPS", Lead: activities.LeadOnScene, Question: &weapon, Until: time.Unix(1790000000, 0).UTC(),
		Waiting: &activities.TapsRung{Taps: 7, People: 6, Longest: []casefile.CaseID{caseID, "a0000000-0000-4000-8000-000000000002", "a0000000-0000-4000-8000-000000000003", "a0000000-0000-4000-8000-000000000004", "a0000000-0000-4000-8000-000000000005"}},
		Roster:  &activities.RosterGaps{People: 3, Ladders: 2},
		Owed:    &casefile.Obligation{ID: 4, Kind: casefile.OweVisit, Code: "HOME_VISIT", DueAt: time.Unix(1790000000, 0).UTC()},
		Aid:     &activities.AidSaid{ID: "d0000000-0000-4000-8000-000000000001", State: casefile.AidVisitSet, At: time.Unix(1790000000, 0).UTC()},
		Contact: &casefile.SafeContact{FromMinute: 9 * 60, ToMinute: 15*60 + 30, Days: []int{1, 3}},
		Talk: &casefile.TalkAnswer{
			Concern: "c0000000-0000-4000-8000-000000000001", About: casefile.AboutSchool, School: true, Danger: true, Tasks: policy.Tasks()[:3], Task: &policy.Tasks()[1],
			Owed: []casefile.OwedCard{{Case: caseID, Obligation: casefile.Obligation{ID: 9, Kind: casefile.OweTask, Code: "SUPPLIES", DueAt: time.Unix(1790000000, 0).UTC()}}},
		},
	}
}

// variants are the tones in which a template is kept in its golden file.
func variants(name string) []variant {
	if templates[name].responder {
		return []variant{
			{"plain", func(*activities.Args) {}},
			{"no call, child", func(a *activities.Args) { a.NoCall, a.Child = true, true }},
		}
	}
	return []variant{
		{"plain", func(*activities.Args) {}},
		{"neutral", func(a *activities.Args) { a.Neutral = true }},
		{"quiet", func(a *activities.Args) { a.Quiet = true }},
	}
}

type variant struct {
	name string
	set  func(*activities.Args)
}

func mustRender(t *testing.T, c *Client, name string, lang casefile.Language, a activities.Args) ([]messaging_api.MessageInterface, bool) {
	t.Helper()
	messages, silent, err := c.render(activities.Outgoing{Template: name, Language: lang, Args: a})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return messages, silent
}

// Every word that ESS says is in a golden file, in both languages and all tones,
// so that a change of words is seen by whoever reads the change.
func TestTemplatesSayWhatTheGoldenFilesSay(t *testing.T) {
	c := newFakeLINE(t).client(t)
	for _, name := range Templates() {
		var b strings.Builder
		for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
			for _, v := range variants(name) {
				a := sampleArgs()
				v.set(&a)
				messages, silent := mustRender(t, c, name, lang, a)
				if err := checkMessages(messages); err != nil {
					t.Errorf("%s %s %s: %v", name, lang, v.name, err)
				}
				fmt.Fprintf(&b, "== %s, %s\n", lang, v.name)
				if silent {
					b.WriteString("(no sound)\n")
				}
				for _, m := range messages {
					b.WriteString(sketch(m))
				}
				b.WriteString("\n")
			}
		}
		golden(t, name, b.String())
	}
}

// The exact JSON of one message of each kind: what the SDK leaves out or adds shows here.
func TestTemplatesOnTheWire(t *testing.T) {
	c := newFakeLINE(t).client(t)
	for _, name := range []string{"received", "pin_echo", "closing_question", "offer"} {
		messages, _ := mustRender(t, c, name, casefile.Thai, sampleArgs())
		b, err := json.MarshalIndent(messages, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".wire", string(b)+"\n")
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s changed; read it, then go test ./line -update\ngot:\n%s", file, got)
	}
}

// A golden file without a template would be words that nobody says.
func TestEveryGoldenFileHasATemplate(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, f := range files {
		name, _, _ := strings.Cut(filepath.Base(f), ".")
		if !slices.Contains(Templates(), name) {
			t.Errorf("%s: no such template", f)
		}
	}
}

// sketch is what a person sees, and what each button does.
func sketch(m messaging_api.MessageInterface) string {
	var b strings.Builder
	var q *messaging_api.QuickReply
	var from *messaging_api.Sender
	switch m := m.(type) {
	case *messaging_api.TextMessage:
		b.WriteString(m.Text + "\n")
		q, from = m.QuickReply, m.Sender
	case *messaging_api.LocationMessage:
		fmt.Fprintf(&b, "<map> %s | %s | %.6f,%.6f\n", m.Title, m.Address, m.Latitude, m.Longitude)
		q, from = m.QuickReply, m.Sender
	case *messaging_api.TemplateMessage:
		text, actions := "", []messaging_api.ActionInterface(nil)
		switch t := m.Template.(type) {
		case *messaging_api.ConfirmTemplate:
			text, actions = t.Text, t.Actions
		case *messaging_api.ButtonsTemplate:
			text, actions = t.Text, t.Actions
		}
		fmt.Fprintf(&b, "<alt> %s\n%s\n", m.AltText, text)
		for _, a := range actions {
			b.WriteString(sketchAction(a))
		}
		q, from = m.QuickReply, m.Sender
	case *messaging_api.FlexMessage:
		bubble := m.Contents.(*messaging_api.FlexBubble)
		fmt.Fprintf(&b, "<alt> %s\n", m.AltText)
		for _, box := range []*messaging_api.FlexBox{bubble.Header, bubble.Body, bubble.Footer} {
			if box != nil {
				b.WriteString("---\n" + sketchBox(box))
			}
		}
		q, from = m.QuickReply, m.Sender
	}
	if q != nil {
		for _, item := range q.Items {
			b.WriteString("quick " + sketchAction(item.Action))
		}
	}
	if from != nil {
		b.WriteString("from " + from.Name + "\n")
	}
	return b.String()
}

func sketchBox(box *messaging_api.FlexBox) string {
	var b strings.Builder
	for _, part := range box.Contents {
		switch p := part.(type) {
		case *messaging_api.FlexText:
			b.WriteString(p.Text + "\n")
		case *messaging_api.FlexButton:
			b.WriteString(sketchAction(p.Action))
		case *messaging_api.FlexBox:
			b.WriteString(sketchBox(p))
		}
	}
	return b.String()
}

func sketchAction(a messaging_api.ActionInterface) string {
	switch a := a.(type) {
	case *messaging_api.PostbackAction:
		shown := ""
		if a.DisplayText != "" {
			shown = " (shown)"
		}
		return fmt.Sprintf("[%s] %s%s\n", a.Label, a.Data, shown)
	case *messaging_api.UriAction:
		return fmt.Sprintf("[%s] %s\n", a.Label, a.Uri)
	case *messaging_api.LocationAction:
		return fmt.Sprintf("[%s] location\n", a.Label)
	case *messaging_api.CameraAction:
		return fmt.Sprintf("[%s] camera\n", a.Label)
	default:
		return fmt.Sprintf("[?] %T\n", a)
	}
}

// everyArgs are values at their ends: nothing, everything, and far too much.
func everyArgs() []activities.Args {
	full := sampleArgs()
	huge := sampleArgs()
	huge.Minutes, huge.Metres, huge.AgeS, huge.Seq = 600, 40_000_000, 1<<31-1, 1_000_000
	huge.Province, huge.District, huge.Unit = strings.Repeat("ที่", 40), strings.Repeat("กั้", 40), strings.Repeat("น้ำ", 60)
	huge.Reason, huge.State, huge.Type = "NO_SUCH_REASON", "NO_SUCH_STATE", "NO_SUCH_TYPE"
	all := []activities.Args{{}, {Code: "6F3A-2D90", Case: caseID}, full, huge}
	leads := full
	leads.Lead = activities.LeadYou
	all = append(all, leads)
	for _, s := range casefile.States {
		a := full
		a.State = s
		all = append(all, a)
	}
	for _, typ := range casefile.IncidentTypes {
		a := full
		a.Type, a.Guessed, a.NoCall, a.Child = typ, true, true, true
		all = append(all, a)
	}
	for _, q := range append(Questions(), "DUTY_ON", "crew_complete", "text", "phone") {
		a := full
		a.Reason = q
		all = append(all, a)
	}
	for reason := range deskWords {
		a := full
		a.Reason = string(reason)
		all = append(all, a)
	}
	return all
}

// Whatever the values, no template ever makes a message that LINE would refuse.
func TestTemplatesKeepLINEsLimitsForAllValues(t *testing.T) {
	c := newFakeLINE(t).client(t)
	for _, name := range Templates() {
		for i, a := range everyArgs() {
			for _, lang := range []casefile.Language{"", casefile.Thai, casefile.English} {
				for _, v := range variants(name) {
					a := a
					v.set(&a)
					messages, _ := mustRender(t, c, name, lang, a)
					if err := checkMessages(messages); err != nil {
						t.Errorf("%s, %s, %s, values %d: %v", name, lang, v.name, i, err)
					}
				}
			}
		}
	}
}

// banned are words that tell a person who looks over the shoulder what this is.
var banned = []string{
	"เหตุ", "ฉุกเฉิน", "ตำรวจ", "แจ้ง", "ช่วย", "เจ้าหน้าที่", "อันตราย", "ปลอดภัย", "ทำร้าย", "กักขัง", "ล่วงละเมิด", "พม.", "191", "1669", "1300", "โทร",
	"emergency", "police", "help", "officer", "danger", "safe", "report", "rescue", "incident", "call", "scene", "abuse", "case",
}

// Nothing that a quiet or neutral reporter gets betrays what the chat is about:
// no word, no sound, no bubble of their own.
func TestQuietMessagesBetrayNothing(t *testing.T) {
	c := newFakeLINE(t).client(t)
	for _, name := range Templates() {
		if templates[name].responder {
			continue
		}
		for _, base := range everyArgs() {
			if base.State == "NO_SUCH_STATE" {
				base.Unit = "" // its names are made of nonsense
			}
			for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
				for _, v := range variants(name)[1:] {
					a := base
					v.set(&a)
					messages, silent := mustRender(t, c, name, lang, a)
					if !silent {
						t.Errorf("%s %s %s: makes a sound", name, lang, v.name)
					}
					for _, m := range messages {
						b, err := json.Marshal(m)
						if err != nil {
							t.Fatal(err)
						}
						for _, words := range visible(t, b) {
							for _, word := range banned {
								if strings.Contains(strings.ToLower(words), word) || strings.Contains(words, "ESS") {
									t.Errorf("%s %s %s: %q holds %q", name, lang, v.name, words, word)
								}
							}
						}
						if strings.Contains(string(b), `"displayText"`) {
							t.Errorf("%s %s %s: a tap would leave a bubble", name, lang, v.name)
						}
						if !strings.Contains(string(b), `"sender"`) {
							t.Errorf("%s %s %s: no neutral sender", name, lang, v.name)
						}
					}
				}
			}
		}
	}
}

// visible lists every string of a message that a person could see.
func visible(t *testing.T, raw []byte) []string {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	var found []string
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				walk(k, x)
			}
		case []any:
			for _, x := range v {
				walk(key, x)
			}
		case string:
			if key != "data" && key != "type" { // never shown
				found = append(found, v)
			}
		}
	}
	walk("", v)
	return found
}

// A lock screen shows a responder the code and nothing else.
func TestResponderLockScreenShowsOnlyTheCode(t *testing.T) {
	c := newFakeLINE(t).client(t)
	want := map[casefile.Language]string{casefile.Thai: "ESS รหัส 6F3A-2D90", casefile.English: "ESS code 6F3A-2D90"}
	for _, name := range Templates() {
		if !templates[name].responder || templates[name].group {
			continue
		}
		for lang, alt := range want {
			messages, _ := mustRender(t, c, name, lang, sampleArgs())
			for _, m := range messages {
				f, ok := m.(*messaging_api.FlexMessage)
				if ok && name == "desk_taps" && f.AltText == "ESS" { // of many cases: no code at all
					continue
				}
				if !ok || f.AltText != alt {
					t.Errorf("%s %s: lock screen shows %+v", name, lang, m)
				}
			}
		}
	}
}

// "Do not call back" is the first line of every responder's card, and then no
// card offers to call.
func TestNoCallIsTheFirstLineOfEveryCard(t *testing.T) {
	c := newFakeLINE(t).client(t)
	for _, set := range []func(*activities.Args){
		func(a *activities.Args) { a.NoCall = true },
		func(a *activities.Args) { a.Quiet = true },
	} {
		for _, name := range Templates() {
			if !templates[name].responder || templates[name].group || name == "desk_taps" { // about many cases, none of which may be called from it
				continue
			}
			a := sampleArgs()
			set(&a)
			messages, _ := mustRender(t, c, name, casefile.Thai, a)
			header := messages[0].(*messaging_api.FlexMessage).Contents.(*messaging_api.FlexBubble).Header
			if first := header.Contents[0].(*messaging_api.FlexText).Text; first != "ห้ามโทรกลับ" {
				t.Errorf("%s: first line is %q", name, first)
			}
			if s := sketch(messages[0]); strings.Contains(s, "tel:") || strings.Contains(s, a.Phone) {
				t.Errorf("%s: the number is shown", name)
			}
		}
	}
}

// Before acceptance nobody sees the exact place or the number.
func TestOffersHoldNoPinAndNoPhone(t *testing.T) {
	c := newFakeLINE(t).client(t)
	for _, name := range []string{"offer", "offer_desk", "escalated", "desk_item", "desk_taps", "nobody_notified", "handover_offer", "same_place_again", "child_alert", "centre_ask"} {
		messages, _ := mustRender(t, c, name, casefile.Thai, sampleArgs())
		b, err := json.Marshal(messages)
		if err != nil {
			t.Fatal(err)
		}
		if s := string(b); strings.Contains(s, "16.82") || strings.Contains(s, "100.26") || strings.Contains(s, "812345678") {
			t.Errorf("%s tells the place or the number", name)
		}
	}
}

// The answer to a cancel is the same byte for byte, forced or not, whatever the case.
func TestForcedCancelLooksTheSame(t *testing.T) {
	c := newFakeLINE(t).client(t)
	for _, neutral := range []bool{false, true} {
		seen := map[string]bool{}
		for _, base := range everyArgs() {
			for _, forced := range []bool{false, true} {
				a := base
				a.Code, a.Case, a.Neutral, a.Quiet, a.Forced = "6F3A-2D90", caseID, neutral, false, forced
				messages, silent := mustRender(t, c, "cancel_noted", casefile.Thai, a)
				b, err := json.Marshal(messages)
				if err != nil {
					t.Fatal(err)
				}
				seen[fmt.Sprintf("%s %v", b, silent)] = true
			}
		}
		if len(seen) != 1 {
			t.Errorf("neutral %v: %d different answers to a cancel", neutral, len(seen))
		}
	}
}

// A reporter whose case was joined to another reads what everybody reads.
func TestJoinedReportReadsLikeItsOwn(t *testing.T) {
	c := newFakeLINE(t).client(t)
	a := sampleArgs()
	a.State = casefile.Sent
	own, _ := mustRender(t, c, "status", casefile.Thai, a)
	a.State = casefile.Duplicate
	joined, _ := mustRender(t, c, "status", casefile.Thai, a)
	if sketch(own[0]) != sketch(joined[0]) {
		t.Errorf("own %q, joined %q", sketch(own[0]), sketch(joined[0]))
	}
}

func TestUnknownTemplateIsAnError(t *testing.T) {
	c := newFakeLINE(t).client(t)
	if _, _, err := c.render(activities.Outgoing{Template: "nothing"}); err == nil {
		t.Error("an unknown template was rendered")
	}
}

// Every code of the law has words here.
func TestEveryCodeHasWords(t *testing.T) {
	for _, s := range casefile.States {
		if _, ok := stateWords[s]; !ok {
			t.Errorf("state %s has no words", s)
		}
	}
	for _, typ := range casefile.IncidentTypes {
		if typeWords[typ].th == "" || menuLabels[typ].th == "" || len(policy.Default().Types[typ].Do) == 0 || len(policy.Default().Types[typ].Dont) == 0 {
			t.Errorf("type %s has no words", typ)
		}
	}
	for _, l := range casefile.Levels {
		if levelWords[l].th == "" {
			t.Errorf("level %s has no words", l)
		}
	}
	for _, r := range casefile.Roles {
		if roleWords[r].th == "" {
			t.Errorf("role %s has no words", r)
		}
	}
}

// A number that the ministry changes in its policy changes in every sentence.
func TestHotlinesComeFromThePolicy(t *testing.T) {
	c := newFakeLINE(t).client(t)
	rules := *c.cfg.Policy
	rules.Hotlines = maps.Clone(rules.Hotlines)
	old, changed := []string{}, map[string]bool{}
	for _, code := range []policy.HotlineCode{policy.HotlinePolice, policy.HotlineMSDHS, policy.HotlineEMS} {
		h := rules.Hotlines[code]
		old = append(old, h.Number)
		h.Number = "70" + h.Number[len(h.Number)-1:]
		rules.Hotlines[code], changed[h.Number] = h, false
	}
	c.cfg.Policy = &rules
	for _, name := range Templates() {
		for _, level := range casefile.Levels {
			for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
				a := activities.Args{Case: caseID, Code: "6F3A-2D90", Level: level, Province: "65", District: "6501"}
				messages, _ := mustRender(t, c, name, lang, a)
				b, err := json.Marshal(messages)
				if err != nil {
					t.Fatal(err)
				}
				for _, words := range visible(t, b) {
					if strings.Contains(words, "{") {
						t.Errorf("%s %s: a number was left out of %q", name, lang, words)
					}
					for _, number := range old {
						if strings.Contains(words, number) {
							t.Errorf("%s %s says %q, which holds the old number", name, lang, words)
						}
					}
					for number := range changed {
						changed[number] = changed[number] || strings.Contains(words, number)
					}
				}
			}
		}
	}
	for number, said := range changed {
		if !said {
			t.Errorf("no sentence says the new number %s", number)
		}
	}
}
