package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
)

// join goes on with becoming a member, one press at a time. Whoever has an open
// case is asked nothing: what they type belongs to the case.
func (s *Server) join(ctx context.Context, a line.Arrival, r Routed) error {
	switch {
	case len(r.OpenCases) > 0 && !slices.Contains([]string{casefile.JoinCancel, casefile.JoinRenew, casefile.JoinLeave, casefile.JoinLeft}, a.In.Option):
		return s.say(ctx, a, r.Language, "concern_later", activities.Args{})
	case a.In.Option == casefile.JoinCancel:
		if err := s.Members.EndJoining(ctx, r.Reporter); err != nil {
			return fmt.Errorf("end joining: %w", err)
		}
		return s.say(ctx, a, r.Language, "member_stopped", activities.Args{})
	case a.In.Option == casefile.JoinAgree:
		return s.apply(ctx, a, r)
	case a.In.Option == casefile.JoinRenew && r.Member != "":
		return s.moveOwn(ctx, a, r, casefile.Renew, "member_renewing")
	case a.In.Option == casefile.JoinLeave && r.Member != "":
		return s.say(ctx, a, r.Language, "member_leave", activities.Args{})
	case a.In.Option == casefile.JoinLeft && r.Member != "":
		return s.moveOwn(ctx, a, r, casefile.Resign, "member_left")
	case r.Member != "" && a.In.Option == "":
		return s.say(ctx, a, r.Language, "member_already", activities.Args{})
	case a.In.Reason == "" || a.In.Option != "":
		return s.say(ctx, a, r.Language, "member_join", activities.Args{})
	}
	j, err := casefile.Group(a.In.Reason).Begin()
	if err != nil {
		return s.say(ctx, a, r.Language, "member_join", activities.Args{})
	}
	return s.ask(ctx, a, r, j)
}

// ask keeps what was answered and asks what is next.
func (s *Server) ask(ctx context.Context, a line.Arrival, r Routed, j casefile.Joining) error {
	if err := s.Members.SetJoining(ctx, r.Reporter, j, s.Policy.Members.Answer.Duration); err != nil {
		return fmt.Errorf("keep an answer of joining: %w", err)
	}
	if j.Step == casefile.JoinConsent {
		u, err := s.Shifts.Unit(ctx, j.Unit)
		if err != nil {
			return fmt.Errorf("name the organisation: %w", err)
		}
		return s.say(ctx, a, r.Language, "member_consent", activities.Args{Unit: unitName(u, r.Language)})
	}
	return s.say(ctx, a, r.Language, "member_ask", activities.Args{Reason: string(j.Step)})
}

func unitName(u casefile.Unit, l casefile.Language) string {
	if l == casefile.English && u.NameEn != "" {
		return u.NameEn
	}
	return u.NameTh
}

// joins takes a typed answer of somebody who is joining, and reports whether it was one.
func (s *Server) joins(ctx context.Context, a line.Arrival, r Routed) (took bool, err error) {
	j, joining, err := s.Members.JoiningOf(ctx, r.Reporter)
	if err != nil || !joining || a.In.Word != casefile.Said {
		return false, err
	}
	next, err := s.answerOf(ctx, j, a.In.Text)
	var invalid *casefile.InvalidError
	switch {
	case errors.As(err, &invalid) && j.Step == casefile.JoinConsent:
		return true, s.ask(ctx, a, r, j)
	case errors.As(err, &invalid):
		return true, s.say(ctx, a, r.Language, "member_again", activities.Args{Reason: string(j.Step)})
	case err != nil:
		return true, err
	}
	return true, s.ask(ctx, a, r, next)
}

func (s *Server) answerOf(ctx context.Context, j casefile.Joining, text string) (casefile.Joining, error) {
	if j.Step != casefile.JoinUnit {
		return j.Says(text, s.Now())
	}
	u, err := s.Members.UnitByCode(ctx, strings.TrimSpace(text))
	if errors.Is(err, casefile.ErrNotFound) {
		return j, invalid("unit", "ไม่มีหน่วยงานรหัสนี้", "there is no such organisation")
	}
	if err != nil {
		return j, err
	}
	return j.At(u)
}

