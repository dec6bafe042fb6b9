package smoke

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"go.temporal.io/api/history/v1"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/workflows"
)

// A case costs what it may cost, and no more.
func TestEventBudget(t *testing.T) {
	t.Run("report to first acceptance, one role, two waves", func(t *testing.T) {
		h := startAlone(t, sharedSpeed)
		h.onlyPolice()
		h.officers(map[string]float64{"ann": 300})
		mali := h.citizen("mali")
		id := mali.reports(casefile.Gathering, h.pin)
		h.eventually("the second wave rings", func() bool { return h.times(id, casefile.Offered) == 2 })
		h.settles(id)
		h.people["ann"].presses(casefile.ActAccept)
		h.comesTo(id, casefile.Assigned)
		story := h.history(id)
		h.costs(story[:local.Recorded(story)], local.EventsToAcceptance)
	})

	t.Run("report to accepted hand-over, two roles, every step a message of its own", func(t *testing.T) {
		h := start(t)
		h.officers(map[string]float64{"ann": 300})
		mali := h.citizen("mali")
		id := mali.reports(casefile.Gathering, h.pin)
		h.livesToHandOver(id, h.people["ann"])
		h.comesTo(id, casefile.FollowUp)
		h.settles(id)
		h.costs(h.history(id), local.EventsToHandOver)
	})
}

// livesToHandOver lets everybody do their part, every step a message of its own,
// until an office has accepted what follows.
func (h *town) livesToHandOver(id casefile.CaseID, officer *person) {
	h.t.Helper()
	duty := h.desk(casefile.LevelMSDHSDuty)
	for _, step := range []struct {
		who    *person
		action casefile.Action
		makes  casefile.Kind
	}{
		{h.desk(casefile.LevelRadio191), casefile.ActRadioSeen, casefile.RadioSeen},
		{h.desk(casefile.LevelStation), casefile.ActAck, casefile.Acknowledged},
		{duty, casefile.ActAck, casefile.Acknowledged},
		{officer, casefile.ActAccept, casefile.Accepted},
		{officer, casefile.ActDepart, casefile.Departed},
		{officer, casefile.ActArrive, casefile.Arrived},
		{officer, casefile.ActControl, casefile.SceneStopped},
		{duty, casefile.ActTakeOver, casefile.HandoverAccepted},
	} {
		before := h.times(id, step.makes)
		h.eventually(step.who.name+" can press "+string(step.action), func() bool { return step.who.has(step.action) })
		step.who.presses(step.action)
		h.eventually("it is recorded: "+string(step.makes), func() bool { return h.times(id, step.makes) == before+1 })
	}
}

// onlyPolice lets a gathering need nobody but one officer, and leaves the radio
// centre time to read its screen: what it does there is no part of the chapter.
func (h *town) onlyPolice() {
	h.t.Helper()
	h.rules(map[string]string{"crew: {POLICE: 1, MSDHS: 1}": "crew: {POLICE: 1}", "\n  radio: 60s": "\n  radio: 240s"})
}

// has reports whether the phone shows a button that means the action.
func (p *person) has(action casefile.Action) bool {
	return slices.ContainsFunc(p.Transcript(), func(i lineemu.Item) bool {
		_, ok := button(i, string(action))
		return ok
	})
}

// times counts how often something happened to a case.
func (h *town) times(id casefile.CaseID, kind casefile.Kind) int {
	return len(slices.DeleteFunc(h.timeline(id), func(e happened) bool { return e.Kind != kind }))
}

// settles waits until the story of a case has nothing under way, as it has long
// before a person answers.
func (h *town) settles(id casefile.CaseID) {
	h.t.Helper()
	h.eventually("the story rests", func() bool {
		d, err := h.temporal.DescribeWorkflowExecution(context.Background(), workflows.EmergencyID(id), "")
		return err == nil && len(d.PendingActivities) == 0 && d.PendingWorkflowTask == nil
	})
}

func (h *town) history(id casefile.CaseID) []*history.HistoryEvent {
	h.t.Helper()
	story, err := local.History(context.Background(), h.temporal, workflows.EmergencyID(id))
	if err != nil {
		h.t.Fatal(err)
	}
	return story
}

// costs fails when a history is longer than it may be, and says what it is made of.
func (h *town) costs(story []*history.HistoryEvent, most int) {
	h.t.Helper()
	if len(story) == 0 {
		h.t.Fatal("the case has no history")
	}
	said := fmt.Sprintf("%d events, may have %d: %s", len(story), most, local.KindsOf(story))
	if len(story) > most {
		h.t.Error(said)
		return
	}
	h.t.Log(said)
}
