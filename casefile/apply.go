package casefile

import (
	"slices"
	"time"
)

// Apply is what a case becomes when an event happens to it, or a RefusedError.
// It is pure: the same case and event give the same answer, and the given case
// is left as it was.
func Apply(c Case, e Event) (Case, error) {
	if err := lawful(c, e); err != nil {
		return c, err
	}
	if err := blind(c, e); err != nil {
		return c, err
	}
	c = c.Clone()
	c.Version++
	if err := apply(&c, e); err != nil {
		return c, err
	}
	if e.Inbox > c.Inbox {
		c.Inbox = e.Inbox
	}
	c.Spoke = c.Spoke || speaks(e)
	c.lane(e)
	if c.Gravest == "" || c.Severity.Rank() < c.Gravest.Rank() {
		c.Gravest = c.Severity
	}
	return c, nil
}

// Replay applies events in order from the empty case.
func Replay(id CaseID, events []Event) (Case, error) {
	c := Case{ID: id, State: Draft}
	for _, e := range events {
		next, err := Apply(c, e)
		if err != nil {
			return c, err
		}
		c = next
	}
	return c, nil
}

func refuse(c Case, e Event, th, en string) error {
	return &RefusedError{Kind: e.Kind, State: c.State, Th: th, En: en}
}

// lawful checks the table: known kind, right state, right actor.
func lawful(c Case, e Event) error {
	r, known := law[e.Kind]
	switch {
	case !known:
		return refuse(c, e, "ไม่รู้จักคำสั่งนี้", "this is not something that can happen to a case")
	case r.from == nil && c.State.Ended():
		return refuse(c, e, "เรื่องนี้ยุติแล้ว", "the case has ended")
	case r.from != nil && !slices.Contains(r.from, c.State):
		return refuse(c, e, "ทำไม่ได้ในสถานะปัจจุบันของเรื่อง", "not possible where the case stands")
	case r.by != nil && !slices.Contains(r.by, e.By.Kind):
		return refuse(c, e, "ผู้ใช้นี้ไม่มีสิทธิ์ทำสิ่งนี้", "this actor may not do that")
	case (c.Version == 0) != (e.Kind == Reported || e.Kind == CareOpened):
		return refuse(c, e, "เรื่องต้องเริ่มจากการแจ้งเหตุหนึ่งครั้ง", "a case begins with exactly one report")
	}
	return nil
}

func (c *Case) move(s State, at time.Time) {
	if c.State != s {
		c.State, c.SinceAt = s, at
	}
}

