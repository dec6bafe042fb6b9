package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/text/encoding/charmap"

	"github.com/ess-thailand/ess/bank"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// treasury is requests with their processes and payment orders, in memory.
type treasury struct {
	Aids
	mu       sync.Mutex
	requests map[casefile.AidID]casefile.AidRequest
	recorded map[string]bool // orders by ID
	away     int             // so many verdicts get lost on the way back
	papers   map[casefile.AidID]bool
	accounts map[casefile.AidID]casefile.AidAccount
	payee    casefile.Actor
	batch    casefile.AidBatch
	orders   []casefile.AidPayment
	to       []bank.Order
	file     []byte
	taken    []string
	untold   []casefile.AidPayment
	answered casefile.AidAnswer
}

func (x *treasury) Aid(_ context.Context, id casefile.AidID) (casefile.AidRequest, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	a, ok := x.requests[id]
	if !ok {
		return a, casefile.ErrNotFound
	}
	return a, nil
}

func (x *treasury) Order(_ context.Context, id casefile.AidID, o casefile.AidOrder) (AidVerdict, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	a := x.requests[id]
	after, err := a.Apply(casefile.AidEvent{Kind: o.Kind, By: o.By, At: now, Item: o.Item, Satang: o.Satang, Order: o.Order, Reason: o.Reason, Private: o.Private})
	if err != nil {
		return AidVerdict{}, err
	}
	x.requests[id], x.recorded[o.ID] = after, true
	if x.away > 0 {
		x.away--
		return AidVerdict{}, errors.New("nobody heard the verdict")
	}
	return AidVerdict{State: after.State}, nil
}

func (x *treasury) PayableAid(context.Context, casefile.UnitID) ([]casefile.AidPayable, error) {
	var out []casefile.AidPayable
	for _, a := range x.requests {
		out = append(out, casefile.AidPayable{Request: a, Item: a.Items[0], Account: x.accounts[a.ID], PayeeBy: x.payee})
	}
	slices.SortFunc(out, func(a, b casefile.AidPayable) int { return strings.Compare(string(a.Request.ID), string(b.Request.ID)) })
	return out, nil
}

func (x *treasury) DecisionPaper(_ context.Context, id casefile.AidID) (bool, error) {
	return x.papers[id], nil
}

func (x *treasury) Confirmed(context.Context) ([]policy.AidConfirmed, error) {
	kind, _ := policy.Default().AidKind("EMERGENCY", now)
	return []policy.AidConfirmed{{Code: "EMERGENCY", Digest: kind.Digest(), Name: "officer", At: now}}, nil
}

func (x *treasury) Payee(_ context.Context, id casefile.AidID, _ int) (casefile.AidAccount, error) {
	return x.accounts[id], nil
}

func (x *treasury) SetPayee(_ context.Context, by casefile.Actor, id casefile.AidID, a casefile.AidAccount) error {
	x.payee, x.accounts[id] = by, a
	return nil
}

func (x *treasury) BeginBatch(_ context.Context, b casefile.AidBatch, pay []casefile.AidPayable) error {
	x.batch = b
	for i, p := range pay {
		ref := casefile.PaymentReference([10]byte{byte(i)})
		x.orders = append(x.orders, casefile.AidPayment{Reference: ref, Aid: p.Request.ID, Item: p.Item.ID, Satang: p.Item.Satang})
		x.to = append(x.to, bank.Order{Reference: ref, Satang: p.Item.Satang, To: p.Account})
	}
	return nil
}

func (x *treasury) Batch(_ context.Context, id string) (casefile.AidBatch, []casefile.AidPayment, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if id != x.batch.ID || id == "" {
		return casefile.AidBatch{}, nil, casefile.ErrNotFound
	}
	return x.batch, slices.Clone(x.orders), nil
}

func (x *treasury) Batches(context.Context, casefile.UnitID, int) ([]casefile.AidBatch, error) {
	return []casefile.AidBatch{x.batch}, nil
}

func (x *treasury) UnfinishedBatches(context.Context, casefile.UnitID, int) ([]string, error) {
	if x.batch.ID == "" || x.file != nil {
		return nil, nil
	}
	return []string{x.batch.ID}, nil
}

func (x *treasury) PaymentOrdered(_ context.Context, reference string, recorded bool) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	i := slices.IndexFunc(x.orders, func(p casefile.AidPayment) bool { return p.Reference == reference })
	x.orders[i].Ordered, x.orders[i].Dropped = recorded, !recorded
	return nil
}

