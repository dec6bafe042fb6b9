package casefile

import "slices"

// AidForm is what is filled in on a phone for an aid request. All of it is personal and sealed wherever it rests. Each
// part is saved by itself, so that a bad line loses nothing.
type AidForm struct {
	Subject  AidSubject   `json:"subject,omitzero"`
	Home     AidHome      `json:"home,omitzero"`
	Members  []AidMember  `json:"members,omitempty"` // of the household, without the subject
	Logbook  AidAnswers   `json:"logbook,omitzero"`  // the five dimensions of the household logbook (T55013)
	Need     AidNeed      `json:"need,omitzero"`
	Consents []AidConsent `json:"consents,omitempty"`
	Account  AidAccount   `json:"account,omitzero"` // where money goes
	Photos   []string     `json:"photos,omitempty"` // IDs of files
}

// AidPart is a part of the form that is saved by itself.
type AidPart string

const (
	PartSubject AidPart = "subject"
	PartHome    AidPart = "home"
	PartMembers AidPart = "members"
	PartLogbook AidPart = "logbook"
	PartNeed    AidPart = "need"
	PartConsent AidPart = "consents"
	PartAccount AidPart = "account"
)

// AidParts lists them in the order of the pages.
var AidParts = []AidPart{PartSubject, PartHome, PartMembers, PartLogbook, PartNeed, PartConsent, PartAccount}

// AidSubject is the person for whom aid is asked.
type AidSubject struct {
	First       string `json:"first_name"`
	Last        string `json:"last_name,omitempty"`
	Number      string `json:"number,omitempty"`     // national ID or G-code
	NoNumber    bool   `json:"no_number,omitempty"`  // has none: said, not forgotten
	Birth       string `json:"birth_date,omitempty"` // as PersonInput takes it; a year alone will do
	Sex         string `json:"sex,omitempty"`
	Nationality string `json:"nationality,omitempty"`
	Phone       string `json:"phone,omitempty"`
	SafeToCall  bool   `json:"safe_to_call,omitempty"`
	Disabled    bool   `json:"disabled,omitempty"`
}

// AidHome is where the household lives.
type AidHome struct {
	Address   string `json:"address"` // house number, village, sub-district
	District  string `json:"district"`
	Province  string `json:"province"`
	Pin       *Pin   `json:"pin,omitempty"`
	Tenure    string `json:"tenure"` // AidTenures
	HouseCode string `json:"house_code,omitempty"`
}

// AidTenures are how a household has its home.
var AidTenures = []string{"OWN", "RENT", "RELATIVE", "PUBLIC_LAND", "NONE"}

// AidMember is somebody who lives in the household.
type AidMember struct {
	First    string `json:"first_name"`
	Last     string `json:"last_name,omitempty"`
	Number   string `json:"number,omitempty"`
	Birth    string `json:"birth_date,omitempty"`
	Sex      string `json:"sex,omitempty"`
	Relation string `json:"relation"`           // to the subject: a RelationKind
	School   string `json:"school,omitempty"`   // of a child: AidSchools
	Disabled bool   `json:"disabled,omitempty"` //
	Earns    bool   `json:"earns,omitempty"`    // brings in money
}

// AidSchools is whether a child of school age learns.
var AidSchools = []string{"IN_SCHOOL", "AT_RISK", "OUT_OF_SCHOOL", "NOT_OF_AGE", "UNKNOWN"}

// AidAnswers are answers to a version of a form that is data.
type AidAnswers struct {
	Form    string         `json:"form"`
	Version string         `json:"version"`
	Answers map[string]any `json:"answers"`
}

// AidNeed is what is wanted, and why.
type AidNeed struct {
	Problems  []Problem  `json:"problems"`
	Urgency   AidUrgency `json:"urgency"`
	Wanted    []string   `json:"wanted"` // codes of the aid catalogue
	Story     string     `json:"story,omitempty"`
	PriorHelp string     `json:"prior_help,omitempty"`
	Income    *int64     `json:"income,omitempty"` // of the household, satang a month
	Violence  bool       `json:"violence,omitempty"`
	Suicide   bool       `json:"suicide,omitempty"`
	Debt      bool       `json:"debt,omitempty"`
}

// AidConsent is one answer, or the ground in law, for one purpose.
type AidConsent struct {
	Purpose ConsentPurpose `json:"purpose"`
	Given   bool           `json:"given"`
	Basis   string         `json:"basis"` // Bases
}

// AidAccount is where money is paid to.
type AidAccount struct {
	Cash   bool   `json:"cash,omitempty"` // no account: paid over the counter
	Bank   string `json:"bank,omitempty"` // three digits (Bank of Thailand)
	Number string `json:"number,omitempty"`
	Name   string `json:"name,omitempty"`
}

// Missing lists the parts that a form must have before it can be sent and has not.
func (f AidForm) Missing() []AidPart {
	var out []AidPart
	for part, there := range map[AidPart]bool{
		PartSubject: f.Subject.First != "", PartHome: f.Home.Address != "", PartLogbook: f.Logbook.Form != "", PartNeed: len(f.Need.Wanted) > 0,
		PartConsent: slices.ContainsFunc(f.Consents, func(c AidConsent) bool { return c.Purpose == ForAid && c.Given }),
	} {
		if !there {
			out = append(out, part)
		}
	}
	slices.Sort(out)
	return out
}
