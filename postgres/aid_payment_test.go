package postgres_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/bank"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

func at(name string) casefile.Actor { return casefile.Actor{Kind: casefile.ByOperator, ID: name} }

var giro = casefile.AidAccount{Bank: "006", Number: "0123456789", Name: "มะลิ ดีงาม"}

// granted is a request that was filed with an account and approved, with its items.
func (f *fixture) granted(office string, account casefile.AidAccount, items ...casefile.AidItem) casefile.AidRequest {
	f.t.Helper()
	ctx, id := f.t.Context(), casefile.AidID(uuid.NewString())
	f.members(officer("visitor", office, 16.8, 100.2))
	filer := casefile.Actor{Kind: casefile.ByMember, ID: "volunteer"}
	if err := f.BeginAid(ctx, id, filer, began); err != nil {
		f.t.Fatal(err)
	}
	form := casefile.AidForm{
		Subject: casefile.AidSubject{First: "มะลิ", NoNumber: true}, Home: casefile.AidHome{Address: "1", District: "6501", Province: "65", Tenure: "OWN"},
		Logbook:  casefile.AidAnswers{Form: "household_logbook", Version: "1", Answers: map[string]any{"roof": 1}},
		Need:     casefile.AidNeed{Wanted: []string{"EMERGENCY"}, Problems: []casefile.Problem{"INCOME_LIVING"}, Urgency: casefile.AidNormal},
		Consents: []casefile.AidConsent{{Purpose: casefile.ForAid, Given: true}}, Account: account,
	}
	for part, of := range map[casefile.AidPart]any{
		casefile.PartSubject: form.Subject, casefile.PartHome: form.Home, casefile.PartLogbook: form.Logbook, casefile.PartNeed: form.Need,
		casefile.PartConsent: form.Consents, casefile.PartAccount: form.Account,
	} {
		doc, err := json.Marshal(of)
		if err == nil {
			_, err = f.SavePart(ctx, id, part, doc, 0)
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
	if _, err := f.SendAid(ctx, id, filer, "key-of-"+string(id)); err != nil {
		f.t.Fatal(err)
	}
	a, err := f.Aid(ctx, id)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.aidHappens(a,
		casefile.AidEvent{
			Kind: casefile.AidSent, By: filer, Form: 1, Place: &casefile.Place{Province: "65"}, Problems: []casefile.Problem{"INCOME_LIVING"},
			Urgency: casefile.AidNormal, Wanted: []string{"EMERGENCY"}, Office: casefile.UnitID(office),
		},
		casefile.AidEvent{Kind: casefile.AidPassed, By: at("officer")},
		casefile.AidEvent{Kind: casefile.AidVisitPlanned, By: at("officer"), Member: "visitor", VisitAt: began.Add(time.Hour)},
		casefile.AidEvent{Kind: casefile.AidWasVisited, By: at("officer")},
		casefile.AidEvent{Kind: casefile.AidPlanMade, By: at("officer"), Needed: 1, Items: items},
		casefile.AidEvent{Kind: casefile.AidAgreed, By: at("chief")})
}

// aidHappens records events as the request's own process would.
func (f *fixture) aidHappens(a casefile.AidRequest, events ...casefile.AidEvent) casefile.AidRequest {
	f.t.Helper()
	after, err := f.aidWould(a, events...)
	if err != nil {
		f.t.Fatal(err)
	}
	return after
}

func (f *fixture) aidWould(a casefile.AidRequest, events ...casefile.AidEvent) (casefile.AidRequest, error) {
	for i := range events {
		if events[i].ID == "" {
			events[i].ID = casefile.EventID(uuid.NewString())
		}
		events[i].At, events[i].DueAt, events[i].CallAt = began, began.Add(24*time.Hour), began.Add(24*time.Hour)
		var err error
		if a, err = a.Apply(events[i]); err != nil {
			return a, err
		}
	}
	return a, f.AppendAid(f.t.Context(), a, events, nil)
}

func money(satang int64) casefile.AidItem { return casefile.AidItem{Code: "EMERGENCY", Satang: satang} }

// batch is one of everything that is payable, as far as the intents.
func (f *fixture) batch(office string) string {
	f.t.Helper()
	id := uuid.NewString()
	pay, err := f.PayableAid(f.t.Context(), casefile.UnitID(office))
	if err == nil {
		err = f.BeginBatch(f.t.Context(), casefile.AidBatch{ID: id, Office: casefile.UnitID(office), By: at("cashier"), At: began}, pay)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

// order has one order of a batch recorded by its request, as its process would.
func (f *fixture) orderAid(p casefile.AidPayment) {
	f.t.Helper()
	a, err := f.Aid(f.t.Context(), p.Aid)
	if err != nil {
		f.t.Fatal(err)
	}
	f.aidHappens(a, casefile.AidEvent{Kind: casefile.AidOrdered, By: at("cashier"), Item: p.Item, Order: p.Reference})
}

// whole finishes a batch and returns its orders.
func (f *fixture) whole(id string) []casefile.AidPayment {
	f.t.Helper()
	_, payments, err := f.Batch(f.t.Context(), id)
	for _, p := range payments {
		if err == nil && !p.Ordered && !p.Dropped {
			f.orderAid(p)
			err = f.PaymentOrdered(f.t.Context(), p.Reference, true)
		}
	}
	if err == nil {
		err = f.FinishBatch(f.t.Context(), id, bank.Default())
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return payments
}

func (f *fixture) answer(name string, lines ...bank.Line) (casefile.AidAnswer, error) {
	sum := bytes.Repeat([]byte(name[:1]), 32)
	return f.Reconcile(f.t.Context(), casefile.AidAnswer{ID: uuid.NewString(), By: at("cashier"), SHA256: sum, At: began}, lines)
}

func tally(a casefile.AidAnswer) map[casefile.AidAnswerBecame]int {
	n := map[casefile.AidAnswerBecame]int{}
	for _, l := range a.Lines {
		n[l.Became]++
	}
	return n
}

func (f *fixture) total(where string) int64 {
	f.t.Helper()
	var sum int64
	if err := f.Pool.QueryRow(f.t.Context(), "SELECT coalesce(sum(satang), 0)::bigint FROM aid_payments WHERE "+where).Scan(&sum); err != nil {
		f.t.Fatal(err)
	}
	return sum
}

// Whatever dies between the intent, the request's record and the file, going on gives one file with every item once.
func TestABatchIsFinishedWhereverItStopped(t *testing.T) {
	f := setup(t)
	f.unit("pmj", casefile.LevelMSDHSProvince, 16.8, 100.2)
	for i := range 5 {
		f.granted("pmj", giro, money(int64(100001+i)), money(7))
	}
	id := f.batch("pmj")
	if pay, err := f.PayableAid(t.Context(), "pmj"); err != nil || len(pay) != 0 {
		t.Fatalf("%d items may be ordered twice, %v", len(pay), err)
	}
	if err := f.FinishBatch(t.Context(), id, bank.Default()); !errors.Is(err, casefile.ErrMoved) {
		t.Errorf("a file before the requests know: %v", err)
	}
	if _, err := f.BatchFile(t.Context(), at("cashier"), id); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("a file before it is whole: %v", err)
	}
	_, payments, err := f.Batch(t.Context(), id)
	if err != nil || len(payments) != 10 {
		t.Fatalf("%d orders, %v", len(payments), err)
	}
	f.orderAid(payments[0])
	if err := f.PaymentOrdered(t.Context(), payments[0].Reference, true); err != nil {
		t.Fatal(err)
	}
	f.orderAid(payments[1]) // and here the process dies: the request knows, the order does not
	if err := f.PaymentOrdered(t.Context(), payments[1].Reference, true); err != nil {
		t.Fatal(err)
	}
	if left, err := f.UnfinishedBatches(t.Context(), "pmj", 5); err != nil || !slices.Equal(left, []string{id}) {
		t.Fatalf("unfinished: %v, %v", left, err)
	}
	f.whole(id)
	first, err := f.BatchFile(t.Context(), at("cashier"), id)
	if err != nil {
		t.Fatal(err)
	}
	f.whole(id)
	second, err := f.BatchFile(t.Context(), at("other"), id)
	if err != nil || !bytes.Equal(first, second) || bytes.Count(first, []byte("\r\n")) != 11 {
		t.Errorf("another file the second time, or not each item once: %v\n%s", err, first)
	}
	if got := f.total("ordered_at IS NOT NULL"); got != 5*100001+10+5*7 {
		t.Errorf("ordered %d satang", got)
	}
	var looks int
	if err := f.Pool.QueryRow(t.Context(), "SELECT count(*) FROM audit WHERE action = 'AID_BATCH_FILE_TAKEN'").Scan(&looks); err != nil || looks != 2 {
		t.Errorf("%d downloads are recorded, %v", looks, err)
	}
}

// Ten batches at once: one begins, and nothing is ordered twice.
func TestBatchesAtOnceOrderNothingTwice(t *testing.T) {
	f := setup(t)
	f.unit("pmj", casefile.LevelMSDHSProvince, 16.8, 100.2)
	for range 4 {
		f.granted("pmj", giro, money(300000))
	}
	pay, err := f.PayableAid(t.Context(), "pmj")
	if err != nil || len(pay) != 4 {
		t.Fatalf("%d payable, %v", len(pay), err)
	}
	f.warm()
	var all sync.WaitGroup
	var mu sync.Mutex
	begun := 0
	for range 10 {
		all.Go(func() {
			err := f.BeginBatch(t.Context(), casefile.AidBatch{ID: uuid.NewString(), Office: "pmj", By: at("cashier"), At: began}, pay)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				begun++
			} else if !errors.Is(err, casefile.ErrMoved) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := f.total("true"); begun != 1 || got != 4*300000 {
		t.Errorf("%d batches with %d satang", begun, got)
	}
	// Nor by a batch of another office, whose unfinished one does not stand in the way.
	f.unit("other", casefile.LevelMSDHSProvince, 16.8, 100.2)
	if err := f.BeginBatch(t.Context(), casefile.AidBatch{ID: uuid.NewString(), Office: "other", By: at("cashier"), At: began}, pay[:1]); !errors.Is(err, casefile.ErrMoved) {
		t.Errorf("a second order of an item: %v", err)
	}
}

// Eight files with the same lines at the same time: each line is applied once, to the satang.
func TestReconciliationsAtOnceApplyEachLineOnce(t *testing.T) {
	f := setup(t)
	f.unit("pmj", casefile.LevelMSDHSProvince, 16.8, 100.2)
	for i := range 6 {
		f.granted("pmj", giro, money(int64(12345+i)))
	}
	payments := f.whole(f.batch("pmj"))
	var lines []bank.Line
	for i, p := range payments {
		lines = append(lines, bank.Line{N: i + 2, Reference: p.Reference, Satang: p.Satang, Paid: i%3 > 0, Reason: map[bool]string{true: "ACCOUNT_CLOSED"}[i%3 == 0], At: began})
	}
	f.warm()
	var all sync.WaitGroup
	var mu sync.Mutex
	sum := map[casefile.AidAnswerBecame]int{}
	for i := range 8 {
		all.Go(func() {
			mine := slices.Clone(lines)
			if i%2 > 0 {
				slices.Reverse(mine)
			}
			a, err := f.answer(string(rune('a'+i)), mine...)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for k, n := range tally(a) {
				sum[k] += n
			}
		})
	}
	all.Wait()
	if sum[casefile.AnswerApplied] != 6 || sum[casefile.AnswerAlready] != 42 || len(sum) != 2 {
		t.Errorf("lines became %v", sum)
	}
	var want int64
	for i, p := range payments {
		if i%3 > 0 {
			want += p.Satang
		}
	}
	if got := f.total("result = 'PAID'"); got != want {
		t.Errorf("%d satang are paid, want %d", got, want)
	}
	untold, err := f.UntoldPayments(t.Context(), 100)
	if err != nil || len(untold) != 6 {
		t.Fatalf("%d requests are to hear, %v", len(untold), err)
	}
	for _, p := range untold {
		a, err := f.Aid(t.Context(), p.Aid)
		if err != nil {
			t.Fatal(err)
		}
		f.aidHappens(a, casefile.AidEvent{Kind: p.Result, By: p.ResultBy, Item: p.Item, Satang: p.Satang, Reason: p.Reason, Order: p.Reference})
		if err := f.PaymentTold(t.Context(), p.Reference); err != nil {
			t.Fatal(err)
		}
	}
	if untold, err = f.UntoldPayments(t.Context(), 100); err != nil || len(untold) != 0 {
		t.Errorf("%d still wait, %v", len(untold), err)
	}
}

// What is no good answer is told apart and moves nothing; a trial moves nothing at all; the same file neither.
func TestALineThatDoesNotFitMovesNothing(t *testing.T) {
	f := setup(t)
	f.unit("pmj", casefile.LevelMSDHSProvince, 16.8, 100.2)
	f.granted("pmj", giro, money(300000))
	f.granted("pmj", giro, money(200000))
	f.granted("pmj", casefile.AidAccount{Cash: true}, money(100000))
	byAmount := map[int64]string{}
	for _, p := range f.whole(f.batch("pmj")) {
		byAmount[p.Satang] = p.Reference
	}
	paid := func(n int, satang int64) bank.Line {
		return bank.Line{N: n, Reference: byAmount[satang], Satang: satang, Paid: true, At: began}
	}
	less := paid(3, 200000)
	less.Satang--
	nobody := bank.Line{N: 5, Reference: casefile.PaymentReference([10]byte{}), Satang: 1, Paid: true, At: began}
	other := paid(6, 300000)
	other.Paid, other.Reason = false, "BANK_REFUSED"
	lines := []bank.Line{paid(2, 300000), less, paid(4, 100000), nobody, other, paid(7, 300000)}
	want := []casefile.AidAnswerBecame{
		casefile.AnswerApplied, casefile.AnswerAmount, casefile.AnswerCash, casefile.AnswerUnknown, casefile.AnswerOtherwise, casefile.AnswerAlready,
	}
	check := func(what string, a casefile.AidAnswer, err error) {
		t.Helper()
		var got []casefile.AidAnswerBecame
		for _, l := range a.Lines {
			got = append(got, l.Became)
		}
		if err != nil || !slices.Equal(got, want) || a.Lines[1].Ordered != 200000 {
			t.Errorf("%s: %v, %+v", what, err, a.Lines)
		}
	}
	sum := bytes.Repeat([]byte("x"), 32)
	ask := casefile.AidAnswer{ID: uuid.NewString(), By: at("cashier"), SHA256: sum, At: began, Trial: true}
	a, err := f.Reconcile(t.Context(), ask, lines)
	check("the trial", a, err)
	if got := f.total("result IS NOT NULL"); got != 0 {
		t.Fatalf("a trial moved %d satang", got)
	}
	ask.Trial, ask.Provinces = false, []string{"50"}
	if far, err := f.Reconcile(t.Context(), casefile.AidAnswer{ID: uuid.NewString(), By: at("far"), SHA256: sum, At: began, Provinces: []string{"50"}}, lines); err != nil || tally(far)[casefile.AnswerUnknown] != 6 {
		t.Errorf("another province: %v, %v", tally(far), err)
	}
	ask.Provinces = []string{"65"}
	a, err = f.Reconcile(t.Context(), ask, lines)
	check("the file", a, err)
	ask.ID = uuid.NewString()
	a, err = f.Reconcile(t.Context(), ask, lines)
	check("the same file", a, err)
	if got := f.total("result = 'PAID'"); !a.Again || got != 300000 {
		t.Errorf("again is %v, %d satang are paid", a.Again, got)
	}
}

// What failed may be ordered again once somebody has put the account in again, and to that account.
func TestWhatFailedIsOrderedAgainToTheNewAccount(t *testing.T) {
	f := setup(t)
	f.unit("pmj", casefile.LevelMSDHSProvince, 16.8, 100.2)
	a := f.granted("pmj", giro, money(300000))
	first := f.whole(f.batch("pmj"))[0]
	if _, err := f.answer("a", bank.Line{N: 2, Reference: first.Reference, Satang: 300000, Reason: "ACCOUNT_CLOSED", At: began}); err != nil {
		t.Fatal(err)
	}
	a, _ = f.Aid(t.Context(), a.ID)
	f.aidHappens(a, casefile.AidEvent{Kind: casefile.AidItemFailed, By: at("cashier"), Item: 1, Reason: "ACCOUNT_CLOSED", Order: first.Reference})
	if b, err := f.answer("b", bank.Line{N: 2, Reference: first.Reference, Satang: 300000, At: began, Reason: "BANK_REFUSED"}); err != nil || b.Lines[0].Became != casefile.AnswerAlready {
		t.Errorf("refused again: %+v, %v", b, err)
	}
	why := func(by string) casefile.AidLeftOut {
		t.Helper()
		pay, err := f.PayableAid(t.Context(), "pmj")
		if err != nil || len(pay) != 1 {
			t.Fatalf("%d payable, %v", len(pay), err)
		}
		return pay[0].LeftOut(at(by), true, true, bank.Payable(pay[0].Account))
	}
	if got := why("cashier"); got != casefile.LeftFailed {
		t.Errorf("after the failure: %q", got)
	}
	another := giro
	another.Number = "9876543210"
	put := func(by string, account casefile.AidAccount) {
		t.Helper()
		if err := f.SetPayee(t.Context(), at(by), a.ID, account); err != nil {
			t.Fatal(err)
		}
	}
	put("clerk", another)
	for _, alone := range []func(){
		func() {}, func() { put("clerk", another) }, func() { put("second", giro) }, // nobody else, the same person twice, another account
	} {
		if alone(); why("cashier") != casefile.LeftAlone {
			t.Errorf("an account of one person: %q", why("cashier"))
		}
	}
	put("second", another)
	put("clerk", another)
	for by, want := range map[string]casefile.AidLeftOut{
		"cashier": "", "clerk": casefile.LeftFourEyes, "second": casefile.LeftFourEyes, "chief": casefile.LeftFourEyes, "officer": casefile.LeftFourEyes,
	} {
		if got := why(by); got != want {
			t.Errorf("%s: %q, want %q", by, got, want)
		}
	}
	pay, err := f.PayableAid(t.Context(), "pmj")
	if err != nil {
		t.Fatal(err)
	}
	put("clerk", giro) // while somebody looks at the list
	if err := f.BeginBatch(t.Context(), casefile.AidBatch{ID: uuid.NewString(), Office: "pmj", By: at("cashier"), At: began}, pay); !errors.Is(err, casefile.ErrMoved) {
		t.Errorf("ordered to an account that was replaced: %v", err)
	}
	put("clerk", another)
	put("second", another)
	id := f.batch("pmj")
	f.whole(id)
	file, err := f.BatchFile(t.Context(), at("cashier"), id)
	if err != nil || !bytes.Contains(file, []byte(another.Number)) || bytes.Contains(file, []byte(giro.Number)) {
		t.Errorf("the file: %v\n%s", err, file)
	}
	var plain int
	if err := f.Pool.QueryRow(t.Context(), "SELECT count(*) FROM aid_payments p WHERE p::text LIKE '%9876543210%'").Scan(&plain); err != nil || plain != 0 {
		t.Errorf("an account lies in clear in %d rows, %v", plain, err)
	}
}

// file is one of a request, whole or half.
func (f *fixture) aidFile(a casefile.AidRequest, kind string, whole bool) string {
	f.t.Helper()
	var buffer bytes.Buffer
	if err := png.Encode(&buffer, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		f.t.Fatal(err)
	}
	content, id := buffer.Bytes(), uuid.NewString()
	_, err := f.AddFile(f.t.Context(), postgres.AidFile{ID: id, Aid: a.ID, Kind: postgres.AidFileKind(kind), ContentType: "image/png", Bytes: len(content)}, at("officer"))
	if err == nil {
		_, err = f.AppendPiece(f.t.Context(), a.ID, id, 0, content[:5])
	}
	if err == nil && whole {
		_, err = f.AppendPiece(f.t.Context(), a.ID, id, 5, content[5:])
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

// The record believes no list of names: a hand-over shows a photo and a signature of this request, there to the last byte.
func TestGoodsAreGivenAgainstWholeFilesOfTheRequest(t *testing.T) {
	f := setup(t)
	f.unit("pmj", casefile.LevelMSDHSProvince, 16.8, 100.2)
	goods := casefile.AidItem{Code: "RELIEF_BAG", Goods: true, Satang: 70000}
	a, other := f.granted("pmj", giro, goods), f.granted("pmj", giro, goods)
	photo, signature := f.aidFile(a, "PHOTO", true), f.aidFile(a, "SIGNATURE", true)
	given := func(files ...string) error {
		_, err := f.aidWould(a, casefile.AidEvent{Kind: casefile.AidItemGiven, By: at("officer"), Item: 1, Private: casefile.AidPrivate{Files: files}})
		return err
	}
	for what, files := range map[string][]string{
		"another request's signature": {photo, f.aidFile(other, "SIGNATURE", true)}, "half a signature": {photo, f.aidFile(a, "SIGNATURE", false)},
		"two photos": {photo, f.aidFile(a, "PHOTO", true)}, "the photo twice": {photo, photo}, "made-up names": {"x", "y"}, "unknown files": {uuid.NewString(), uuid.NewString()},
		"one strange file more": {photo, signature, uuid.NewString()},
	} {
		var refused *casefile.RefusedError
		if err := given(files...); !errors.As(err, &refused) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if now, _ := f.Aid(t.Context(), a.ID); now.Version != a.Version {
		t.Fatal("a refused hand-over was recorded")
	}
	if err := given(photo, signature); err != nil {
		t.Error(err)
	}
}

// Cash is handed out by other hands than ordered it, against a signature of the request, once.
func TestCashIsHandedOutByOtherHands(t *testing.T) {
	f := setup(t)
	f.unit("pmj", casefile.LevelMSDHSProvince, 16.8, 100.2)
	a := f.granted("pmj", casefile.AidAccount{Cash: true}, money(300000))
	other := f.granted("pmj", giro, money(200000))
	refs := map[casefile.AidID]string{}
	for _, p := range f.whole(f.batch("pmj")) {
		refs[p.Aid] = p.Reference
	}
	signature := f.aidFile(a, "SIGNATURE", true)
	pay := func(by, ref string, files ...string) error {
		return f.AtCounter(t.Context(), casefile.AidPayment{
			Reference: ref, Result: casefile.AidItemPaid, ResultAt: began, ResultBy: at(by), Private: casefile.AidPrivate{Receipt: "1/2569", Files: files},
		}, []string{"65"})
	}
	var refused *casefile.RefusedError
	for what, err := range map[string]error{
		"who made the batch": pay("cashier", refs[a.ID], signature), "the bank's order": pay("teller", refs[other.ID], signature),
		"no signature": pay("teller", refs[a.ID]), "who approved": pay("chief", refs[a.ID], signature), "who planned": pay("officer", refs[a.ID], signature), "another's signature": pay("teller", refs[a.ID], f.aidFile(other, "SIGNATURE", true)),
	} {
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for range 2 {
		if err := pay("teller", refs[a.ID], signature); err != nil {
			t.Fatal(err)
		}
	}
	untold, err := f.UntoldPayments(t.Context(), 9)
	if err != nil || len(untold) != 1 || untold[0].Private.Receipt != "1/2569" || untold[0].ResultBy != at("teller") {
		t.Errorf("to be told: %+v, %v", untold, err)
	}
}

// The logbook of a household is what its forms and visits said, of the provinces that somebody may see, and the look is recorded.
func TestTheLogbookOfAHouseholdGrowsWithFormsAndVisits(t *testing.T) {
	f := setup(t)
	f.unit("pmj", casefile.LevelMSDHSProvince, 16.8, 100.2)
	a := f.granted("pmj", giro, money(300000))
	form, err := f.AidForm(t.Context(), a.ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, home, err := f.KeepSubject(t.Context(), a.ID, a.Filer, form)
	if err != nil || home == "" {
		t.Fatalf("the register: %q, %v", home, err)
	}
	payments := f.whole(f.batch("pmj"))
	a, _ = f.Aid(t.Context(), a.ID)
	f.aidHappens(a,
		casefile.AidEvent{Kind: casefile.AidItemPaid, By: at("cashier"), Item: 1, Satang: 300000, Order: payments[0].Reference},
		casefile.AidEvent{Kind: casefile.AidLookedIn, By: at("officer"), Private: casefile.AidPrivate{
			Logbook: &casefile.AidAnswers{Form: "household_logbook", Version: "1", Answers: map[string]any{"roof": 3}},
		}})
	entries, err := f.Logbook(t.Context(), at("officer"), "protection_followup", home, []string{"65"})
	if err != nil || len(entries) != 2 || entries[0].From != casefile.AidSent || entries[1].From != casefile.AidLookedIn || entries[1].Answers.Answers["roof"] != 3.0 {
		t.Errorf("the logbook: %+v, %v", entries, err)
	}
	var looks int
	if err := f.Pool.QueryRow(t.Context(), "SELECT count(*) FROM audit WHERE action = 'LOGBOOK_VIEWED'").Scan(&looks); err != nil || looks != 1 {
		t.Errorf("%d looks are recorded, %v", looks, err)
	}
	if _, err := f.Logbook(t.Context(), at("far"), "protection_followup", home, []string{"50"}); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("from another province: %v", err)
	}
}
