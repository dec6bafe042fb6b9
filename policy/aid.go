package policy

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// AidGranted is what was granted to a person or household and counts towards limits.
type AidGranted struct {
	Aid    casefile.AidID `json:"aid"`
	Item   int            `json:"item"`
	Code   string         `json:"code"`
	Satang int64          `json:"satang"`
	At     time.Time      `json:"at"`
}

// AidConfirmed is a row of the catalogue that an officer vouches for.
type AidConfirmed struct {
	Code   string    `json:"code"`
	Digest string    `json:"digest"` // of the row as it was then
	Name   string    `json:"name"`
	At     time.Time `json:"at"`
}

// AidLimit bounds what one person or household may be granted since an instant.
type AidLimit struct {
	Codes  []string  `json:"codes"` // that count towards it
	Satang int64     `json:"satang,omitempty"`
	Times  int       `json:"times,omitempty"` // requests, however many items each was granted
	Since  time.Time `json:"since"`
	Alone  bool      `json:"alone,omitempty"` // on one request: what others were granted does not count
	Rule   string    `json:"rule"`            // has the words
}

// AidUnit is of what an amount is the price.
type AidUnit string

const (
	PerFamily AidUnit = "FAMILY"
	PerPerson AidUnit = "PERSON"
	PerHouse  AidUnit = "HOUSE"
	PerMonth  AidUnit = "MONTH"
)

// AidUnits lists every unit.
var AidUnits = []AidUnit{PerFamily, PerPerson, PerHouse, PerMonth}

// AidGrantKind is a dated row of the aid catalogue.
type AidGrantKind struct {
	Text      `yaml:",inline"`
	Code      string   `yaml:"code" json:"code"`
	Owner     string   `yaml:"owner" json:"owner"` // the agency whose budget it is
	Goods     bool     `yaml:"goods" json:"goods"` // handed over, not paid; amounts are their worth
	Min       Satang   `yaml:"min" json:"min"`     // of one unit
	Max       Satang   `yaml:"max" json:"max"`     // of one unit; 0: by case
	Unit      AidUnit  `yaml:"unit" json:"unit"`
	ValidFrom Day      `yaml:"valid_from" json:"valid_from"`
	ValidTo   Day      `yaml:"valid_to" json:"valid_to,omitzero"` // the last day; none: until another row
	Source    string   `yaml:"source" json:"source"`
	Verify    bool     `yaml:"verify" json:"verify"` // no officer of the owner has confirmed it
	Visit     bool     `yaml:"visit" json:"visit"`   // a home is visited before it is granted
	Rules     []string `yaml:"rules" json:"rules"`   // all of them must be met
	Limits    []string `yaml:"limits" json:"limits"`
	terms     string   // what its rules and limits say, for the digest
}

// Digest names the row with everything that its rules and limits say: what an officer confirms. Whatever changes makes
// another one.
func (k AidGrantKind) Digest() string { return digest(k, k.terms) }

func digest(row any, terms string) string {
	raw, err := json.Marshal(row)
	if err != nil {
		panic(err) // only plain values
	}
	sum := sha256.Sum256(append(raw, terms...))
	return hex.EncodeToString(sum[:])
}

// valid reports whether the row is in force on the day of an instant.
func (k AidGrantKind) valid(at time.Time) bool {
	return !at.Before(k.ValidFrom.Time) && (k.ValidTo.IsZero() || at.Before(k.ValidTo.AddDate(0, 0, 1)))
}

// Satang is 1/100 baht. The document writes baht: 3000 or 3000.50.
type Satang int64

