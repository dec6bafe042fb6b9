package casefile

import (
	"slices"
	"strings"
	"time"
)

// mayPay keeps who decides, and who asks, away from the money.
func (a AidRequest) mayPay(e AidEvent) aidNo {
	decided := e.By == a.Planner || e.By == a.Filer || slices.Contains(slices.Concat(a.Approvals, a.Wrote, a.Recused), e.By)
	counter := e.Kind == AidItemPaid && e.Private.Receipt != ""
	switch {
	case e.Kind == AidOrdered && decided:
		return aidNo{"ผู้ยื่น ผู้วางแผน หรือผู้อนุมัติ ทำคำสั่งจ่ายไม่ได้", "who filed, planned or approved it may not order the payment"}
	case counter && decided:
		return aidNo{"ผู้ยื่น ผู้วางแผน หรือผู้อนุมัติ จ่ายเงินสดไม่ได้", "who filed, planned or approved it may not hand out the money"}
	case counter && len(e.Private.Files) == 0:
		return aidNo{"ต้องมีลายมือชื่อผู้รับเงิน", "the signature of who received it is needed"}
	}
	return aidNo{}
}

// MayPayAtCounter says why somebody may not hand out its cash.
func (a AidRequest) MayPayAtCounter(by Actor) error {
	no := a.mayPay(AidEvent{Kind: AidItemPaid, By: by, Private: AidPrivate{Receipt: "?", Files: []string{"?"}}})
	if no == (aidNo{}) {
		return nil
	}
	return &RefusedError{Kind: Kind(AidItemPaid), State: State(a.State), Th: no.th, En: no.en}
}

// MaySetPayee says why somebody may not say to which account the money goes.
func (a AidRequest) MaySetPayee(by Actor) error {
	no := aidNo{}
	switch {
	case a.State != AidApproved:
		no = aidNo{"ยังไม่มีเงินที่อนุมัติ หรือจ่ายครบแล้ว", "no money waits to be paid"}
	case by == a.Planner || slices.Contains(slices.Concat(a.Approvals, a.Recused), by):
		no = aidNo{"ผู้วางแผนหรือผู้อนุมัติกำหนดบัญชีไม่ได้", "who planned or approved it may not say where the money goes"}
	}
	if no == (aidNo{}) {
		return nil
	}
	return &RefusedError{Kind: Kind(AidOrdered), State: State(a.State), Th: no.th, En: no.en}
}

// PayeeKnown reports whether the money goes to somebody of the household, by the name of the account, or to no account.
func (f AidForm) PayeeKnown() bool {
	if f.Account.Cash || f.Account.Number == "" {
		return true
	}
	same := func(first, last string) bool { return bareName(first+" "+last) == bareName(f.Account.Name) }
	return same(f.Subject.First, f.Subject.Last) || slices.ContainsFunc(f.Members, func(m AidMember) bool { return same(m.First, m.Last) })
}

// A payment order is known to the bank by a reference of twelve signs: P, ten
// signs of chance and a check sign. It says nothing about anybody, begins with a
// letter so that no spreadsheet takes it for a number, and uses no sign that is
// mistaken for another one. The number of signs is prime, so the check finds
// every wrong sign and every two that changed places.
const (
	referenceSigns = "0123456789ABCDEFGHJKMNPQRSTUVWX"
	referenceSize  = 12
	referenceFirst = 'P'
)

// PaymentReference makes a reference of ten bytes of chance.
func PaymentReference(chance [10]byte) string {
	out := []byte{referenceFirst}
	for _, b := range chance {
		out = append(out, referenceSigns[int(b)%len(referenceSigns)])
	}
	return string(append(out, referenceCheck(string(out))))
}

// ParsePaymentReference reads a reference as people and banks write it, and
// reports whether it can be one.
func ParsePaymentReference(s string) (string, bool) {
	s = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
	if len(s) != referenceSize || s[0] != referenceFirst {
		return "", false
	}
	for i := range len(s) {
		if !strings.Contains(referenceSigns, s[i:i+1]) {
			return "", false
		}
	}
	return s, referenceCheck(s[:referenceSize-1]) == s[referenceSize-1]
}

// referenceCheck weighs each sign by its place.
func referenceCheck(s string) byte {
	sum := 0
	for i := range len(s) {
		sum += (i + 1) * strings.IndexByte(referenceSigns, s[i])
	}
	return referenceSigns[sum%len(referenceSigns)]
}

// AidPayable is money that was granted and may be ordered now, with the account that it would go to.
type AidPayable struct {
	Request   AidRequest
	Item      AidItem
	Account   AidAccount
	Payee     int   // which account of those that officers put in; 0: the form's own
	PayeeBy   Actor // who put it in
	PayeeToo  Actor // who put the same in before: an account that one person alone knows of gets nothing
	Corrected bool  // it failed, and an officer has put an account in since
}

// AidLeftOut is why money is not ordered yet.
type AidLeftOut string

const (
	LeftFourEyes    AidLeftOut = "FOUR_EYES"       // this person filed, planned or approved it, or put the account in
	LeftNoPaper     AidLeftOut = "NO_PAPER"        // the decision is not on paper
	LeftUnconfirmed AidLeftOut = "UNCONFIRMED"     // no officer has confirmed the amount
	LeftNoAccount   AidLeftOut = "NO_ACCOUNT"      // there is no account that a bank takes, and it is not cash
	LeftFailed      AidLeftOut = "FAILED"          // it failed, and nobody has looked at the account since
	LeftAlone       AidLeftOut = "ACCOUNT_ALONE"   // one officer put the account in, and no other one the same
	LeftTaken       AidLeftOut = "ALREADY_ORDERED" // somebody else ordered it meanwhile, or the law refused
)

// LeftOut says why it may not be ordered by somebody, or nothing.
func (p AidPayable) LeftOut(by Actor, paper, confirmed, takesBank bool) AidLeftOut {
	order := AidEvent{Kind: AidOrdered, By: by, Item: p.Item.ID, Order: p.Item.Order + "?"}
	switch {
	case p.Request.mayPay(order) != (aidNo{}) || by == p.PayeeBy || by == p.PayeeToo:
		return LeftFourEyes
	case p.Request.mayHappen(order) != nil:
		return LeftTaken
	case !paper:
		return LeftNoPaper
	case !confirmed:
		return LeftUnconfirmed
	case p.Item.State == ItemFailed && !p.Corrected:
		return LeftFailed
	case p.Payee > 0 && p.PayeeToo == (Actor{}):
		return LeftAlone
	case !p.Account.Cash && !takesBank:
		return LeftNoAccount
	}
	return ""
}

// AidPayment is a payment order. It holds nothing personal.
type AidPayment struct {
	Reference string
	Aid       AidID
	Item      int
	Satang    int64
	Cash      bool // over the counter
	Ordered   bool // the request's process has recorded it
	Dropped   bool // the law refused it: it never was
	Result    AidEventKind
	Reason    string
	ResultAt  time.Time
	ResultBy  Actor
	Private   AidPrivate // of what was paid over the counter
}

// AidBatch is payment orders that go to the bank in one file.
type AidBatch struct {
	ID      string
	Office  UnitID
	By      Actor
	At      time.Time
	WholeAt time.Time // the file is there
	SHA256  []byte    // of the file
}
