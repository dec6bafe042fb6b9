package workflows_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/workflows"

	essworker "github.com/ess-thailand/ess/worker"
)

// night is many cases at one desk. What is not one case's is the world of the script.
type night struct {
	*script
	records map[casefile.CaseID]*world
	order   []casefile.CaseID
	begin   []time.Duration
	rows    sync.Mutex // the deeds of one case read what those of another write
}

func (n *night) Case(_ context.Context, id casefile.CaseID) (casefile.Case, error) {
	n.rows.Lock()
	defer n.rows.Unlock()
	return n.records[id].c, nil
}

func (n *night) Append(ctx context.Context, after casefile.Case, events []casefile.Event, join *activities.JoinQuery) (activities.JoinResult, error) {
	n.rows.Lock()
	defer n.rows.Unlock()
	return n.records[after.ID].Append(ctx, after, events, join)
}

func (n *night) Inbox(ctx context.Context, id casefile.CaseID, after, upTo int) ([]activities.Arrived, error) {
	n.rows.Lock()
	defer n.rows.Unlock()
	return n.records[id].Inbox(ctx, id, after, upTo)
}

// aNight has two operators at the desk.
func aNight(t *testing.T) *night {
	t.Helper()
	n := &night{script: begin(t, casefile.Gathering, false), records: map[casefile.CaseID]*world{}}
	n.member("desk-2", "desk", casefile.LevelDesk, "", 0)
	n.bell.taps = func() []casefile.CaseID {
		n.rows.Lock()
		defer n.rows.Unlock()
		var waiting []casefile.CaseID
		for _, id := range n.order {
			if item := n.records[id].c.Desk; item.Waits() && item.Tap {
				waiting = append(waiting, id)
			}
		}
		return waiting
	}
	return n
}

// tap lets somebody press the menu after a while, and returns the case.
func (n *night) tap(after time.Duration) casefile.CaseID {
	id := casefile.CaseID(fmt.Sprintf("%08x-d9cb-469f-a165-70867728950e", len(n.order)+1))
	n.order, n.begin = append(n.order, id), append(n.begin, after)
	n.records[id] = &world{
		c:     casefile.Case{ID: id, State: casefile.Draft, Type: casefile.Gathering, Reporter: casefile.ReporterID(id), Channel: casefile.ChannelLINE},
		known: map[casefile.EventID]bool{},
	}
	n.arrives(id, epoch.Add(after), casefile.Incoming{Word: casefile.Tapped, Type: casefile.Gathering})
	return id
}

func (n *night) arrives(id casefile.CaseID, at time.Time, in casefile.Incoming) int {
	n.rows.Lock()
	defer n.rows.Unlock()
	w := n.records[id]
	in.At = at
	if in.By == (casefile.Actor{}) {
		in.By = casefile.Actor{Kind: casefile.ByReporter, ID: "reporter"}
	}
	row := len(w.inbox) + 1
	w.inbox = append(w.inbox, activities.Arrived{N: row, EventID: casefile.EventID(fmt.Sprintf("%s-%d", id, row)), At: at, In: in, Desk: n.deskOf(in.By)})
	return row
}

// hear lets something arrive for a case after a while.
func (n *night) hear(after time.Duration, id casefile.CaseID, in casefile.Incoming) {
	n.at(after, func() {
		row := n.arrives(id, n.env.Now(), in)
		if err := n.env.SignalWorkflowByID(workflows.EmergencyID(id), workflows.SignalNudge, workflows.Nudge{UpTo: row}); err != nil {
			n.t.Errorf("case %s cannot be nudged: %v", id, err)
		}
	})
}

func (n *night) takes(after time.Duration, id casefile.CaseID) {
	n.hear(after, id, casefile.Incoming{
		Word: casefile.Pressed, Action: casefile.ActDeskTake, Case: id, By: casefile.Actor{Kind: casefile.ByMember, ID: "desk"},
	})
}

// town starts every case of the night at its time.
func (n *night) town(ctx workflow.Context) error {
	for i, id := range n.order {
		if err := workflow.Sleep(ctx, n.begin[i]-workflow.Now(ctx).Sub(epoch)); err != nil {
			return err
		}
		child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: workflows.EmergencyID(id)})
		workflow.ExecuteChildWorkflow(child, workflows.Emergency, workflows.Input{Case: id})
	}
	return workflow.Await(ctx, func() bool { return false })
}

