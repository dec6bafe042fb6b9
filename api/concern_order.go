package api

import (
	"context"
	"slices"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
)

// concernOrders are the orders of a console, with the details that each needs and may have.
var concernOrders = map[string]struct {
	kind  casefile.ConcernEventKind
	needs []string
	may   []string
}{
	"take-up": {casefile.ConcernTakenUp, nil, []string{"unit", "adult"}},
	"decline": {casefile.ConcernDeclined, []string{"reason"}, nil},
	"follow":  {casefile.ConcernIntoCase, nil, []string{"unit"}},
	"refer":   {casefile.ConcernGoesTo, []string{"to"}, []string{"evidence"}},
	"urgent":  {casefile.ConcernIntoAlarm, nil, nil},
	"close":   {casefile.ConcernEnded, []string{"reason"}, nil},
}

// OrderConcern serves POST /v1/concerns/{concern}/orders/{kind}.
func (s *Server) OrderConcern(ctx context.Context, r OrderConcernRequestObject) (OrderConcernResponseObject, error) {
	c, err := s.concern(ctx, r.Concern)
	if err != nil {
		return nil, err
	}
	want, b := concernOrders[r.Kind], *r.Body
	for name, given := range map[string]bool{"unit": b.Unit != "", "adult": b.Adult, "reason": b.Reason != "", "to": b.To != "", "evidence": len(b.Evidence) > 0} {
		switch {
		case !given && slices.Contains(want.needs, name):
			return nil, invalid(name, "ต้องระบุค่านี้", "this order needs it")
		case given && !slices.Contains(want.needs, name) && !slices.Contains(want.may, name):
			return nil, invalid(name, "คำสั่งนี้ไม่ใช้ค่านี้", "this order does not have it")
		}
	}
	if b.Unit != "" {
		if err := s.openUnit(ctx, b.Unit, c.Place.Province); err != nil {
			return nil, err
		}
	}
	if len(b.Evidence) > 0 {
		if err := s.released(ctx, c.ID, b.Evidence); err != nil {
			return nil, err
		}
	}
	by := Viewer(ctx).Actor()
	o := casefile.ConcernOrder{
		ID: commandID(by.ID, casefile.CaseID(c.ID), r.Params.IdempotencyKey), Kind: want.kind, By: by, Unit: b.Unit, Adult: b.Adult, Reason: b.Reason,
		To: b.To, Evidence: b.Evidence,
	}
	o.Proof = s.Prover.Proof(string(c.ID), o.ID, string(o.Kind), string(by.Kind), by.ID)
	ctx, cancel := context.WithTimeout(ctx, commandPatience)
	defer cancel()
	verdict, err := s.Concerns.Order(ctx, c.ID, o)
	if err != nil {
		return nil, err
	}
	return OrderConcern200JSONResponse(verdict), nil
}

// openUnit refuses an office that is closed, unknown, or of another province.
func (s *Server) openUnit(ctx context.Context, id casefile.UnitID, province string) error {
	units, err := s.Roster.Units(ctx, UnitFilter{State: casefile.UnitLive, Limit: unitsLooked, Province: province})
	if err != nil {
		return err
	}
	national, err := s.Roster.Units(ctx, UnitFilter{State: casefile.UnitLive, Limit: unitsLooked, Level: casefile.LevelHUSEC})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(append(units, national...), func(u casefile.Unit) bool { return u.ID == id }) {
		return invalid("unit", "ไม่มีหน่วยงานนี้ในจังหวัด หรือปิดแล้ว", "there is no such open unit in the province")
	}
	return nil
}

// unitsLooked bounds the units of a province.
const unitsLooked = 5000

// released refuses to release what is not kept.
func (s *Server) released(ctx context.Context, id casefile.ConcernID, wanted []int) error {
	all, err := s.Concerns.EvidenceOf(ctx, id)
	if err != nil {
		return err
	}
	for _, n := range wanted {
		if !slices.ContainsFunc(all, func(e ConcernEvidence) bool { return e.Seq == n && e.State == activities.MediaKept }) {
			return invalid("evidence", "ไม่มีหลักฐานหมายเลขนี้", "there is no evidence of this number")
		}
	}
	return nil
}

// nudgeConcern wakes the process of a concern, beside the request. What is lost is found by who looks after late ones.
func (s *Server) nudgeConcern(ctx context.Context, id casefile.ConcernID, upTo int) {
	trace := outliving(ctx)
	if !s.run.try(func() {
		ctx, cancel := context.WithTimeout(trace, nudgePatient)
		defer cancel()
		if err := s.Concerns.Nudge(ctx, id, upTo); err != nil {
			s.Log.WarnContext(ctx, "nudge of a concern failed: left to who looks after late ones", "concern", string(id), "error", err)
		}
	}) {
		s.Log.Warn("too many nudges at once", "concern", string(id))
	}
}

// conversed answers a word of a conversation beside any case, unless somebody else answers it.
func (s *Server) conversed(ctx context.Context, a line.Arrival, r Routed) error {
	if r.Talk.Say == casefile.SaidLater {
		return nil
	}
	args := activities.Args{Talk: &r.Talk}
	if r.Talk.Concern != "" {
		args.Code = r.Talk.Concern.Code()
	}
	if r.Talk.Aid != "" {
		args.Code = r.Talk.Aid.Code()
	}
	return s.say(ctx, a, r.Language, r.Talk.Say, args)
}