// Baht is the amount as people write it: 3,000 or 3,000.50.
func (s Satang) Baht() string {
	sign := ""
	if s < 0 {
		sign, s = "-", -s
	}
	whole := strconv.FormatInt(int64(s)/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest := int64(s) % 100; rest > 0 {
		whole += "." + strconv.Itoa(int(rest/10)) + strconv.Itoa(int(rest%10))
	}
	return sign + whole
}

//go:embed aid.yaml
var aidYAML []byte

// DefaultAid is the aid catalogue that comes with the program.
var DefaultAid = sync.OnceValue(func() *AidCatalogue {
	a, err := ParseAid("aid.yaml", aidYAML)
	if err != nil {
		panic(err) // the embedded document is broken; a test parses it
	}
	return a
})

// WithAid is the policy with another aid catalogue.
func (p *Policy) WithAid(a *AidCatalogue) *Policy {
	as := *p
	as.catalogue = a
	return &as
}

func (p *Policy) aid() *AidCatalogue {
	if p.catalogue != nil {
		return p.catalogue
	}
	return DefaultAid()
}

// AidKind is the row of a code that is in force at an instant.
func (p *Policy) AidKind(code string, at time.Time) (AidGrantKind, bool) {
	kinds := p.aid().Kinds
	i := slices.IndexFunc(kinds, func(k AidGrantKind) bool { return k.Code == code && k.valid(at) })
	if i < 0 {
		return AidGrantKind{}, false
	}
	return kinds[i], true
}

// AidKinds are the rows in force at an instant, in the order of the catalogue.
func (p *Policy) AidKinds(at time.Time) []AidGrantKind {
	return slices.DeleteFunc(slices.Clone(p.aid().Kinds), func(k AidGrantKind) bool { return !k.valid(at) })
}

// AidRow is something that an officer confirms before it is used for payment or told to citizens.
type AidRow struct {
	Code   string `json:"code"`
	Text   `json:",inline"`
	Digest string `json:"digest"`
	Source string `json:"source"`
	Verify bool   `json:"verify"`
}

// AidRows lists what officers confirm: the rows of the catalogue in force, and the legal clocks.
func (p *Policy) AidRows(at time.Time) []AidRow {
	rows := []AidRow{}
	for _, k := range p.AidKinds(at) {
		rows = append(rows, AidRow{Code: k.Code, Text: k.Text, Digest: k.Digest(), Source: k.Source, Verify: k.Verify})
	}
	for _, code := range aidLegal {
		l := p.Aid.Legal[code]
		rows = append(rows, AidRow{Code: code, Text: l.Text, Digest: digest(l, ""), Source: l.Source, Verify: l.Verify})
	}
	return rows
}

// AidVouched reports whether a row may be paid by, or told to citizens: it needs no confirmation, or an officer has
// confirmed it as it stands.
func (p *Policy) AidVouched(code string, confirmed []AidConfirmed, at time.Time) bool {
	rows := p.AidRows(at)
	i := slices.IndexFunc(rows, func(r AidRow) bool { return r.Code == code })
	return i >= 0 && (!rows[i].Verify || slices.ContainsFunc(confirmed, func(c AidConfirmed) bool {
		return c.Code == code && c.Digest == rows[i].Digest && strings.TrimSpace(c.Name) != ""
	}))
}

// AidApprovals is how many people must agree to a plan: two above an amount, whoever they are.
func (p *Policy) AidApprovals(items []casefile.AidItem, province string) int {
	return p.AidApprovalsBeside(items, province, nil, time.Time{})
}

// AidApprovalsBeside counts what other requests of the same people were granted shortly before: a plan that is cut into
// two requests needs as many people as a whole one.
func (p *Policy) AidApprovalsBeside(items []casefile.AidItem, province string, granted []AidGranted, at time.Time) int {
	needed, before := 1, int64(0)
	for _, g := range granted {
		if g.At.After(at.AddDate(0, 0, -p.aid().Together)) {
			before += min(max(g.Satang, 0), mostSatang)
		}
	}
	for _, t := range p.aid().tiers(items, province, before) {
		needed = max(needed, t.Needed)
	}
	return needed
}

// AidApprover lists the rights of which an approver needs one; it must suffice for every item.
func (p *Policy) AidApprover(items []casefile.AidItem, province string) []casefile.Right {
	rights := slices.Clone(aidApprovers)
	for _, t := range p.aid().tiers(items, province, 0) {
		rights = slices.DeleteFunc(rights, func(r casefile.Right) bool { return !slices.Contains(t.Rights, r) })
	}
	if len(rights) == 0 {
		return []casefile.Right{casefile.RightSupervisor} // no right is enough for all of it: the highest
	}
	return rights
}

// MayApproveAid reports whether somebody with the rights may agree to a plan or refuse it.
func (p *Policy) MayApproveAid(items []casefile.AidItem, province string, rights []casefile.Right) bool {
	return slices.ContainsFunc(p.AidApprover(items, province), func(r casefile.Right) bool { return slices.Contains(rights, r) })
}

// aidApprovers are the rights that an approver may need one of, the lowest first.
var aidApprovers = []casefile.Right{casefile.RightOperator, casefile.RightProfessional, casefile.RightSupervisor}

// tiers are those of each item, by what the whole plan comes to beside what was granted: a plan cannot be cut into
// pieces that need fewer.
func (a *AidCatalogue) tiers(items []casefile.AidItem, province string, sum int64) []AidTier {
	var out []AidTier
	for _, i := range items {
		sum += counted(i)
	}
	for _, i := range items {
		if i.State != casefile.ItemDropped {
			out = append(out, a.chain(i.Code, province).tier(Satang(sum)))
		}
	}
	if len(out) == 0 {
		out = append(out, a.chain("", province).tier(0))
	}
	return out
}

// counted is what an item adds to a sum: never less than nothing, and what is too much for anything is just that.
func counted(i casefile.AidItem) int64 {
	if i.State == casefile.ItemDropped {
		return 0
	}
	return min(max(i.Satang, 0), mostSatang+1)
}

// chain is the most specific one: of the kind in the province, of the kind, of the province, of all.
func (a *AidCatalogue) chain(code, province string) AidChain {
	best, rank := AidChain{}, -1
	for _, c := range a.Approvers {
		if c.Province != "" && c.Province != province || len(c.Kinds) > 0 && !slices.Contains(c.Kinds, code) {
			continue
		}
		r := 0
		if len(c.Kinds) > 0 {
			r += 2
		}
		if c.Province != "" {
			r++
		}
		if r > rank {
			best, rank = c, r
		}
	}
	return best
}

// tier is the last one whose amount is passed.
func (c AidChain) tier(sum Satang) AidTier {
	t := c.Tiers[0]
	for _, next := range c.Tiers[1:] {
		if sum > next.Above {
			t = next
		}
	}
	return t
}