func (x *treasury) FinishBatch(_ context.Context, _ string, f bank.Format) (err error) {
	if slices.ContainsFunc(x.orders, func(p casefile.AidPayment) bool { return !p.Ordered && !p.Dropped }) {
		return casefile.ErrMoved
	}
	x.batch.WholeAt = now
	x.file, err = f.Write(x.to, now)
	return err
}

func (x *treasury) BatchFile(_ context.Context, by casefile.Actor, _ string) ([]byte, error) {
	x.taken = append(x.taken, by.ID)
	return x.file, nil
}

func (x *treasury) Reconcile(_ context.Context, r casefile.AidAnswer, lines []bank.Line) (casefile.AidAnswer, error) {
	for _, l := range lines {
		p := x.orders[slices.IndexFunc(x.orders, func(p casefile.AidPayment) bool { return p.Reference == l.Reference })]
		p.Result, p.Reason, p.ResultBy = casefile.AidItemPaid, l.Reason, r.By
		if !l.Paid {
			p.Result = casefile.AidItemFailed
		}
		if !r.Trial {
			x.untold = append(x.untold, p)
		}
		r.Lines = append(r.Lines, casefile.AidAnswerLine{N: l.N, Became: casefile.AnswerApplied})
	}
	x.answered = r
	return r, nil
}

func (x *treasury) AtCounter(_ context.Context, p casefile.AidPayment, provinces []string) error {
	if !slices.Equal(provinces, []string{"65"}) && provinces != nil {
		return casefile.ErrNotFound
	}
	i := slices.IndexFunc(x.orders, func(o casefile.AidPayment) bool { return o.Reference == p.Reference })
	if i < 0 {
		return casefile.ErrNotFound
	}
	p.Aid, p.Item, p.Satang = x.orders[i].Aid, x.orders[i].Item, x.orders[i].Satang
	x.untold = append(x.untold, p)
	return nil
}

func (x *treasury) UntoldPayments(context.Context, int) ([]casefile.AidPayment, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.untold), nil
}

func (x *treasury) PaymentTold(_ context.Context, reference string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.untold = slices.DeleteFunc(x.untold, func(p casefile.AidPayment) bool { return p.Reference == reference })
	return nil
}

const (
	aid1 = casefile.AidID("aaaaaaaa-0000-4000-8000-000000000001")
	aid2 = casefile.AidID("aaaaaaaa-0000-4000-8000-000000000002")
)

func paying(t *testing.T) (*door, *treasury) {
	t.Helper()
	d := open(t)
	x := &treasury{requests: map[casefile.AidID]casefile.AidRequest{}, recorded: map[string]bool{}, papers: map[casefile.AidID]bool{}, accounts: map[casefile.AidID]casefile.AidAccount{}}
	for _, id := range []casefile.AidID{aid1, aid2} {
		x.requests[id] = casefile.AidRequest{
			ID: id, State: casefile.AidApproved, Office: station, Place: casefile.Place{Province: "65"}, Filer: casefile.Actor{Kind: casefile.ByMember, ID: "v"},
			Planner: casefile.Actor{Kind: casefile.ByOperator, ID: "planner"}, Approvals: []casefile.Actor{{Kind: casefile.ByOperator, ID: "wichai"}},
			Items: []casefile.AidItem{{ID: 1, Code: "EMERGENCY", Satang: 300000, State: casefile.ItemGranted}},
		}
		x.papers[id], x.accounts[id] = true, casefile.AidAccount{Bank: "006", Number: "0123456789", Name: "มะลิ ดีงาม"}
	}
	d.server.Aids, d.server.AidPayments = x, x
	return d, x
}

func (d *door) batchOf(token string) (AidBatchMade, *httptest.ResponseRecorder) {
	d.t.Helper()
	res := d.asks(token, http.MethodPost, "/v1/aid-payments/batches", map[string]any{"office": station})
	var made AidBatchMade
	if res.Code == http.StatusOK {
		if err := json.Unmarshal(res.Body.Bytes(), &made); err != nil {
			d.t.Fatal(err)
		}
	}
	return made, res
}

func (d *door) reconciles(token, path, body string) (casefile.AidAnswer, *httptest.ResponseRecorder) {
	d.t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "text/csv")
	req.Header.Set("Authorization", "Bearer "+token)
	res := httptest.NewRecorder()
	d.handler.ServeHTTP(res, req)
	var a casefile.AidAnswer
	if res.Code == http.StatusOK {
		if err := json.Unmarshal(res.Body.Bytes(), &a); err != nil {
			d.t.Fatal(err)
		}
	}
	return a, res
}

