package api

import (
	"slices"

	"github.com/gin-gonic/gin"
)

// OperatorRole is what an operator may do. One person may have several.
type OperatorRole string

const (
	RoleViewer     OperatorRole = "VIEWER"     // reads, and sees nobody's personal data
	RoleOperator   OperatorRole = "OPERATOR"   // a desk of 1300, a radio centre, another agency's system: reads, looks and acts
	RoleSupervisor OperatorRole = "SUPERVISOR" // and decides what ends a case, or makes two cases one
	RoleAdmin      OperatorRole = "ADMIN"      // the roster and the feeds, and no case
	RoleFinance    OperatorRole = "FINANCE"    // payment orders, the bank's files and cash, and no case
)

// OperatorRoles lists every role.
var OperatorRoles = []OperatorRole{RoleViewer, RoleOperator, RoleSupervisor, RoleAdmin, RoleFinance}

// Who may do what, by route group.
var (
	mayRead    = []OperatorRole{RoleViewer, RoleOperator, RoleSupervisor}
	mayLook    = []OperatorRole{RoleOperator, RoleSupervisor} // at what is personal
	mayAct     = []OperatorRole{RoleOperator, RoleSupervisor}
	mayDecide  = []OperatorRole{RoleSupervisor}
	mayStaff   = []OperatorRole{RoleOperator, RoleSupervisor, RoleAdmin} // who is on duty, and where
	mayPlan    = []OperatorRole{RoleSupervisor, RoleAdmin}               // who is on call, and when
	mayConnect = []OperatorRole{RoleAdmin}
	mayPay     = []OperatorRole{RoleFinance}
	everybody  = OperatorRoles // who has a role at all
)

// rules say who may use each operation of openapi.yaml. What has no rule is
// nobody's, and a test walks over all of them.
var rules = map[string][]OperatorRole{
	"listCases": mayRead, "getCase": mayRead, "getTimeline": mayRead, "getWaves": mayRead, "getDeliveries": mayRead, "listMedia": mayRead,
	"getDesk": mayRead, "streamChanges": mayRead, "streamRadio": mayRead, "getWaits": mayRead, "listRequests": mayRead,

	"getPrivate": mayLook, "getMedia": mayLook, "findOldCases": mayLook,

	"issueFactFinding": mayLook, "issueReferral": mayLook, "issueHandover": mayLook, "getPaper": mayLook,
	"issueAidPaper": mayLook, "listAidPapers": mayRead, "getAidPaper": mayLook,

	"fileReport": mayAct, "command": mayAct, "answerRequest": mayAct,

	"setDuty": mayStaff, "setPosition": mayStaff,

	"setSchedule": mayPlan, "addOverride": mayPlan, "withdrawOverride": mayPlan, "newCalendar": mayPlan, "revokeCalendar": mayPlan,
	"getSchedule": everybody, "getOnCall": everybody, "listDutyGaps": everybody,

	"listContacts": mayPlan, "addContact": mayPlan, "removeContact": mayPlan, "sendCode": mayPlan, "confirmContact": mayPlan,
	"listUnreachable": mayStaff,

	"listRegistrations": mayPlan, "showRegistration": mayPlan, "decideRegistration": mayPlan, "setMembership": mayPlan, "setVerifier": mayPlan,

	"listConcerns": mayRead, "getConcern": mayRead, "getConcernPrivate": mayLook, "getEvidence": mayLook, "orderConcern": mayAct,
	"countConcerns": mayCount, "listReferrals": mayReceive, "getReferralEvidence": mayReceive, "getCasePart": mayShare,
	"getUnitTasks": mayStaff, "listSafePlaces": everybody,

	"getPerson": mayLook, "findPersons": mayLook, "getFamily": mayLook, "getHousehold": mayLook, "getCasePersons": mayLook,
	"listForms": mayRead, "getForm": mayRead, "listAnswers": mayRead, "getAnswers": mayRead, "answerForm": mayAct,
	"addPerson": mayAct, "changePerson": mayAct, "addRelation": mayAct, "endRelation": mayAct, "addHousehold": mayAct, "changeHousehold": mayAct,
	"joinHousehold": mayAct, "leaveHousehold": mayAct, "putInCase": mayAct, "takeOutOfCase": mayAct,
	"mergePerson": mayDecide, "unmergePerson": mayDecide, "listDuplicates": mayDecide, "dismissDuplicate": mayDecide,

	"listFollowUps": mayRead, "listObligations": mayRead, "getCaseLoad": mayRead, "openFollowUp": mayAct,

	"listAidBatches": mayPay, "makeAidBatch": mayPay, "getAidBatch": mayPay, "getAidBatchFile": mayPay, "reconcileAid": mayPay, "payAidAtCounter": mayPay,
	"setAidPayee": mayAct, "getLogbook": mayLook,

	"listAidRequests": mayRead, "getAidRequest": mayRead, "listAidEvents": mayRead, "streamAidRequest": mayRead, "getAidCatalogue": mayRead, "countAid": mayRead,
	"getAidForm": mayLook, "getAidFile": mayLook, "listAidDuplicates": mayLook,
	"beginAidRequest": mayAct, "openAidRequest": mayAct, "getAidDraft": mayAct, "saveAidPart": mayAct, "addAidFile": mayAct, "tellAidFile": mayAct,
	"sendAidPiece": mayAct, "sendAidRequest": mayAct, "orderAidRequest": mayAct, "confirmAidRow": mayDecide,

	"listFeeds": mayConnect, "addFeed": mayConnect, "removeFeed": mayConnect,

	"listMembers": everybody, "getMember": everybody, "listUnits": everybody, "listProvinces": everybody, "getPolicy": everybody, "getPlan": everybody,
	"metrics": everybody,
}

// decisions are the commands that a supervisor gives. A false report is one when
// it is confirmed: anybody who may act may be the first of the two persons.
var decisions = []string{"close", "merge", "split", "approve-plan", "return-plan"}

// confirms is the command that is a decision for its second person only.
const confirms = "false-report"

// has reports whether the operator has one of the roles.
func (o Operator) has(roles []OperatorRole) bool {
	return slices.ContainsFunc(o.Roles, func(r OperatorRole) bool { return slices.Contains(roles, r) })
}

// MayLook reports whether the operator may see what is personal.
func (o Operator) MayLook() bool { return o.has(mayLook) }

// permitted lets those in whom the operation's rule names.
func (s *Server) permitted(c *gin.Context) {
	route, ok := s.contract.of(c)
	if !ok {
		s.fail(c, errNoRoute)
		return
	}
	viewer := Viewer(c.Request.Context())
	if !viewer.has(rules[route.Operation.OperationID]) || slices.Contains(decisions, c.Param("kind")) && !viewer.has(mayDecide) {
		s.fail(c, errNotAllowed)
	}
}
