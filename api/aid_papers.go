package api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/paper"
	"github.com/ess-thailand/ess/policy"
)

// aidPaperKinds are the papers of a request, by their names in the path.
var aidPaperKinds = map[string]paper.Kind{
	"request": paper.AidRequestPaper, "fact-finding": paper.AidFactsPaper, "decision": paper.AidDecisionPaper, "receipt": paper.AidReceiptPaper,
}

// IssueAidPaper serves POST /v1/aid-requests/{aid}/papers/{paper}. Whom it is about is read from the record, not from the
// body: nobody writes another name on a paper than the one that was decided on.
func (s *Server) IssueAidPaper(ctx context.Context, r IssueAidPaperRequestObject) (IssueAidPaperResponseObject, error) {
	by := Viewer(ctx).Actor()
	a, err := s.aidOf(ctx, by, r.Aid)
	if err != nil {
		return nil, err
	}
	if a.Form == 0 {
		return nil, casefile.ErrNotFound // what lies on a phone is no paper
	}
	u, err := s.writer(ctx, cmp.Or(casefile.UnitID(r.Body.Head.Office), a.Office))
	if err != nil {
		return nil, err
	}
	if err := s.Aids.Viewed(ctx, by, a.ID, string(r.Params.Purpose)); err != nil {
		return nil, err
	}
	w, err := s.aidWriter(ctx, a, *r.Body)
	if err != nil {
		return nil, err
	}
	p, err := w.write(aidPaperKinds[r.Paper])
	if err != nil {
		return nil, inPaper(err)
	}
	h := r.Body.Head
	p.Secrecy, p.Digits = paper.Secrecy(cmp.Or(h.Secrecy, string(paper.Secret))), paper.Digits(cmp.Or(h.Digits, string(paper.ThaiDigits)))
	p.At = s.Now().UTC()
	p.Office = paper.Office{Name: u.NameTh, Letters: h.Letters, Address: h.Address, Phone: h.Phone, Email: h.Email}
	p.About = paper.About{Code: a.ID.Code(), ReportedAt: a.SubmittedAt, Place: s.area(a.Place)}
	o := paper.Order{Key: r.Params.IdempotencyKey, Aid: a.ID, Office: u.ID, By: by, Purpose: string(r.Params.Purpose), Paper: p}
	if p.Kind == paper.AidDecisionPaper {
		o.DecidedAt = a.DecidedAt
	}
	written, d, err := s.Papers.IssuePaper(ctx, o)
	if err != nil {
		return nil, inPaper(err)
	}
	sum := sha256.Sum256(d.Bytes)
	return IssueAidPaper201JSONResponse(given(paper.Issued{
		Office: u.ID, Year: written.Year, Number: written.Number, Kind: written.Kind, At: written.At, Pages: d.Pages, SHA256: sum[:],
	})), nil
}

func given(p paper.Issued) PaperGiven {
	return PaperGiven{
		Office: string(p.Office), Number: fmt.Sprintf("%d-%d", p.Year, p.Number), Kind: string(p.Kind), At: p.At, Pages: p.Pages, Sha256: hex.EncodeToString(p.SHA256),
	}
}

// ListAidPapers serves GET /v1/aid-requests/{aid}/papers.
func (s *Server) ListAidPapers(ctx context.Context, r ListAidPapersRequestObject) (ListAidPapersResponseObject, error) {
	a, err := s.aidOf(ctx, Viewer(ctx).Actor(), r.Aid)
	if err != nil {
		return nil, err
	}
	all, err := s.Papers.AidPapers(ctx, a.ID)
	out := ListAidPapers200JSONResponse{Papers: []PaperGiven{}}
	for _, p := range all {
		out.Papers = append(out.Papers, given(p))
	}
	return out, err
}

// GetAidPaper serves GET /v1/aid-requests/{aid}/papers/{paper}. The look is recorded first.
func (s *Server) GetAidPaper(ctx context.Context, r GetAidPaperRequestObject) (GetAidPaperResponseObject, error) {
	by := Viewer(ctx).Actor()
	a, err := s.aidOf(ctx, by, r.Aid)
	if err != nil {
		return nil, err
	}
	year, number, err := paperNumber(r.Paper)
	if err != nil {
		return nil, err
	}
	if err := s.Aids.Viewed(ctx, by, a.ID, string(r.Params.Purpose)); err != nil {
		return nil, err
	}
	p, d, err := s.Papers.AidPaper(ctx, a.ID, casefile.UnitID(r.Params.Office), year, number)
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(strings.ReplaceAll(string(p.Kind), "_", "-"))
	return GetAidPaper200ApplicationpdfResponse{
		Body: bytes.NewReader(d.Bytes), ContentLength: int64(len(d.Bytes)),
		Headers: GetAidPaper200ResponseHeaders{ContentDisposition: fmt.Sprintf(`attachment; filename="%s-%s-%s.pdf"`, a.ID.Code(), name, r.Paper)},
	}, nil
}

