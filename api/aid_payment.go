package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/ess-thailand/ess/bank"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// AidPayments keeps payment orders, the bank's files and what the bank answers. It moves no request: the request's own
// process does, and what it has recorded is kept here in turn.
type AidPayments interface {
	// PayableAid lists the money of an office that may be on its way and is not, each with its account.
	PayableAid(ctx context.Context, office casefile.UnitID) ([]casefile.AidPayable, error)
	// DecisionPaper reports whether the decision, as it stands, is on paper.
	DecisionPaper(ctx context.Context, id casefile.AidID) (bool, error)
	// Confirmed lists what officers have confirmed of the catalogue.
	Confirmed(ctx context.Context) ([]policy.AidConfirmed, error)
	// SetPayee puts an account in place of the one before.
	SetPayee(ctx context.Context, by casefile.Actor, id casefile.AidID, a casefile.AidAccount) error
	// Payee is the account to which money of a request goes, of one item or, with 0, of the first.
	Payee(ctx context.Context, id casefile.AidID, item int) (casefile.AidAccount, error)
	// BeginBatch writes intents, all or nothing; a repeat does nothing. casefile.ErrMoved: another one was faster.
	BeginBatch(ctx context.Context, b casefile.AidBatch, pay []casefile.AidPayable) error
	// Batch returns casefile.ErrNotFound where there is none.
	Batch(ctx context.Context, id string) (casefile.AidBatch, []casefile.AidPayment, error)
	Batches(ctx context.Context, office casefile.UnitID, limit int) ([]casefile.AidBatch, error)
	// UnfinishedBatches are those whose file is not there yet, of one office or of all.
	UnfinishedBatches(ctx context.Context, office casefile.UnitID, limit int) ([]string, error)
	// PaymentOrdered keeps that an order was recorded, or that the law refused it.
	PaymentOrdered(ctx context.Context, reference string, recorded bool) error
	// FinishBatch writes the file, once; casefile.ErrMoved while an order is neither recorded nor refused.
	FinishBatch(ctx context.Context, id string, f bank.Format) error
	// BatchFile is the file; who takes it is recorded first.
	BatchFile(ctx context.Context, by casefile.Actor, id string) ([]byte, error)
	// Reconcile applies each line once, and all of a file or nothing of it.
	Reconcile(ctx context.Context, r casefile.AidAnswer, lines []bank.Line) (casefile.AidAnswer, error)
	// AtCounter keeps what became of an order in cash.
	AtCounter(ctx context.Context, p casefile.AidPayment, provinces []string) error
	// UntoldPayments are results that the requests have not recorded; PaymentTold that one has.
	UntoldPayments(ctx context.Context, limit int) ([]casefile.AidPayment, error)
	PaymentTold(ctx context.Context, reference string) error
}

const (
	mostInBatch   = 200 // orders: one look of a person through the list
	payAtOnce     = 8   // requests that are told at the same time
	payPatience   = 20 * time.Second
	payLookEvery  = 10 * time.Second // real time
	batchesListed = 50
)

// leftLater says of an item that the batch is full.
const leftLater casefile.AidLeftOut = "LATER"

// takeCSV has the contract leave CSV alone: a line with broken quotes is told by its number, and TIS-620 is no UTF-8.
var takeCSV = sync.OnceFunc(func() { openapi3filter.RegisterBodyDecoder("text/csv", openapi3filter.FileBodyDecoder) })

// payingOffice is one of the operator's provinces.
func (s *Server) payingOffice(ctx context.Context, id casefile.UnitID) error {
	u, err := s.Shifts.Unit(ctx, id)
	if err == nil && !Viewer(ctx).sees(u.Province) {
		err = casefile.ErrNotFound
	}
	return err
}

// MakeAidBatch serves POST /v1/aid-payments/batches.
func (s *Server) MakeAidBatch(ctx context.Context, r MakeAidBatchRequestObject) (MakeAidBatchResponseObject, error) {
	office, by := r.Body.Office, Viewer(ctx).Actor()
	if err := s.payingOffice(ctx, office); err != nil {
		return nil, err
	}
	made := MakeAidBatch200JSONResponse{LeftOut: []AidNotOrdered{}}
	unfinished, err := s.AidPayments.UnfinishedBatches(ctx, office, 1)
	if err != nil {
		return nil, err
	}
	id := uuid.NewSHA1(commandSpace, []byte(by.ID+"\naid batch\n"+r.Params.IdempotencyKey)).String()
	if len(unfinished) > 0 {
		id = unfinished[0]
	} else {
		pay, left, err := s.payableBy(ctx, office, by)
		if err != nil {
			return nil, err
		}
		made.LeftOut = append(made.LeftOut, left...)
		if len(pay) == 0 {
			return made, nil
		}
		if err := s.AidPayments.BeginBatch(ctx, casefile.AidBatch{ID: id, Office: office, By: by, At: s.Now()}, pay); err != nil {
			return nil, err
		}
	}
	s.finishSoon(ctx, id)
	b, payments, err := s.AidPayments.Batch(ctx, id)
	if err != nil {
		return nil, err
	}
	made.Batch = batchView(b, payments)
	return made, nil
}

