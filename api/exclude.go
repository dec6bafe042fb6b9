package api

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
)

// exclude keeps the organisation of the alleged away from a case, and from the
// other reports of its incident: whoever leads has the people.
func (s *Server) exclude(ctx context.Context, c casefile.Case, cmd casefile.Command) (Verdict, error) {
	if err := s.organisation(ctx, &cmd); err != nil {
		return Verdict{}, err
	}
	verdict, err := s.Commander.Command(ctx, c.ID, cmd)
	if err != nil {
		return verdict, err
	}
	for _, other := range append([]casefile.CaseID{c.Lead}, c.Reports...) {
		if other == "" || other == c.ID {
			continue
		}
		its := cmd
		its.ID = uuid.NewSHA1(commandSpace, []byte(cmd.ID+"\n"+string(other))).String()
		its.Proof = s.Prover.Proof(string(other), its.ID, string(its.Kind), string(its.By.Kind), its.By.ID)
		var refused *casefile.RefusedError
		if _, err := s.Commander.Command(ctx, other, its); err != nil && !errors.As(err, &refused) { // refused: it has ended
			return verdict, err
		}
	}
	return verdict, nil
}

// organisation fills in what is excluded: a member stands for all of their unit.
func (s *Server) organisation(ctx context.Context, cmd *casefile.Command) error {
	if (cmd.Unit == "") == (cmd.Member == "") {
		return invalid("unit", "ระบุหน่วยงาน หรือสมาชิก อย่างใดอย่างหนึ่ง", "name a unit or a member, one of the two")
	}
	if cmd.Member != "" {
		m, err := s.Roster.Member(ctx, cmd.Member)
		if errors.Is(err, casefile.ErrNotFound) {
			return invalid("member", "ไม่มีสมาชิกนี้", "no such member")
		}
		if err != nil {
			return err
		}
		cmd.Unit = m.Unit
	}
	u, err := s.Shifts.Unit(ctx, cmd.Unit)
	if errors.Is(err, casefile.ErrNotFound) {
		return invalid("unit", "ไม่มีหน่วยงานนี้", "no such unit")
	}
	cmd.Level, cmd.Province = u.Level, u.Province
	return err
}
