package casefile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	pointed = Actor{Kind: ByReporter}
	worker1 = Actor{Kind: ByMember, ID: "w1"}
	worker2 = Actor{Kind: ByMember, ID: "w2"}
	console = Actor{Kind: ByOperator, ID: "somsri"}
	noon    = time.Date(2026, 11, 25, 5, 0, 0, 0, time.UTC)
)

// tell applies events to a concern; the last may be refused.
func tell(t *testing.T, c Concern, events ...ConcernEvent) (Concern, error) {
	t.Helper()
	for i, e := range events {
		e.At = noon.Add(time.Duration(c.Version) * time.Minute)
		next, err := c.Apply(e)
		if err != nil {
			if i < len(events)-1 {
				t.Fatalf("%s: %v", e.Kind, err)
			}
			return c, err
		}
		c = next
	}
	return c, nil
}

func offeredConcern(t *testing.T, kind ConcernKind) Concern {
	t.Helper()
	c, err := tell(t, Concern{ID: "c", Child: true},
		ConcernEvent{Kind: ConcernBegun, By: pointed, About: kind, DueAt: noon},
		ConcernEvent{Kind: ConcernAdded, By: pointed, Private: ConcernPrivate{Link: "https://x"}},
		ConcernEvent{Kind: ConcernSent, By: pointed},
		ConcernEvent{Kind: ConcernAsked, By: System, Step: 1, Level: LevelShelter, Asked: []MemberID{"w1", "w2"}, DueAt: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAConcernIsAlwaysOwnedOrClimbs(t *testing.T) {
	c := offeredConcern(t, AboutDrugs)
	if c.State != ConcernOffered || c.DueAt.IsZero() || c.Evidence != 1 {
		t.Fatalf("%+v", c)
	}
	declined, err := tell(t, c, ConcernEvent{Kind: ConcernDeclined, By: worker1, Reason: "NOT_OUR_AREA", DueAt: noon})
	if err != nil || declined.State != ConcernOffered || !declined.DueAt.Equal(noon) {
		t.Errorf("declined: %+v, %v", declined, err)
	}
	taken, err := tell(t, c, ConcernEvent{Kind: ConcernTakenUp, By: worker1, Unit: "u", DueAt: noon.Add(72 * time.Hour)})
	if err != nil || taken.Owner != worker1 || taken.DueAt.IsZero() {
		t.Errorf("taken: %+v, %v", taken, err)
	}
	again, err := tell(t, taken, ConcernEvent{Kind: ConcernAsked, By: System, Step: 2, Asked: []MemberID{"w3"}, DueAt: noon.Add(80 * time.Hour)})
	if err != nil || again.State != ConcernTaken || again.Owner != worker1 || !slices.Contains(again.Asked, "w3") {
		t.Errorf("left lying: %+v, %v", again, err)
	}
	ended, err := tell(t, taken, ConcernEvent{Kind: ConcernIntoCase, By: worker1, Case: "case"})
	if err != nil || ended.State != ConcernFollowed || !ended.DueAt.IsZero() || ended.EndedAt.IsZero() {
		t.Errorf("followed: %+v, %v", ended, err)
	}
}

func TestWhatTheLawOfConcernsForbids(t *testing.T) {
	offered := offeredConcern(t, AboutDrugs)
	taken, _ := tell(t, offered, ConcernEvent{Kind: ConcernTakenUp, By: worker1, Unit: "u", DueAt: noon})
	adult, _ := tell(t, offered, ConcernEvent{Kind: ConcernTakenUp, By: worker1, Unit: "u", Adult: true, DueAt: noon})
	for _, tt := range []struct {
		name string
		c    Concern
		e    ConcernEvent
	}{
		{"nobody takes up what they were not asked about", offered, ConcernEvent{Kind: ConcernTakenUp, By: Actor{Kind: ByMember, ID: "w9"}}},
		{"the pointer does not take it up", offered, ConcernEvent{Kind: ConcernTakenUp, By: pointed}},
		{"a refusal has a reason", offered, ConcernEvent{Kind: ConcernDeclined, By: worker1}},
		{"what nobody has taken up is not referred", offered, ConcernEvent{Kind: ConcernGoesTo, By: console, To: PartnerPolice}},
		{"ONDE takes online harm only", taken, ConcernEvent{Kind: ConcernGoesTo, By: worker1, To: PartnerONDE}},
		{"another worker does not follow what somebody took up", taken, ConcernEvent{Kind: ConcernIntoCase, By: worker2, Case: "x"}},
		{"one person alone does not end a child's concern", taken, ConcernEvent{Kind: ConcernEnded, By: worker1, Reason: "CARED_FOR"}},
		{"ending has a reason", adult, ConcernEvent{Kind: ConcernEnded, By: worker1}},
		{"a concern begins once", offered, ConcernEvent{Kind: ConcernBegun, By: pointed, About: AboutDrugs}},
		{"a kind that is none", Concern{}, ConcernEvent{Kind: ConcernBegun, By: pointed, About: "WEATHER"}},
		{"an emergency has a case", offered, ConcernEvent{Kind: ConcernIntoAlarm, By: worker1}},
	} {
		var refused *RefusedError
		if _, err := tt.c.Apply(tt.e); !errors.As(err, &refused) || refused.Th == "" || refused.En == "" {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestWhoeverIsPartOfItIsAskedNoMore(t *testing.T) {
	c, err := tell(t, offeredConcern(t, AboutDrugs),
		ConcernEvent{Kind: ConcernDeclined, By: worker1, Reason: ReasonConflict, Asked: []MemberID{"w1"}, DueAt: noon},
		ConcernEvent{Kind: ConcernAsked, By: System, Step: 2, Asked: []MemberID{"w1", "w3"}, DueAt: noon})
	if err != nil || !slices.Equal(c.Asked, []MemberID{"w2", "w3"}) || !slices.Equal(c.Declined, []MemberID{"w1"}) {
		t.Fatalf("%+v, %v", c, err)
	}
	var refused *RefusedError
	for _, k := range []ConcernEventKind{ConcernTakenUp, ConcernIntoAlarm} {
		if _, err := c.Apply(ConcernEvent{Kind: k, By: worker1, Case: "x", At: noon}); !errors.As(err, &refused) {
			t.Errorf("%s by who is part of it: %v", k, err)
		}
	}
	if _, err := c.Apply(ConcernEvent{Kind: ConcernTakenUp, By: worker2, At: noon}); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

func TestACaseIsKeptFromTheSchoolUnlessThePointerLetsItKnow(t *testing.T) {
	for _, tt := range []struct {
		c    Concern
		want []Exclusion
	}{
		{Concern{School: "s"}, []Exclusion{{Unit: "s"}}}, {Concern{School: "s", AskHere: true}, nil}, {Concern{}, nil},
	} {
		if got := tt.c.KeptFrom(); !slices.Equal(got, tt.want) {
			t.Errorf("%+v: %v", tt.c, got)
		}
	}
}

func TestASecondPersonLooksBeforeAChildsConcernEnds(t *testing.T) {
	taken, _ := tell(t, offeredConcern(t, AboutDrugs), ConcernEvent{Kind: ConcernTakenUp, By: worker1, DueAt: noon})
	if taken.EndKind(worker1) != ConcernEndWanted {
		t.Fatal("one person ends it")
	}
	proposed, err := tell(t, taken, ConcernEvent{Kind: ConcernEndWanted, By: worker1, Reason: "CARED_FOR"})
	if err != nil || proposed.EndKind(worker1) != ConcernEndWanted || proposed.EndKind(console) != ConcernEnded {
		t.Fatalf("%+v, %v", proposed, err)
	}
	if ended, err := tell(t, proposed, ConcernEvent{Kind: ConcernEnded, By: console, Reason: "CARED_FOR"}); err != nil || ended.State != ConcernClosed {
		t.Errorf("%+v, %v", ended, err)
	}
	school, _ := tell(t, offeredConcern(t, AboutSchool), ConcernEvent{Kind: ConcernTakenUp, By: worker1, Adult: true, DueAt: noon})
	if !school.Child {
		t.Error("a concern about a school is said to be about no child")
	}
	adult, _ := tell(t, offeredConcern(t, AboutDrugs), ConcernEvent{Kind: ConcernTakenUp, By: worker1, Adult: true, DueAt: noon})
	if ended, err := tell(t, adult, ConcernEvent{Kind: ConcernEnded, By: worker1, Reason: "NOTHING_FOUND"}); err != nil || ended.State != ConcernClosed {
		t.Errorf("no child: %+v, %v", ended, err)
	}
}

// No open state of a concern is without a clock, whatever happens in whatever order.
func TestNoOrderOfEventsLeavesAConcernWithoutAClock(t *testing.T) {
	var events []ConcernEvent
	for _, k := range ConcernEventKinds() {
		for _, by := range []Actor{pointed, worker1, console, System} {
			events = append(events, ConcernEvent{Kind: k, By: by, About: AboutOnline, Reason: "NOT_OUR_AREA", To: PartnerONDE, Case: "x", Asked: []MemberID{"w1"}, DueAt: noon},
				ConcernEvent{Kind: k, By: by, Reason: "CARED_FOR"})
		}
	}
	seen := map[ConcernState]bool{}
	var walk func(c Concern, depth int)
	walk = func(c Concern, depth int) {
		if c.Version > 0 {
			seen[c.State] = true
			if c.State.Ended() != c.DueAt.IsZero() || c.State.Ended() != !c.EndedAt.IsZero() {
				t.Fatalf("in %s: due %v, ended %v", c.State, c.DueAt, c.EndedAt)
			}
		}
		if depth == 0 {
			return
		}
		tried := map[ConcernState]bool{c.State: true}
		for _, e := range events {
			e.At = noon
			if next, err := c.Apply(e); err == nil && !tried[next.State] {
				tried[next.State] = true
				walk(next, depth-1)
			}
		}
	}
	walk(Concern{DueAt: noon, Asked: []MemberID{"w1"}}, 6)
	if len(seen) < 6 {
		t.Errorf("only %d states were reached: %v", len(seen), seen)
	}
}

func TestATalkLeadsFromAKindToThanks(t *testing.T) {
	press := func(reason string) Incoming { return Incoming{Word: Pressed, Action: ActConcern, Reason: reason} }
	pin := Incoming{Word: SentLocation, Pin: &Pin{Lat: 16.8, Lon: 100.2}}
	for _, tt := range []struct {
		name   string
		words  []Incoming
		say    string
		danger bool
		begins bool
		step   TalkStep
	}{
		{"the button shows the kinds", []Incoming{press("")}, "concern_kinds", false, false, ""},
		{"a kind asks where", []Incoming{press("DRUGS")}, "concern_where", false, false, TalkWhere},
		{"a pin begins it", []Incoming{press("DRUGS"), pin}, "concern_what", false, true, TalkWhat},
		{"not to know where begins it, too", []Incoming{press("DRUGS"), press(TalkSkip)}, "concern_what", false, true, TalkWhat},
		{"words are thanked for", []Incoming{press("DRUGS"), pin, {Word: Said, Text: "หลังวัด"}}, "concern_thanks", false, false, TalkMore},
		{"a danger is asked about", []Incoming{press("DRUGS"), pin, {Word: Said, Text: "กำลังทำร้ายกันตอนนี้"}}, "concern_thanks", true, false, TalkMore},
		{"a picture first is enough", []Incoming{press("DRUGS"), {Word: SentMedia, MessageID: "1", MediaKind: "image"}}, "concern_thanks", false, true, TalkMore},
		{"what follows is added", []Incoming{press("DRUGS"), pin, {Word: Said, Text: "a"}, {Word: SentMedia, MessageID: "1"}}, "concern_added", false, false, TalkMore},
		{"an old button of danger raises the alarm without a talk", []Incoming{press(TalkUrgent)}, "concern_urgent", false, false, ""},
		{"another old button without a talk shows the kinds", []Incoming{press(TalkSkip)}, "concern_kinds", false, false, ""},
		{"words without a talk are not ours", []Incoming{{Word: Said, Text: "สวัสดี"}}, "", false, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var talk Talk
			var a TalkAnswer
			for _, w := range tt.words {
				talk, a = talk.Hear(w)
			}
			if a.Say != tt.say || a.Danger != tt.danger || a.Begins != tt.begins || talk.Step != tt.step {
				t.Errorf("%+v at %q", a, talk.Step)
			}
			if a.Word != nil && (a.Word.ReplyToken != "" || a.Word.By != pointed) {
				t.Errorf("the word tells who said it: %+v", a.Word)
			}
		})
	}
}

func TestAnAlarmTakesEverythingThatWasSaid(t *testing.T) {
	talk, _ := Talk{}.Hear(Incoming{Word: Pressed, Action: ActConcern, Reason: string(AboutPregnancy)})
	talk, _ = talk.Hear(Incoming{Word: SentLocation, Pin: &Pin{Lat: 16.8, Lon: 100.2}})
	talk, _ = talk.Hear(Incoming{Word: Said, Text: "หนึ่ง"})
	talk, _ = talk.Hear(Incoming{Word: Said, Text: "สอง"})
	talk, _ = talk.Hear(Incoming{Word: SentMedia, MessageID: "7", MediaKind: "image"})
	_, a := talk.Hear(Incoming{Word: Pressed, Action: ActConcern, Reason: TalkUrgent})
	alarm := talk.Alarm(Incoming{ReplyToken: "r"})
	if !a.Urgent || alarm.Word != Tapped || alarm.Type != SexualRisk || alarm.Pin == nil || alarm.Text != "หนึ่ง\nสอง" || alarm.ReplyToken != "r" || len(talk.Media) != 1 {
		t.Errorf("%+v, %+v, %+v", a, alarm, talk.Media)
	}
}

func TestLinksAndDangerAreFoundInWords(t *testing.T) {
	for text, want := range map[string]string{
		"ดู https://a.b/c?d=1 ด้วย": "https://a.b/c?d=1", "www.x.y": "www.x.y", "ไม่มี": "", "ftp://x": "",
	} {
		if got := FindLink(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{"กำลังถูกตี": true, "ช่วยด้วย": true, "เมื่อวานเห็นเด็ก": false, "Happening NOW": true} {
		if Dangerous(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestTheYoungAreGivenNothingAboutAPerson(t *testing.T) {
	person := Task{Code: "P", Groups: []Group{CyberScout}, Person: true}
	sexual := Task{Code: "S", Groups: []Group{CyberScout}, About: AboutPregnancy}
	plain := Task{Code: "L", Groups: []Group{CyberScout}, Every: time.Hour}
	list := Tasks{person, sexual, plain}
	junior := Member{Group: CyberScout, Class: Junior, State: MemberActive}
	if open := list.Open(junior, nil, noon); len(open) != 1 || open[0].Code != "L" {
		t.Errorf("the young: %+v", open)
	}
	junior.Class = Volunteer
	if open := list.Open(junior, map[string]time.Time{"L": noon.Add(-time.Minute)}, noon); len(open) != 2 {
		t.Errorf("done a minute ago: %+v", open)
	}
	junior.State = MemberSuspended
	if open := list.Open(junior, nil, noon); len(open) != 0 {
		t.Errorf("suspended: %+v", open)
	}
}

// concernDiagram is the law of concerns as a picture, drawn by asking it.
func concernDiagram() string {
	arrows := map[string][]string{}
	for _, from := range ConcernStates {
		for kind, rule := range concernLaw {
			if !slices.Contains(rule.from, from) {
				continue
			}
			c := Concern{State: from, Kind: AboutOnline, Child: true, Owner: worker1, Asked: []MemberID{"w1"}, Proposed: console}
			by := rule.by[len(rule.by)-1]
			e := ConcernEvent{Kind: kind, By: Actor{Kind: by}, Reason: "CARED_FOR", To: PartnerONDE, Case: "x", At: noon}
			if kind == ConcernDeclined {
				e.Reason = "CONFLICT"
			}
			next, err := c.Apply(e)
			if err != nil || next.State == from {
				continue
			}
			key := fmt.Sprintf("    %s --> %s", from, next.State)
			arrows[key] = append(arrows[key], string(kind))
		}
	}
	var b strings.Builder
	b.WriteString("# States of a concern\n\nGenerated from the table in `casefile/concern_law.go` by `go test ./casefile -run TestConcernDiagram -update`. Every silence climbs to the\nnext office; a concern that somebody took up and left lying does, too.\n\n```mermaid\nstateDiagram-v2\n    [*] --> DRAFT: BEGUN\n")
	for _, key := range slices.Sorted(maps.Keys(arrows)) {
		slices.Sort(arrows[key])
		fmt.Fprintf(&b, "%s: %s\n", key, strings.Join(arrows[key], ", "))
	}
	b.WriteString("```\n")
	return b.String()
}

func TestConcernDiagramInTheDocsIsTheLaw(t *testing.T) {
	inDocs(t, "concern-states.md", concernDiagram())
}
