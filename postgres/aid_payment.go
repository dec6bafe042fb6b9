package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/bank"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// payableAtOnce bounds the approved requests that one look for payable money reads.
const payableAtOnce = 500

// Actions of the audit log about money.
const (
	batchBegun   = "AID_BATCH_BEGUN"
	batchTaken   = "AID_BATCH_FILE_TAKEN"
	payeeSet     = "AID_PAYEE_SET"
	bankAnswered = "AID_RECONCILED"
	counterPaid  = "AID_COUNTER"
)

// PayableAid lists the money of an office that was granted, or failed, and is not on its way, each with its account.
func (s *Store) PayableAid(ctx context.Context, office casefile.UnitID) ([]casefile.AidPayable, error) {
	var out []casefile.AidPayable
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		docs, err := q.PayableAid(ctx, db.PayableAidParams{Office: null(string(office)), AtMost: payableAtOnce})
		if err != nil {
			return err
		}
		requests, err := readRows(docs, readAid)
		if err != nil {
			return err
		}
		out, err = s.payable(ctx, q, requests)
		return err
	})
	return out, err
}

func (s *Store) payable(ctx context.Context, q *db.Queries, requests []casefile.AidRequest) ([]casefile.AidPayable, error) {
	ids := column(requests, func(a casefile.AidRequest) string { return string(a.ID) })
	ordered, err := q.PaymentsOfAids(ctx, ids)
	if err != nil {
		return nil, err
	}
	payees, err := q.NewestPayees(ctx, ids)
	if err != nil {
		return nil, err
	}
	type item struct {
		aid casefile.AidID
		id  int
	}
	onItsWay, failedUnder := map[item]bool{}, map[item]int{}
	for _, p := range ordered {
		of := item{casefile.AidID(p.AidID), int(p.Item)}
		if zero(p.Result) == string(casefile.AidItemFailed) {
			failedUnder[of] = max(failedUnder[of], int(p.Payee))
		} else {
			onItsWay[of] = true
		}
	}
	newest, before := map[string]db.NewestPayeesRow{}, map[string]db.NewestPayeesRow{}
	for _, p := range payees { // in the order in which they were put in
		before[p.AidID], newest[p.AidID] = newest[p.AidID], p
	}
	var out []casefile.AidPayable
	for _, a := range requests {
		var account *casefile.AidAccount
		var too casefile.Actor
		for _, i := range a.Items {
			of := item{a.ID, i.ID}
			if i.Goods || onItsWay[of] || i.State != casefile.ItemGranted && i.State != casefile.ItemFailed {
				continue
			}
			payee := newest[string(a.ID)]
			if account == nil {
				if account, err = s.account(ctx, q, a, payee); err != nil {
					return nil, err
				}
				if first := before[string(a.ID)]; first.N > 0 && first.By != payee.By {
					same, err := s.account(ctx, q, a, first)
					if err != nil {
						return nil, err
					}
					if *same == *account {
						too = actorIn(first.By)
					}
				}
			}
			out = append(out, casefile.AidPayable{
				Request: a, Item: i, Account: *account, Payee: int(payee.N), PayeeBy: actorIn(payee.By), PayeeToo: too,
				Corrected: int(payee.N) > failedUnder[of],
			})
		}
	}
	return out, nil
}

// account is the one that an officer put in last, or else the form's own.
func (s *Store) account(ctx context.Context, q *db.Queries, a casefile.AidRequest, payee db.NewestPayeesRow) (*casefile.AidAccount, error) {
	var account casefile.AidAccount
	if payee.N > 0 {
		return &account, s.openJSON(payee.AccountSealed, &account, "aid_payees", "account_sealed", fmt.Sprintf("%s/%d", a.ID, payee.N))
	}
	sealed, err := q.AidForm(ctx, db.AidFormParams{AidID: string(a.ID), N: int32(a.Form)}) // #nosec G115 -- a few forms
	if err != nil {
		return nil, err
	}
	var form casefile.AidForm
	return &form.Account, s.openJSON(sealed, &form, "aid_forms", "form_sealed", aidFormRow(a.ID, a.Form))
}

// actorIn reads what actorText wrote.
func actorIn(text string) casefile.Actor {
	kind, id, _ := strings.Cut(text, ":")
	return casefile.Actor{Kind: casefile.ActorKind(kind), ID: id}
}

