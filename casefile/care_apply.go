package casefile

import (
	"cmp"
	"slices"
	"time"
)

// careKinds are the events of what follows an emergency.
var careKinds = append([]Kind{CareOpened, CareBegan, Chased, Rated}, CareCommands...)

// cared applies what happens to the care of a case. Which state and which actor
// the event needs, the table in law.go has checked.
func cared(c *Case, e Event) error {
	d := e.Care
	if d == nil {
		d = &CareDetail{}
	}
	if e.Kind == CareOpened {
		return openCare(c, e, d)
	}
	if e.Kind == CareBegan {
		return beginCare(c, e, d)
	}
	if c.Care == nil {
		return refuse(*c, e, "เรื่องนี้ยังไม่เข้าสู่การติดตามช่วยเหลือ", "the case is not in follow-up")
	}
	switch e.Kind {
	case ManagerSet:
		return setManager(c, e)
	case TeamSet:
		c.Care.Team = slices.Clone(d.Team)
	case Assessed:
		return assess(c, e, d)
	case PlanSet:
		return proposePlan(c, e, d)
	case PlanDecided:
		return decidePlan(c, e)
	case Owed:
		return c.owe(e, d)
	case Settled:
		return settle(c, e, d)
	case HelpAsked:
		return askHelp(c, e, d)
	case DueMoved:
		return moveDue(c, e, d)
	case Chased:
		return chased(c, e, d)
	case Referred, ReferralAnswered:
		return refer(c, e, d)
	case ConsentSet:
		return consent(c, e, d)
	case ContactSet:
		return setContact(c, e, d)
	case OfficeAsked, OfficeAnswered:
		return transferOffice(c, e, d)
	case CareReopened:
		return reopenCare(c, e, d)
	case Rated:
		if d.Rating < 1 || d.Rating > 5 {
			return refuse(*c, e, "ให้คะแนนได้ 1 ถึง 5", "a rating is 1 to 5")
		}
		c.Care.Rating = d.Rating
	}
	return nil
}

// openCare begins a case that an office opened by itself: nobody rings for it, and
// it has an owner from its first moment.
func openCare(c *Case, e Event, d *CareDetail) error {
	switch {
	case e.Unit == "":
		return refuse(*c, e, "ต้องระบุหน่วยงานเจ้าของเรื่อง", "say which office owns the case")
	case !slices.Contains(Problems, d.Problem):
		return refuse(*c, e, "ไม่รู้จักประเภทปัญหา", "unknown kind of hardship")
	}
	c.State, c.SinceAt, c.ReportedAt, c.AckedAt = FollowUp, e.At, e.At, e.At
	c.Channel, c.Severity, c.Owner = ChannelREST, cmp.Or(e.Severity, High), e.Unit
	c.Private = e.Private
	if e.Place != nil {
		c.Place = *e.Place
	}
	c.Child = e.Yes
	c.Care = &Care{Problem: d.Problem}
	return nil
}

// beginCare is the follow-up's first word: what is owed from here on. It comes
// again when an emergency rang anew and was handed over once more.
func beginCare(c *Case, e Event, d *CareDetail) error {
	if c.Owner == "" {
		return refuse(*c, e, "ยังไม่มีหน่วยงานรับเรื่อง", "no office owns the case")
	}
	if c.Care == nil {
		c.Care = &Care{Problem: UrgentIncident}
	}
	c.Care.BeganAt = e.At
	return c.owe(e, d)
}

