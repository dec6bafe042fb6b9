package postgres

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/picture"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

func lastTasks(rows []db.LastTasksRow) map[string]time.Time {
	last := map[string]time.Time{}
	for _, r := range rows {
		last[r.Task] = r.At
	}
	return last
}

// taskDone counts a report of a task, and puts a place of it on the map.
func (s *Store) taskDone(ctx context.Context, q *db.Queries, done casefile.TaskDone, a *Arrival, t thread) error {
	event, at := string(a.EventID), a.At
	if done.Opens == casefile.OpensConcern { // neither the ID nor the instant leads to what was pointed out
		event, at = s.Sealer.Blind("task of a concern", event), midnight(at)
	}
	id, err := q.ReportTask(ctx, db.ReportTaskParams{
		EventID: "task:" + event, Task: done.Task, At: at, Option: done.Option, Opened: string(done.Opens), MemberID: string(t.member),
	})
	if err != nil || done.Opens != casefile.OpensSpace || done.Pin == nil {
		return err
	}
	p := db.AddSafePlaceParams{ReportID: id, Lat: done.Pin.Lat, Lon: done.Pin.Lon, At: a.At}
	if done.Media != nil {
		p.PhotoState = string(activities.MediaPending)
		if p.PhotoSealed, err = s.Sealer.Seal([]byte(done.Media.MessageID), photoPlace(id)); err != nil {
			return err
		}
	}
	return q.AddSafePlace(ctx, p)
}

// midnight is the one in Thailand before an instant.
func midnight(at time.Time) time.Time {
	at = at.In(policy.Bangkok)
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, policy.Bangkok)
}

func photoPlace(report int64) string {
	return place("safe_places", "photo_sealed", strconv.FormatInt(report, 10))
}

// UnfinishedPlace is a point whose province is not found yet, or whose picture is not fetched.
type UnfinishedPlace struct {
	ID, Report int64
	Pin        casefile.Pin
	MessageID  string // of the picture; empty: none
}

// UnfinishedPlaces lists them, the oldest first.
func (s *Store) UnfinishedPlaces(ctx context.Context, limit int) ([]UnfinishedPlace, error) {
	var out []UnfinishedPlace
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.UnfinishedPlaces(ctx, int32(limit)) // #nosec G115 -- a page
		out = nil
		for _, r := range rows {
			p := UnfinishedPlace{ID: r.ID, Report: r.ReportID, Pin: casefile.Pin{Lat: r.Lat, Lon: r.Lon}}
			if r.PhotoSealed != nil {
				message, err := s.Sealer.Open(r.PhotoSealed, photoPlace(r.ReportID))
				if err != nil {
					return err
				}
				p.MessageID = string(message)
			}
			out = append(out, p)
		}
		return err
	})
	return out, err
}

// FinishPlace keeps the province of a point, and its picture without what the camera wrote beside it. What is no
// picture is not kept.
func (s *Store) FinishPlace(ctx context.Context, p UnfinishedPlace, province string, photo activities.Kept) error {
	row := db.FinishPlaceParams{ID: p.ID, Province: province, PhotoState: string(photo.State)}
	if photo.State == activities.MediaKept {
		content, bare := picture.Bare(photo.Content)
		if !bare {
			row.PhotoState = string(activities.MediaGone)
		} else {
			var err error
			if row.PhotoSealed, err = s.Sealer.Seal(content, photoPlace(p.Report)); err != nil {
				return err
			}
		}
	}
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error { return q.FinishPlace(ctx, row) })
}

// SafePlace is a point on the map of safe places.
type SafePlace struct {
	ID       int64
	Lat, Lon float64
	At       time.Time
	Photo    bool
}

// SafePlaces lists the points of a province behind an ID.
func (s *Store) SafePlaces(ctx context.Context, province string, after int64, limit int) ([]SafePlace, error) {
	var out []SafePlace
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.SafePlaces(ctx, db.SafePlacesParams{Province: province, After: after, AtMost: int32(limit)}) // #nosec G115 -- a page
		out = column(rows, func(r db.SafePlacesRow) SafePlace { return SafePlace{r.ID, r.Lat, r.Lon, r.At, r.Photo} })
		return err
	})
	return out, err
}

// UnitTask is how often the members of a unit did a task, and how many of them.
type UnitTask struct {
	Task                     string
	Reports, Members, Opened int
}

// UnitMember is how much one member did, but for what they pointed out. Nobody is ranked: the list is in the order of IDs.
type UnitMember struct {
	Member  casefile.MemberID
	Reports int
}

// UnitTasks counts what the members of a unit did in a span.
func (s *Store) UnitTasks(ctx context.Context, unit casefile.UnitID, since, until time.Time) ([]UnitTask, []UnitMember, error) {
	var tasks []UnitTask
	var members []UnitMember
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.UnitTasks(ctx, db.UnitTasksParams{UnitID: string(unit), Since: since, Until: until})
		if err != nil {
			return err
		}
		tasks = column(rows, func(r db.UnitTasksRow) UnitTask {
			return UnitTask{r.Task, int(r.Reports), int(r.Members), int(r.Opened)}
		})
		people, err := q.UnitTaskMembers(ctx, db.UnitTaskMembersParams{UnitID: string(unit), Since: since, Until: until})
		members = column(people, func(r db.UnitTaskMembersRow) UnitMember {
			return UnitMember{casefile.MemberID(r.MemberID), int(r.Reports)}
		})
		return err
	})
	return tasks, members, err
}
