package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

const (
	nearAid  = casefile.AidID("a0000000-0000-4000-8000-000000000065")
	farAid   = casefile.AidID("a0000000-0000-4000-8000-000000000050")
	draftAid = casefile.AidID("a0000000-0000-4000-8000-0000000000d0") // of a member, not sent
	noAid    = casefile.AidID("a0000000-0000-4000-8000-000000000099")
	wholeOne = "f0000000-0000-4000-8000-000000000001"
)

// aided is a record of aid requests in memory: one of Phitsanulok, one elsewhere, one draft.
type aided struct {
	mu       sync.Mutex
	requests map[casefile.AidID]casefile.AidRequest
	parts    map[casefile.AidID]map[casefile.AidPart][]byte
	saved    map[casefile.AidID]map[casefile.AidPart]int
	sent     map[string]int
	said     []casefile.AidOrder
	orders   []casefile.AidOrder
	viewed   []string
	files    map[string]*aidFileThere
	vouched  []AidConfirmation
	spans    []AidSpan
	asked    AidFilter
	nudged   chan casefile.AidID
}

type aidFileThere struct {
	AidFile
	aid     casefile.AidID
	content []byte
}

func newAided() *aided {
	member := casefile.Actor{Kind: casefile.ByMember, ID: string(officer)}
	near := casefile.AidRequest{
		ID: nearAid, Version: 7, State: casefile.AidPlanned, Filer: member, Place: casefile.Place{Province: "65"}, Form: 1, Wanted: []string{"LOW_INCOME"},
		Found: []casefile.AidFinding{{Kind: casefile.FoundDuplicate, By: "HOME", Other: farAid, Blocks: true}},
		Items: []casefile.AidItem{{ID: 1, Code: "LOW_INCOME", Satang: 300_000, State: casefile.ItemPlanned}}, DueAt: now.Add(time.Hour), CallAt: now,
	}
	return &aided{
		requests: map[casefile.AidID]casefile.AidRequest{
			nearAid:  near,
			farAid:   {ID: farAid, Version: 3, State: casefile.AidSubmitted, Filer: member, Place: casefile.Place{Province: "50"}, Form: 1, DueAt: now, CallAt: now},
			draftAid: {ID: draftAid, State: casefile.AidDraft, Filer: member},
		},
		parts: map[casefile.AidID]map[casefile.AidPart][]byte{}, saved: map[casefile.AidID]map[casefile.AidPart]int{}, sent: map[string]int{},
		files: map[string]*aidFileThere{wholeOne: {AidFile{
			ID: wholeOne, Kind: "PHOTO", ContentType: "image/png", Bytes: 3, Received: 3, SHA256: []byte{1}, At: now, WholeAt: now,
		}, nearAid, []byte("abc")}}, nudged: make(chan casefile.AidID, 100),
	}
}

func (w *aided) Begin(_ context.Context, id casefile.AidID, filer casefile.Actor, from casefile.CaseID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, there := w.requests[id]; !there {
		w.requests[id] = casefile.AidRequest{ID: id, State: casefile.AidDraft, Filer: filer, Case: from}
	}
	return nil
}

func (w *aided) Aid(_ context.Context, id casefile.AidID) (casefile.AidRequest, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.requests[id]
	if !ok {
		return a, casefile.ErrNotFound
	}
	return a, nil
}

func (w *aided) List(_ context.Context, f AidFilter) ([]ListedAid, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = f
	var out []ListedAid
	for i, id := range slices.Sorted(maps.Keys(w.requests)) {
		a, begun := w.requests[id], now.Add(-time.Duration(i)*time.Minute)
		if (a.State != casefile.AidDraft || f.Filer == a.Filer) && (f.AfterID == "" || begun.Before(f.AfterAt)) &&
			(len(f.Provinces) == 0 || slices.Contains(f.Provinces, a.Place.Province)) {
			out = append(out, ListedAid{a, begun})
		}
	}
	return out[:min(len(out), f.Limit)], nil
}

func (w *aided) Events(context.Context, casefile.AidID) ([]casefile.AidEvent, error) {
	return []casefile.AidEvent{
		{ID: "e1", Seq: 1, Kind: casefile.AidSent, At: now, By: casefile.Actor{Kind: casefile.ByMember, ID: string(officer)}, Form: 1},
		{ID: "e2", Seq: 2, Kind: casefile.AidWasVisited, At: now, By: casefile.Actor{Kind: casefile.ByOperator, ID: "x"}, Private: casefile.AidPrivate{Text: canary, Files: []string{wholeOne}}},
	}, nil
}

func (w *aided) Form(context.Context, casefile.AidID, int) (casefile.AidForm, error) {
	return casefile.AidForm{Subject: casefile.AidSubject{First: canary}}, nil
}

func (w *aided) Viewed(_ context.Context, by casefile.Actor, id casefile.AidID, purpose string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.viewed = append(w.viewed, by.ID+" "+purpose)
	return nil
}

func (w *aided) Twins(_ context.Context, id casefile.AidID) ([]activities.AidTwin, error) {
	return []activities.AidTwin{{Aid: w.requests[farAid], By: "HOME"}}, nil
}

func (w *aided) Draft(_ context.Context, id casefile.AidID) (casefile.AidForm, map[casefile.AidPart]int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var f casefile.AidForm
	for part, doc := range w.parts[id] {
		if err := f.SetPart(part, doc); err != nil {
			return f, nil, err
		}
	}
	return f, maps.Clone(w.saved[id]), nil
}

func (w *aided) SavePart(_ context.Context, _ casefile.Actor, id casefile.AidID, part casefile.AidPart, doc []byte, saved int) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.requests[id]; a.State != casefile.AidDraft && a.State != casefile.AidReturned {
		return 0, &casefile.RefusedError{State: casefile.State(a.State), Th: "ส่งแล้ว", En: "sent"}
	}
	if w.parts[id] == nil {
		w.parts[id], w.saved[id] = map[casefile.AidPart][]byte{}, map[casefile.AidPart]int{}
	}
	switch n := w.saved[id][part]; {
	case n == saved:
		w.parts[id][part] = doc
		w.saved[id][part]++
	case n != saved+1 || !bytes.Equal(doc, w.parts[id][part]):
		return 0, casefile.ErrMoved
	}
	return w.saved[id][part], nil
}

