package api

import (
	"context"
	"errors"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// careAhead is how far ahead something may be owed.
const careAhead = 5 * 365 * 24 * time.Hour

// care fills in what a command about a follow-up says, and refuses what names
// nothing that exists: codes that the policy does not know, people and units who
// cannot be asked. Whether it may happen the law decides.
func (s *Server) care(ctx context.Context, c casefile.Case, r CommandRequestObject, cmd *casefile.Command) error {
	o := *r.Body
	switch cmd.Kind {
	case casefile.ManagerSet:
		return s.manager(ctx, c, o.Member)
	case casefile.OfficeAsked:
		if _, err := s.office(ctx, "unit", o.Unit); err != nil {
			return err
		}
	case casefile.PlanDecided:
		cmd.Yes = r.Kind == "approve-plan"
	case casefile.ReferralAnswered, casefile.OfficeAnswered:
		cmd.Yes = *o.Yes
		if !cmd.Yes && o.Reason == "" {
			return invalid("reason", "ต้องระบุเหตุผลที่ไม่รับ", "say why it is declined")
		}
		if own := Viewer(ctx).Unit; own != "" && c.Care != nil { // who is of an office speaks for that office alone
			if asked, ok := c.Care.Obligation(o.Obligation); ok && asked.Unit != own {
				return errNotAllowed
			}
		}
	}
	d := casefile.CareDetail{Obligation: o.Obligation, State: o.State, Risk: o.Risk, Form: o.Form, Team: o.Team, DueAt: o.DueAt}
	if err := s.settles(ctx, c, o); err != nil {
		return err
	}
	for _, m := range o.Team {
		if _, err := s.worker(ctx, c, "team", m); err != nil {
			return err
		}
	}
	if !o.DueAt.IsZero() {
		if err := s.ahead(c, "due_at", o.DueAt); err != nil {
			return err
		}
	}
	for _, g := range o.Goals {
		if _, known := s.Policy.At(s.Now()).Care.Goals[g.Code]; !known {
			return invalid("goals", "นโยบายไม่มีเป้าหมายนี้", "the policy has no such goal")
		}
		d.Goals = append(d.Goals, casefile.Goal{Code: g.Code, Horizon: g.Horizon})
	}
	for _, n := range o.Owed {
		owed, err := s.owed(ctx, c, n, o.Goals)
		if err != nil {
			return err
		}
		d.Owed = append(d.Owed, owed)
	}
	if cmd.Kind == casefile.Referred {
		to, err := s.partner(ctx, o)
		if err != nil {
			return err
		}
		d.Owed = []casefile.Obligation{to}
	}
	if x := o.Consent; x != nil {
		d.Consent = &casefile.Consent{Purpose: x.Purpose, Given: x.Given, Basis: x.Basis}
	}
	if x := o.Contact; x != nil {
		if x.FromMinute > x.ToMinute {
			return invalid("contact.to_minute", "ต้องไม่ก่อนเวลาเริ่ม", "not before its beginning")
		}
		d.Contact = x
	}
	if cmd.Kind.AboutCare() {
		cmd.Care = &d
	}
	return nil
}

// worker is a member who may have a part in a follow-up: grown up, active, and not
// of an organisation that must not hear of the case.
func (s *Server) worker(ctx context.Context, c casefile.Case, field string, id casefile.MemberID) (casefile.Member, error) {
	m, err := s.Roster.Member(ctx, id)
	switch {
	case errors.Is(err, casefile.ErrNotFound):
		return m, invalid(field, "ไม่มีสมาชิกนี้", "no such member")
	case err != nil:
		return m, err
	case m.State != casefile.MemberActive:
		return m, invalid(field, "สมาชิกนี้ไม่ได้ใช้งานอยู่", "this member is not active")
	case m.Class == casefile.Junior:
		return m, invalid(field, "สมาชิกเยาวชนรับงานรายกรณีไม่ได้", "a junior takes no part in a case")
	case c.Excludes(m.Unit, id):
		return m, invalid(field, "สมาชิกนี้รับเรื่องนี้ไม่ได้", "this member must not have the case")
	}
	return m, nil
}

// manager must work where the case is owned.
func (s *Server) manager(ctx context.Context, c casefile.Case, id casefile.MemberID) error {
	m, err := s.worker(ctx, c, "member", id)
	switch {
	case err != nil:
		return err
	case m.Unit != c.Owner:
		return invalid("member", "ผู้จัดการรายกรณีต้องอยู่ในหน่วยงานเจ้าของเรื่อง", "the case manager is of the office that owns the case")
	case m.Class != casefile.Professional && m.Class != casefile.Supervisor:
		return invalid("member", "ผู้จัดการรายกรณีต้องเป็นเจ้าหน้าที่", "the case manager is a professional")
	}
	return nil
}

// settles refuses a legal clock dropped by one who does not decide.
func (s *Server) settles(ctx context.Context, c casefile.Case, o Order) error {
	if c.Care == nil || o.State != casefile.Dropped || Viewer(ctx).has(mayDecide) {
		return nil
	}
	if was, ok := c.Care.Obligation(o.Obligation); ok && was.Kind == casefile.OweLegal {
		return errNotAllowed
	}
	return nil
}

// ahead refuses a date by which nothing can be owed.
func (s *Server) ahead(c casefile.Case, field string, due time.Time) error {
	now := s.Now()
	switch {
	case due.Before(c.ReportedAt):
		return invalid(field, "ก่อนวันที่รับเรื่อง", "before the case began")
	case !due.After(now):
		return invalid(field, "วันครบกำหนดผ่านไปแล้ว", "this date has passed")
	case due.After(now.Add(careAhead)):
		return invalid(field, "วันครบกำหนดไกลเกินไป", "this date is too far ahead")
	}
	return nil
}

// owed is a task, a visit or a legal clock as a person names it.
func (s *Server) owed(ctx context.Context, c casefile.Case, n NewObligation, plan []NewGoal) (casefile.Obligation, error) {
	o := casefile.Obligation{Kind: n.Kind, Code: n.Code, Goal: n.Goal, After: n.After, Member: n.Member, DueAt: n.DueAt, Since: n.BeganAt}
	rule := s.Policy.At(s.Now()).Care
	_, task := rule.Tasks[n.Code]
	_, legal := rule.Legal[n.Code]
	switch {
	case n.Kind == casefile.OweTask && !task, n.Kind == casefile.OweVisit && n.Code != "" && !task:
		return o, invalid("owed.code", "นโยบายไม่มีงานนี้", "the policy has no such task")
	case n.Kind == casefile.OweLegal && !legal:
		return o, invalid("owed.code", "ไม่รู้จักกำหนดเวลาตามกฎหมายนี้", "the policy has no such legal clock")
	case n.Kind == casefile.OweLegal && !n.DueAt.IsZero():
		return o, invalid("owed.due_at", "กำหนดเวลาตามกฎหมายนับจากวันเริ่ม", "a legal clock is due by its law: say when it began")
	case n.Kind == casefile.OweLegal && n.BeganAt.After(s.Now()):
		return o, invalid("owed.began_at", "วันเริ่มต้องไม่อยู่ในอนาคต", "it cannot have begun in the future")
	case n.Kind == casefile.OweLegal && !n.BeganAt.IsZero() && !n.BeganAt.Add(rule.Legal[n.Code].Limit.Duration).After(s.Now()):
		return o, invalid("owed.began_at", "กำหนดเวลาตามกฎหมายนี้ผ่านไปแล้ว", "the limit of this law has passed")
	case n.Kind != casefile.OweLegal && !n.BeganAt.IsZero():
		return o, invalid("owed.began_at", "เฉพาะกำหนดเวลาตามกฎหมาย", "only a legal clock has it")
	case n.Kind != casefile.OweLegal && n.DueAt.IsZero():
		return o, invalid("owed.due_at", "ต้องระบุวันครบกำหนด", "say by when")
	case n.Goal > s.goals(c, plan):
		return o, invalid("owed.goal", "แผนไม่มีเป้าหมายนี้", "the plan has no such goal")
	}
	if n.Kind != casefile.OweLegal {
		if err := s.ahead(c, "owed.due_at", n.DueAt); err != nil {
			return o, err
		}
	}
	if n.Member == "" {
		return o, nil
	}
	_, err := s.worker(ctx, c, "owed.member", n.Member)
	return o, err
}

// goals counts those that something may serve: of the plan that comes with it, or of the case.
func (s *Server) goals(c casefile.Case, plan []NewGoal) int {
	if plan == nil && c.Care != nil {
		return len(c.Care.Goals)
	}
	return len(plan)
}

// partner is a referral: what is asked of whom, and who is asked after it.
func (s *Server) partner(ctx context.Context, o Order) (casefile.Obligation, error) {
	to := casefile.Obligation{Kind: casefile.OweReferral, Code: o.Service, Unit: o.Unit, Next: o.Next}
	if _, known := s.Policy.At(s.Now()).Care.Tasks[o.Service]; !known {
		return to, invalid("service", "นโยบายไม่มีงานนี้", "the policy has no such task")
	}
	if _, err := s.liveUnit(ctx, "unit", o.Unit); err != nil {
		return to, err
	}
	for _, u := range o.Next {
		if _, err := s.liveUnit(ctx, "next", u); err != nil {
			return to, err
		}
		if u == o.Unit {
			return to, invalid("next", "หน่วยงานนี้ถูกถามก่อนอยู่แล้ว", "this unit is asked first already")
		}
	}
	return to, nil
}