// What is not ordered is listed with the reason, and nothing of it moves.
func TestWhatMayNotBePaidIsLeftOutWithTheReason(t *testing.T) {
	for why, change := range map[casefile.AidLeftOut]func(*treasury){
		casefile.LeftNoPaper:     func(x *treasury) { x.papers[aid1] = false },
		casefile.LeftNoAccount:   func(x *treasury) { x.accounts[aid1] = casefile.AidAccount{} },
		casefile.LeftUnconfirmed: func(x *treasury) { x.requests[aid1].Items[0].Code = "HOME_REPAIR" },
		casefile.LeftFailed:      func(x *treasury) { x.requests[aid1].Items[0].State = casefile.ItemFailed },
		casefile.LeftTaken:       func(x *treasury) { x.requests[aid1].Items[0].State = casefile.ItemPaid },
		casefile.LeftFourEyes:    func(x *treasury) { x.requests[aid1].Approvals[0].ID = "somsri" },
	} {
		d, x := paying(t)
		change(x)
		made, res := d.batchOf(somsri)
		if res.Code != 200 || len(made.LeftOut) != 1 || made.LeftOut[0] != (AidNotOrdered{Aid: aid1, Item: 1, Reason: why}) || len(made.Batch.Orders) != 1 || made.Batch.Satang != 300000 {
			t.Errorf("%s: %d %s", why, res.Code, res.Body)
		}
	}
	d, x := paying(t)
	if made, res := d.batchOf(wichai); res.Code != 200 || len(made.LeftOut) != 2 || made.Batch.Id != "" || x.batch.ID != "" {
		t.Errorf("by who approved both: %d %s", res.Code, res.Body)
	}
	d, x = paying(t)
	x.payee = casefile.Actor{Kind: casefile.ByOperator, ID: "somsri"}
	if made, res := d.batchOf(somsri); len(made.LeftOut) != 2 || made.LeftOut[0].Reason != casefile.LeftFourEyes {
		t.Errorf("by who put the accounts in: %d %s", res.Code, res.Body)
	}
}