// payableBy parts what an operator may order now from what must wait, and why.
func (s *Server) payableBy(ctx context.Context, office casefile.UnitID, by casefile.Actor) (pay []casefile.AidPayable, left []AidNotOrdered, err error) {
	all, err := s.AidPayments.PayableAid(ctx, office)
	if err != nil {
		return nil, nil, err
	}
	confirmed, err := s.AidPayments.Confirmed(ctx)
	if err != nil {
		return nil, nil, err
	}
	papers := map[casefile.AidID]bool{}
	for _, p := range all {
		id := p.Request.ID
		if _, looked := papers[id]; !looked {
			if papers[id], err = s.AidPayments.DecisionPaper(ctx, id); err != nil {
				return nil, nil, err
			}
		}
		why := p.LeftOut(by, papers[id], s.Policy.AidVouched(p.Item.Code, confirmed, s.Now()), bank.Payable(p.Account))
		if why == "" && len(pay) == mostInBatch {
			why = leftLater
		}
		if why != "" {
			left = append(left, AidNotOrdered{Aid: id, Item: p.Item.ID, Reason: why})
			continue
		}
		pay = append(pay, p)
	}
	return pay, left, nil
}

// finishSoon finishes a batch within the patience of who waits; what is left is finished by keepPayments.
func (s *Server) finishSoon(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, payPatience)
	defer cancel()
	if err := s.finishBatch(ctx, id); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "batch not finished yet", slog.String("batch", id), slog.Any("error", err))
	}
}

