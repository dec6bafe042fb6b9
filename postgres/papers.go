package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/paper"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// issued is an action of the audit log that is no event of a case: a paper was written.
const issued = "PAPER_ISSUED"

// IssuePaper numbers, keeps and returns a paper, and writes down who asked for
// it, all or nothing: what is refused takes no number. A repeat of an order
// returns the paper of the first; paper.ErrAnother when that was of another case
// or request, kind or office.
func (s *Store) IssuePaper(ctx context.Context, o paper.Order) (paper.Paper, paper.Document, error) {
	if !isUUID(o.About()) {
		return paper.Paper{}, paper.Document{}, casefile.ErrNotFound
	}
	v := Viewer{Actor: o.By, Purpose: Purpose(o.Purpose)}
	p := o.Paper
	var d paper.Document
	err := s.inTx(As(ctx, v), func(q *db.Queries, _ pgx.Tx) error {
		known, err := q.PaperAsked(ctx, db.PaperAskedParams{AskedBy: actorText(o.By), Key: o.Key})
		if err == nil && (known.AboutID != o.About() || known.Kind != string(o.Paper.Kind) || known.Office != string(o.Office)) {
			return paper.ErrAnother
		}
		if err == nil {
			p, d, err = s.redraw(db.PaperRow(known))
			return err
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		p = o.Paper
		p.Year = paper.YearOf(p.At)
		number, err := q.NextPaperNumber(ctx, db.NextPaperNumberParams{Office: string(o.Office), Year: int32(p.Year)}) // #nosec G115 -- a year
		if err != nil {
			return err
		}
		p.Number = int(number)
		if d, err = p.PDF(); err != nil {
			return err
		}
		sealed, err := s.sealJSON(p, "papers", "paper_sealed", paperRow(string(o.Office), p.Year, p.Number))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(d.Bytes)
		if err := q.AddPaper(ctx, db.AddPaperParams{
			Office: string(o.Office), Year: int32(p.Year), Number: number, CaseID: null(string(o.Case)), AidID: null(string(o.Aid)), Kind: string(p.Kind), Edition: paper.Edition, // #nosec G115 -- a year
			PaperSealed: sealed, Sha256: sum[:], Pages: int32(d.Pages), AskedBy: actorText(o.By), Key: o.Key, At: p.At, DecidedAt: nullTime(o.DecidedAt), // #nosec G115 -- a count of pages
		}); err != nil {
			return err
		}
		return auditPaper(ctx, q, o, p.At, sum[:])
	})
	return p, d, err
}

// auditPaper writes down that a paper was written; the entry binds its bytes.
func auditPaper(ctx context.Context, q *db.Queries, o paper.Order, at time.Time, sum []byte) error {
	v := Viewer{Actor: o.By, Purpose: Purpose(o.Purpose)}
	if o.Aid != "" {
		action := aidAction(issued)
		n, err := q.AuditAidView(ctx, db.AuditAidViewParams{
			ID: string(o.Aid), At: at, Actor: v.actor(), Action: action, Purpose: o.Purpose, Meta: aidMeta(o.Aid, o.By, action, at, v, 0, "", sum), Commitment: sum,
		})
		return found(n, err)
	}
	e := casefile.Event{Kind: issued, By: o.By, At: at}
	n, err := q.AuditView(ctx, db.AuditViewParams{
		ID: string(o.Case), At: at, Actor: v.actor(), Action: issued, Purpose: o.Purpose, Meta: auditMeta(o.Case, e, v, sum), Commitment: sum,
	})
	return found(n, err)
}

// found turns a statement that met no row into casefile.ErrNotFound.
func found(n int64, err error) error {
	if err == nil && n == 0 {
		err = casefile.ErrNotFound
	}
	return err
}

// paperRow names the row of a paper for the seal.
func paperRow(office string, year, number int) string {
	return fmt.Sprintf("%s/%d/%d", office, year, number)
}

// Paper draws a paper of a case again, or returns casefile.ErrNotFound.
func (s *Store) Paper(ctx context.Context, id casefile.CaseID, office casefile.UnitID, year, number int) (paper.Paper, paper.Document, error) {
	return s.paperOf(ctx, string(id), office, year, number)
}

// AidPaper draws a paper of an aid request again, or returns casefile.ErrNotFound.
func (s *Store) AidPaper(ctx context.Context, id casefile.AidID, office casefile.UnitID, year, number int) (paper.Paper, paper.Document, error) {
	return s.paperOf(ctx, string(id), office, year, number)
}

func (s *Store) paperOf(ctx context.Context, about string, office casefile.UnitID, year, number int) (paper.Paper, paper.Document, error) {
	if !isUUID(about) {
		return paper.Paper{}, paper.Document{}, casefile.ErrNotFound
	}
	var row db.PaperRow
	if err := s.once(ctx, func(q *db.Queries) error {
		var err error
		row, err = q.Paper(ctx, db.PaperParams{AboutID: about, Office: string(office), Year: int32(year), Number: int32(number)}) // #nosec G115 -- bounded by the API
		return err
	}); err != nil {
		return paper.Paper{}, paper.Document{}, err
	}
	return s.redraw(row)
}

// redraw opens a paper and draws it. Another file than the one that was issued
// is never handed out under its number.
func (s *Store) redraw(r db.PaperRow) (paper.Paper, paper.Document, error) {
	name := paperRow(r.Office, int(r.Year), int(r.Number))
	var p paper.Paper
	if err := s.openJSON(r.PaperSealed, &p, "papers", "paper_sealed", name); err != nil {
		return paper.Paper{}, paper.Document{}, err
	}
	d, err := p.PDF()
	if err != nil {
		return paper.Paper{}, paper.Document{}, fmt.Errorf("draw paper %s again: %w", name, err)
	}
	if sum := sha256.Sum256(d.Bytes); !bytes.Equal(sum[:], r.Sha256) {
		return paper.Paper{}, paper.Document{}, fmt.Errorf("draw paper %s again: edition %d gives other bytes than edition %d, in which it was issued", name, paper.Edition, r.Edition)
	}
	return p, d, nil
}
