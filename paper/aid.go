package paper

import "time"

// The kinds of paper of an aid request. What stands on them is taken from the
// record that is sealed, but for the opinion and the name of the officer who signs.
const (
	AidRequestPaper  Kind = "AID_REQUEST"      // คำขอรับความช่วยเหลือ
	AidFactsPaper    Kind = "AID_FACT_FINDING" // แบบสอบข้อเท็จจริง
	AidDecisionPaper Kind = "AID_DECISION"     // หนังสือแจ้งผลการพิจารณา
	AidReceiptPaper  Kind = "AID_RECEIPT"      // ใบสำคัญรับเงิน, ใบรับสิ่งของ
)

// AidRequest is a request for aid as it was sent.
type AidRequest struct {
	Person    Person    `json:"person"`
	Household []Person  `json:"household,omitempty"`
	Tenure    string    `json:"tenure,omitempty"` // how they have their home, in Thai
	Income    *int64    `json:"income,omitempty"` // satang a month, of the household
	Problems  []string  `json:"problems,omitempty"`
	Urgent    bool      `json:"urgent,omitempty"`
	Story     string    `json:"story,omitempty"`
	PriorHelp string    `json:"prior_help,omitempty"`
	Wanted    []string  `json:"wanted"`
	Account   string    `json:"account,omitempty"` // where money goes
	Consents  []Consent `json:"consents"`
	Enclosed  int       `json:"enclosed,omitempty"` // photos
	FiledAt   time.Time `json:"filed_at"`
	Volunteer Signer    `json:"volunteer,omitzero"`
	Note      string    `json:"note,omitempty"` // of the officer who takes it in
}

// Consent is one purpose for which data are used, and on which ground.
type Consent struct {
	Purpose string `json:"purpose"`
	Basis   string `json:"basis"`
	Given   bool   `json:"given"`
}

// AidFacts is what a visit found.
type AidFacts struct {
	Person     Person      `json:"person"`
	Household  []Person    `json:"household,omitempty"`
	Tenure     string      `json:"tenure,omitempty"`
	Income     *int64      `json:"income,omitempty"`
	VisitedAt  time.Time   `json:"visited_at"`
	Found      string      `json:"found"` // in the visitor's words
	Dimensions []Dimension `json:"dimensions,omitempty"`
	Rules      []Rule      `json:"rules,omitempty"`
	Opinion    string      `json:"opinion"`
	Visitor    Signer      `json:"visitor,omitzero"`
	Writer     Signer      `json:"writer"`
}

// Dimension is one of the five of the household logbook, from 0 (bad) to 100 (good).
type Dimension struct {
	Name   string `json:"name"`
	Before *int   `json:"before,omitempty"` // as it was when the request was sent
	Score  *int   `json:"score,omitempty"`  // nil: nobody asked
}

// Rule is a rule that was looked at, and what was found.
type Rule struct {
	What   string `json:"what"`
	Result string `json:"result"`
}

// Grant is one thing that was granted.
type Grant struct {
	Name     string `json:"name"`
	Goods    bool   `json:"goods,omitempty"`
	Quantity int    `json:"quantity,omitempty"`
	Satang   int64  `json:"satang"` // of goods, what they are worth
}

// AidDecision tells the person what was decided.
type AidDecision struct {
	Person    Person    `json:"person"`
	FiledAt   time.Time `json:"filed_at"`
	DecidedAt time.Time `json:"decided_at"`
	Refused   bool      `json:"refused,omitempty"`
	Items     []Grant   `json:"items,omitempty"`   // what was granted
	Reason    string    `json:"reason,omitempty"`  // of a refusal
	Rules     []string  `json:"rules,omitempty"`   // the rules on which it rests
	Opinion   string    `json:"opinion,omitempty"` // facts and grounds, by the officer
	Contact   Signer    `json:"contact,omitzero"`
	Signer    Signer    `json:"signer"`
}

// AidReceipt is what whoever receives money or goods signs.
type AidReceipt struct {
	Person Person    `json:"person"`
	Items  []Grant   `json:"items"`
	How    string    `json:"how,omitempty"` // by the bank, or over the counter
	PaidAt time.Time `json:"paid_at,omitzero"`
	Note   string    `json:"note,omitempty"`
	Giver  Signer    `json:"giver,omitzero"`
}

// missingOfAid says what a paper of an aid request cannot be without; ok: it is one.
func (p Paper) missingOfAid() (need []required, ok bool, err error) {
	named := func(x Person) {
		need = append(need, required{"person.name", x.Name, "ยังไม่ได้ระบุชื่อผู้ขอรับความช่วยเหลือ", "the name of the person in need is missing"})
	}
	switch {
	case p.Kind == AidRequestPaper && p.AidRequest != nil:
		x := *p.AidRequest
		named(x.Person)
		need = append(need, names("household", x.Household)...)
		switch {
		case x.FiledAt.IsZero():
			err = invalid("filed_at", "คำขอยังไม่ได้ส่ง", "the request was not sent")
		case len(x.Wanted) == 0:
			err = invalid("wanted", "ยังไม่ได้ระบุความช่วยเหลือที่ขอ", "what is asked for is missing")
		case len(x.Consents) == 0:
			err = invalid("consents", "ยังไม่มีความยินยอมหรือฐานทางกฎหมาย", "neither consent nor ground in law is known")
		}
	case p.Kind == AidFactsPaper && p.AidFacts != nil:
		x := *p.AidFacts
		named(x.Person)
		need = append(need, names("household", x.Household)...)
		need = append(need,
			required{"opinion", x.Opinion, "ยังไม่ได้เขียนความเห็นของผู้สอบข้อเท็จจริง", "the opinion of the writer is missing"})
		need = append(need, signer("writer", x.Writer, "ผู้สอบข้อเท็จจริง", "who found the facts")...)
		if x.VisitedAt.IsZero() {
			err = invalid("visited_at", "ยังไม่ได้เยี่ยมบ้าน", "nobody has visited yet")
		}
	case p.Kind == AidDecisionPaper && p.AidDecision != nil:
		x := *p.AidDecision
		named(x.Person)
		need = append(need, signer("signer", x.Signer, "ผู้ลงนาม", "who signs")...)
		switch {
		case x.DecidedAt.IsZero():
			err = invalid("decided_at", "ยังไม่มีผลการพิจารณา", "nothing was decided yet")
		case x.Refused:
			need = append(need, required{"reason", x.Reason, "ยังไม่ได้ระบุเหตุผล", "the reason is missing"})
		default:
			err = worth(x.Items)
		}
	case p.Kind == AidReceiptPaper && p.AidReceipt != nil:
		named(p.AidReceipt.Person)
		err = worth(p.AidReceipt.Items)
	default:
		return nil, false, nil
	}
	return need, true, err
}

// worth refuses a list of nothing, and what has no value.
func worth(items []Grant) error {
	if len(items) == 0 {
		return invalid("items", "ไม่มีรายการที่อนุมัติ", "nothing was granted")
	}
	for i, x := range items {
		if blank(x.Name) || x.Satang <= 0 {
			return invalid(at("items", i, "satang"), "รายการต้องมีชื่อและมูลค่า", "an item has a name and a value")
		}
	}
	return nil
}