// finishBatch has every order of a batch recorded by its request, and then the file written. It may be interrupted and
// begun again anywhere: an order is recorded once by its own ID, and the file is written once when all are.
func (s *Server) finishBatch(ctx context.Context, id string) error {
	b, payments, err := s.AidPayments.Batch(ctx, id)
	if err != nil {
		return err
	}
	var group errgroup.Group // one that nobody answers keeps no other back
	group.SetLimit(payAtOnce)
	for _, p := range payments {
		if p.Ordered || p.Dropped {
			continue
		}
		group.Go(func() error {
			recorded, err := s.move(ctx, p, casefile.AidOrder{Kind: casefile.AidOrdered, By: b.By})
			if err != nil {
				return err
			}
			return s.AidPayments.PaymentOrdered(ctx, p.Reference, recorded)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return s.AidPayments.FinishBatch(ctx, id, s.bankFormat())
}

func (s *Server) bankFormat() bank.Format {
	if s.Bank.Name == "" {
		return bank.Default()
	}
	return s.Bank
}

// move has a request record what happened to its money, and reports whether it stands there. A refusal counts only when
// the request itself does not show what was to be recorded: a repeat that comes late is no refusal.
func (s *Server) move(ctx context.Context, p casefile.AidPayment, o casefile.AidOrder) (bool, error) {
	o.ID = uuid.NewSHA1(commandSpace, []byte("aid payment\n"+p.Reference+"\n"+string(o.Kind))).String()
	o.Item, o.Satang, o.Order = p.Item, p.Satang, p.Reference
	o.Proof = s.Prover.Proof(string(p.Aid), o.ID, string(o.Kind), string(o.By.Kind), o.By.ID)
	_, err := s.Aids.Order(ctx, p.Aid, o)
	var refused *casefile.RefusedError
	if !errors.As(err, &refused) {
		return err == nil, err
	}
	a, err := s.Aids.Aid(ctx, p.Aid)
	if err != nil {
		return false, err
	}
	i, _ := a.Item(p.Item)
	stands := map[casefile.AidEventKind]bool{
		casefile.AidOrdered:    i.State == casefile.ItemOrdered || i.State == casefile.ItemPaid || i.State == casefile.ItemFailed,
		casefile.AidItemPaid:   i.State == casefile.ItemPaid,
		casefile.AidItemFailed: i.State == casefile.ItemFailed,
	}[o.Kind]
	return i.Order == p.Reference && stands, nil
}

// tellPayments has requests record what the bank and the counter said.
func (s *Server) tellPayments(ctx context.Context) error {
	untold, err := s.AidPayments.UntoldPayments(ctx, mostInBatch)
	if err != nil {
		return err
	}
	var group errgroup.Group // one that nobody answers keeps no other back
	group.SetLimit(payAtOnce)
	for _, p := range untold {
		group.Go(func() error {
			recorded, err := s.move(ctx, p, casefile.AidOrder{Kind: p.Result, By: p.ResultBy, Reason: p.Reason, Private: p.Private})
			if err == nil && !recorded {
				// It stays here: a person must look why the record of a request and its money differ.
				s.Log.LogAttrs(ctx, slog.LevelError, "a request refuses what became of its money", slog.String("aid", string(p.Aid)), slog.String("reference", p.Reference))
				return nil
			}
			if err != nil {
				return err
			}
			return s.AidPayments.PaymentTold(ctx, p.Reference)
		})
	}
	return group.Wait()
}

// keepPayments finishes what somebody left unfinished, until the context ends.
func (s *Server) keepPayments(ctx context.Context) {
	tick := time.NewTicker(payLookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		batches, err := s.AidPayments.UnfinishedBatches(ctx, "", mostInBatch)
		for _, id := range batches {
			err = errors.Join(err, s.finishBatch(ctx, id))
		}
		if err = errors.Join(err, s.tellPayments(ctx)); err != nil && ctx.Err() == nil {
			s.Log.LogAttrs(ctx, slog.LevelWarn, "payments wait", slog.Any("error", err))
		}
	}
}

// aidBatch is a batch of an office that the operator may pay for.
func (s *Server) aidBatch(ctx context.Context, id string) (casefile.AidBatch, []casefile.AidPayment, error) {
	b, payments, err := s.AidPayments.Batch(ctx, id)
	if err == nil {
		err = s.payingOffice(ctx, b.Office)
	}
	return b, payments, err
}

// ListAidBatches serves GET /v1/aid-payments/batches.
func (s *Server) ListAidBatches(ctx context.Context, r ListAidBatchesRequestObject) (ListAidBatchesResponseObject, error) {
	if err := s.payingOffice(ctx, r.Params.Office); err != nil {
		return nil, err
	}
	found, err := s.AidPayments.Batches(ctx, r.Params.Office, batchesListed)
	if err != nil {
		return nil, err
	}
	list := ListAidBatches200JSONResponse{Batches: []AidBatch{}}
	for _, b := range found {
		list.Batches = append(list.Batches, batchView(b, nil))
	}
	return list, nil
}

// GetAidBatch serves GET /v1/aid-payments/batches/{batch}.
func (s *Server) GetAidBatch(ctx context.Context, r GetAidBatchRequestObject) (GetAidBatchResponseObject, error) {
	b, payments, err := s.aidBatch(ctx, r.Batch)
	if err != nil {
		return nil, err
	}
	return GetAidBatch200JSONResponse(batchView(b, payments)), nil
}

func batchView(b casefile.AidBatch, payments []casefile.AidPayment) AidBatch {
	v := AidBatch{Id: b.ID, Office: b.Office, By: b.By.ID, At: b.At, WholeAt: b.WholeAt, Sha256: hex.EncodeToString(b.SHA256)}
	for _, p := range payments {
		state := "BEGUN"
		switch {
		case p.Dropped:
			state = "DROPPED"
		case p.Result != "":
			state = string(p.Result)
		case p.Ordered:
			state = "ORDERED"
		}
		if !p.Dropped {
			v.Satang += p.Satang
		}
		v.Orders = append(v.Orders, AidPaymentOrder{
			Reference: p.Reference, Aid: p.Aid, Item: p.Item, Satang: p.Satang, Cash: p.Cash, State: state, Reason: p.Reason, ResultAt: p.ResultAt,
		})
	}
	return v
}

// GetAidBatchFile serves GET /v1/aid-payments/batches/{batch}/file.
func (s *Server) GetAidBatchFile(ctx context.Context, r GetAidBatchFileRequestObject) (GetAidBatchFileResponseObject, error) {
	if _, _, err := s.aidBatch(ctx, r.Batch); err != nil {
		return nil, err
	}
	file, err := s.AidPayments.BatchFile(ctx, Viewer(ctx).Actor(), r.Batch)
	if err != nil {
		return nil, err
	}
	return GetAidBatchFile200TextcsvResponse{
		Body: bytes.NewReader(file), ContentLength: int64(len(file)),
		Headers: GetAidBatchFile200ResponseHeaders{ContentDisposition: fmt.Sprintf(`attachment; filename="payments-%s.csv"`, r.Batch)},
	}, nil
}

// ReconcileAid serves POST /v1/aid-payments/reconciliations.
func (s *Server) ReconcileAid(ctx context.Context, r ReconcileAidRequestObject) (ReconcileAidResponseObject, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, mismatch(err)
	}
	at := s.Now()
	lines, faults, err := s.bankFormat().Read(raw, at)
	if err != nil {
		return nil, err
	}
	viewer, sum := Viewer(ctx), sha256.Sum256(raw)
	answer := casefile.AidAnswer{
		ID: uuid.NewString(), By: viewer.Actor(), Provinces: viewer.Provinces, SHA256: sum[:], At: at, Trial: r.Params.Trial, Lines: []casefile.AidAnswerLine{},
	}
	for _, f := range faults {
		answer.Lines = append(answer.Lines, casefile.AidAnswerLine{N: f.N, Became: casefile.AnswerBad, Th: f.Th, En: f.En})
	}
	if answer, err = s.AidPayments.Reconcile(ctx, answer, lines); err != nil {
		return nil, err
	}
	if !answer.Trial {
		s.tellSoon(ctx)
	}
	return ReconcileAid200JSONResponse(answer), nil
}

// tellSoon tells requests within the patience of who waits; the rest is told by keepPayments.
func (s *Server) tellSoon(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, payPatience)
	defer cancel()
	if err := s.tellPayments(ctx); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "requests not told yet what became of their money", slog.Any("error", err))
	}
}

