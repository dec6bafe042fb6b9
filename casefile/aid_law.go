package casefile

import (
	"slices"
	"time"
)

// aidRule says from which states a kind of event is lawful, and who may cause it.
type aidRule struct {
	from []AidState
	by   []ActorKind
}

var (
	aidOpen = slices.DeleteFunc(slices.Clone(AidStates), func(s AidState) bool { return s.Ended() || s == AidDraft })
	// aidUndecided are the states before anything was granted.
	aidUndecided = []AidState{AidSubmitted, AidReturned, AidReferred, AidScreened, AidVisitSet, AidVisited, AidPlanned}
	aidSettled   = []AidState{AidPaid, AidDelivered, AidMonitored}
	anybody      = []ActorKind{ByMember, ByOperator, BySystem}
	// putOff begin a step again that nobody has done: who was called about it before is not forgotten.
	putOff = []AidEventKind{AidVisitPlanned, AidVisitMissed, AidPlanMade, AidChecked}
)

// aidLaw is the whole truth about which event is possible when.
var aidLaw = map[AidEventKind]aidRule{
	AidSent:         {[]AidState{AidDraft, AidReturned}, anybody},
	AidChecked:      {aidOpen, clocks},
	AidTaken:        {[]AidState{AidSubmitted, AidScreened, AidVisitSet, AidVisited, AidApproved, AidPaid, AidDelivered, AidMonitored}, staff},
	AidPassed:       {[]AidState{AidSubmitted}, staff},
	AidSentBack:     {[]AidState{AidSubmitted, AidScreened, AidVisitSet, AidVisited}, staff},
	AidGoesTo:       {[]AidState{AidSubmitted, AidScreened, AidVisited}, staff},
	AidAnswered:     {[]AidState{AidReferred}, staff},
	AidTakenBack:    {aidUndecided, staff},
	AidVisitPlanned: {[]AidState{AidScreened, AidVisitSet, AidVisited}, staff},
	AidVisitMissed:  {[]AidState{AidVisitSet}, staff},
	AidWasVisited:   {[]AidState{AidVisitSet}, staff},
	AidCleared:      {[]AidState{AidSubmitted, AidScreened, AidVisitSet, AidVisited, AidPlanned}, staff},
	AidPlanMade:     {[]AidState{AidScreened, AidVisited, AidPlanned}, staff},
	AidRecused:      {[]AidState{AidPlanned, AidAppealed}, staff},
	AidAgreed:       {[]AidState{AidPlanned}, staff},
	AidRefused:      {[]AidState{AidScreened, AidVisited, AidPlanned}, staff},
	AidContested:    {[]AidState{AidRejected}, staff},
	AidHeard:        {[]AidState{AidAppealed}, staff},
	AidOrdered:      {[]AidState{AidApproved}, anybody},
	AidItemPaid:     {[]AidState{AidApproved}, anybody},
	AidItemFailed:   {[]AidState{AidApproved}, anybody},
	AidItemGiven:    {[]AidState{AidApproved}, staff},
	AidItemDropped:  {[]AidState{AidApproved}, staff},
	AidLookedIn:     {aidSettled, staff},
	AidJudged:       {[]AidState{AidMonitored}, staff},
	AidEnded:        {[]AidState{AidEvaluated, AidRejected}, anybody},
	AidIntoAlarm:    {aidUndecided, staff},
	AidIntoCase:     {aidOpen, staff},
	AidCalled:       {aidOpen, clocks},
}

// MayHappen reports whether a kind of event is possible where the request stands, whoever causes it.
func (a AidRequest) MayHappen(k AidEventKind) bool { return slices.Contains(aidLaw[k].from, a.State) }

