package postgres_test

import (
	"errors"
	"testing"

	"github.com/ess-thailand/ess/bank"
	"github.com/ess-thailand/ess/casefile"
)

// What is changed after a form was sent, and before it is heard, would be in no form: it is refused, not lost.
func TestAFormOnItsWayIsNotChanged(t *testing.T) {
	f := setup(t)
	id := f.drafted(household("", "สมชาย", "ทดสอบ", "1 หมู่ 2"))
	if _, err := f.SendAid(t.Context(), id, aidFiler, "key"); err != nil {
		t.Fatal(err)
	}
	var refused *casefile.RefusedError
	if _, err := f.SavePart(t.Context(), id, casefile.PartSubject, []byte(`{"first_name":"ใหม่"}`), 1); !errors.As(err, &refused) || refused.Th == "" {
		t.Errorf("a change on the way: %v", err)
	}
}

// A bank that says late that it has paid after all is believed as long as nothing else was ordered, and then nothing else is.
func TestWhatIsPaidAfterAllIsNotOrderedAgain(t *testing.T) {
	f := setup(t)
	f.unit("pmj", casefile.LevelMSDHSProvince, 16.8, 100.2)
	a := f.granted("pmj", giro, money(300000))
	first := f.whole(f.batch("pmj"))[0]
	says := func(file string, paid bool) casefile.AidAnswerBecame {
		t.Helper()
		line := bank.Line{N: 2, Reference: first.Reference, Satang: 300000, Paid: paid, At: began}
		if !paid {
			line.Reason = "BANK_REFUSED"
		}
		answer, err := f.answer(file, line)
		if err != nil {
			t.Fatal(err)
		}
		return answer.Lines[0].Became
	}
	both, err := f.answer("d", bank.Line{N: 2, Reference: first.Reference, Satang: 300000, Reason: "BANK_REFUSED", At: began},
		bank.Line{N: 3, Reference: first.Reference, Satang: 300000, Paid: true, At: began})
	if err != nil || tally(both)[casefile.AnswerApplied] != 1 || tally(both)[casefile.AnswerOtherwise] != 1 {
		t.Fatalf("a file that says both: %+v, %v", both, err)
	}
	a, _ = f.Aid(t.Context(), a.ID)
	f.aidHappens(a, casefile.AidEvent{Kind: casefile.AidItemFailed, By: at("cashier"), Item: 1, Reason: "BANK_REFUSED", Order: first.Reference})
	if err := f.PaymentTold(t.Context(), first.Reference); err != nil {
		t.Fatal(err)
	}
	if got := says("b", true); got != casefile.AnswerApplied {
		t.Errorf("paid after all: %s", got)
	}
	untold, err := f.UntoldPayments(t.Context(), 9)
	if err != nil || len(untold) != 1 || untold[0].Result != casefile.AidItemPaid {
		t.Errorf("to be told: %+v, %v", untold, err)
	}
	if pay, err := f.PayableAid(t.Context(), "pmj"); err != nil || len(pay) != 0 {
		t.Errorf("it may be ordered again: %+v, %v", pay, err)
	}
	if got := says("c", false); got != casefile.AnswerOtherwise {
		t.Errorf("and refused once more: %s", got)
	}
}