// PayAidAtCounter serves POST /v1/aid-payments/orders/{reference}/counter.
func (s *Server) PayAidAtCounter(ctx context.Context, r PayAidAtCounterRequestObject) (PayAidAtCounterResponseObject, error) {
	b, viewer := *r.Body, Viewer(ctx)
	ref, ok := casefile.ParsePaymentReference(r.Reference)
	if !ok {
		return nil, casefile.ErrNotFound
	}
	p := casefile.AidPayment{Reference: ref, ResultBy: viewer.Actor(), ResultAt: s.Now(), Result: casefile.AidItemFailed, Reason: b.Reason}
	switch {
	case b.Paid && (b.Receipt == "" || b.Signature == "" || b.Reason != ""):
		return nil, invalid("receipt", "ต้องมีเลขที่ใบเสร็จและลายมือชื่อผู้รับ", "the number of the receipt and the signature are needed, and no reason")
	case !b.Paid && (b.Reason == "" || b.Receipt != "" || b.Signature != ""):
		return nil, invalid("reason", "ต้องระบุเหตุผลอย่างเดียว", "a reason is needed, and nothing else")
	case b.Paid:
		p.Result, p.Private = casefile.AidItemPaid, casefile.AidPrivate{Receipt: b.Receipt, Files: []string{b.Signature}}
	}
	if err := s.AidPayments.AtCounter(ctx, p, viewer.Provinces); err != nil {
		return nil, err
	}
	s.tellSoon(ctx)
	return PayAidAtCounter204Response{}, nil
}

// SetAidPayee serves PUT /v1/aid-requests/{aid}/payee.
func (s *Server) SetAidPayee(ctx context.Context, r SetAidPayeeRequestObject) (SetAidPayeeResponseObject, error) {
	b, viewer := *r.Body, Viewer(ctx)
	a, err := s.aidOf(ctx, viewer.Actor(), r.Aid)
	if err != nil {
		return nil, err
	}
	account := casefile.AidAccount{Cash: b.Cash, Bank: b.Bank, Number: b.Number, Name: b.Name}
	if account.Cash != (account == casefile.AidAccount{Cash: true}) || !account.Cash && !bank.Payable(account) {
		return nil, invalid("account", "ต้องเป็นเงินสดอย่างเดียว หรือบัญชีธนาคารที่ครบถ้วน", "cash alone, or a whole bank account")
	}
	if err := a.MaySetPayee(viewer.Actor()); err != nil {
		return nil, err
	}
	if err := s.AidPayments.SetPayee(ctx, viewer.Actor(), a.ID, account); err != nil {
		return nil, err
	}
	return SetAidPayee204Response{}, nil
}
