package casefile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

func someReference(n byte) string {
	var chance [10]byte
	for i := range chance {
		chance[i] = n*37 + byte(i)*29
	}
	return casefile.PaymentReference(chance)
}

// Every wrong sign and every two that changed places are found.
func TestAReferenceKnowsItsMistakes(t *testing.T) {
	for n := range byte(40) {
		ref := someReference(n)
		if got, ok := casefile.ParsePaymentReference(strings.ToLower(ref[:4] + "-" + ref[4:] + " ")); !ok || got != ref || len(ref) != 12 {
			t.Fatalf("%s was read as %q, %v", ref, got, ok)
		}
		for i := 1; i < len(ref); i++ {
			for _, sign := range "0123456789ABCDEFGHJKMNPQRSTUVWX" {
				if wrong := ref[:i] + string(sign) + ref[i+1:]; wrong != ref {
					if _, ok := casefile.ParsePaymentReference(wrong); ok {
						t.Fatalf("%s passes for %s", wrong, ref)
					}
				}
			}
			for j := i + 1; j < len(ref); j++ {
				swapped := []byte(ref)
				swapped[i], swapped[j] = ref[j], ref[i]
				if _, ok := casefile.ParsePaymentReference(string(swapped)); ok && ref[i] != ref[j] {
					t.Fatalf("%s passes for %s", swapped, ref)
				}
			}
		}
	}
	for _, no := range []string{"", "P", "Q23456789ABC", "P2345678901234", "PIIIIIIIIIII", "Pก345678901"} {
		if _, ok := casefile.ParsePaymentReference(no); ok {
			t.Errorf("%q passes", no)
		}
	}
}

// Money moves by its own payment order, and never by the hand of who decided.
func TestMoneyMovesByItsOrderAndByOtherHands(t *testing.T) {
	person := func(name string) casefile.Actor { return casefile.Actor{Kind: casefile.ByOperator, ID: name} }
	a := casefile.AidRequest{
		ID: "a", State: casefile.AidApproved, Filer: casefile.Actor{Kind: casefile.ByMember, ID: "v"}, Planner: person("planner"),
		Approvals: []casefile.Actor{person("chief")}, Items: []casefile.AidItem{{ID: 1, Code: "X", Satang: 300000, State: casefile.ItemGranted}},
	}
	at, first, second := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), someReference(1), someReference(2)
	event := func(kind casefile.AidEventKind, by, order string) casefile.AidEvent {
		return casefile.AidEvent{Kind: kind, At: at, By: person(by), Item: 1, Order: order, Satang: 300000, Reason: "ACCOUNT_CLOSED"}
	}
	refuse := func(a casefile.AidRequest, what string, e casefile.AidEvent) {
		t.Helper()
		if _, err := a.Apply(e); err == nil {
			t.Errorf("%s was lawful", what)
		}
	}
	must := func(a casefile.AidRequest, e casefile.AidEvent) casefile.AidRequest {
		t.Helper()
		after, err := a.Apply(e)
		if err != nil {
			t.Fatal(err)
		}
		return after
	}
	refuse(a, "an order without a reference", event(casefile.AidOrdered, "cashier", ""))
	refuse(a, "an order by who planned", event(casefile.AidOrdered, "planner", first))
	refuse(a, "an order by who approved", event(casefile.AidOrdered, "chief", first))
	ordered := must(a, event(casefile.AidOrdered, "cashier", first))
	refuse(ordered, "a second order", event(casefile.AidOrdered, "cashier", second))
	refuse(ordered, "a payment of no order", event(casefile.AidItemPaid, "cashier", ""))
	refuse(ordered, "a payment of another order", event(casefile.AidItemPaid, "cashier", second))
	refuse(ordered, "a failure that somebody types in", event(casefile.AidItemFailed, "cashier", ""))
	less := event(casefile.AidItemPaid, "cashier", first)
	less.Satang--
	refuse(ordered, "another amount", less)
	counter := event(casefile.AidItemPaid, "cashier", first)
	counter.Private.Receipt = "1/2569"
	refuse(ordered, "cash without a signature", counter)
	counter.By, counter.Private.Files = person("chief"), []string{"f"}
	refuse(ordered, "cash from who approved", counter)
	failed := must(ordered, event(casefile.AidItemFailed, "cashier", first))
	if late := must(failed, event(casefile.AidItemPaid, "cashier", first)); late.State != casefile.AidPaid || late.Items[0].Reason != "" {
		t.Errorf("paid after all: %+v", late)
	}
	again := must(failed, event(casefile.AidOrdered, "cashier", second))
	refuse(again, "a late answer to the first order", event(casefile.AidItemPaid, "cashier", first))
	if paid := must(again, event(casefile.AidItemPaid, "cashier", second)); paid.State != casefile.AidPaid || paid.Items[0].Tries != 2 {
		t.Errorf("paid: %+v", paid)
	}
}