func (n *night) run(until time.Duration) {
	n.t.Helper()
	essworker.RegisterDeeds(n.env, &activities.Activities{
		Cases: n, Media: n.world, Contents: n.world, Roster: n.world, Contacts: n.world, Messenger: n.world, Nudger: n.world, Proofs: n.world,
		Places: policy.DefaultPlaces(), Cells: func(lat, lon float64) string { return "cell" }, Policy: policy.Default(),
	})
	n.env.RegisterWorkflow(workflows.Emergency)
	n.env.RegisterWorkflowWithOptions(n.town, workflow.RegisterOptions{Name: "town"})
	n.at(until, n.env.CancelWorkflow)
	n.env.ExecuteWorkflow("town")
	if err := n.env.GetWorkflowError(); err != nil && !strings.Contains(err.Error(), "canceled") {
		n.t.Fatalf("the night broke: %v", err)
	}
}

// rings are the pushes to an operator, those for one item and those for many.
func (n *night) rings(operator string) []saying {
	return slices.DeleteFunc(slices.Clone(n.said), func(m saying) bool {
		return m.To != operator || m.Template != "desk_item" && m.Template != "desk_taps"
	})
}

// everyTapIsRung checks what is promised to a tap that nobody took: a ring within
// one bundle, and no operator rung twice in one.
func (n *night) everyTapIsRung(until time.Duration) {
	n.t.Helper()
	bundle := policy.Default().Desk.Bundle.Duration
	for _, operator := range []string{"desk", "desk-2"} {
		rings := n.rings(operator)
		for i := range rings[1:] {
			if apart := rings[i+1].At.Sub(rings[i].At); apart < bundle {
				n.t.Errorf("%s was rung twice in %s", operator, apart)
			}
		}
		for _, id := range n.order {
			for _, e := range n.records[id].events {
				if e.Kind != casefile.DeskRaised || e.At.Add(bundle).After(epoch.Add(until)) {
					continue
				}
				if !slices.ContainsFunc(rings, func(m saying) bool { return !m.At.Before(e.At) && !m.At.After(e.At.Add(bundle)) }) {
					n.t.Errorf("case %s waits since %s, and %s was not rung within %s", id, e.At.Sub(epoch), operator, bundle)
				}
			}
		}
	}
}

// A hundred curious taps ring an operator once in a bundle, and none of them is
// ever without a coming ring.
func TestAHundredCuriousTapsRingTogether(t *testing.T) {
	n := aNight(t)
	for i := range 100 {
		n.tap(time.Duration(i) * 3 * time.Second)
	}
	const until = 30 * time.Minute
	n.run(until)

	n.everyTapIsRung(until)
	rings := n.rings("desk")
	if last := rings[len(rings)-1]; last.Template != "desk_taps" || last.Args.Waiting.Taps != 100 || len(last.Args.Waiting.Longest) != 5 {
		t.Errorf("the last ring was %+v", last)
	}
	if len(rings) > 12 {
		t.Errorf("%d rings in %s: the repeats do not come together", len(rings), until)
	}
	for _, id := range n.order {
		if item := n.records[id].c.Desk; item == nil || item.Rings < 3 {
			t.Errorf("case %s stands at the desk as %+v", id, item)
		}
	}
}

// A tap just after a ring is rung for at the end of the bundle, not before and not later.
func TestATapAfterTheRingWaitsForTheNext(t *testing.T) {
	n := aNight(t)
	n.tap(0)
	n.tap(5 * time.Second)
	n.run(3 * time.Minute)

	n.wants("desk", "60 desk_item", "120 desk_taps")
	n.wants("desk-2", "60 desk_item", "120 desk_taps")
}