// owe adds obligations. Each must name when somebody is called about it.
func (c *Case) owe(e Event, d *CareDetail) error {
	if len(d.Owed) == 0 {
		if e.Kind == Owed {
			return refuse(*c, e, "ต้องระบุสิ่งที่ต้องทำ", "say what is owed")
		}
		return nil
	}
	for _, o := range d.Owed {
		if o.Kind == OweTask && e.Kind == Owed && o.Code == "" {
			return refuse(*c, e, "ต้องระบุงาน", "say which task")
		}
		if !slices.Contains(ObligationKinds, o.Kind) || o.DueAt.IsZero() || o.CallAt.IsZero() || !o.DueAt.After(e.At) && o.Kind != OweHelp {
			return refuse(*c, e, "ต้องกำหนดวันครบกำหนดที่ยังไม่ผ่าน", "say by when: a time that has not passed")
		}
		if by, answers := asksAnother[o.Kind]; answers && (e.Kind != by || o.Unit == "") {
			return refuse(*c, e, "สิ่งที่ต้องตอบโดยหน่วยงานอื่นต้องขอจากหน่วยงานนั้น", "what another office owes is asked of that office")
		}
		for _, id := range o.After {
			if _, known := c.Care.Obligation(id); !known {
				return refuse(*c, e, "งานที่ต้องทำก่อนไม่มีอยู่", "what it waits for does not exist")
			}
		}
		c.Care.Last++
		o.ID, o.State, o.Since = c.Care.Last, Owing, e.At
		c.Care.Owed = append(c.Care.Owed, o)
	}
	return nil
}

// asksAnother are the obligations of another office or partner, and the only event that brings each.
var asksAnother = map[ObligationKind]Kind{OweReferral: Referred, OweService: ReferralAnswered, OweTransfer: OfficeAsked}

// involved refuses a member who has no part in an obligation. Operators act for
// their office: the door knows their rights.
func involved(c Case, e Event, o Obligation) error {
	m := MemberID(e.By.ID)
	switch {
	case e.By.Kind != ByMember, m == c.Care.Responsible(o), m == c.Care.Manager, slices.Contains(c.Care.Team, m):
		return nil
	case e.Unit != "" && e.Unit == cmp.Or(o.Unit, c.Owner): // somebody of the office or the partner whose word is owed
		return nil
	}
	return notAsked(c, e)
}

// open finds the obligation that an event is about.
func openObligation(c Case, e Event, d *CareDetail) (int, error) {
	i := c.Care.obligation(d.Obligation)
	if i < 0 {
		return i, refuse(c, e, "ไม่มีงานนี้ในเรื่อง", "there is no such obligation")
	}
	if !c.Care.Owed[i].Open() {
		return i, refuse(c, e, "งานนี้เสร็จสิ้นแล้ว", "it is settled already")
	}
	return i, involved(c, e, c.Care.Owed[i])
}

// settleAt closes one obligation.
func (c *Case) settleAt(i int, s ObligationState, e Event) {
	o := &c.Care.Owed[i]
	o.State, o.SettleAt, o.By, o.Reason = s, e.At, e.By, e.Reason
	for j := range c.Care.Owed { // help with it is needed no more
		if h := &c.Care.Owed[j]; h.Kind == OweHelp && h.About == o.ID && h.Open() {
			h.State, h.SettleAt, h.By = Dropped, e.At, e.By
		}
	}
	c.Care.forget()
}

// settleKind closes every open obligation of a kind.
func (c *Case) settleKind(k ObligationKind, s ObligationState, e Event) {
	for i := range c.Care.Owed {
		if o := c.Care.Owed[i]; o.Kind == k && o.Open() {
			o.State, o.SettleAt, o.By = s, e.At, e.By
			c.Care.Owed[i] = o
		}
	}
	c.Care.forget()
}

// forget keeps the state small: what was settled long ago stands in the record alone.
func (c *Care) forget() {
	var old []int
	for i, o := range c.Owed {
		if !o.Open() && !slices.ContainsFunc(c.Owed, func(x Obligation) bool { return x.Open() && slices.Contains(x.After, o.ID) }) {
			old = append(old, i)
		}
	}
	if len(old) <= settledKept {
		return
	}
	slices.SortStableFunc(old, func(a, b int) int { return c.Owed[a].SettleAt.Compare(c.Owed[b].SettleAt) })
	old = old[:len(old)-settledKept] // never one that was settled just now: the record must still hear of it
	slices.Sort(old)
	for _, i := range slices.Backward(old) {
		c.Owed = slices.Delete(c.Owed, i, i+1)
	}
}

