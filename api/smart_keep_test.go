package api

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// A page that was gone back to still has its old key: another photo is another one, and the same photo the same.
func TestAnotherPhotoUnderTheSameKeyIsKeptToo(t *testing.T) {
	v := newVillage(t)
	b := v.in(v.phoneOf("มะลิ", nil))
	base := b.begins()
	id := casefile.AidID(strings.TrimPrefix(base, "/smart/requests/"))
	photo := func(n byte) []byte { return append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100+n)...) }
	fields := b.form(base + "/photos")
	for _, n := range []byte{1, 2, 1} {
		if res := b.upload(base+"/photos", fields, photo(n)); res.Code != http.StatusSeeOther {
			t.Fatalf("photo %d: %d\n%s", n, res.Code, res.Body)
		}
	}
	if res := b.upload(base+"/photos", b.form(base+"/photos"), photo(1)); res.Code != http.StatusSeeOther {
		t.Fatalf("again, from a new page: %d", res.Code)
	}
	sizes := map[int]bool{}
	for _, f := range v.book.files[id] {
		sizes[f.Bytes] = true
	}
	if n := len(v.book.files[id]); n != 2 || len(sizes) != 2 {
		t.Errorf("%d photos of %d sizes, want 2 of 2", n, len(sizes))
	}
}

// What was changed after it was sent, and before anybody heard it, is not answered as sent.
func TestAFormThatWasChangedIsNotTheOneThatWasSent(t *testing.T) {
	v := newVillage(t)
	b := v.in(v.phoneOf("มะลิ", nil))
	base := b.begins()
	b.fillIn(base, "สายใจ")
	first := b.form(base + "/check").Get("key")
	if again := b.form(base + "/check").Get("key"); again != first {
		t.Error("the same form has two keys: it can be sent twice")
	}
	b.saves(base+"/subject", "first_name", "สายใจ", "last_name", "ใจงาม", "no_number", "1")
	if now := b.form(base + "/check").Get("key"); now == first {
		t.Error("a form that was changed goes under the key of the one before")
	}
}

// Another province's districts stay on the page, and the one that was chosen with them, whatever else is wrong on it.
func TestAMistakeKeepsTheDistrictOfAnotherProvince(t *testing.T) {
	v := newVillage(t)
	b := v.in(v.phoneOf("มะลิ", nil))
	base := b.begins()
	var code, name string
	for _, d := range v.server.Places.Districts() {
		if strings.HasPrefix(d.Code, "50") {
			code, name = d.Code, d.NameTh
		}
	}
	page := b.post(base+"/home", b.form(base+"/home", "address", "12 หมู่ 3", "province", "50", "look", "1")).Body.String()
	if !strings.Contains(page, name) || !strings.Contains(page, "12 หมู่ 3") {
		t.Fatal("the districts of the other province are not shown")
	}
	res := b.post(base+"/home", b.form(base+"/home", "address", "12 หมู่ 3", "province", "50", "district", code)) // without the tenure
	if res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), `value="`+code+`" selected`) {
		t.Errorf("%d: the district is gone", res.Code)
	}
	// The keyboard's own button presses the first one of a form, which is not the one that saves.
	b.saves(base+"/home", "address", "12 หมู่ 3", "province", "50", "district", code, "tenure", "RENT", "look", "1")
	if f, _, _ := v.book.Draft(t.Context(), casefile.AidID(strings.TrimPrefix(base, "/smart/requests/"))); f.Home.District != code {
		t.Errorf("kept %q", f.Home.District)
	}
}

// Who forgets to choose a reason loses nothing of what they wrote.
func TestAReasonThatIsMissingLosesNoWords(t *testing.T) {
	v := newVillage(t)
	b := v.in(v.phoneOf("มะลิ", nil))
	base := b.begins()
	b.fillIn(base, "สายใจ")
	id := casefile.AidID(strings.TrimPrefix(base, "/smart/requests/"))
	const words = "รายได้จริงน้อยกว่านี้"
	for page, state := range map[string]casefile.AidState{"/withdraw": casefile.AidScreened, "/contest": casefile.AidRejected} {
		a := v.book.requests[id]
		a.State, a.UntilAt = state, now.AddDate(0, 0, 7)
		v.book.requests[id] = a
		res := b.post(base+page, b.form(base, "text", words))
		if res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), words) || !strings.Contains(res.Body.String(), "เลือกเหตุผล") || !strings.Contains(res.Body.String(), base+page) {
			t.Errorf("%s: %d\n%s", page, res.Code, res.Body)
		}
	}
	if len(v.book.orders) != 0 {
		t.Error("something was said without a reason")
	}
}

