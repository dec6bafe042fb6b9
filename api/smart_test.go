package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
)

// signedUp is who is a member, and who is signed in, in memory.
type signedUp struct {
	mu       sync.Mutex
	members  map[string]SmartMember // by LINE user ID
	attempts map[string][2]string   // browser and state to nonce and verifier
	open     map[string]string      // session to LINE user ID
	proofs   map[string]bool
}

func (u *signedUp) MemberByLINE(_ context.Context, user string) (casefile.Member, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	m, ok := u.members[user]
	if !ok || m.State != casefile.MemberActive {
		return casefile.Member{}, casefile.ErrNotFound
	}
	return m.Member, nil
}

func (u *signedUp) KeepAttempt(_ context.Context, browser, state, nonce, verifier string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.attempts[browser+" "+state] = [2]string{nonce, verifier}
	return nil
}

func (u *signedUp) TakeAttempt(_ context.Context, browser, state string) (nonce, verifier string, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	a, ok := u.attempts[browser+" "+state]
	if !ok {
		return "", "", casefile.ErrNotFound
	}
	delete(u.attempts, browser+" "+state)
	return a[0], a[1], nil
}

func (u *signedUp) OpenSession(_ context.Context, member casefile.MemberID, proof string) (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.proofs[proof] {
		return "", casefile.ErrNotFound
	}
	u.proofs[proof] = true
	token := fmt.Sprintf("session-%d", len(u.proofs))
	for user, m := range u.members {
		if m.ID == member {
			u.open[token] = user
		}
	}
	return token, nil
}

func (u *signedUp) Session(_ context.Context, token string) (SmartMember, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	m, ok := u.members[u.open[token]]
	if !ok {
		return SmartMember{}, casefile.ErrNotFound
	}
	return m, nil
}

func (u *signedUp) EndSession(_ context.Context, token string, everywhere bool) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	user := u.open[token]
	for other, of := range u.open {
		if other == token || everywhere && of == user {
			delete(u.open, other)
		}
	}
	return nil
}

// aidBook is the record of aid requests, in memory; what the pages do not use is not there.
type aidBook struct {
	Aids
	mu       sync.Mutex
	requests map[casefile.AidID]casefile.AidRequest
	parts    map[casefile.AidID]map[casefile.AidPart][]byte
	saved    map[casefile.AidID]map[casefile.AidPart]int
	files    map[casefile.AidID][]AidFile
	contents map[string][]byte
	orders   map[string]casefile.AidOrder
	sent     map[string]bool
	looked   int
}

func newAidBook() *aidBook {
	return &aidBook{
		requests: map[casefile.AidID]casefile.AidRequest{}, parts: map[casefile.AidID]map[casefile.AidPart][]byte{}, saved: map[casefile.AidID]map[casefile.AidPart]int{},
		files: map[casefile.AidID][]AidFile{}, contents: map[string][]byte{}, orders: map[string]casefile.AidOrder{}, sent: map[string]bool{},
	}
}

func (b *aidBook) Begin(_ context.Context, id casefile.AidID, filer casefile.Actor, _ casefile.CaseID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, there := b.requests[id]; !there {
		b.requests[id] = casefile.AidRequest{ID: id, State: casefile.AidDraft, Filer: filer}
		b.parts[id], b.saved[id] = map[casefile.AidPart][]byte{}, map[casefile.AidPart]int{}
	}
	return nil
}

func (b *aidBook) Aid(_ context.Context, id casefile.AidID) (casefile.AidRequest, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.requests[id]
	if !ok {
		return a, casefile.ErrNotFound
	}
	return a, nil
}

func (b *aidBook) List(_ context.Context, f AidFilter) (out []ListedAid, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(b.requests)) { // the newest first, let us say
		a := b.requests[id]
		if (f.Filer == a.Filer || f.Visitor != "" && f.Visitor == a.Visitor) && !(f.Open && a.State.Ended()) {
			out = append(out, ListedAid{a, now})
		}
	}
	return out[:min(len(out), f.Limit)], nil
}

func (b *aidBook) Events(_ context.Context, id casefile.AidID) ([]casefile.AidEvent, error) {
	return []casefile.AidEvent{{Kind: casefile.AidSent, At: now}}, nil
}