func apply(c *Case, e Event) error {
	switch e.Kind {
	case Reported:
		return report(c, e)
	case PinSet, PinMoved:
		return place(c, e)
	case ProvinceSet:
		return provinceOnly(c, e)
	case PhoneGiven:
		c.Private.Phone, c.HasPhone = e.Private.Phone, true
		if c.Channel == ChannelSMS && e.By.Kind == ByReporter { // who says which number to call may be called
			c.NoCall = c.Quiet
		}
	case NoCallAsked:
		c.NoCall = true
	case ReporterAdded, MessageUnsent, CheckInAnswered, ReporterAsked, Noted, NobodyNotified, RadioUnread, LateRecorded:
	case AssistAsked:
		if _, asked := c.TrackOf(acting(e)); e.By.Kind == ByMember && !asked {
			return notAsked(*c, e)
		}
	case CancelRequested:
		c.Cancel = true // and nothing else: cancelling never closes
	case SafeSaid:
		c.Safe = true // never lowers severity: the phone may be in other hands
	case CheckInAsked:
		c.CheckAsked = true
	case QuestionAsked:
		return question(*c, e)
	case CardAnswered:
		return answerCard(c, e)
	case ReporterBlocked:
		c.Blocked = true
	case Offered:
		return offer(c, e)
	case Escalated:
		c.Escalation = max(c.Escalation, e.Step)
		if e.Level == LevelDesk && c.Desk != nil {
			c.Desk.Rings++
			c.Desk.RungAt = e.At
		}
	case Acknowledged:
		return acknowledge(c, e)
	case Accepted:
		return accept(c, e)
	case Declined:
		return decline(c, e)
	case CameLate:
		return late(c, e)
	case SearchReopened:
		return reopenSearch(c, e)
	case Transferred:
		c.Station, c.Transfer = e.Unit, true
		return restart(c, e, Police)
	case RoleAdded:
		addRole(c, e.Role, e.Crew)
	case SeveritySet:
		return setSeverity(c, e)
	case ChildSet:
		c.Child = true
		c.Severity = c.Severity.Raised()
		addRole(c, ChildWorker, max(1, e.Crew))
	case RadioSeen:
		if !sits(e, LevelRadio191) {
			return refuse(*c, e, "เฉพาะศูนย์วิทยุ 191 ของพื้นที่เท่านั้น", "only the radio centre of the place may say so")
		}
		c.RadioSeen = e.At
	case Departed, Arrived, CannotFind, Released:
		if e.Kind == Released && c.State == FollowUp && c.Care != nil { // whoever leaves owes it nothing more
			c.careWithout(Exclusion{Member: acting(e)}, e)
			if e.Care == nil {
				return nil
			}
			return c.owe(e, e.Care)
		}
		return progress(c, e)
	case SceneStopped:
		if e.By.Kind == ByMember && !onTeam(*c, MemberID(e.By.ID)) {
			return refuse(*c, e, "เฉพาะผู้ที่รับเหตุนี้เท่านั้น", "only somebody who is on the case may say so")
		}
		c.ControlledAt = e.At
		c.move(Controlled, e.At)
	case LeadAcked:
		if c.AckedAt.IsZero() {
			c.AckedAt = e.At
		}
	case DeskRaised:
		if c.Desk == nil || c.Desk.Owner != (Actor{}) && c.Desk.Reason != e.Desk || c.Desk.Reason == e.Desk && e.Reason == "FORGOTTEN" {
			item := DeskItem{Reason: e.Desk, SinceAt: e.At, First: c.Version, FirstAt: e.At}
			if c.Desk != nil && c.Desk.Reason == e.Desk { // forgotten: it rings on where it had come to, not from the beginning
				item.Rings = c.Desk.Rings
			}
			c.Desk = &item
		}
	case DeskTaken:
		return takeDesk(c, e)
	case DeskResolved:
		if c.Desk == nil {
			return refuse(*c, e, "ไม่มีงานค้างที่โต๊ะปฏิบัติการ", "nothing waits at the desk")
		}
		c.Desk = nil
	case CentreAsked:
		return askCentre(c, e)
	case CentreTook:
		return takeCentre(c, e)
	case Excluded:
		return exclude(c, e)
	case JoinAsked, Joined, ReportJoined, Split, LeadEnded, Linked, SamePlace:
		return relate(c, e)
	case HandoverOffered, HandoverAccepted, HandoverDeclined, HandoverTimedOut:
		return handOver(c, e)
	case CloseProposed, CaseClosed, FalseProposed, MarkedFalse, CaseReopened:
		return end(c, e)
	default:
		if slices.Contains(careKinds, e.Kind) {
			return cared(c, e)
		}
	}
	return nil
}

func report(c *Case, e Event) error {
	if !e.Type.Known() {
		return refuse(*c, e, "ไม่รู้จักประเภทเหตุ", "unknown incident type")
	}
	c.State, c.SinceAt, c.ReportedAt = Draft, e.At, e.At
	c.Type, c.Guessed, c.Channel = e.Type, e.Reason == ReasonGuessed, e.Channel
	c.Severity = e.Severity
	c.Quiet = e.Quiet
	c.Neutral = e.Quiet || e.Type.Neutral()
	if e.Quiet {
		c.NoCall = true
		c.Severity = c.Severity.Raised() // somebody who must hide is in more danger
	}
	if c.Channel == ChannelSMS { // who writes instead of calling may have a reason
		c.NoCall = true
	}
	if e.Private.Phone != "" {
		c.Private.Phone, c.HasPhone = e.Private.Phone, true
	}
	c.Private.Caller, c.Private.Address = e.Private.Caller, e.Private.Address
	return nil
}

// answerCard keeps the latest answer on each card, so that tapping twice counts once.
func answerCard(c *Case, e Event) error {
	if e.Reason == "" || e.Option == "" || e.Score < 0 {
		return refuse(*c, e, "ไม่รู้จักคำตอบนี้", "there is no such answer")
	}
	c.Answers = slices.DeleteFunc(c.Answers, func(a CardAnswer) bool { return a.Card == e.Reason })
	c.Answers = append(c.Answers, CardAnswer{Card: e.Reason, Option: e.Option, Score: e.Score})
	c.Score = 0
	for _, a := range c.Answers {
		c.Score += a.Score
	}
	return nil
}

