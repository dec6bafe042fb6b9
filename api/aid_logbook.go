package api

import (
	"context"
	"errors"

	"github.com/ess-thailand/ess/casefile"
)

// Logbooks are what forms and visits of aid requests said of a household.
type Logbooks interface {
	// Logbook lists them, the oldest first, and writes down the look first; casefile.ErrNotFound where no request of the
	// provinces is about the household.
	Logbook(ctx context.Context, by casefile.Actor, purpose, household string, provinces []string) ([]casefile.LogbookEntry, error)
}

// GetLogbook serves GET /v1/households/{household}/logbook.
func (s *Server) GetLogbook(ctx context.Context, r GetLogbookRequestObject) (GetLogbookResponseObject, error) {
	viewer := Viewer(ctx)
	entries, err := s.Logbooks.Logbook(ctx, viewer.Actor(), string(r.Params.Purpose), r.Household, viewer.Provinces)
	if err != nil {
		return nil, err
	}
	if entries, err = s.reachable(ctx, entries); err != nil {
		return nil, err
	}
	book := GetLogbook200JSONResponse{Entries: []LogbookEntry{}}
	var before *casefile.LogbookEntry
	for _, e := range entries {
		form, err := s.Forms.Form(ctx, e.Answers.Form, e.Answers.Version) // scored by the questions that were asked
		if err != nil {
			return nil, err
		}
		view := LogbookEntry{At: e.At, From: string(e.From), Aid: e.Aid, Version: e.Answers.Version, Scores: form.Dimensions(e.Answers.Answers)}
		if before != nil && before.Answers.Form == e.Answers.Form {
			view.Changes = casefile.LogbookChange(form, before.Answers.Answers, e.Answers.Answers)
		}
		before = &e
		book.Entries = append(book.Entries, view)
	}
	return book, nil
}

// reachable are the entries of requests that the operator may reach; casefile.ErrNotFound where there is none.
func (s *Server) reachable(ctx context.Context, entries []casefile.LogbookEntry) (out []casefile.LogbookEntry, _ error) {
	may := map[casefile.AidID]bool{}
	for _, e := range entries {
		if _, looked := may[e.Aid]; !looked {
			_, err := s.aidOf(ctx, Viewer(ctx).Actor(), e.Aid)
			if err != nil && !errors.Is(err, casefile.ErrNotFound) {
				return nil, err
			}
			may[e.Aid] = err == nil
		}
		if may[e.Aid] {
			out = append(out, e)
		}
	}
	if len(out) == 0 && len(entries) > 0 {
		return nil, casefile.ErrNotFound
	}
	return out, nil
}
