package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// A roster may say how its members are reached beside LINE; a list without these
// columns is as good as before.
func TestARosterMayCarryTelephonesAndMailboxes(t *testing.T) {
	units := map[string]casefile.Unit{"st": {ID: "unit-st", Code: "st", Level: casefile.LevelStation, State: casefile.UnitLive}}
	line := "U0123456789abcdef0123456789abcdef"
	read := func(rows ...string) (people []person, err error) {
		file := filepath.Join(t.TempDir(), "members.csv")
		if err := os.WriteFile(file, []byte(strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		err = readCSV(file, memberColumns, func(row map[string]string) error {
			m, err := parseMember(row, units)
			people = append(people, m)
			return err
		}, contactColumns...)
		return people, err
	}
	header := strings.Join(memberColumns, ",")
	member := func(account string) string {
		return "a,st,สมชาย," + account + ",POLICE,,AGENCY,PROFESSIONAL,th,,,true,false"
	}

	people, err := read(header+",phone,email", member(line)+",081-234-5678,somchai@example.org", member("")+",๐๘๑ ๒๓๔ ๕๖๗๙,")
	if err != nil || people[0].Phone != "+66812345678" || people[0].Email != "somchai@example.org" || people[1].Phone != "+66812345679" || people[1].LINE != "" {
		t.Errorf("read %+v, %v", people, err)
	}
	if people, err = read(header, member(line)); err != nil || people[0].Phone != "" {
		t.Errorf("read %+v, %v", people, err)
	}
	for name, rows := range map[string][]string{
		"half of the columns":  {header + ",phone", member(line) + ",0812345678"},
		"a short number":       {header + ",phone,email", member(line) + ",1300,"},
		"no mailbox":           {header + ",phone,email", member(line) + ",,somchai"},
		"nothing to reach him": {header + ",phone,email", member("") + ",,"},
	} {
		_, err := read(rows...)
		if err == nil {
			t.Errorf("%s: taken", name)
		} else if strings.Contains(err.Error(), "1300") || strings.Contains(err.Error(), "somchai") {
			t.Errorf("%s: the mistake quotes what is personal: %v", name, err)
		}
	}
}