// Who writes, sends a photo, a number or a cancel is more than a tap: the desk is rung at once.
func TestMoreThanATapRingsAtOnce(t *testing.T) {
	for name, more := range map[string]casefile.Incoming{
		"an address":   {Word: casefile.Said, Text: "ห้อง 12 หอพักข้างตลาด"},
		"a photo":      {Word: casefile.SentMedia, MediaKind: "image", MessageID: "1"},
		"a number":     {Word: casefile.Said, Phone: "+66812345678"},
		"a cancel":     {Word: casefile.Pressed, Action: casefile.ActCancel},
		"in danger":    {Word: casefile.Pressed, Action: casefile.ActCheckYes},
		"a pin at sea": {Word: casefile.SentLocation, Pin: &casefile.Pin{Lat: 1, Lon: 1}},
	} {
		n := aNight(t)
		for i := range 5 {
			n.tap(time.Duration(i) * time.Second)
		}
		more.Case = n.order[3]
		n.hear(95*time.Second, n.order[3], more)
		n.run(100 * time.Second)
		n.wants("desk", "60 desk_item", "95 desk_item")
		if last := n.rings("desk")[1]; last.Args.Case != n.order[3] {
			t.Errorf("%s: the desk was rung for %s", name, last.Args.Case)
		}
	}
}

// A second tap is no more than the first, and a quiet report is never among the taps.
func TestWhatIsOnlyATap(t *testing.T) {
	n := aNight(t)
	first, again, quiet := n.tap(0), n.tap(time.Second), n.tap(2*time.Second)
	n.records[quiet].inbox[0].In.Quiet = true
	n.hear(61*time.Second, again, casefile.Incoming{Word: casefile.Tapped, Type: casefile.Gathering})
	n.run(90 * time.Second)

	n.wants("desk", "60 desk_item", "62 desk_item")
	for id, tap := range map[casefile.CaseID]bool{first: true, again: true, quiet: false} {
		if item := n.records[id].c.Desk; item == nil || item.Tap != tap {
			t.Errorf("case %s stands at the desk as %+v", id, item)
		}
	}
}

// The repeats of a tap are twice as far apart each time, whichever case's ring was for it.
func TestTheRepeatsOfATap(t *testing.T) {
	for _, gone := range []time.Duration{70 * time.Second, 125 * time.Second} { // before the ring for both, and after it
		n := aNight(t)
		first := n.tap(0)
		n.tap(5 * time.Second)
		n.takes(gone, first)
		n.run(10 * time.Minute)

		both := "120 desk_taps"
		if gone < 2*time.Minute {
			both = "120 desk_item"
		}
		n.wants("desk-2", "60 desk_item", both, "180 desk_item", "300 desk_item", "540 desk_item")
	}
}

// What an operator took rings no more; what nobody took rings on.
func TestTakenTapsRingNoMore(t *testing.T) {
	n := aNight(t)
	first, second := n.tap(0), n.tap(time.Second)
	n.takes(70*time.Second, first)
	n.takes(130*time.Second, second)
	n.run(40 * time.Minute)

	n.wants("desk", "60 desk_item", "70 noted", "120 desk_item", "130 noted")
	n.wants("desk-2", "60 desk_item", "120 desk_item")
}

// Whatever people do, taps ring once in a bundle at most, and no item waits without
// a coming ring: each record is checked for its clock as it is written.
func TestNoTapIsEverForgotten(t *testing.T) {
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 7))
		n := aNight(t)
		after := time.Duration(0)
		for range 12 {
			after += time.Duration(random.IntN(40)) * time.Second
			id := n.tap(after)
			for at := after; random.IntN(3) > 0; {
				at += time.Duration(1+random.IntN(200)) * time.Second
				switch random.IntN(6) {
				case 0:
					n.takes(at, id)
				case 1:
					n.hear(at, id, casefile.Incoming{Word: casefile.Said, Text: "ช่วยด้วย"})
				case 2:
					pin := phitsanulok
					n.hear(at, id, casefile.Incoming{Word: casefile.SentLocation, Pin: &pin})
				case 3:
					n.hear(at, id, casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActCancel, Case: id})
				default:
					n.hear(at, id, casefile.Incoming{Word: casefile.Tapped, Type: casefile.Gathering})
				}
			}
		}
		n.run(2 * time.Hour)
		for _, operator := range []string{"desk", "desk-2"} {
			var taps []time.Time
			for _, m := range n.rings(operator) {
				if m.Template == "desk_taps" {
					taps = append(taps, m.At)
				}
			}
			for i := range max(0, len(taps)-1) {
				if taps[i+1].Sub(taps[i]) < policy.Default().Desk.Bundle.Duration {
					t.Errorf("seed %d: %s was rung for taps at %s and %s", seed, operator, taps[i].Sub(epoch), taps[i+1].Sub(epoch))
				}
			}
		}
	}
}
