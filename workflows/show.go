package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/casefile"
)

// show keeps what a supervisor sees in the Temporal UI: the list's columns, only
// when the phase changes, and the lead line with its bullets, always. Neither
// holds anything personal: both pass through logs and URLs.
func (s *story) show(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, details(s.c))
	phase := fmt.Sprintf("%s %s %s %d %t", s.c.State, s.c.Severity, s.c.Owner, s.c.Escalation, s.c.Desk != nil)
	if s.c.Care != nil {
		phase += fmt.Sprint(s.c.Care.Risk, s.c.Care.Plan)
	}
	if phase == s.phase || s.c.Version == 0 || s.c.State == casefile.Draft && s.c.Desk == nil || s.c.State == casefile.New {
		return
	}
	s.phase = phase
	due, _ := s.c.NextDeadline()
	// The upsert fails only for an attribute that the server does not know, which
	// the worker checks before it starts.
	_ = workflow.UpsertTypedSearchAttributes(ctx,
		AttrPhase.ValueSet(string(s.c.State)), AttrKind.ValueSet(kindOf(s.c)), AttrUrgency.ValueSet(string(s.c.Severity)),
		AttrProvince.ValueSet(s.c.Place.Province), AttrOwner.ValueSet(string(ownerTeam(s.c))),
		AttrEscalation.ValueSet(int64(s.c.Escalation)), AttrDue.ValueSet(due.At), AttrDesk.ValueSet(s.c.Desk != nil),
	)
}

// ownerTeam is the unit responsible at this moment.
func ownerTeam(c casefile.Case) casefile.UnitID {
	if c.Owner != "" {
		return c.Owner
	}
	if c.State == casefile.Handover {
		return c.Over.Unit
	}
	return c.Station
}

// details is the case in the words of a supervisor: one lead line, then bullets.
func details(c casefile.Case) string {
	var b strings.Builder
	d, waits := c.NextDeadline()
	switch {
	case c.State.Ended():
		b.WriteString(fmt.Sprintf("**%s** with outcome %s.\n\n", c.State, c.Outcome))
	case c.State == casefile.FollowUp && c.Care != nil:
		b.WriteString(careDetails(c))
	case c.State == casefile.FollowUp:
		b.WriteString(fmt.Sprintf("**In follow-up**, owned by unit %s.\n\n", c.Owner))
	case waits:
		b.WriteString(fmt.Sprintf("**%s**: waiting for %s, due %s.\n\n", c.State, clockWords[d.Clock], d.At.UTC().Format("2006-01-02 15:04:05Z")))
	default:
		b.WriteString(fmt.Sprintf("**%s**.\n\n", c.State))
	}
	b.WriteString(fmt.Sprintf("- Case %s, %s, %s, escalation level %d\n", c.Code(), c.Type, c.Severity, c.Escalation))
	if c.Place.Province != "" {
		b.WriteString(fmt.Sprintf("- Province %s, district %s, station %s\n", c.Place.Province, c.Place.District, c.Station))
	}
	var flags []string
	for _, f := range []struct {
		on   bool
		word string
	}{
		{c.Quiet, "quiet: nothing unasked is sent"}, {c.NoCall, "do not call back"}, {c.Cancel, "cancel requested: see the person"},
		{c.Child, "child involved"}, {c.Lead != "", "joined to case " + string(c.Lead)}, {c.Waiting != "", "joining case " + string(c.Waiting)},
	} {
		if f.on {
			flags = append(flags, f.word)
		}
	}
	if len(flags) > 0 {
		b.WriteString(fmt.Sprintf("- %s\n", strings.Join(flags, "; ")))
	}
	for _, t := range c.Tracks {
		b.WriteString(fmt.Sprintf("- %s: %d of %d, asked %d, ladder step %d%s\n", t.Role, t.Active(), t.Crew, len(t.Offers), t.Step, ackWords(t)))
	}
	for _, a := range c.OpenCentres() {
		b.WriteString(fmt.Sprintf("- Asked to take the caller over: %s, rung %d times\n", a.Level, a.Times))
	}
	if c.Desk != nil {
		owner := "nobody has taken it"
		if c.Desk.Owner.ID != "" {
			owner = "taken"
		}
		b.WriteString(fmt.Sprintf("- Desk: %s, %s\n", c.Desk.Reason, owner))
	}
	return b.String()
}

func ackWords(t casefile.Track) string {
	if t.AckedAt.IsZero() {
		return ", not acknowledged"
	}
	return ", acknowledged"
}

// clockWords says what each clock waits for.
var clockWords = map[casefile.Clock]string{
	casefile.ClockPin: "the pin of the incident", casefile.ClockLadder: "an answer; then the next rung rings",
	casefile.ClockDepart: "somebody to move", casefile.ClockArrive: "arrival", casefile.ClockCheckIn: "the check-in of the reporter",
	casefile.ClockScene: "the check-in of the people on the scene", casefile.ClockControl: "control of the scene",
	casefile.ClockHandover: "an office to take the case over", casefile.ClockRadio: "the radio centre to read the pin",
	casefile.ClockDesk: "an operator of the desk", casefile.ClockJoin: "the older case to record this report",
	casefile.ClockWelfare: "the first contact of the office", casefile.ClockState: "any progress at all",
	casefile.ClockFind: "the reporter to say where it is", casefile.ClockOwed: "what is owed",
	casefile.ClockCentre: "another centre to take the caller over", casefile.ClockClose: "an office to own the case, or two persons to end it",
}

// clockSentence names a timer in the Temporal UI.
func clockSentence(d casefile.Deadline) string {
	if d.Role != "" {
		return fmt.Sprintf("waiting for %s (%s)", clockWords[d.Clock], d.Role)
	}
	return "waiting for " + clockWords[d.Clock]
}

// sentence names a record deed in the Temporal UI.
func sentence(events []casefile.Event) string {
	kinds := make([]string, 0, len(events))
	for _, e := range events {
		kinds = append(kinds, strings.ToLower(strings.ReplaceAll(string(e.Kind), "_", " ")))
	}
	said := strings.Join(kinds, ", ")
	const longest = 100 // the UI cuts at 120
	if len(said) > longest {
		said = said[:longest] + "…"
	}
	return said
}
