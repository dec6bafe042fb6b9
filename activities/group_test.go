package activities

import (
	"context"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// channel is a messenger and the contacts of one station, in memory.
type channel struct {
	contact   Contact
	said      []Outgoing
	delivered map[string]Delivery
	fail      map[string]error // by template
}

func (c *channel) Send(_ context.Context, m Outgoing) (Sent, error) {
	if err := c.fail[m.Template]; err != nil {
		return Sent{}, err
	}
	c.said = append(c.said, m)
	return Sent{Outcome: OutcomeAccepted}, nil
}

func (c *channel) MemberContact(context.Context, casefile.MemberID, casefile.CaseID) (Contact, error) {
	return c.contact, nil
}

func (c *channel) ReporterContact(context.Context, casefile.ReporterID) (Contact, error) {
	return c.contact, nil
}

func (c *channel) Delivered(_ context.Context, list []Delivery) error {
	for _, d := range list {
		c.delivered[d.Key] = d
	}
	return nil
}

func (c *channel) Answered(_ context.Context, _ casefile.CaseID, keys []string) (map[string]Outcome, error) {
	out := map[string]Outcome{}
	for _, k := range keys {
		if d, ok := c.delivered[k]; ok {
			out[k] = d.Outcome
		}
	}
	return out, nil
}

func (c *channel) templates() (all []string) {
	for _, m := range c.said {
		all = append(all, m.Template)
	}
	return all
}

func TestAGroupIsRungOncePerCaseAndUnitAndLearnsNothing(t *testing.T) {
	desk := Contact{LINE: "U1", Unit: "st", Group: "C1", Language: casefile.Thai}
	c := &channel{contact: desk, delivered: map[string]Delivery{}, fail: map[string]error{}}
	a := &Activities{Messenger: c, Contacts: c, Policy: policy.Default(), Clock: policy.Clock{Speed: 1}}
	ask := func(template string, member casefile.MemberID) said {
		return a.say(t.Context(), try{in: TellInput{Case: "case"}, n: 1, began: time.Now()},
			Message{Key: "k", Seq: 3, Member: member, Template: template, Args: Args{Code: "code", Case: "case"}})
	}
	must := func(template string, member casefile.MemberID) {
		t.Helper()
		if got := ask(template, member); got.wait != nil || got.outcome != OutcomeAccepted {
			t.Fatalf("%+v", got)
		}
	}

	// LINE refuses the group: the desk is asked all the same, and nothing is lost.
	c.fail[groupCard] = &TransientError{Reason: "status_500"}
	must(offerDesk, "desk")
	c.fail = map[string]error{}
	for range 3 {
		must(offerDesk, "desk")
	}
	must("pin_moved", "desk") // not an ask
	must("receipt", "")       // not a desk
	rung := 0
	for _, m := range c.said {
		if m.Template != groupCard {
			if m.To != "U1" {
				t.Errorf("%s went to %s", m.Template, m.To)
			}
			continue
		}
		if rung++; m.To != "C1" || m.Args != (Args{}) || m.Key != "group/case/st" {
			t.Errorf("the group got %+v", m)
		}
	}
	if c.said[0].Template != offerDesk || rung != 1 || c.delivered["group/case/st"].To != "group:st" {
		t.Errorf("said %v, kept %+v", c.templates(), c.delivered)
	}

	// The desk cannot be reached at this moment: that is what the story must hear, whatever became of the group.
	c.fail[offerDesk] = &TransientError{Reason: "status_500"}
	if ask(offerDesk, "desk").wait == nil {
		t.Error("an unsaid alert counts as said")
	}
	// A unit without a group.
	c.fail, c.said, c.contact.Group = map[string]error{}, nil, ""
	if must(offerDesk, "desk"); len(c.said) != 1 {
		t.Errorf("said %v", c.templates())
	}
}