func (w *aided) Send(_ context.Context, by casefile.Actor, id casefile.AidID, key string) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n, again := w.sent[key]; again {
		return n, nil
	}
	w.sent[key] = len(w.sent) + 1
	return w.sent[key], nil
}

func (w *aided) Say(_ context.Context, _ casefile.AidID, o casefile.AidOrder) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, o)
	return len(w.said), nil
}

func (w *aided) AddFile(_ context.Context, _ casefile.Actor, id casefile.AidID, f AidFile) (AidFile, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files[f.ID] == nil {
		f.At = now
		w.files[f.ID] = &aidFileThere{AidFile: f, aid: id}
	}
	return w.files[f.ID].AidFile, nil
}

func (w *aided) File(_ context.Context, id casefile.AidID, file string) (AidFile, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.files[file]
	if f == nil || f.aid != id {
		return AidFile{}, casefile.ErrNotFound
	}
	return f.AidFile, nil
}

func (w *aided) Files(_ context.Context, id casefile.AidID) ([]AidFile, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []AidFile
	for _, name := range slices.Sorted(maps.Keys(w.files)) {
		if w.files[name].aid == id {
			out = append(out, w.files[name].AidFile)
		}
	}
	return out, nil
}

func (w *aided) AppendPiece(ctx context.Context, _ casefile.AidID, file string, from int, piece []byte) (AidFile, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.files[file]
	if from != f.Received {
		return f.AidFile, casefile.ErrMoved
	}
	if err := ctx.Err(); err != nil {
		return f.AidFile, err
	}
	f.content = append(f.content, piece...)
	if f.Received = len(f.content); f.Received == f.Bytes {
		sum := sha256.Sum256(f.content)
		f.WholeAt, f.SHA256 = now, sum[:]
	}
	return f.AidFile, nil
}

func (w *aided) FileContent(_ context.Context, _ casefile.AidID, file string) ([]byte, string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.files[file].content, w.files[file].ContentType, nil
}

func (w *aided) Confirmed(context.Context) ([]policy.AidConfirmed, error) {
	var out []policy.AidConfirmed
	for _, c := range w.vouched {
		out = append(out, c.AidConfirmed)
	}
	return out, nil
}

func (w *aided) Confirmations(context.Context) ([]AidConfirmation, error) { return w.vouched, nil }

func (w *aided) Confirm(_ context.Context, c AidConfirmation) error {
	w.vouched = append(w.vouched, c)
	return nil
}

func (w *aided) Spans(context.Context, time.Time, time.Time) ([]AidSpan, error) {
	return slices.Clone(w.spans), nil
}

func (w *aided) Order(_ context.Context, id casefile.AidID, o casefile.AidOrder) (AidVerdict, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.orders = append(w.orders, o)
	return AidVerdict{State: casefile.AidScreened, Version: 8, Kind: string(o.Kind)}, nil
}

func (w *aided) Nudge(_ context.Context, id casefile.AidID, _ int) error {
	w.nudged <- id
	return nil
}

// helping is a door behind which aid requests are kept.
func helping(t *testing.T) (*door, *aided) {
	t.Helper()
	d := open(t)
	w := d.server.Aids.(*aided)
	return d, w
}

func aidPath(id casefile.AidID, rest string) string { return "/v1/aid-requests/" + string(id) + rest }

// Every operation on one request is of its own province; what lies elsewhere, a draft of somebody else, and what does
// not exist look alike.
func TestAidRequestsKeepToTheScope(t *testing.T) {
	d, w := helping(t)
	bodies := map[string]any{
		"saveAidPart": json.RawMessage(`{}`), "addAidFile": map[string]any{"kind": "PHOTO", "content_type": "image/png", "bytes": 100}, "orderAidRequest": map[string]any{},
	}
	headers := map[string][]string{"saveAidPart": {"If-Match", `"0"`}, "sendAidPiece": {"Upload-Offset", "0", "Content-Type", "application/offset+octet-stream"}}
	own := map[string]int{ // of a request that is not one to fill in, and of a file that is whole
		"getAidRequest": 200, "getAidDraft": 200, "saveAidPart": 409, "addAidFile": 201, "tellAidFile": 204, "sendAidPiece": 409, "getAidFile": 200,
		"sendAidRequest": 202, "getAidForm": 200, "listAidEvents": 200, "listAidDuplicates": 200, "orderAidRequest": 200,
	}
	checked := 0
	for name, route := range d.server.contract {
		method, path, _ := strings.Cut(name, " ")
		id := route.Operation.OperationID
		if !slices.Contains(route.Operation.Tags, "aid") || !strings.Contains(path, ":aid") || rules[id] == nil {
			continue
		}
		want, known := own[id]
		if !known && id != "streamAidRequest" { // it would not end: TestAReaderFollowsARequest
			continue // other parts' doors have tests of their own
		}
		checked++
		ask := func(aid casefile.AidID) *httptest.ResponseRecorder {
			p := strings.NewReplacer(":aid", string(aid), ":part", "subject", ":file", wholeOne, ":kind", "take").Replace(path)
			if slices.Contains([]string{"getAidForm", "getAidFile", "listAidDuplicates"}, id) {
				p += "?purpose=protection_followup"
			}
			return d.asks(radio65, method, p, bodies[id], headers[id]...)
		}
		if id != "streamAidRequest" {
			if res := ask(nearAid); res.Code != want {
				t.Errorf("%s of its own answered %d %s", id, res.Code, res.Body)
			}
		}
		looks, orders := len(w.viewed), len(w.orders)
		answers := map[string]bool{}
		for _, other := range []casefile.AidID{farAid, draftAid, noAid} {
			res := ask(other)
			if res.Code != http.StatusNotFound {
				t.Errorf("%s of %s answered %d", id, other, res.Code)
			}
			answers[res.Body.String()] = true
		}
		if len(answers) != 1 {
			t.Errorf("%s: what is out of scope and what does not exist look different", id)
		}
		if len(w.viewed) != looks || len(w.orders) != orders {
			t.Errorf("%s: something was done out of scope", id)
		}
	}
	if checked != len(own)+1 {
		t.Errorf("%d operations were looked at", checked)
	}
}

