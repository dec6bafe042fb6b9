package casefile

import (
	"errors"
	"maps"
	"testing"
)

// secretForm has a field that an operator may write and not read, one that only a
// supervisor may write, and one for both.
func secretForm() Form {
	both, above := []Right{RightOperator, RightSupervisor}, []Right{RightSupervisor}
	w := Words{Th: "ก", En: "a"}
	return Form{
		Code: "risk", Version: "1", Title: w,
		Fields: []FormField{
			{Code: "found", Type: FieldText, Label: w, Required: true, Read: both, Write: both},
			{Code: "self_harm", Type: FieldYesNo, Label: w, Required: true, Read: above, Write: both},
			{Code: "opinion", Type: FieldText, Label: w, Required: true, Read: above, Write: above},
		},
		Scoring: &Scoring{
			Read:   both,
			Rules:  []PointRule{{Field: "self_harm", Is: []string{yes}, Points: 5, Level: RiskHigh, Why: w}},
			Levels: []LevelRule{{RiskHigh, 10}, {RiskLow, 0}},
		},
	}
}

func TestWhoCannotReadAnAnswerDoesNotTakeItBackBySaving(t *testing.T) {
	f, operator := secretForm(), []Right{RightOperator}
	before := Filled{"found": "x", "self_harm": true, "opinion": "y"}
	tests := []struct {
		name          string
		given, before Filled
		rights        []Right
		want          Filled // nil: refused
	}{
		{"left alone", Filled{"found": "new"}, before, operator, Filled{"found": "new", "self_harm": true, "opinion": "y"}},
		{"empty, as a page sends it", Filled{"found": "new", "self_harm": nil}, before, operator, Filled{"found": "new", "self_harm": true, "opinion": "y"}},
		{"answered again", Filled{"found": "new", "self_harm": false}, before, operator, Filled{"found": "new", "self_harm": false, "opinion": "y"}},
		{"never answered", Filled{"found": "new"}, Filled{"found": "x"}, operator, nil},
		{"left alone by who may read it", Filled{"found": "new", "opinion": "y"}, before, []Right{RightSupervisor}, nil},
		{"does not fit any more", Filled{"found": "new"}, Filled{"self_harm": "maybe"}, operator, nil},
		{"does not fit any more, of who may not write", Filled{"found": "new", "self_harm": true}, Filled{"opinion": 7.0}, operator, Filled{"found": "new", "self_harm": true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := f.Accept(tt.given, tt.before, tt.rights)
			var invalid *InvalidError
			switch {
			case tt.want == nil && (!errors.As(err, &invalid) || invalid.Field != "self_harm"):
				t.Errorf("kept %v, %v", got, err)
			case tt.want != nil && !maps.Equal(got, tt.want):
				t.Errorf("kept %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

// A score is as much as the answers that it is made of: whether it is shown must not tell, either.
func TestAScoreIsForWhoMayReadAllThatIsWeighed(t *testing.T) {
	f := secretForm()
	for _, answer := range []bool{true, false} {
		low, ok := f.ShownFinding(Filled{"self_harm": answer}, []Right{RightOperator})
		if !ok || low.Score != 0 || len(low.Reasons) != 0 {
			t.Errorf("answered %v, the operator is shown %+v", answer, low)
		}
	}
	if all, ok := f.ShownFinding(Filled{"self_harm": true}, []Right{RightSupervisor}); !ok || all.Score != 5 || len(all.Reasons) != 1 {
		t.Errorf("the supervisor is shown %+v", all)
	}
}
