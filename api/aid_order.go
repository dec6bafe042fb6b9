package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/ess-thailand/ess/casefile"
)

// aidOrders are the orders of a console, with the details that each needs and may have. Money is moved elsewhere.
var aidOrders = map[string]struct {
	kind  casefile.AidEventKind
	needs []string
	may   []string
}{
	"take":           {casefile.AidTaken, nil, nil},
	"screen":         {casefile.AidPassed, nil, nil},
	"return":         {casefile.AidSentBack, []string{"reason"}, []string{"text"}},
	"refer":          {casefile.AidGoesTo, []string{"office", "reason"}, []string{"text"}},
	"answer":         {casefile.AidAnswered, []string{"yes"}, []string{"office", "reason", "text"}},
	"withdraw":       {casefile.AidTakenBack, []string{"reason"}, []string{"text"}},
	"schedule-visit": {casefile.AidVisitPlanned, []string{"member", "visit_at"}, nil},
	"visit-missed":   {casefile.AidVisitMissed, []string{"reason"}, []string{"text"}},
	"visited":        {casefile.AidWasVisited, nil, []string{"text", "files", "logbook"}},
	"clear":          {casefile.AidCleared, []string{"finding", "reason"}, []string{"text"}},
	"plan":           {casefile.AidPlanMade, []string{"items"}, []string{"text"}},
	"recuse":         {casefile.AidRecused, []string{"reason"}, nil},
	"approve":        {casefile.AidAgreed, nil, []string{"text"}},
	"reject":         {casefile.AidRefused, []string{"reason"}, []string{"text"}},
	"appeal":         {casefile.AidContested, []string{"reason"}, []string{"text"}},
	"hear-appeal":    {casefile.AidHeard, []string{"yes"}, []string{"text"}},
	"deliver":        {casefile.AidItemGiven, []string{"item", "files"}, []string{"text"}},
	"fail":           {casefile.AidItemFailed, []string{"item", "reason"}, []string{"text"}},
	"drop":           {casefile.AidItemDropped, []string{"item", "reason"}, []string{"text"}},
	"monitor":        {casefile.AidLookedIn, nil, []string{"text", "files", "logbook"}},
	"evaluate":       {casefile.AidJudged, []string{"outcome"}, []string{"text"}},
	"close":          {casefile.AidEnded, nil, nil},
	"urgent":         {casefile.AidIntoAlarm, nil, []string{"text"}},
	"follow":         {casefile.AidIntoCase, nil, []string{"office", "text"}},
}

