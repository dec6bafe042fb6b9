package casefile

import (
	"slices"
	"time"
)

// AidID is the ID of an aid request: a UUIDv4 in text form.
type AidID string

// Code is the short name of an aid request for those who work on it.
func (id AidID) Code() string { return "A-" + Case{ID: CaseID(id)}.Code() }

// AidState is where an aid request stands.
type AidState string

const (
	AidDraft     AidState = "DRAFT"           // ร่าง: on a phone, nobody's work yet
	AidSubmitted AidState = "SUBMITTED"       // ส่งคำขอ
	AidScreened  AidState = "SCREENED"        // ตรวจเบื้องต้น
	AidVisitSet  AidState = "VISIT_SCHEDULED" // นัดเยี่ยมบ้าน
	AidVisited   AidState = "VISITED"         // สอบข้อเท็จจริงแล้ว
	AidPlanned   AidState = "PLANNED"         // วางแผนช่วยเหลือ: approvers decide
	AidApproved  AidState = "APPROVED"        // อนุมัติ: what was granted is on its way
	AidRejected  AidState = "REJECTED"        // ไม่อนุมัติ: open until the time for an appeal is over
	AidAppealed  AidState = "APPEALED"        // อุทธรณ์
	AidPaid      AidState = "PAID"            // จ่ายเงินแล้ว
	AidDelivered AidState = "DELIVERED"       // มอบสิ่งของแล้ว
	AidMonitored AidState = "MONITOR"         // ติดตาม
	AidEvaluated AidState = "EVALUATED"       // ประเมินผล
	AidClosed    AidState = "CLOSED"          // ปิด
	AidReturned  AidState = "RETURNED"        // ส่งกลับแก้ไข: who filed it owes the correction
	AidReferred  AidState = "REFERRED"        // ส่งต่อหน่วยงาน: the other office's answer is owed
	AidWithdrawn AidState = "WITHDRAWN"       // ถอนคำขอ
	AidUrgent    AidState = "URGENT"          // it became an emergency
)

// AidStates lists every state in the order of a request's life.
var AidStates = []AidState{
	AidDraft, AidSubmitted, AidReturned, AidReferred, AidScreened, AidVisitSet, AidVisited, AidPlanned, AidApproved, AidRejected, AidAppealed,
	AidPaid, AidDelivered, AidMonitored, AidEvaluated, AidClosed, AidWithdrawn, AidUrgent,
}

// Ended reports whether no clock runs for the request any more.
func (s AidState) Ended() bool {
	return s == AidClosed || s == AidWithdrawn || s == AidUrgent
}

// AidEventKind is something that happens to an aid request.
type AidEventKind string

const (
	AidSent         AidEventKind = "SUBMITTED"
	AidChecked      AidEventKind = "CHECKED" // rules and duplicates were looked at
	AidTaken        AidEventKind = "TAKEN"   // an officer works on it
	AidPassed       AidEventKind = "SCREENED"
	AidSentBack     AidEventKind = "RETURNED"
	AidGoesTo       AidEventKind = "REFERRED"
	AidAnswered     AidEventKind = "REFERRAL_ANSWERED"
	AidTakenBack    AidEventKind = "WITHDRAWN"
	AidVisitPlanned AidEventKind = "VISIT_SCHEDULED"
	AidVisitMissed  AidEventKind = "VISIT_MISSED"
	AidWasVisited   AidEventKind = "VISITED"
	AidCleared      AidEventKind = "CLEARED" // an officer has looked at a finding: it does not stand in the way
	AidPlanMade     AidEventKind = "PLANNED"
	AidRecused      AidEventKind = "RECUSED" // somebody is too close to decide
	AidAgreed       AidEventKind = "APPROVED"
	AidRefused      AidEventKind = "REJECTED"
	AidContested    AidEventKind = "APPEALED"
	AidHeard        AidEventKind = "APPEAL_DECIDED"
	AidOrdered      AidEventKind = "ORDERED" // a payment order was written
	AidItemPaid     AidEventKind = "PAID"    // the bank says so
	AidItemFailed   AidEventKind = "FAILED"  // the bank, or who should hand it over, says that it did not work
	AidItemGiven    AidEventKind = "DELIVERED"
	AidItemDropped  AidEventKind = "DROPPED" // it will never reach anybody
	AidLookedIn     AidEventKind = "MONITORED"
	AidJudged       AidEventKind = "EVALUATED"
	AidEnded        AidEventKind = "CLOSED"
	AidIntoAlarm    AidEventKind = "URGENT"
	AidIntoCase     AidEventKind = "FOLLOWED" // a case in follow-up goes on beside it
	AidCalled       AidEventKind = "CALLED"   // somebody was reminded of, or called about, the next step
	AidUnused       AidEventKind = "NOTED"    // a word that the law refused or that came late
)

