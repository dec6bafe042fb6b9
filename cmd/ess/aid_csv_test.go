package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/internal/simulate"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

// aidParts are as many parts as reading and writing a table needs.
func aidTableParts(t *testing.T) *parts {
	t.Helper()
	return &parts{
		places: policy.DefaultPlaces(), policy: policy.Default(),
		store: &postgres.Store{Sealer: testKeys(t), Now: func() time.Time { return time.Date(2026, 5, 1, 5, 0, 0, 0, time.UTC) }},
	}
}

func aidMapping(t *testing.T, name string) *policy.AidMapping {
	t.Helper()
	m, err := loadMapping(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// households are invented ones, with what a spreadsheet would take for a formula.
func households(t *testing.T, p *parts, n int) []casefile.AidForm {
	t.Helper()
	forms := policy.DefaultForms()
	i := slices.IndexFunc(forms, func(f casefile.Form) bool { return f.Code == policy.LogbookForm })
	d, _ := p.places.District("6501")
	var out []casefile.AidForm
	for k := range n {
		f := simulate.Household(1, k+1, d, forms[i], p.policy.AidKinds(p.store.Now()), 2026)
		f.Need.Story, f.Subject.Phone = "=HYPERLINK(ก)", "+66812345678"
		out = append(out, f)
	}
	return out
}

// table writes forms as a mapping wants them, and returns the file.
func aidTable(t *testing.T, p *parts, m *policy.AidMapping, forms []casefile.AidForm) string {
	t.Helper()
	x := aidExport{parts: p, mapping: m, personal: true}
	var b strings.Builder
	line := func(cells []string) {
		for i := range cells {
			cells[i] = `"` + strings.ReplaceAll(disarmed(cells[i]), `"`, `""`) + `"`
		}
		b.WriteString(strings.Join(cells, ",") + "\r\n")
	}
	var header []string
	for _, c := range m.Columns {
		header = append(header, c.Name)
	}
	line(header)
	for i, f := range forms {
		var cells []string
		for _, c := range m.Columns {
			cell, known := casefile.AidCellOf(c.Field)
			switch {
			case c.Field == policy.RowKey:
				cells = append(cells, string(rune('a'+i)))
			case known:
				cells = append(cells, x.written(c, cell, f))
			default:
				cells = append(cells, "")
			}
		}
		line(cells)
	}
	raw, err := encodeText(b.String(), m.Encoding)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), m.Name+".csv")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// What is written for another system is read again as it was, in every encoding and era.
func TestAFormGoesOutAndComesInAgain(t *testing.T) {
	p := aidTableParts(t)
	for _, name := range policy.AidMappings() {
		t.Run(name, func(t *testing.T) {
			m := aidMapping(t, name)
			in := aidImport{parts: p, mapping: m, source: name}
			want := households(t, p, 12)
			room := 0
			for _, c := range m.Columns {
				if strings.HasPrefix(c.Field, "members.") && strings.HasSuffix(c.Field, ".relation") {
					room++
				}
			}
			for i := range want {
				want[i].Members = want[i].Members[:min(len(want[i].Members), room)]
			}
			file := aidTable(t, p, m, want)
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, err := decodeText(raw)
			if err != nil {
				t.Fatal(err)
			}
			for _, formula := range []string{`"=`, `"+`} {
				if strings.Contains(text, formula) {
					t.Errorf("a cell begins with %s", formula)
				}
			}
			var got []casefile.AidForm
			err = readTable(file, func(h []string) ([]string, error) {
				columns, strange, err := in.columns(h)
				if strange > 0 {
					t.Errorf("%d columns are strange", strange)
				}
				return columns, err
			}, func(cells map[string]string) error {
				row, err := in.row(cells, policy.DefaultForms())
				got = append(got, row.form)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) {
				t.Fatalf("%d forms came in, %d went out", len(got), len(want))
			}
			for i := range want {
				a, b := asText(t, want[i]), asText(t, got[i])
				if a != b {
					t.Fatalf("form %d went out as\n%s\nand came in as\n%s", i, a, b)
				}
			}
		})
	}
}

func asText(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A line with mistakes says the column of each and why in both languages, and quotes nothing; the header is known by other names, too.
func TestALineWithMistakesIsToldByColumn(t *testing.T) {
	p := aidTableParts(t)
	in := aidImport{parts: p, mapping: aidMapping(t, "pom_smart"), source: "own"}
	file := aidTable(t, p, in.mapping, households(t, p, 2))
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimPrefix(string(raw), "\ufeff"), "\r\n")
	lines[0] = strings.Replace(lines[0], `"เลขที่คำขอ"`, `" Request_No "`, 1)
	for i, c := range in.mapping.Columns {
		cells := strings.Split(lines[2], `","`)
		switch c.Field {
		case "subject.sex":
			cells[i] = "ลับมาก"
		case "home.district":
			cells[i] = "เมืองลับ"
		case "need.income":
			cells[i] = "ลับพัน"
		}
		lines[2] = strings.Join(cells, `","`)
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	read := 0
	err = readTable(file, func(h []string) ([]string, error) {
		columns, _, err := in.columns(h)
		return columns, err
	}, func(cells map[string]string) error {
		_, err := in.row(cells, policy.DefaultForms())
		if err == nil {
			read++
		}
		return err
	})
	if read != 1 || err == nil {
		t.Fatalf("read %d, %v", read, err)
	}
	for _, want := range []string{":3: ", "เพศ (subject.sex): ไม่ใช่ค่าในรายการ · not a value of the list", "รายได้ครัวเรือนต่อเดือน (need.income): ไม่ใช่จำนวนเงินบาท · not an amount of baht"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the report lacks %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "ลับ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the report quotes, or has more than a line:\n%v", err)
	}
}

// A row that is corrected by taking its account or its household out takes them out of the request, too.
func TestWhatACorrectedRowHasNoMoreIsTakenOut(t *testing.T) {
	p := aidTableParts(t)
	f := households(t, p, 1)[0]
	f.Members, f.Account = nil, casefile.AidAccount{}
	before := map[casefile.AidPart]int{casefile.PartMembers: 1, casefile.PartAccount: 2}
	in := aidImport{parts: p, mapping: &policy.AidMapping{Columns: []policy.AidColumn{{Field: "account.number"}, {Field: "members.1.first_name"}}}}
	for part := range before {
		if doc, there := in.partsOf(f, before)[part]; !there {
			t.Errorf("%s stays as it was", part)
		} else if raw, err := json.Marshal(doc); err != nil || casefile.CheckAidPart(part, raw, p.store.Now()) != nil {
			t.Errorf("%s: %s, %v", part, raw, err)
		}
		if _, there := in.partsOf(f, nil)[part]; there {
			t.Errorf("%s is saved for nothing", part)
		}
		if _, there := (aidImport{mapping: &policy.AidMapping{}}).partsOf(f, before)[part]; there {
			t.Errorf("%s is taken out by a table that has no such column", part)
		}
	}
}