func (b *aidBook) Draft(_ context.Context, id casefile.AidID) (f casefile.AidForm, saved map[casefile.AidPart]int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	saved = map[casefile.AidPart]int{}
	for part, into := range map[casefile.AidPart]any{
		casefile.PartSubject: &f.Subject, casefile.PartHome: &f.Home, casefile.PartMembers: &f.Members, casefile.PartLogbook: &f.Logbook, casefile.PartNeed: &f.Need,
		casefile.PartConsent: &f.Consents, casefile.PartAccount: &f.Account,
	} {
		if raw, there := b.parts[id][part]; there {
			saved[part] = b.saved[id][part]
			if err := json.Unmarshal(raw, into); err != nil {
				return f, nil, err
			}
		}
	}
	return f, saved, nil
}

func (b *aidBook) Form(ctx context.Context, id casefile.AidID, _ int) (casefile.AidForm, error) {
	f, _, err := b.Draft(ctx, id)
	return f, err
}

func (b *aidBook) SavePart(_ context.Context, _ casefile.Actor, id casefile.AidID, part casefile.AidPart, doc []byte, saved int) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.saved[id][part]
	switch {
	case n == saved+1 && bytes.Equal(b.parts[id][part], doc):
		return n, nil
	case n != saved:
		return 0, casefile.ErrMoved
	}
	b.parts[id][part], b.saved[id][part] = doc, n+1
	return n + 1, nil
}

func (b *aidBook) Send(_ context.Context, _ casefile.Actor, id casefile.AidID, key string) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.requests[id]
	if !b.sent[key] {
		a.State, a.Form = casefile.AidSubmitted, a.Form+1
	}
	b.sent[key], b.requests[id] = true, a
	return 1, nil
}

func (b *aidBook) Say(_ context.Context, _ casefile.AidID, o casefile.AidOrder) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.orders[o.ID] = o
	return len(b.orders), nil
}

func (b *aidBook) AddFile(_ context.Context, _ casefile.Actor, id casefile.AidID, f AidFile) (AidFile, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, there := range b.files[id] {
		if there.ID == f.ID {
			return there, nil
		}
	}
	b.files[id] = append(b.files[id], f)
	return f, nil
}

func (b *aidBook) File(_ context.Context, id casefile.AidID, file string) (AidFile, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.files[id] {
		if f.ID == file {
			return f, nil
		}
	}
	return AidFile{}, casefile.ErrNotFound
}

func (b *aidBook) Files(_ context.Context, id casefile.AidID) ([]AidFile, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.files[id]), nil
}

func (b *aidBook) AppendPiece(_ context.Context, id casefile.AidID, file string, _ int, piece []byte) (AidFile, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.files[id] {
		if f := &b.files[id][i]; f.ID == file {
			b.contents[file] = append(b.contents[file], piece...)
			if f.Received = len(b.contents[file]); f.Received == f.Bytes {
				f.WholeAt = now
			}
			return *f, nil
		}
	}
	return AidFile{}, casefile.ErrNotFound
}

func (b *aidBook) FileContent(_ context.Context, _ casefile.AidID, file string) ([]byte, string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.contents[file], "image/png", nil
}

func (b *aidBook) Viewed(context.Context, casefile.Actor, casefile.AidID, string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.looked++
	return nil
}

func (b *aidBook) Nudge(context.Context, casefile.AidID, int) error { return nil }

// village is a server with the volunteers' pages, and an emulated LINE.
type village struct {
	*door
	line  *lineemu.Platform
	users *signedUp
	book  *aidBook
}

func newVillage(t *testing.T) *village {
	t.Helper()
	p, err := lineemu.New(lineemu.Options{ChannelSecret: secret, Seed: 1, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	base, err := p.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	id, key := p.LoginChannel()
	v := &village{
		line: p, book: newAidBook(),
		users: &signedUp{members: map[string]SmartMember{}, attempts: map[string][2]string{}, open: map[string]string{}, proofs: map[string]bool{}},
	}
	d := &door{world: newWorld(), t: t}
	d.server = d.world.server(t)
	d.server.Smart, d.server.Aids, d.server.PublicURL = v.users, v.book, "http://example.com"
	if d.server.Login, err = line.NewLogin(line.LoginConfig{
		ChannelID: id, Secret: key, Redirect: "http://127.0.0.1:1/smart/back", Page: base, APIEndpoint: base, AllowLoopback: true, Now: func() time.Time { return now },
	}); err != nil {
		t.Fatal(err)
	}
	if d.handler, err = d.server.Handler(); err != nil {
		t.Fatal(err)
	}
	v.door = d
	return v
}

// phoneOf is the phone of a member; a group that is empty is nobody's.
func (v *village) phoneOf(name string, change func(*SmartMember)) *lineemu.Phone {
	v.t.Helper()
	ph, err := v.line.AddUser(lineemu.User{Name: name})
	if err != nil {
		v.t.Fatal(err)
	}
	m := SmartMember{Name: name, Member: casefile.Member{
		ID: casefile.MemberID("member-" + ph.ID()[:6]), Group: casefile.SDV, Class: casefile.Volunteer, State: casefile.MemberActive, Province: "65",
	}}
	if change != nil {
		change(&m)
	}
	if m.Group != "" {
		v.users.members[ph.ID()] = m
	}
	return ph
}

// browser is one that keeps its cookies.
type browser struct {
	*village
	cookies map[string]string
}

func (v *village) browser() *browser { return &browser{village: v, cookies: map[string]string{}} }

func (b *browser) send(req *http.Request) *httptest.ResponseRecorder {
	for name, value := range b.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res := httptest.NewRecorder()
	b.handler.ServeHTTP(res, req)
	for _, c := range res.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
			b.t.Errorf("a cookie that a script or another site can use: %s", c.Name)
		}
		b.cookies[c.Name] = c.Value
	}
	return res
}