// A case from which an organisation is kept away keeps its aid request away from it, too.
func TestAnExcludedOrganisationSeesNoAidRequestOfTheCase(t *testing.T) {
	const insider = "token-of-somebody-of-the-alleged"
	d, w := &door{world: newWorld(), t: t}, newAided()
	d.server = d.world.server(t)
	d.server.Aids = w
	d.server.Operators = append(d.server.Operators, Operator{Name: "insider", Token: insider, Unit: "station", Provinces: []string{"65"}, Roles: OperatorRoles})
	var err error
	if d.handler, err = d.server.Handler(); err != nil {
		t.Fatal(err)
	}
	if got := d.asks(insider, http.MethodGet, aidPath(nearAid, ""), nil).Code; got != http.StatusOK {
		t.Fatalf("before: %d", got)
	}
	c := d.cases[ownCase]
	c.Excluded = []casefile.Exclusion{{Unit: "station", Level: casefile.LevelStation, Province: "65"}}
	d.cases[ownCase] = c
	a := w.requests[nearAid]
	a.Case = ownCase
	w.requests[nearAid] = a
	if got := d.asks(insider, http.MethodGet, aidPath(nearAid, ""), nil).Code; got != http.StatusNotFound {
		t.Errorf("after: %d", got)
	}
	if body := d.asks(insider, http.MethodGet, "/v1/aid-requests", nil).Body.String(); strings.Contains(body, string(nearAid)) {
		t.Error("it is listed")
	}
}

// aForm is a form that can be sent, part by part.
func aForm() map[string]any {
	return map[string]any{
		"subject":  map[string]any{"first_name": "สมหญิง", "last_name": "ใจดี", "no_number": true, "birth_date": "1980-05-01", "sex": "FEMALE", "phone": "081-234-5678"},
		"home":     map[string]any{"address": "12/3 หมู่ 4", "district": "6501", "province": "65", "tenure": "OWN"},
		"members":  []any{map[string]any{"first_name": "มะลิ", "relation": "CHILD", "birth_date": "2015-01-02", "school": "IN_SCHOOL"}},
		"logbook":  map[string]any{"form": "household_logbook", "version": "1", "answers": map[string]any{"house": 1, "illness": 1, "schooling": 1, "enough": 1, "papers": 1}},
		"need":     map[string]any{"problems": []string{"INCOME_LIVING"}, "urgency": "NORMAL", "wanted": []string{"LOW_INCOME"}, "income": 500000},
		"consents": []any{map[string]any{"purpose": "AID", "given": true, "basis": "CONSENT"}},
		"account":  map[string]any{"cash": true},
	}
}

func TestADraftIsSavedPartByPartOverABadLine(t *testing.T) {
	d, w := helping(t)
	begun := read[AidBegun](t, d.asks(somsri, http.MethodPost, "/v1/aid-requests", nil, keyHeader, "begin-0001"), http.StatusCreated)
	again := d.server.beginAid
	if id, err := again(t.Context(), casefile.Actor{Kind: casefile.ByOperator, ID: "somsri"}, "begin-0001"); err != nil || id != begun.Aid {
		t.Errorf("a repeat whose first answer was forgotten began %s, %v", id, err)
	}
	part := func(name string, saved int, body any) *httptest.ResponseRecorder {
		return d.asks(somsri, http.MethodPut, aidPath(begun.Aid, "/parts/"+name), body, "If-Match", strconv.Quote(strconv.Itoa(saved)))
	}
	form := aForm()
	for range 2 { // the answer to the first was lost
		if got := read[AidSaved](t, part("home", 0, form["home"]), http.StatusOK); got.Saved != 1 {
			t.Errorf("saved %+v", got)
		}
	}
	stale := part("home", 0, map[string]any{"address": "another", "district": "6501", "province": "65", "tenure": "RENT"})
	conflict := read[AidPartConflict](t, stale, http.StatusConflict)
	if conflict.Saved != 1 || !strings.Contains(string(conflict.There), "12/3") || conflict.Code != "moved" || conflict.Detail == "" {
		t.Errorf("who is behind is told %s", stale.Body)
	}
	if strings.Contains(d.logged(), "12/3") {
		t.Error("an address is in the log")
	}

	wrong := part("home", 1, map[string]any{"address": "12/3", "district": "5001", "province": "99", "tenure": "CASTLE"})
	p := read[Problem](t, wrong, http.StatusUnprocessableEntity)
	var fields []string
	for _, f := range p.Fields {
		fields = append(fields, f.Field)
		if f.Detail == "" || f.DetailEn == "" {
			t.Errorf("%s has no words", f.Field)
		}
	}
	for _, want := range []string{"home.tenure", "home.district"} {
		if !slices.Contains(fields, want) {
			t.Errorf("%s is not among %v", want, fields)
		}
	}
	for name, body := range map[string]any{
		"home": map[string]any{"address": "x", "mansion": true}, "need": map[string]any{"problems": []string{}, "urgency": "NORMAL", "wanted": []string{"GOLD"}}, "subject": map[string]any{"first_name": "ก", "phone": "12"}, "members": map[string]any{},
	} {
		if res := part(name, w.saved[begun.Aid][casefile.AidPart(name)], body); res.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s %v: %d %s", name, body, res.Code, res.Body)
		}
	}

	send := func(key string) *httptest.ResponseRecorder {
		return d.asks(somsri, http.MethodPost, aidPath(begun.Aid, "/send"), nil, keyHeader, key)
	}
	lacks := read[Problem](t, send("send-0001"), http.StatusUnprocessableEntity)
	if !slices.ContainsFunc(lacks.Fields, func(f FieldProblem) bool { return f.Field == "consents" }) || len(w.sent) != 0 {
		t.Errorf("sent incomplete: %+v", lacks)
	}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if name != "home" {
			read[AidSaved](t, part(name, 0, form[name]), http.StatusOK)
		}
	}
	draft := read[AidDraft](t, d.asks(somsri, http.MethodGet, aidPath(begun.Aid, "/draft"), nil), http.StatusOK)
	if len(draft.Missing) != 0 || draft.Saved["home"] != 1 || draft.Form.Subject.First != "สมหญิง" || len(w.viewed) != 0 {
		t.Errorf("the draft is %+v; looks %v", draft, w.viewed)
	}
	for range 2 {
		if sent := read[AidSent](t, send("send-0002"), http.StatusAccepted); sent.Code != begun.Code {
			t.Errorf("sent %+v", sent)
		}
	}
	if len(w.sent) != 1 {
		t.Errorf("sent %d times", len(w.sent))
	}
	d.server.run.wait()
	if got := <-w.nudged; got != begun.Aid {
		t.Errorf("nudged %s", got)
	}
}

