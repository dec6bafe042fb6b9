package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/policy"
)

const (
	secret   = "channel-secret-of-a-test"
	somsri   = "token-of-somsri-who-sees-everything"
	wichai   = "token-of-wichai-who-sees-everything"
	radio65  = "token-of-the-radio-centre-of-65"
	ownCase  = casefile.CaseID("11111111-1111-4111-8111-111111111111") // in 65
	farCase  = casefile.CaseID("22222222-2222-4222-8222-222222222222") // in 50
	bareCase = casefile.CaseID("33333333-3333-4333-8333-333333333333") // no place yet
	noCase   = casefile.CaseID("99999999-9999-4999-8999-999999999999")
	officer  = casefile.MemberID("officer-65")
	stranger = casefile.MemberID("officer-50")
)

var now = time.Date(2026, 5, 1, 3, 4, 5, 0, time.UTC)

// world is everything behind the API, in memory.
type world struct {
	mu        sync.Mutex
	cases     map[casefile.CaseID]casefile.Case
	events    map[casefile.CaseID][]casefile.Event
	arrived   []Arrival
	routes    map[string]Routed // first answers by event ID
	intakeErr error
	intakes   int
	commands  []casefile.Command
	during    func() // while a command is carried out
	refuse    error
	nudged    []int
	viewed    []string
	members   map[casefile.MemberID]casefile.Member
	fixes     int
	said      []activities.Outgoing
	linked    []line.MenuRole
	languages map[casefile.ReporterID]casefile.Language
	requests  []NotUrgent
	keys      map[string]*key
	happened  []Happened
	feeds     []Feed
	wake      func()
	member    casefile.MemberID // the person who writes in LINE is this member
	applied   *joiners
	door      casefile.Door // where Intake sends what comes from LINE
	log       bytes.Buffer
}

type key struct {
	hash string
	kept *Kept
}

func (w *world) Intake(_ context.Context, arrived []Arrival) ([]Routed, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.intakes++
	if w.intakeErr != nil {
		return nil, w.intakeErr
	}
	var out []Routed
	for _, a := range arrived {
		if r, again := w.routes[a.EventID]; again {
			r.Duplicate = true
			out = append(out, r)
			continue
		}
		w.arrived = append(w.arrived, a)
		r := Routed{EventID: a.EventID, Door: casefile.Neither, Reporter: "reporter", Member: w.member, Language: casefile.Thai}
		if a.In.Word == casefile.Tapped || a.In.Word == casefile.Called || w.door == casefile.Joins {
			r.Door, r.Case, r.N = casefile.Opens, ownCase, len(w.arrived)
		}
		w.routes[a.EventID] = r
		out = append(out, r)
	}
	return out, nil
}

func (w *world) Case(_ context.Context, id casefile.CaseID) (casefile.Case, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.cases[id]
	if !ok {
		return casefile.Case{}, casefile.ErrNotFound
	}
	return c, nil
}

func (w *world) List(_ context.Context, f CaseFilter) ([]casefile.Case, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []casefile.Case
	for _, c := range w.cases {
		before := f.AfterAt.IsZero() || c.ReportedAt.Before(f.AfterAt) || c.ReportedAt.Equal(f.AfterAt) && c.ID < f.AfterID
		if before && (f.Province == "" || c.Place.Province == f.Province) && (f.State == "" || c.State == f.State) &&
			(!f.Desk || c.Desk != nil) && (!f.Open || c.Open()) && (f.ReportedBefore.IsZero() || c.ReportedAt.Before(f.ReportedBefore)) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b casefile.Case) int {
		if n := b.ReportedAt.Compare(a.ReportedAt); n != 0 {
			return n
		}
		return strings.Compare(string(b.ID), string(a.ID))
	})
	return out[:min(len(out), f.Limit)], nil
}

