package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/bank"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// Reconcile applies what a bank answered: each line once, whoever else applies it at the same time, and all of a file
// or nothing of it. The same file of the same person is told apart and changes nothing. A trial says what would happen.
// Requests hear of it by UntoldPayments.
func (s *Store) Reconcile(ctx context.Context, r casefile.AidAnswer, lines []bank.Line) (casefile.AidAnswer, error) {
	errTrial := errors.New("a trial")
	v := Viewer{Actor: r.By, Purpose: ProtectionFollowUp}
	asked := r
	err := s.inTx(As(ctx, v), func(q *db.Queries, _ pgx.Tx) error {
		r = asked
		r.Lines = slices.Clone(asked.Lines)
		if !r.Trial {
			n, err := q.AddReconciliation(ctx, db.AddReconciliationParams{ID: r.ID, Sha256: r.SHA256, By: actorText(r.By), At: r.At, Report: []byte("{}")})
			if err != nil {
				return err
			}
			if n == 0 {
				return sameFile(ctx, q, &r)
			}
		}
		if err := s.settle(ctx, q, &r, lines); err != nil {
			return err
		}
		if r.Trial {
			return errTrial // nothing of it stays
		}
		report, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if err := q.ReconciliationReport(ctx, db.ReconciliationReportParams{ID: r.ID, Report: report}); err != nil {
			return err
		}
		return auditMoney(ctx, q, v, bankAnswered, r.At, "", r.SHA256)
	})
	if errors.Is(err, errTrial) {
		err = nil
	}
	return r, err
}

// sameFile is what became of a file the first time.
func sameFile(ctx context.Context, q *db.Queries, r *casefile.AidAnswer) error {
	row, err := q.Reconciliation(ctx, db.ReconciliationParams{Sha256: r.SHA256, By: actorText(r.By)})
	if err != nil {
		return err
	}
	first := casefile.AidAnswer{By: r.By, Provinces: r.Provinces, SHA256: r.SHA256}
	if err := json.Unmarshal(row.Report, &first); err != nil {
		return err
	}
	first.Again, *r = true, first
	r.Again = true
	return nil
}

// settle holds every line against its order and keeps what is good.
func (s *Store) settle(ctx context.Context, q *db.Queries, r *casefile.AidAnswer, lines []bank.Line) error {
	p := db.LockPaymentsParams{Refs: column(lines, func(l bank.Line) string { return l.Reference }), Provinces: r.Provinces}
	if p.Provinces == nil {
		p.Provinces = []string{}
	}
	rows, err := q.LockPayments(ctx, p)
	if err != nil {
		return err
	}
	orders := map[string]*db.LockPaymentsRow{}
	for i := range rows {
		orders[rows[i].Reference] = &rows[i]
	}
	done := db.SettlePaymentsParams{By: new(actorText(r.By))}
	for _, l := range lines {
		result := casefile.AidItemFailed
		if l.Paid {
			result = casefile.AidItemPaid
		}
		o := orders[l.Reference]
		line := casefile.AidAnswerLine{N: l.N, Reference: l.Reference, Satang: l.Satang, Result: result, Reason: l.Reason, Became: became(o, l, result)}
		if line.Became == casefile.AnswerApplied && slices.Contains(done.Refs, l.Reference) {
			line.Became = casefile.AnswerOtherwise // one file says both
		}
		if line.Became == casefile.AnswerApplied {
			o.Result = new(string(result)) // a second line of the file finds it so
			done.Refs, done.Results = append(done.Refs, l.Reference), append(done.Results, string(result))
			done.Reasons, done.Ats = append(done.Reasons, l.Reason), append(done.Ats, l.At)
		}
		if line.Became == casefile.AnswerAmount {
			line.Ordered = o.Satang
		}
		r.Lines = append(r.Lines, line)
	}
	slices.SortStableFunc(r.Lines, func(a, b casefile.AidAnswerLine) int { return a.N - b.N })
	n, err := q.SettlePayments(ctx, done)
	if err == nil && int(n) != len(done.Refs) {
		err = errors.New("an order that was locked has moved")
	}
	return err
}

// became says what one line does.
func became(o *db.LockPaymentsRow, l bank.Line, result casefile.AidEventKind) casefile.AidAnswerBecame {
	switch {
	case o == nil || o.WholeAt == nil:
		return casefile.AnswerUnknown
	case o.Cash:
		return casefile.AnswerCash
	case o.Satang != l.Satang:
		return casefile.AnswerAmount
	case zero(o.Result) == string(result):
		return casefile.AnswerAlready
	case zero(o.Result) == string(casefile.AidItemFailed) && l.Paid && !o.Again: // paid after all: it must not be ordered once more
		return casefile.AnswerApplied
	case o.Result != nil:
		return casefile.AnswerOtherwise
	}
	return casefile.AnswerApplied
}

