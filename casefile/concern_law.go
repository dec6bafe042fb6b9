package casefile

import (
	"slices"
	"time"
)

// concernRule says from which states a kind of event is lawful, and who may cause it.
type concernRule struct {
	from []ConcernState
	by   []ActorKind
}

var concernOpen = []ConcernState{ConcernDraft, ConcernReceived, ConcernOffered, ConcernTaken}

// concernLaw is the whole truth about which event is possible when.
var concernLaw = map[ConcernEventKind]concernRule{
	ConcernBegun:     {[]ConcernState{""}, []ActorKind{ByReporter}},
	ConcernAdded:     {concernOpen, []ActorKind{ByReporter}},
	ConcernSent:      {[]ConcernState{ConcernDraft}, []ActorKind{ByReporter, BySystem}},
	ConcernPlaced:    {concernOpen, []ActorKind{BySystem}},
	ConcernAsked:     {[]ConcernState{ConcernReceived, ConcernOffered, ConcernTaken}, []ActorKind{BySystem}},
	ConcernNobody:    {[]ConcernState{ConcernReceived, ConcernOffered, ConcernTaken}, []ActorKind{BySystem}},
	ConcernDeclined:  {[]ConcernState{ConcernReceived, ConcernOffered}, staff},
	ConcernTakenUp:   {[]ConcernState{ConcernReceived, ConcernOffered, ConcernTaken}, staff},
	ConcernIntoCase:  {[]ConcernState{ConcernTaken, ConcernReferred}, staff},
	ConcernGoesTo:    {[]ConcernState{ConcernTaken, ConcernFollowed}, staff},
	ConcernIntoAlarm: {concernOpen, []ActorKind{ByReporter, ByMember, ByOperator}},
	ConcernEndWanted: {[]ConcernState{ConcernTaken}, staff},
	ConcernEnded:     {[]ConcernState{ConcernTaken}, staff},
}