// Payee is the account to which money of a request goes, of one item or, with 0, of the first: that of its newest order, or
// before there is one, what an officer put in last, or else the form's own.
func (s *Store) Payee(ctx context.Context, id casefile.AidID, item int) (casefile.AidAccount, error) {
	var out casefile.AidAccount
	a, err := s.Aid(ctx, id)
	if err != nil {
		return out, err
	}
	order := ""
	if i := slices.IndexFunc(a.Items, func(i casefile.AidItem) bool { return i.Order != "" && (item == 0 || item == i.ID) }); i >= 0 {
		order = a.Items[i].Order
	}
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if order != "" {
			sealed, err := q.AccountOfPayment(ctx, db.AccountOfPaymentParams{Reference: order, AidID: string(id)})
			if err != nil {
				return err
			}
			return s.openJSON(sealed, &out, "aid_payments", "account_sealed", order)
		}
		payees, err := q.NewestPayees(ctx, []string{string(id)})
		if err != nil {
			return err
		}
		var newest db.NewestPayeesRow
		for _, p := range payees { // in the order in which they were put in
			newest = p
		}
		account, err := s.account(ctx, q, a, newest)
		if err == nil {
			out = *account
		}
		return err
	})
	return out, err
}

// SetPayee puts an account in place of the one before. It takes hold from the next order on.
func (s *Store) SetPayee(ctx context.Context, by casefile.Actor, id casefile.AidID, a casefile.AidAccount) error {
	if !isUUID(string(id)) {
		return casefile.ErrNotFound
	}
	v := Viewer{Actor: by, Purpose: ProtectionFollowUp}
	return s.inTx(As(ctx, v), func(q *db.Queries, _ pgx.Tx) error {
		last, err := q.LastPayee(ctx, string(id))
		if err != nil {
			return err
		}
		n, at := last+1, s.Now()
		sealed, err := s.sealJSON(a, "aid_payees", "account_sealed", fmt.Sprintf("%s/%d", id, n))
		if err != nil {
			return err
		}
		if _, err := q.AddPayee(ctx, db.AddPayeeParams{AidID: string(id), N: n, AccountSealed: sealed, By: actorText(by), At: at}); err != nil {
			return err
		}
		return auditMoney(ctx, q, v, payeeSet, at, id, sealed)
	})
}

// auditMoney writes down who moved money or saw accounts; the entry binds what it was.
func auditMoney(ctx context.Context, q *db.Queries, v Viewer, action string, at time.Time, id casefile.AidID, what []byte) error {
	sum := sha256.Sum256(what)
	return q.AuditMoney(ctx, db.AuditMoneyParams{
		At: at, Actor: v.actor(), Action: action, AidID: null(string(id)), Purpose: string(v.Purpose),
		Meta: aidMeta(id, v.Actor, action, at, v, 0, "", nil), Commitment: sum[:],
	})
}

// BeginBatch writes the intents of a batch, all or nothing: nothing is ordered yet. A repeat with the ID does nothing;
// casefile.ErrMoved says that another batch of the office is unfinished, or that something of it changed meanwhile.
func (s *Store) BeginBatch(ctx context.Context, b casefile.AidBatch, pay []casefile.AidPayable) error {
	v := Viewer{Actor: b.By, Purpose: ProtectionFollowUp}
	p := db.AddPaymentsParams{Batch: b.ID}
	for _, x := range pay {
		var chance [10]byte
		if _, err := rand.Read(chance[:]); err != nil {
			return err
		}
		ref := casefile.PaymentReference(chance)
		sealed, err := s.sealJSON(x.Account, "aid_payments", "account_sealed", ref)
		if err != nil {
			return err
		}
		p.Refs, p.Aids, p.Items = append(p.Refs, ref), append(p.Aids, string(x.Request.ID)), append(p.Items, int32(x.Item.ID)) // #nosec G115 -- a few items
		p.Satangs, p.Cashes = append(p.Satangs, x.Item.Satang), append(p.Cashes, x.Account.Cash)
		p.Payees, p.Accounts = append(p.Payees, int32(x.Payee)), append(p.Accounts, sealed) // #nosec G115 -- a count of accounts
	}
	return s.inTx(As(ctx, v), func(q *db.Queries, _ pgx.Tx) error {
		if _, err := q.Batch(ctx, b.ID); err == nil {
			return nil
		}
		if err := q.AddBatch(ctx, db.AddBatchParams{ID: b.ID, Office: string(b.Office), By: actorText(b.By), At: b.At}); err != nil {
			return err
		}
		n, err := q.AddPayments(ctx, p)
		if err == nil && int(n) != len(pay) {
			err = casefile.ErrMoved
		}
		if err != nil {
			return err
		}
		return auditMoney(ctx, q, v, batchBegun, b.At, "", []byte(b.ID+"\n"+strings.Join(p.Refs, "\n")))
	})
}

// Batch returns a batch and its orders by reference, or casefile.ErrNotFound.
func (s *Store) Batch(ctx context.Context, id string) (casefile.AidBatch, []casefile.AidPayment, error) {
	var b casefile.AidBatch
	var payments []casefile.AidPayment
	if !isUUID(id) {
		return b, nil, casefile.ErrNotFound
	}
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.Batch(ctx, id)
		if err != nil {
			return err
		}
		b = batchOf(row)
		rows, err := q.PaymentsOf(ctx, id)
		payments = column(rows, paymentOf)
		return err
	})
	return b, payments, err
}