// aidWriter is everything that a paper about a request is written from.
type aidWriter struct {
	request   casefile.AidRequest
	form      casefile.AidForm
	events    []casefile.AidEvent
	forms     []casefile.Form
	confirmed []policy.AidConfirmed
	payee     casefile.AidAccount // of money that was granted
	rules     *policy.Policy
	input     AidPaperInput
	area      string
	now       time.Time
}

func (s *Server) aidWriter(ctx context.Context, a casefile.AidRequest, in AidPaperInput) (aidWriter, error) {
	w := aidWriter{request: a, forms: s.FormList, rules: s.Policy.At(s.Now()), input: in, now: s.Now()}
	var err error
	if w.form, err = s.Aids.Form(ctx, a.ID, a.Form); err != nil {
		return w, err
	}
	if w.events, err = s.Aids.Events(ctx, a.ID); err != nil {
		return w, err
	}
	if slices.ContainsFunc(a.Items, func(i casefile.AidItem) bool { return !i.Goods }) {
		if w.payee, err = s.AidPayments.Payee(ctx, a.ID, in.Item); err != nil {
			return w, err
		}
	}
	all, err := s.Aids.Confirmations(ctx)
	for _, c := range all {
		w.confirmed = append(w.confirmed, c.AidConfirmed)
	}
	w.area = s.area(casefile.Place{District: w.form.Home.District, Province: w.form.Home.Province})
	return w, err
}

func (w aidWriter) write(k paper.Kind) (paper.Paper, error) {
	p := paper.Paper{Kind: k}
	switch k {
	case paper.AidRequestPaper:
		p.AidRequest = w.asked()
	case paper.AidFactsPaper:
		p.AidFacts = w.found()
	case paper.AidDecisionPaper:
		if !w.rules.AidVouched(policy.AppealUntil, w.confirmed, w.now) {
			return p, invalid("decided_at", "ยังไม่มีเจ้าหน้าที่ยืนยันกำหนดเวลาอุทธรณ์ จึงแจ้งผู้ขอไม่ได้", "no officer has confirmed the time for an appeal: the person cannot be told of it yet")
		}
		p.AidDecision = w.decided()
		if code := w.unvouched(); p.AidDecision.Refused && code != "" {
			return p, invalid("decided_at", "ยังไม่มีเจ้าหน้าที่ยืนยันหลักเกณฑ์ที่ใช้ไม่อนุมัติ จึงแจ้งผู้ขอไม่ได้ ("+code+")", "no officer has confirmed the rules on which it was refused: the person cannot be told of them yet ("+code+")")
		}
	case paper.AidReceiptPaper:
		if w.input.Item == 0 && w.parted() {
			return p, invalid("item", "บางรายการยังไม่ได้รับ ต้องระบุรายการของใบนี้", "some of it was not received yet: say which thing this one is for")
		}
		p.AidReceipt = w.received()
	}
	return p, nil
}

// said is the last event of a kind; the zero value where there was none.
func (w aidWriter) said(k casefile.AidEventKind) casefile.AidEvent {
	for _, e := range slices.Backward(w.events) {
		if e.Kind == k {
			return e
		}
	}
	return casefile.AidEvent{}
}

func (w aidWriter) person() paper.Person {
	x := w.form.Subject
	p := paper.Person{
		Name: strings.TrimSpace(x.First + " " + x.Last), NationalID: x.Number, Age: w.age(x.Birth), Sex: sexWords[casefile.Sex(x.Sex)], Nationality: x.Nationality,
		Phone: x.Phone, Address: strings.TrimSpace(w.form.Home.Address + " " + w.area),
	}
	if x.NoNumber {
		p.NationalID = "ไม่มีเลขประจำตัว"
	}
	if x.Disabled {
		p.Note = "คนพิการ"
	}
	return p
}

var sexWords = map[casefile.Sex]string{casefile.SexFemale: "หญิง", casefile.SexMale: "ชาย", casefile.SexOther: "อื่น ๆ"}

