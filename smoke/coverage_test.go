package smoke

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A row of docs/coverage.md is proven by a test of this package, or not claimed.
func TestCoverageIsProven(t *testing.T) {
	table, err := os.ReadFile("../docs/coverage.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(raw)
	}
	proven := 0
	for _, row := range regexp.MustCompile("(?m)^\\| ([STC][0-9]+) \\|.*\\| `(Test[A-Za-z0-9]+)` \\|$").FindAllStringSubmatch(string(table), -1) {
		proven++
		if !strings.Contains(code.String(), "func "+row[2]+"(t *testing.T)") {
			t.Errorf("row %s names %s, which does not exist", row[1], row[2])
		}
	}
	if proven == 0 {
		t.Error("no row is proven: the table cannot be read")
	}
}