// question refuses what must not be asked, or could not be heard: the desk has to find another way then.
func question(c Case, e Event) error {
	switch {
	case e.Reason == "":
		return refuse(c, e, "ต้องระบุคำถาม", "say which question")
	case c.Quiet:
		return refuse(c, e, "ผู้แจ้งใช้โหมดเงียบ ห้ามส่งข้อความที่ผู้แจ้งไม่ได้ขอ", "the reporter is in quiet mode: nothing unasked is ever sent")
	case c.Care != nil && c.Care.Contact.NoMessage:
		return refuse(c, e, "ห้ามส่งข้อความถึงผู้รับการดูแล", "the person must not be written to")
	case !c.Channel.Hears():
		return refuse(c, e, "ผู้แจ้งไม่ได้แจ้งผ่าน LINE หรือ SMS", "the reporter came neither by LINE nor by SMS")
	}
	return nil
}

// ReasonGuessed marks a report whose type nobody named.
const ReasonGuessed = "TYPE_GUESSED"

func place(c *Case, e Event) error {
	if e.Private.Pin == nil || !e.Private.Pin.Usable() || e.Place == nil {
		return refuse(*c, e, "พิกัดนี้ใช้ไม่ได้", "this pin cannot be used")
	}
	if (e.Kind == PinMoved) == c.LocatedAt.IsZero() {
		return refuse(*c, e, "พิกัดแรกต้องมาก่อนการแก้ไข", "the first pin is set once; only after it is a pin moved")
	}
	if c.FirstPin == nil {
		c.FirstPin = e.Private.Pin
	}
	if c.LocatedAt.IsZero() {
		c.LocatedAt, c.EnteredAt = e.At, e.At
		c.searchAnew() // until now only the province was known: the station and near officers come first
	}
	if c.Place.Province != "" && c.Place.Province != e.Place.Province {
		c.EnteredAt = e.At
		c.leaveProvince(e.At)
	}
	c.Moved = c.Moved || c.Private.Pin != nil
	c.Private.Pin, c.Place = e.Private.Pin, *e.Place
	if e.Private.Address != "" {
		c.Private.Address = e.Private.Address
	}
	if e.Unit != "" {
		if i := c.track(Police); i >= 0 && c.Station != "" && c.Station != e.Unit && !c.Tracks[i].Filled() {
			c.Tracks[i].again() // moved into the area of another station, which has not been asked
		}
		c.Station = e.Unit
	}
	if c.State == Draft {
		c.move(New, e.At)
	}
	c.placed()
	return nil
}

// placed ends the desk's item when it waited for a place.
func (c *Case) placed() {
	if c.Desk != nil && (c.Desk.Reason == DeskNoPin || c.Desk.Reason == DeskPinAbroad) {
		c.Desk = nil
	}
}

// searchAnew lets every ladder whose crew is incomplete begin again.
func (c *Case) searchAnew() {
	for i := range c.Tracks {
		if !c.Tracks[i].Filled() {
			c.Tracks[i].again()
		}
	}
}

// provinceOnly places a case that has no pin in a province. A corrected
// province begins the search anew: who acknowledged it there has nothing in hand.
func provinceOnly(c *Case, e Event) error {
	switch {
	case e.Place == nil || e.Place.Province == "":
		return refuse(*c, e, "ต้องระบุจังหวัด", "say which province")
	case !c.LocatedAt.IsZero():
		return refuse(*c, e, "เรื่องนี้มีพิกัดแล้ว", "the case has a pin already")
	case c.Place.Province == e.Place.Province:
		return refuse(*c, e, "ส่งไปที่จังหวัดนี้แล้ว", "it was sent to this province already")
	}
	c.Place = Place{Province: e.Place.Province}
	c.leaveProvince(e.At)
	if c.State == Draft {
		c.move(New, e.At)
	}
	c.placed()
	return nil
}

// leaveProvince begins every search anew: whoever acknowledged the case in
// another province has nothing in hand. Who is under way stays so.
func (c *Case) leaveProvince(at time.Time) {
	c.searchAnew()
	for i := range c.Tracks {
		t := &c.Tracks[i]
		t.AckedAt, t.AckedBy = time.Time{}, Actor{}
		for j := range t.Offers {
			if t.Offers[j].Answer == SaidAck { // asked again should the case come back
				t.Offers[j].Answer = NoAnswer
			}
		}
	}
	c.RadioSeen = time.Time{}
	if c.State == Acked {
		c.move(Sent, at)
	}
}

