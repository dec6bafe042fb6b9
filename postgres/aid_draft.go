package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// BeginAid begins a draft. The caller has drawn its ID, so that a repeat over a bad line begins nothing more; an ID
// that somebody else has is not found.
func (s *Store) BeginAid(ctx context.Context, id casefile.AidID, filer casefile.Actor, at time.Time) error {
	return s.beginAid(ctx, casefile.AidRequest{ID: id, State: casefile.AidDraft, Filer: filer}, nil, at)
}

func (s *Store) beginAid(ctx context.Context, a casefile.AidRequest, parts []db.SaveAidPartParams, at time.Time) error {
	if !isUUID(string(a.ID)) {
		return casefile.ErrNotFound
	}
	doc, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("begin an aid request: %w", err)
	}
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.BeginAid(ctx, db.BeginAidParams{
			ID: string(a.ID), Filer: actorText(a.Filer), Office: null(string(a.Office)), Province: a.Place.Province, SubjectID: null(string(a.Subject)),
			HouseholdID: null(a.Home), CaseID: null(string(a.Case)), At: at, Doc: doc,
		})
		if err != nil {
			return err
		}
		if n == 0 {
			row, err := q.ReadAid(ctx, string(a.ID))
			if err != nil {
				return err
			}
			there, err := readAid(row.Doc)
			if err == nil && there.Filer != a.Filer {
				err = casefile.ErrNotFound
			}
			return err
		}
		for _, p := range parts {
			if err := q.SaveAidPart(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// writableAid locks a request whose form may be changed, by who filed it where the viewer is a member.
func (s *Store) writableAid(ctx context.Context, q *db.Queries, id casefile.AidID) (casefile.AidRequest, db.LockAidRow, error) {
	row, err := q.LockAid(ctx, string(id))
	if err != nil {
		return casefile.AidRequest{}, row, err
	}
	a, err := readAid(row.Doc)
	if err != nil {
		return a, row, err
	}
	if by := viewer(ctx).Actor; by.Kind == casefile.ByMember && by != a.Filer {
		return a, row, casefile.ErrNotFound
	}
	if a.State != casefile.AidDraft && a.State != casefile.AidReturned {
		return a, row, &casefile.RefusedError{
			Kind: casefile.Kind(casefile.AidSent), State: casefile.State(a.State),
			Th: "แก้แบบคำขอได้เฉพาะร่าง หรือคำขอที่ส่งกลับแก้ไข", En: "only a draft, or a request that was sent back, can be changed",
		}
	}
	return a, row, nil
}

func aidPartRow(id casefile.AidID, part casefile.AidPart) string {
	return string(id) + "/" + string(part)
}

func (s *Store) sealPart(id casefile.AidID, part casefile.AidPart, doc []byte) ([]byte, error) {
	return s.Sealer.Seal(doc, place("aid_parts", "part_sealed", aidPartRow(id, part)))
}

func (s *Store) openPart(id casefile.AidID, part casefile.AidPart, sealed []byte) ([]byte, error) {
	return s.Sealer.Open(sealed, place("aid_parts", "part_sealed", aidPartRow(id, part)))
}

// SavePart keeps a part of the form, JSON, in place of the one before, and returns how often it was saved. saved is
// how often it had been when the phone last looked: casefile.ErrMoved tells one that is behind. A repeat saves nothing.
func (s *Store) SavePart(ctx context.Context, id casefile.AidID, part casefile.AidPart, doc []byte, saved int) (int, error) {
	if !isUUID(string(id)) || !slices.Contains(casefile.AidParts, part) {
		return 0, casefile.ErrNotFound
	}
	sealed, err := s.sealPart(id, part, doc)
	if err != nil {
		return 0, err
	}
	now, at := 0, s.Now()
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		a, waits, err := s.writableAid(ctx, q, id)
		if err != nil {
			return err
		}
		last, err := q.LastAidForm(ctx, string(id))
		if err != nil {
			return err
		}
		if int(last) > a.Form && waits.InboxLast > waits.InboxHeard { // a part that changes now would be in no form
			return onItsWay(a)
		}
		row, err := q.AidPart(ctx, db.AidPartParams{AidID: string(id), Part: string(part)})
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if now = int(row.Saved); now != saved {
			if now != saved+1 {
				return casefile.ErrMoved
			}
			there, err := s.openPart(id, part, row.PartSealed)
			if err == nil && !bytes.Equal(there, doc) {
				err = casefile.ErrMoved
			}
			return err // the answer to the first time was lost on the way
		}
		now++
		return q.SaveAidPart(ctx, db.SaveAidPartParams{AidID: string(id), Part: string(part), Saved: int32(now), PartSealed: sealed, At: at}) // #nosec G115 -- a count of saves
	})
	return now, err
}

// onItsWay refuses to change a form that was sent and has not been heard yet.
func onItsWay(a casefile.AidRequest) error {
	return &casefile.RefusedError{
		Kind: casefile.Kind(casefile.AidSent), State: casefile.State(a.State),
		Th: "ส่งคำขอแล้ว ระบบกำลังรับเรื่อง", En: "it is sent and on its way",
	}
}

// AidDraft reads what is filled in, and how often each part was saved.
func (s *Store) AidDraft(ctx context.Context, id casefile.AidID) (casefile.AidForm, map[casefile.AidPart]int, error) {
	var form casefile.AidForm
	var saved map[casefile.AidPart]int
	if !isUUID(string(id)) {
		return form, nil, casefile.ErrNotFound
	}
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if _, err := q.ReadAid(ctx, string(id)); err != nil {
			return err
		}
		var err error
		form, saved, err = s.draft(ctx, q, id)
		return err
	})
	return form, saved, err
}