func batchOf(r db.BatchRow) casefile.AidBatch {
	return casefile.AidBatch{ID: r.ID, Office: casefile.UnitID(r.Office), By: actorIn(r.By), At: r.At, WholeAt: zero(r.WholeAt), SHA256: r.Sha256}
}

func paymentOf(r db.PaymentsOfRow) casefile.AidPayment {
	return casefile.AidPayment{
		Reference: r.Reference, Aid: casefile.AidID(r.AidID), Item: int(r.Item), Satang: r.Satang, Cash: r.Cash, Ordered: r.OrderedAt != nil,
		Dropped: r.DroppedAt != nil, Result: casefile.AidEventKind(zero(r.Result)), Reason: r.Reason, ResultAt: zero(r.ResultAt),
	}
}

// Batches lists the newest batches of an office.
func (s *Store) Batches(ctx context.Context, office casefile.UnitID, limit int) ([]casefile.AidBatch, error) {
	var out []casefile.AidBatch
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Batches(ctx, db.BatchesParams{Office: string(office), AtMost: int32(limit)}) // #nosec G115 -- a page
		out = column(rows, func(r db.BatchesRow) casefile.AidBatch { return batchOf(db.BatchRow(r)) })
		return err
	})
	return out, err
}

// UnfinishedBatches lists the batches whose file is not there yet, of one office or of all.
func (s *Store) UnfinishedBatches(ctx context.Context, office casefile.UnitID, limit int) ([]string, error) {
	var out []string
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		var err error
		out, err = q.UnfinishedBatches(ctx, db.UnfinishedBatchesParams{Office: null(string(office)), AtMost: int32(limit)}) // #nosec G115 -- a few
		return err
	})
	return out, err
}

// PaymentOrdered keeps that the request's process has recorded an order, or that the law refused it. A repeat does nothing.
func (s *Store) PaymentOrdered(ctx context.Context, reference string, recorded bool) error {
	return s.once(ctx, func(q *db.Queries) error {
		at := s.Now()
		if recorded {
			_, err := q.PaymentOrdered(ctx, db.PaymentOrderedParams{Reference: reference, At: &at})
			return err
		}
		_, err := q.PaymentDropped(ctx, db.PaymentDroppedParams{Reference: reference, At: &at})
		return err
	})
}

// FinishBatch writes the bank's file of a batch whose every order is recorded or dropped, once. It returns
// casefile.ErrMoved while one is neither.
func (s *Store) FinishBatch(ctx context.Context, id string, f bank.Format) error {
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		b, err := q.LockBatch(ctx, id)
		if err != nil || b.WholeAt != nil {
			return err
		}
		rows, err := q.PaymentsOf(ctx, id)
		if err != nil {
			return err
		}
		var orders []bank.Order
		for _, r := range rows {
			if r.OrderedAt == nil && r.DroppedAt == nil {
				return casefile.ErrMoved
			}
			if r.DroppedAt != nil || r.Cash {
				continue
			}
			o := bank.Order{Reference: r.Reference, Satang: r.Satang}
			if err := s.openJSON(r.AccountSealed, &o.To, "aid_payments", "account_sealed", r.Reference); err != nil {
				return err
			}
			orders = append(orders, o)
		}
		file, err := f.Write(orders, b.At)
		if err != nil {
			return err
		}
		sealed, err := s.Sealer.Seal(file, place("aid_batches", "file_sealed", id))
		if err != nil {
			return err
		}
		at, sum := s.Now(), sha256.Sum256(file)
		_, err = q.FinishBatch(ctx, db.FinishBatchParams{ID: id, At: &at, FileSealed: sealed, Sha256: sum[:]})
		return err
	})
}

// BatchFile is the bank's file of a batch, or casefile.ErrNotFound before it is whole. Who takes it is written down first.
func (s *Store) BatchFile(ctx context.Context, by casefile.Actor, id string) ([]byte, error) {
	if !isUUID(id) {
		return nil, casefile.ErrNotFound
	}
	v := Viewer{Actor: by, Purpose: ProtectionFollowUp}
	var file []byte
	err := s.inTx(As(ctx, v), func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.BatchFile(ctx, id)
		if err != nil {
			return err
		}
		if file, err = s.Sealer.Open(row.FileSealed, place("aid_batches", "file_sealed", id)); err != nil {
			return err
		}
		if sum := sha256.Sum256(file); !bytes.Equal(sum[:], row.Sha256) {
			return fmt.Errorf("the file of batch %s is not the one that was made", id)
		}
		return auditMoney(ctx, q, v, batchTaken, s.Now(), "", row.Sha256)
	})
	if err != nil {
		return nil, err
	}
	return file, nil
}
