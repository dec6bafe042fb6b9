package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// GetPolicy serves GET /v1/policy.
func (s *Server) GetPolicy(_ context.Context, r GetPolicyRequestObject) (GetPolicyResponseObject, error) {
	tag := `"` + s.Policy.Version + `"`
	if has(r.Params.IfNoneMatch, tag) {
		return GetPolicy304Response{}, nil
	}
	p := Policy{Version: s.Policy.Version, Types: []PolicyType{}, Hotlines: []Hotline{}}
	for _, t := range casefile.IncidentTypes {
		rule := s.Policy.Types[t]
		crew := map[string]int{}
		for role, n := range rule.Crew {
			crew[string(role)] = n
		}
		p.Types = append(p.Types, PolicyType{Type: t, Th: rule.Th, En: rule.En, Severity: rule.Severity, Crew: crew})
	}
	for _, code := range policy.HotlineCodes {
		if h, ok := s.Policy.Hotlines[code]; ok {
			p.Hotlines = append(p.Hotlines, Hotline{Code: string(code), Number: h.Number, Th: h.Th, En: h.En})
		}
	}
	return GetPolicy200JSONResponse{Body: p, Headers: GetPolicy200ResponseHeaders{ETag: tag}}, nil
}

// GetPlan serves GET /v1/policy/plan.
func (s *Server) GetPlan(ctx context.Context, r GetPlanRequestObject) (GetPlanResponseObject, error) {
	code := r.Params.District
	if _, ok := s.Places.District(code); !ok {
		return nil, invalid("district", "ไม่มีอำเภอหรือเขตนี้", "there is no such district")
	}
	province := code[:2]
	live, err := s.Roster.LiveProvinces(ctx)
	if err != nil {
		return nil, err
	}
	plan := s.Policy.At(s.Now()).Plan(r.Params.Type, casefile.Place{Province: province, District: code},
		s.Places.Urban(code), slices.Contains(live, province), r.Params.Child)
	waits, err := seconds(plan.Waits)
	if err != nil {
		return nil, err
	}
	out := GetPlan200JSONResponse{
		Version: plan.Version, Severity: plan.Severity, Urban: plan.Urban, Live: plan.Live, Waits: waits, Ladders: []Ladder{},
	}
	for _, role := range plan.Roles {
		out.Ladders = append(out.Ladders, ladder(role, false))
	}
	for _, role := range plan.Spare {
		out.Ladders = append(out.Ladders, ladder(role, true))
	}
	return out, nil
}

func ladder(p policy.RolePlan, spare bool) Ladder {
	l := Ladder{Role: p.Role, Crew: p.Crew, Sends: p.Sends, Spare: spare, AgainS: whole(p.Again), Steps: []Rung{}}
	for _, step := range p.Steps {
		l.Steps = append(l.Steps, Rung{
			AfterS: whole(step.After), Ask: step.Ask, WithinM: step.WithinM, Escalate: step.Escalate, OnlyIf: step.OnlyIf,
		})
	}
	return l
}

func whole(d time.Duration) int { return int(d / time.Second) }

// seconds names the waits of a plan as its JSON does, so that a new wait shows without a change here.
func seconds(w policy.Waits) (map[string]int, error) {
	raw, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("waits: %w", err)
	}
	var spans map[string]time.Duration
	if err := json.Unmarshal(raw, &spans); err != nil {
		return nil, fmt.Errorf("waits: %w", err)
	}
	out := make(map[string]int, len(spans))
	for name, d := range spans {
		out[name] = whole(d)
	}
	return out, nil
}

// GetWaits serves GET /v1/statistics/waits.
func (s *Server) GetWaits(ctx context.Context, r GetWaitsRequestObject) (GetWaitsResponseObject, error) {
	province, err := Viewer(ctx).province(r.Params.Province)
	if err != nil {
		return nil, err
	}
	since := r.Params.Since
	if since.IsZero() {
		since = s.Now().Add(-24 * time.Hour)
	}
	w, err := s.Cases.Waits(ctx, since, province)
	if err != nil {
		return nil, err
	}
	return GetWaits200JSONResponse{
		Since: since, Reports: w.Reports, Sent: percentiles(w.Sent), Acked: percentiles(w.Acked), Arrived: percentiles(w.Arrived),
	}, nil
}

func percentiles(w WaitTime) Percentiles {
	return Percentiles{Count: w.Count, P50S: w.P50.Seconds(), P90S: w.P90.Seconds(), P99S: w.P99.Seconds()}
}