// Whoever did not begin a request corrects it only once it was sent back, and that look is recorded.
func TestWhoCorrectsAnothersRequestIsRecorded(t *testing.T) {
	d, w := helping(t)
	if got := d.asks(somsri, http.MethodGet, aidPath(draftAid, "/draft"), nil).Code; got != http.StatusNotFound || len(w.viewed) != 0 {
		t.Errorf("another's draft: %d, looks %v", got, w.viewed)
	}
	a := w.requests[nearAid]
	a.State = casefile.AidReturned
	w.requests[nearAid] = a
	read[AidDraft](t, d.asks(radio65, http.MethodGet, aidPath(nearAid, "/draft"), nil), http.StatusOK)
	if !slices.Equal(w.viewed, []string{"radio65 protection_followup"}) {
		t.Errorf("looks %v", w.viewed)
	}
	stranger := casefile.Actor{Kind: casefile.ByMember, ID: "somebody-else"}
	if _, err := d.server.aidDraft(t.Context(), stranger, nearAid); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("a member who did not file it: %v", err)
	}
	visitor := casefile.Actor{Kind: casefile.ByMember, ID: "the-visitor"}
	a.State, a.Visitor = casefile.AidVisitSet, "the-visitor"
	w.requests[nearAid] = a
	if _, err := d.server.aidOf(t.Context(), visitor, nearAid); err != nil {
		t.Errorf("the visitor: %v", err)
	}
	if _, err := d.server.saveAidPart(t.Context(), visitor, nearAid, casefile.PartAccount, []byte(`{"cash":true}`), 0); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("the visitor changes the form: %v", err)
	}
}