func setManager(c *Case, e Event) error {
	m := cmp.Or(e.Member, acting(e))
	switch {
	case m == "":
		return refuse(*c, e, "ต้องระบุผู้จัดการรายกรณี", "say who manages the case")
	case e.By.Kind == ByMember && c.Care.Manager != "" && MemberID(e.By.ID) != c.Care.Manager:
		return refuse(*c, e, "มีผู้จัดการรายกรณีแล้ว", "somebody manages the case already")
	case e.By.Kind == ByMember && e.Unit != c.Owner && MemberID(e.By.ID) != c.Care.Manager:
		return refuse(*c, e, "เฉพาะเจ้าหน้าที่ของหน่วยงานเจ้าของเรื่อง", "only somebody of the office that owns the case")
	}
	c.Care.Manager = m
	c.settleKind(OweManager, Done, e)
	return nil
}

func assess(c *Case, e Event, d *CareDetail) error {
	if !slices.Contains(Risks, d.Risk) {
		return refuse(*c, e, "ต้องระบุระดับความเสี่ยง", "say which risk was found")
	}
	if e.By.Kind == ByMember && MemberID(e.By.ID) != c.Care.Manager && !slices.Contains(c.Care.Team, MemberID(e.By.ID)) && e.Unit != c.Owner {
		return notAsked(*c, e)
	}
	c.Care.Risk, c.Care.AssessedAt = d.Risk, e.At
	c.Care.Assessments++
	c.settleKind(OweAssessment, Done, e)
	c.settleKind(OweReview, Done, e)
	return c.owe(e, d)
}

func proposePlan(c *Case, e Event, d *CareDetail) error {
	switch {
	case c.Care.Risk == "":
		return refuse(*c, e, "ต้องประเมินก่อนวางแผน", "assess first, then plan")
	case len(d.Goals) == 0:
		return refuse(*c, e, "แผนต้องมีเป้าหมาย", "a plan has goals")
	case slices.ContainsFunc(d.Goals, func(g Goal) bool { return g.Code == "" || !slices.Contains(Horizons, g.Horizon) }):
		return refuse(*c, e, "เป้าหมายต้องมีรหัสและระยะเวลา", "a goal has a code and a horizon")
	}
	c.Care.Goals = slices.Clone(d.Goals)
	for i := range c.Care.Goals {
		c.Care.Goals[i].ID, c.Care.Goals[i].Reached = i+1, false
	}
	c.Care.Plan, c.Care.Planner, c.Care.Approver = PlanProposed, e.By, Actor{}
	c.settleKind(OwePlan, Done, e)
	c.settleKind(OweApproval, Dropped, e) // of an earlier plan
	return c.owe(e, d)
}

// decidePlan is the second person's word: Yes approves, a reason sends it back.
func decidePlan(c *Case, e Event) error {
	switch {
	case c.Care.Plan != PlanProposed:
		return refuse(*c, e, "ไม่มีแผนรออนุมัติ", "no plan waits for a decision")
	case c.Care.Planner == e.By:
		return refuse(*c, e, "ผู้วางแผนอนุมัติแผนของตนเองไม่ได้", "who wrote the plan does not approve it")
	case !e.Yes && e.Reason == "":
		return refuse(*c, e, "ต้องระบุเหตุผลที่ส่งกลับ", "say why it is sent back")
	}
	c.Care.Plan = PlanReturned
	if e.Yes {
		c.Care.Plan, c.Care.Approver = PlanApproved, e.By
	}
	c.settleKind(OweApproval, Done, e)
	return c.owe(e, cmp.Or(e.Care, &CareDetail{}))
}

// settled are the states that a person's word may lead to, by kind of obligation.
func settleable(k ObligationKind) []ObligationState {
	switch k {
	case OweContact, OweVisit:
		return []ObligationState{Done, Missed, Refused, Unable, Dropped}
	case OweTask, OweService, OweHelp:
		return []ObligationState{Done, Refused, Unable, Dropped}
	case OweLegal:
		return []ObligationState{Done, Dropped}
	default: // settled by the deed itself: an assessment, a plan, an answer
		return []ObligationState{Dropped}
	}
}