// AtCounter keeps what became of an order in cash: who received it has signed, or it could not be handed over. A repeat
// does nothing. It is found in the operator's provinces; who made the batch does not hand it out.
func (s *Store) AtCounter(ctx context.Context, p casefile.AidPayment, provinces []string) error {
	v := Viewer{Actor: p.ResultBy, Purpose: ProtectionFollowUp}
	if provinces == nil {
		provinces = []string{}
	}
	refuse := func(th, en string) error {
		return &casefile.RefusedError{Kind: casefile.Kind(p.Result), Th: th, En: en}
	}
	return s.inTx(As(ctx, v), func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.LockPayments(ctx, db.LockPaymentsParams{Refs: []string{p.Reference}, Provinces: provinces})
		if err != nil {
			return err
		}
		switch {
		case len(rows) == 0 || rows[0].WholeAt == nil:
			return casefile.ErrNotFound
		case !rows[0].Cash:
			return refuse("รายการนี้จ่ายผ่านธนาคาร", "the bank pays this order")
		case rows[0].By == actorText(p.ResultBy):
			return refuse("ผู้ทำชุดคำสั่งจ่ายจ่ายเงินสดเองไม่ได้", "who made the batch may not hand out its money")
		case zero(rows[0].Result) == string(p.Result):
			return nil
		case rows[0].Result != nil:
			return refuse("คำสั่งจ่ายนี้มีผลแล้ว", "this order has a result already")
		}
		settle := db.SettleAtCounterParams{Reference: p.Reference, Result: new(string(p.Result)), Reason: p.Reason, At: &p.ResultAt, By: new(actorText(p.ResultBy))}
		if p.Result == casefile.AidItemPaid {
			aid := casefile.AidID(rows[0].AidID)
			row, err := q.ReadAid(ctx, string(aid))
			if err != nil {
				return err
			}
			request, err := readAid(row.Doc)
			if err == nil {
				err = request.MayPayAtCounter(p.ResultBy) // what its process would refuse is not kept here
			}
			if err != nil {
				return err
			}
			if err := wholeFiles(ctx, q, aid, p.Private.Files, "SIGNATURE"); err != nil {
				return err
			}
			if settle.PrivateSealed, err = s.sealJSON(p.Private, "aid_payments", "private_sealed", p.Reference); err != nil {
				return err
			}
		}
		if _, err := q.SettleAtCounter(ctx, settle); err != nil {
			return err
		}
		return auditMoney(ctx, q, v, counterPaid, s.Now(), casefile.AidID(rows[0].AidID), settle.PrivateSealed)
	})
}

// UntoldPayments lists results that the requests' processes have not recorded yet, the oldest first.
func (s *Store) UntoldPayments(ctx context.Context, limit int) ([]casefile.AidPayment, error) {
	var out []casefile.AidPayment
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.UntoldPayments(ctx, int32(limit)) // #nosec G115 -- a page
		if err != nil {
			return err
		}
		out, err = readRows(rows, func(r db.UntoldPaymentsRow) (casefile.AidPayment, error) {
			p := casefile.AidPayment{
				Reference: r.Reference, Aid: casefile.AidID(r.AidID), Item: int(r.Item), Satang: r.Satang, Ordered: true,
				Result: casefile.AidEventKind(zero(r.Result)), Reason: r.Reason, ResultBy: actorIn(zero(r.ResultBy)),
			}
			if r.PrivateSealed == nil {
				return p, nil
			}
			return p, s.openJSON(r.PrivateSealed, &p.Private, "aid_payments", "private_sealed", r.Reference)
		})
		return err
	})
	return out, err
}

// PaymentTold keeps that the request's process has recorded a result. A repeat does nothing.
func (s *Store) PaymentTold(ctx context.Context, reference string) error {
	return s.once(ctx, func(q *db.Queries) error {
		_, err := q.PaymentTold(ctx, db.PaymentToldParams{Reference: reference, At: new(s.Now())})
		return err
	})
}

// wholeFiles refuses files that are not this request's, or not there to the last byte, and wants one of each kind.
func wholeFiles(ctx context.Context, q *db.Queries, id casefile.AidID, files []string, kinds ...string) error {
	no := &casefile.RefusedError{
		Kind: casefile.Kind(casefile.AidItemGiven), Th: "ภาพถ่ายหรือลายมือชื่อไม่ใช่ของคำขอนี้ หรือยังส่งไม่ครบ",
		En: "the photo or the signature is not of this request, or has not fully arrived",
	}
	if slices.ContainsFunc(files, func(f string) bool { return !isUUID(f) }) {
		return no
	}
	found, err := q.WholeFilesOf(ctx, db.WholeFilesOfParams{AidID: string(id), Files: files})
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		if !slices.ContainsFunc(found, func(r db.WholeFilesOfRow) bool { return r.Kind == kind }) {
			return no
		}
	}
	if slices.ContainsFunc(files, func(f string) bool {
		return !slices.ContainsFunc(found, func(r db.WholeFilesOfRow) bool { return r.ID == f })
	}) {
		return no
	}
	return nil
}

// givenWhole holds what a hand-over shows against the files themselves: the record believes no list of names.
func givenWhole(ctx context.Context, q *db.Queries, id casefile.AidID, events []casefile.AidEvent) error {
	for _, e := range events {
		if e.Kind != casefile.AidItemGiven {
			continue
		}
		if err := wholeFiles(ctx, q, id, e.Private.Files, "PHOTO", "SIGNATURE"); err != nil {
			return err
		}
	}
	return nil
}