// given lists the details that an order has.
func (o AidOrder) given() []string {
	var names []string
	for name, has := range map[string]bool{
		"reason": o.Reason != "", "text": o.Text != "", "office": o.Office != "", "member": o.Member != "", "visit_at": !o.VisitAt.IsZero(),
		"files": len(o.Files) > 0, "logbook": o.Logbook != nil, "finding": o.Finding != nil, "items": len(o.Items) > 0, "item": o.Item != 0,
		"yes": o.Yes != nil, "outcome": o.Outcome != "",
	} {
		if has {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// OrderAidRequest serves POST /v1/aid-requests/{aid}/orders/{kind}.
func (s *Server) OrderAidRequest(ctx context.Context, r OrderAidRequestRequestObject) (OrderAidRequestResponseObject, error) {
	by := Viewer(ctx).Actor()
	a, err := s.aidOf(ctx, by, r.Aid)
	if err != nil {
		return nil, err
	}
	want, b := aidOrders[r.Kind], *r.Body
	given := b.given()
	for _, name := range want.needs {
		if !slices.Contains(given, name) {
			return nil, invalid(name, "คำสั่งนี้ต้องระบุค่านี้", "this order needs it")
		}
	}
	for _, name := range given {
		if !slices.Contains(want.needs, name) && !slices.Contains(want.may, name) {
			return nil, invalid(name, "คำสั่งนี้ไม่ใช้ค่านี้", "this order does not have it")
		}
	}
	if !s.mayDecideAid(ctx, want.kind, a) || Viewer(ctx).tooClose(want.kind, a) {
		return nil, errNotAllowed
	}
	o := casefile.AidOrder{
		ID: commandID(by.ID, casefile.CaseID(a.ID), r.Params.IdempotencyKey), Kind: want.kind, By: by, Member: b.Member, VisitAt: b.VisitAt,
		Item: b.Item, Yes: b.Yes != nil && *b.Yes, Reason: b.Reason, Outcome: b.Outcome,
		Private: casefile.AidPrivate{Text: b.Text, Files: b.Files, Logbook: b.Logbook},
	}
	if err := s.aidDetails(ctx, a, b, &o); err != nil {
		return nil, err
	}
	o.Proof = s.Prover.Proof(string(a.ID), o.ID, string(o.Kind), string(by.Kind), by.ID)
	ctx, cancel := context.WithTimeout(ctx, commandPatience)
	defer cancel()
	verdict, err := s.Aids.Order(ctx, a.ID, o)
	if err != nil {
		return nil, err
	}
	return OrderAidRequest200JSONResponse(verdict), nil
}

// mayDecideAid reports whether the operator's roles suffice: of a decision on a plan the chain of approvers says which,
// an appeal is a supervisor's.
func (s *Server) mayDecideAid(ctx context.Context, kind casefile.AidEventKind, a casefile.AidRequest) bool {
	switch kind {
	case casefile.AidAgreed, casefile.AidRefused:
		return s.Policy.At(s.Now()).MayApproveAid(a.Items, a.Place.Province, asReader(ctx, writing).Rights)
	case casefile.AidHeard:
		return Viewer(ctx).has(mayDecide)
	}
	return true
}

// tooClose reports whether the operator had a part in the request as a member, on a phone. The law knows them as two.
func (o Operator) tooClose(kind casefile.AidEventKind, a casefile.AidRequest) bool {
	if o.Member == "" {
		return false
	}
	self := casefile.Actor{Kind: casefile.ByMember, ID: string(o.Member)}
	asked := a.Filer == self || slices.Contains(a.Wrote, self)
	switch kind {
	case casefile.AidCleared:
		return asked
	case casefile.AidAgreed, casefile.AidRefused, casefile.AidHeard:
		return asked || a.Visitor == o.Member || a.VisitedBy == self || slices.Contains(a.Went, self)
	}
	return false
}

// aidDetails checks what an order names and puts it in.
func (s *Server) aidDetails(ctx context.Context, a casefile.AidRequest, b AidOrder, o *casefile.AidOrder) error {
	if err := s.aidOffice(ctx, b, o); err != nil {
		return err
	}
	if b.Member != "" {
		if err := s.mayVisit(ctx, a, b.Member); err != nil {
			return err
		}
	}
	if b.Finding != nil {
		o.Cleared = &casefile.AidFinding{Kind: b.Finding.Kind, Code: b.Finding.Code, Rule: b.Finding.Rule, Other: b.Finding.Other}
	}
	if b.Logbook != nil {
		doc, err := json.Marshal(b.Logbook)
		if err == nil {
			err = casefile.CheckAidPart(casefile.PartLogbook, doc, s.Now(), s.FormList...)
		}
		if err != nil {
			return err
		}
	}
	rules := s.Policy.At(s.Now())
	for i, x := range b.Items {
		kind, ok := rules.AidKind(x.Code, s.Now())
		if !ok {
			return invalid(fmt.Sprintf("items[%d].code", i), "ไม่มีความช่วยเหลือนี้ในรายการวันนี้", "today's catalogue has no such aid")
		}
		o.Items = append(o.Items, casefile.AidItem{Code: x.Code, Goods: kind.Goods, Satang: x.Satang, Quantity: x.Quantity})
	}
	return s.wholeFiles(ctx, a.ID, b.Files)
}

// aidOffice is the office that is asked, or in whose name somebody answers: a token of an office answers for no other.
func (s *Server) aidOffice(ctx context.Context, b AidOrder, o *casefile.AidOrder) error {
	own := Viewer(ctx).Unit
	switch o.Kind {
	case casefile.AidGoesTo, casefile.AidIntoCase:
		if b.Office == "" { // the follow-up is its own office's
			return nil
		}
		u, err := s.office(ctx, "office", b.Office)
		o.Office = u.ID
		return err
	case casefile.AidAnswered:
		if own != "" && b.Office != "" && b.Office != own {
			return invalid("office", "ตอบแทนหน่วยงานอื่นไม่ได้", "a token answers for its own office")
		}
		if o.Office = b.Office; o.Office == "" {
			o.Office = own
		}
		if o.Office == "" {
			return invalid("office", "ต้องระบุหน่วยงานที่ตอบ", "say which office answers")
		}
	}
	return nil
}

// mayVisit: whoever visits a home is grown up, active, of the province, and nobody from whom the case keeps away.
func (s *Server) mayVisit(ctx context.Context, a casefile.AidRequest, id casefile.MemberID) error {
	m, err := s.Roster.Member(ctx, id)
	switch {
	case errors.Is(err, casefile.ErrNotFound):
		return invalid("member", "ไม่มีสมาชิกนี้", "no such member")
	case err != nil:
		return err
	case m.State != casefile.MemberActive:
		return invalid("member", "สมาชิกนี้ไม่ได้ใช้งานอยู่", "this member is not active")
	case m.Class == casefile.Junior:
		return invalid("member", "สมาชิกเยาวชนเยี่ยมบ้านไม่ได้", "a junior visits no home")
	case m.Province != a.Place.Province:
		return invalid("member", "สมาชิกนี้อยู่คนละจังหวัด", "this member is of another province")
	}
	away, err := s.aidKeepsAway(ctx, a, id)
	if away {
		return invalid("member", "สมาชิกนี้เยี่ยมบ้านนี้ไม่ได้", "this member cannot visit this home")
	}
	return err
}

// wholeFiles refuses what is not a whole file of the request.
func (s *Server) wholeFiles(ctx context.Context, id casefile.AidID, wanted []string) error {
	if len(wanted) == 0 {
		return nil
	}
	all, err := s.Aids.Files(ctx, id)
	if err != nil {
		return err
	}
	for i, w := range wanted {
		if !slices.ContainsFunc(all, func(f AidFile) bool { return f.ID == w && !f.WholeAt.IsZero() }) {
			return invalid(fmt.Sprintf("files[%d]", i), "ไม่มีไฟล์นี้ หรือยังส่งไม่ครบ", "there is no such file, or it is not whole")
		}
	}
	return nil
}