// age is in years; of a birth of which only the year is known, the age reached in this one.
func (w aidWriter) age(birth string) *int {
	b, err := casefile.ParseBirth(birth, w.now)
	if birth == "" || err != nil {
		return nil
	}
	return new(b.Age(w.now.In(policy.Bangkok)))
}

func (w aidWriter) household() []paper.Person {
	var all []paper.Person
	for _, m := range w.form.Members {
		var about []string
		for _, x := range []struct {
			is   bool
			text string
		}{{m.School != "", policy.AidCodeWords(m.School).Th}, {m.Earns, "มีรายได้"}, {m.Disabled, "คนพิการ"}} {
			if x.is {
				about = append(about, x.text)
			}
		}
		all = append(all, paper.Person{
			Name: strings.TrimSpace(m.First + " " + m.Last), Age: w.age(m.Birth), Relation: policy.RelationWords(casefile.RelationKind(m.Relation)).Th,
			Occupation: strings.Join(about, ", "),
		})
	}
	return all
}

// kind is what the catalogue calls something, as it stood when the request was sent.
func (w aidWriter) kind(code string) string {
	for _, at := range []time.Time{w.request.SubmittedAt, w.now} {
		if k, ok := w.rules.AidKind(code, at); ok {
			return k.Th
		}
	}
	return code
}

func (w aidWriter) asked() *paper.AidRequest {
	n := w.form.Need
	x := paper.AidRequest{
		Person: w.person(), Household: w.household(), Tenure: policy.AidCodeWords(w.form.Home.Tenure).Th, Income: n.Income, Urgent: n.Urgency == casefile.AidSoon,
		Story: n.Story, PriorHelp: n.PriorHelp, Account: account(w.form.Account), Enclosed: len(w.form.Photos), FiledAt: w.request.SubmittedAt, Note: w.input.Opinion,
		Volunteer: w.input.Signer,
	}
	for _, p := range n.Problems {
		x.Problems = append(x.Problems, policy.ProblemWords(p).Th)
	}
	for _, code := range n.Wanted {
		x.Wanted = append(x.Wanted, w.kind(code))
	}
	for _, c := range w.form.Consents {
		x.Consents = append(x.Consents, paper.Consent{Purpose: policy.AidCodeWords(string(c.Purpose)).Th, Basis: policy.AidCodeWords(c.Basis).Th, Given: c.Given})
	}
	return &x
}

// account is where money goes; of the number the last digits, by which its owner knows it.
func account(a casefile.AidAccount) string {
	const shown = 4
	switch {
	case a.Cash:
		return "เงินสด"
	case a.Number == "":
		return ""
	}
	return "โอนเข้าบัญชีธนาคาร เลขที่บัญชีลงท้าย " + a.Number[max(0, len(a.Number)-shown):] + " ชื่อบัญชี " + a.Name
}

func (w aidWriter) found() *paper.AidFacts {
	visit := w.said(casefile.AidWasVisited)
	x := paper.AidFacts{
		Person: w.person(), Household: w.household(), Tenure: policy.AidCodeWords(w.form.Home.Tenure).Th, Income: w.form.Need.Income, VisitedAt: w.request.VisitedAt,
		Found: visit.Private.Text, Dimensions: w.dimensions(visit.Private.Logbook), Opinion: w.input.Opinion, Writer: w.input.Signer, Visitor: w.input.Contact,
	}
	for _, f := range w.request.Found {
		if f.Rule == "" && f.Kind != casefile.FoundDuplicate {
			continue // the sum of the rules that follow
		}
		result := "ไม่ขัดข้อง"
		switch {
		case slices.ContainsFunc(w.request.Clear, f.Same):
			result = "เจ้าหน้าที่ตรวจแล้ว"
		case f.Blocks:
			result = "ขัดข้อง"
		}
		x.Rules = append(x.Rules, paper.Rule{What: w.rules.AidWords(f).Th, Result: result})
	}
	return &x
}

var dimensionWords = map[casefile.Dimension]string{
	casefile.Housing: "ความเป็นอยู่", casefile.Health: "สุขภาพ", casefile.Education: "การศึกษา", casefile.Income: "รายได้", casefile.StateServices: "การเข้าถึงบริการภาครัฐ",
}