func (w *world) Timeline(_ context.Context, id casefile.CaseID, after, limit int) ([]casefile.Event, error) {
	var out []casefile.Event
	for _, e := range w.events[id] {
		if e.Seq > after && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (w *world) Waves(context.Context, casefile.CaseID) ([]Wave, error) {
	return []Wave{{Seq: 2, Role: casefile.Police, Choices: []Choice{{Member: officer, Chosen: true, Why: dispatch.ChosenNearest, Metres: 300}}}}, nil
}

func (w *world) Deliveries(context.Context, casefile.CaseID) ([]activities.Delivery, error) {
	return []activities.Delivery{{Key: "k", Seq: 2, To: "member:" + string(officer), Channel: casefile.ChannelLINE, Template: "offer", Outcome: activities.OutcomeAccepted, At: now}}, nil
}

// photo is what came with events 2 and 3 of every case; 3 was taken back.
var photo = []byte("<script>not a photo</script>")

func (w *world) Media(context.Context, casefile.CaseID) ([]Medium, error) {
	return []Medium{
		{Seq: 2, State: activities.MediaKept, At: now, ContentType: "image/jpeg", Bytes: len(photo)},
		{Seq: 3, State: activities.MediaKept, At: now, ContentType: "image/jpeg", Bytes: len(photo)},
	}, nil
}

func (w *world) MediaContent(_ context.Context, _ casefile.CaseID, seq int) ([]byte, string, error) {
	if seq != 2 && seq != 3 {
		return nil, "", casefile.ErrNotFound
	}
	return photo, "image/jpeg", nil
}

func (w *world) Viewed(_ context.Context, by casefile.Actor, id casefile.CaseID, purpose string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.viewed = append(w.viewed, by.ID+" "+string(id)+" "+purpose)
	return nil
}

func (w *world) OldCases(_ context.Context, by casefile.Actor, purpose, phone string, provinces []string, limit int) ([]casefile.Case, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.viewed = append(w.viewed, by.ID+" "+phone+" "+purpose)
	var out []casefile.Case
	for _, c := range w.cases {
		if c.Private.Phone == phone && len(out) < limit && (len(provinces) == 0 || slices.Contains(provinces, c.Place.Province)) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b casefile.Case) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, nil
}

func (w *world) Waits(context.Context, time.Time, string) (WaitTimes, error) {
	return WaitTimes{Reports: 2, Sent: WaitTime{Count: 2, P50: time.Second, P90: 2 * time.Second, P99: 3 * time.Second}}, nil
}

func (w *world) Command(_ context.Context, id casefile.CaseID, c casefile.Command) (Verdict, error) {
	if w.during != nil {
		w.during()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.commands = append(w.commands, c)
	if w.refuse != nil {
		return Verdict{}, w.refuse
	}
	return Verdict{Case: id, State: casefile.Assigned, Version: len(w.commands), Kind: c.Kind}, nil
}

func (w *world) Nudge(_ context.Context, _ casefile.CaseID, upTo int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nudged = append(w.nudged, upTo)
	return nil
}

func (w *world) Proof(parts ...string) string { return strings.Join(parts, "|") }

func (w *world) Member(_ context.Context, id casefile.MemberID) (casefile.Member, error) {
	m, ok := w.members[id]
	if !ok {
		return casefile.Member{}, casefile.ErrNotFound
	}
	return m, nil
}

func (w *world) Members(_ context.Context, f MemberFilter) ([]casefile.Member, error) {
	var out []casefile.Member
	for _, m := range w.members {
		if m.ID > f.After && (f.Province == "" || m.Province == f.Province) && (f.OnDuty == nil || m.OnDuty == *f.OnDuty) {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b casefile.Member) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out[:min(len(out), f.Limit)], nil
}

func (w *world) SetDuty(_ context.Context, id casefile.MemberID, on bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.members[id]
	m.OnDuty = on
	w.members[id] = m
	return nil
}

func (w *world) SetRest(_ context.Context, id casefile.MemberID, until time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.members[id]
	m.RestUntil = until
	w.members[id] = m
	return nil
}

func (w *world) SetPosition(_ context.Context, id casefile.MemberID, lat, lon float64, at time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.members[id]
	m.Lat, m.Lon, m.FixedAt = lat, lon, at
	w.members[id] = m
	w.fixes++
	return nil
}

func (w *world) Units(context.Context, UnitFilter) ([]casefile.Unit, error) {
	return []casefile.Unit{{ID: "station", Code: "st", Level: casefile.LevelStation, NameTh: "สภ.", NameEn: "Station", State: casefile.UnitLive}}, nil
}

func (w *world) LiveProvinces(context.Context) ([]string, error) { return []string{"65"}, nil }

func (w *world) Ask(_ context.Context, _ string, _ casefile.ReporterID, at time.Time) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, NotUrgent{Number: int64(len(w.requests) + 1), At: at})
	return int64(len(w.requests)), nil
}

func (w *world) Requests(_ context.Context, openOnly bool, after int64, limit int) ([]NotUrgent, error) {
	var out []NotUrgent
	for _, r := range w.requests {
		if r.Number > after && (!openOnly || r.AnsweredBy == "") && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, nil
}

func (w *world) Answer(_ context.Context, number int64, by string, at time.Time) error {
	if number < 1 || number > int64(len(w.requests)) || w.requests[number-1].AnsweredBy != "" {
		return casefile.ErrNotFound
	}
	w.requests[number-1].AnsweredAt, w.requests[number-1].AnsweredBy = at, by
	return nil
}

func (w *world) SetLanguage(_ context.Context, of casefile.ReporterID, l casefile.Language) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.languages[of] = l
	return nil
}

func (w *world) Changes(_ context.Context, after string, limit int) ([]Happened, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := strconv.Atoi(after)
	if err != nil {
		return nil, invalid("Last-Event-ID", "ไม่ใช่ตำแหน่งในกระแส", "not a place in the stream")
	}
	rest := w.happened[min(n, len(w.happened)):]
	return slices.Clone(rest[:min(len(rest), limit)]), nil
}

func (w *world) Latest(context.Context) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strconv.Itoa(len(w.happened)), nil
}

func (w *world) Listen(ctx context.Context, wake func()) error {
	w.mu.Lock()
	w.wake = wake
	w.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

// screens are the feeds of a world.
type screens struct{ *world }

func (s screens) Feeds(context.Context, []casefile.Kind) ([]Feed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.feeds), nil
}

func (s screens) AddFeed(_ context.Context, f Feed, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feeds = append(s.feeds, f)
	return nil
}

func (s screens) RemoveFeed(_ context.Context, id, province string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feeds = slices.DeleteFunc(s.feeds, func(f Feed) bool { return f.ID == id && f.Province == province })
	return nil
}

func (w *world) happens(c Change) {
	w.mu.Lock()
	w.happened = append(w.happened, Happened{Cursor: strconv.Itoa(len(w.happened) + 1), Change: c})
	wake := w.wake
	w.mu.Unlock()
	if wake != nil {
		wake()
	}
}

func (w *world) Claim(_ context.Context, scope, k, hash string) (*Kept, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known, ok := w.keys[scope+k]
	switch {
	case !ok:
		w.keys[scope+k] = &key{hash: hash}
		return nil, nil
	case known.hash != hash:
		return nil, ErrKeyReused
	case known.kept == nil:
		return nil, ErrKeyBusy
	}
	return known.kept, nil
}

func (w *world) Keep(_ context.Context, scope, k string, kept Kept) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keys[scope+k].kept = &kept
	return nil
}