func settle(c *Case, e Event, d *CareDetail) error {
	i, err := openObligation(*c, e, d)
	if err != nil {
		return err
	}
	o := c.Care.Owed[i]
	switch {
	case e.By.Kind == ByTemporalUI && o.Kind != OweTask && o.Kind != OweVisit:
		return refuse(*c, e, "ปิดจากหน้าจอ Temporal ได้เฉพาะงานและการเยี่ยม", "from the Temporal UI only tasks and visits are done")
	case !slices.Contains(settleable(o.Kind), d.State):
		return refuse(*c, e, "ปิดงานแบบนี้ไม่ได้", "this cannot be settled so")
	case d.State != Done && e.Reason == "":
		return refuse(*c, e, "ต้องระบุเหตุผล", "a reason is needed")
	case d.State == Done && !c.Care.Ready(o):
		return refuse(*c, e, "ต้องทำงานที่มาก่อนให้เสร็จ", "something before it is not done yet")
	case d.State == Dropped && e.By.Kind == ByMember && MemberID(e.By.ID) != c.Care.Manager:
		return refuse(*c, e, "เฉพาะผู้จัดการรายกรณีเท่านั้นที่ยกเลิกงานได้", "only the case manager drops what is owed")
	case o.Kind == OweLegal && d.State == Dropped && e.By.Kind != ByOperator:
		return refuse(*c, e, "กำหนดเวลาตามกฎหมายยกเลิกจากแชตไม่ได้", "a legal clock is not dropped from a chat")
	}
	c.settleAt(i, d.State, e)
	return c.owe(e, d)
}

// askHelp keeps the obligation and owes somebody's help with it.
func askHelp(c *Case, e Event, d *CareDetail) error {
	i, err := openObligation(*c, e, d)
	if err != nil {
		return err
	}
	id := c.Care.Owed[i].ID
	if slices.ContainsFunc(c.Care.Owed, func(o Obligation) bool { return o.Kind == OweHelp && o.About == id && o.Open() }) {
		return nil // asked already
	}
	return c.owe(e, d)
}

// moveDue gives more or less time, by a person with a reason.
func moveDue(c *Case, e Event, d *CareDetail) error {
	i, err := openObligation(*c, e, d)
	if err != nil {
		return err
	}
	switch {
	case c.Care.Owed[i].Kind == OweLegal:
		return refuse(*c, e, "เลื่อนกำหนดเวลาตามกฎหมายไม่ได้", "a legal clock is not moved")
	case e.Reason == "":
		return refuse(*c, e, "ต้องระบุเหตุผลที่เลื่อน", "say why it is moved")
	case !d.DueAt.After(e.At) || d.CallAt.IsZero():
		return refuse(*c, e, "ต้องกำหนดวันครบกำหนดที่ยังไม่ผ่าน", "say by when: a time that has not passed")
	}
	o := &c.Care.Owed[i]
	o.DueAt, o.CallAt, o.Calls, o.Reminded = d.DueAt, d.CallAt, 0, false
	return nil
}

// chased notes that somebody was reminded or called about an obligation, and when the next one is.
func chased(c *Case, e Event, d *CareDetail) error {
	i := c.Care.obligation(d.Obligation)
	if i < 0 || !c.Care.Owed[i].Open() || !d.CallAt.After(e.At) {
		return refuse(*c, e, "ไม่มีงานค้างนี้", "nothing of that kind is owed")
	}
	o := &c.Care.Owed[i]
	o.CallAt = d.CallAt
	if e.Step == 0 {
		o.Reminded = true
	} else {
		o.Calls = e.Step
	}
	return nil
}

