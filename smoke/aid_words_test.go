package smoke

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// pages is a browser on a member's phone.
type pages struct {
	*person
	client http.Client
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z0-9]+)" value="([^"]*)">`)

// opensPages signs in with LINE, as a browser does.
func (p *person) opensPages() *pages {
	p.town.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.town.t.Fatal(err)
	}
	b := &pages{person: p}
	b.client = http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	atLINE := b.goes(b.do(http.MethodGet, "/smart/sign-in", nil)) + "&user=" + p.ID()
	if home := b.goes(b.do(http.MethodGet, b.goes(b.do(http.MethodGet, atLINE, nil)), nil)); home != "/smart/" {
		p.town.t.Fatalf("%s is not signed in, but sent to %s", p.name, home)
	}
	return b
}

func (b *pages) do(method, to string, form url.Values) *http.Response {
	b.town.t.Helper()
	if strings.HasPrefix(to, "/") {
		to = "http://" + b.town.Listen + to
	}
	req, err := http.NewRequest(method, to, strings.NewReader(form.Encode()))
	if err != nil {
		b.town.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.town.t.Fatal(err)
	}
	return res
}

// goes is where an answer sends the browser.
func (b *pages) goes(res *http.Response) string {
	b.town.t.Helper()
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if res.StatusCode < 300 || res.StatusCode > 399 {
		b.town.t.Fatalf("%s: %d %s", res.Request.URL.Path, res.StatusCode, body)
	}
	return res.Header.Get("Location")
}

// fills in a page and sends it to an address, with what the page carries beside.
func (b *pages) fills(page, to string, answers ...string) string {
	b.town.t.Helper()
	res := b.do(http.MethodGet, page, nil)
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	v := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(string(body), -1) {
		if !v.Has(m[1]) {
			v.Set(m[1], html.UnescapeString(m[2]))
		}
	}
	for i := 0; i < len(answers); i += 2 {
		v.Add(answers[i], answers[i+1])
	}
	return b.goes(b.do(http.MethodPost, to, v))
}

// files a request about somebody from the phone.
func (b *pages) files(first, address string) casefile.AidID {
	b.town.t.Helper()
	base := strings.TrimSuffix(b.fills("/smart/", "/smart/requests"), "/subject")
	district := ""
	for _, d := range policy.DefaultPlaces().Districts() {
		if d.Code[:2] == b.town.province.Code {
			district = d.Code
			break
		}
	}
	for _, page := range [][]string{
		{"/subject", "first_name", first, "last_name", "ใจดีมาก", "no_number", "1", "birth_date", "2490", "sex", "FEMALE", "phone", "081 234 5678"},
		{"/home", "address", address, "district", district, "tenure", "RENT"},
		{"/logbook", "house", "2", "illness", "3", "schooling", "4", "enough", "1", "papers", "4"},
		{"/need", "problems", "INCOME_LIVING", "problems", "ELDERLY", "wanted", "EMERGENCY", "income", "2,500", "urgency", "NORMAL"},
		{"/consents", "purposes", "AID", "basis", "CONSENT", "way", "cash"},
	} {
		b.fills(base+page[0], base+page[0], page[1:]...)
	}
	b.sendsIt(casefile.AidID(strings.TrimPrefix(base, "/smart/requests/")))
	return casefile.AidID(strings.TrimPrefix(base, "/smart/requests/"))
}

func (b *pages) sendsIt(id casefile.AidID) {
	b.town.t.Helper()
	base := "/smart/requests/" + string(id)
	if to := b.fills(base+"/check", base+"/send"); to != base {
		b.town.t.Fatalf("the request was not sent: %s", to)
	}
}

// aidComesTo waits until a request stands somewhere.
func (h *town) aidComesTo(id casefile.AidID, want casefile.AidState) {
	h.t.Helper()
	h.eventually("the request is "+string(want), func() bool {
		var a struct{ State casefile.AidState }
		h.does("somsri", http.MethodGet, "/v1/aid-requests/"+string(id), nil, http.StatusOK, &a)
		return a.State == want
	})
}

// aidOrder has an operator do something with a request.
func (h *town) aidOrder(operator string, id casefile.AidID, kind string, body map[string]any) {
	h.t.Helper()
	if body == nil {
		body = map[string]any{}
	}
	h.does(operator, http.MethodPost, "/v1/aid-requests/"+string(id)+"/orders/"+kind, body, http.StatusOK, nil)
}

// vouches confirms a row of the aid catalogue as it stands, once in all of the town's system.
func (h *town) vouches(codes ...string) {
	h.t.Helper()
	for _, code := range codes {
		digest := ""
		for _, r := range policy.Default().AidRows(h.Clock.Case(time.Now())) {
			if r.Code == code {
				digest = r.Digest
			}
		}
		h.does("somsri", http.MethodPost, "/v1/aid-catalogue/"+code+"/confirm", map[string]any{"digest": digest, "name": "นางสาวตัวอย่าง ใจดี", "source": "หนังสือตัวอย่าง"}, http.StatusNoContent, nil)
	}
}

// I filed a request for a neighbour. LINE told me when it came back, when it was visited and what became of it, and
// whoever read it over my shoulder learnt neither who she is, nor where, nor how much. The decision is on paper, and the
// paper is the same tomorrow.
func TestWhoFiledARequestFollowsItInLINE(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bob": 600})
	ann, bob := h.people["ann"], h.people["bob"]
	h.vouches("EMERGENCY", policy.AppealUntil)
	phone := ann.opensPages()
	id := phone.files("สายน้ำผึ้ง", "777/9 ซอยลับแล")
	ann.hears("ส่งคำขอแล้ว")
	h.aidComesTo(id, casefile.AidSubmitted)

	h.aidOrder("somsri", id, "return", map[string]any{"reason": "INCOMPLETE", "text": "ขอเลขที่บ้านของสายน้ำผึ้ง"})
	ann.hears("ถูกส่งกลับ")
	phone.sendsIt(id)
	h.aidComesTo(id, casefile.AidSubmitted)
	h.aidOrder("somsri", id, "screen", nil)

	visit := map[string]any{"member": h.memberID("bob"), "visit_at": h.Clock.Case(time.Now()).Add(time.Hour)}
	h.aidOrder("somsri", id, "schedule-visit", visit)
	bob.hears("งานเยี่ยมบ้านของท่าน")
	ann.hears("นัดเยี่ยมบ้านแล้ว")
	bob.picks(casefile.ActAidMissed, "NOBODY_HOME", "")
	bob.hears("ยังไม่ได้เยี่ยม")
	visit["visit_at"] = h.Clock.Case(time.Now()).Add(time.Hour)
	h.aidOrder("somsri", id, "schedule-visit", visit)
	h.aidOrder("somsri", id, "visited", map[string]any{"text": "พบสายน้ำผึ้งที่บ้าน"})
	h.aidOrder("somsri", id, "plan", map[string]any{"items": []any{map[string]any{"code": "EMERGENCY", "satang": 3000_00}}})
	h.aidOrder("wichai", id, "approve", nil)
	ann.hears("อนุมัติ")

	papers := "/v1/aid-requests/" + string(id) + "/papers"
	var given struct{ Number, Office, Kind string }
	h.does("wichai", http.MethodPost, papers+"/decision?purpose=protection_followup", map[string]any{"signer": map[string]any{"name": "นายตัวอย่าง มั่นคง", "position": "พมจ."}}, http.StatusCreated, &given)
	file := papers + "/" + given.Number + "?office=" + given.Office + "&purpose=protection_followup"
	status, pdf := h.request("somsri", http.MethodGet, file, nil)
	_, twice := h.request("somsri", http.MethodGet, file, nil)
	if status != http.StatusOK || string(pdf) != string(twice) {
		t.Fatalf("the decision is answered %d, %d bytes, and %d the second time", status, len(pdf), len(twice))
	}
	for _, want := range []string{"สายน้ำผึ้ง", "๓,๐๐๐.๐๐", "สามพันบาทถ้วน", "สิบห้าวัน"} {
		if !strings.Contains(strings.ReplaceAll(inPDF(pdf), " ", ""), want) {
			t.Errorf("the decision does not say %q", want)
		}
	}
	if status, _ := h.request(scoped, http.MethodGet, file, nil); status != http.StatusNotFound {
		t.Errorf("an operator of another province is answered %d", status)
	}

	made, _ := h.pays(given.Office) // over the counter: nothing for the bank
	if len(made.Batch.Orders) != 1 {
		t.Fatalf("the batch: %+v", made)
	}
	body := map[string]any{"paid": true, "receipt": "1/2569", "signature": h.pictures(id)[1]}
	h.does(teller, http.MethodPost, "/v1/aid-payments/orders/"+made.Batch.Orders[0].Reference+"/counter", body, http.StatusNoContent, nil)
	ann.hears("จ่ายครบแล้ว")
	h.does("somsri", http.MethodPost, papers+"/receipt?purpose=protection_followup", map[string]any{}, http.StatusCreated, nil)
	var all struct{ Papers []struct{ Kind string } }
	h.does("somsri", http.MethodGet, papers, nil, http.StatusOK, &all)
	if len(all.Papers) != 2 || all.Papers[0].Kind != "AID_DECISION" || all.Papers[1].Kind != "AID_RECEIPT" {
		t.Errorf("the papers are %+v", all)
	}

	for name, p := range h.people {
		said := p.said()
		for _, never := range []string{"สายน้ำผึ้ง", "ใจดีมาก", "777/9", "ซอยลับแล", "0812345678", h.province.NameTh, "3,000", "300000"} {
			if strings.Contains(said, never) {
				t.Errorf("%s was told %q: %s", name, never, said)
			}
		}
	}
}
