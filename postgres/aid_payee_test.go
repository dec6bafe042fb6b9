package postgres_test

import (
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// A receipt names the account of its own order: what one officer has put in since is not where the money went.
func TestMoneyThatWasOrderedGoesToTheAccountOfItsOrder(t *testing.T) {
	f := setup(t)
	f.unit("pmj", casefile.LevelMSDHSProvince, 16.8, 100.2)
	a := f.granted("pmj", giro, money(300000), money(200000))
	goes := func(item int) casefile.AidAccount {
		t.Helper()
		account, err := f.Payee(t.Context(), a.ID, item)
		if err != nil {
			t.Fatal(err)
		}
		return account
	}
	if got := goes(1); got != giro {
		t.Fatalf("before: %+v", got)
	}
	f.whole(f.batch("pmj"))
	another := giro
	another.Number = "9876543210"
	if err := f.SetPayee(t.Context(), at("clerk"), a.ID, another); err != nil {
		t.Fatal(err)
	}
	for _, item := range []int{0, 1, 2} {
		if got := goes(item); got != giro {
			t.Errorf("item %d: %+v", item, got)
		}
	}
}
