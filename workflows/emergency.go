package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// Input starts a run of an emergency. The record of the case is in PostgreSQL:
// a run after loss, termination or continue-as-new loads it and goes on.
type Input struct {
	Case  casefile.CaseID `json:"case"`
	UpTo  int             `json:"up_to"` // inbox number known so far
	Clock policy.Clock    `json:"clock"`
	Done  []string        `json:"done,omitempty"` // IDs of the latest commands, so that a repeat is recognised
}

// deeds names the activities; it is never called.
var deeds *activities.Activities

// Emergency runs one case from its report until an office has accepted it for
// follow-up, or it has ended. It hears what arrived, lets clocks lapse, answers
// commands, and rests until the next of these.
func Emergency(ctx workflow.Context, in Input) error {
	return live(ctx, in, false)
}

// live is one run of either workflow of a case.
func live(ctx workflow.Context, in Input, followUp bool) error {
	s, err := begin(ctx, in, followUp)
	if err != nil {
		return err
	}
	for {
		if err := s.turn(ctx); err != nil {
			return err
		}
		if s.elsewhere() && s.resting() && !s.handed { // at once: what is still being said delays nobody
			if err := s.handOn(ctx); err != nil {
				return err
			}
			s.handed = true
		}
		if s.resting() && s.over() {
			if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) || !s.resting() }); err != nil {
				return err
			}
			if s.resting() {
				return nil
			}
			continue
		}
		if s.mayContinueAsNew(ctx) {
			return workflow.NewContinueAsNewError(ctx, s.self(), Input{Case: s.c.ID, UpTo: s.upTo, Clock: s.clock, Done: s.done})
		}
		if err := s.rest(ctx); err != nil {
			return err
		}
	}
}

// mayContinueAsNew: the history is long, and nothing is under way that a new run
// would not know of.
func (s *story) mayContinueAsNew(ctx workflow.Context) bool {
	return (workflow.GetInfo(ctx).GetContinueAsNewSuggested() || s.long(ctx)) && s.resting() && s.telling == 0 && workflow.AllHandlersFinished(ctx)
}

// self is the workflow that goes on in a new run.
func (s *story) self() any {
	if s.followUp {
		return FollowUp
	}
	return Emergency
}

// story is one run of a case.
type story struct {
	followUp bool // the workflow that is responsible in FOLLOW_UP, and only there
	handed   bool // the other workflow is known to run
	woken    bool // nudged since the case went elsewhere: it may be back

	c       casefile.Case // as last recorded
	plan    policy.Plan
	care    policy.CarePlan
	next    casefile.UnitID // next-nearest station, for the ladder
	clock   policy.Clock
	upTo    int // inbox number that somebody nudged us to
	heard   []activities.Heard
	pending []*command
	ui      []casefile.Event // from the Temporal UI
	told    []activities.Told
	nudges  workflow.ReceiveChannel
	acks    workflow.ReceiveChannel // from the Temporal UI
	notes   workflow.ReceiveChannel
	dones   workflow.ReceiveChannel
	held    []activities.Message // recorded, and said with the next batch
	telling int                  // messages and content under way
	done    []string
	alarm   *alarm
	phase   string // as last shown in the search attributes
}

// begin loads the case and registers every handler before anything can block.
func begin(ctx workflow.Context, in Input, followUp bool) (*story, error) {
	s := &story{followUp: followUp, clock: in.Clock, upTo: in.UpTo, done: in.Done, alarm: &alarm{}}
	if err := s.listen(ctx); err != nil {
		return nil, err
	}
	var b activities.BeginResult
	if err := s.local(ctx, "load the case", deeds.Begin, activities.BeginInput{Case: in.Case}).Get(ctx, &b); err != nil {
		return nil, err
	}
	s.load(b)
	s.resay(ctx)
	s.keep(ctx, b.Keep)
	return s, nil
}

// load takes over the case as recorded and everything that waits in its inbox,
// nudged or not: the nudge of a row may have died with an earlier run.
func (s *story) load(b activities.BeginResult) {
	s.c, s.plan, s.care, s.next, s.heard = b.Case, b.Plan, b.Care, b.Next, b.Rows
	if n := len(b.Rows); n == activities.HeardAtOnce { // there may be another page
		s.upTo = max(s.upTo, b.Rows[n-1].N+1)
	}
}

// listen takes in signals and commands. They only queue: the turn handles them one at a time.
func (s *story) listen(ctx workflow.Context) error {
	s.nudges = workflow.GetSignalChannel(ctx, SignalNudge)
	s.acks, s.notes = workflow.GetSignalChannel(ctx, SignalAcknowledge), workflow.GetSignalChannel(ctx, SignalNote)
	s.dones = workflow.GetSignalChannel(ctx, SignalDone)
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateCommand, s.obey, workflow.UpdateHandlerOptions{
		Validator:   s.mayObey,
		Description: "A command of a signed-in console; the verdict says what was recorded.",
	})
}

