package workflows_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/workflows"

	essworker "github.com/ess-thailand/ess/worker"
)

// world is everything outside the story, in memory: the record, the roster and
// the phones. The deeds themselves are the real ones.
type world struct {
	c       casefile.Case
	events  []casefile.Event
	inbox   []activities.Arrived
	members []dispatch.Candidate
	mu      sync.Mutex // Tell speaks to many at once
	said    []saying
	spoken  []casefile.Incoming
	known   map[casefile.EventID]bool // events that an earlier run recorded
	answers map[string]activities.Outcome
	dead    map[string]bool // addresses that their channel refuses
	ways    map[casefile.MemberID][]activities.Way
	writes  *activities.Contact // of a reporter who is not in LINE
	pending []activities.KeepInput
	kept    []string
	fetched int
	reads   int // of the inbox
	join    activities.JoinResult
	bell    *bell
	now     func() time.Time
	nudged  int
}

// bell is the row that says when the desk was last rung for the taps that wait.
type bell struct {
	mu   sync.Mutex // deeds of many cases ring it at once
	at   time.Time
	id   casefile.CaseID
	seq  int
	taps func() []casefile.CaseID
}

// ring keeps the promise of activities.Roster, as the statement in PostgreSQL does.
func (b *bell) ring(r activities.TapRing) activities.TapsRung {
	b.mu.Lock()
	defer b.mu.Unlock()
	if again := b.id == r.Case && b.seq == r.Seq; !again && (b.at.After(r.Since) || b.at.After(r.At.Add(-r.Bundle))) {
		return activities.TapsRung{At: b.at}
	}
	b.at, b.id, b.seq = r.At, r.Case, r.Seq
	waiting := b.taps()
	return activities.TapsRung{Mine: true, At: r.At, Taps: len(waiting), People: len(waiting), Longest: waiting[:min(5, len(waiting))]}
}

// saying is one message that the channel accepted.
type saying struct {
	At       time.Time
	To       string
	Template string
	Reply    bool
	Args     activities.Args
}

func (w *world) Case(context.Context, casefile.CaseID) (casefile.Case, error) { return w.c, nil }

func (w *world) Append(_ context.Context, after casefile.Case, events []casefile.Event, join *activities.JoinQuery) (activities.JoinResult, error) {
	found := activities.JoinResult{}
	if join != nil {
		found = w.join
	}
	if first := events[0].Seq; first <= len(w.events) {
		if w.events[first-1].ID == events[0].ID {
			return found, nil
		}
		return found, casefile.ErrMoved
	}
	if w.known[events[0].ID] {
		return found, casefile.ErrRecorded
	}
	w.c, w.events = after, append(w.events, events...)
	return found, wakes(w.c)
}

// wakes is what no case may ever be recorded without: a clock that wakes somebody,
// and one that rings the desk while an item waits there.
func wakes(c casefile.Case) error {
	switch {
	case !c.Open() || c.State == casefile.FollowUp:
	case len(c.Clocks) == 0:
		return fmt.Errorf("an open case was recorded without a deadline")
	case c.Desk.Waits() && !slices.ContainsFunc(c.Clocks, func(d casefile.Deadline) bool { return d.Clock == casefile.ClockDesk }):
		return fmt.Errorf("an item waits at the desk that nothing will ever ring for")
	}
	return nil
}

func (w *world) Inbox(_ context.Context, _ casefile.CaseID, after, upTo int) ([]activities.Arrived, error) {
	w.reads++
	return w.inbox[min(after, len(w.inbox)):min(upTo, len(w.inbox))], nil
}

func (w *world) Speak(_ context.Context, _ casefile.CaseID, _ string, in casefile.Incoming) (int, error) {
	w.spoken = append(w.spoken, in)
	return len(w.spoken), nil
}

