package casefile

import "slices"

// rule is one line of the law: from which states a kind of event is lawful,
// where it leads, and who may cause it. What depends on more than state and
// actor stands in apply.
type rule struct {
	from []State     // nil: every state that has not ended
	to   State       // empty: the state stays, or depends on more (see apply)
	by   []ActorKind // nil: anybody
}

var (
	reporters = []ActorKind{ByReporter, ByOperator}
	staff     = []ActorKind{ByMember, ByOperator}
	clocks    = []ActorKind{BySystem}
	chain     = []ActorKind{ByMember, ByOperator, BySystem}
	desk      = []ActorKind{ByOperator, ByMember}

	searching  = []State{New, Sent, Reopened}
	underWay   = []State{Assigned, EnRoute, OnScene}
	responding = []State{New, Sent, Acked, Assigned, EnRoute, OnScene, Reopened}
	stopped    = []State{Controlled, Handover, FollowUp}
	ended      = []State{Closed, FalseReport}
	inCare     = []State{FollowUp}
)

// law is the whole truth about which event is possible when. The diagram in
// docs/states.md and the CHECK constraints are tied to it by tests.
var law = map[Kind]rule{
	Reported:        {from: []State{Draft}, by: []ActorKind{ByReporter, ByOperator}},
	PinSet:          {by: reporters},
	PinMoved:        {by: reporters},
	ProvinceSet:     {from: []State{Draft, New, Sent, Acked}, by: []ActorKind{ByOperator}},
	PhoneGiven:      {by: reporters},
	NoCallAsked:     {by: reporters},
	ReporterAdded:   {by: reporters},
	MessageUnsent:   {by: []ActorKind{ByReporter}},
	CancelRequested: {by: reporters},
	SafeSaid:        {by: reporters},
	CheckInAsked:    {by: clocks},
	CheckInAnswered: {by: reporters},
	CardAnswered:    {by: reporters},
	ReporterBlocked: {by: []ActorKind{ByReporter, BySystem}},
	ReporterAsked:   {by: reporters},
	QuestionAsked:   {by: []ActorKind{ByOperator}},

	Offered:        {from: append([]State{Controlled, Handover}, responding...), by: chain},
	Escalated:      {from: append([]State{Draft, Controlled, Handover, FollowUp}, responding...), by: chain},
	NobodyNotified: {by: clocks},
	Acknowledged:   {from: append([]State{Draft, Controlled, Handover}, responding...), by: []ActorKind{ByMember, ByOperator, ByTemporalUI}},
	Accepted:       {from: append([]State{Controlled}, responding...), by: staff},
	Declined:       {by: staff},
	CameLate:       {by: staff},
	SearchReopened: {from: responding, by: chain},
	Transferred:    {from: responding, by: staff},
	RoleAdded:      {by: chain},
	SeveritySet:    {by: chain},
	ChildSet:       {by: chain},
	RadioSeen:      {by: staff},
	RadioUnread:    {by: clocks},

	Departed:     {from: append([]State{Controlled}, underWay...), by: staff},
	Arrived:      {from: append([]State{Controlled}, underWay...), by: staff},
	CannotFind:   {from: underWay, by: staff},
	AssistAsked:  {from: underWay, by: staff},
	Released:     {by: chain},
	SceneStopped: {from: underWay, to: Controlled, by: staff},

	DeskRaised:   {by: clocks},
	DeskTaken:    {by: desk},
	DeskResolved: {by: desk},
	Noted:        {from: States},
	Excluded:     {by: []ActorKind{ByOperator, BySystem}},
	CentreAsked:  {from: append([]State{Draft, Duplicate, Controlled, Handover}, responding...), by: []ActorKind{ByOperator, BySystem}},
	CentreTook:   {from: append([]State{Draft, Duplicate, Controlled, Handover}, responding...), by: staff},

	JoinAsked:    {from: searching, by: clocks},
	Joined:       {from: []State{Draft, New, Sent, Acked, Reopened}, to: Duplicate, by: []ActorKind{BySystem, ByOperator}},
	ReportJoined: {by: []ActorKind{BySystem, ByOperator}},
	Split:        {by: []ActorKind{ByOperator, BySystem}},
	LeadAcked:    {from: []State{Duplicate}, by: clocks},
	LeadEnded:    {from: []State{Duplicate}, by: clocks},
	Linked:       {by: []ActorKind{BySystem, ByOperator}},
	SamePlace:    {by: clocks},

	HandoverOffered:  {from: []State{Controlled, Handover}, to: Handover, by: chain},
	HandoverAccepted: {from: []State{Handover}, to: FollowUp, by: staff},
	HandoverDeclined: {from: []State{Handover}, by: staff},
	HandoverTimedOut: {from: []State{Handover}, by: clocks},
	CloseProposed:    {from: append([]State{Draft, Duplicate}, stopped...), by: staff},
	CaseClosed:       {from: append([]State{Draft, Duplicate}, stopped...), to: Closed, by: staff},
	FalseProposed:    {from: append([]State{OnScene}, stopped...), by: staff},
	MarkedFalse:      {from: stopped, to: FalseReport, by: staff}, // not while people are at a scene that nobody says is over
	CaseReopened:     {from: append(slices.Clone(stopped), ended...), by: []ActorKind{ByReporter, ByMember, ByOperator}},
	LateRecorded:     {from: ended},

	CareOpened:       {from: inCare, by: []ActorKind{ByMember, ByOperator, BySystem}},
	CareBegan:        {from: inCare, by: clocks},
	ManagerSet:       {from: inCare, by: staff},
	TeamSet:          {from: inCare, by: staff},
	Assessed:         {from: inCare, by: staff},
	PlanSet:          {from: inCare, by: staff},
	PlanDecided:      {from: inCare, by: staff},
	Owed:             {from: inCare, by: chain},
	Settled:          {from: inCare, by: []ActorKind{ByMember, ByOperator, ByTemporalUI}},
	HelpAsked:        {from: inCare, by: staff},
	DueMoved:         {from: inCare, by: staff},
	Chased:           {from: inCare, by: clocks},
	Referred:         {from: inCare, by: chain},
	ReferralAnswered: {from: inCare, by: chain},
	ConsentSet:       {from: inCare, by: staff},
	ContactSet:       {from: inCare, by: staff},
	OfficeAsked:      {from: inCare, by: chain},
	OfficeAnswered:   {from: inCare, by: chain},
	CareReopened:     {from: []State{Closed}, to: FollowUp, by: []ActorKind{ByReporter, ByMember, ByOperator}},
	Rated:            {from: []State{FollowUp, Closed}, by: []ActorKind{ByReporter}},
}