// AidItemState is where one thing that a plan grants stands.
type AidItemState string

const (
	ItemPlanned AidItemState = "PLANNED"
	ItemGranted AidItemState = "GRANTED" // approved; nothing has moved yet
	ItemOrdered AidItemState = "ORDERED" // the bank was told
	ItemPaid    AidItemState = "PAID"
	ItemGiven   AidItemState = "DELIVERED"
	ItemFailed  AidItemState = "FAILED" // somebody must put it right
	ItemDropped AidItemState = "DROPPED"
)

// AidItemStates lists every one.
var AidItemStates = []AidItemState{ItemPlanned, ItemGranted, ItemOrdered, ItemPaid, ItemGiven, ItemFailed, ItemDropped}

// AidItem is one thing of the catalogue that a plan grants: money, or goods of a value.
type AidItem struct {
	ID       int          `json:"id"`   // 1, 2, … within the request; never given twice
	Code     string       `json:"code"` // of the aid catalogue
	Goods    bool         `json:"goods,omitempty"`
	Satang   int64        `json:"satang"` // 1/100 baht; of goods, what they are worth
	Quantity int          `json:"quantity,omitempty"`
	State    AidItemState `json:"state"`
	Tries    int          `json:"tries,omitempty"`  // payment orders, or journeys
	Reason   string       `json:"reason,omitempty"` // why the last one failed: a code
	Order    string       `json:"order,omitempty"`  // of money: the reference of its newest payment order
	SettleAt time.Time    `json:"settled_at,omitzero"`
}

// Settled reports whether nothing more is owed of it.
func (i AidItem) Settled() bool {
	return i.State == ItemPaid || i.State == ItemGiven || i.State == ItemDropped
}

// AidFindingKind is what a look at the rules and the records can find.
type AidFindingKind string

const (
	FoundEligible    AidFindingKind = "ELIGIBLE"     // the rule is met
	FoundNotEligible AidFindingKind = "NOT_ELIGIBLE" // the rule is not met
	FoundUnknown     AidFindingKind = "UNKNOWN"      // the form does not say what the rule asks
	FoundDuplicate   AidFindingKind = "DUPLICATE"    // another request of the same person or household
	FoundOverLimit   AidFindingKind = "OVER_LIMIT"   // family, year or occasion
	FoundUnconfirmed AidFindingKind = "UNCONFIRMED"  // an amount or limit that no officer has confirmed
)

// AidFindingKinds lists every kind.
var AidFindingKinds = []AidFindingKind{FoundEligible, FoundNotEligible, FoundUnknown, FoundDuplicate, FoundOverLimit, FoundUnconfirmed}

// AidFinding is one thing that was found, with the rule that says so. It holds nothing personal.
type AidFinding struct {
	Kind   AidFindingKind `json:"kind"`
	Code   string         `json:"code,omitempty"` // of the aid catalogue
	Rule   string         `json:"rule,omitempty"` // of the policy, which has its words
	By     string         `json:"by,omitempty"`   // of a duplicate, by what: NUMBER, NAME, HOME, NAME_NEAR, PHONE
	Other  AidID          `json:"other,omitempty"`
	Satang int64          `json:"satang,omitempty"` // of a limit: what may still be granted
	Blocks bool           `json:"blocks,omitempty"` // until it is cleared or the plan changes
}