func (w *world) Nearest(_ context.Context, q activities.NearQuery) ([]dispatch.Candidate, error) {
	var near []dispatch.Candidate
	for _, m := range w.members {
		m.Metres, m.Conflicted = int(q.Pin.MetresTo(m.Lat, m.Lon)), w.c.Excludes(m.Unit, m.ID)
		if m.Role == q.Role && !m.Desk() && m.Metres <= q.WithinM {
			near = append(near, m)
		}
	}
	slices.SortFunc(near, func(a, b dispatch.Candidate) int { return a.Metres - b.Metres })
	return near[:min(q.K, len(near))], nil
}

func (w *world) Desks(_ context.Context, level casefile.Level, _ casefile.Place, station casefile.UnitID, _ casefile.CaseID) ([]dispatch.Candidate, error) {
	var desks []dispatch.Candidate
	for _, m := range w.members {
		if m.Level == level && (level != casefile.LevelStation || m.Unit == station) {
			m.Conflicted = w.c.Excludes(m.Unit, m.ID)
			desks = append(desks, m)
		}
	}
	return desks, nil
}

func (w *world) Station(context.Context, casefile.Pin, casefile.Place) (casefile.UnitID, casefile.UnitID, error) {
	return "station-1", "station-2", nil
}

func (w *world) Acceptance(context.Context, casefile.Role, string, int) (int, int, error) {
	return 0, 0, nil
}
func (w *world) Live(context.Context, string) (bool, error) { return true, nil }

func (w *world) RingTaps(_ context.Context, r activities.TapRing) (activities.TapsRung, error) {
	return w.bell.ring(r), nil
}

func (w *world) Chosen(context.Context, casefile.CaseID, []activities.Chosen) error { return nil }

func (w *world) MemberContact(_ context.Context, id casefile.MemberID, _ casefile.CaseID) (activities.Contact, error) {
	return activities.Contact{LINE: string(id), Language: casefile.Thai, Others: w.ways[id], KeptAway: w.keptAway(id)}, nil
}

// keptAway reports whether the case must not reach a member of the roster.
func (w *world) keptAway(id casefile.MemberID) bool {
	return slices.ContainsFunc(w.members, func(m dispatch.Candidate) bool { return m.ID == id && w.c.Excludes(m.Unit, m.ID) })
}

func (w *world) ReporterContact(context.Context, casefile.ReporterID) (activities.Contact, error) {
	if w.writes != nil {
		return *w.writes, nil
	}
	return activities.Contact{LINE: "reporter", Language: casefile.Thai}, nil
}

func (w *world) Delivered(_ context.Context, rows []activities.Delivery) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range rows {
		w.answers[d.Key] = d.Outcome
	}
	return nil
}

func (w *world) Answered(_ context.Context, _ casefile.CaseID, keys []string) (map[string]activities.Outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.answers), nil
}

func (w *world) Send(_ context.Context, m activities.Outgoing) (activities.Sent, error) {
	if w.dead[m.To] {
		return activities.Sent{Outcome: activities.OutcomeRefused}, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, saying{At: w.now(), To: m.To, Template: m.Template, Reply: m.ReplyToken != "", Args: m.Args})
	return activities.Sent{Outcome: activities.OutcomeAccepted}, nil
}

func (w *world) PendingMedia(context.Context, casefile.CaseID) ([]activities.KeepInput, error) {
	return w.pending, nil
}

func (w *world) KeepMedia(_ context.Context, _ casefile.CaseID, seq int, m activities.Kept) error {
	w.kept = append(w.kept, fmt.Sprintf("%d %s %s", seq, m.State, m.Content))
	return nil
}

// Content is prepared for a moment; a message whose ID begins with "gone" is gone.
func (w *world) Content(_ context.Context, messageID string) ([]byte, string, error) {
	w.fetched++
	switch {
	case strings.HasPrefix(messageID, "gone"):
		return nil, "", activities.ErrGone
	case w.fetched == 1:
		return nil, "", &activities.TransientError{After: 2 * time.Second, Reason: "content_not_ready"}
	}
	return []byte("bytes of " + messageID), "image/jpeg", nil
}

