package simulate

import (
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// How long an operator waits for a sign of somebody who tapped and went silent.
const (
	patience      = 15 * time.Minute
	quietPatience = 45 * time.Minute // somebody who must hide may have had to put the phone away
	looksAgain    = 20 * time.Minute
	callsAgain    = 3 * time.Minute
)

// deed is what an operator does with a case.
type deed int

const (
	leave     deed = iota // somebody has it in hand, or all is done: nothing for the desk
	locate                // look a written address up
	ask                   // ask the reporter in the chat
	telephone             // those who were asked and are silent
	radio                 // the radio centre, which has not read its screen
	office                // ask a social office once more
	end                   // two persons
)

// choice is a deed with its details.
type choice struct {
	deed     deed
	reason   string // a code
	question string
	mayAsk   bool
	calls    []calls
	outcome  casefile.Outcome
	again    time.Duration // look at the case again after so long; 0: not before it rings
}

// calls are the people of one role to telephone, one after the other until one says yes.
type calls struct {
	role casefile.Role
	list []casefile.MemberID
	more bool // somebody of the role has it in hand already
}

// ending is the order that ends a case.
func (c choice) ending() order {
	if c.outcome == casefile.OutcomeFalse {
		return order{"false-report", map[string]any{"reason": c.reason}}
	}
	return order{"close", map[string]any{"outcome": c.outcome, "reason": c.reason}}
}

// judge is what a person at the desk makes of what the console shows. It knows
// nothing of the plan; hoax is the word of an officer who is at the place.
func judge(r record, now time.Time, hoax bool) choice {
	mayAsk := !r.Quiet && r.Channel == casefile.ChannelLINE
	switch {
	case r.State.Ended():
		return choice{}
	case hoax && !r.ArrivedAt.IsZero() && len(r.Reports) == 0 && (r.State == casefile.OnScene || stopped(r.State)):
		if r.State == casefile.OnScene { // it ends by the word of the people there, not over their heads
			return choice{reason: "RESPONDERS_HAVE_IT", again: looksAgain}
		}
		return choice{deed: end, outcome: casefile.OutcomeFalse, reason: "NOBODY_THERE"}
	case r.State == casefile.Duplicate:
		if r.leadHelped() {
			return choice{deed: end, outcome: casefile.OutcomeDuplicate, reason: "LEAD_HELPED"}
		}
		return choice{reason: "LEAD_HAS_IT"}
	case r.State == casefile.FollowUp:
		return choice{reason: "OFFICE_HAS_IT"}
	case (r.State == casefile.Draft || stopped(r.State)) && r.Cancel && r.safe() && !r.Quiet:
		return choice{deed: end, outcome: casefile.OutcomeNoSocialNeed, reason: "REPORTER_SAFE"}
	case r.State == casefile.Draft:
		return placeless(r, now, mayAsk)
	case stopped(r.State):
		if r.Desk != nil && r.Desk.Reason == casefile.DeskStale {
			return choice{deed: office, reason: "OFFICE_ASKED"}
		}
		return choice{reason: "OFFICE_IS_ASKED"}
	case r.Desk != nil && r.Desk.Reason == casefile.DeskRadioUnread && r.RadioSeen.IsZero():
		return choice{deed: radio, reason: "RADIO_CALLED"}
	}
	if list := r.silent(); len(list) > 0 {
		return choice{deed: telephone, reason: "TELEPHONED", calls: list, again: callsAgain}
	}
	c := choice{reason: "RESPONDERS_HAVE_IT"}
	if r.Cancel && r.safe() && !r.Quiet { // only when the scene is under control can it end
		c.again = looksAgain
	}
	return c
}

// stopped reports whether the scene is under control and no office has the case yet.
func stopped(s casefile.State) bool { return s == casefile.Controlled || s == casefile.Handover }

// placeless is a case without a place.
func placeless(r record, now time.Time, mayAsk bool) choice {
	wait := patience
	if r.Quiet {
		wait = quietPatience
	}
	asked := r.happened(casefile.QuestionAsked)
	switch left := wait - now.Sub(r.ReportedAt); {
	case len(r.words) > 0:
		return choice{deed: locate, reason: "PLACE_NOT_FOUND", mayAsk: mayAsk && !asked, again: looksAgain}
	case r.gaveSign() && mayAsk && !asked:
		return choice{deed: ask, reason: "ASKED", question: "ADDRESS", again: looksAgain}
	case r.gaveSign():
		return choice{reason: "NO_PLACE_YET", again: looksAgain}
	case left <= 0:
		return choice{deed: end, outcome: casefile.OutcomeNotFound, reason: "NOTHING_CAME"}
	case mayAsk && !asked:
		return choice{deed: ask, reason: "ASKED", question: "NO_PIN", again: max(left, time.Minute)}
	default:
		return choice{reason: "NOTHING_YET", again: max(left, time.Minute)}
	}
}

// record is what a console shows of one case.
type record struct {
	casefile.Case
	events []eventView
	words  []string // that the reporter wrote
}

func (r record) happened(k casefile.Kind) bool {
	return slices.ContainsFunc(r.events, func(e eventView) bool { return e.Kind == k })
}

// gaveSign reports whether the reporter did anything but tap: wrote, sent
// something, asked, or answered that the danger lasts. Who typed a word instead
// of tapping gave one with it.
func (r record) gaveSign() bool {
	return r.Guessed && !r.Quiet || slices.ContainsFunc(r.events, func(e eventView) bool {
		switch e.Kind {
		case casefile.ReporterAdded:
			return e.Reason != "TAPPED_AGAIN"
		case casefile.CheckInAnswered:
			return e.Yes
		case casefile.PhoneGiven, casefile.ReporterAsked, casefile.PinSet, casefile.CardAnswered:
			return true
		}
		return false
	})
}

// safe reports whether the last that the reporter said of their danger is that there is none.
func (r record) safe() bool {
	safe := false
	for _, e := range r.events {
		switch e.Kind {
		case casefile.SafeSaid:
			safe = true
		case casefile.CheckInAnswered:
			safe = !e.Yes
		}
	}
	return safe
}

// leadHelped reports whether the case that leads this one was owned to its end.
func (r record) leadHelped() bool {
	return slices.ContainsFunc(r.events, func(e eventView) bool { return e.Kind == casefile.LeadEnded && e.Yes })
}

// silent are, for each role that has not all it needs, those who were asked and
// said neither yes nor no: desks, which have cars, before officers in the field.
func (r record) silent() []calls {
	var all []calls
	for _, t := range r.Tracks {
		sent := t.Role == casefile.Police // of the other roles a desk's word is enough
		if t.Filled() || !sent && !t.AckedAt.IsZero() {
			continue
		}
		var desks, field []casefile.MemberID
		for _, o := range t.Offers {
			switch {
			case o.Answer == casefile.SaidNo || o.Answer == casefile.Withdrawn || o.Level == casefile.LevelDesk || wasOn(t, o.Member):
			case o.Level == casefile.LevelNear:
				field = append(field, o.Member)
			default:
				desks = append(desks, o.Member)
			}
		}
		if list := append(desks, field...); len(list) > 0 {
			all = append(all, calls{role: t.Role, list: list, more: t.Active() > 0})
		}
	}
	return all
}

// wasOn reports whether a member is or was on the case.
func wasOn(t casefile.Track, m casefile.MemberID) bool {
	return slices.ContainsFunc(t.Team, func(a casefile.Assignment) bool { return a.Member == m })
}
