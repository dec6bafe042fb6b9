package workflows

import (
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// wind starts and stops the clocks of a case after an event. Deadlines are
// absolute and in case time, so neither a restart nor a reset begins them anew.
func wind(c *casefile.Case, plan policy.Plan, e casefile.Event) {
	w := plan.Waits
	set := func(k casefile.Clock, at time.Time) { c.SetClock(casefile.Deadline{Clock: k, At: at}) }
	setRole := func(k casefile.Clock, r casefile.Role, at time.Time) {
		c.SetClock(casefile.Deadline{Clock: k, Role: r, At: at})
	}
	setMember := func(k casefile.Clock, m casefile.MemberID, at time.Time) {
		c.SetClock(casefile.Deadline{Clock: k, Member: m, At: at})
	}
	m := e.Member
	if m == "" && e.By.Kind == casefile.ByMember {
		m = casefile.MemberID(e.By.ID)
	}
	switch e.Kind {
	case casefile.Reported:
		if c.Quiet || !c.Channel.Hears() {
			set(casefile.ClockPin, e.At.Add(w.Pin))
		} else { // who may be reminded is, first
			set(casefile.ClockPin, e.At.Add(w.PinNudge))
		}
		if !c.Quiet && c.Channel != casefile.ChannelSMS { // a text message is never silent
			set(casefile.ClockCheckIn, e.At.Add(w.CheckIn))
		}
	case casefile.PinSet:
		c.StopClocks(casefile.ClockPin)
		if c.Desk == nil {
			c.StopClocks(casefile.ClockDesk)
		}
		set(casefile.ClockRadio, e.At.Add(w.Radio))
	case casefile.ProvinceSet:
		c.StopClocks(casefile.ClockPin, casefile.ClockDepart, casefile.ClockLadder)
		if c.Desk == nil {
			c.StopClocks(casefile.ClockDesk)
		}
		ringUnfilled(c, plan, e.At)
	case casefile.PinMoved:
		c.StopClocks(casefile.ClockFind)
		if c.EnteredAt.Equal(e.At) { // another radio centre has not seen it
			set(casefile.ClockRadio, e.At.Add(w.Radio))
		}
		ringUnfilled(c, plan, e.At)
	case casefile.RoleAdded, casefile.ChildSet:
		ringUnfilled(c, plan, e.At)
	case casefile.CannotFind:
		if mayAsk(*c) && !runs(c, casefile.ClockFind) { // asking once more gives nobody more time
			set(casefile.ClockFind, e.At.Add(w.Find))
		}
	case casefile.ReporterAdded, casefile.PhoneGiven:
		c.StopClocks(casefile.ClockFind)
	case casefile.Offered:
		setRole(casefile.ClockLadder, e.Role, nextStep(c, plan, e.Role, e.At))
	case casefile.Acknowledged:
		acknowledgedClocks(c, plan, e)
	case casefile.Accepted:
		if t, ok := c.TrackOf(m); ok && t.Filled() {
			c.StopClock(casefile.ClockLadder, t.Role, "")
		}
		c.StopClock(casefile.ClockDepart, casefile.Police, "")
		setMember(casefile.ClockDepart, m, e.At.Add(w.Depart))
		setMember(casefile.ClockArrive, m, arriveBy(w, e))
	case casefile.Departed:
		c.StopClock(casefile.ClockDepart, "", m)
		if e.Minutes > 0 { // else what was said or allowed at the acceptance stands
			setMember(casefile.ClockArrive, m, arriveBy(w, e))
		}
	case casefile.Arrived:
		c.StopClock(casefile.ClockDepart, "", m)
		c.StopClock(casefile.ClockArrive, "", m)
		c.StopClocks(casefile.ClockCheckIn, casefile.ClockFind)
		setMember(casefile.ClockScene, m, e.At.Add(w.Scene))
		if c.ArrivedAt.Equal(e.At) {
			set(casefile.ClockControl, e.At.Add(w.Control))
		}
	case casefile.Released:
		c.StopClock(casefile.ClockDepart, "", m)
		c.StopClock(casefile.ClockArrive, "", m)
		c.StopClock(casefile.ClockScene, "", m)
		ringUnfilled(c, plan, e.At)
	case casefile.SearchReopened, casefile.Transferred, casefile.CaseReopened:
		if e.Kind == casefile.CaseReopened {
			c.StopClocks(casefile.ClockHandover, casefile.ClockWelfare, casefile.ClockState, casefile.ClockClose)
			if c.LocatedAt.IsZero() {
				set(casefile.ClockPin, e.At)
			}
		}
		c.StopClock(casefile.ClockDepart, casefile.Police, "")
		ringUnfilled(c, plan, e.At)
	case casefile.Excluded:
		windExcluded(c, plan, e.At)
	case casefile.RadioSeen:
		c.StopClocks(casefile.ClockRadio)
	case casefile.RadioUnread:
		set(casefile.ClockRadio, e.At.Add(w.Radio))
	case casefile.SceneStopped:
		c.StopClocks(casefile.ClockPin, casefile.ClockDepart, casefile.ClockArrive, casefile.ClockScene, casefile.ClockControl,
			casefile.ClockCheckIn, casefile.ClockRadio, casefile.ClockFind)
		c.StopClock(casefile.ClockLadder, casefile.Police, "")
		c.StopClock(casefile.ClockLadder, casefile.Medical, "")
		set(casefile.ClockHandover, e.At)
		set(casefile.ClockClose, e.At.Add(w.CloseAfter))
	case casefile.DeskRaised:
		set(casefile.ClockDesk, e.At)
	case casefile.DeskTaken:
		set(casefile.ClockDesk, e.At.Add(w.Stale))
	case casefile.DeskResolved:
		c.StopClocks(casefile.ClockDesk)
	case casefile.CentreAsked:
		if !runs(c, casefile.ClockCentre) { // a second centre never delays the ring of the first
			set(casefile.ClockCentre, e.At.Add(w.Centre))
		}
	case casefile.CentreTook:
		if len(c.OpenCentres()) == 0 {
			c.StopClocks(casefile.ClockCentre)
		}
		if c.Desk == nil {
			c.StopClocks(casefile.ClockDesk)
		}
	case casefile.JoinAsked:
		c.StopClocks(casefile.ClockLadder)
		set(casefile.ClockJoin, e.At.Add(w.Join))
	case casefile.Joined:
		c.Clocks = nil
		set(casefile.ClockState, e.At.Add(w.Stale))
		if c.Desk != nil { // what the desk was needed for is still there
			set(casefile.ClockDesk, e.At.Add(w.Desk))
		}
		if len(c.OpenCentres()) > 0 { // a caller is on the line, whichever case leads
			set(casefile.ClockCentre, e.At.Add(w.Centre))
		}
	case casefile.LeadEnded, casefile.Split:
		if c.Lead == "" && c.Waiting == "" {
			c.StopClocks(casefile.ClockState, casefile.ClockJoin)
			if c.State == casefile.Draft {
				set(casefile.ClockPin, e.At)
			}
			ringUnfilled(c, plan, e.At)
		}
	case casefile.HandoverOffered:
		set(casefile.ClockHandover, e.At.Add(overStep(plan, e.Step).Wait))
	case casefile.HandoverDeclined:
		set(casefile.ClockHandover, e.At)
	case casefile.HandoverAccepted:
		stopAllButDesk(c)
		set(casefile.ClockWelfare, c.ControlledAt.Add(w.Welfare))
	}
	if c.State.Ended() {
		c.Clocks = nil
		return
	}
	switch e.Kind {
	case casefile.CareOpened, casefile.CareBegan, casefile.CareReopened:
		stopAllButDesk(c)
	}
	if _, waits := c.NextDeadline(); !waits { // an open case always has a clock that wakes somebody
		set(casefile.ClockState, e.At.Add(max(w.Stale, time.Minute)))
	}
}

// stopAllButDesk stops every clock; an item that waits at the desk goes on ringing there.
func stopAllButDesk(c *casefile.Case) {
	c.Clocks = slices.DeleteFunc(slices.Clone(c.Clocks), func(d casefile.Deadline) bool { return d.Clock != casefile.ClockDesk })
}

func acknowledgedClocks(c *casefile.Case, plan policy.Plan, e casefile.Event) {
	for _, t := range c.Tracks {
		rp, _ := plan.Role(t.Role)
		if t.AckedAt.IsZero() || !t.AckedAt.Equal(e.At) {
			continue
		}
		if !rp.Sends { // a desk's word is all that the role needs
			c.StopClock(casefile.ClockLadder, t.Role, "")
			continue
		}
		if t.Active() == 0 {
			c.SetClock(casefile.Deadline{Clock: casefile.ClockDepart, Role: t.Role, At: e.At.Add(plan.Waits.Depart)})
		}
	}
}

// ringUnfilled lets every ladder whose crew is incomplete ring at once.
func ringUnfilled(c *casefile.Case, plan policy.Plan, at time.Time) {
	if c.Placed() && c.Waiting == "" && c.Lead == "" {
		for _, t := range c.Tracks {
			if needed(c, t.Role) && !satisfied(plan, t) && !running(c, t.Role, at) {
				c.SetClock(casefile.Deadline{Clock: casefile.ClockLadder, Role: t.Role, At: at})
			}
		}
	}
}

// needed reports whether a role is still sought: nobody for a scene that is under
// control but those who care for the people there, and nobody once an office owns the case.
func needed(c *casefile.Case, r casefile.Role) bool {
	switch c.State {
	case casefile.Controlled, casefile.Handover:
		return r != casefile.Police && r != casefile.Medical
	case casefile.FollowUp, casefile.Closed, casefile.FalseReport:
		return false
	}
	return true
}

// running reports whether a ladder that has begun waits for its next step already.
func running(c *casefile.Case, r casefile.Role, at time.Time) bool {
	t, _ := c.Track(r)
	if t.Step == 0 {
		return false
	}
	for _, d := range c.Clocks {
		if d.Clock == casefile.ClockLadder && d.Role == r && d.At.After(at) {
			return true
		}
	}
	return false
}

// runs reports whether a clock of a kind runs.
func runs(c *casefile.Case, k casefile.Clock) bool {
	return slices.ContainsFunc(c.Clocks, func(d casefile.Deadline) bool { return d.Clock == k })
}

// satisfied reports whether a role has all the people it needs: its crew, or,
// where nobody is sent, one desk's word.
func satisfied(plan policy.Plan, t casefile.Track) bool {
	rp, ok := plan.Role(t.Role)
	return t.Filled() || ok && !rp.Sends && !t.AckedAt.IsZero()
}

// nextStep is when the ladder of a role rings next: its next rung, or after the
// last one its repeat, again and again until a human takes it.
func nextStep(c *casefile.Case, plan policy.Plan, r casefile.Role, at time.Time) time.Time {
	t, _ := c.Track(r)
	rp, _ := plan.Role(r)
	if t.Step < len(rp.Steps) {
		if due := t.BeganAt.Add(rp.Steps[t.Step].After); due.After(at) {
			return due
		}
		return at
	}
	return at.Add(max(rp.Again, time.Second))
}

func arriveBy(w policy.Waits, e casefile.Event) time.Time {
	if e.Minutes > 0 {
		return e.At.Add(time.Duration(e.Minutes)*time.Minute + w.EtaGrace)
	}
	return e.At.Add(w.Arrive)
}

// overStep is the office asked at a step of the hand-over; after the last one, the last again.
func overStep(plan policy.Plan, step int) policy.OverStep {
	return plan.Over[min(step, len(plan.Over)-1)]
}