func refer(c *Case, e Event, d *CareDetail) error {
	if e.Kind == Referred {
		switch {
		case len(d.Owed) != 1 || d.Owed[0].Kind != OweReferral || d.Owed[0].Unit == "":
			return refuse(*c, e, "ต้องระบุหน่วยงานที่ส่งต่อ", "say to which partner")
		case !c.Care.Allows(ForReferral):
			return refuse(*c, e, "ยังไม่มีความยินยอมหรือฐานกฎหมายสำหรับการส่งต่อ", "no consent and no legal basis for a referral is on record")
		case d.Owed[0].Unit == c.Owner:
			return refuse(*c, e, "หน่วยงานนี้เป็นเจ้าของเรื่องอยู่แล้ว", "this office owns the case")
		}
		return c.owe(e, d)
	}
	i, err := openObligation(*c, e, d)
	if err != nil {
		return err
	}
	if c.Care.Owed[i].Kind != OweReferral {
		return refuse(*c, e, "ไม่ใช่การส่งต่อ", "this is not a referral")
	}
	if err := answers(*c, e, c.Care.Owed[i]); err != nil {
		return err
	}
	switch {
	case e.Yes && len(d.Owed) != 1:
		return refuse(*c, e, "ต้องระบุกำหนดแจ้งผล", "say by when the partner reports")
	case e.Yes:
		c.settleAt(i, Done, e)
	case e.Reason == ReasonTimedOut:
		c.settleAt(i, Missed, e)
	default:
		c.settleAt(i, Rejected, e)
	}
	return c.owe(e, d)
}

// answers refuses what is no answer of the partner or office that was asked.
func answers(c Case, e Event, o Obligation) error {
	switch {
	case e.By.Kind == ByMember && e.Unit != o.Unit:
		return notAsked(c, e)
	case !e.Yes && e.Reason == "":
		return refuse(c, e, "ต้องระบุเหตุผลที่ไม่รับ", "say why it is declined")
	}
	return nil
}

// ReasonTimedOut marks a partner or office that did not answer in time.
const ReasonTimedOut = "TIMED_OUT"

func consent(c *Case, e Event, d *CareDetail) error {
	x := d.Consent
	if x == nil || !slices.Contains(ConsentPurposes, x.Purpose) || !slices.Contains(Bases, x.Basis) {
		return refuse(*c, e, "ต้องระบุวัตถุประสงค์และฐาน", "say the purpose and on which basis")
	}
	c.Care.Consents = slices.DeleteFunc(c.Care.Consents, func(old Consent) bool { return old.Purpose == x.Purpose })
	c.Care.Consents = append(c.Care.Consents, Consent{Purpose: x.Purpose, Given: x.Given, Basis: x.Basis, At: e.At, By: e.By})
	return nil
}

const minutesOfDay = 24 * 60

func setContact(c *Case, e Event, d *CareDetail) error {
	if s := d.Contact; s != nil {
		bad := s.FromMinute < 0 || s.ToMinute < 0 || s.FromMinute > minutesOfDay || s.ToMinute > minutesOfDay || s.FromMinute > s.ToMinute ||
			slices.ContainsFunc(s.Days, func(day int) bool { return day < 1 || day > 7 })
		if bad {
			return refuse(*c, e, "ช่วงเวลาที่ติดต่อได้ไม่ถูกต้อง", "the hours of safe contact are wrong")
		}
		c.Care.Contact = *s
	}
	c.Care.SafetyPlan = c.Care.SafetyPlan || e.Private.Text != ""
	return nil
}

