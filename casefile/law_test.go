package casefile

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the pictures of the docs from the law")

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

func TestDiagramInTheDocsIsTheLaw(t *testing.T) { inDocs(t, "states.md", diagram()) }

// inDocs compares a picture that was drawn from the law with the one in the docs.
func inDocs(t *testing.T, name, drawn string) {
	t.Helper()
	file := filepath.Join("..", "docs", name)
	if *update {
		if err := os.WriteFile(file, []byte(drawn), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != drawn {
		t.Errorf("docs/%s differs from the law; run the test with -update: %v", name, err)
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
		Level: rapid.SampledFrom([]Level{"", LevelDesk, LevelRadio191, LevelNear}).Draw(t, "level"),
		Yes:   rapid.Bool().Draw(t, "yes"), Minutes: rapid.IntRange(0, 30).Draw(t, "minutes"), Desk: DeskNoPin,
	}
	if e.Kind == Offered || e.Kind == HandoverOffered {
		e.Asked = []Ask{{Member: "m1", Level: LevelNear, Unit: "u1"}, {Member: "m2", Level: LevelStation, Unit: "u2"}}
	}
	if e.Kind == PinSet || e.Kind == PinMoved {
		e.Private.Pin = &Pin{Lat: 16.8, Lon: 100.2, FixedAt: at}
		e.Place = &Place{Province: rapid.SampledFrom([]string{"65", "50"}).Draw(t, "province")}
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
		if is.State == FalseReport && was.State == OnScene {
			t.Fatal("marked as false over the heads of the people at the scene")
		}
	}
	if e.By.Kind == ByMember && (e.Kind == DeskTaken && e.Level != LevelDesk || e.Kind == RadioSeen && e.Level != LevelRadio191) {
		t.Fatalf("%s counted from a member who is not that desk", e.Kind)
	}
	if left := was.Place.Province; left != "" && left != is.Place.Province && !is.RadioSeen.IsZero() {
		t.Fatal("a radio centre of another province counts as having seen the pin")
	}
	if lead := is.SceneLead(); lead != "" {
		if police, _ := is.Track(Police); police.onScene() > 0 && police.member(lead) < 0 {
			t.Fatalf("%s leads while police are at the scene", lead)
		}
	}
	for _, track := range is.Tracks {
		if left := was.Place.Province; left != "" && left != is.Place.Province && !track.AckedAt.IsZero() {
			t.Fatalf("a desk of another province has role %s in hand", track.Role)
		}
		if e.Kind == MarkedFalse && slices.ContainsFunc(track.Team, Assignment.OnTheWay) {
			t.Fatal("marked as false, and somebody still drives there")
		}
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
		{"a cry for help after the scene was stopped opens", open(Confinement, FollowUp), Incoming{Word: Said, Text: "ช่วยด้วย"}, Decision{Door: Opens}},
		{"a digit in follow-up is no report", open(Confinement, FollowUp), Incoming{Word: Said, Text: "1"}, Decision{Joins, "newest"}},
		{"words in follow-up join", open(Confinement, FollowUp), Incoming{Word: Said, Text: "ขอบคุณ"}, Decision{Joins, "newest"}},
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

func (t Track) onScene() int {
	n := 0
	for _, a := range t.Team {
		if a.State == AssignOnScene {
			n++
		}
	}
	return n
}

// lives is a case to which some events happened, all of them lawful.
func lives(t *testing.T, c Case, events ...Event) Case {
	t.Helper()
	for i, e := range events {
		e.At = epoch.Add(time.Duration(c.Version+i+1) * time.Second)
		next, err := Apply(c, e)
		if err != nil {
			t.Fatalf("%s: %v", e.Kind, err)
		}
		c = next
	}
	return c
}

// sent is a case for which two police were asked, and one of the medical side.
func sent(t *testing.T) Case {
	pin := Pin{Lat: 16.8, Lon: 100.2, FixedAt: epoch}
	return lives(t, Case{ID: "c", State: Draft},
		Event{Kind: Reported, By: Actor{ByReporter, "r1"}, Type: Berserk, Severity: Critical},
		Event{Kind: PinSet, By: Actor{ByReporter, "r1"}, Place: &Place{Province: "65"}, Private: Private{Pin: &pin}},
		Event{Kind: RoleAdded, By: System, Role: Medical, Crew: 1},
		Event{Kind: RoleAdded, By: System, Role: Police, Crew: 2},
		Event{Kind: Offered, By: System, Role: Medical, Step: 1, Asked: []Ask{{Member: "ems", Level: LevelEMS}}},
		Event{Kind: Offered, By: System, Role: Police, Step: 1, Asked: []Ask{{Member: "ann", Level: LevelNear}, {Member: "bo", Level: LevelNear}, {Member: "cho", Level: LevelNear}}})
}

func by(m MemberID, k Kind) Event { return Event{Kind: k, By: Actor{ByMember, string(m)}} }

func TestADesksButtonCountsOnlyFromThatDesk(t *testing.T) {
	c := lives(t, sent(t), Event{Kind: DeskRaised, By: System, Desk: DeskUnanswered})
	for k, level := range map[Kind]Level{DeskTaken: LevelDesk, RadioSeen: LevelRadio191} {
		for _, l := range append(Levels[:len(Levels):len(Levels)], "") {
			e := by("somebody", k)
			e.Level, e.At = l, epoch
			if _, err := Apply(c, e); (err == nil) != (l == level) {
				t.Errorf("%s by a member who is %q: %v", k, l, err)
			}
		}
		if _, err := Apply(c, Event{Kind: k, By: operator, At: epoch}); err != nil {
			t.Errorf("%s by an operator: %v", k, err)
		}
	}
	over := lives(t, c, by("ann", Accepted), by("ann", SceneStopped),
		Event{Kind: HandoverOffered, By: System, Level: LevelMSDHSDuty, Asked: []Ask{{Member: "office", Level: LevelMSDHSDuty, Unit: "u1"}}})
	for _, l := range []Level{"", LevelMSDHSProvince, LevelMSDHSDuty} {
		e := by("office", HandoverAccepted)
		e.Level, e.At = l, epoch
		if _, err := Apply(over, e); (err == nil) != (l == LevelMSDHSDuty) {
			t.Errorf("taken over by a member who was asked and is %q: %v", l, err)
		}
	}
	if _, err := Apply(lives(t, c, by("ann", Accepted)), by("somebody", AssistAsked)); err == nil {
		t.Error("somebody who was never asked called for help in the name of the crew")
	}
}

func TestTheFirstOfThePoliceLeads(t *testing.T) {
	c := lives(t, sent(t), by("ann", Accepted), by("bo", Accepted), by("ems", Accepted))
	for _, step := range []struct {
		who  MemberID
		does Kind
		lead MemberID
	}{
		{"ems", Arrived, "ems"}, {"bo", Arrived, "bo"}, {"ann", Arrived, "bo"}, {"bo", Arrived, "bo"}, {"bo", Released, "ann"}, {"ann", Released, "ems"},
	} {
		if c = lives(t, c, by(step.who, step.does)); c.SceneLead() != step.lead {
			t.Errorf("after %s %s, %q leads, want %q", step.who, step.does, c.SceneLead(), step.lead)
		}
	}
}

func TestWhoSaidYesTooLateKeepsThatAnswer(t *testing.T) {
	c := lives(t, sent(t), by("ann", Accepted), by("bo", Accepted), by("cho", CameLate))
	answer := func() Answer {
		police, _ := c.Track(Police)
		o, _ := police.Offer("cho")
		return o.Answer
	}
	if answer() != SaidLate {
		t.Errorf("the answer stands as %q", answer())
	}
	c = lives(t, c, by("ann", Released), Event{Kind: Offered, By: System, Role: Police, Step: 1, Asked: []Ask{{Member: "cho", Level: LevelNear}}})
	if answer() != NoAnswer {
		t.Errorf("asked again, the answer stands as %q", answer())
	}
	if _, err := Apply(c, by("bo", CameLate)); err == nil {
		t.Error("somebody on the crew came late")
	}
}

func TestFalseOnlyByTheWordOfThePeopleThere(t *testing.T) {
	falsely := func(who string) Event {
		return Event{Kind: MarkedFalse, By: Actor{ByOperator, who}, Outcome: OutcomeFalse, Reason: "PRANK"}
	}
	c := lives(t, sent(t), by("ann", Accepted), by("bo", Accepted), by("ann", Arrived),
		Event{Kind: FalseProposed, By: operator, Outcome: OutcomeFalse, Reason: "PRANK"})
	if _, err := Apply(c, falsely("o2")); err == nil {
		t.Fatal("marked as false while an officer is at the scene")
	}
	c = lives(t, c, by("ann", SceneStopped), falsely("o2"))
	police, _ := c.Track(Police)
	if c.State != FalseReport || police.Active() != 1 || police.Team[0].State != AssignOnScene {
		t.Errorf("the case stands at %s, its crew at %+v", c.State, police.Team)
	}
}

func TestInAnotherProvinceNobodyHasItInHand(t *testing.T) {
	radio := by("radio-65", RadioSeen)
	radio.Level = LevelRadio191
	pin := Pin{Lat: 18.8, Lon: 99, FixedAt: epoch}
	moved := Event{Kind: PinMoved, By: Actor{ByReporter, "r1"}, Place: &Place{Province: "65"}, Private: Private{Pin: &pin}}
	c := lives(t, sent(t), by("ems", Acknowledged), by("ann", Acknowledged), radio, moved)
	if medical, _ := c.Track(Medical); c.State != Acked || medical.AckedAt.IsZero() || c.RadioSeen.IsZero() {
		t.Errorf("within the province the case stands at %s, medical %+v", c.State, medical)
	}
	moved.Place = &Place{Province: "50"}
	c = lives(t, c, moved)
	if medical, _ := c.Track(Medical); c.State != Sent || !medical.AckedAt.IsZero() || !c.RadioSeen.IsZero() || medical.Step != 0 {
		t.Errorf("in the next province the case stands at %s, medical %+v", c.State, medical)
	}
}

// At a scene, in whatever order people come, go and say that it is over, the
// promises hold: above all, no report is called false over anybody's head.
func TestNoOrderAtASceneBreaksThePromises(t *testing.T) {
	begun := lives(t, sent(t), by("ann", Accepted), by("bo", Accepted), by("ann", Arrived),
		Event{Kind: FalseProposed, By: operator, Outcome: OutcomeFalse, Reason: "WHY"})
	ends := 0
	rapid.Check(t, func(t *rapid.T) {
		c, proposers := begun, map[Actor]bool{operator: true}
		for i := range rapid.IntRange(1, 40).Draw(t, "length") {
			e := drawEvent(t, epoch.Add(time.Duration(100+i)*time.Second))
			e.Kind = rapid.SampledFrom([]Kind{
				Accepted, CameLate, Departed, Arrived, Released, SceneStopped, FalseProposed, MarkedFalse, PinMoved, Acknowledged, CaseReopened,
			}).Draw(t, "deed")
			e.By = rapid.SampledFrom([]Actor{{ByMember, "ann"}, {ByMember, "bo"}, {ByMember, "ems"}, operator, {ByOperator, "o2"}}).Draw(t, "who")
			e.Member, e.Role, e.Reason, e.Outcome = "", "", "WHY", OutcomeFalse
			if e.Kind == PinMoved {
				e.By, e.Private.Pin, e.Place = operator, &Pin{Lat: 16.8, Lon: 100.2, FixedAt: e.At}, &Place{Province: rapid.SampledFrom([]string{"65", "50"}).Draw(t, "moved to")}
			}
			next, err := Apply(c, e)
			if err != nil {
				continue
			}
			promises(t, c, next, e, proposers)
			if next.State == FalseReport && c.State != FalseReport {
				ends++
			}
			c = next
		}
	})
	if ends == 0 {
		t.Error("no drawn order came to a false report: the promise was never put to the test")
	}
}