func addRole(c *Case, r Role, crew int) {
	if i := c.track(r); i >= 0 {
		if crew > c.Tracks[i].Crew {
			c.Tracks[i].Crew = crew
			c.Tracks[i].again()
		}
		return
	}
	c.Tracks = append(c.Tracks, Track{Role: r, Crew: crew})
}

func offer(c *Case, e Event) error {
	i := c.track(e.Role)
	if i < 0 {
		return refuse(*c, e, "เหตุนี้ไม่ต้องการหน้าที่นั้น", "this case does not need that role")
	}
	t := &c.Tracks[i]
	if t.BeganAt.IsZero() {
		t.BeganAt = e.At
	}
	t.Step, t.Round = max(t.Step, e.Step), max(t.Round, e.Round)
	for _, a := range e.Asked {
		if j := t.offer(a.Member); j >= 0 {
			if o := &t.Offers[j]; o.Answer != NoAnswer || o.FirstAt.Before(t.BeganAt) { // a question of its own
				o.First, o.FirstAt = c.Version, e.At
			}
			t.Offers[j].Seq, t.Offers[j].At = c.Version, e.At
			t.Offers[j].Times++
			if slices.Contains([]Answer{SaidNo, SaidLate, Withdrawn}, t.Offers[j].Answer) {
				t.Offers[j].Answer = NoAnswer
			}
			continue
		}
		t.Offers = append(t.Offers, Offer{Member: a.Member, Unit: a.Unit, Level: a.Level, Seq: c.Version, Times: 1, At: e.At, First: c.Version, FirstAt: e.At})
	}
	if len(e.Asked) > 0 {
		if c.SentAt.IsZero() {
			c.SentAt = e.At
		}
		if c.State == New || c.State == Reopened {
			c.move(Sent, e.At)
		}
	}
	return nil
}

// actorTrack is the track that an answer belongs to: of the member who acts, or
// of the member or role that an operator names.
func actorTrack(c *Case, e Event) int {
	if m := acting(e); m != "" {
		for i := range c.Tracks {
			if (e.Role == "" || c.Tracks[i].Role == e.Role) && (c.Tracks[i].offer(m) >= 0 || c.Tracks[i].member(m) >= 0) {
				return i
			}
		}
		if e.By.Kind == ByMember {
			return -1
		}
	}
	if e.Role == "" {
		return c.track(Police)
	}
	return c.track(e.Role)
}

// acting is the member whom the event is about.
func acting(e Event) MemberID {
	if e.Member != "" {
		return e.Member
	}
	if e.By.Kind == ByMember {
		return MemberID(e.By.ID)
	}
	return ""
}

func notAsked(c Case, e Event) error {
	return refuse(c, e, "ท่านไม่ได้รับมอบหมายในเหตุนี้", "you were not asked for this case")
}

func acknowledge(c *Case, e Event) error {
	if e.By.Kind != ByMember && len(c.Tracks) == 0 { // a human has a report in hand that has no place yet
		if c.AckedAt.IsZero() && e.By.Human() {
			c.AckedAt = e.At
		}
		return nil
	}
	i := actorTrack(c, e)
	if i < 0 {
		return notAsked(*c, e)
	}
	t := &c.Tracks[i]
	if j := t.offer(acting(e)); j >= 0 {
		t.Offers[j].Answer = SaidAck
	}
	if t.AckedAt.IsZero() {
		t.AckedAt, t.AckedBy = e.At, e.By
	}
	acked(c, e, t.Role)
	return nil
}

func acked(c *Case, e Event, r Role) {
	if c.AckedAt.IsZero() {
		c.AckedAt = e.At
	}
	if r == Police && c.State.Searching() {
		c.move(Acked, e.At)
	}
}