// aPhoto is a picture of some size.
func aPhoto(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// brokenLine gives some bytes, and then breaks.
type brokenLine struct{ *bytes.Reader }

func (b brokenLine) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestAPhotoComesInPiecesAndABrokenLineLosesNothing(t *testing.T) {
	d, w := helping(t)
	begun := read[AidBegun](t, d.asks(somsri, http.MethodPost, "/v1/aid-requests", nil), http.StatusCreated)
	picture := aPhoto(t)
	files := aidPath(begun.Aid, "/files")
	announce := func(kind, contentType string, size int) *httptest.ResponseRecorder {
		return d.asks(somsri, http.MethodPost, files, map[string]any{"kind": kind, "content_type": contentType, "bytes": size})
	}
	for _, tt := range []struct {
		kind, contentType string
		size, want        int
	}{{"PHOTO", "application/pdf", 100, 422}, {"PHOTO", "image/gif", 100, 422}, {"PHOTO", "image/png", 11 << 20, 422}, {"DIARY", "image/png", 100, 422}} {
		if res := announce(tt.kind, tt.contentType, tt.size); res.Code != tt.want {
			t.Errorf("%v answered %d", tt, res.Code)
		}
	}
	f := read[AidFileInfo](t, announce("PHOTO", "image/png", len(picture)), http.StatusCreated)
	path := files + "/" + f.ID
	patch := func(offset int, body io.Reader, sum string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(http.MethodPatch, path, body)
		req.Header.Set("Authorization", "Bearer "+somsri)
		req.Header.Set("Content-Type", "application/offset+octet-stream")
		req.Header.Set("Upload-Offset", strconv.Itoa(offset))
		if sum != "" {
			req.Header.Set("Upload-Checksum", sum)
		}
		res := httptest.NewRecorder()
		d.handler.ServeHTTP(res, req)
		return res
	}
	offset := func() int {
		res := d.asks(somsri, http.MethodHead, path, nil)
		n, err := strconv.Atoi(res.Header().Get("Upload-Offset"))
		if err != nil || res.Header().Get("Upload-Length") != strconv.Itoa(len(picture)) {
			t.Fatalf("HEAD answered %d %v", res.Code, res.Header())
		}
		return n
	}
	if patch(0, brokenLine{bytes.NewReader(picture[:5])}, ""); offset() != 0 {
		t.Error("kept bytes that do not tell what they are")
	}
	if res := patch(0, strings.NewReader("#!/bin/sh: this is no photo at all"), ""); res.Code != http.StatusUnprocessableEntity || offset() != 0 {
		t.Errorf("what is no photo was answered %d", res.Code)
	}
	if res := patch(0, brokenLine{bytes.NewReader(picture[:40])}, ""); offset() != 40 || res.Code != http.StatusUnprocessableEntity {
		t.Errorf("after the line broke %d bytes are there", offset())
	}
	if res := patch(0, bytes.NewReader(picture), ""); res.Code != http.StatusConflict || offset() != 40 {
		t.Errorf("a piece that begins elsewhere was answered %d", res.Code)
	}
	if res := patch(40, bytes.NewReader(append(picture[40:], 'x')), ""); res.Code != http.StatusUnprocessableEntity {
		t.Errorf("more than was announced was answered %d", res.Code)
	}
	sum := sha256.Sum256(picture[40:])
	good := "sha256 " + base64.StdEncoding.EncodeToString(sum[:])
	if res := patch(40, bytes.NewReader(append([]byte{picture[40] ^ 1}, picture[41:]...)), good); res.Code != http.StatusUnprocessableEntity || offset() != 40 {
		t.Errorf("a piece that came otherwise than sent was answered %d", res.Code)
	}
	if res := d.asks(somsri, http.MethodGet, path+"?purpose=supervision", nil); res.Code != http.StatusNotFound || len(w.viewed) != 0 {
		t.Errorf("what is not whole was answered %d", res.Code)
	}
	if res := patch(40, bytes.NewReader(picture[40:]), good); res.Code != http.StatusNoContent || res.Header().Get("Upload-Offset") != strconv.Itoa(len(picture)) {
		t.Errorf("the last piece was answered %d %s", res.Code, res.Body)
	}
	got := d.asks(somsri, http.MethodGet, path+"?purpose=supervision", nil)
	if got.Code != http.StatusOK || !bytes.Equal(got.Body.Bytes(), picture) || !strings.HasPrefix(got.Header().Get("Content-Disposition"), "attachment") || len(w.viewed) != 1 {
		t.Errorf("the whole was answered %d, looks %v", got.Code, w.viewed)
	}
	by := casefile.Actor{Kind: casefile.ByOperator, ID: "somsri"}
	ctx := context.WithValue(t.Context(), operatorKey{}, d.server.Operators[0])
	for range 2 {
		id, err := d.server.addAidWhole(ctx, by, begun.Aid, "PHOTO", picture)
		if err != nil || !bytes.Equal(w.files[id].content, picture) {
			t.Errorf("in one go: %v", err)
		}
	}
	if _, err := d.server.addAidWhole(ctx, by, begun.Aid, "PHOTO", []byte("no photo, but long enough")); err == nil {
		t.Error("what is no photo was taken in one go")
	}
}

func TestAnAidOrderHasWhatItNeedsAndNothingElse(t *testing.T) {
	d, w := helping(t)
	for _, tt := range []struct {
		kind  string
		body  map[string]any
		want  int
		field string
	}{
		{"take", map[string]any{}, 200, ""},
		{"take", map[string]any{"reason": "X"}, 422, "reason"},
		{"return", map[string]any{}, 422, "reason"},
		{"return", map[string]any{"reason": "because she said so"}, 422, "reason"},
		{"answer", map[string]any{"yes": false, "reason": "NO_BUDGET"}, 422, "office"},
		{"answer", map[string]any{"yes": true, "office": "station"}, 200, ""},
		{"schedule-visit", map[string]any{"member": stranger, "visit_at": now.Add(time.Hour)}, 422, "member"},
		{"schedule-visit", map[string]any{"member": "nobody", "visit_at": now.Add(time.Hour)}, 422, "member"},
		{"schedule-visit", map[string]any{"member": officer, "visit_at": now.Add(time.Hour)}, 200, ""},
		{"visited", map[string]any{"text": canary, "files": []string{noFile}}, 422, "files[0]"},
		{"visited", map[string]any{"text": canary, "files": []string{wholeOne}}, 200, ""},
		{"visited", map[string]any{"logbook": map[string]any{"form": "household_logbook", "version": "0", "answers": map[string]any{}}}, 422, "logbook.version"},
		{"clear", map[string]any{"reason": "ANOTHER_NEED"}, 422, "finding"},
		{"clear", map[string]any{"reason": "ANOTHER_NEED", "finding": map[string]any{"kind": "OVER_LIMIT"}}, 422, "finding.kind"},
		{"clear", map[string]any{"reason": "ANOTHER_NEED", "finding": map[string]any{"kind": "DUPLICATE", "other": farAid}}, 200, ""},
		{"plan", map[string]any{"items": []any{map[string]any{"code": "GOLD", "satang": 100}}}, 422, "items[0].code"},
		{"plan", map[string]any{"items": []any{map[string]any{"code": "LOW_INCOME", "satang": 0}}}, 422, "items.0.satang"},
		{"plan", map[string]any{"items": []any{map[string]any{"code": "RELIEF_BAG", "satang": 50000}}}, 200, ""},
		{"deliver", map[string]any{"item": 1}, 422, "files"},
		{"evaluate", map[string]any{"outcome": "SPLENDID"}, 422, "outcome"},
		{"urgent", map[string]any{}, 200, ""},
		{"pay", map[string]any{"item": 1}, 422, ""},
	} {
		res := d.asks(somsri, http.MethodPost, aidPath(nearAid, "/orders/"+tt.kind), tt.body)
		if res.Code != tt.want || tt.field != "" && !strings.Contains(res.Body.String(), `"field":"`+tt.field+`"`) {
			t.Errorf("%s %v: %d %s", tt.kind, tt.body, res.Code, res.Body)
		}
	}
	seen := map[string]bool{}
	for _, o := range w.orders {
		if o.Proof == "" || o.By.ID != "somsri" || seen[o.ID] || o.Order != "" {
			t.Errorf("order %+v", o)
		}
		seen[o.ID] = true
		if o.Kind == casefile.AidPlanMade && !o.Items[0].Goods {
			t.Error("a bag of the catalogue's goods was planned as money")
		}
	}
	if strings.Contains(d.logged(), canary) {
		t.Error("what was found at a visit is in the log")
	}
}

const noFile = "f0000000-0000-4000-8000-000000000009"

// Money is a supervisor's to decide; a bag of food an operator's, by the chain of approvers.
func TestTheChainOfApproversSaysWhoDecides(t *testing.T) {
	d := openStaffed(t)
	w := d.server.Aids.(*aided)
	for _, tt := range []struct {
		code, kind, token string
		want              int
	}{
		{"LOW_INCOME", "approve", deskWoman, 403}, {"LOW_INCOME", "approve", supervisor, 200}, {"LOW_INCOME", "reject", deskWoman, 403},
		{"RELIEF_BAG", "approve", deskWoman, 200}, {"RELIEF_BAG", "hear-appeal", deskWoman, 403}, {"RELIEF_BAG", "hear-appeal", supervisor, 200},
		{"RELIEF_BAG", "close", deskWoman, 403}, {"RELIEF_BAG", "take", viewer, 403}, {"RELIEF_BAG", "take", admin, 403},
	} {
		a := w.requests[nearAid]
		a.Items = []casefile.AidItem{{ID: 1, Code: tt.code, Satang: 50_000, State: casefile.ItemPlanned}}
		w.requests[nearAid] = a
		body := map[string]any{}
		switch tt.kind {
		case "reject":
			body["reason"] = "NO_NEED_FOUND"
		case "hear-appeal":
			body["yes"] = true
		}
		if res := d.asks(tt.token, http.MethodPost, aidPath(nearAid, "/orders/"+tt.kind), body); res.Code != tt.want {
			t.Errorf("%s of %s by %s: %d %s", tt.kind, tt.code, tt.token, res.Code, res.Body)
		}
	}
}

// The table of orders, its description and the law's list are one.
func TestAidOrdersAreTheLaws(t *testing.T) {
	op := document(t).Paths.Value("/v1/aid-requests/{aid}/orders/{kind}").Post
	var listed []string
	for _, v := range op.Parameters.GetByInAndName("path", "kind").Schema.Value.Enum {
		listed = append(listed, v.(string))
	}
	slices.Sort(listed)
	if have := slices.Sorted(maps.Keys(aidOrders)); !slices.Equal(listed, have) {
		t.Errorf("openapi.yaml lists %v, the table %v", listed, have)
	}
	cell := func(names []string) string {
		if len(names) == 0 {
			return ""
		}
		return "`" + strings.Join(names, "`, `") + "`"
	}
	served := map[casefile.AidEventKind]bool{casefile.AidSent: true}
	for name, o := range aidOrders {
		row := strings.Join(strings.Fields("| `"+name+"` | "+cell(o.needs)+" | "+cell(o.may)+" |"), " ")
		if !strings.Contains(strings.Join(strings.Fields(op.Description), " "), row) {
			t.Errorf("the description lacks the row %s", row)
		}
		served[o.kind] = true
		if slices.Contains(casefile.AidPayments, o.kind) && o.kind != casefile.AidItemFailed {
			t.Errorf("%s moves money", name)
		}
	}
	for _, k := range casefile.AidOrders {
		if !served[k] {
			t.Errorf("nobody can ask for %s", k)
		}
	}
}

func TestAidRequestsShowNothingPersonalButWithAPurpose(t *testing.T) {
	d, w := helping(t)
	for _, path := range []string{"/v1/aid-requests", aidPath(nearAid, ""), aidPath(nearAid, "/events")} {
		res := d.asks(radio65, http.MethodGet, path, nil)
		if res.Code != http.StatusOK || strings.Contains(res.Body.String(), canary) || !strings.Contains(res.Body.String(), "words") && !strings.HasSuffix(path, "events") {
			t.Errorf("%s: %d %s", path, res.Code, res.Body)
		}
	}
	if len(w.viewed) != 0 {
		t.Errorf("looks without a look: %v", w.viewed)
	}
	for _, path := range []string{"/form", "/duplicates", "/files/" + wholeOne} {
		if got := d.asks(radio65, http.MethodGet, aidPath(nearAid, path), nil).Code; got != http.StatusUnprocessableEntity {
			t.Errorf("%s without a purpose: %d", path, got)
		}
	}
	form := read[SentAidForm](t, d.asks(radio65, http.MethodGet, aidPath(nearAid, "/form?purpose=legal"), nil), http.StatusOK)
	if form.N != 1 || form.Form.Subject.First != canary || len(form.Said) != 1 || form.Said[0].Text != canary || len(form.Files) != 1 {
		t.Errorf("the form: %+v", form)
	}
	if got := d.asks(radio65, http.MethodGet, aidPath(nearAid, "/form?purpose=legal&n=2"), nil).Code; got != http.StatusNotFound {
		t.Errorf("a set that was never sent: %d", got)
	}
	twins := read[AidTwins](t, d.asks(radio65, http.MethodGet, aidPath(nearAid, "/duplicates?purpose=legal"), nil), http.StatusOK)
	if len(twins.Requests) != 1 || twins.Requests[0].By != "HOME" || twins.Requests[0].Request != nil {
		t.Errorf("of a request in another province is told %+v", twins)
	}
	twins = read[AidTwins](t, d.asks(somsri, http.MethodGet, aidPath(nearAid, "/duplicates?purpose=legal"), nil), http.StatusOK)
	if twins.Requests[0].Request == nil {
		t.Error("who sees both provinces is told nothing of the other request")
	}
	if want := []string{"radio65 legal", "radio65 legal", "somsri legal"}; !slices.Equal(w.viewed, want) {
		t.Errorf("looks %v", w.viewed)
	}
}

func TestAidRequestsAreListedPageByPage(t *testing.T) {
	d, w := helping(t)
	var ids []casefile.AidID
	for path := "/v1/aid-requests?limit=1"; path != ""; {
		page := read[AidPage](t, d.asks(somsri, http.MethodGet, path, nil), http.StatusOK)
		for _, a := range page.Requests {
			ids = append(ids, a.ID)
		}
		if path = ""; page.Next != "" {
			path = "/v1/aid-requests?limit=1&after=" + url.QueryEscape(page.Next)
		}
	}
	if !slices.Equal(ids, []casefile.AidID{farAid, nearAid}) {
		t.Errorf("listed %v", ids)
	}
	if got := d.asks(radio65, http.MethodGet, "/v1/aid-requests?province=50", nil).Code; got != http.StatusForbidden {
		t.Errorf("another province: %d", got)
	}
	d.asks(radio65, http.MethodGet, "/v1/aid-requests?state=VISITED&office=o&filer=m&overdue=true&open=true", nil)
	want := AidFilter{State: casefile.AidVisited, Office: "o", Provinces: []string{"65"}, Filer: casefile.Actor{Kind: casefile.ByMember, ID: "m"}, Open: true, Overdue: true, Limit: 51}
	if !reflect.DeepEqual(w.asked, want) {
		t.Errorf("asked for %+v", w.asked)
	}
	mine := read[AidBegun](t, d.asks(radio65, http.MethodPost, "/v1/aid-requests", nil), http.StatusCreated)
	page := read[AidPage](t, d.asks(radio65, http.MethodGet, "/v1/aid-requests?mine=true", nil), http.StatusOK)
	if !slices.ContainsFunc(page.Requests, func(a AidView) bool { return a.ID == mine.Aid }) {
		t.Error("an own draft is not among one's own")
	}
}

func TestAReaderFollowsARequest(t *testing.T) {
	d, w := helping(t)
	server := startServing(t, d.server)
	l := listen(t, server, radio65, aidPath(nearAid, "/stream"), "")
	var change AidChange
	if e := l.hears(); json.Unmarshal([]byte(e[2]), &change) != nil || e[0] != "7" || e[1] != "aid" || change.State != casefile.AidPlanned {
		t.Errorf("heard first %v", e)
	}
	w.mu.Lock()
	a := w.requests[nearAid]
	a.Version, a.State = 8, casefile.AidApproved
	w.requests[nearAid] = a
	w.mu.Unlock()
	d.happens(change8)
	if e := l.hears(); e[0] != "8" || !strings.Contains(e[2], "APPROVED") {
		t.Errorf("heard %v", e)
	}
	l.stop()
	if e := listen(t, server, radio65, aidPath(nearAid, "/stream"), "7").hears(); e[0] != "8" {
		t.Errorf("resumed with %v", e)
	}
	if got := d.asks(radio65, http.MethodGet, aidPath(nearAid, "/stream"), nil, "Last-Event-ID", "x").Code; got != http.StatusUnprocessableEntity {
		t.Errorf("a place that is none: %d", got)
	}
}

// change8 is a change of something else, which wakes the readers.
var change8 = Change{Case: farCase, Province: "50", Kind: casefile.Reported}

func TestARowOfTheCatalogueIsConfirmedAsItStands(t *testing.T) {
	d := openStaffed(t)
	w := d.server.Aids.(*aided)
	catalogue := func() map[string]AidKindView {
		c := read[AidCatalogue](t, d.asks(viewer, http.MethodGet, "/v1/aid-catalogue", nil), http.StatusOK)
		out := map[string]AidKindView{}
		for _, k := range c.Kinds {
			out[k.Code] = k
		}
		if len(c.Clocks) == 0 {
			t.Error("the legal clocks are not in it")
		}
		return out
	}
	row := catalogue()["LOW_INCOME"]
	if !row.Verify || row.Usable || row.Confirmed != nil {
		t.Fatalf("nobody has confirmed %+v", row)
	}
	body := func(digest string) map[string]any {
		return map[string]any{"digest": digest, "name": "นางสาวตัวอย่าง ทดสอบ", "source": "ระเบียบ พ.ศ. 2552 ข้อ 9"}
	}
	confirm := func(token, code string, b map[string]any) int {
		return d.asks(token, http.MethodPost, "/v1/aid-catalogue/"+code+"/confirm", b).Code
	}
	for _, tt := range []struct {
		token, code string
		body        map[string]any
		want        int
	}{
		{deskWoman, "LOW_INCOME", body(row.Digest), 403}, {supervisor, "LOW_INCOME", body(strings.Repeat("0", 64)), 409}, {supervisor, "GOLD", body(row.Digest), 404},
		{supervisor, "LOW_INCOME", map[string]any{"digest": row.Digest, "name": "  ", "source": "xx"}, 422}, {supervisor, "LOW_INCOME", body(row.Digest), 204},
	} {
		if got := confirm(tt.token, tt.code, tt.body); got != tt.want {
			t.Errorf("%s by %s: %d, want %d", tt.code, tt.token, got, tt.want)
		}
	}
	if len(w.vouched) != 1 || w.vouched[0].By != "supervisor" {
		t.Errorf("vouched %+v", w.vouched)
	}
	if row = catalogue()["LOW_INCOME"]; !row.Usable || row.Confirmed == nil || row.Confirmed.Source == "" {
		t.Errorf("confirmed: %+v", row)
	}
}

func TestAidIsCountedWithoutTellingOfAFew(t *testing.T) {
	d, w := helping(t)
	monday := time.Date(2026, 3, 2, 10, 0, 0, 0, policy.Bangkok)
	for i := range 25 {
		a := AidSpan{Province: "65", Wanted: []string{"LOW_INCOME"}, SubmittedAt: monday, Refused: i < 10, Duplicate: i < 3}
		if i < 12 {
			a.VisitedAt = monday.AddDate(0, 0, 7) // five working days
		}
		if i < 9 {
			a.DecidedAt = monday.AddDate(0, 0, 8)
		}
		w.spans = append(w.spans, a)
	}
	for range 9 {
		w.spans = append(w.spans, AidSpan{Province: "65", Wanted: []string{"RELIEF_BAG"}, SubmittedAt: monday})
	}
	for range 30 {
		w.spans = append(w.spans, AidSpan{Province: "50", Wanted: []string{"LOW_INCOME"}, SubmittedAt: monday})
	}
	const span = "/v1/statistics/aid?since=2026-02-28T17:00:00Z&until=2026-03-31T17:00:00Z"
	counts := read[AidCounts](t, d.asks(radio65, http.MethodGet, span, nil), http.StatusOK)
	if len(counts.Cells) != 1 {
		t.Fatalf("told %+v", counts)
	}
	c := counts.Cells[0]
	if c.Province != "65" || c.Code != "LOW_INCOME" || c.Requests != 25 || c.Refused == nil || *c.Refused != 10 || c.Duplicates != nil ||
		c.VisitDays == nil || *c.VisitDays != 5 || c.DecisionDays != nil || c.PaymentDays != nil {
		t.Errorf("the cell is %+v", c)
	}
	for _, wrong := range []string{"since=2026-03-01T17:00:00Z&until=2026-03-31T17:00:00Z", "since=2026-03-31T17:00:00Z&until=2026-02-28T17:00:00Z"} {
		if got := d.asks(radio65, http.MethodGet, "/v1/statistics/aid?"+wrong, nil).Code; got != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", wrong, got)
		}
	}
}

