package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestOldCasesAreFoundByTheCallersNumber(t *testing.T) {
	d := open(t)
	for _, phone := range []string{"0812345678", "081-234 5678", "+66812345678", "66812345678", "+66 081 234 5678", "๐๘๑๒๓๔๕๖๗๘"} {
		d.viewed = nil
		res := d.asks(somsri, http.MethodPost, "/v1/old-cases", map[string]any{"phone": phone, "purpose": "protection_followup"})
		if got := read[OldCases](t, res, http.StatusOK); len(got.Cases) != 3 || got.Cases[0].Code != "1111-1111" || got.Cases[0].Province != "65" {
			t.Errorf("%s found %+v", phone, got)
		}
		if want := []string{"somsri +66812345678 protection_followup"}; !slices.Equal(d.viewed, want) {
			t.Errorf("%s recorded %v", phone, d.viewed)
		}
		for _, personal := range []string{canary, "812345678", "16.82", string(ownCase), "reporter"} {
			if strings.Contains(res.Body.String(), personal) {
				t.Errorf("the answer shows %q: %s", personal, res.Body)
			}
		}
	}
	if strings.Contains(d.logged(), "812345678") {
		t.Error("the log has the number")
	}
	got := read[OldCases](t, d.asks(radio65, http.MethodPost, "/v1/old-cases", map[string]any{"phone": "0812345678", "purpose": "emergency_response"}), http.StatusOK)
	if len(got.Cases) != 1 || got.Cases[0].Province != "65" {
		t.Errorf("an operator of 65 found %+v", got)
	}
}

func TestASearchNeedsANumberAndAPurpose(t *testing.T) {
	d := open(t)
	for _, body := range []map[string]any{
		{"phone": "0812345678"}, {"purpose": "audit"}, {"phone": "0812345678", "purpose": "curiosity"}, {"phone": "mali's number", "purpose": "audit"},
		{"phone": "0812345678 Mali", "purpose": "audit"},
	} {
		res := d.asks(somsri, http.MethodPost, "/v1/old-cases", body)
		if res.Code != http.StatusUnprocessableEntity || strings.Contains(res.Body.String(), "812345678") {
			t.Errorf("%v answered %d %s", body, res.Code, res.Body)
		}
	}
	if len(d.viewed) != 0 {
		t.Errorf("recorded %v", d.viewed)
	}
}

// Nobody goes through a list of numbers; others are not held up by who tries.
func TestSearchesAreFew(t *testing.T) {
	d := open(t)
	search := func(token string) int {
		return d.asks(token, http.MethodPost, "/v1/old-cases", map[string]any{"phone": "0812345678", "purpose": "audit"}).Code
	}
	answers := map[int]int{}
	for range 3 * searchBurst {
		answers[search(somsri)]++
	}
	if answers[http.StatusOK] < searchBurst || answers[http.StatusTooManyRequests] == 0 || len(answers) != 2 {
		t.Errorf("answered %v", answers)
	}
	if got := search(wichai); got != http.StatusOK {
		t.Errorf("another operator was answered %d", got)
	}
}