func (w *world) Nudge(context.Context, casefile.CaseID, int) error {
	w.nudged++
	return nil
}
func (w *world) CheckProof(proof string, _ ...string) bool { return proof == "sealed" }

// script is what happens when, and what was said to whom.
type script struct {
	*world
	t     *testing.T
	env   *testsuite.TestWorkflowEnvironment
	story any // Emergency unless it says otherwise
	n     int // inbox rows
	n2    int // commands
}

var epoch = time.Date(2026, 1, 5, 20, 0, 0, 0, time.UTC)

// phitsanulok is the pin of most stories.
var phitsanulok = casefile.Pin{Lat: 16.8211, Lon: 100.2659, Source: casefile.PinLINE}

func begin(t *testing.T, typ casefile.IncidentType, quiet bool) *script {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	s := &script{t: t, env: suite.NewTestWorkflowEnvironment()}
	s.world = &world{
		c:       casefile.Case{ID: "0f8fad5b-d9cb-469f-a165-70867728950e", State: casefile.Draft, Type: typ, Reporter: "reporter", Quiet: quiet, Channel: casefile.ChannelLINE},
		answers: map[string]activities.Outcome{}, dead: map[string]bool{}, known: map[casefile.EventID]bool{}, now: s.env.Now,
	}
	s.bell = &bell{taps: func() []casefile.CaseID { return []casefile.CaseID{s.c.ID} }}
	s.env.SetStartTime(epoch)
	s.env.SetTestTimeout(time.Minute)
	s.env.SetWorkerOptions(worker.Options{WorkflowPanicPolicy: worker.FailWorkflow})
	for level, unit := range map[casefile.Level]casefile.UnitID{
		casefile.LevelStation: "station-1", casefile.LevelRadio191: "radio", casefile.LevelPoliceRegion: "region", casefile.LevelRTPNational: "national",
		casefile.LevelMSDHSDuty: "msdhs-duty", casefile.LevelMSDHSProvince: "msdhs", casefile.LevelHUSEC: "husec", casefile.LevelMSDHSNational: "msdhs-national",
		casefile.LevelDesk: "desk", casefile.LevelEMS: "ems", casefile.LevelShelter: "shelter",
	} {
		s.member(casefile.MemberID(unit), unit, level, "", 0)
	}
	s.member("station-2", "station-2", casefile.LevelStation, "", 0)
	slices.SortFunc(s.members, func(a, b dispatch.Candidate) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return s
}

// member adds somebody to the roster, at a distance north of the pin.
func (s *script) member(id casefile.MemberID, unit casefile.UnitID, level casefile.Level, role casefile.Role, metres float64) {
	s.members = append(s.members, dispatch.Candidate{
		Member: casefile.Member{
			ID: id, Unit: unit, Group: casefile.Agency, Class: casefile.Professional, Level: level, Role: role, State: casefile.MemberActive, OnDuty: true,
			Lat: phitsanulok.Lat + metres/111195, Lon: phitsanulok.Lon, FixedAt: epoch,
		},
		Reachable: true,
	})
}

func (s *script) at(d time.Duration, do func()) { s.env.RegisterDelayedCallback(do, d) }

// hears puts one word into the inbox of the case and nudges its story.
func (s *script) hears(in casefile.Incoming) {
	s.n++
	in.At = s.env.Now()
	s.inbox = append(s.inbox, activities.Arrived{N: s.n, EventID: casefile.EventID(fmt.Sprintf("e%d", s.n)), At: s.env.Now(), In: in, Desk: s.deskOf(in.By), KeptAway: in.By.Kind == casefile.ByMember && s.keptAway(casefile.MemberID(in.By.ID))})
	s.env.SignalWorkflow(workflows.SignalNudge, workflows.Nudge{UpTo: s.n})
}

// deskOf is the duty desk that the roster knows a member to be.
func (w *world) deskOf(by casefile.Actor) activities.Desk {
	for _, m := range w.members {
		if by.Kind == casefile.ByMember && by.ID == string(m.ID) {
			return activities.Desk{Level: m.Level, Province: m.Province, Unit: m.Unit}
		}
	}
	return activities.Desk{}
}

func (s *script) reporter(in casefile.Incoming) {
	in.By = casefile.Actor{Kind: casefile.ByReporter, ID: "reporter"}
	in.ReplyToken = fmt.Sprintf("token-%d", s.n)
	s.hears(in)
}

func (s *script) presses(m casefile.MemberID, a casefile.Action, minutes int) {
	s.hears(casefile.Incoming{Word: casefile.Pressed, Action: a, Minutes: minutes, By: casefile.Actor{Kind: casefile.ByMember, ID: string(m)}})
}

func (s *script) pins() {
	pin := phitsanulok
	s.reporter(casefile.Incoming{Word: casefile.SentLocation, Pin: &pin})
}

// reports taps at the start and pins at once.
func (s *script) reports() {
	s.at(0, func() { s.reporter(casefile.Incoming{Word: casefile.Tapped, Type: s.c.Type, Quiet: s.c.Quiet}) })
	s.at(time.Second, s.pins)
}

// verdict is the answer to a console command.
type verdict struct {
	got workflows.Verdict
	err error
}

func (v *verdict) Accept()        {}
func (v *verdict) Reject(e error) { v.err = e }
func (v *verdict) Complete(r any, e error) {
	if got, ok := r.(workflows.Verdict); ok {
		v.got = got
	}
	v.err = e
}

func (s *script) commands(operator string, c casefile.Command) *verdict {
	v := &verdict{}
	s.n2++
	c.ID, c.By, c.Proof = fmt.Sprintf("k%d-%s", s.n2, c.Kind), casefile.Actor{Kind: casefile.ByOperator, ID: operator}, "sealed"
	s.env.UpdateWorkflow(workflows.UpdateCommand, c.ID, v, c)
	return v
}

// run plays the script. until is when the watching stops: a case that nobody ends runs for ever.
func (s *script) run(until time.Duration) {
	s.t.Helper()
	if err := s.play(until); err != nil && !strings.Contains(err.Error(), "canceled") {
		s.t.Fatalf("the story broke: %v", err)
	}
}

func (s *script) play(until time.Duration) error {
	p, places := policy.Default(), policy.DefaultPlaces()
	deeds := &activities.Activities{
		Cases: s.world, Media: s.world, Contents: s.world, Roster: s.world, Contacts: s.world, Messenger: s.world, Nudger: s.world, Proofs: s.world, Places: places,
		Cells: func(lat, lon float64) string { return "cell" }, Policy: p, Care: s.world,
	}
	essworker.RegisterDeeds(s.env, deeds)
	s.env.RegisterWorkflow(workflows.Emergency)
	s.env.RegisterWorkflow(workflows.FollowUp)
	s.at(until, s.env.CancelWorkflow)
	if s.story == nil {
		s.story = workflows.Emergency
	}
	s.env.ExecuteWorkflow(s.story, workflows.Input{Case: s.c.ID})
	return s.env.GetWorkflowError()
}

// told lists what was said to somebody, as seconds since the start and template.
func (s *script) told(to string) []string {
	var out []string
	for _, m := range s.said {
		if m.To == to {
			out = append(out, fmt.Sprintf("%d %s", int(m.At.Sub(epoch)/time.Second), m.Template))
		}
	}
	return out
}

func (s *script) wants(to string, want ...string) {
	s.t.Helper()
	if got := s.told(to); !slices.Equal(got, want) {
		s.t.Errorf("%s heard\n  %s\nwant\n  %s", to, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (s *script) kinds() []casefile.Kind {
	var out []casefile.Kind
	for _, e := range s.events {
		out = append(out, e.Kind)
	}
	return out
}