// dimensions are the scores when the request was sent, and at the visit where the logbook was filled in again.
func (w aidWriter) dimensions(again *casefile.AidAnswers) []paper.Dimension {
	scores := func(a casefile.AidAnswers) map[casefile.Dimension]int {
		out := map[casefile.Dimension]int{}
		i := slices.IndexFunc(w.forms, func(f casefile.Form) bool { return f.Code == a.Form && f.Version == a.Version })
		if i < 0 {
			return out
		}
		for _, d := range w.forms[i].Dimensions(casefile.Filled(a.Answers)) {
			if d.Answered > 0 {
				out[d.Dimension] = d.Score
			}
		}
		return out
	}
	before, now := scores(w.form.Logbook), map[casefile.Dimension]int{}
	if again != nil {
		now = scores(*again)
	}
	if len(before)+len(now) == 0 {
		return nil
	}
	var all []paper.Dimension
	for _, d := range casefile.Dimensions {
		x := paper.Dimension{Name: dimensionWords[d]}
		if n, ok := before[d]; ok {
			x.Before = &n
		}
		if n, ok := now[d]; ok {
			x.Score = &n
		}
		all = append(all, x)
	}
	return all
}

// grants are the things that a decision granted, or one of them.
func (w aidWriter) grants(one int) []paper.Grant {
	var all []paper.Grant
	for _, i := range w.request.Items {
		if i.State != casefile.ItemPlanned && i.State != casefile.ItemDropped && (one == 0 || one == i.ID) {
			all = append(all, paper.Grant{Name: w.kind(i.Code), Goods: i.Goods, Quantity: i.Quantity, Satang: i.Satang})
		}
	}
	return all
}

func (w aidWriter) decided() *paper.AidDecision {
	a := w.request
	x := paper.AidDecision{Person: w.person(), FiledAt: a.SubmittedAt, Opinion: w.input.Opinion, Contact: w.input.Contact, Signer: w.input.Signer}
	switch a.State {
	case casefile.AidApproved, casefile.AidPaid, casefile.AidDelivered, casefile.AidMonitored, casefile.AidEvaluated, casefile.AidClosed, casefile.AidRejected, casefile.AidAppealed:
		x.DecidedAt = a.DecidedAt
	}
	x.Items = w.grants(0)
	x.Refused = len(x.Items) == 0
	if refusal := w.said(casefile.AidRefused); x.Refused {
		x.Reason = policy.AidCodeWords(refusal.Reason).Th
	}
	for _, f := range w.grounds(x.Refused) {
		x.Rules = append(x.Rules, w.rules.AidWords(f).Th)
	}
	return &x
}

// grounds are the rules on which a decision rests.
func (w aidWriter) grounds(refused bool) (out []casefile.AidFinding) {
	a := w.request
	for _, f := range a.Found {
		of := slices.ContainsFunc(a.Items, func(i casefile.AidItem) bool { return i.Code == f.Code }) || len(a.Items) == 0 && slices.Contains(a.Wanted, f.Code)
		stands := f.Kind == casefile.FoundEligible
		if refused {
			stands = f.Kind == casefile.FoundNotEligible || f.Kind == casefile.FoundOverLimit
		}
		if f.Rule != "" && of && stands {
			out = append(out, f)
		}
	}
	return out
}

// unvouched is a row of the catalogue on which a refusal rests, and for which no officer vouches.
func (w aidWriter) unvouched() string {
	for _, f := range w.grounds(true) {
		if !w.rules.AidVouched(f.Code, w.confirmed, w.now) {
			return f.Code
		}
	}
	return ""
}

// parted reports whether some of what was granted was received, and some was not.
func (w aidWriter) parted() bool {
	has := func(settled bool) bool {
		return slices.ContainsFunc(w.request.Items, func(i casefile.AidItem) bool {
			return i.State != casefile.ItemPlanned && i.State != casefile.ItemDropped && i.Settled() == settled
		})
	}
	return has(true) && has(false)
}

func (w aidWriter) received() *paper.AidReceipt {
	x := paper.AidReceipt{Person: w.person(), Items: w.grants(w.input.Item), Note: w.input.Opinion, Giver: w.input.Signer}
	if slices.ContainsFunc(x.Items, func(g paper.Grant) bool { return !g.Goods }) {
		x.How = account(w.payee)
	}
	for _, i := range w.request.Items {
		if (w.input.Item == 0 || w.input.Item == i.ID) && i.SettleAt.After(x.PaidAt) {
			x.PaidAt = i.SettleAt
		}
	}
	return &x
}

// paperNumber reads "2569-128".
func paperNumber(s string) (year, number int, err error) {
	yearText, numberText, _ := strings.Cut(s, "-")
	year, errYear := strconv.Atoi(yearText)
	number, errNumber := strconv.Atoi(numberText)
	if errYear != nil || errNumber != nil {
		return 0, 0, casefile.ErrNotFound
	}
	return year, number, nil
}