func (w *world) Release(_ context.Context, scope, k string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.keys, scope+k)
	return nil
}

func (w *world) Send(_ context.Context, m activities.Outgoing) (activities.Sent, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, m)
	return activities.Sent{Outcome: activities.OutcomeAccepted}, nil
}

func (w *world) LinkMenu(_ context.Context, _ string, role line.MenuRole, _ casefile.Language) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.linked = append(w.linked, role)
	return nil
}

// Write takes the log.
func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// seal is a Sealer whose result tells nothing of the plain text.
type seal struct{}

func (seal) Seal(plain []byte, ad string) ([]byte, error) {
	return []byte(ad + "\n" + base64.StdEncoding.EncodeToString(plain)), nil
}

func (seal) Open(sealed []byte, ad string) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, []byte(ad+"\n"))
	if !ok {
		return nil, errors.New("sealed elsewhere")
	}
	return base64.StdEncoding.DecodeString(string(rest))
}

func aCase(id casefile.CaseID, province string) casefile.Case {
	c := casefile.Case{
		ID: id, Version: 7, State: casefile.Sent, SinceAt: now, Type: casefile.ThreatAssault, Severity: casefile.Critical,
		Channel: casefile.ChannelLINE, Reporter: casefile.ReporterID("reporter-" + province), Language: casefile.Thai, ReportedAt: now.Add(-time.Hour),
		Clocks:  []casefile.Deadline{{Clock: casefile.ClockLadder, Role: casefile.Police, At: now.Add(time.Minute)}},
		Private: casefile.Private{Phone: "+66812345678", Text: canary, Address: canary, Caller: canary},
	}
	if province != "" {
		pin := casefile.Pin{Lat: 16.8211, Lon: 100.2659, FixedAt: now, Source: casefile.PinLINE}
		c.Place, c.LocatedAt = casefile.Place{Province: province, District: province + "01"}, now.Add(-time.Hour)
		c.Private.Pin, c.FirstPin = &pin, &pin
	}
	return c
}

// canary stands in every personal field; nobody but /private may show it.
const canary = "นกขมิ้น-canary"

