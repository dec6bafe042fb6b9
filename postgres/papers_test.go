package postgres_test

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/paper"
)

func (f *fixture) order(key string, id casefile.CaseID) paper.Order {
	return paper.Order{
		Key: key, Case: id, Office: "st", By: casefile.Actor{Kind: casefile.ByOperator, ID: "op"}, Purpose: "referral",
		Paper: paper.Paper{
			Kind: paper.HandoverPaper, At: began, Secrecy: paper.Secret, Digits: paper.ThaiDigits, Office: paper.Office{Name: "สถานีตำรวจ"},
			Handover: &paper.Handover{To: "บ้านพักเด็ก", Persons: []paper.Person{{Name: "น้ำผึ้ง"}}, State: "ปลอดภัย", Giver: paper.Signer{Name: "ก", Position: "ข"}},
		},
	}
}

// Ten at once get the numbers one to ten; what is refused takes none, and a repeat none either.
func TestPapersAreNumberedWithoutGaps(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.82, 100.26)
	c := f.report("U1", casefile.Berserk, began)
	var mu sync.Mutex
	var numbers []int
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			bad := f.order("bad"+string(rune('a'+i)), c.ID)
			bad.Paper.Handover = &paper.Handover{To: "x"}
			var invalid *casefile.InvalidError
			if _, _, err := f.IssuePaper(t.Context(), bad); !errors.As(err, &invalid) {
				t.Errorf("a note about nobody: %v", err)
			}
			p, _, err := f.IssuePaper(t.Context(), f.order("key"+string(rune('a'+i)), c.ID))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			numbers = append(numbers, p.Number)
		})
	}
	all.Wait()
	slices.Sort(numbers)
	if want := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}; !slices.Equal(numbers, want) {
		t.Errorf("the numbers are %v", numbers)
	}
	p, d, err := f.IssuePaper(t.Context(), f.order("keya", c.ID))
	if err != nil || p.Number > 10 {
		t.Errorf("a repeat got number %d, %v", p.Number, err)
	}
	for what, other := range map[string]func(*paper.Order){
		"case": func(o *paper.Order) { o.Case = f.report("U3", casefile.Berserk, began).ID },
		"kind": func(o *paper.Order) { o.Paper.Kind = paper.ReferralPaper },
	} {
		o := f.order("keya", c.ID)
		other(&o)
		if p, d, err := f.IssuePaper(t.Context(), o); !errors.Is(err, paper.ErrAnother) || d.Bytes != nil {
			t.Errorf("the key of a paper of another %s gave number %d, %v", what, p.Number, err)
		}
	}
	_, again, err := f.Paper(t.Context(), c.ID, "st", p.Year, p.Number)
	if err != nil || !bytes.Equal(d.Bytes, again.Bytes) {
		t.Errorf("the paper has other bytes the second time, %v", err)
	}
	if _, _, err := f.Paper(t.Context(), f.report("U2", casefile.Berserk, began).ID, "st", p.Year, p.Number); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("the paper of another case: %v", err)
	}
}

// A paper that would come out otherwise than it was issued is not handed out.
func TestAPaperThatWouldBeAnotherIsRefused(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.82, 100.26)
	c := f.report("U1", casefile.Berserk, began)
	p, _, err := f.IssuePaper(t.Context(), f.order("key", c.ID))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"ALTER TABLE papers DISABLE TRIGGER papers_append_only", "UPDATE papers SET sha256 = sha256('x')"} {
		if _, err := f.Pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, d, err := f.Paper(t.Context(), c.ID, "st", p.Year, p.Number); err == nil || d.Bytes != nil {
		t.Error("another file was handed out under the number")
	}
}