func accept(c *Case, e Event) error {
	i := actorTrack(c, e)
	m := acting(e)
	if i < 0 || m == "" {
		return notAsked(*c, e)
	}
	t := &c.Tracks[i]
	if t.member(m) >= 0 {
		return refuse(*c, e, "ท่านรับเหตุนี้อยู่แล้ว", "you are on this case already")
	}
	if t.Filled() {
		return refuse(*c, e, "มีผู้รับเหตุครบแล้ว ขอบคุณ", "the crew is complete, thank you")
	}
	a := Assignment{Member: m, State: AssignAccepted, At: e.At}
	if e.Minutes > 0 {
		a.EtaAt = e.At.Add(time.Duration(e.Minutes) * time.Minute)
	}
	if t.offer(m) < 0 { // nobody is put on a case who was not found fit and asked
		return notAsked(*c, e)
	}
	t.Team = append(t.Team, a)
	if j := t.offer(m); j >= 0 {
		t.Offers[j].Answer = SaidYes
	}
	if t.AckedAt.IsZero() {
		t.AckedAt, t.AckedBy = e.At, e.By
	}
	if t.Filled() {
		t.FullAt = e.At
	}
	acked(c, e, t.Role)
	if t.Role == Police && (c.State.Searching() || c.State == Acked) {
		c.move(Assigned, e.At)
	}
	return nil
}

func decline(c *Case, e Event) error {
	i := actorTrack(c, e)
	if i < 0 {
		return notAsked(*c, e)
	}
	j := c.Tracks[i].offer(acting(e))
	if j < 0 {
		return notAsked(*c, e)
	}
	if c.Tracks[i].member(acting(e)) >= 0 {
		return refuse(*c, e, "ท่านรับเหตุนี้แล้ว ให้กดถอนตัวแทน", "you have accepted; withdraw instead")
	}
	c.Tracks[i].Offers[j].Answer = SaidNo
	return nil
}

func late(c *Case, e Event) error {
	i := actorTrack(c, e)
	if i < 0 {
		return notAsked(*c, e)
	}
	if c.Tracks[i].member(acting(e)) >= 0 {
		return refuse(*c, e, "ท่านรับเหตุนี้อยู่แล้ว", "you are on this case already")
	}
	if j := c.Tracks[i].offer(acting(e)); j >= 0 {
		c.Tracks[i].Offers[j].Answer = SaidLate
	}
	return nil
}

// again lets the ladder begin anew at its first rung; what a human said stays said.
func (t *Track) again() {
	t.FullAt = time.Time{}
	if !t.BeganAt.IsZero() {
		t.Round++
		t.Step, t.BeganAt = 0, time.Time{}
	}
}

// restart lets the ladder of a role begin again from its first step.
func restart(c *Case, e Event, r Role) error {
	i := c.track(r)
	if i < 0 {
		return refuse(*c, e, "เหตุนี้ไม่ต้องการหน้าที่นั้น", "this case does not need that role")
	}
	t := &c.Tracks[i]
	t.again()
	t.AckedAt, t.AckedBy = time.Time{}, Actor{}
	if r == Police && t.Active() == 0 && !c.State.Searching() && c.State.BeforeControl() {
		c.move(Sent, e.At)
	}
	return nil
}

func reopenSearch(c *Case, e Event) error {
	role := e.Role
	if role == "" {
		role = Police
	}
	if i := c.track(role); i >= 0 && e.Member != "" {
		if j := c.Tracks[i].member(e.Member); j >= 0 {
			c.Tracks[i].Team[j].Late = true
			c.Tracks[i].Crew++ // another one beside the first, who is kept
		}
	}
	return restart(c, e, role)
}

func setSeverity(c *Case, e Event) error {
	if e.Severity.Rank() > len(Severities) {
		return refuse(*c, e, "ไม่รู้จักระดับความรุนแรง", "unknown severity")
	}
	if e.Severity.Rank() > c.Severity.Rank() && (!e.By.Human() || e.Reason == "") {
		return refuse(*c, e, "การลดระดับต้องมีเจ้าหน้าที่และเหตุผล", "only a person with a reason may lower the severity")
	}
	c.Severity = e.Severity
	return nil
}

func onTeam(c Case, m MemberID) bool {
	return slices.ContainsFunc(c.Tracks, func(t Track) bool { return t.member(m) >= 0 })
}

