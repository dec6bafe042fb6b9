package workflows

import (
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// carryOut does what a person wants done, from the chat or from a console.
func (e *errand) carryOut(ctx workflow.Context, o casefile.ConcernOrder, prefix string, proof *activities.ConcernProof, inbox int) (casefile.ConcernEventKind, error) {
	x := casefile.ConcernEvent{Kind: o.Kind, By: o.By, Unit: o.Unit, Adult: o.Adult, Reason: o.Reason, To: o.To, Evidence: o.Evidence, Inbox: inbox}
	first := e.c.TakenAt.IsZero()
	switch o.Kind {
	case casefile.ConcernTakenUp:
		if x.Unit == "" {
			x.Unit = e.c.Unit
		}
		x.DueAt = e.now(ctx).Add(e.plan.Decide)
	case casefile.ConcernDeclined:
		x.DueAt = e.now(ctx)            // the next office is asked at once
		const kept = "conflict-is-kept" // what declined before it was written down goes on as it was recorded
		if o.Reason == casefile.ReasonConflict && o.By.Kind == casefile.ByMember && workflow.GetVersion(ctx, kept, workflow.DefaultVersion, 1) == 1 {
			x.Asked = []casefile.MemberID{casefile.MemberID(o.By.ID)}
		}
	case casefile.ConcernEnded:
		x.Kind = e.c.EndKind(o.By)
	case casefile.ConcernGoesTo:
		if err := e.mayRelease(o.Evidence); err != nil {
			return "", err
		}
	case casefile.ConcernIntoCase, casefile.ConcernIntoAlarm:
		var err error
		if x.Case, err = e.intoCase(ctx, o, x); err != nil {
			return "", err
		}
	}
	asked := e.asked(o.By)
	if err := e.commit(ctx, prefix, proof, x); err != nil {
		return "", err
	}
	switch x.Kind {
	case casefile.ConcernTakenUp:
		if first {
			e.say("", "concern_pointer_taken", "")
		}
		for _, m := range asked {
			e.say(m, "concern_gone", "")
		}
	case casefile.ConcernIntoAlarm:
		for _, m := range asked {
			e.say(m, "concern_gone", "")
		}
	}
	return x.Kind, nil
}

// mayRelease refuses to give a partner what was never sent.
func (e *errand) mayRelease(evidence []int) error {
	for i, n := range evidence {
		if n < 1 || n > e.c.Version || slices.Index(evidence, n) < i {
			return &casefile.RefusedError{
				Kind: casefile.Kind(casefile.ConcernGoesTo), State: casefile.State(e.c.State),
				Th: "ไม่มีหลักฐานหมายเลขนี้", En: "there is no evidence of this number",
			}
		}
	}
	return nil
}

// intoCase lets a case begin with what the pointer said. The law is asked before: what it forbids opens nothing.
func (e *errand) intoCase(ctx workflow.Context, o casefile.ConcernOrder, x casefile.ConcernEvent) (casefile.CaseID, error) {
	x.Case = "asked"
	if _, err := e.c.Apply(x); err != nil {
		return "", err
	}
	in := activities.IntoCaseInput{Concern: e.c, Event: casefile.EventID("concern:" + string(e.c.ID) + ":follow"), By: o.By, At: e.now(ctx)}
	deed, summary := any(deeds.ConcernAlarm), "raise an emergency"
	if o.Kind == casefile.ConcernIntoCase {
		deed, summary = deeds.ConcernFollow, "open a follow-up"
		if in.Concern.Office == "" {
			in.Concern.Office = o.Unit
		}
		if in.Concern.Office == "" {
			return "", &casefile.RefusedError{
				Kind: casefile.Kind(o.Kind), State: casefile.State(e.c.State), Th: "ต้องระบุหน่วยงานที่จะติดตาม", En: "name the office that follows it",
			}
		}
	}
	var id casefile.CaseID
	err := e.local(ctx, summary, deed, in).Get(ctx, &id)
	return id, err
}

func (e *errand) mayObey(_ workflow.Context, in casefile.ConcernOrder) error {
	if strings.TrimSpace(in.ID) == "" || !slices.Contains(casefile.ConcernOrders, in.Kind) || in.By.Kind != casefile.ByOperator || in.Proof == "" {
		return refusal(&casefile.RefusedError{Kind: casefile.Kind(in.Kind), Th: "คำสั่งไม่ครบถ้วน", En: "an order needs an ID, a known kind and a signed-in person"})
	}
	return nil
}

// obey queues an order and waits for its verdict.
func (e *errand) obey(ctx workflow.Context, in casefile.ConcernOrder) (ConcernVerdict, error) {
	return e.queue(ctx, in.ID, in, e.stands)
}

func (e *errand) verdict(k casefile.ConcernEventKind) ConcernVerdict {
	return ConcernVerdict{State: e.c.State, Version: e.c.Version, Kind: k, Case: e.c.Case}
}

// stands is what an order comes to that was carried out.
func (e *errand) stands(o casefile.ConcernOrder) ConcernVerdict { return e.verdict(o.Kind) }

// ordered carries out what a console wants.
func (e *errand) ordered(ctx workflow.Context) func(casefile.ConcernOrder) (ConcernVerdict, error) {
	return func(o casefile.ConcernOrder) (ConcernVerdict, error) {
		proof := &activities.ConcernProof{Order: o.ID, Kind: o.Kind, By: o.By, Seal: o.Proof}
		kind, err := e.carryOut(ctx, o, "cord:"+o.ID, proof, 0)
		return e.verdict(kind), err
	}
}
