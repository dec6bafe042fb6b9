package casefile

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write docs/states.md from the law")

// diagram is the law as a mermaid picture, one arrow for each lawful change of state.
func diagram() string {
	var b strings.Builder
	b.WriteString("# States of an emergency\n\n")
	b.WriteString("Generated from the table in `casefile/law.go` by `go test ./casefile -run TestDiagram -update`.\n\n```mermaid\nstateDiagram-v2\n    [*] --> DRAFT: REPORTED\n")
	arrows := map[string][]string{}
	var order []string
	for _, t := range Transitions() {
		key := fmt.Sprintf("    %s --> %s", t.From, t.To)
		if arrows[key] == nil {
			order = append(order, key)
		}
		arrows[key] = append(arrows[key], string(t.By))
	}
	slices.Sort(order)
	for _, key := range order {
		fmt.Fprintf(&b, "%s: %s\n", key, strings.Join(arrows[key], ", "))
	}
	b.WriteString("```\n")
	return b.String()
}

func TestDiagramInTheDocsIsTheLaw(t *testing.T) {
	const file = "../docs/states.md"
	if *update {
		if err := os.WriteFile(file, []byte(diagram()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != diagram() {
		t.Error("docs/states.md differs from the law; run the test with -update")
	}
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// life drives a case with random events: most are refused, none may break a promise.
type life struct {
	c      Case
	events []Event
}

func drawEvent(t *rapid.T, at time.Time) Event {
	actors := []Actor{
		{ByReporter, "r1"}, {ByMember, "m1"}, {ByMember, "m2"}, {ByMember, "m3"},
		{ByOperator, "o1"}, {ByOperator, "o2"}, {ByTemporalUI, ""}, System,
	}
	members := []MemberID{"m1", "m2", "m3", ""}
	e := Event{
		Kind: rapid.SampledFrom(Kinds()).Draw(t, "kind"), At: at, By: rapid.SampledFrom(actors).Draw(t, "by"),
		Role: rapid.SampledFrom([]Role{Police, MSDHS, ""}).Draw(t, "role"), Member: rapid.SampledFrom(members).Draw(t, "member"),
		Crew: rapid.IntRange(1, 3).Draw(t, "crew"), Step: rapid.IntRange(0, 3).Draw(t, "step"),
		Outcome: rapid.SampledFrom(Outcomes).Draw(t, "outcome"), Reason: rapid.SampledFrom([]string{"", "WHY"}).Draw(t, "reason"),
		Severity: rapid.SampledFrom(Severities).Draw(t, "severity"), Type: rapid.SampledFrom(IncidentTypes).Draw(t, "type"),
		Case: rapid.SampledFrom([]CaseID{"", "other", "third"}).Draw(t, "case"), Unit: rapid.SampledFrom([]UnitID{"", "u1"}).Draw(t, "unit"),
		Yes: rapid.Bool().Draw(t, "yes"), Minutes: rapid.IntRange(0, 30).Draw(t, "minutes"), Desk: DeskNoPin,
	}
	if e.Kind == Offered || e.Kind == HandoverOffered {
		e.Asked = []Ask{{Member: "m1", Level: LevelNear, Unit: "u1"}, {Member: "m2", Level: LevelStation, Unit: "u2"}}
	}
	if e.Kind == PinSet || e.Kind == PinMoved {
		e.Private.Pin = &Pin{Lat: 16.8, Lon: 100.2, FixedAt: at}
		e.Place = &Place{Province: "65"}
	}
	if e.Member != "" && e.By.Kind == ByMember {
		e.Member = ""
	}
	return e
}

func TestNoOrderOfEventsBreaksThePromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := life{c: Case{ID: "c1", State: Draft}}
		proposers := map[Actor]bool{}
		for i := range rapid.IntRange(1, 60).Draw(t, "length") {
			e := drawEvent(t, epoch.Add(time.Duration(i)*time.Second))
			if i == 0 {
				e.Kind, e.By = Reported, Actor{ByReporter, "r1"}
			}
			before := l.c.Clone()
			next, err := Apply(l.c, e)
			if written(t, l.c) != written(t, before) {
				t.Fatalf("Apply of %s changed the case it was given", e.Kind)
			}
			if err != nil {
				continue
			}
			promises(t, l.c, next, e, proposers)
			l.c, l.events = next, append(l.events, e)
		}
		again, err := Replay("c1", l.events)
		if err != nil || written(t, again) != written(t, l.c) {
			t.Fatalf("the recorded events do not give the same case again: %v", err)
		}
	})
}

// written is a case as it rests, for comparison.
func written(t *rapid.T, c Case) string {
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func promises(t *rapid.T, was, is Case, e Event, proposers map[Actor]bool) {
	if is.Version != was.Version+1 {
		t.Fatalf("%s was not recorded exactly once: version %d after %d", e.Kind, is.Version, was.Version)
	}
	if is.Escalation < was.Escalation {
		t.Fatalf("%s lowered the escalation", e.Kind)
	}
	if was.State != is.State && !slices.Contains(Transitions(), Transition{was.State, is.State, e.Kind}) {
		t.Fatalf("%s moved %s to %s, which the table does not know", e.Kind, was.State, is.State)
	}
	if slices.Contains([]Kind{CancelRequested, SafeSaid, CheckInAnswered}, e.Kind) && (is.State != was.State || is.Severity != was.Severity) {
		t.Fatalf("%s changed state or severity", e.Kind)
	}
	if e.By.Kind == ByTemporalUI && (is.State.Ended() && !was.State.Ended() || is.Proposed != was.Proposed) {
		t.Fatal("the Temporal UI counted as a person")
	}
	if e.Kind == CloseProposed || e.Kind == FalseProposed {
		proposers[e.By] = true
	}
	if is.State.Ended() && !was.State.Ended() {
		if !e.By.Human() || is.Reason == "" || is.Outcome == "" {
			t.Fatalf("%s ended the case without a person, a reason and an outcome", e.Kind)
		}
		if was.NeedsTwo(is.Outcome) && (!proposers[was.Proposed] || was.Proposed == e.By) {
			t.Fatalf("%s ended a case that needs two persons with one", e.Kind)
		}
		if was.State == Sent || was.State == New || was.State == Acked {
			t.Fatalf("%s skipped from %s to the end", e.Kind, was.State)
		}
	}
	for _, track := range is.Tracks {
		if e.Kind == Accepted && track.Active() > track.Crew {
			t.Fatalf("role %s has %d owners for %d places", track.Role, track.Active(), track.Crew)
		}
		seen := map[MemberID]bool{}
		for _, a := range track.Team {
			if a.Active() && seen[a.Member] {
				t.Fatalf("member %s holds two places", a.Member)
			}
			seen[a.Member] = seen[a.Member] || a.Active()
		}
	}
}

func TestRefusalsSpeakThaiAndEnglish(t *testing.T) {
	for _, k := range Kinds() {
		for _, s := range States {
			for _, by := range []ActorKind{ByReporter, ByMember, ByOperator, ByTemporalUI, BySystem} {
				_, err := Apply(Case{ID: "c", State: s, Version: 1}, Event{Kind: k, By: Actor{by, "x"}})
				if r, ok := err.(*RefusedError); ok && (r.Th == "" || r.En == "" || r.Th == r.En) {
					t.Errorf("%s in %s by %s is refused without words", k, s, by)
				}
			}
		}
	}
}

func TestRouteOfARepeatedWord(t *testing.T) {
	open := func(typ IncidentType, s State) []OpenCase {
		return []OpenCase{{ID: "newest", Type: typ, State: s}, {ID: "older"}}
	}
	tests := []struct {
		name string
		open []OpenCase
		in   Incoming
		want Decision
	}{
		{"a first tap opens", nil, Incoming{Word: Tapped, Type: Confinement}, Decision{Door: Opens}},
		{"the same tap again before anybody answered joins", open(Confinement, Sent), Incoming{Word: Tapped, Type: Confinement}, Decision{Joins, "newest"}},
		{"the same tap after an acknowledgement opens", open(Confinement, Acked), Incoming{Word: Tapped, Type: Confinement}, Decision{Door: Opens}},
		{"a tap of another type opens", open(Confinement, Draft), Incoming{Word: Tapped, Type: Berserk}, Decision{Door: Opens}},
		{"a pin joins the newest", open(Confinement, Draft), Incoming{Word: SentLocation}, Decision{Joins, "newest"}},
		{"a pin without a case is answered at the door", nil, Incoming{Word: SentLocation}, Decision{Door: Neither}},
		{"a distress word without a case opens", nil, Incoming{Word: Said, Text: "ช่วยด้วย!"}, Decision{Door: Opens}},
		{"a digit without a case opens", nil, Incoming{Word: Said, Text: "๓"}, Decision{Door: Opens}},
		{"words join", open(Confinement, EnRoute), Incoming{Word: Said, Text: "help"}, Decision{Joins, "newest"}},
		{"chatter without a case is answered at the door", nil, Incoming{Word: Said, Text: "สวัสดี"}, Decision{Door: Neither}},
		{"a button answers the case that it names", open(Confinement, Sent), Incoming{Word: Pressed, Case: "other"}, Decision{Answers, "other"}},
		{"a menu button names no case", open(Confinement, Sent), Incoming{Word: Pressed, Action: ActMenu}, Decision{Door: Neither}},
		{"an added friend is greeted at the door", nil, Incoming{Word: Followed}, Decision{Door: Neither}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Route(Thread{Open: tt.open}, tt.in); got != tt.want {
				t.Errorf("routed to %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestPinsThatCannotBeUsed(t *testing.T) {
	for name, pin := range map[string]Pin{"missing": {}, "London": {Lat: 51.5, Lon: -0.1}, "swapped": {Lat: 100.26, Lon: 16.82}} {
		if pin.Usable() {
			t.Errorf("%s counts as usable", name)
		}
	}
	if !(Pin{Lat: 16.8211, Lon: 100.2659}).Usable() {
		t.Error("Phitsanulok does not count as usable")
	}
}