// transferOffice moves the case to another office. Until that one accepts, the sender owns it.
func transferOffice(c *Case, e Event, d *CareDetail) error {
	if e.Kind == OfficeAsked {
		switch {
		case len(d.Owed) != 1 || d.Owed[0].Kind != OweTransfer || d.Owed[0].Unit == "":
			return refuse(*c, e, "ต้องระบุหน่วยงานปลายทาง", "say to which office")
		case d.Owed[0].Unit == c.Owner:
			return refuse(*c, e, "หน่วยงานนี้เป็นเจ้าของเรื่องอยู่แล้ว", "this office owns the case")
		case c.Care.Owes(OweTransfer):
			return refuse(*c, e, "มีการขอโอนที่ยังไม่ได้รับคำตอบ", "a transfer waits for its answer already")
		case e.Reason == "":
			return refuse(*c, e, "ต้องระบุเหตุผลที่โอน", "say why it is transferred")
		}
		return c.owe(e, d)
	}
	i, err := openObligation(*c, e, d)
	if err != nil {
		return err
	}
	o := c.Care.Owed[i]
	if o.Kind != OweTransfer {
		return refuse(*c, e, "ไม่ใช่การโอนเรื่อง", "this is not a transfer")
	}
	if err := answers(*c, e, o); err != nil {
		return err
	}
	if !e.Yes {
		c.settleAt(i, Rejected, e)
		return nil
	}
	c.settleAt(i, Done, e)
	c.Owner, c.Care.Manager, c.Care.Team = o.Unit, "", nil
	for j := range c.Care.Owed { // what the old office's people owed, the new office owes
		if x := &c.Care.Owed[j]; x.Open() && x.Unit == "" {
			x.Member = ""
		}
	}
	return c.owe(e, d)
}

// reopenCare takes a case that was closed after its follow-up up again.
func reopenCare(c *Case, e Event, d *CareDetail) error {
	if e.Reason == "" {
		return refuse(*c, e, "ต้องระบุเหตุผล", "a reason is needed")
	}
	c.Outcome, c.Reason, c.EndedAt = "", "", time.Time{}
	c.Proposed, c.Proposal, c.ProposedOutcome = Actor{}, "", ""
	c.move(FollowUp, e.At)
	return c.owe(e, d)
}

// careWithout takes an organisation out of a follow-up: its people manage it and
// owe it nothing any more, and what was asked of it counts as declined. The office
// itself owns the case until another one has taken it, and hears nothing.
func (c *Case) careWithout(x Exclusion, e Event) {
	own := x.is(c.Owner, "")
	if own || x.is("", c.Care.Manager) {
		c.Care.Manager = ""
	}
	c.Care.Team = slices.DeleteFunc(c.Care.Team, func(m MemberID) bool { return own || x.is("", m) })
	for i := range c.Care.Owed {
		o := &c.Care.Owed[i]
		switch {
		case !o.Open():
		case x.is(o.Unit, "") && !slices.Contains([]ObligationKind{OweReferral, OweService, OweTransfer}, o.Kind):
			o.Unit, o.Member = "", "" // the case's own office owes it
		case x.is(o.Unit, ""):
			o.State, o.SettleAt, o.By, o.Reason = Rejected, e.At, e.By, string(Excluded)
		case x.is("", o.Member) || own && o.Unit == "":
			o.Member = ""
		}
		o.Next = slices.DeleteFunc(slices.Clone(o.Next), func(u UnitID) bool { return x.is(u, "") })
	}
}

// OwnerExcluded reports whether a follow-up is owned by an office that must not
// hear of it, and neither another office nor anybody's help has been asked for.
func (c Case) OwnerExcluded() bool {
	return c.State == FollowUp && c.Care != nil && c.Excludes(c.Owner, "") && !c.Care.Owes(OweTransfer) &&
		!slices.ContainsFunc(c.Care.Owed, func(o Obligation) bool { return o.Kind == OweHelp && o.About == 0 && o.Open() })
}

// endCare refuses to end a case whose word to a court or a partner is still open,
// and drops whatever else is owed.
func endCare(c *Case, e Event) error {
	for _, o := range c.Care.Owed {
		if o.Open() && e.Kind != MarkedFalse && slices.Contains([]ObligationKind{OweLegal, OweReferral, OweTransfer}, o.Kind) {
			return refuse(*c, e, "ยังมีกำหนดเวลาตามกฎหมาย การส่งต่อ หรือการโอนที่ยังไม่เสร็จ",
				"a legal clock, a referral or a transfer is still open")
		}
	}
	if e.Kind == CaseClosed || e.Kind == MarkedFalse {
		for i := range c.Care.Owed {
			if c.Care.Owed[i].Open() {
				o := &c.Care.Owed[i]
				o.State, o.SettleAt, o.By, o.Reason = Dropped, e.At, e.By, "CASE_ENDED"
			}
		}
	}
	return nil
}
