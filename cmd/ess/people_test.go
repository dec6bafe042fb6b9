package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

func TestFilesAreReadAsSpreadsheetsWriteThem(t *testing.T) {
	const text = "code,name\n1,มะลิ\n"
	tis, err := charmap.Windows874.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for how, raw := range map[string]string{"UTF-8": text, "a byte-order mark": "\ufeff" + text, "TIS-620": tis} {
		if got, err := decodeText([]byte(raw)); err != nil || got != text {
			t.Errorf("%s: %q, %v", how, got, err)
		}
	}
	if _, err := decodeText([]byte("\xff\xfe\x01\x0e")); err == nil {
		t.Error("what is neither was read")
	}
}

// Every broken line is reported by number, field and reason in both languages; none stops the others, and none is quoted.
func TestBrokenLinesAreReportedAndTheOthersRead(t *testing.T) {
	p := &parts{places: policy.DefaultPlaces(), store: &postgres.Store{Now: func() time.Time { return time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC) }}}
	file := filepath.Join(t.TempDir(), "people.csv")
	lines := []string{
		strings.Join(peopleColumns, ","),
		"1,มะลิ,ดีงาม,1234567890121,3/5/2560,FEMALE,TH,65,081-234-5678,",
		"2,บัว,ดีงาม,1234567890120,3/5/2560,FEMALE,TH,65,,",
		"3,กุหลาบ,ดีงาม,,31/4/2560,FEMALE,TH,00,123,",
		"4,จำปา,ดีงาม",
		`5"x,จำปี,ดีงาม,,,,,65,,`,
		",แก้ว,ดีงาม,,,,,65,,",
		"7,พิกุล,ดีงาม,,,,,65,,",
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var good []string
	err := readCSV(file, peopleColumns, func(row map[string]string) error {
		who, err := p.parsePerson(row)
		if err == nil {
			good = append(good, who.First)
		}
		return err
	})
	if !slices.Equal(good, []string{"มะลิ", "พิกุล"}) {
		t.Errorf("read %v", good)
	}
	for _, want := range []string{
		":3: number: เลขประจำตัวประชาชนไม่ถูกต้อง", "check digit", ":4: birth_date: ", "not a day that exists", "phone: ", ":5: 3 columns", "line 6", ":7: code: ",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the report lacks %q:\n%v", want, err)
		}
	}
	for _, secret := range []string{"บัว", "กุหลาบ", "จำปา", "จำปี", "แก้ว", "1234567890120"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the report quotes %s", secret)
		}
	}
}
