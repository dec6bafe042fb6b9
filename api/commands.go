package api

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
)

// commandPatience is how long a caller waits for the verdict of a case's workflow.
const commandPatience = 10 * time.Second

// commands are what a console may ask for: the kind of event, the details that
// it needs, and those that it may have. The table in openapi.yaml says the same
// to people. Whether it may happen is not decided here.
var commands = map[string]struct {
	kind  casefile.Kind
	needs []string
	may   []string
}{
	"acknowledge":       {casefile.Acknowledged, nil, []string{"member", "role"}},
	"accept":            {casefile.Accepted, []string{"member"}, []string{"role", "minutes"}},
	"decline":           {casefile.Declined, []string{"member"}, []string{"role", "reason"}},
	"en-route":          {casefile.Departed, []string{"member"}, []string{"minutes"}},
	"on-scene":          {casefile.Arrived, []string{"member"}, nil},
	"cannot-find":       {casefile.CannotFind, []string{"member"}, nil},
	"controlled":        {casefile.SceneStopped, nil, nil},
	"release":           {casefile.Released, []string{"member", "reason"}, nil},
	"search-again":      {casefile.SearchReopened, nil, []string{"role", "member", "reason"}},
	"transfer":          {casefile.Transferred, []string{"unit"}, []string{"reason"}},
	"escalate":          {casefile.Escalated, nil, []string{"role", "reason"}},
	"add-resources":     {casefile.RoleAdded, []string{"role"}, []string{"crew", "reason"}},
	"severity":          {casefile.SeveritySet, []string{"severity"}, []string{"reason"}},
	"child":             {casefile.ChildSet, nil, nil},
	"pin":               {casefile.PinSet, []string{"pin"}, []string{"address"}},
	"send-province":     {casefile.ProvinceSet, []string{"province"}, nil},
	"see-radio":         {casefile.RadioSeen, nil, nil},
	"take-desk":         {casefile.DeskTaken, nil, nil},
	"resolve-desk":      {casefile.DeskResolved, nil, []string{"reason", "text"}},
	"note":              {casefile.Noted, nil, []string{"reason", "text"}},
	"merge":             {casefile.Joined, []string{"case"}, nil},
	"split":             {casefile.Split, nil, []string{"reason"}},
	"link":              {casefile.Linked, []string{"case"}, []string{"reason"}},
	"ask":               {casefile.QuestionAsked, []string{"reason"}, nil},
	"ask-centre":        {casefile.CentreAsked, []string{"level"}, []string{"reason"}},
	"take-centre":       {casefile.CentreTook, []string{"level"}, nil},
	"hand-over":         {casefile.HandoverOffered, nil, []string{"reason"}},
	"accept-hand-over":  {casefile.HandoverAccepted, []string{"unit"}, nil},
	"decline-hand-over": {casefile.HandoverDeclined, []string{"reason"}, nil},
	"close":             {casefile.CaseClosed, []string{"outcome", "reason"}, nil},
	"false-report":      {casefile.MarkedFalse, []string{"reason"}, nil},
	"reopen":            {casefile.CaseReopened, []string{"reason"}, nil},
	"exclude":           {casefile.Excluded, nil, []string{"unit", "member"}},

	"manage":           {casefile.ManagerSet, []string{"member"}, []string{"reason"}},
	"team":             {casefile.TeamSet, []string{"team"}, nil},
	"assess":           {casefile.Assessed, []string{"risk"}, []string{"form", "text"}},
	"plan":             {casefile.PlanSet, []string{"goals"}, []string{"owed", "text"}},
	"approve-plan":     {casefile.PlanDecided, nil, []string{"text"}},
	"return-plan":      {casefile.PlanDecided, []string{"reason"}, []string{"text"}},
	"owe":              {casefile.Owed, []string{"owed"}, []string{"text"}},
	"settle":           {casefile.Settled, []string{"obligation", "state"}, []string{"reason", "text"}},
	"ask-help":         {casefile.HelpAsked, []string{"obligation"}, []string{"reason", "text"}},
	"move-due":         {casefile.DueMoved, []string{"obligation", "due_at", "reason"}, []string{"text"}},
	"refer":            {casefile.Referred, []string{"unit", "service"}, []string{"next", "text"}},
	"answer-referral":  {casefile.ReferralAnswered, []string{"obligation", "yes"}, []string{"reason", "text"}},
	"consent":          {casefile.ConsentSet, []string{"consent"}, []string{"text"}},
	"contact":          {casefile.ContactSet, nil, []string{"contact", "text"}},
	"offer-transfer":   {casefile.OfficeAsked, []string{"unit", "reason"}, []string{"text"}},
	"answer-transfer":  {casefile.OfficeAnswered, []string{"obligation", "yes"}, []string{"reason", "text"}},
	"reopen-follow-up": {casefile.CareReopened, []string{"reason"}, []string{"text"}},
}