// A case gives an aid request what it knows, once for a key, and none from outside of the scope.
func TestACaseBecomesAnAidRequest(t *testing.T) {
	d, w := helping(t)
	path := "/v1/cases/" + string(ownCase) + "/aid-request"
	begun := read[AidBegun](t, d.asks(radio65, http.MethodPost, path, nil, keyHeader, "open-0001"), http.StatusCreated)
	again := read[AidBegun](t, d.asks(radio65, http.MethodPost, path, nil, keyHeader, "open-0001"), http.StatusCreated)
	if begun != again || w.requests[begun.Aid].Case != ownCase {
		t.Errorf("opened %+v and %+v", begun, again)
	}
}

// What openapi.yaml tells of aid is what the law's types are.
func TestAidSchemasAreTheTypes(t *testing.T) {
	schemas := document(t).Components.Schemas
	for name, typ := range map[string]reflect.Type{
		"AidRequest": reflect.TypeFor[AidView](), "AidFound": reflect.TypeFor[AidFoundView](), "AidItem": reflect.TypeFor[casefile.AidItem](),
		"AidEvent": reflect.TypeFor[casefile.AidEvent](), "AidForm": reflect.TypeFor[casefile.AidForm](), "AidAnswers": reflect.TypeFor[casefile.AidAnswers](),
		"AidCell": reflect.TypeFor[AidCountCell](),
	} {
		without := []string{"private"}
		if name == "AidRequest" {
			without = append(without, "found", "clear") // the findings say it
		}
		listed := slices.Sorted(maps.Keys(schemas[name].Value.Properties))
		if want := jsonNames(typ, without...); !slices.Equal(listed, want) {
			t.Errorf("%s has\n %v, openapi.yaml\n %v", name, want, listed)
		}
	}
	form := schemas["AidForm"].Value.Properties
	for name, typ := range map[string]reflect.Type{
		"subject": reflect.TypeFor[casefile.AidSubject](), "home": reflect.TypeFor[casefile.AidHome](), "need": reflect.TypeFor[casefile.AidNeed](), "account": reflect.TypeFor[casefile.AidAccount](),
	} {
		if listed, want := slices.Sorted(maps.Keys(form[name].Value.Properties)), jsonNames(typ); !slices.Equal(listed, want) {
			t.Errorf("%s has\n %v, openapi.yaml\n %v", name, want, listed)
		}
	}
	for name, lists := range map[string][2][]string{
		"states":   {enumOf(schemas["AidState"].Value.Enum), words(casefile.AidStates)},
		"parts":    {enumOf(schemas["AidPart"].Value.Enum), words(casefile.AidParts)},
		"urgency":  {enumOf(schemas["AidUrgency"].Value.Enum), words(casefile.AidUrgencies)},
		"findings": {enumOf(schemas["AidFound"].Value.Properties["kind"].Value.Enum), words(casefile.AidFindingKinds)},
		"items":    {enumOf(schemas["AidItem"].Value.Properties["state"].Value.Enum), words(casefile.AidItemStates)},
		"outcomes": {enumOf(schemas["AidOrder"].Value.Properties["outcome"].Value.Enum), casefile.AidOutcomes},
		"tenures":  {enumOf(form["home"].Value.Properties["tenure"].Value.Enum), casefile.AidTenures},
		"units":    {enumOf(schemas["AidKind"].Value.Properties["unit"].Value.Enum), words(policy.AidUnits)},
	} {
		if !slices.Equal(lists[0], lists[1]) {
			t.Errorf("%s: openapi.yaml has %v, the program %v", name, lists[0], lists[1])
		}
	}
}

