package workflows

import (
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// hear judges what arrived, one word at a time.
func (e *errand) hear(ctx workflow.Context) error {
	if len(e.words) == 0 {
		in := activities.ConcernInput{Concern: e.c.ID, After: e.c.Inbox}
		if err := e.local(ctx, "read what arrived", deeds.HearConcern, in).Get(ctx, &e.words); err != nil {
			return err
		}
		if len(e.words) == 0 { // nudged past what there is
			e.upTo = e.c.Inbox
			return nil
		}
	}
	w := e.words[0]
	if w.N > e.c.Inbox {
		judge := e.pointer
		if w.In.By.Kind == casefile.ByMember {
			judge = e.worker
		}
		err := judge(ctx, w)
		if refusedByLaw(err) {
			note := casefile.ConcernEvent{Kind: casefile.ConcernWordUnused, By: w.In.By, Reason: "REFUSED", Inbox: w.N}
			if err = e.commit(ctx, "cin:"+string(w.EventID), nil, note); err == nil && w.In.By.Kind == casefile.ByMember {
				e.say(casefile.MemberID(w.In.By.ID), "concern_refused", w.In.ReplyToken)
			}
		}
		if err != nil {
			return err
		}
	}
	e.words = e.words[1:]
	return nil
}

// refusedByLaw reports whether the law has a rule against it, here or in the record.
func refusedByLaw(err error) bool {
	var refused *casefile.RefusedError
	return errors.As(err, &refused) || refusedByRecord(err)
}

// pointer takes a word of whoever points it out.
func (e *errand) pointer(ctx workflow.Context, w activities.ConcernWord) error {
	in, by := w.In, casefile.Actor{Kind: casefile.ByReporter}
	prefix := "cin:" + string(w.EventID)
	var events []casefile.ConcernEvent
	if e.c.Version == 0 {
		events = append(events, casefile.ConcernEvent{Kind: casefile.ConcernBegun, By: by, At: w.At, About: e.c.Kind, Task: e.c.Task, DueAt: e.c.DueAt})
	}
	if in.Action == casefile.ActConcernUrgent {
		asked := e.asked(by)
		events = append(events, casefile.ConcernEvent{Kind: casefile.ConcernIntoAlarm, By: by, At: w.At, Case: in.Case, Inbox: w.N})
		if err := e.commit(ctx, prefix, nil, events...); err != nil {
			return err
		}
		for _, m := range asked {
			e.say(m, "concern_gone", "")
		}
		return nil
	}
	if e.c.State.Ended() {
		return e.commit(ctx, prefix, nil, casefile.ConcernEvent{Kind: casefile.ConcernWordUnused, By: by, Reason: "LATE", Inbox: w.N, Private: said(in)})
	}
	added := casefile.ConcernEvent{Kind: casefile.ConcernAdded, By: by, At: w.At, Reason: in.Option, Private: said(in), Inbox: w.N}
	if in.Option == casefile.MarkTell {
		added.Reason = casefile.ReasonTellSchool
	}
	events = append(events, added)
	found, plan, err := e.place(ctx, in)
	if err != nil {
		return err
	}
	if found != nil {
		events = append(events, *found)
	}
	if in.Option == casefile.MarkWhat && (e.c.State == casefile.ConcernDraft || e.c.Version == 0) {
		events = append(events, casefile.ConcernEvent{Kind: casefile.ConcernSent, By: by, At: w.At, DueAt: e.now(ctx)})
	}
	if err := e.commit(ctx, prefix, nil, events...); err != nil {
		return err
	}
	if found != nil {
		e.plan = plan
	}
	return nil
}

func said(in casefile.Incoming) casefile.ConcernPrivate {
	return casefile.ConcernPrivate{Text: in.Text, Pin: in.Pin, Link: casefile.FindLink(in.Text), Media: in.MessageID, MediaKind: mediaKind(in)}
}

func mediaKind(in casefile.Incoming) string {
	if slices.Contains([]string{"image", "video", "audio", "file"}, in.MediaKind) {
		return in.MediaKind
	}
	return "file"
}

// place finds where it is, as long as that is not known.
func (e *errand) place(ctx workflow.Context, in casefile.Incoming) (*casefile.ConcernEvent, policy.ConcernPlan, error) {
	if in.Pin == nil && (in.Text == "" || e.c.Place.Province != "" && e.c.School != "") {
		return nil, policy.ConcernPlan{}, nil
	}
	var found activities.PlacedConcern
	ask := activities.PlaceConcernInput{Concern: e.c.ID, Kind: e.c.Kind, Pin: in.Pin, Text: in.Text}
	if err := e.local(ctx, "find the place", deeds.PlaceConcern, ask).Get(ctx, &found); err != nil {
		return nil, policy.ConcernPlan{}, err
	}
	place, school := e.c.Place, e.c.School
	if found.Place.Province != "" && (place.Province == "" || in.Pin != nil) {
		place = found.Place
	}
	if school == "" && found.School != "" && (place.Province == "" || place.Province == found.Place.Province) {
		school = found.School
	}
	if place == e.c.Place && school == e.c.School {
		return nil, policy.ConcernPlan{}, nil
	}
	return &casefile.ConcernEvent{Kind: casefile.ConcernPlaced, By: casefile.System, Place: &place, School: school}, found.Plan, nil
}

// worker takes the button of somebody who was asked.
func (e *errand) worker(ctx workflow.Context, w activities.ConcernWord) error {
	kinds := map[casefile.Action]casefile.ConcernEventKind{
		casefile.ActConcernTake: casefile.ConcernTakenUp, casefile.ActConcernDecline: casefile.ConcernDeclined,
		casefile.ActConcernFollow: casefile.ConcernIntoCase, casefile.ActConcernUrgent: casefile.ConcernIntoAlarm,
	}
	o := casefile.ConcernOrder{Kind: kinds[w.In.Action], By: w.In.By, Reason: w.In.Reason}
	me := casefile.MemberID(w.In.By.ID)
	if o.Kind == casefile.ConcernTakenUp {
		if err := e.local(ctx, "find the office of who takes it up", deeds.ConcernUnit, activities.UnitOfInput{Member: me}).Get(ctx, &o.Unit); err != nil {
			return err
		}
	}
	if _, err := e.carryOut(ctx, o, "cin:"+string(w.EventID), nil, w.N); err != nil {
		return err
	}
	e.say(me, answers[o.Kind], w.In.ReplyToken)
	return nil
}

// answers are what a worker hears after a button.
var answers = map[casefile.ConcernEventKind]string{
	casefile.ConcernTakenUp: "concern_taken", casefile.ConcernDeclined: "concern_declined",
	casefile.ConcernIntoCase: "concern_followed", casefile.ConcernIntoAlarm: "concern_raised",
}

// office is one that is asked: the heads of a school, or the desks of a level.
type office struct {
	school bool
	policy.OverStep
}

func (e *errand) offices() []office {
	var list []office
	if e.c.AskHere && e.c.School != "" {
		list = append(list, office{school: true, OverStep: policy.OverStep{Wait: e.plan.School}})
	}
	for _, s := range e.plan.Steps {
		list = append(list, office{OverStep: s})
	}
	return list
}

// climb asks the next office that has somebody, the last of them again and again.
// A concern that somebody has taken up and left lying climbs, too.
func (e *errand) climb(ctx workflow.Context) error {
	if e.c.State == casefile.ConcernDraft {
		return e.commit(ctx, e.clockID(), nil, casefile.ConcernEvent{Kind: casefile.ConcernSent, By: casefile.System, Reason: "TALK_OVER", DueAt: e.now(ctx)})
	}
	list := e.offices()
	at := min(e.c.Step, len(list)-1)
	o, last := list[at], at == len(list)-1
	in := activities.AskInput{Concern: e.c.ID, Level: o.Level, Place: e.c.Place, Declined: e.c.Declined}
	if o.school {
		in.School = e.c.School
	}
	var found activities.AskResult
	if err := e.local(ctx, "find who answers", deeds.FindConcernOffice, in).Get(ctx, &found); err != nil {
		return err
	}
	x := casefile.ConcernEvent{Kind: casefile.ConcernAsked, By: casefile.System, Step: at + 1, Level: o.Level, Unit: found.Unit, Asked: found.Members, DueAt: e.now(ctx).Add(o.Wait)}
	if len(found.Members) == 0 {
		x.Kind = casefile.ConcernNobody
		if !last {
			x.DueAt = e.now(ctx)
		}
	}
	owner := e.c.Owner
	if err := e.commit(ctx, e.clockID(), nil, x); err != nil {
		return err
	}
	for _, m := range found.Members {
		if owner == (casefile.Actor{Kind: casefile.ByMember, ID: string(m)}) {
			e.say(m, "concern_overdue", "")
			continue
		}
		e.say(m, "concern_offer", "")
	}
	return nil
}

func (e *errand) clockID() string { return fmt.Sprintf("cclk:%s:%d", e.c.ID, e.c.Version+1) }
