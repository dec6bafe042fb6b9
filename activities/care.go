package activities

import (
	"context"
	"fmt"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// Office is who can be called in a unit.
type Office struct {
	Desks       []casefile.MemberID // its duty desks
	Supervisors []casefile.MemberID
}

// Care is what a follow-up needs of the record beside the case itself. postgres.Store happens to provide it.
type Care interface {
	// Office finds who is called in a unit about a case. Who must not hear of the case is left out.
	Office(ctx context.Context, unit casefile.UnitID, about casefile.CaseID) (Office, error)
	// OpenFollowUp begins a case that an office opened by itself and returns its ID and the number of its first word. A
	// repeat of the event returns the same.
	OpenFollowUp(ctx context.Context, o casefile.Opening) (casefile.CaseID, int, error)
}

// ReachInput asks who is called about something that is owed.
type ReachInput struct {
	Case   casefile.CaseID   `json:"case"`
	Place  casefile.Place    `json:"place"`
	Office casefile.UnitID   `json:"office"`           // that owns the case
	Unit   casefile.UnitID   `json:"unit,omitempty"`   // whose answer is owed
	Member casefile.MemberID `json:"member,omitempty"` // who owes it
	Ask    []policy.Called   `json:"ask"`              // the first of them who can be reached
}

// Reached is who is called. Nobody: no rung reaches anybody.
type Reached struct {
	Rung int            `json:"rung"` // index into Ask
	Who  policy.Called  `json:"who,omitempty"`
	Asks []casefile.Ask `json:"asks,omitempty"`
}

// Reach finds, for each thing that is owed, the nearest rung that reaches somebody.
func (a *Activities) Reach(ctx context.Context, in []ReachInput) ([]Reached, error) {
	out := make([]Reached, len(in))
	for i, r := range in {
		for rung, who := range r.Ask {
			asks, err := a.rung(ctx, r, who)
			if err != nil {
				return nil, final(ctx, fmt.Errorf("reach people of case %s: %w", r.Case, err))
			}
			if len(asks) > 0 {
				out[i] = Reached{Rung: rung, Who: who, Asks: asks}
				break
			}
		}
	}
	return out, nil
}

func (a *Activities) rung(ctx context.Context, r ReachInput, who policy.Called) ([]casefile.Ask, error) {
	level := casefile.LevelMSDHSProvince
	switch who {
	case policy.CallOwner:
		if r.Member != "" {
			return []casefile.Ask{{Member: r.Member, Why: string(who)}}, nil
		}
		unit := r.Unit
		if unit == "" {
			unit = r.Office
		}
		o, err := a.Care.Office(ctx, unit, r.Case)
		return asked(o.Desks, unit, who), err
	case policy.CallSupervisor:
		o, err := a.Care.Office(ctx, r.Office, r.Case)
		if len(o.Supervisors) == 0 {
			return asked(o.Desks, r.Office, who), err
		}
		return asked(o.Supervisors, r.Office, who), err
	case policy.CallCentral:
		level = casefile.LevelHUSEC
	}
	desks, err := a.Roster.Desks(ctx, level, r.Place, "", r.Case)
	var asks []casefile.Ask
	for _, d := range desks {
		if d.Reachable && !d.Conflicted {
			asks = append(asks, casefile.Ask{Member: d.ID, Unit: d.Unit, Level: level, Why: string(who)})
		}
	}
	return asks, err
}

func asked(members []casefile.MemberID, unit casefile.UnitID, who policy.Called) []casefile.Ask {
	var asks []casefile.Ask
	for _, m := range members {
		asks = append(asks, casefile.Ask{Member: m, Unit: unit, Why: string(who)})
	}
	return asks
}

// UnitsInput asks for the offices of some levels at a place.
type UnitsInput struct {
	Case   casefile.CaseID  `json:"case"`
	Levels []casefile.Level `json:"levels"`
	Place  casefile.Place   `json:"place"`
	But    casefile.UnitID  `json:"but,omitempty"`
}

// Units lists the offices that answer for levels at a place, without one.
func (a *Activities) Units(ctx context.Context, in UnitsInput) ([]casefile.UnitID, error) {
	var units []casefile.UnitID
	for _, level := range in.Levels {
		desks, err := a.Roster.Desks(ctx, level, in.Place, "", "")
		if err != nil {
			return nil, final(ctx, fmt.Errorf("offices at a place: %w", err))
		}
		for _, d := range desks {
			if d.Unit != in.But && (len(units) == 0 || units[len(units)-1] != d.Unit) {
				units = append(units, d.Unit)
			}
		}
	}
	return units, nil
}

// HandOnInput names a case whose other workflow goes on with it.
type HandOnInput struct {
	Case casefile.CaseID `json:"case"`
	UpTo int             `json:"up_to"`
}

// HandOn starts the workflow that a case belongs to as it stands, or wakes it:
// when it returns, the other one is known to run.
func (a *Activities) HandOn(ctx context.Context, in HandOnInput) error {
	if err := a.Nudger.Nudge(ctx, in.Case, in.UpTo); err != nil {
		return fmt.Errorf("hand on case %s: %w", in.Case, err)
	}
	return nil
}

// OpenFollowUp begins a case that an office opened by itself and starts its workflow.
func (a *Activities) OpenFollowUp(ctx context.Context, o casefile.Opening) (casefile.CaseID, error) {
	id, n, err := a.Care.OpenFollowUp(ctx, o)
	if err != nil {
		return "", final(ctx, fmt.Errorf("open a follow-up: %w", err))
	}
	a.nudge(ctx, id, n)
	return id, nil
}
