package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/policy"
)

func TestTheAidCatalogueIsShownAndReplaced(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, policy.Bangkok)
	var out strings.Builder
	if err := showAid(&out, policy.Default(), at); err != nil {
		t.Fatal(err)
	}
	for _, k := range policy.Default().AidKinds(at) {
		if !strings.Contains(out.String(), k.Code) || !strings.Contains(out.String(), k.Source) {
			t.Errorf("%s is not shown with its source", k.Code)
		}
	}
	file := filepath.Join(t.TempDir(), "aid.yaml")
	own := `
version: "own"
kinds:
  - {code: RICE, th: ข้าวสาร, en: Rice, owner: อบต., goods: true, max: 300, unit: FAMILY, valid_from: 2026-01-01, source: a letter, rules: [CHILD]}
rules:
  CHILD: {th: มีเด็ก, en: A child, test: HAS_CHILD, age: 18, source: a letter}
approvers:
  - tiers: [{above: 0, needed: 1, rights: [OPERATOR]}]
`
	if err := os.WriteFile(file, []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := withAid(policy.Default(), file)
	if err != nil || len(p.AidKinds(at)) != 1 || p.AidKinds(at)[0].Max != 30000 {
		t.Errorf("the file does not replace the catalogue: %v", err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(own, "max: 300", "max: many", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := withAid(policy.Default(), file); err == nil || !strings.Contains(err.Error(), "aid.yaml:4: ") {
		t.Errorf("a mistake is not said with its line: %v", err)
	}
}