// drain takes in every signal that has come. No coroutine receives them, so none
// is ever in nobody's hands when a run ends.
func (s *story) drain() {
	for n := (Nudge{}); s.nudges.ReceiveAsync(&n); n = (Nudge{}) {
		s.upTo = max(s.upTo, n.UpTo)
		s.woken = s.elsewhere()
	}
	typed := func(c workflow.ReceiveChannel, k casefile.Kind) {
		for n := (UINote{}); c.ReceiveAsync(&n); n = (UINote{}) {
			s.ui = append(s.ui, casefile.Event{Kind: k, By: casefile.Actor{Kind: casefile.ByTemporalUI}, Private: casefile.Private{Text: n.Text}})
		}
	}
	typed(s.acks, casefile.Acknowledged)
	typed(s.notes, casefile.Noted)
	for n := (UIDone{}); s.dones.ReceiveAsync(&n); n = (UIDone{}) {
		s.ui = append(s.ui, casefile.Event{
			Kind: casefile.Settled, By: casefile.Actor{Kind: casefile.ByTemporalUI}, Private: casefile.Private{Text: n.Text},
			Care: &casefile.CareDetail{Obligation: n.Obligation, State: casefile.Done},
		})
	}
}

// resting reports whether nothing that arrived waits to be handled, unread signals included.
func (s *story) resting() bool {
	if s.nudges.Len()+s.acks.Len()+s.notes.Len()+s.dones.Len() > 0 {
		return false
	}
	heard := s.upTo <= s.c.Inbox && len(s.heard) == 0 || s.elsewhere() // else the other workflow hears it
	return heard && !s.woken && !s.careWaits() && !(s.followUp && s.c.OwnerExcluded()) && len(s.pending) == 0 && len(s.ui) == 0 && len(s.told) == 0
}

// over reports whether this workflow is no longer the one responsible.
func (s *story) over() bool {
	return s.telling == 0 && (s.elsewhere() || s.c.State.Ended())
}

func (s *story) now(ctx workflow.Context) time.Time { return s.clock.Case(workflow.Now(ctx)) }

// turn handles everything that waits: what arrived first, then commands, then
// what became of messages, then the clocks that ran out.
func (s *story) turn(ctx workflow.Context) error {
	for {
		s.drain()
		var err error
		switch {
		case s.woken:
			err = s.lookAgain(ctx)
		case (len(s.heard) > 0 || s.upTo > s.c.Inbox) && !s.elsewhere():
			err = s.hear(ctx)
		case s.careWaits():
			err = s.beginCare(ctx)
		case s.followUp && s.c.OwnerExcluded():
			err = s.leaveOwner(ctx)
		case len(s.ui) > 0:
			err = s.hearUI(ctx)
		case len(s.pending) > 0:
			err = s.answer(ctx)
		case len(s.told) > 0:
			err = s.consider(ctx)
		case len(s.c.Due(s.now(ctx))) > 0 && s.serves() && !s.finishing(ctx):
			err = s.lapse(ctx)
		default: // what the turn recorded is said and shown together
			s.tell(ctx)
			s.show(ctx)
			return nil
		}
		if len(s.held) >= toldAtOnce {
			s.tell(ctx)
		}
		if err := s.settle(ctx, err); err != nil {
			return err
		}
	}
}

// settle reloads the case when somebody else has moved it, so that the next
// turn judges by the record.
func (s *story) settle(ctx workflow.Context, err error) error {
	var app *temporal.ApplicationError
	if !errors.As(err, &app) || app.Type() != activities.TypeMoved && app.Type() != activities.TypeRecorded {
		return err
	}
	var b activities.BeginResult
	if err := s.local(ctx, "load the case again", deeds.Begin, activities.BeginInput{Case: s.c.ID}).Get(ctx, &b); err != nil {
		return err
	}
	s.load(b)
	s.resay(ctx)
	return nil
}

// commit records what happened on a page, and then says what follows from it.
func (s *story) commit(ctx workflow.Context, p *page, proof *activities.Proof) error {
	if len(p.events) == 0 {
		s.c.Inbox = max(s.c.Inbox, p.c.Inbox) // heard, though the law lets nothing of it happen
		if slices.Equal(p.c.Clocks, s.c.Clocks) {
			s.held = append(s.held, p.says...)
			return nil
		}
		p.must(casefile.Event{Kind: casefile.Noted, By: casefile.System, Reason: "CLOCK_MOVED"}) // the record knows every deadline
	}
	in := activities.RecordInput{After: p.c, Events: p.events, Proof: proof, Join: p.join}
	var r activities.RecordResult
	if err := s.local(ctx, "record "+sentence(p.events), deeds.Record, in).Get(ctx, &r); err != nil {
		return err
	}
	s.c, s.plan, s.next = p.c, p.plan, p.next
	s.keep(ctx, brought(p.c.ID, p.events))
	s.held = append(s.held, p.says...)
	if len(p.speaks) > 0 {
		if err := s.local(ctx, "tell the other report", deeds.Speak, p.speaks).Get(ctx, nil); err != nil {
			return err
		}
	}
	if p.join != nil {
		if err := s.join(ctx, r.Join); err != nil {
			return err
		}
	}
	if len(p.replace) > 0 {
		return s.climb(ctx, p.replace, true)
	}
	return nil
}