// progress moves one responder: under way, at the place, gone.
func progress(c *Case, e Event) error {
	i, m := actorTrack(c, e), acting(e)
	if i < 0 {
		return notAsked(*c, e)
	}
	t := &c.Tracks[i]
	j := t.member(m)
	if j < 0 {
		if o := t.offer(m); e.Kind == Released && o >= 0 {
			t.Offers[o].Answer = Withdrawn
			return nil
		}
		return refuse(*c, e, "ท่านยังไม่ได้รับเหตุนี้", "you have not accepted this case")
	}
	a := &t.Team[j]
	lead := t.Role == Police
	switch e.Kind {
	case Departed:
		a.State = AssignEnRoute
		if e.Minutes > 0 {
			a.EtaAt = e.At.Add(time.Duration(e.Minutes) * time.Minute)
		}
		if lead && c.State == Assigned {
			c.move(EnRoute, e.At)
		}
	case Arrived:
		if a.State != AssignOnScene { // who says so again was there first all the same
			a.SceneAt = e.At
		}
		a.State, a.Late = AssignOnScene, false
		if c.ArrivedAt.IsZero() {
			c.ArrivedAt = e.At
		}
		if lead && (c.State == Assigned || c.State == EnRoute) {
			c.move(OnScene, e.At)
		}
	case Released:
		a.State = AssignReleased
		if o := t.offer(m); o >= 0 {
			t.Offers[o].Answer = Withdrawn
		}
		if !t.Filled() {
			t.again()
		}
		if lead && t.Active() == 0 && (c.State == Acked || slices.Contains(underWay, c.State)) {
			return restart(c, e, Police)
		}
	}
	return nil
}

// sits reports whether who acts may answer for a level of the chain of command:
// an operator, whose rights the API has checked, or the member who is its duty desk.
func sits(e Event, l Level) bool { return e.By.Kind != ByMember || e.Level == l }

func takeDesk(c *Case, e Event) error {
	instead := c.Blind(LevelDesk, "") && (sits(e, LevelHUSEC) || sits(e, LevelRTPNational)) // who is rung in the place of a desk that must not see it
	if !sits(e, LevelDesk) && !instead {
		return refuse(*c, e, "เฉพาะเจ้าหน้าที่โต๊ะกลางเท่านั้น", "only an operator of the national desk may take it")
	}
	if c.Desk == nil {
		return refuse(*c, e, "ไม่มีงานค้างที่โต๊ะปฏิบัติการ", "nothing waits at the desk")
	}
	if c.Desk.Owner != (Actor{}) && c.Desk.Owner != e.By {
		return refuse(*c, e, "มีผู้รับงานนี้แล้ว", "somebody else took this item")
	}
	c.Desk.Owner, c.Desk.TakenAt = e.By, e.At
	if c.AckedAt.IsZero() {
		c.AckedAt = e.At // a human has the report in hand; the search goes on
	}
	return nil
}

// askCentre asks another centre to take the caller over, or, by the system, rings it again.
func askCentre(c *Case, e Event) error {
	i := c.centre(e.Level)
	open := i >= 0 && c.Centres[i].Open()
	switch {
	case !slices.Contains(Centres, e.Level):
		return refuse(*c, e, "ส่งต่อสายได้เฉพาะ 191 1300 และ 1669", "a caller is handed over to 191, 1300 or 1669 only")
	case e.Level != LevelDesk && c.Place.Province == "":
		return refuse(*c, e, "ต้องระบุจังหวัดหรือพิกัดก่อน", "say first which province or place")
	case e.By.Kind == BySystem && !open:
		return refuse(*c, e, "ไม่มีการส่งต่อสายที่ค้างอยู่", "no hand-over of the caller waits")
	case e.By.Kind == BySystem:
		c.Centres[i].Times++
		c.Centres[i].Asked = e.Asked
		return nil
	case open:
		return refuse(*c, e, "ขอศูนย์นี้ไว้แล้ว ระบบเตือนซ้ำจนกว่าจะมีผู้รับ", "this centre was asked already; it is rung until somebody takes it")
	}
	ask := CentreAsk{Level: e.Level, By: e.By, At: e.At, Times: 1, Asked: e.Asked}
	if i >= 0 {
		c.Centres[i] = ask
	} else {
		c.Centres = append(c.Centres, ask)
	}
	return nil
}

