package smoke

import (
	"bytes"
	"errors"
	"html"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ess-thailand/ess/casefile"
)

// browser is the browser of somebody's phone, without scripts. It counts what a thumb does.
type browser struct {
	t    *testing.T
	h    *town
	http http.Client
	taps int
	keys int
	cut  bool // the line breaks before the next answer arrives
}

var errCut = errors.New("the line broke")

// RoundTrip carries a request to the end, and may lose its answer.
func (b *browser) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	if err == nil && b.cut && req.URL.Host == b.h.Listen {
		b.cut = false
		_ = res.Body.Close()
		return nil, errCut
	}
	return res, err
}

// volunteer enlists an อพม. of the town.
func (h *town) smartVolunteer(name string) *person {
	h.t.Helper()
	p := h.phone(name)
	h.members = append(h.members, []string{
		h.code(name), h.code(string(casefile.LevelMSDHSProvince)), name, p.ID(), "", "", "SDV", "VOLUNTEER", "th", number(h.pin.Lat), number(h.pin.Lon), "false", "false",
	})
	h.enlist()
	return p
}

// browses opens a browser on a phone; whoever signs in there does so with its LINE.
func (p *person) browses() *browser {
	p.town.t.Helper()
	jar, _ := cookiejar.New(nil)
	b := &browser{t: p.town.t, h: p.town}
	b.http = http.Client{Jar: jar, Transport: b}
	b.http.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(req.URL.Path, "/authorize") { // at LINE: this phone
			q := req.URL.Query()
			q.Set("user", p.ID())
			req.URL.RawQuery = q.Encode()
		}
		return nil
	}
	return b
}

func (b *browser) address(path string) string { return "http://" + b.h.Listen + path }

// open shows a page, and is where it lies and what stands in it.
func (b *browser) open(path string) (at, page string) {
	b.t.Helper()
	res, err := b.http.Get(b.address(path))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.read(res)
}

func (b *browser) read(res *http.Response) (at, page string) {
	b.t.Helper()
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.t.Fatalf("%s answered %d %v:\n%s", res.Request.URL.Path, res.StatusCode, err, body)
	}
	return res.Request.URL.Path, string(body)
}

// form is what a page's form carries without being asked.
func (b *browser) form(path string) url.Values {
	b.t.Helper()
	_, page := b.open(path)
	v := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		if !v.Has(m[1]) {
			v.Set(m[1], html.UnescapeString(m[2]))
		}
	}
	return v
}

// fills writes answers into a page and presses its button: a tap for every field
// and for the button, and the keys of what is typed. The line breaks before the
// answer arrives, and the same is sent again, as a person does.
func (b *browser) fills(page, to string, typed, chosen url.Values) (at, body string) {
	b.t.Helper()
	v := b.form(page)
	for name, values := range typed {
		v[name] = values
		b.taps++
		b.keys += utf8.RuneCountInString(values[0])
	}
	for name, values := range chosen {
		v[name] = values
		b.taps += len(values)
	}
	b.taps++
	b.cut = true
	if _, err := b.http.PostForm(b.address(to), v); !errors.Is(err, errCut) {
		b.t.Fatalf("%s: the line did not break: %v", to, err)
	}
	res, err := b.http.PostForm(b.address(to), v)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.read(res)
}

// sendsPhoto sends a photo, once more when the line breaks.
func (b *browser) sendsPhoto(page string) {
	b.t.Helper()
	var content bytes.Buffer
	if err := png.Encode(&content, image.NewRGBA(image.Rect(0, 0, 64, 64))); err != nil {
		b.t.Fatal(err)
	}
	v := b.form(page)
	b.cut = true
	for {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for name := range v {
			_ = w.WriteField(name, v.Get(name))
		}
		part, err := w.CreateFormFile("photo", "photo.png")
		if err == nil {
			_, err = part.Write(content.Bytes())
		}
		if err != nil || w.Close() != nil {
			b.t.Fatal(err)
		}
		res, err := b.http.Post(b.address(page), w.FormDataContentType(), &body)
		if errors.Is(err, errCut) {
			continue
		}
		if err != nil {
			b.t.Fatal(err)
		}
		b.read(res)
		return
	}
}