// Same reports whether two findings are about the same thing.
func (f AidFinding) Same(g AidFinding) bool {
	return f.Kind == g.Kind && f.Code == g.Code && f.Rule == g.Rule && f.Other == g.Other
}

// AidUrgency is how soon help is needed, by who files it.
type AidUrgency string

const (
	AidNormal AidUrgency = "NORMAL"
	AidSoon   AidUrgency = "URGENT" // within days: food, shelter, medicine
)

// AidUrgencies lists both.
var AidUrgencies = []AidUrgency{AidNormal, AidSoon}

// AidEvent is one thing that happened to an aid request.
type AidEvent struct {
	ID       EventID      `json:"id"`
	Seq      int          `json:"seq"`
	Kind     AidEventKind `json:"kind"`
	At       time.Time    `json:"at"`
	By       Actor        `json:"by"`
	Form     int          `json:"form,omitempty"` // of SUBMITTED: which set of the form
	Place    *Place       `json:"place,omitempty"`
	Problems []Problem    `json:"problems,omitempty"`
	Urgency  AidUrgency   `json:"urgency,omitempty"`
	Wanted   []string     `json:"wanted,omitempty"`
	Subject  PersonID     `json:"subject,omitempty"`
	Home     string       `json:"home,omitempty"` // household of the register
	Office   UnitID       `json:"office,omitempty"`
	Case     CaseID       `json:"case,omitempty"`
	Found    []AidFinding `json:"found,omitempty"`
	Cleared  *AidFinding  `json:"cleared,omitempty"`
	Member   MemberID     `json:"member,omitempty"` // who visits
	VisitAt  time.Time    `json:"visit_at,omitzero"`
	Items    []AidItem    `json:"items,omitempty"`  // of PLANNED; their numbers are given by Apply
	Needed   int          `json:"needed,omitempty"` // of PLANNED: how many must agree
	Item     int          `json:"item,omitempty"`
	Satang   int64        `json:"satang,omitempty"`
	Yes      bool         `json:"yes,omitempty"`     // of PLANNED: nothing in it needs a visit first
	Reason   string       `json:"reason,omitempty"`  // a code, never free text
	Outcome  string       `json:"outcome,omitempty"` // of EVALUATED
	DueAt    time.Time    `json:"due_at,omitzero"`   // the next step is owed by then
	CallAt   time.Time    `json:"call_at,omitzero"`
	UntilAt  time.Time    `json:"until_at,omitzero"` // of REJECTED: an appeal may come until then
	Inbox    int          `json:"inbox,omitempty"`
	Order    string       `json:"order,omitempty"` // of ORDERED, PAID, FAILED of money: the reference of the payment order
	Private  AidPrivate   `json:"private,omitzero"`
}

// AidPrivate is what goes with an event and is sealed wherever it rests.
type AidPrivate struct {
	Text    string      `json:"text,omitempty"`
	Files   []string    `json:"files,omitempty"`   // photos and signatures, by their IDs
	Logbook *AidAnswers `json:"logbook,omitempty"` // of VISITED, MONITORED: the household logbook as it was found
	Receipt string      `json:"receipt,omitempty"` // of PAID over the counter: its number
}

// Empty reports whether nothing is in it.
func (p AidPrivate) Empty() bool {
	return p.Text == "" && len(p.Files) == 0 && p.Logbook == nil && p.Receipt == ""
}

