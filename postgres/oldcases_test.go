package postgres_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

func TestCasesAreFoundByEveryNumberGivenInThem(t *testing.T) {
	f := setup(t)
	by := func(c casefile.Case) casefile.Actor {
		return casefile.Actor{Kind: casefile.ByReporter, ID: string(c.Reporter)}
	}
	gives := func(c casefile.Case, phone string) casefile.Case {
		return f.record(c, casefile.Event{Kind: casefile.PhoneGiven, By: by(c), Private: casefile.Private{Phone: phone}})
	}
	const mali, other = "+66899990001", "+66899990002"
	first := f.placed(gives(f.report("U1", casefile.Berserk, began), mali), 16.82, 100.26)
	first = gives(gives(first, other), mali) // corrected, and back again
	second := gives(f.report("U2", casefile.Berserk, began.Add(time.Minute)), mali)
	f.report("U3", casefile.Berserk, began)

	desk := postgres.Viewer{Actor: casefile.Actor{Kind: casefile.ByOperator, ID: "somsri"}, Purpose: postgres.ProtectionFollowUp}
	tests := []struct {
		name      string
		phone     string
		provinces []string
		limit     int
		want      []casefile.CaseID
	}{
		{"newest first, each once", mali, nil, 10, []casefile.CaseID{second.ID, first.ID}},
		{"a number that was corrected", other, nil, 10, []casefile.CaseID{first.ID}},
		{"within the scope", mali, []string{"50", "65"}, 10, []casefile.CaseID{first.ID}},
		{"outside of it", mali, []string{"50"}, 10, nil},
		{"a few", mali, nil, 1, []casefile.CaseID{second.ID}},
		{"nobody's number", "+66899990003", nil, 10, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := f.mustSQL(`SELECT coalesce(max(id), 0) FROM audit`)
			got, err := f.OldCases(t.Context(), desk, tt.phone, tt.provinces, tt.limit)
			var ids []casefile.CaseID
			for _, c := range got {
				ids = append(ids, c.ID)
			}
			if err != nil || !slices.Equal(ids, tt.want) {
				t.Fatalf("found %v, %v, want %v", ids, err, tt.want)
			}
			want := "OPERATOR:somsri protection_followup OLD_CASES_SOUGHT 00000000-0000-0000-0000-000000000000"
			for _, id := range tt.want {
				want += ", OPERATOR:somsri protection_followup OLD_CASE_FOUND " + string(id)
			}
			if log := f.mustSQL(`SELECT string_agg(concat_ws(' ', actor, purpose, action, case_id), ', ' ORDER BY id) FROM audit WHERE id > $1::text::bigint`, before); log != want {
				t.Errorf("recorded %q\nwant %q", log, want)
			}
		})
	}
	got, err := f.OldCases(t.Context(), desk, mali, []string{"65"}, 10)
	if err != nil || len(got) != 1 || got[0].State != first.State || got[0].Province != "65" || !got[0].ReportedAt.Equal(began) || !got[0].EndedAt.IsZero() {
		t.Errorf("told %+v, %v", got, err)
	}
	if dump := f.dump(); bytes.Contains(dump, []byte("89999000")) {
		t.Error("a number rests in clear")
	}
}

// Who gives no purpose that the law knows is told nothing.
func TestASearchWithoutAPurposeTellsNothing(t *testing.T) {
	f := setup(t)
	found, err := f.OldCases(t.Context(), postgres.Viewer{Actor: casefile.System, Purpose: "curiosity"}, "+66899990001", nil, 10)
	var invalid *casefile.InvalidError
	if found != nil || !errors.As(err, &invalid) {
		t.Errorf("found %v, %v", found, err)
	}
}
