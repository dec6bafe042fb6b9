package casefile

import (
	"slices"
	"time"
)

// Exclusion is an organisation that a case must never reach, because the alleged
// belongs to it: a school, a station, an office, a volunteer group. Whoever is a
// member of it is blind to the case, and its level is answered by the next one up.
type Exclusion struct {
	Unit     UnitID   `json:"unit"`
	Member   MemberID `json:"member,omitempty"`   // the alleged, where they are a member themselves
	Level    Level    `json:"level,omitempty"`    // that the unit answers for
	Province string   `json:"province,omitempty"` // empty: of the nation
}

func (x Exclusion) is(u UnitID, m MemberID) bool {
	return u != "" && u == x.Unit || m != "" && m == x.Member
}

// ofTheNation are the levels of which there is one for the whole country.
var ofTheNation = []Level{LevelDesk, LevelHUSEC, LevelRTPNational, LevelMSDHSNational}

// Excludes reports whether the case must not reach a unit, or a member of it.
func (c Case) Excludes(u UnitID, m MemberID) bool {
	return slices.ContainsFunc(c.Excluded, func(x Exclusion) bool { return x.is(u, m) })
}

// Blind reports whether the desk of a level where the case lies must not see it.
func (c Case) Blind(l Level, province string) bool {
	return slices.ContainsFunc(c.Excluded, func(x Exclusion) bool { return x.Level == l && (x.Province == "" || x.Province == province) })
}

// keptAway reports whether somebody who was asked must not see the case any more.
// Who was never asked has no right to it in the first place.
func (c Case) keptAway(m MemberID) bool {
	if m == "" || len(c.Excluded) == 0 {
		return false
	}
	return c.Excludes("", m) || slices.ContainsFunc(c.Tracks, func(t Track) bool {
		o, asked := t.Offer(m)
		return asked && c.Excludes(o.Unit, m)
	})
}

// stillMay are the events that may name somebody whom the case must not reach.
var stillMay = []Kind{Excluded, Released, Noted, LateRecorded, SearchReopened}

// blind refuses what somebody of an excluded organisation does, and what would
// give the case to it. The words are those of any tap that comes too late.
func blind(c Case, e Event) error {
	if len(c.Excluded) == 0 || slices.Contains(stillMay, e.Kind) {
		return nil
	}
	if c.keptAway(acting(e)) {
		return refuse(c, e, "ทำรายการไม่ได้ในขั้นตอนนี้", "not possible at this stage")
	}
	if where := []Kind{PinSet, PinMoved}; !slices.Contains(where, e.Kind) && (c.Excludes(e.Unit, "") || c.owes(e.Care)) { // a pin names the responsible station, asked or not
		return refuse(c, e, "หน่วยงานนี้รับเรื่องนี้ไม่ได้", "this organisation must not have the case")
	}
	return nil
}

// owes reports whether a detail of care would have an excluded organisation do something.
func (c Case) owes(d *CareDetail) bool {
	return d != nil && slices.ContainsFunc(d.Owed, func(o Obligation) bool {
		return c.Excludes(o.Unit, o.Member) || slices.ContainsFunc(o.Next, func(u UnitID) bool { return c.Excludes(u, "") })
	})
}

// exclude keeps an organisation away from the case. Its open offers end, its
// people are taken off the case, and what its desk acknowledged nobody has in hand.
func exclude(c *Case, e Event) error {
	if e.Unit == "" {
		return refuse(*c, e, "ต้องระบุหน่วยงานที่ผู้ถูกกล่าวหาสังกัด", "say which organisation the alleged belongs to")
	}
	x := Exclusion{Unit: e.Unit, Member: e.Member, Level: e.Level}
	if e.Place != nil && !slices.Contains(ofTheNation, e.Level) { // wherever its office stands
		x.Province = e.Place.Province
	}
	if !slices.Contains(c.Excluded, x) {
		c.Excluded = append(c.Excluded, x)
	}
	lost := false // a human had it in hand who has not any more
	for i := range c.Tracks {
		lost = c.withdraw(&c.Tracks[i], x, e.At) || lost
	}
	lost = c.leaveDesk(x) || lost
	lost = c.leaveCentres(x) || lost
	if c.State == Controlled || c.State == Handover {
		c.Over.Asked = slices.DeleteFunc(slices.Clone(c.Over.Asked), func(a Ask) bool { return x.is(a.Unit, a.Member) })
		if x.is(c.Over.Unit, "") {
			c.Over.Unit = ""
		}
	}
	if lost && !c.inHand() {
		c.AckedAt = time.Time{}
	}
	if c.Care != nil {
		c.careWithout(x, e)
	}
	return nil
}