func (b *browser) get(path string) *httptest.ResponseRecorder {
	return b.send(httptest.NewRequest(http.MethodGet, path, nil))
}

func (b *browser) post(path string, v url.Values, header ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(v.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.send(req)
}

// atLINE opens the sign-in page with a phone, and is the address that LINE sends it back to.
func (b *browser) atLINE(ph *lineemu.Phone) string {
	b.t.Helper()
	res := b.get("/smart/sign-in")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	at, err := client.Get(res.Header().Get("Location") + "&user=" + ph.ID())
	if err != nil {
		b.t.Fatal(err)
	}
	_ = at.Body.Close()
	back, err := at.Location()
	if err != nil {
		b.t.Fatal(err)
	}
	return back.RequestURI()
}

func (b *browser) signsIn(ph *lineemu.Phone) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.get(b.atLINE(ph))
}

func (v *village) in(ph *lineemu.Phone) *browser {
	v.t.Helper()
	b := v.browser()
	if res := b.signsIn(ph); res.Code != http.StatusSeeOther || res.Header().Get("Location") != "/smart/" {
		v.t.Fatalf("not signed in: %d %s", res.Code, res.Header().Get("Location"))
	}
	return b
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z0-9]+)" value="([^"]*)">`)

// form is what the first forms of a page carry beside what somebody writes.
func (b *browser) form(path string, also ...string) url.Values {
	b.t.Helper()
	res := b.get(path)
	if res.Code != http.StatusOK {
		b.t.Fatalf("%s: %d to %s", path, res.Code, res.Header().Get("Location"))
	}
	v := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(res.Body.String(), -1) {
		if !v.Has(m[1]) {
			v.Set(m[1], html.UnescapeString(m[2]))
		}
	}
	for i := 0; i < len(also); i += 2 {
		v.Add(also[i], also[i+1])
	}
	return v
}

// begins a request and is its address.
func (b *browser) begins() string {
	b.t.Helper()
	res := b.post("/smart/requests", b.form("/smart/"))
	return strings.TrimSuffix(res.Header().Get("Location"), "/subject")
}

// saves fills a page in and goes on.
func (b *browser) saves(page string, answers ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	res := b.post(page, b.form(page, answers...))
	if res.Code != http.StatusSeeOther {
		b.t.Fatalf("%s: %d\n%s", page, res.Code, res.Body)
	}
	return res
}

func TestAMemberSignsInWithLINE(t *testing.T) {
	v := newVillage(t)
	b := v.in(v.phoneOf("มะลิ", nil))
	res := b.get("/smart/")
	if res.Code != http.StatusOK || !strings.Contains(res.Body.String(), "มะลิ") {
		t.Errorf("the first page: %d", res.Code)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Content-Security-Policy": smartCSP, "X-Content-Type-Options": "nosniff"} {
		if got := res.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if strings.Contains(smartCSP, "unsafe") || strings.Contains(res.Body.String(), "style=") || strings.Contains(res.Body.String(), "onclick") {
		t.Error("a page needs what the policy of contents forbids")
	}
	if res := b.post("/smart/sign-out", b.form("/smart/me")); res.Code != http.StatusSeeOther {
		t.Errorf("signing out: %d", res.Code)
	}
	if res := b.get("/smart/"); res.Header().Get("Location") != "/smart/welcome" {
		t.Errorf("signed out, and still in: %d", res.Code)
	}
}

func TestWhoIsNoMemberIsToldHowToJoin(t *testing.T) {
	v := newVillage(t)
	for name, change := range map[string]func(*SmartMember){
		"a citizen":           func(m *SmartMember) { m.Group = "" },
		"a minor":             func(m *SmartMember) { m.Class = casefile.Junior },
		"a duty desk":         func(m *SmartMember) { m.Level = casefile.LevelStation },
		"somebody suspended":  func(m *SmartMember) { m.State = casefile.MemberSuspended },
		"a cyber scout":       func(m *SmartMember) { m.Group = casefile.CyberScout },
		"somebody who waits":  func(m *SmartMember) { m.State = casefile.MemberPending },
		"somebody who is out": func(m *SmartMember) { m.State = casefile.MemberResigned },
	} {
		b := v.browser()
		res := b.signsIn(v.phoneOf(name, change))
		if res.Code != http.StatusForbidden || !strings.Contains(res.Body.String(), "สมัครเป็นสมาชิก") || b.cookies["ess"] != "" {
			t.Errorf("%s: %d", name, res.Code)
		}
	}
}

func TestASuspensionEndsTheSessionAtOnce(t *testing.T) {
	v := newVillage(t)
	ph := v.phoneOf("มะลิ", nil)
	b := v.in(ph)
	stolen := b.cookies["ess"]
	base := b.begins()
	m := v.users.members[ph.ID()]
	m.State = casefile.MemberSuspended
	v.users.members[ph.ID()] = m
	for _, path := range []string{"/smart/", "/smart/people", base, base + "/subject"} {
		b.cookies["ess"] = stolen
		if res := b.get(path); res.Code != http.StatusSeeOther || res.Header().Get("Location") != "/smart/welcome" {
			t.Errorf("%s: %d", path, res.Code)
		}
	}
	b.cookies["ess"] = stolen
	if res := b.post(base+"/subject", url.Values{"csrf": {csrfOf(stolen)}, "first_name": {"ก"}}); res.Header().Get("Location") != "/smart/welcome" || len(v.book.parts) != 1 || len(v.book.saved) != 1 {
		t.Errorf("a suspended member wrote: %d", res.Code)
	}
}

func TestSignInsCannotBeBorrowed(t *testing.T) {
	v := newVillage(t)
	mali := v.phoneOf("มะลิ", nil)
	hers, his := v.browser(), v.browser()
	back := hers.atLINE(mali)
	_ = his.get("/smart/sign-in")
	if res := his.get(back); res.Code == http.StatusSeeOther || his.cookies["ess"] != "" {
		t.Errorf("another browser came in with her answer of LINE: %d", res.Code)
	}
	if res := v.browser().get(back); res.Code == http.StatusSeeOther {
		t.Errorf("a browser that began nothing came in: %d", res.Code)
	}
	if res := hers.get(back); res.Code != http.StatusSeeOther {
		t.Errorf("she herself did not: %d", res.Code)
	}
	if res := hers.get(back); res.Header().Get("Location") == "/smart/" {
		t.Error("one answer of LINE opened two sessions")
	}
	if res := hers.get("/smart/back?error=ACCESS_DENIED&state=x"); res.Code != http.StatusOK || !strings.Contains(res.Body.String(), "ลองใหม่") {
		t.Errorf("who cancels at LINE sees: %d", res.Code)
	}
}

func TestAPageInsideLINESignsInOnce(t *testing.T) {
	v := newVillage(t)
	token, err := v.phoneOf("มะลิ", nil).LIFFToken()
	if err != nil {
		t.Fatal(err)
	}
	b := v.browser()
	if res := b.post("/smart/sign-in", url.Values{"id_token": {token}}); res.Code != http.StatusSeeOther || b.cookies["ess"] == "" {
		t.Fatalf("not signed in: %d", res.Code)
	}
	for name, try := range map[string]url.Values{"again": {"id_token": {token}}, "tampered": {"id_token": {token[:len(token)-6] + "AAAAAA"}}, "nothing": {}} {
		other := v.browser()
		if res := other.post("/smart/sign-in", try); res.Code == http.StatusSeeOther || other.cookies["ess"] != "" {
			t.Errorf("%s: %d", name, res.Code)
		}
	}
	if res := v.browser().post("/smart/sign-in", url.Values{"id_token": {token}}, "Sec-Fetch-Site", "cross-site"); res.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", res.Code)
	}
}

func TestOnlyOurOwnPagesMakeForms(t *testing.T) {
	v := newVillage(t)
	b, other := v.in(v.phoneOf("มะลิ", nil)), v.in(v.phoneOf("สมชาย", nil))
	good := b.form("/smart/")
	without, foreign := url.Values{"key": {"k"}}, url.Values{"key": {"k"}, "csrf": {other.form("/smart/").Get("csrf")}}
	for name, res := range map[string]*httptest.ResponseRecorder{
		"no token":              b.post("/smart/requests", without),
		"the token of another":  b.post("/smart/requests", foreign),
		"another site, by mark": b.post("/smart/requests", good, "Sec-Fetch-Site", "cross-site"),
		"another origin":        b.post("/smart/requests", good, "Origin", "https://example.invalid"),
	} {
		if res.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, res.Code)
		}
	}
	if len(v.book.requests) != 0 {
		t.Error("one of them began a request")
	}
	if res := b.post("/smart/language", url.Values{"language": {"en"}, "to": {"https://example.invalid/"}}); res.Header().Get("Location") != "/smart/" {
		t.Errorf("sent to %s", res.Header().Get("Location"))
	}
}

func TestSecureCookiesBesideADevelopmentRun(t *testing.T) {
	v := newVillage(t)
	v.server.PublicURL = "https://ess.example"
	res := v.browser().get("/smart/sign-in")
	cookies := res.Result().Cookies()
	if len(cookies) != 1 || !cookies[0].Secure || !strings.HasPrefix(cookies[0].Name, "__Host-") || cookies[0].Domain != "" {
		t.Errorf("%v", cookies)
	}
}

// fillIn writes a whole request, page by page.
func (b *browser) fillIn(base, first string) {
	b.t.Helper()
	b.saves(base+"/subject", "first_name", first, "last_name", "ใจดี", "no_number", "1", "birth_date", "2490", "sex", "FEMALE", "phone", "081 234 5678", "safe_to_call", "1")
	b.saves(base+"/home", "address", "12 หมู่ 3 ต.บ้านกลาง", "district", "6501", "tenure", "RENT", "pin", "https://maps.google.com/?q=16.82,100.26")
	b.saves(base+"/logbook", "house", "2", "illness", "3", "schooling", "4", "enough", "1", "papers", "4")
	b.saves(base+"/need", "problems", "INCOME_LIVING", "problems", "ELDERLY", "wanted", "EMERGENCY", "income", "2,500", "urgency", "NORMAL")
	b.saves(base+"/consents", "purposes", "AID", "purposes", "CONTACT", "basis", "CONSENT", "way", "cash")
}

func TestARequestIsFilledInPageByPage(t *testing.T) {
	v := newVillage(t)
	b := v.in(v.phoneOf("มะลิ", nil))
	base := b.begins()
	id := casefile.AidID(strings.TrimPrefix(base, "/smart/requests/"))
	b.fillIn(base, "สายใจ")

	// A person of the household: the answer is lost, and the same is sent again.
	one := b.form(base+"/members", "first_name", "เอก", "relation", "CHILD", "birth_date", "2558", "school", "IN_SCHOOL")
	for range 2 {
		if res := b.post(base+"/members", one); res.Code != http.StatusSeeOther {
			t.Fatalf("adding somebody: %d\n%s", res.Code, res.Body)
		}
	}
	f, _, err := v.book.Draft(t.Context(), id)
	if err != nil || len(f.Members) != 1 {
		t.Fatalf("%d people in the household, %v", len(f.Members), err)
	}
	if f.Subject.First != "สายใจ" || f.Home.Province != "65" || f.Home.Pin == nil || f.Home.Pin.Lat != 16.82 || *f.Need.Income != 250_000 || !f.Account.Cash || f.Need.Urgency != casefile.AidNormal {
		t.Errorf("kept: %+v", f)
	}
	if slices.ContainsFunc(f.Consents, func(c casefile.AidConsent) bool {
		return c.Given != (c.Purpose == casefile.ForAid || c.Purpose == casefile.ForContact)
	}) {
		t.Errorf("consents: %+v", f.Consents)
	}
	page := b.get(base + "/check").Body.String()
	for _, words := range []string{"สายใจ", "12 หมู่ 3", "ส่งคำขอ", "2500"} {
		if !strings.Contains(page, words) {
			t.Errorf("the last page does not say %s", words)
		}
	}
	send := b.form(base + "/check")
	for range 2 {
		if res := b.post(base+"/send", send); res.Code != http.StatusSeeOther || res.Header().Get("Location") != base {
			t.Fatalf("sending: %d\n%s", res.Code, res.Body)
		}
	}
	if a := v.book.requests[id]; a.Form != 1 || a.State != casefile.AidSubmitted {
		t.Errorf("sent %d times, %s", a.Form, a.State)
	}
	if res := b.get(base); !strings.Contains(res.Body.String(), "ได้รับคำขอแล้ว") || strings.Contains(res.Body.String(), "สายใจ") {
		t.Error("the page of a request says where it stands, and names nobody")
	}
	if res := b.get(base + "/subject"); res.Header().Get("Location") != base {
		t.Errorf("what was sent can still be changed: %d", res.Code)
	}
	if v.book.looked == 0 && !strings.Contains(b.get("/smart/people").Body.String(), "สายใจ") {
		t.Error("my people are not there")
	}
	if v.book.looked == 0 {
		t.Error("a look at somebody's name was not recorded")
	}
}

func TestAMistakeIsSaidBesideItsField(t *testing.T) {
	v := newVillage(t)
	b := v.in(v.phoneOf("มะลิ", nil))
	base := b.begins()
	wrong := func(page string, answers ...string) string {
		t.Helper()
		res := b.post(base+page, b.form(base+page, answers...))
		if res.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", page, res.Code)
		}
		return res.Body.String()
	}
	page := wrong("/subject", "first_name", "สายใจ", "number", "1234567890123", "birth_date", "31/2/2540")
	if strings.Count(page, `<span class="wrong">`) < 2 || !strings.Contains(page, `value="สายใจ"`) || !strings.Contains(page, `aria-invalid="true"`) {
		t.Errorf("mistakes, or what was written, are not on the page:\n%s", page)
	}
	if page := wrong("/home", "address", "1", "district", "6501", "tenure", "OWN", "pin", "somewhere"); !strings.Contains(page, "ไม่พบพิกัด") {
		t.Error("a pin that is none was taken")
	}
	if page := wrong("/need", "problems", "ELDERLY", "wanted", "EMERGENCY", "income", "many"); !strings.Contains(page, "เขียนเป็นตัวเลข") {
		t.Error("an income that is none was taken")
	}
	if _, saved, _ := v.book.Draft(t.Context(), casefile.AidID(strings.TrimPrefix(base, "/smart/requests/"))); len(saved) != 0 {
		t.Errorf("a page with a mistake was saved: %v", saved)
	}
	if page := b.get(base + "/check").Body.String(); strings.Contains(page, base+"/send") || !strings.Contains(page, "ยังไม่ครบ") {
		t.Error("an empty request can be sent")
	}
}

// Two phones fill in one request: the second is told, and loses nothing that it wrote.
func TestWhoIsSlowerLooksAgain(t *testing.T) {
	v := newVillage(t)
	b := v.in(v.phoneOf("มะลิ", nil))
	base := b.begins()
	slow := b.form(base+"/subject", "first_name", "ช้า", "no_number", "1")
	b.saves(base+"/subject", "first_name", "เร็ว", "no_number", "1")
	res := b.post(base+"/subject", slow)
	if res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), "จากที่อื่น") || !strings.Contains(res.Body.String(), `value="ช้า"`) {
		t.Fatalf("%d\n%s", res.Code, res.Body)
	}
	b.saves(base+"/subject", "first_name", "ช้า", "no_number", "1")
}

func TestWhatPeopleWriteIsNeverRun(t *testing.T) {
	v := newVillage(t)
	const nasty = `<script>alert(1)</script>"'><b>`
	b := v.in(v.phoneOf(nasty, nil))
	base := b.begins()
	b.fillIn(base, "สายใจ")
	b.saves(base+"/home", "address", "<i>12</i> หมู่ 3", "district", "6501", "tenure", "RENT")
	b.saves(base+"/need", "problems", "ELDERLY", "wanted", "EMERGENCY", "urgency", "NORMAL", "story", nasty)
	if page := b.post(base+"/members", b.form(base+"/members", "first_name", "<img src=x>", "relation", "CHILD")).Body.String(); strings.Contains(page, "<img src=x>") {
		t.Error("a page of mistakes runs what somebody wrote")
	}
	for _, path := range []string{"/smart/", "/smart/people", "/smart/me", base, base + "/subject", base + "/home", base + "/need", base + "/check"} {
		page := b.get(path).Body.String()
		if strings.Contains(page, "<script>") || strings.Contains(page, "<i>") || strings.Contains(page, "<img src=x>") {
			t.Errorf("%s runs what somebody wrote", path)
		}
		if title := page[strings.Index(page, "<title>"):strings.Index(page, "</title>")]; strings.Contains(title, "สายใจ") {
			t.Errorf("%s names somebody in its title", path)
		}
	}
}

func TestAnotherMembersRequestDoesNotExist(t *testing.T) {
	v := newVillage(t)
	hers, his := v.in(v.phoneOf("มะลิ", nil)), v.in(v.phoneOf("สมชาย", nil))
	base := hers.begins()
	hers.fillIn(base, "สายใจ")
	mine := his.form("/smart/")
	for _, page := range []string{"", "/subject", "/home", "/members", "/logbook", "/need", "/consents", "/photos", "/check", "/visit", "/look-in", "/photos/5d3ffcd2-5f9d-4a5e-8d39-0f6a7b1b3a11"} {
		if res := his.get(base + page); res.Code != http.StatusNotFound || strings.Contains(res.Body.String(), "สายใจ") {
			t.Errorf("GET %s: %d", page, res.Code)
		}
	}
	for _, page := range []string{"/subject", "/home", "/members", "/members/remove", "/logbook", "/need", "/consents", "/send", "/visit", "/missed", "/look-in", "/withdraw", "/contest", "/urgent"} {
		form := url.Values{"csrf": mine["csrf"], "key": {"k"}, "first_name": {"ก"}, "reason": {"NOBODY_HOME"}, "n": {"0"}}
		switch page {
		case "/withdraw":
			form.Set("reason", "NOT_WANTED")
		case "/contest":
			form.Set("reason", "FACTS_WRONG")
		}
		if res := his.post(base+page, form); res.Code != http.StatusNotFound {
			t.Errorf("POST %s: %d", page, res.Code)
		}
	}
	if len(v.book.orders) != 0 || len(v.book.sent) != 0 {
		t.Error("something was done to it")
	}
}

// upload is a photo on its way.
func (b *browser) upload(path string, fields url.Values, content []byte) *httptest.ResponseRecorder {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name := range fields {
		_ = w.WriteField(name, fields.Get(name))
	}
	part, err := w.CreateFormFile("photo", "photo.png")
	if err == nil {
		_, err = part.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, path, &body)
	req.Header.Set("Content-Type", w.FormDataContentType())
	return b.send(req)
}

func TestAPhotoThatIsSentTwiceIsKeptOnce(t *testing.T) {
	v := newVillage(t)
	b := v.in(v.phoneOf("มะลิ", nil))
	base := b.begins()
	id := casefile.AidID(strings.TrimPrefix(base, "/smart/requests/"))
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100)...)
	fields := b.form(base + "/photos")
	for range 2 {
		if res := b.upload(base+"/photos", fields, png); res.Code != http.StatusSeeOther {
			t.Fatalf("%d\n%s", res.Code, res.Body)
		}
	}
	if n := len(v.book.files[id]); n != 1 {
		t.Errorf("%d photos", n)
	}
	page := b.get(base + "/photos").Body.String()
	src := regexp.MustCompile(`<img src="([^"]+)"`).FindStringSubmatch(page)
	if src == nil {
		t.Fatalf("no photo on the page:\n%s", page)
	}
	res := b.get(src[1])
	if res.Code != http.StatusOK || res.Header().Get("Content-Type") != "image/png" || !strings.Contains(res.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the photo: %d %v", res.Code, res.Header())
	}
	if res := b.upload(base+"/photos", b.form(base+"/photos"), []byte("<html><script>")); res.Code != http.StatusUnprocessableEntity {
		t.Errorf("a page was taken for a photo: %d", res.Code)
	}
	if res := b.upload(base+"/photos", b.form(base+"/photos"), make([]byte, maxSmartPhoto+1)); res.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", res.Code)
	}
}