func (s *Store) draft(ctx context.Context, q *db.Queries, id casefile.AidID) (casefile.AidForm, map[casefile.AidPart]int, error) {
	var form casefile.AidForm
	rows, err := q.AidParts(ctx, string(id))
	if err != nil {
		return form, nil, err
	}
	saved := map[casefile.AidPart]int{}
	for _, r := range rows {
		part := casefile.AidPart(r.Part)
		doc, err := s.openPart(id, part, r.PartSealed)
		if err != nil {
			return form, nil, err
		}
		if err := putPart(&form, part, doc); err != nil {
			return form, nil, fmt.Errorf("part %s of aid request %s cannot be read", part, id) // never the parser's words: they quote
		}
		saved[part] = int(r.Saved)
	}
	return form, saved, nil
}

// putPart puts a part where it belongs in a form.
func putPart(f *casefile.AidForm, part casefile.AidPart, doc []byte) error {
	to := map[casefile.AidPart]any{
		casefile.PartSubject: &f.Subject, casefile.PartHome: &f.Home, casefile.PartMembers: &f.Members, casefile.PartLogbook: &f.Logbook,
		casefile.PartNeed: &f.Need, casefile.PartConsent: &f.Consents, casefile.PartAccount: &f.Account,
	}[part]
	return json.Unmarshal(doc, to)
}

// SendAid freezes the form and puts it into the inbox of its request, in one transaction. It returns the number there;
// a repeat of the key returns the same. A form that still lacks parts is refused with all that it lacks.
func (s *Store) SendAid(ctx context.Context, id casefile.AidID, by casefile.Actor, key string) (int, error) {
	if !isUUID(string(id)) {
		return 0, casefile.ErrNotFound
	}
	n, event, at := 0, aidKey(id, key), s.Now()
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		there, err := q.AidInboxNumber(ctx, event)
		if err == nil {
			n = int(there)
			return nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		a, row, err := s.writableAid(ctx, q, id)
		if err != nil {
			return err
		}
		form, _, err := s.draft(ctx, q, id)
		if err != nil {
			return err
		}
		last, err := q.LastAidForm(ctx, string(id))
		if err != nil {
			return err
		}
		if int(last) > a.Form && row.InboxLast > row.InboxHeard { // it is on its way
			return casefile.ErrMoved
		}
		if err := missing(form); err != nil {
			return err
		}
		files, err := q.AidFiles(ctx, string(id))
		if err != nil {
			return err
		}
		for _, f := range files {
			if f.WholeAt != nil && f.Kind == string(AidPhoto) {
				form.Photos = append(form.Photos, f.ID)
			}
		}
		sealed, err := s.sealJSON(form, "aid_forms", "form_sealed", aidFormRow(id, int(last)+1))
		if err != nil {
			return err
		}
		if err := q.KeepAidForm(ctx, db.KeepAidFormParams{AidID: string(id), N: last + 1, FormSealed: sealed, At: at}); err != nil {
			return err
		}
		n, err = s.sayToAid(ctx, q, id, event, casefile.AidOrder{ID: key, Kind: casefile.AidSent, By: by, Form: int(last) + 1})
		return err
	})
	return n, err
}

// missing says every part that a form lacks.
func missing(f casefile.AidForm) error {
	var errs []error
	for _, part := range f.Missing() {
		errs = append(errs, &casefile.InvalidError{Field: string(part), Th: "ยังไม่ได้กรอกส่วนนี้", En: "this part is not filled in"})
	}
	return errors.Join(errs...)
}

func aidFormRow(id casefile.AidID, n int) string { return fmt.Sprintf("%s/%d", id, n) }

// aidKey keeps the keys of one request apart from those of all others.
func aidKey(id casefile.AidID, key string) string { return string(id) + ":" + key }

// SayToAid puts what somebody wants done into the inbox of a request, and returns its number there. A repeat of the
// order's ID returns the same.
func (s *Store) SayToAid(ctx context.Context, id casefile.AidID, o casefile.AidOrder) (int, error) {
	if !isUUID(string(id)) || o.ID == "" {
		return 0, casefile.ErrNotFound
	}
	n := 0
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		var err error
		n, err = s.sayToAid(ctx, q, id, aidKey(id, o.ID), o)
		return err
	})
	return n, err
}

func (s *Store) sayToAid(ctx context.Context, q *db.Queries, id casefile.AidID, event string, o casefile.AidOrder) (int, error) {
	sealed, err := s.sealJSON(o, "aid_inbox", "order_sealed", event)
	if err != nil {
		return 0, err
	}
	n, err := q.SayToAid(ctx, db.SayToAidParams{AidID: string(id), EventID: event, OrderSealed: sealed, At: s.Now()})
	if errors.Is(err, pgx.ErrNoRows) {
		n, err = q.AidInboxNumber(ctx, event)
	}
	return int(n), err
}

// AidForm returns a form as it was sent, or casefile.ErrNotFound.
func (s *Store) AidForm(ctx context.Context, id casefile.AidID, n int) (casefile.AidForm, error) {
	var f casefile.AidForm
	if !isUUID(string(id)) {
		return f, casefile.ErrNotFound
	}
	err := s.once(ctx, func(q *db.Queries) error {
		sealed, err := q.AidForm(ctx, db.AidFormParams{AidID: string(id), N: int32(n)}) // #nosec G115 -- a few forms
		if err != nil {
			return err
		}
		return s.openJSON(sealed, &f, "aid_forms", "form_sealed", aidFormRow(id, n))
	})
	return f, err
}
