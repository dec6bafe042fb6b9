package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// Every code that can stand on a paper or a page has words, in both languages.
func TestEveryAidCodeHasWords(t *testing.T) {
	said := func(what string, w Text) {
		if w.Th == "" || w.En == "" {
			t.Errorf("%s has no words", what)
		}
	}
	for _, s := range casefile.AidStates {
		said(string(s), AidStatusWords(s))
	}
	for _, p := range casefile.Problems {
		said(string(p), ProblemWords(p))
	}
	for _, k := range casefile.RelationKinds {
		said(string(k), RelationWords(k))
	}
	codes := slices.Concat(casefile.AidTenures, casefile.AidSchools, casefile.Bases, casefile.AidReasons[casefile.AidRefused], casefile.AidReasons[casefile.AidSentBack])
	for _, p := range casefile.ConsentPurposes {
		codes = append(codes, string(p))
	}
	for _, c := range codes {
		said(c, AidCodeWords(c))
	}
}

// Whoever looks over a shoulder learns that something goes on, and not what.
func TestStatusWordsAreSafe(t *testing.T) {
	for _, s := range casefile.AidStates {
		w := AidStatusWords(s)
		for _, word := range []string{"เงิน", "บาท", "อนุมัติ", "ยากจน", "สงเคราะห์", "พม.", "ความรุนแรง"} {
			if strings.Contains(w.Th, word) {
				t.Errorf("%s says %q", s, word)
			}
		}
		for _, word := range []string{"money", "baht", "grant", "refus", "reject", "poor", "violence", "emergency"} {
			if strings.Contains(strings.ToLower(w.En), word) {
				t.Errorf("%s says %q", s, word)
			}
		}
	}
}