func TestAVisitIsRecordedOrSaidToBeImpossible(t *testing.T) {
	v := newVillage(t)
	hers := v.in(v.phoneOf("มะลิ", nil))
	phone := v.phoneOf("ผู้เยี่ยม", nil)
	visitor := v.in(phone)
	base := hers.begins()
	hers.fillIn(base, "สายใจ")
	id := casefile.AidID(strings.TrimPrefix(base, "/smart/requests/"))
	a := v.book.requests[id]
	a.State, a.Visitor, a.VisitAt, a.DueAt, a.SubmittedAt = casefile.AidVisitSet, v.users.members[phone.ID()].ID, now.Add(time.Hour), now.Add(48*time.Hour), now.Add(-time.Hour)
	v.book.requests[id] = a

	if page := visitor.get("/smart/").Body.String(); !strings.Contains(page, "เยี่ยมบ้าน") || !strings.Contains(page, base) {
		t.Error("the visit is not among the tasks")
	}
	if page := visitor.get(base).Body.String(); !strings.Contains(page, "สายใจ") || !strings.Contains(page, "12 หมู่ 3") || !strings.Contains(page, "geo:16.82") {
		t.Error("the visitor cannot find the home")
	}
	if page := hers.get(base).Body.String(); strings.Contains(page, base+"/visit") {
		t.Error("who filed it is offered the visit")
	}
	form := visitor.form(base+"/visit", "house", "1", "illness", "3", "schooling", "4", "enough", "1", "papers", "4", "text", "หลังคารั่ว")
	for range 2 {
		if res := visitor.post(base+"/visit", form); res.Code != http.StatusSeeOther {
			t.Fatalf("%d\n%s", res.Code, res.Body)
		}
	}
	if len(v.book.orders) != 1 {
		t.Errorf("heard %d times", len(v.book.orders))
	}
	for _, o := range v.book.orders {
		if o.Kind != casefile.AidWasVisited || o.By != v.users.members[phone.ID()].Actor() || o.Private.Text != "หลังคารั่ว" || o.Private.Logbook == nil || fmt.Sprint(o.Private.Logbook.Answers["house"]) != "1" {
			t.Errorf("%+v", o)
		}
	}
	if res := visitor.post(base+"/missed", visitor.form(base+"/visit")); res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), "เลือกเหตุผล") {
		t.Errorf("without a reason: %d", res.Code)
	}
	if res := visitor.post(base+"/missed", visitor.form(base+"/visit", "reason", "NOBODY_HOME")); res.Code != http.StatusSeeOther || len(v.book.orders) != 2 {
		t.Errorf("nobody at home: %d", res.Code)
	}
}

