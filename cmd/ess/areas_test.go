package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

func TestAreasAreTakenWholeOrNotAtAll(t *testing.T) {
	stations := []casefile.Unit{
		{ID: "u1", Code: "st-1", Level: casefile.LevelStation, State: casefile.UnitLive},
		{ID: "u2", Code: "st-2", Level: casefile.LevelStation, State: casefile.UnitClosed},
	}
	read := func(lines ...string) (string, error) {
		file := filepath.Join(t.TempDir(), "areas.csv")
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		areas, err := readAreas(file, policy.DefaultPlaces(), stations)
		return fmt.Sprint(areas), err
	}
	if got, err := read("\ufeffdistrict,unit", "6501, st-1", "6502,st-1"); err != nil || got != "[{6501 u1} {6502 u1}]" {
		t.Errorf("%s, %v", got, err)
	}
	_, err := read("district,unit", "6501,st-1", "9999,st-1", "6501,st-1", "6502,st-9", "6503,st-2", "6504")
	if err == nil {
		t.Fatal("a list with bad lines was taken")
	}
	for line, why := range map[int]string{3: "9999", 4: "twice", 5: "st-9", 6: "closed", 7: "columns"} {
		if want := fmt.Sprintf("areas.csv:%d: ", line); !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), why) {
			t.Errorf("line %d (%s) is not reported: %v", line, why, err)
		}
	}
	if strings.Contains(err.Error(), "areas.csv:2:") {
		t.Errorf("a good line is reported: %v", err)
	}
	if _, err := read("unit,district", "st-1,6501"); err == nil {
		t.Error("columns in another order were taken")
	}
}