// AidRequest is a request for aid, from the form on a phone to the last visit. It holds nothing personal.
type AidRequest struct {
	ID        AidID        `json:"id"`
	Version   int          `json:"version"`
	State     AidState     `json:"state"`
	Filer     Actor        `json:"filer"`            // who filed it, and owes a correction
	Office    UnitID       `json:"office,omitempty"` // that works on it
	Officer   Actor        `json:"officer,omitzero"` // who works on it
	Place     Place        `json:"place"`
	Subject   PersonID     `json:"subject,omitempty"`
	Home      string       `json:"home,omitempty"`
	Form      int          `json:"form"` // the newest set that was submitted
	Problems  []Problem    `json:"problems,omitempty"`
	Urgency   AidUrgency   `json:"urgency,omitempty"`
	Wanted    []string     `json:"wanted,omitempty"`
	Case      CaseID       `json:"case,omitempty"` // it came from, or became
	Found     []AidFinding `json:"found,omitempty"`
	Clear     []AidFinding `json:"clear,omitempty"` // findings that an officer has looked at
	Visitor   MemberID     `json:"visitor,omitempty"`
	VisitAt   time.Time    `json:"visit_at,omitzero"`
	Visits    int          `json:"visits,omitempty"` // tries included
	VisitedBy Actor        `json:"visited_by,omitzero"`
	Went      []Actor      `json:"went,omitempty"`  // everybody who was to visit, or wrote a visit down
	Wrote     []Actor      `json:"wrote,omitempty"` // everybody who sent a form
	Planner   Actor        `json:"planner,omitzero"`
	Items     []AidItem    `json:"items,omitempty"`
	LastItem  int          `json:"last_item,omitempty"`
	Needed    int          `json:"needed,omitempty"`
	Approvals []Actor      `json:"approvals,omitempty"`
	Decided   []Actor      `json:"decided,omitempty"` // everybody who took part in a decision so far: they hear no appeal
	Recused   []Actor      `json:"recused,omitempty"`
	Reason    string       `json:"reason,omitempty"`
	Appeals   int          `json:"appeals,omitempty"`
	To        UnitID       `json:"to,omitempty"`   // an office that was asked to take it over
	Back      AidState     `json:"back,omitempty"` // where it goes back to if that office declines
	Monitors  int          `json:"monitors,omitempty"`
	Outcome   string       `json:"outcome,omitempty"`

	SubmittedAt time.Time `json:"submitted_at,omitzero"`
	VisitedAt   time.Time `json:"visited_at,omitzero"`
	DecidedAt   time.Time `json:"decided_at,omitzero"`
	SettledAt   time.Time `json:"settled_at,omitzero"` // everything granted was paid or handed over
	EndedAt     time.Time `json:"ended_at,omitzero"`
	UntilAt     time.Time `json:"until_at,omitzero"`
	DueAt       time.Time `json:"due_at,omitzero"`  // the next step; zero only in a draft and after the end
	CallAt      time.Time `json:"call_at,omitzero"` // when somebody is called about it; zero only in a draft and after the end
	Calls       int       `json:"calls,omitempty"`  // rungs since it fell due
	Reminded    bool      `json:"reminded,omitempty"`
	Inbox       int       `json:"inbox"`
}

// Item returns one of the things granted.
func (a AidRequest) Item(id int) (AidItem, bool) {
	if i := a.item(id); i >= 0 {
		return a.Items[i], true
	}
	return AidItem{}, false
}

func (a AidRequest) item(id int) int {
	return slices.IndexFunc(a.Items, func(x AidItem) bool { return x.ID == id })
}

// Blocking are the findings that stand in the way of a grant.
func (a AidRequest) Blocking() []AidFinding {
	return slices.DeleteFunc(slices.Clone(a.Found), func(f AidFinding) bool {
		return !f.Blocks || slices.ContainsFunc(a.Clear, f.Same)
	})
}

// Incident is the kind of emergency that a request becomes.
func (a AidRequest) Incident() IncidentType {
	for _, p := range a.Problems {
		switch p {
		case UnreadyPregnancy:
			return SexualRisk
		case Trafficking:
			return Confinement
		case Drugs:
			return Gathering
		}
	}
	return ThreatAssault
}

// Satang is what the plan comes to, goods included.
func (a AidRequest) Satang() int64 {
	var sum int64
	for _, i := range a.Items {
		if i.State != ItemDropped {
			sum += i.Satang
		}
	}
	return sum
}