// takeCentre is the acknowledgement: somebody at the centre has the caller. Who asked cannot take it.
func takeCentre(c *Case, e Event) error {
	i := c.centre(e.Level)
	if e.By.Kind == ByMember {
		i = slices.IndexFunc(c.Centres, func(a CentreAsk) bool {
			return slices.ContainsFunc(a.Asked, func(x Ask) bool { return x.Member == MemberID(e.By.ID) })
		})
	}
	switch {
	case i < 0 || !sits(e, c.Centres[i].Level):
		return refuse(*c, e, "ไม่มีการขอส่งต่อสายถึงศูนย์นี้", "this centre was not asked to take the caller over")
	case !c.Centres[i].Open():
		return refuse(*c, e, "มีผู้รับช่วงต่อแล้ว", "somebody took it already")
	case c.Centres[i].By == e.By:
		return refuse(*c, e, "ผู้ขอส่งต่อรับเองไม่ได้", "who asked cannot take it")
	}
	c.Centres[i].Taken, c.Centres[i].TakenAt = e.By, e.At
	if c.AckedAt.IsZero() {
		c.AckedAt = e.At // a human has the report in hand; the search goes on
	}
	if c.Desk != nil && c.Desk.Reason == DeskCentre && len(c.OpenCentres()) == 0 {
		c.Desk = nil
	}
	return nil
}

func relate(c *Case, e Event) error {
	switch e.Kind {
	case JoinAsked:
		c.Waiting = e.Case
	case Joined:
		if len(c.Reports) > 0 || e.Case == "" || e.Case == c.ID {
			return refuse(*c, e, "เรื่องนี้เป็นเรื่องหลักของรายงานอื่น", "a case that leads others joins none")
		}
		c.Lead, c.Waiting = e.Case, ""
		for i := range c.Tracks { // who was on the way belongs to the lead's search from here on
			for j := range c.Tracks[i].Team {
				c.Tracks[i].Team[j].State = AssignReleased
			}
		}
		c.move(Duplicate, e.At)
	case ReportJoined:
		if c.Lead != "" {
			return refuse(*c, e, "เรื่องนี้รวมกับเรื่องอื่นแล้ว", "a joined case leads none")
		}
		if !slices.Contains(c.Reports, e.Case) {
			c.Reports = append(c.Reports, e.Case)
		}
	case Split, LeadEnded:
		if i := slices.Index(c.Reports, e.Case); e.Kind == Split && i >= 0 { // in the lead
			c.Reports = slices.Delete(c.Reports, i, i+1)
			return nil
		}
		if e.Kind == Split && c.Waiting != "" { // the lead stayed silent: this report stands alone
			c.Waiting = ""
			return nil
		}
		if c.Lead == "" {
			return refuse(*c, e, "เรื่องนี้ไม่ได้รวมกับเรื่องอื่น", "this case is not joined to another")
		}
		if e.Kind == LeadEnded && e.Yes { // a human owned the incident to its end
			return nil
		}
		c.Lead = ""
		if c.Placed() {
			c.move(New, e.At)
		} else {
			c.move(Draft, e.At)
		}
		for i := range c.Tracks {
			c.Tracks[i].again()
		}
	case Linked:
		if !slices.Contains(c.Links, e.Case) {
			c.Links = append(c.Links, e.Case)
		}
	case SamePlace:
		c.Severity = c.Severity.Raised()
		if !slices.Contains(c.Links, e.Case) {
			c.Links = append(c.Links, e.Case)
		}
	}
	return nil
}

func handOver(c *Case, e Event) error {
	switch e.Kind {
	case HandoverOffered:
		c.Over = HandoverStep{Unit: e.Unit, Level: e.Level, Step: e.Step, OfferedAt: e.At, Asked: e.Asked}
		c.move(Handover, e.At)
	case HandoverDeclined:
		if e.By.Kind == ByMember && !slices.ContainsFunc(c.Over.Asked, func(a Ask) bool { return a.Member == MemberID(e.By.ID) }) {
			return notAsked(*c, e)
		}
	case HandoverAccepted:
		unit := e.Unit
		if e.By.Kind == ByMember {
			i := slices.IndexFunc(c.Over.Asked, func(a Ask) bool { return a.Member == MemberID(e.By.ID) })
			if i < 0 || !sits(e, c.Over.Level) {
				return notAsked(*c, e)
			}
			unit = c.Over.Asked[i].Unit
		}
		if unit == "" {
			unit = c.Over.Unit
		}
		if unit == "" {
			return refuse(*c, e, "ต้องระบุหน่วยงานที่รับเรื่อง", "say which office takes the case")
		}
		c.Over.Accepted, c.Over.AcceptAt, c.Owner = e.By, e.At, unit
		c.move(FollowUp, e.At)
	}
	return nil
}