func TestAidAnswersMatchTheirSchemas(t *testing.T) {
	d, w := helping(t)
	w.vouched = []AidConfirmation{{AidConfirmed: policy.AidConfirmed{Code: "LOW_INCOME", Digest: "x", Name: "n", At: now}, By: "s", Source: "s"}}
	schemas := document(t).Components.Schemas
	for path, schema := range map[string]string{
		"/v1/aid-requests": "AidPage", aidPath(nearAid, ""): "AidRequest", aidPath(nearAid, "/events"): "AidEvents", aidPath(nearAid, "/draft"): "AidDraft",
		aidPath(nearAid, "/form?purpose=legal"): "SentAidForm", aidPath(nearAid, "/duplicates?purpose=legal"): "AidTwins", "/v1/aid-catalogue": "AidCatalogue",
		"/v1/statistics/aid?since=2026-02-28T17:00:00Z&until=2026-03-31T17:00:00Z": "AidCounts",
	} {
		res := d.asks(somsri, http.MethodGet, path, nil)
		var body any
		if err := json.Unmarshal(res.Body.Bytes(), &body); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if err := schemas[schema].Value.VisitJSON(body); err != nil {
			t.Errorf("%s answered %d and is no %s: %s", path, res.Code, schema, fmt.Sprint(err)[:300])
		}
	}
}