// apply sends a whole application to whoever decides.
func (s *Server) apply(ctx context.Context, a line.Arrival, r Routed) error {
	j, joining, err := s.Members.JoiningOf(ctx, r.Reporter)
	if err != nil {
		return err
	}
	if !joining || j.Step != casefile.JoinConsent {
		return s.say(ctx, a, r.Language, "member_join", activities.Args{})
	}
	reg, err := s.Members.Apply(ctx, r.Reporter, j, a.UserID, r.Language)
	var refused *casefile.RefusedError
	if errors.As(err, &refused) {
		return s.say(ctx, a, r.Language, "member_already", activities.Args{})
	}
	if err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	return s.say(ctx, a, r.Language, "member_asked", activities.Args{Code: reg.Code()})
}

// moveOwn carries out what a member wants of their own membership.
func (s *Server) moveOwn(ctx context.Context, a line.Arrival, r Routed, d casefile.Deed, said string) error {
	_, err := s.Members.MoveMember(ctx, r.Member, d, casefile.Actor{Kind: casefile.ByMember, ID: string(r.Member)}, "")
	var refused *casefile.RefusedError
	if errors.As(err, &refused) {
		return s.say(ctx, a, r.Language, "member_already", activities.Args{})
	}
	if err != nil {
		return fmt.Errorf("move an own membership: %w", err)
	}
	return s.say(ctx, a, r.Language, said, activities.Args{})
}

// vet shows a verifier an application, or takes the decision on it.
func (s *Server) vet(ctx context.Context, a line.Arrival, r Routed) error {
	by := casefile.Actor{Kind: casefile.ByMember, ID: string(r.Member)}
	var refused *casefile.RefusedError
	if a.In.Option == casefile.VetShow {
		reg, who, err := s.Members.Applicant(ctx, a.In.Registration, by, "supervision")
		if errors.As(err, &refused) || errors.Is(err, casefile.ErrNotFound) {
			return s.say(ctx, a, r.Language, "member_decided", activities.Args{Reason: "REFUSED"})
		}
		if err != nil {
			return fmt.Errorf("show an application: %w", err)
		}
		args := activities.Args{Code: reg.Code(), Registration: reg.ID, Applicant: &activities.Applicant{
			Name: who.Name, Subdistrict: who.Subdistrict, Group: reg.Group, Class: reg.Class,
		}}
		if u, err := s.Shifts.Unit(ctx, reg.Unit); err == nil {
			args.Unit = unitName(u, r.Language)
		}
		return s.say(ctx, a, r.Language, "member_show", args)
	}
	deed := casefile.Deed(a.In.Option)
	if deed != casefile.Approve && deed != casefile.Reject { // no card offers anything else
		return s.say(ctx, a, r.Language, "member_decided", activities.Args{Reason: "REFUSED"})
	}
	reg, err := s.Members.Decide(ctx, a.In.Registration, deed, by, a.In.Reason)
	args := activities.Args{Code: reg.Code(), Reason: a.In.Option}
	var invalid *casefile.InvalidError // their LINE account is somebody else's by now
	if errors.As(err, &refused) || errors.As(err, &invalid) || errors.Is(err, casefile.ErrNotFound) {
		args, err = activities.Args{Reason: "REFUSED"}, nil
	}
	if err != nil {
		return fmt.Errorf("decide on an application: %w", err)
	}
	return s.say(ctx, a, r.Language, "member_decided", args)
}

// heard thanks for the answer to a test: of a duty desk, or of a member who practised.
func (s *Server) heard(ctx context.Context, a line.Arrival, r Routed) error {
	template := "test_noted"
	if a.In.Reason == casefile.ReasonPractice {
		template = "practice_noted"
	}
	return s.say(ctx, a, r.Language, template, activities.Args{})
}