// hear judges what arrived in the inbox.
func (s *story) hear(ctx workflow.Context) error {
	if len(s.heard) == 0 {
		var h activities.HearResult
		in := activities.HearInput{Case: s.c.ID, Type: s.c.Type, Child: s.c.Child, After: s.c.Inbox, UpTo: s.upTo}
		if err := s.local(ctx, "read what arrived", deeds.Hear, in).Get(ctx, &h); err != nil {
			return err
		}
		if len(h.Rows) == 0 { // nudged past what there is
			s.upTo = s.c.Inbox
			return nil
		}
		s.heard = h.Rows
	}
	rows := s.heard
	p := s.page(ctx)
	for _, h := range rows {
		if h.N > p.c.Inbox {
			if err := s.judge(ctx, p, h); err != nil {
				return err
			}
		}
	}
	s.heard = nil
	if err := s.commitOwed(ctx, p, nil); !refusedByRecord(err) {
		return err
	}
	return s.hearOneByOne(ctx, rows)
}

// judge turns one row into events; a press about what is owed needs the offices, too.
func (s *story) judge(ctx workflow.Context, p *page, h activities.Heard) error {
	if _, care := careButtons[h.In.Action]; !care || h.In.Word != casefile.Pressed || p.c.State != casefile.FollowUp {
		p.judge(h)
		return nil
	}
	var err error
	p.mark(h, func() { err = s.pressedCare(ctx, p, h) })
	return err
}

// refusedByRecord reports whether the record has a rule against what the case
// alone allows: a member who holds an assignment elsewhere, for example.
func refusedByRecord(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.Type() == activities.TypeRefused
}

// hearOneByOne judges rows alone, so that only the one against the record is refused.
func (s *story) hearOneByOne(ctx workflow.Context, rows []activities.Heard) error {
	for _, h := range rows {
		if h.N <= s.c.Inbox {
			continue
		}
		p := s.page(ctx)
		err := s.judge(ctx, p, h)
		if err == nil {
			err = s.commitOwed(ctx, p, nil)
		}
		if refusedByRecord(err) {
			p = s.page(ctx)
			p.refuse(h)
			err = s.commit(ctx, p, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *story) hearUI(ctx workflow.Context) error {
	e := s.ui[0]
	p := s.page(ctx)
	happen := p.happen
	if e.Kind.AboutCare() {
		happen = func(e casefile.Event) error { return s.tend(ctx, p, e) }
	}
	if err := happen(e); err != nil {
		p.note(e.By, "REFUSED:"+string(e.Kind), e.Private)
	} else if e.Kind == casefile.Acknowledged {
		p.acknowledged(nil, e)
	} else if e.Kind.AboutCare() {
		p.afterCare(e)
	}
	err := s.commitOwed(ctx, p, nil)
	if err == nil { // else it is judged again by the record
		s.ui = s.ui[1:]
	}
	return err
}

// join acts on what the join query found.
func (s *story) join(ctx workflow.Context, found activities.JoinResult) error {
	p := s.page(ctx)
	for _, other := range found.Linked {
		p.must(casefile.Event{Kind: casefile.Linked, By: casefile.System, Case: other})
	}
	if found.Earlier != "" { // attacked again after control: rings like a first report, only graver
		p.must(casefile.Event{Kind: casefile.Linked, By: casefile.System, Case: found.Earlier, Reason: "EARLIER_AT_PLACE"})
		p.must(casefile.Event{Kind: casefile.SeveritySet, By: casefile.System, Severity: p.c.Severity.Raised(), Reason: "REPEAT_PLACE"})
	}
	p.excludeToo(found.Excluded)
	if found.Lead != "" {
		p.must(casefile.Event{Kind: casefile.JoinAsked, By: casefile.System, Case: found.Lead})
		return s.commit(ctx, p, nil)
	}
	if err := s.commit(ctx, p, nil); err != nil {
		return err
	}
	return s.climbDue(ctx)
}

// consider looks at what became of messages: a wave that reached nobody is an event and an alarm.
func (s *story) consider(ctx workflow.Context) error {
	told := s.told
	p := s.page(ctx)
	for _, t := range p.c.Tracks {
		missed, reached := 0, 0
		for _, o := range t.Offers {
			i := slices.IndexFunc(told, func(x activities.Told) bool { return x.Member == o.Member && x.Seq == o.Seq })
			switch {
			case i < 0:
			case told[i].Outcome == activities.OutcomeAccepted:
				reached++
			default:
				missed++
			}
		}
		if missed > 0 && reached == 0 && !p.satisfied(t) {
			p.nobody(t.Role)
		}
	}
	err := s.commit(ctx, p, nil)
	if err == nil {
		s.told = s.told[len(told):]
	}
	return err
}

// remember keeps the IDs of the latest commands.
func (s *story) remember(id string) {
	const kept = 200
	s.done = append(s.done, id)
	if len(s.done) > kept {
		s.done = s.done[len(s.done)-kept:]
	}
}