// I file a request for a neighbour on my phone, page by page. The line breaks after
// every button. Nothing is lost, nothing is there twice, and I see that it arrived.
func TestAVolunteerFilesFromAPhoneOnABadLine(t *testing.T) {
	h := start(t)
	b := h.smartVolunteer("มะลิ").browses()
	at, page := b.open("/smart/sign-in")
	if at != "/smart/" || !strings.Contains(page, "มะลิ") {
		t.Fatalf("not signed in: at %s", at)
	}
	at, _ = b.fills("/smart/", "/smart/requests", nil, nil)
	base := strings.TrimSuffix(at, "/subject")
	for _, step := range []struct {
		page          string
		typed, chosen url.Values
	}{
		{"/subject", url.Values{"first_name": {"สายใจ"}, "last_name": {"ใจดี"}, "birth_date": {"2490"}, "phone": {"0812345678"}}, url.Values{"no_number": {"1"}, "sex": {"FEMALE"}, "safe_to_call": {"1"}}},
		{"/home", url.Values{"address": {"12 หมู่ 3"}, "pin": {number(h.pin.Lat) + "," + number(h.pin.Lon)}}, url.Values{"district": {h.province.Code + "01"}, "tenure": {"RENT"}}},
		{"/members", url.Values{"first_name": {"เอก"}, "birth_date": {"2558"}}, url.Values{"relation": {"CHILD"}, "school": {"IN_SCHOOL"}}},
		{"/logbook", nil, url.Values{"house": {"2"}, "illness": {"3"}, "schooling": {"4"}, "enough": {"1"}, "papers": {"4"}}},
		{"/need", url.Values{"income": {"2500"}}, url.Values{"problems": {"INCOME_LIVING"}, "wanted": {"EMERGENCY"}, "urgency": {"NORMAL"}}},
		{"/consents", nil, url.Values{"purposes": {"AID", "CONTACT"}, "basis": {"CONSENT"}, "way": {"cash"}}},
	} {
		b.fills(base+step.page, base+step.page, step.typed, step.chosen)
	}
	_, page = b.open(base + "/members")
	if n := strings.Count(page, "<b>เอก</b>"); n != 1 {
		t.Errorf("the child is there %d times", n)
	}
	b.sendsPhoto(base + "/photos")
	if _, page = b.open(base + "/photos"); strings.Count(page, "<img ") != 1 {
		t.Error("the photo is not there, or twice")
	}
	if at, _ = b.fills(base+"/check", base+"/send", nil, nil); at != base {
		t.Errorf("after sending I am at %s", at)
	}
	h.eventually("the page says that it arrived", func() bool {
		_, page = b.open(base)
		return strings.Contains(page, "ได้รับคำขอแล้ว")
	})
	if n := strings.Count(page, "<li>ส่งคำขอ"); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
	if _, page = b.open("/smart/people"); !strings.Contains(page, "สายใจ") {
		t.Error("she is not among my people")
	}
	// There is danger in that home: one press, and the station of the pin has it, with nothing typed again.
	taps, keys := b.taps, b.keys
	b.fills(base, base+"/urgent", nil, nil)
	id := casefile.AidID(strings.TrimPrefix(base, "/smart/requests/"))
	h.hasAlarm(h.aidStandsAt(id, casefile.AidUrgent).Case)
	b.taps, b.keys = taps, keys
	// A slow thumb: 1.5 s for each tap with the look before it, 0.5 s for each key.
	seconds := float64(b.taps)*1.5 + float64(b.keys)*.5
	t.Logf("%d taps and %d keys: about %.0f s for a request of some twenty fields", b.taps, b.keys, seconds)
	if seconds > 120 {
		t.Errorf("%.0f s is more than two minutes", seconds)
	}
}

// hasAlarm waits until the station of the town was alerted about a case.
func (h *town) hasAlarm(id casefile.CaseID) {
	h.t.Helper()
	station := h.desk(casefile.LevelStation)
	h.eventually("the station is alerted", func() bool { return station.heard(string(id)) || station.heard(casefile.Case{ID: id}.Code()) })
}

// I am no member: the pages tell me how to join, and show me nothing. I am suspended:
// I am out at once.
func TestOnlyAMemberSeesTheVolunteersPages(t *testing.T) {
	h := start(t)
	b := h.phone("somebody").browses()
	res, err := b.http.Get(b.address("/smart/sign-in"))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusForbidden || !strings.Contains(string(body), "สมัครเป็นสมาชิก") {
		t.Errorf("a citizen sees %d:\n%s", res.StatusCode, body)
	}
	b = h.smartVolunteer("ดาว").browses()
	if at, _ := b.open("/smart/sign-in"); at != "/smart/" {
		t.Fatalf("not signed in: at %s", at)
	}
	if status, raw := h.membership(h.memberID("ดาว"), "SUSPEND", "COMPLAINT"); status != http.StatusOK {
		t.Fatalf("suspend: %d %s", status, raw)
	}
	if at, _ := b.open("/smart/"); at != "/smart/welcome" {
		t.Errorf("suspended, and at %s", at)
	}
}