func newWorld() *world {
	w := &world{
		cases: map[casefile.CaseID]casefile.Case{
			ownCase: aCase(ownCase, "65"), farCase: aCase(farCase, "50"), bareCase: aCase(bareCase, ""),
		},
		events: map[casefile.CaseID][]casefile.Event{}, routes: map[string]Routed{}, keys: map[string]*key{},
		languages: map[casefile.ReporterID]casefile.Language{},
		members: map[casefile.MemberID]casefile.Member{
			officer:  {ID: officer, Unit: "station", Group: casefile.Agency, Class: casefile.Professional, Role: casefile.Police, State: casefile.MemberActive, Province: "65"},
			stranger: {ID: stranger, Unit: "other", Group: casefile.Agency, Class: casefile.Professional, Role: casefile.Police, State: casefile.MemberActive, Province: "50"},
		},
	}
	reporter := casefile.Actor{Kind: casefile.ByReporter}
	for id := range w.cases {
		w.events[id] = []casefile.Event{
			{ID: "e1", Seq: 1, Kind: casefile.Reported, At: now, By: reporter},
			{ID: "e2", Seq: 2, Kind: casefile.ReporterAdded, At: now, Reason: "image", Private: casefile.Private{Text: canary, Media: "m2"}, By: reporter},
			{ID: "e3", Seq: 3, Kind: casefile.ReporterAdded, At: now, Reason: "image", Private: casefile.Private{Text: "taken back", Media: "m3"}, By: reporter},
			{ID: "e4", Seq: 4, Kind: casefile.MessageUnsent, At: now, Private: casefile.Private{Media: "m3"}, By: reporter},
		}
	}
	return w
}

func (w *world) server(t testing.TB) *Server {
	t.Helper()
	spool, err := OpenSpool(t.TempDir(), seal{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = spool.Close() })
	return &Server{
		Intake: w, Cases: w, Commander: w, Nudger: w, Prover: w, Roster: w, Shifts: &planned{}, FollowUps: &followed{}, AidPayments: &treasury{}, Logbooks: &bookcase{}, Requests: w, Changes: w, Feeds: screens{w}, Keys: w, Addresses: newTelephones(), Members: w.joiners(), Messenger: w, Menus: w, Groups: &groups{}, Aids: newAided(), People: &register{}, Forms: &filled{}, FormList: policy.DefaultForms(),
		Spool: spool, Policy: policy.Default(), Places: policy.DefaultPlaces(), Ready: func(context.Context) error { return w.intakeErr },
		Operators: []Operator{
			{Name: "somsri", Token: somsri, Roles: OperatorRoles}, {Name: "wichai", Token: wichai, Roles: OperatorRoles},
			{Name: "radio65", Token: radio65, Provinces: []string{"65"}, Roles: OperatorRoles},
		},
		LINESecrets: []string{"next-secret", secret}, ChannelSecrets: []string{nextSecret, gatewaySecret}, PerSecond: 10_000, Registry: prometheus.NewRegistry(),
		Log: slog.New(slog.NewJSONHandler(w, nil)), Now: func() time.Time { return now },
	}
}

// door is a server that listens nowhere.
type door struct {
	*world
	t       testing.TB
	server  *Server
	handler http.Handler
	asked   int
}

func open(t testing.TB) *door {
	t.Helper()
	d := &door{world: newWorld(), t: t}
	d.server = d.world.server(t)
	var err error
	if d.handler, err = d.server.Handler(); err != nil {
		t.Fatal(err)
	}
	d.server.nudges.apart = time.Millisecond
	return d
}

// asks sends a request as an operator; a POST gets a fresh idempotency key.
func (d *door) asks(token, method, path string, body any, headers ...string) *httptest.ResponseRecorder {
	d.t.Helper()
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			d.t.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	req := httptest.NewRequest(method, path, content)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if method == http.MethodPost {
		d.asked++
		req.Header.Set(keyHeader, fmt.Sprintf("key-%06d", d.asked))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res := httptest.NewRecorder()
	d.handler.ServeHTTP(res, req)
	return res
}

func sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// posts sends a webhook with a signature and waits for what follows from it.
func (d *door) posts(body []byte, signatures ...string) int {
	d.t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/line/webhook", bytes.NewReader(body))
	for _, s := range signatures {
		req.Header.Add("x-line-signature", s)
	}
	res := httptest.NewRecorder()
	d.handler.ServeHTTP(res, req)
	d.server.run.wait()
	if res.Body.Len() > 0 {
		d.t.Errorf("a webhook was answered with a body: %s", res.Body)
	}
	return res.Code
}

// webhook is a body as LINE sends it.
func webhook(events ...string) []byte {
	return []byte(`{"destination":"U00000000000000000000000000000000","events":[` + strings.Join(events, ",") + `]}`)
}

const user = "U0123456789abcdef0123456789abcdef"

func event(id, what string) string {
	return fmt.Sprintf(`{"webhookEventId":%q,"mode":"active","timestamp":1777600000000,"source":{"type":"user","userId":%q},`+
		`"replyToken":"0123456789abcdef0123456789abcdef","deliveryContext":{"isRedelivery":false},%s}`, id, user, what)
}

func wrote(id, text string) string {
	return event(id, fmt.Sprintf(`"type":"message","message":{"type":"text","id":"1001","quoteToken":"q","text":%q}`, text))
}

func pressed(id string, in casefile.Incoming) string {
	return event(id, fmt.Sprintf(`"type":"postback","postback":{"data":%q}`, line.Encode(in)))
}