// withdraw ends what one role has from an organisation, and reports whether it lost an acknowledgement.
func (c *Case) withdraw(t *Track, x Exclusion, at time.Time) bool {
	theirs := func(m MemberID) bool {
		o, _ := t.Offer(m)
		return x.is(o.Unit, m)
	}
	gone, acked := false, t.AckedBy.Kind == ByMember && theirs(MemberID(t.AckedBy.ID))
	for j := range t.Team {
		if a := &t.Team[j]; a.Active() && theirs(a.Member) {
			a.State, gone = AssignReleased, true
		}
	}
	for j := range t.Offers {
		if o := &t.Offers[j]; x.is(o.Unit, o.Member) && o.Answer != SaidNo {
			o.Answer = Withdrawn
		}
	}
	if acked {
		t.AckedAt, t.AckedBy = time.Time{}, Actor{}
		if m := t.holder(); m != "" { // somebody else has said so, too
			t.AckedAt, t.AckedBy = at, Actor{Kind: ByMember, ID: string(m)}
		}
	}
	if (gone || acked) && !t.Filled() {
		t.again()
	}
	if t.Role == Police && (gone || acked) && t.Active() == 0 && (c.State == Acked && t.AckedAt.IsZero() || slices.Contains(underWay, c.State)) {
		t.AckedAt, t.AckedBy = time.Time{}, Actor{}
		c.move(Sent, at)
	}
	return acked && t.AckedAt.IsZero()
}

// holder is a member who goes, or a desk that has acknowledged.
func (t Track) holder() MemberID {
	for _, a := range t.Team {
		if a.Active() {
			return a.Member
		}
	}
	for _, o := range t.Offers {
		if o.Answer == SaidAck || o.Answer == SaidYes {
			return o.Member
		}
	}
	return ""
}

// leaveDesk gives the desk's item back when the organisation has it.
func (c *Case) leaveDesk(x Exclusion) bool {
	if c.Desk == nil || c.Desk.Owner.Kind != ByMember || x.Level != LevelDesk && !x.is("", MemberID(c.Desk.Owner.ID)) {
		return false
	}
	c.Desk.Owner, c.Desk.TakenAt = Actor{}, time.Time{}
	return true
}

// leaveCentres lets a caller wait again whom the organisation had taken over.
func (c *Case) leaveCentres(x Exclusion) bool {
	lost := false
	for i := range c.Centres {
		a := &c.Centres[i]
		theirs := func(k Ask) bool { return x.is(k.Unit, k.Member) }
		took := a.Taken.Kind == ByMember && slices.ContainsFunc(a.Asked, func(k Ask) bool { return theirs(k) && k.Member == MemberID(a.Taken.ID) })
		if took {
			a.Taken, a.TakenAt, lost = Actor{}, time.Time{}, true
		}
		a.Asked = slices.DeleteFunc(slices.Clone(a.Asked), theirs)
	}
	return lost
}

// inHand reports whether a human still has the case in hand.
func (c Case) inHand() bool {
	return slices.ContainsFunc(c.Tracks, func(t Track) bool { return !t.AckedAt.IsZero() }) ||
		c.Desk != nil && !c.Desk.Waits() ||
		slices.ContainsFunc(c.Centres, func(a CentreAsk) bool { return !a.Open() })
}
