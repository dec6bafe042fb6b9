package api

import (
	"context"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// TaskReports is what members did of their task lists.
type TaskReports interface {
	UnitTasks(ctx context.Context, unit casefile.UnitID, since, until time.Time) ([]UnitTask, []UnitTaskMember, error)
	// Unit returns casefile.ErrNotFound for none.
	Unit(ctx context.Context, id casefile.UnitID) (casefile.Unit, error)
	SafePlaces(ctx context.Context, province string, after int64, limit int) ([]SafePlace, error)
}

// UnitTask is how often the members of a unit did a task.
type UnitTask struct {
	Task    string `json:"task"`
	Reports int    `json:"reports"`
	Members int    `json:"members"`
	Opened  int    `json:"opened"`
}

// UnitTaskMember is how much one member did.
type UnitTaskMember struct {
	Member  casefile.MemberID `json:"member"`
	Reports int               `json:"reports"`
}

// SafePlace is a point on the map of safe places.
type SafePlace struct {
	ID    int64     `json:"id"`
	Lat   float64   `json:"lat"`
	Lon   float64   `json:"lon"`
	At    time.Time `json:"at"`
	Photo bool      `json:"photo"`
}

// GetUnitTasks serves GET /v1/units/{unit}/tasks.
func (s *Server) GetUnitTasks(ctx context.Context, r GetUnitTasksRequestObject) (GetUnitTasksResponseObject, error) {
	u, err := s.TaskReports.Unit(ctx, r.Unit)
	if err != nil {
		return nil, err
	}
	if !Viewer(ctx).sees(u.Province) {
		return nil, casefile.ErrNotFound
	}
	if err := wholeDays(r.Params.Since, r.Params.Until); err != nil {
		return nil, err
	}
	tasks, members, err := s.TaskReports.UnitTasks(ctx, u.ID, r.Params.Since, r.Params.Until)
	if err != nil {
		return nil, err
	}
	return GetUnitTasks200JSONResponse{Tasks: orEmpty(tasks), Members: orEmpty(members)}, nil
}

// spanEnd is one end of a span, by the name of its parameter.
type spanEnd struct {
	name string
	at   time.Time
}

// wholeDays refuses a span so narrow or so cut that a count of it would say who pointed something out, and when.
func wholeDays(since, until time.Time) error {
	const least = 7
	for _, end := range []spanEnd{{"since", since}, {"until", until}} {
		if !midnight(end.at) {
			return invalid(end.name, "ต้องเป็นเวลาเที่ยงคืนของประเทศไทย", "must be midnight in Thailand")
		}
	}
	if until.Before(since.AddDate(0, 0, least)) {
		return invalid("until", "ต้องห่างจาก since อย่างน้อย 7 วัน", "must be at least seven days after since")
	}
	return nil
}

func midnight(at time.Time) bool {
	at = at.In(policy.Bangkok)
	return at.Equal(time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, policy.Bangkok))
}

// ListSafePlaces serves GET /v1/safe-places.
func (s *Server) ListSafePlaces(ctx context.Context, r ListSafePlacesRequestObject) (ListSafePlacesResponseObject, error) {
	p := r.Params
	if !Viewer(ctx).sees(p.Province) {
		return nil, errOutOfScope
	}
	places, err := s.TaskReports.SafePlaces(ctx, p.Province, p.After, p.Limit+1)
	if err != nil {
		return nil, err
	}
	page := ListSafePlaces200JSONResponse{Places: orEmpty(places)}
	if len(places) > p.Limit {
		page.Places = places[:p.Limit]
		page.Next = places[p.Limit-1].ID
	}
	return page, nil
}