// Who stands in the home raises an emergency from the page, whether they filed it or visit.
func TestDangerIsRaisedFromThePage(t *testing.T) {
	v := newVillage(t)
	hers := v.in(v.phoneOf("มะลิ", nil))
	phone := v.phoneOf("ผู้เยี่ยม", nil)
	visitor := v.in(phone)
	base := hers.begins()
	hers.fillIn(base, "สายใจ")
	if page := hers.get(base).Body.String(); strings.Contains(page, base+"/urgent") {
		t.Error("a draft is offered as an emergency: nobody has it yet")
	}
	id := casefile.AidID(strings.TrimPrefix(base, "/smart/requests/"))
	a := v.book.requests[id]
	a.State, a.Visitor, a.VisitAt, a.DueAt, a.SubmittedAt = casefile.AidVisitSet, v.users.members[phone.ID()].ID, now.Add(time.Hour), now.Add(48*time.Hour), now.Add(-time.Hour)
	v.book.requests[id] = a
	for _, b := range []*browser{hers, visitor} {
		if page := b.get(base).Body.String(); !strings.Contains(page, base+"/urgent") {
			t.Error("no button for danger")
		}
		if res := b.post(base+"/urgent", b.form(base)); res.Code != http.StatusSeeOther {
			t.Errorf("%d\n%s", res.Code, res.Body)
		}
	}
	if len(v.book.orders) != 2 {
		t.Errorf("heard %d times", len(v.book.orders))
	}
	for _, o := range v.book.orders {
		if o.Kind != casefile.AidIntoAlarm {
			t.Errorf("%+v", o)
		}
	}
}

func TestThePagesSpeakEnglishToo(t *testing.T) {
	v := newVillage(t)
	b := v.in(v.phoneOf("mali", nil))
	base := b.begins()
	if res := b.post("/smart/language", url.Values{"language": {"en"}, "to": {base + "/subject"}}); res.Header().Get("Location") != base+"/subject" {
		t.Errorf("sent to %s", res.Header().Get("Location"))
	}
	thai := regexp.MustCompile(`[\x{0E00}-\x{0E7F}]+`)
	for _, page := range []string{"/smart/", "/smart/people", "/smart/me", base, base + "/subject", base + "/home", base + "/members", base + "/logbook", base + "/need", base + "/consents", base + "/photos", base + "/check"} {
		body := b.get(page).Body.String()
		body = strings.NewReplacer("อพม. <b>Smart", "", "อพม. Smart", "", ">ไทย<", "").Replace(body)
		if left := thai.FindString(body); left != "" {
			t.Errorf("%s still says %s", page, left)
		}
	}
}
