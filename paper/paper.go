// Package paper draws the official papers of a case or an aid request, in Thai, as PDF.
//
// A paper is a value, and the same value gives the same bytes: whoever keeps the
// value and the hash of the bytes can hand out the same paper years later. The
// package knows no clock, no database and no network; numbers and dates come
// from the caller.
package paper

import (
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// Edition is how papers are drawn by this package. It rises whenever the same
// value would give other bytes: new words, a new font, a new place of a line.
const Edition = 1

// Kind is which paper it is.
type Kind string

// The kinds of paper.
const (
	FactFindingPaper Kind = "FACT_FINDING"    // แบบบันทึกข้อเท็จจริง
	ReferralPaper    Kind = "REFERRAL_LETTER" // หนังสือส่งต่อ
	HandoverPaper    Kind = "HANDOVER_NOTE"   // บันทึกการส่งมอบเรื่อง
)

// Kinds lists every kind.
var Kinds = []Kind{FactFindingPaper, ReferralPaper, HandoverPaper, AidRequestPaper, AidFactsPaper, AidDecisionPaper, AidReceiptPaper}

// Secrecy is the mark on every page, by the rules on official secrets.
type Secrecy string

// Marks of secrecy. A paper about a person in need is at least secret.
const (
	Secret     Secrecy = "SECRET"      // ลับ
	VerySecret Secrecy = "VERY_SECRET" // ลับมาก
	TopSecret  Secrecy = "TOP_SECRET"  // ลับที่สุด
)

var secrecyWords = map[Secrecy]string{Secret: "ลับ", VerySecret: "ลับมาก", TopSecret: "ลับที่สุด"} // #nosec G101 -- words on paper

// Digits are the numerals of a paper.
type Digits string

// The numerals.
const (
	ThaiDigits   Digits = "THAI"
	ArabicDigits Digits = "ARABIC"
)

// Office is who writes the paper.
type Office struct {
	Name    string `json:"name"`
	Letters string `json:"letters,omitempty"` // รหัสตัวพยัญชนะและเลขประจำของเจ้าของเรื่อง, as "พม 0308"
	Address string `json:"address,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Email   string `json:"email,omitempty"`
}

// About is the case as a paper speaks of it.
type About struct {
	Code       string    `json:"code"`
	ReportedAt time.Time `json:"reported_at,omitzero"`
	Incident   string    `json:"incident,omitempty"` // in Thai
	Place      string    `json:"place,omitempty"`    // district and province, in Thai
}

// Paper is one paper with everything that stands on it. Exactly one of its parts
// is set: the one of the kind.
type Paper struct {
	Kind    Kind      `json:"kind"`
	Number  int       `json:"number"`
	Year    int       `json:"year"` // of the Buddhist era, the one of the number
	At      time.Time `json:"at"`
	Secrecy Secrecy   `json:"secrecy"`
	Digits  Digits    `json:"digits"`
	Office  Office    `json:"office"`
	About   About     `json:"about"`

	FactFinding *FactFinding `json:"fact_finding,omitempty"`
	Referral    *Referral    `json:"referral,omitempty"`
	Handover    *Handover    `json:"handover,omitempty"`

	AidRequest  *AidRequest  `json:"aid_request,omitempty"`
	AidFacts    *AidFacts    `json:"aid_facts,omitempty"`
	AidDecision *AidDecision `json:"aid_decision,omitempty"`
	AidReceipt  *AidReceipt  `json:"aid_receipt,omitempty"`
}

// Person is somebody of whom a paper speaks. Only the name must be known.
type Person struct {
	Name        string `json:"name"`
	NationalID  string `json:"national_id,omitempty"`
	Age         *int   `json:"age,omitempty"`
	Sex         string `json:"sex,omitempty"`
	Nationality string `json:"nationality,omitempty"`
	Relation    string `json:"relation,omitempty"` // to the person in need
	Occupation  string `json:"occupation,omitempty"`
	Phone       string `json:"phone,omitempty"`
	Address     string `json:"address,omitempty"`
	Note        string `json:"note,omitempty"`
}

// Signer is who signs.
type Signer struct {
	Name     string `json:"name,omitempty"`
	Position string `json:"position,omitempty"`
}

// FactFinding is what a social worker found: the record of facts.
type FactFinding struct {
	Person    Person    `json:"person"`
	VisitedAt time.Time `json:"visited_at,omitzero"`
	Visited   string    `json:"visited,omitempty"` // where
	Informant Person    `json:"informant,omitzero"`
	Household []Person  `json:"household,omitempty"`
	Home      string    `json:"home,omitempty"`
	Income    string    `json:"income,omitempty"`
	Facts     string    `json:"facts"`
	Needs     string    `json:"needs,omitempty"`
	Opinion   string    `json:"opinion"`
	Given     []string  `json:"given,omitempty"` // help so far
	Writer    Signer    `json:"writer"`
	Head      Signer    `json:"head,omitzero"`
}

// Referral is a letter that asks another office for help.
type Referral struct {
	To         string    `json:"to"`
	Subject    string    `json:"subject,omitempty"`
	References []string  `json:"references,omitempty"`
	Enclosures []string  `json:"enclosures,omitempty"`
	Person     Person    `json:"person"`
	Problem    string    `json:"problem"`
	Done       string    `json:"done,omitempty"`
	Asked      string    `json:"asked"`
	AnswerBy   time.Time `json:"answer_by,omitzero"`
	Contact    Signer    `json:"contact,omitzero"`
	Signer     Signer    `json:"signer"`
}

// Handover is what one office tells the next when it gives a case away.
type Handover struct {
	To      string    `json:"to"`
	Persons []Person  `json:"persons"`
	Events  []Moment  `json:"events,omitempty"`
	State   string    `json:"state"`
	Risk    string    `json:"risk,omitempty"`
	Contact string    `json:"contact,omitempty"` // when and how it is safe to speak to the person
	Done    []string  `json:"done,omitempty"`
	Owed    []Promise `json:"owed,omitempty"`
	Giver   Signer    `json:"giver"`
	Taker   Signer    `json:"taker,omitzero"`
}

// Moment is something that happened.
type Moment struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

// Promise is something that is still owed.
type Promise struct {
	What string    `json:"what"`
	By   time.Time `json:"by,omitzero"`
}

// Document is a paper as PDF.
type Document struct {
	Bytes []byte
	Pages int
}

// PDF draws the paper. What Check refuses is refused here too.
func (p Paper) PDF() (Document, error) {
	if err := p.Check(); err != nil {
		return Document{}, err
	}
	f, err := fonts()
	if err != nil {
		return Document{}, err
	}
	s := newSheet(p, f)
	switch p.Kind {
	case FactFindingPaper:
		s.factFinding(*p.FactFinding)
	case ReferralPaper:
		s.referral(*p.Referral)
	case HandoverPaper:
		s.handover(*p.Handover)
	case AidRequestPaper:
		s.aidRequest(*p.AidRequest)
	case AidFactsPaper:
		s.aidFacts(*p.AidFacts)
	case AidDecisionPaper:
		s.aidDecision(*p.AidDecision)
	case AidReceiptPaper:
		s.aidReceipt(*p.AidReceipt)
	}
	return s.finish()
}

// invalid is a value that keeps a paper from being written, in words for people.
func invalid(field, th, en string) error { return &casefile.InvalidError{Field: field, Th: th, En: en} }
