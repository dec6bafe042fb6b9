package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/paper"
)

// archive numbers papers and keeps none.
type archive struct {
	last paper.Paper
	err  error
}

func (a *archive) IssuePaper(_ context.Context, o paper.Order) (paper.Paper, paper.Document, error) {
	if a.err != nil {
		return paper.Paper{}, paper.Document{}, a.err
	}
	a.last = o.Paper
	a.last.Number, a.last.Year = 7, paper.YearOf(o.Paper.At)
	d, err := a.last.PDF()
	return a.last, d, err
}

func (a *archive) Paper(_ context.Context, _ casefile.CaseID, office casefile.UnitID, _, number int) (paper.Paper, paper.Document, error) {
	if number != 7 || office != "u65" {
		return paper.Paper{}, paper.Document{}, casefile.ErrNotFound
	}
	d, err := a.last.PDF()
	return a.last, d, err
}

func (a *archive) AidPaper(_ context.Context, _ casefile.AidID, office casefile.UnitID, year, number int) (paper.Paper, paper.Document, error) {
	return a.Paper(context.Background(), "", office, year, number)
}

func (a *archive) AidPapers(context.Context, casefile.AidID) ([]paper.Issued, error) {
	return []paper.Issued{{Office: "u65", Year: a.last.Year, Number: a.last.Number, Kind: a.last.Kind, At: a.last.At}}, nil
}

func (a *archive) Unit(_ context.Context, id casefile.UnitID) (casefile.Unit, error) {
	switch id {
	case "u65":
		return casefile.Unit{ID: id, NameTh: "สำนักงานตัวอย่าง", Province: "65", State: casefile.UnitLive}, nil
	case "closed":
		return casefile.Unit{ID: id, NameTh: "ปิด", Province: "65", State: casefile.UnitClosed}, nil
	case "u58":
		return casefile.Unit{ID: id, NameTh: "อื่น", Province: "58", State: casefile.UnitLive}, nil
	}
	return casefile.Unit{}, casefile.ErrNotFound
}

// A paper is refused by the name of the field, and downloaded on the record only.
func TestPapersAreAskedForByName(t *testing.T) {
	d, kept := open(t), &archive{}
	d.server.Papers = kept
	base := "/v1/cases/" + string(ownCase) + "/papers"
	note := func(office string, change map[string]any) map[string]any {
		p := map[string]any{
			"to": "บ้านพัก", "persons": []any{map[string]any{"name": "น้ำ"}}, "state": "ปลอดภัย", "giver": map[string]any{"name": "ก", "position": "ข"},
		}
		for k, v := range change {
			p[k] = v
		}
		return map[string]any{"head": map[string]any{"office": office}, "paper": p}
	}
	post := base + "/handover-note?purpose=referral"
	for _, tt := range []struct {
		field string
		body  map[string]any
	}{
		{"head.office", note("", nil)}, {"head.office", note("closed", nil)}, {"head.office", note("u58", nil)}, {"head.office", note("nobody", nil)},
		{"paper.state", note("u65", map[string]any{"state": " "})}, {"paper.persons", note("u65", map[string]any{"persons": []any{}})},
		{"paper.giver.position", note("u65", map[string]any{"giver": map[string]any{"name": "ก"}})},
		{"paper.to", note("u65", map[string]any{"to": "ရန်ကုန်"})},
	} {
		if p := read[Problem](t, d.asks(radio65, http.MethodPost, post, tt.body), http.StatusUnprocessableEntity); p.Field != tt.field || p.Detail == "" {
			t.Errorf("said %+v, want %s", p, tt.field)
		}
	}
	given := read[PaperGiven](t, d.asks(radio65, http.MethodPost, post, note("u65", nil)), http.StatusCreated)
	if !strings.HasSuffix(given.Number, "-7") || given.Pages != 1 || len(d.viewed) != 0 {
		t.Errorf("given %+v, looks %v", given, d.viewed)
	}
	kept.err = paper.ErrAnother
	if p := read[Problem](t, d.asks(radio65, http.MethodPost, post, note("u65", nil)), http.StatusUnprocessableEntity); p.Code != "key_reused" {
		t.Errorf("the key of another paper is answered %+v", p)
	}
	res := d.asks(radio65, http.MethodGet, base+"/"+given.Number+"?office=u65&purpose=referral", nil)
	if res.Code != http.StatusOK || !strings.HasPrefix(res.Body.String(), "%PDF-") || res.Header().Get("Content-Type") != "application/pdf" || len(d.viewed) != 1 {
		t.Errorf("answered %d with %v, looks %v", res.Code, res.Header(), d.viewed)
	}
	for path, want := range map[string]int{"/2569-8?office=u65&purpose=audit": 404, "/x?office=u65&purpose=audit": 422, "/2569-7?office=u65": 422} {
		if got := d.asks(radio65, http.MethodGet, base+path, nil).Code; got != want {
			t.Errorf("%s is answered %d, want %d", path, got, want)
		}
	}
}

// A case of another province has no papers, and nobody may write one about it.
func TestPapersKeepToTheScope(t *testing.T) {
	d := open(t)
	d.server.Papers = &archive{}
	body := map[string]any{
		"head": map[string]any{"office": "u65"},
		"paper": map[string]any{
			"to": "บ้านพัก", "persons": []any{map[string]any{"name": "น้ำ"}}, "state": "ปลอดภัย", "giver": map[string]any{"name": "ก", "position": "ข"},
		},
	}
	answers := map[string]bool{}
	for _, id := range []casefile.CaseID{farCase, noCase} {
		base := "/v1/cases/" + string(id) + "/papers"
		wrote := d.asks(radio65, http.MethodPost, base+"/handover-note?purpose=referral", body)
		read := d.asks(radio65, http.MethodGet, base+"/2569-7?office=u65&purpose=referral", nil)
		if wrote.Code != http.StatusNotFound || read.Code != http.StatusNotFound {
			t.Errorf("%s: wrote %d, read %d", id, wrote.Code, read.Code)
		}
		answers[wrote.Body.String()], answers[read.Body.String()] = true, true
	}
	if len(answers) != 1 || len(d.viewed) != 0 {
		t.Errorf("what is out of scope looks different from what does not exist: %v, looks %v", answers, d.viewed)
	}
}