// Owner is who owes the next step: a member, or nobody in person, and then the office.
func (a AidRequest) Owner() MemberID {
	owner := a.Officer
	switch a.State {
	case AidReturned:
		owner = a.Filer
	case AidVisitSet:
		return a.Visitor
	case AidPlanned, AidReferred, AidAppealed:
		return ""
	}
	if owner.Kind == ByMember {
		return MemberID(owner.ID)
	}
	return ""
}

// AidReasons are the codes that an event may give as its reason.
var AidReasons = map[AidEventKind][]string{
	AidSentBack:    {"INCOMPLETE", "WRONG_PERSON", "NO_CONSENT", "PHOTO_UNREADABLE", "OTHER"},
	AidGoesTo:      {"NOT_OUR_AREA", "NOT_OUR_AID"},
	AidAnswered:    {"NOT_OUR_AREA", "NOT_OUR_AID", "NO_BUDGET"},
	AidTakenBack:   {"NOT_WANTED", "HELPED_OTHERWISE", "MOVED", "DECEASED", "FILED_TWICE"},
	AidVisitMissed: {"NOBODY_HOME", "NOT_FOUND", "UNSAFE", "REFUSED_ENTRY"},
	AidCleared:     {"ANOTHER_PERSON", "ANOTHER_NEED", "RULE_MET"},
	AidRecused:     {"RELATIVE", "DEBT_OR_TRADE", "DISPUTE"},
	AidRefused:     {"NOT_ELIGIBLE", "OVER_LIMIT", "DUPLICATE", "NO_NEED_FOUND", "FALSE_STATEMENT"},
	AidContested:   {"FACTS_WRONG", "RULE_WRONG", "CIRCUMSTANCES_CHANGED"},
	AidItemFailed:  {"ACCOUNT_CLOSED", "ACCOUNT_WRONG", "NAME_DIFFERS", "BANK_REFUSED", "NOBODY_THERE", "GOODS_MISSING"},
	AidItemDropped: {"DECEASED", "MOVED", "NOT_WANTED", "GRANTED_BY_MISTAKE"},
}

// AidOutcomes are what became of the need.
var AidOutcomes = []string{"IMPROVED", "SAME", "WORSE", "MOVED", "DECEASED"}

// AidOrder is something that a person wants done with an aid request: at a console, which waits for the answer, or on
// a phone, whose words lie in the inbox.
type AidOrder struct {
	ID      string       `json:"id"` // the caller's idempotency key; also the ID of the event
	Kind    AidEventKind `json:"kind"`
	By      Actor        `json:"by"`
	Proof   string       `json:"proof,omitempty"` // of a console's: the API's seal; what lies in the inbox needs none
	Form    int          `json:"form,omitempty"`
	Office  UnitID       `json:"office,omitempty"`
	Member  MemberID     `json:"member,omitempty"`
	VisitAt time.Time    `json:"visit_at,omitzero"`
	Items   []AidItem    `json:"items,omitempty"`
	Item    int          `json:"item,omitempty"`
	Satang  int64        `json:"satang,omitempty"`
	Cleared *AidFinding  `json:"cleared,omitempty"`
	Yes     bool         `json:"yes,omitempty"`
	Reason  string       `json:"reason,omitempty"`
	Outcome string       `json:"outcome,omitempty"`
	Order   string       `json:"order,omitempty"` // of AidPayments
	Private AidPrivate   `json:"private,omitzero"`
}

// AidOrders are the kinds that a person may ask for.
var AidOrders = []AidEventKind{
	AidSent, AidTaken, AidPassed, AidSentBack, AidGoesTo, AidAnswered, AidTakenBack, AidVisitPlanned, AidVisitMissed, AidWasVisited, AidCleared,
	AidPlanMade, AidRecused, AidAgreed, AidRefused, AidContested, AidHeard, AidItemFailed, AidItemGiven, AidItemDropped, AidLookedIn, AidJudged, AidEnded,
	AidIntoAlarm, AidIntoCase,
}

// AidPayments are the kinds that move money. They come from the record of payment orders alone, which names the order.
var AidPayments = []AidEventKind{AidOrdered, AidItemPaid, AidItemFailed}