// NeedsTwo reports whether ending the case this way takes a second person.
func (c Case) NeedsTwo(o Outcome) bool {
	return c.State == FollowUp && c.Care != nil || c.Severity == Critical || c.Gravest == Critical || o == OutcomeNoSocialNeed || o == OutcomeFalse || c.State == Draft
}

// EndKind is the event that a person's wish to end the case becomes: the
// proposal of a first person, or the end itself.
func (c Case) EndKind(k Kind, by Actor, o Outcome) Kind {
	if !c.NeedsTwo(o) && k == CaseClosed {
		return k
	}
	if c.Proposal == k && c.Proposed != by && c.ProposedOutcome == o {
		return k
	}
	if k == MarkedFalse {
		return FalseProposed
	}
	return CloseProposed
}

func end(c *Case, e Event) error {
	switch e.Kind {
	case CaseReopened:
		return reopen(c, e)
	case CloseProposed, CaseClosed:
		if !slices.Contains(Outcomes, e.Outcome) || e.Outcome == OutcomeFalse {
			return refuse(*c, e, "ต้องระบุผลของเรื่อง", "say with which outcome the case ends")
		}
	case FalseProposed, MarkedFalse: // that the scene has stopped is the word of those who are there: see the table
		if c.ArrivedAt.IsZero() {
			return refuse(*c, e, "ต้องมีเจ้าหน้าที่ไปถึงที่เกิดเหตุก่อน", "an officer must have been at the place")
		}
	}
	if e.Reason == "" {
		return refuse(*c, e, "ต้องระบุเหตุผล", "a reason is needed")
	}
	if c.Care != nil {
		if err := endCare(c, e); err != nil {
			return err
		}
	}
	switch e.Kind {
	case CloseProposed:
		c.Proposed, c.Proposal, c.ProposedOutcome = e.By, CaseClosed, e.Outcome
		return nil
	case FalseProposed:
		c.Proposed, c.Proposal, c.ProposedOutcome = e.By, MarkedFalse, e.Outcome
		return nil
	}
	if c.EndKind(e.Kind, e.By, e.Outcome) != e.Kind {
		return refuse(*c, e, "ต้องมีบุคคลที่สองยืนยัน", "a second person must confirm")
	}
	if e.Kind == CaseClosed && e.Outcome != OutcomeNoSocialNeed && c.Owner == "" && c.State != Draft && c.State != Duplicate {
		return refuse(*c, e, "ต้องมีหน่วยงานรับส่งต่อ หรือบันทึกว่าไม่มีความต้องการทางสังคม",
			"an office must have accepted the hand-over, or two persons record that there is no social need")
	}
	c.Outcome, c.Reason, c.EndedAt, c.Clocks, c.Desk = e.Outcome, e.Reason, e.At, nil, nil
	if e.Kind == MarkedFalse {
		c.Outcome = OutcomeFalse
		c.standDown()
		c.move(FalseReport, e.At)
		return nil
	}
	c.move(Closed, e.At)
	return nil
}

// standDown releases everybody who is still on the way: nothing waits for them there.
func (c *Case) standDown() {
	for i := range c.Tracks {
		t := &c.Tracks[i]
		for j, a := range t.Team {
			if !a.OnTheWay() {
				continue
			}
			t.Team[j].State = AssignReleased
			if o := t.offer(a.Member); o >= 0 {
				t.Offers[o].Answer = Withdrawn
			}
		}
	}
}

func reopen(c *Case, e Event) error {
	c.Outcome, c.EndedAt = "", time.Time{}
	c.Proposed, c.Proposal, c.ProposedOutcome = Actor{}, "", ""
	c.Over, c.Owner, c.ControlledAt, c.Centres = HandoverStep{}, "", time.Time{}, nil
	c.Severity = c.Severity.Raised()
	c.Cancel, c.Safe = false, false
	c.Lead, c.Waiting = "", ""
	c.AckedAt, c.ArrivedAt = time.Time{}, time.Time{}
	for i := range c.Tracks {
		t := &c.Tracks[i]
		t.again()
		t.AckedAt, t.AckedBy = time.Time{}, Actor{}
		for j := range t.Team {
			t.Team[j].State = AssignReleased
		}
		t.Offers = slices.DeleteFunc(t.Offers, func(o Offer) bool { return o.Answer != SaidNo }) // all but who declined are asked anew
	}
	if c.State.Ended() {
		c.move(Reopened, e.At)
	} else {
		c.move(Sent, e.At)
	}
	return nil
}