// ConcernEventKinds lists every kind of event.
func ConcernEventKinds() []ConcernEventKind {
	kinds := []ConcernEventKind{ConcernWordUnused}
	for k := range concernLaw { //workflowcheck:ignore sorted below
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}

// Apply is the concern after an event, or the words of the law that forbids it.
func (c Concern) Apply(e ConcernEvent) (Concern, error) {
	if err := c.mayHappen(e); err != nil {
		return c, err
	}
	c.Asked, c.Declined, c.Released = slices.Clone(c.Asked), slices.Clone(c.Declined), slices.Clone(c.Released)
	c.Version++
	c.Inbox = max(c.Inbox, e.Inbox)
	if !e.DueAt.IsZero() {
		c.DueAt = e.DueAt
	}
	switch e.Kind {
	case ConcernBegun:
		c.State, c.Kind, c.Task, c.Child = ConcernDraft, e.About, e.Task, true
	case ConcernAdded:
		if e.BringsEvidence() {
			c.Evidence++
		}
		c.AskHere = c.AskHere || e.Reason == ReasonTellSchool
	case ConcernSent:
		c.State, c.ReceivedAt = ConcernReceived, e.At
	case ConcernPlaced:
		if e.Place != nil {
			c.Place = *e.Place
		}
		c.School = e.School
	case ConcernAsked, ConcernNobody:
		c.Step, c.Level, c.Unit = e.Step, e.Level, e.Unit
		for _, m := range e.Asked {
			if !slices.Contains(c.Asked, m) && !slices.Contains(c.Declined, m) {
				c.Asked = append(c.Asked, m)
			}
		}
		if e.Kind == ConcernAsked && c.State == ConcernReceived {
			c.State = ConcernOffered
		}
	case ConcernDeclined:
		c.Declined = append(c.Declined, e.Asked...)
		c.Asked = slices.DeleteFunc(c.Asked, func(m MemberID) bool { return slices.Contains(e.Asked, m) })
	case ConcernTakenUp:
		c.State, c.Owner, c.Office, c.TakenAt, c.Proposed = ConcernTaken, e.By, e.Unit, e.At, Actor{}
		c.Child = c.Kind.AlwaysChild() || !e.Adult
	case ConcernIntoCase:
		c.State, c.Case = ConcernFollowed, e.Case
	case ConcernGoesTo:
		if c.State == ConcernTaken {
			c.State = ConcernReferred
		}
		c.To, c.Released, c.ReferredAt = e.To, slices.Clone(e.Evidence), e.At
	case ConcernIntoAlarm:
		c.State, c.Case = ConcernUrgent, e.Case
	case ConcernEndWanted:
		c.Proposed, c.Reason = e.By, e.Reason
	case ConcernEnded:
		c.State, c.Reason = ConcernClosed, e.Reason
	}
	if c.State.Ended() {
		c.DueAt = time.Time{}
		if c.EndedAt.IsZero() {
			c.EndedAt = e.At
		}
	}
	return c, nil
}

func (c Concern) mayHappen(e ConcernEvent) error {
	no := func(th, en string) error {
		return &RefusedError{Kind: Kind(e.Kind), State: State(c.State), Th: th, En: en}
	}
	rule, known := concernLaw[e.Kind]
	switch {
	case e.Kind == ConcernWordUnused:
		return nil
	case !known || !slices.Contains(rule.by, e.By.Kind):
		return no("ผู้ใช้นี้ทำสิ่งนี้ไม่ได้", "this actor may not do this")
	case !slices.Contains(rule.from, c.State):
		return no("เบาะแสนี้อยู่ในขั้นที่ทำสิ่งนี้ไม่ได้", "the concern is not at a stage where this is possible")
	}
	switch e.Kind {
	case ConcernBegun:
		if !slices.Contains(ConcernKinds, e.About) {
			return no("ไม่รู้จักประเภทเบาะแสนี้", "there is no such kind of concern")
		}
	case ConcernDeclined:
		if !slices.Contains(DeclineReasons, e.Reason) {
			return no("ต้องระบุเหตุผลที่ไม่รับ", "declining needs a reason")
		}
	case ConcernGoesTo:
		if !slices.Contains(Partners, e.To) {
			return no("ต้องระบุหน่วยงานที่ส่งต่อ", "name the partner")
		}
		if e.To == PartnerONDE && c.Kind != AboutOnline {
			return no("สดช. รับเฉพาะภัยออนไลน์", "ONDE takes online harm only")
		}
	case ConcernIntoCase, ConcernIntoAlarm:
		if e.Case == "" {
			return no("ต้องมีเลขเรื่อง", "a case is needed")
		}
		if e.Kind == ConcernIntoCase && c.Case != "" {
			return no("เบาะแสนี้มีเรื่องติดตามแล้ว", "the concern has a case already")
		}
	case ConcernEndWanted, ConcernEnded:
		if !slices.Contains(EndReasons, e.Reason) {
			return no("ต้องระบุเหตุผลที่ยุติ", "ending needs a reason")
		}
	}
	if e.Kind == ConcernEnded && c.Child && (c.Proposed == (Actor{}) || c.Proposed == e.By) {
		return no("เบาะแสเกี่ยวกับเด็กต้องมีผู้ตรวจสอบคนที่สองก่อนยุติ", "a second person must look before a concern about a child ends")
	}
	if slices.Contains([]ConcernEventKind{ConcernIntoCase, ConcernGoesTo, ConcernEndWanted}, e.Kind) && e.By.Kind == ByMember && e.By != c.Owner {
		return no("มีผู้อื่นรับเรื่องนี้แล้ว", "somebody else has taken it up")
	}
	if e.By.Kind == ByMember && !slices.Contains(c.Asked, MemberID(e.By.ID)) {
		return no("เรื่องนี้ไม่ได้ส่งถึงท่าน", "you were not asked about this")
	}
	return nil
}

// KeptFrom is whom a case that comes from the concern must not reach: the school that it is about, unless the pointer
// lets the school know.
func (c Concern) KeptFrom() []Exclusion {
	if c.School == "" || c.AskHere {
		return nil
	}
	return []Exclusion{{Unit: c.School}}
}

// EndKind is what a person's wish to end the concern comes to: of a child's, the
// first of two persons only proposes it.
func (c Concern) EndKind(by Actor) ConcernEventKind {
	if c.Child && (c.Proposed == (Actor{}) || c.Proposed == by) {
		return ConcernEndWanted
	}
	return ConcernEnded
}