// Kinds lists every kind of event, sorted.
func Kinds() []Kind {
	kinds := make([]Kind, 0, len(law))
	for k := range law { //workflowcheck:ignore sorted below
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}

// moves are the states that a kind of event may lead to beside rule.to.
var moves = map[Kind][]State{
	PinSet:         {New, Sent},
	PinMoved:       {Sent},
	ProvinceSet:    {New, Sent},
	Offered:        {Sent},
	Acknowledged:   {Acked},
	Accepted:       {Assigned},
	Departed:       {EnRoute},
	Arrived:        {OnScene},
	SearchReopened: {Sent},
	Transferred:    {Sent},
	Released:       {Sent},
	Excluded:       {Sent},
	Split:          {New, Draft},
	LeadEnded:      {New, Draft},
	CaseReopened:   {Sent, Reopened},
}

// Transition is one lawful change of state.
type Transition struct {
	From, To State
	By       Kind
}

// Transitions lists every lawful change of state, for the diagram in the docs.
func Transitions() []Transition {
	var all []Transition
	for _, k := range Kinds() {
		r := law[k]
		from := r.from
		if from == nil {
			from = slices.DeleteFunc(slices.Clone(States), State.Ended)
		}
		to := moves[k]
		if r.to != "" {
			to = []State{r.to}
		}
		for _, f := range from {
			for _, t := range to {
				if f != t && movable(k, f, t) {
					all = append(all, Transition{f, t, k})
				}
			}
		}
	}
	return all
}

// movable narrows moves to what apply does: which states an event that is
// lawful in many states really leads on from.
func movable(k Kind, from, to State) bool {
	switch k {
	case PinSet, PinMoved, ProvinceSet: // in another province: whoever had it in hand there has it no more
		return from == Draft && to == New || from == Acked && to == Sent
	case Offered:
		return from == New || from == Reopened
	case Acknowledged:
		return slices.Contains(searching, from)
	case Accepted:
		return from.Searching() || from == Acked
	case Departed:
		return from == Assigned
	case Arrived:
		return from == Assigned || from == EnRoute
	case SearchReopened, Released, Transferred, Excluded:
		return from == Acked || slices.Contains(underWay, from)
	case Split, LeadEnded:
		return from == Duplicate
	case CaseReopened:
		return (to == Reopened) == from.Ended()
	default:
		return true
	}
}