// A verdict that gets lost is no refusal: the batch goes on where it stopped, and each order stands in the file once.
func TestABatchGoesOnWhereAVerdictGotLost(t *testing.T) {
	d, x := paying(t)
	x.away = 1
	made, res := d.batchOf(somsri)
	if res.Code != 200 || !made.Batch.WholeAt.IsZero() || len(made.Batch.Orders) != 2 {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	first := made.Batch.Id
	if made, res = d.batchOf(somsri); made.Batch.Id != first || made.Batch.WholeAt.IsZero() || slices.ContainsFunc(made.Batch.Orders, func(o AidPaymentOrder) bool { return o.State != "ORDERED" }) {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	for range 2 {
		res = d.asks(radio65, http.MethodGet, "/v1/aid-payments/batches/"+first+"/file", nil)
		if res.Code != 200 || res.Body.String() != string(x.file) || strings.Count(res.Body.String(), "0123456789") != 2 {
			t.Errorf("%d %s", res.Code, res.Body)
		}
	}
	if !slices.Equal(x.taken, []string{"radio65", "radio65"}) {
		t.Errorf("the file was taken by %v", x.taken)
	}
	if strings.Contains(d.log.String(), "0123456789") || strings.Contains(d.log.String(), "มะลิ") {
		t.Error("an account is in the log")
	}
}

// An order that the law refuses is dropped, and the rest of the batch goes on.
func TestAnOrderThatTheLawRefusesIsDropped(t *testing.T) {
	d, x := paying(t)
	x.batch, x.orders = casefile.AidBatch{ID: string(aid1), Office: station, By: casefile.Actor{Kind: casefile.ByOperator, ID: "somsri"}}, []casefile.AidPayment{
		{Reference: casefile.PaymentReference([10]byte{1}), Aid: aid1, Item: 1, Satang: 300000}, {Reference: casefile.PaymentReference([10]byte{2}), Aid: aid2, Item: 1, Satang: 300000},
	}
	a := x.requests[aid2]
	a.State = casefile.AidWithdrawn
	x.requests[aid2] = a
	if err := d.server.finishBatch(t.Context(), string(aid1)); err != nil {
		t.Fatal(err)
	}
	if !x.orders[0].Ordered || !x.orders[1].Dropped || x.batch.WholeAt.IsZero() {
		t.Errorf("%+v", x.orders)
	}
}

// The bank's file is read in TIS-620, too; bad lines are told, good ones reach their requests, and a trial reaches none.
func TestWhatTheBankSaysReachesTheRequests(t *testing.T) {
	d, x := paying(t)
	made, _ := d.batchOf(somsri)
	text, err := charmap.Windows874.NewEncoder().String("เลขที่อ้างอิง,จำนวนเงิน,สถานะ,วันที่,รหัสเหตุผล\n" +
		made.Batch.Orders[0].Reference + ",\"3,000.00\",สำเร็จ,01/05/2569,\nP00000000001,1,สำเร็จ,01/05/2569,\n\"x" + "\"y,z\n" +
		made.Batch.Orders[1].Reference + ",3000,ไม่สำเร็จ,01/05/2569,02\n")
	if err != nil {
		t.Fatal(err)
	}
	became := func(a casefile.AidAnswer) string {
		var out []string
		for _, l := range a.Lines {
			out = append(out, string(l.Became))
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	a, res := d.reconciles(somsri, "/v1/aid-payments/reconciliations?trial=true", text)
	if !a.Trial || became(a) != "APPLIED APPLIED BAD BAD" || x.requests[aid1].Items[0].State != casefile.ItemOrdered {
		t.Fatalf("the trial: %d %s", res.Code, res.Body)
	}
	x.away = 1 // a verdict gets lost: the next look tells it again
	if a, res = d.reconciles(somsri, "/v1/aid-payments/reconciliations", text); res.Code != 200 || became(a) != "APPLIED APPLIED BAD BAD" {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	if err := d.server.tellPayments(t.Context()); err != nil || len(x.untold) != 0 {
		t.Fatalf("%d still wait, %v", len(x.untold), err)
	}
	states := []casefile.AidItemState{x.requests[made.Batch.Orders[0].Aid].Items[0].State, x.requests[made.Batch.Orders[1].Aid].Items[0].State}
	if !slices.Equal(states, []casefile.AidItemState{casefile.ItemPaid, casefile.ItemFailed}) || x.requests[made.Batch.Orders[1].Aid].Items[0].Reason != "ACCOUNT_CLOSED" {
		t.Errorf("the items are %v", states)
	}
	for _, l := range a.Lines {
		if l.Became == casefile.AnswerBad && (l.Th == "" || l.En == "") {
			t.Errorf("line %d is bad and nobody learns why", l.N)
		}
	}
	if _, res := d.reconciles(somsri, "/v1/aid-payments/reconciliations", "name,age\nx,1\n"); res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), `"file"`) {
		t.Errorf("a file of something else: %d %s", res.Code, res.Body)
	}
}

// Money is for the role of it and for its province, and cash for a receipt and a signature.
func TestMoneyIsForItsRoleAndProvince(t *testing.T) {
	d, x := paying(t)
	made, _ := d.batchOf(somsri)
	d.server.Operators = append(d.server.Operators,
		Operator{Name: "desk", Token: deskWoman, Roles: []OperatorRole{RoleOperator, RoleSupervisor, RoleAdmin}}, Operator{Name: "far", Token: admin, Roles: OperatorRoles, Provinces: []string{"50"}})
	d.server.Registry = prometheus.NewRegistry()
	var err error
	if d.handler, err = d.server.Handler(); err != nil {
		t.Fatal(err)
	}
	batch := "/v1/aid-payments/batches/" + made.Batch.Id
	for _, path := range []string{batch, batch + "/file", "/v1/aid-payments/batches?office=" + string(station)} {
		for token, want := range map[string]int{deskWoman: 403, admin: 404, somsri: 200} {
			if got := d.asks(token, http.MethodGet, path, nil).Code; got != want {
				t.Errorf("%s by %s: %d, want %d", path, token, got, want)
			}
		}
	}
	counter := "/v1/aid-payments/orders/" + made.Batch.Orders[0].Reference + "/counter"
	for body, want := range map[string]int{
		`{"paid":true}`: 422, `{"paid":true,"receipt":"1"}`: 422, `{"paid":false}`: 422, `{"paid":false,"reason":"NOBODY_THERE","receipt":"1"}`: 422,
		`{"paid":true,"receipt":"1/2569","signature":"` + string(aid1) + `"}`: 204,
	} {
		if res := d.asks(radio65, http.MethodPost, counter, json.RawMessage(body)); res.Code != want {
			t.Errorf("%s: %d %s", body, res.Code, res.Body)
		}
	}
	if x.requests[aid1].Items[0].State != casefile.ItemPaid {
		t.Errorf("the item is %s", x.requests[aid1].Items[0].State)
	}
	if res := d.asks(radio65, http.MethodPost, strings.Replace(counter, "/P", "/Q", 1), json.RawMessage(`{"paid":false,"reason":"NOBODY_THERE"}`)); res.Code != 404 {
		t.Errorf("no reference: %d", res.Code)
	}
}

// Who planned or approved says nothing about where the money goes, and half an account is none.
func TestTheAccountIsPutInByOtherHands(t *testing.T) {
	d, x := paying(t)
	path := "/v1/aid-requests/" + string(aid1) + "/payee"
	account := map[string]any{"bank": "014", "number": "1112223334", "name": "มะลิ ดีงาม"}
	for token, want := range map[string]int{wichai: 409, radio65: 204} {
		if res := d.asks(token, http.MethodPut, path, account); res.Code != want {
			t.Errorf("%s: %d %s", token, res.Code, res.Body)
		}
	}
	if x.payee.ID != "radio65" || x.accounts[aid1].Number != "1112223334" {
		t.Errorf("%+v by %s", x.accounts[aid1], x.payee.ID)
	}
	for what, body := range map[string]map[string]any{
		"half": {"bank": "014"}, "cash and an account": {"cash": true, "bank": "014"}, "nothing": {}, "a formula": {"bank": "014", "number": "1112223334", "name": "=1+1"},
	} {
		if res := d.asks(radio65, http.MethodPut, path, body); res.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", what, res.Code, res.Body)
		}
	}
}

// bookcase is one household's logbook.
type bookcase struct{ looks []string }

func (b *bookcase) Logbook(_ context.Context, by casefile.Actor, purpose, household string, provinces []string) ([]casefile.LogbookEntry, error) {
	if household != "home" || len(provinces) > 0 && !slices.Contains(provinces, "65") {
		return nil, casefile.ErrNotFound
	}
	b.looks = append(b.looks, by.ID+" "+purpose)
	var form casefile.Form
	for _, f := range policy.DefaultForms() {
		if f.Code == "household_logbook" {
			form = f
		}
	}
	answers := func(step float64) casefile.AidAnswers {
		all := map[string]any{}
		for _, f := range form.Fields {
			if f.Dimension != "" {
				all[f.Code] = step
			}
		}
		return casefile.AidAnswers{Form: form.Code, Version: form.Version, Answers: all}
	}
	return []casefile.LogbookEntry{{At: now, From: casefile.AidSent, Aid: aid1, Answers: answers(1)}, {At: now, From: casefile.AidLookedIn, Aid: aid1, Answers: answers(2)}}, nil
}

type keptForms struct{ Forms }

func (keptForms) Form(_ context.Context, code, version string) (casefile.Form, error) {
	for _, f := range policy.DefaultForms() {
		if f.Code == code && f.Version == version {
			return f, nil
		}
	}
	return casefile.Form{}, casefile.ErrNotFound
}

// The logbook is scored in five dimensions, each against the visit before.
func TestTheLogbookShowsWhatChanged(t *testing.T) {
	d, b := open(t), &bookcase{}
	d.server.Logbooks, d.server.Forms = b, keptForms{}
	d.server.Aids.(*aided).requests[aid1] = casefile.AidRequest{ID: aid1, State: casefile.AidApproved, Form: 1, Place: casefile.Place{Province: "65"}}
	const path = "/v1/households/home/logbook?purpose=protection_followup"
	res := d.asks(somsri, http.MethodGet, path, nil)
	var book Logbook
	if err := json.Unmarshal(res.Body.Bytes(), &book); err != nil || res.Code != 200 || len(book.Entries) != 2 {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	first, second := book.Entries[0], book.Entries[1]
	if len(first.Scores) != 5 || len(first.Changes) != 0 || len(second.Changes) != 5 || second.From != "MONITORED" {
		t.Fatalf("%+v", book)
	}
	for _, c := range second.Changes {
		if c.Before == nil || c.After == nil || c.By <= 0 || len(c.Better) == 0 || len(c.Worse) != 0 {
			t.Errorf("%s: %+v", c.Dimension, c)
		}
	}
	if d.asks(somsri, http.MethodGet, strings.TrimSuffix(path, "?purpose=protection_followup"), nil).Code != 422 || !slices.Equal(b.looks, []string{"somsri protection_followup"}) {
		t.Errorf("the looks are %v", b.looks)
	}
}