// given lists the details that an order has.
func (o Order) given() []string {
	var names []string
	for name, has := range map[string]bool{
		"member": o.Member != "", "unit": o.Unit != "", "case": o.Case != "", "role": o.Role != "", "severity": o.Severity != "",
		"crew": o.Crew != 0, "minutes": o.Minutes != 0, "outcome": o.Outcome != "", "reason": o.Reason != "", "text": o.Text != "",
		"pin": o.Pin != nil, "address": o.Address != "", "province": o.Province != "",
		"level": o.Level != "",
		"team":  o.Team != nil, "risk": o.Risk != "", "form": o.Form != "", "goals": o.Goals != nil, "owed": o.Owed != nil,
		"obligation": o.Obligation != 0, "state": o.State != "", "due_at": !o.DueAt.IsZero(), "service": o.Service != "",
		"next": o.Next != nil, "yes": o.Yes != nil, "consent": o.Consent != nil, "contact": o.Contact != nil,
	} {
		if has {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Command serves POST /v1/cases/{case}/commands/{kind}.
func (s *Server) Command(ctx context.Context, r CommandRequestObject) (CommandResponseObject, error) {
	c, err := s.visible(ctx, r.Case)
	if err != nil {
		return nil, err
	}
	if r.Kind == confirms && c.Proposal == casefile.MarkedFalse && c.Proposed != Viewer(ctx).Actor() && !Viewer(ctx).has(mayDecide) {
		return nil, errNotAllowed // of the two persons the second is a supervisor
	}
	cmd, err := s.command(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := s.care(ctx, c, r, &cmd); err != nil {
		return nil, err
	}
	if cmd.Case != "" { // the other case must be the operator's, too
		if _, err := s.visible(ctx, cmd.Case); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, commandPatience)
	defer cancel()
	if cmd.Kind == casefile.Excluded {
		verdict, err := s.exclude(ctx, c, cmd)
		return Command200JSONResponse(verdict), err
	}
	verdict, err := s.Commander.Command(ctx, r.Case, cmd)
	if err != nil {
		return nil, err
	}
	return Command200JSONResponse(verdict), nil
}

func (s *Server) command(ctx context.Context, r CommandRequestObject) (casefile.Command, error) {
	want, ok := commands[r.Kind]
	if !ok {
		return casefile.Command{}, errMalformed
	}
	o := *r.Body
	given := o.given()
	for _, name := range want.needs {
		if !slices.Contains(given, name) {
			return casefile.Command{}, invalid(name, "คำสั่งนี้ต้องระบุค่านี้", "this command needs it")
		}
	}
	for _, name := range given {
		if !slices.Contains(want.needs, name) && !slices.Contains(want.may, name) {
			return casefile.Command{}, invalid(name, "คำสั่งนี้ไม่มีค่านี้", "this command does not have it")
		}
	}
	if r.Kind == "contact" && len(given) == 0 {
		return casefile.Command{}, invalid("contact", "ต้องระบุช่วงเวลาที่ติดต่อได้ หรือแผนความปลอดภัย", "say the hours of safe contact, or the safety plan")
	}
	if r.Kind == "note" && len(given) == 0 {
		return casefile.Command{}, invalid("text", "บันทึกต้องมีข้อความหรือรหัสเหตุผล", "a note needs a text or a reason")
	}
	if want.kind == casefile.QuestionAsked && !slices.Contains(line.Questions(), o.Reason) {
		return casefile.Command{}, invalid("reason", "ไม่มีคำถามนี้", "there is no such question")
	}
	by := Viewer(ctx).Actor()
	cmd := casefile.Command{
		ID: commandID(by.ID, r.Case, r.Params.IdempotencyKey), Kind: want.kind, By: by, Role: o.Role, Crew: o.Crew, Level: o.Level, Member: o.Member,
		Unit: o.Unit, Province: o.Province, Case: o.Case, Severity: o.Severity, Minutes: o.Minutes, Outcome: o.Outcome, Reason: o.Reason,
		Private: casefile.Private{Text: o.Text, Address: o.Address},
	}
	if o.Pin != nil {
		cmd.Private.Pin = &casefile.Pin{
			Lat: o.Pin.Lat, Lon: o.Pin.Lon, AccuracyM: o.Pin.AccuracyM, FixedAt: s.Now(), Source: casefile.PinTyped,
		}
	}
	cmd.Proof = s.Prover.Proof(string(r.Case), cmd.ID, string(cmd.Kind), string(cmd.By.Kind), cmd.By.ID)
	return cmd, nil
}

// commandSpace keeps command IDs apart from all other UUIDs.
var commandSpace = uuid.MustParse("c0333a2d-0000-4000-8000-000000000e55")

// commandID is the same for a repeat and for nothing else: keys of two
// operators, or for two cases, may be alike.
func commandID(operator string, id casefile.CaseID, key string) string {
	return uuid.NewSHA1(commandSpace, []byte(operator+"\n"+string(id)+"\n"+key)).String()
}
