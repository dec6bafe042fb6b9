package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// Actions of the audit log about forms.
const (
	formAnswered = "FORM_ANSWERED"
	formViewed   = "FORM_VIEWED"
)

// LoadForms keeps versions of forms, new or known. A known version with other
// questions is refused: somebody may have answered it.
func (s *Store) LoadForms(ctx context.Context, forms []casefile.Form) error {
	at := s.Now()
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		for _, f := range forms {
			doc, err := json.Marshal(f)
			if err != nil {
				return fmt.Errorf("load form %s: %w", f.Code, err)
			}
			n, err := q.LoadForm(ctx, db.LoadFormParams{Code: f.Code, Version: f.Version, Doc: doc, At: at})
			if err != nil || n > 0 {
				if err != nil {
					return err
				}
				continue
			}
			was, err := q.Form(ctx, db.FormParams{Code: f.Code, Version: f.Version})
			if err != nil {
				return err
			}
			if !bytes.Equal(was, doc) {
				return fmt.Errorf("form %s: version %s is known with other questions: give the new one another version", f.Code, f.Version)
			}
		}
		return nil
	})
}

// Form reads a version of a form that was ever loaded.
func (s *Store) Form(ctx context.Context, code, version string) (casefile.Form, error) {
	var f casefile.Form
	err := s.once(ctx, func(q *db.Queries) (err error) {
		f, err = readForm(ctx, q, code, version)
		return err
	})
	return f, err
}

func readForm(ctx context.Context, q *db.Queries, code, version string) (casefile.Form, error) {
	doc, err := q.Form(ctx, db.FormParams{Code: code, Version: version})
	if err != nil {
		return casefile.Form{}, err
	}
	var f casefile.Form
	if err := json.Unmarshal(doc, &f); err != nil {
		return f, fmt.Errorf("read form %s: %w", code, err)
	}
	return f, nil
}

// answersRow is where a set of answers is sealed.
func answersRow(id casefile.CaseID, form string, n int) string {
	return string(id) + "|" + form + "|" + strconv.Itoa(n)
}

// AnswerForm checks answers against the version that they name and adds them
// behind the set numbered after; it returns casefile.ErrMoved when there is a later one.
func (s *Store) AnswerForm(ctx context.Context, r casefile.Reader, id casefile.CaseID, form, version string, after int, given casefile.Filled) (int, error) {
	if !isUUID(string(id)) {
		return 0, casefile.ErrNotFound
	}
	at, n := s.Now(), after+1
	return n, s.inTx(As(ctx, viewerOf(r)), func(q *db.Queries, _ pgx.Tx) error {
		f, err := readForm(ctx, q, form, version)
		if errors.Is(err, pgx.ErrNoRows) {
			return &casefile.InvalidError{Field: "version", Th: "ไม่มีแบบฟอร์มรุ่นนี้", En: "there is no such version of the form"}
		}
		if err != nil {
			return err
		}
		before, err := s.answersBefore(ctx, q, id, form, after)
		if err != nil {
			return err
		}
		kept, err := f.Accept(given, before, r.Rights)
		if err != nil {
			return err
		}
		sealed, err := s.sealJSON(kept, "form_answers", "answers_sealed", answersRow(id, form, n))
		if err != nil {
			return err
		}
		written, err := q.KeepAnswers(ctx, db.KeepAnswersParams{
			CaseID: string(id), Form: form, N: int32(n), Version: version, AnswersSealed: sealed, AuthorKind: string(r.By.Kind), AuthorID: r.By.ID, At: at, // #nosec G115 -- a count of sets
		})
		if err == nil && written == 0 {
			err = casefile.ErrMoved
		}
		if err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, at, looked{action: formAnswered, id: id, data: sealed})
	})
}

// answersBefore are those that a new set takes over where its author may not
// write or may not read, to whatever version they were given: the law drops what
// does not fit the new one.
func (s *Store) answersBefore(ctx context.Context, q *db.Queries, id casefile.CaseID, form string, after int) (casefile.Filled, error) {
	if after == 0 {
		return nil, nil
	}
	row, err := q.AnswersAt(ctx, db.AnswersAtParams{CaseID: string(id), Form: form, N: int32(after)}) // #nosec G115 -- a count of sets
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, casefile.ErrMoved // there never was such a set
	case err != nil:
		return nil, err
	}
	var before casefile.Filled
	return before, s.openJSON(row.AnswersSealed, &before, "form_answers", "answers_sealed", answersRow(id, form, after))
}

// Answers reads a set of answers to a form in a case, n 0 the last one, with the
// version of the form that it was given to. The look is written down with it.
// What of it the reader may see is the form's to say: casefile.Form.Shown.
func (s *Store) Answers(ctx context.Context, r casefile.Reader, id casefile.CaseID, form string, n int) (casefile.Form, casefile.FormAnswers, error) {
	var f casefile.Form
	var out casefile.FormAnswers
	if !isUUID(string(id)) {
		return f, out, casefile.ErrNotFound
	}
	err := s.inTx(As(ctx, viewerOf(r)), func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.LatestAnswers(ctx, db.LatestAnswersParams{CaseID: string(id), Form: form})
		if err == nil && n != 0 && int(row.N) != n {
			var at db.AnswersAtRow
			at, err = q.AnswersAt(ctx, db.AnswersAtParams{CaseID: string(id), Form: form, N: int32(n)}) // #nosec G115 -- a count of sets
			row = db.LatestAnswersRow(at)
		}
		if err != nil {
			return err
		}
		if f, err = readForm(ctx, q, form, row.Version); err != nil {
			return err
		}
		out = casefile.FormAnswers{
			Case: id, Form: form, Version: row.Version, N: int(row.N), Author: casefile.Actor{Kind: casefile.ActorKind(row.AuthorKind), ID: row.AuthorID}, At: row.At,
		}
		if err := s.openJSON(row.AnswersSealed, &out.Answers, "form_answers", "answers_sealed", answersRow(id, form, out.N)); err != nil {
			return err
		}
		return s.auditPeople(ctx, q, r, s.Now(), looked{action: formViewed, id: id, data: row.AnswersSealed})
	})
	return f, out, err
}

// AnswersOf lists who answered which forms of a case and when, the newest first,
// without the answers.
func (s *Store) AnswersOf(ctx context.Context, id casefile.CaseID, limit int) ([]casefile.FormAnswers, error) {
	if !isUUID(string(id)) {
		return nil, casefile.ErrNotFound
	}
	var out []casefile.FormAnswers
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.AnswersOf(ctx, db.AnswersOfParams{CaseID: string(id), AtMost: int32(limit)}) // #nosec G115 -- a page
		out = column(rows, func(a db.AnswersOfRow) casefile.FormAnswers {
			return casefile.FormAnswers{
				Case: id, Form: a.Form, Version: a.Version, N: int(a.N), Author: casefile.Actor{Kind: casefile.ActorKind(a.AuthorKind), ID: a.AuthorID}, At: a.At,
			}
		})
		return err
	})
	return out, err
}