// AidEventKinds lists every kind of event.
func AidEventKinds() []AidEventKind {
	kinds := []AidEventKind{AidUnused}
	for k := range aidLaw { //workflowcheck:ignore sorted below
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}

// Apply is the request after an event, or the words of the law that forbids it.
func (a AidRequest) Apply(e AidEvent) (AidRequest, error) {
	if err := a.mayHappen(e); err != nil {
		return a, err
	}
	a = a.clone()
	a.Version++
	a.Inbox = max(a.Inbox, e.Inbox)
	before := a.State
	a.change(e)
	switch {
	case a.State.Ended():
		a.DueAt, a.CallAt = time.Time{}, time.Time{}
		if !before.Ended() {
			a.EndedAt = e.At
		}
	case e.Kind == AidCalled:
		a.CallAt = e.CallAt
		if e.At.Before(a.DueAt) {
			a.Reminded = true
		} else {
			a.Calls++
		}
	case !e.DueAt.IsZero():
		a.DueAt, a.CallAt = e.DueAt, e.CallAt
		if a.State != before || !slices.Contains(putOff, e.Kind) {
			a.Calls = 0
		}
		a.Reminded = false
	}
	return a, nil
}

func (a AidRequest) clone() AidRequest {
	a.Found, a.Clear, a.Items = slices.Clone(a.Found), slices.Clone(a.Clear), slices.Clone(a.Items)
	a.Approvals, a.Decided, a.Recused = slices.Clone(a.Approvals), slices.Clone(a.Decided), slices.Clone(a.Recused)
	a.Went, a.Wrote = slices.Clone(a.Went), slices.Clone(a.Wrote)
	return a
}

// change is what an event that may happen does.
func (a *AidRequest) change(e AidEvent) {
	switch e.Kind {
	case AidSent:
		if a.Form > 0 { // what was looked at was another form
			a.Clear = nil
			if a.Subject != e.Subject || a.Home != e.Home { // and what was visited other people
				a.VisitedAt = time.Time{}
			}
		}
		a.Wrote = once(a.Wrote, e.By)
		a.State, a.Form, a.Problems, a.Urgency, a.Wanted = AidSubmitted, e.Form, e.Problems, e.Urgency, e.Wanted
		a.Subject, a.Home = e.Subject, e.Home
		if e.Place != nil {
			a.Place = *e.Place
		}
		if a.Filer == (Actor{}) {
			a.Filer = e.By
		}
		if a.Office == "" {
			a.Office = e.Office
		}
		if a.SubmittedAt.IsZero() {
			a.SubmittedAt = e.At
		}
		if e.Case != "" {
			a.Case = e.Case
		}
	case AidChecked:
		a.Found, a.Needed = slices.Clone(e.Found), max(a.Needed, e.Needed)
	case AidTaken:
		a.Officer = e.By
	case AidPassed:
		a.State, a.Officer = a.beforePlan(), e.By
	case AidSentBack:
		a.State, a.Reason = AidReturned, e.Reason
	case AidGoesTo:
		a.Back, a.State, a.To, a.Reason = a.State, AidReferred, e.Office, e.Reason
	case AidAnswered:
		if e.Yes {
			a.State, a.Office, a.Officer = AidSubmitted, a.To, Actor{}
		} else {
			a.State, a.Reason = a.Back, e.Reason
		}
		a.To, a.Back = "", ""
	case AidTakenBack:
		a.State, a.Reason = AidWithdrawn, e.Reason
	case AidVisitPlanned:
		a.State, a.Visitor, a.VisitAt = AidVisitSet, e.Member, e.VisitAt
		a.Went = once(a.Went, Actor{Kind: ByMember, ID: string(e.Member)})
	case AidVisitMissed:
		a.Visits, a.Reason, a.VisitAt = a.Visits+1, e.Reason, time.Time{}
	case AidWasVisited:
		a.State, a.Visits, a.VisitedBy, a.VisitedAt = AidVisited, a.Visits+1, e.By, e.At
		a.Went = once(a.Went, e.By)
	case AidCleared:
		a.Clear = append(a.Clear, *e.Cleared)
	case AidPlanMade:
		a.State, a.Planner, a.Needed, a.Approvals, a.Items = AidPlanned, e.By, e.Needed, nil, nil
		for _, i := range e.Items {
			a.LastItem++
			a.Items = append(a.Items, AidItem{ID: a.LastItem, Code: i.Code, Goods: i.Goods, Satang: i.Satang, Quantity: i.Quantity, State: ItemPlanned})
		}
	case AidRecused:
		a.Recused = once(a.Recused, e.By)
		a.Approvals = slices.DeleteFunc(a.Approvals, func(x Actor) bool { return x == e.By })
	case AidAgreed:
		a.Approvals, a.Decided = append(a.Approvals, e.By), append(a.Decided, e.By)
		if len(a.Approvals) >= a.Needed {
			a.State, a.DecidedAt = AidApproved, e.At
			a.each(ItemPlanned, ItemGranted)
		}
	case AidRefused:
		a.State, a.Reason, a.DecidedAt, a.UntilAt, a.Decided = AidRejected, e.Reason, e.At, e.UntilAt, append(a.Decided, e.By)
	case AidContested:
		a.State, a.Appeals = AidAppealed, a.Appeals+1
	case AidHeard:
		a.Decided = append(a.Decided, e.By)
		if e.Yes { // planned anew, by the same rules
			a.State, a.UntilAt = a.beforePlan(), time.Time{}
		} else {
			a.State, a.Reason, a.EndedAt = AidClosed, "APPEAL_REFUSED", e.At
		}
	case AidOrdered, AidItemPaid, AidItemFailed, AidItemGiven, AidItemDropped:
		a.settle(e)
	case AidLookedIn:
		a.State, a.Monitors = AidMonitored, a.Monitors+1
	case AidJudged:
		a.State, a.Outcome = AidEvaluated, e.Outcome
	case AidEnded:
		if a.State == AidEvaluated {
			a.Reason = ""
		}
		a.State = AidClosed
	case AidIntoAlarm:
		a.State, a.Case = AidUrgent, e.Case
	case AidIntoCase:
		a.Case = e.Case
	}
}

// beforePlan is where a request stands that somebody may plan for: who was visited once need not be again.
func (a *AidRequest) beforePlan() AidState {
	if a.VisitedAt.IsZero() {
		return AidScreened
	}
	return AidVisited
}

// once adds somebody who is not there yet.
func once(list []Actor, by Actor) []Actor {
	if slices.Contains(list, by) {
		return list
	}
	return append(list, by)
}

// each moves every item of one state to another.
func (a *AidRequest) each(from, to AidItemState) {
	for i := range a.Items {
		if a.Items[i].State == from {
			a.Items[i].State = to
		}
	}
}

// settle moves one item on; once nothing is owed any more, so does the request.
func (a *AidRequest) settle(e AidEvent) {
	i := &a.Items[a.item(e.Item)]
	switch e.Kind {
	case AidOrdered:
		i.State, i.Tries, i.Reason, i.Order = ItemOrdered, i.Tries+1, "", e.Order
	case AidItemPaid:
		i.State, i.SettleAt, i.Reason = ItemPaid, e.At, ""
	case AidItemFailed:
		i.State, i.Reason = ItemFailed, e.Reason
	case AidItemGiven:
		i.State, i.Tries, i.SettleAt = ItemGiven, i.Tries+1, e.At
	case AidItemDropped:
		i.State, i.Reason, i.SettleAt = ItemDropped, e.Reason, e.At
	}
	has := func(s AidItemState) bool {
		return slices.ContainsFunc(a.Items, func(x AidItem) bool { return x.State == s })
	}
	switch {
	case slices.ContainsFunc(a.Items, func(x AidItem) bool { return !x.Settled() }):
		return
	case has(ItemPaid):
		a.State, a.SettledAt = AidPaid, e.At
	case has(ItemGiven):
		a.State, a.SettledAt = AidDelivered, e.At
	default: // nothing reached anybody
		a.State, a.Reason = AidClosed, e.Reason
	}
}