// Every field has a label of its own, and a mistake belongs to its field for who cannot see the page, too.
func TestEveryFieldHasItsOwnLabel(t *testing.T) {
	v := newVillage(t)
	hers, ph := v.in(v.phoneOf("มะลิ", nil)), v.phoneOf("ผู้เยี่ยม", nil)
	his := v.in(ph)
	base := hers.begins()
	ids, labels := regexp.MustCompile(` id="([^"]+)"`), regexp.MustCompile(`<label for="([^"]+)"`)
	check := func(page, body string) {
		t.Helper()
		seen := map[string]bool{}
		for _, m := range ids.FindAllStringSubmatch(body, -1) {
			if seen[m[1]] {
				t.Errorf("%s: two things are called %s", page, m[1])
			}
			seen[m[1]] = true
		}
		for _, m := range labels.FindAllStringSubmatch(body, -1) {
			if !seen[m[1]] {
				t.Errorf("%s: the label of %s is nobody's", page, m[1])
			}
		}
	}
	for _, x := range aidSteps {
		check(x.Name, hers.get(base+"/"+x.Name).Body.String())
	}
	if body := hers.post(base+"/home", hers.form(base+"/home")).Body.String(); strings.Count(body, `aria-invalid="true"`) < 2 {
		t.Error("the address and the district lack, and are not marked")
	}
	hers.saves(base+"/members", "first_name", "เอก", "relation", "CHILD")
	if body := hers.get(base + "/members").Body.String(); !strings.Contains(body, `aria-label="ลบ เอก"`) {
		t.Error("who would be removed is not said")
	}
	base, _ = v.visited(hers, ph)
	for _, page := range []string{base, base + "/visit"} {
		check(page, his.get(page).Body.String())
		check(page, hers.get(page).Body.String())
	}
}

// What came back to be corrected is among the tasks, however much was filed and closed since.
func TestAnOldRequestThatCameBackIsStillATask(t *testing.T) {
	v := newVillage(t)
	ph := v.phoneOf("มะลิ", nil)
	b := v.in(ph)
	me := v.users.members[ph.ID()].Actor()
	for n := range mostListed {
		id := casefile.AidID(fmt.Sprintf("a0000000-0000-4000-8000-%012d", n))
		v.book.requests[id] = casefile.AidRequest{ID: id, State: casefile.AidClosed, Filer: me, Form: 1}
	}
	const old = casefile.AidID("b0000000-0000-4000-8000-000000000000")
	v.book.requests[old] = casefile.AidRequest{ID: old, State: casefile.AidReturned, Filer: me, Form: 1, DueAt: now}
	if page := b.get("/smart/").Body.String(); !strings.Contains(page, smartBase(old)+"/check") {
		t.Error("nobody is told that it came back")
	}
}

// A photo that is sent in the middle of writing a visit down loses nothing that was written, whether it is one or not.
func TestAPhotoInTheMiddleOfAVisitLosesNoWords(t *testing.T) {
	v := newVillage(t)
	hers, ph := v.in(v.phoneOf("มะลิ", nil)), v.phoneOf("ผู้เยี่ยม", nil)
	his := v.in(ph)
	base, id := v.visited(hers, ph)
	const words = "หลังคารั่วทั้งหลัง"
	photo := func(n int) []byte { return append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100+n)...) }
	answers := func() url.Values {
		v := his.form(base+"/visit", "text", words, "house", "1", "illness", "3", "schooling", "4", "enough", "1", "papers", "4")
		v.Set("to", "visit") // the language's form has one of that name, too
		return v
	}
	for want, content := range map[int][]byte{http.StatusOK: photo(1), http.StatusUnprocessableEntity: []byte("<html>")} {
		res := his.upload(base+"/photos", answers(), content)
		page := res.Body.String()
		if res.Code != want || !strings.Contains(page, words) || !strings.Contains(page, `name="house" value="1" checked`) || !strings.Contains(page, `action="`+base+`/visit"`) {
			t.Errorf("%d, want %d\n%s", res.Code, want, page)
		}
		if !strings.Contains(page, `name="to" value="`+base+`/visit"`) {
			t.Error("another language leads to a page that is none")
		}
	}
	if res := his.upload(base+"/visit", answers(), photo(2)); res.Code != http.StatusSeeOther { // chosen, and not sent by itself
		t.Fatalf("%d\n%s", res.Code, res.Body)
	}
	if n := len(v.book.files[id]); n != 2 {
		t.Errorf("%d photos", n)
	}
	for _, o := range v.book.orders {
		if o.Private.Text != words {
			t.Errorf("%+v", o)
		}
	}
}
