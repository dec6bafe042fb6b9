package api

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// ownRequest is why a member sees what they filed, or where they visit.
const ownRequest = "protection_followup"

// listed is a request on a list: nothing personal.
type listed struct{ Link, Title, Code, Where, When, State, Due string }

func (s *Server) listed(p smartPage, a ListedAid) listed {
	l := listed{
		Link: smartBase(a.ID), Code: a.ID.Code(), Where: s.whereIs(a.Place, p.Lang), When: p.Day(a.BegunAt), State: policy.AidStatusWords(a.State).In(p.Lang),
	}
	if l.Where == "" {
		l.Where = p.T("ร่าง", "Draft")
	}
	return l
}

// whereIs names the district of a place, or its province.
func (s *Server) whereIs(at casefile.Place, l casefile.Language) string {
	var words []string
	if d, ok := s.Places.District(at.District); ok {
		words = append(words, policy.Text{Th: d.NameTh, En: d.NameEn}.In(l))
	}
	if p, ok := s.Places.Province(at.Province); ok {
		words = append(words, policy.Text{Th: p.NameTh, En: p.NameEn}.In(l))
	}
	return strings.Join(words, " ")
}

// smartHome lists what a member has to do and what they filed.
func (s *Server) smartHome(c *gin.Context) {
	ctx, m := c.Request.Context(), smartMember(c)
	p := smartPage{Lang: s.smartLanguageOf(c), Tab: "home"}
	p.Title = p.T("หน้าแรก", "Home")
	mine, err := s.Aids.List(ctx, AidFilter{Filer: m.Actor(), Limit: mostListed})
	var visits []ListedAid
	if err == nil {
		visits, err = s.Aids.List(ctx, AidFilter{Visitor: m.ID, Open: true, Limit: mostListed})
	}
	var open []ListedAid // an old one that came back is a task, however much was filed since
	if err == nil {
		open, err = s.Aids.List(ctx, AidFilter{Filer: m.Actor(), Open: true, Limit: mostOpen})
	}
	if err != nil {
		s.smartFail(c, err)
		return
	}
	visits, err = s.notKeptAway(ctx, m, slices.Concat(visits, open))
	if err == nil {
		mine, err = s.notKeptAway(ctx, m, mine)
	}
	if err != nil {
		s.smartFail(c, err)
		return
	}
	var tasks, requests []listed
	seen := map[casefile.AidID]bool{}
	for _, a := range visits {
		if title, link, due := s.owes(p, m, a.AidRequest); title != "" && !seen[a.ID] {
			seen[a.ID] = true
			task := s.listed(p, a)
			task.Title, task.Link = title, smartBase(a.ID)+link
			if !due.IsZero() {
				task.Due = p.T("ภายใน ", "by ") + p.Day(due)
				if due.Before(s.Now()) {
					task.Due = p.T("เลยกำหนด ", "overdue since ") + p.Day(due)
				}
			}
			tasks = append(tasks, task)
		}
	}
	for _, a := range mine {
		requests = append(requests, s.listed(p, a))
	}
	p.B = map[string]any{"Tasks": tasks, "Requests": requests, "Key": uuid.NewString(), "Saved": 0}
	s.show(c, http.StatusOK, "home", p)
}

// notKeptAway are the requests that a member may reach.
func (s *Server) notKeptAway(ctx context.Context, m SmartMember, all []ListedAid) (out []ListedAid, _ error) {
	for _, a := range all {
		ok, err := s.mayReach(ctx, m.Actor(), a.AidRequest)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, a)
		}
	}
	return out, nil
}

// owes is what a member owes a request, the page on which they do it, and by when.
func (s *Server) owes(p smartPage, m SmartMember, a casefile.AidRequest) (title, link string, due time.Time) {
	mine := a.Filer == m.Actor()
	switch {
	case a.State == casefile.AidVisitSet && a.Visitor == m.ID:
		return p.T("เยี่ยมบ้าน ", "Home visit ") + p.On(a.VisitAt), "", a.DueAt
	case a.State == casefile.AidReturned && mine:
		return p.T("แก้ไขคำขอที่ส่งกลับ", "Correct a request"), "/check", a.DueAt
	case a.State == casefile.AidDraft && mine:
		return p.T("กรอกต่อให้เสร็จแล้วส่ง", "Finish and send"), "/check", time.Time{}
	case s.mayLookIn(m, a):
		return p.T("เยี่ยมติดตามผล", "Look in again"), "", a.DueAt
	default:
		return "", "", time.Time{}
	}
}

// mayLookIn reports whether a member may say how a household fares: who filed it, or visited.
func (s *Server) mayLookIn(m SmartMember, a casefile.AidRequest) bool {
	settled := a.State == casefile.AidPaid || a.State == casefile.AidDelivered || a.State == casefile.AidMonitored
	return settled && (a.Filer == m.Actor() || a.VisitedBy == m.Actor())
}

// theirs is somebody for whom a member asked.
type theirs struct{ Link, Name, Where, Household, State string }

// smartPeople lists those for whom a member asked. Each look is recorded.
func (s *Server) smartPeople(c *gin.Context) {
	ctx, m := c.Request.Context(), smartMember(c)
	p := smartPage{Lang: s.smartLanguageOf(c), Tab: "people"}
	p.Title = p.T("ครอบครัวของฉัน", "My people")
	mine, err := s.Aids.List(ctx, AidFilter{Filer: m.Actor(), Limit: mostListed})
	if err == nil {
		mine, err = s.notKeptAway(ctx, m, mine)
	}
	var people []theirs
	for _, a := range mine {
		if err != nil {
			break
		}
		var f casefile.AidForm
		if f, err = s.formOf(ctx, a.AidRequest); err != nil || f.Subject.First == "" {
			continue
		}
		if err = s.Aids.Viewed(ctx, m.Actor(), a.ID, ownRequest); err != nil {
			break
		}
		where := casefile.Place{District: f.Home.District, Province: f.Home.Province}
		people = append(people, theirs{
			Link: smartBase(a.ID), Name: strings.TrimSpace(f.Subject.First + " " + f.Subject.Last), Where: cmp.Or(s.whereIs(where, p.Lang), p.T("ร่าง", "Draft")),
			Household: strconv.Itoa(len(f.Members)+1) + p.T(" คน", " in the home"), State: policy.AidStatusWords(a.State).In(p.Lang),
		})
	}
	if err != nil {
		s.smartFail(c, err)
		return
	}
	p.B = map[string]any{"People": people}
	s.show(c, http.StatusOK, "people", p)
}

// formOf is what was filled in last: sent, or still a draft.
func (s *Server) formOf(ctx context.Context, a casefile.AidRequest) (casefile.AidForm, error) {
	if a.Form == 0 {
		f, _, err := s.Aids.Draft(ctx, a.ID)
		return f, err
	}
	return s.Aids.Form(ctx, a.ID, a.Form)
}

// smartMe tells a member who they are here, and lets them out.
func (s *Server) smartMe(c *gin.Context) {
	p := smartPage{Lang: s.smartLanguageOf(c), Tab: "me"}
	p.Title = p.T("บัญชีของฉัน", "My account")
	p.B = map[string]any{"Province": s.whereIs(casefile.Place{Province: smartMember(c).Province}, p.Lang)}
	s.show(c, http.StatusOK, "me", p)
}

// requestPage shows where a request stands, in safe words, and what is owed next; with what somebody has just written,
// and what is wrong with it.
func (s *Server) requestPage(c *gin.Context, status int, given url.Values, wrong []FieldProblem) {
	ctx, m, id := c.Request.Context(), smartMember(c), aidID(c)
	a, err := s.aidOf(ctx, m.Actor(), id)
	var events []casefile.AidEvent
	if err == nil {
		events, err = s.Aids.Events(ctx, id)
	}
	if err != nil {
		s.smartFail(c, err)
		return
	}
	p := smartPage{Lang: s.smartLanguageOf(c), Back: "/smart/", Tab: "home", Path: smartBase(id)}
	p.Title = p.T("คำขอ ", "Request ") + id.Code()
	mine := a.Filer == m.Actor()
	body := map[string]any{
		"Base": smartBase(id), "Key": uuid.NewString(), "Saved": 0, "State": policy.AidStatusWords(a.State).In(p.Lang), "Due": p.Day(a.DueAt),
		"Draft": mine && (a.State == casefile.AidDraft || a.State == casefile.AidReturned), "Visit": a.State == casefile.AidVisitSet && a.Visitor == m.ID,
		"LookIn": s.mayLookIn(m, a), "Next": nextWords[a.State].In(p.Lang),
	}
	if mine && (a.State == casefile.AidReturned || a.State == casefile.AidRejected) {
		body["Why"] = policy.AidCodeWords(a.Reason).In(p.Lang)
	}
	var story []happened
	for _, e := range events {
		if said := eventWords[e.Kind]; said != (policy.Text{}) {
			story = append(story, happened{said.In(p.Lang), p.On(e.At)})
		}
	}
	slices.Reverse(story)
	body["Story"] = story
	forms := s.forms(c, "")
	if mine && a.State == casefile.AidRejected && a.Appeals == 0 && s.Now().Before(a.UntilAt) {
		body["Contest"] = forms.reasons(casefile.AidContested)
	}
	if mine && slices.Contains([]casefile.AidState{casefile.AidSubmitted, casefile.AidScreened, casefile.AidVisitSet, casefile.AidVisited, casefile.AidPlanned, casefile.AidReturned}, a.State) {
		body["Withdraw"] = forms.reasons(casefile.AidTakenBack)
	}
	body["Urgent"] = a.MayHappen(casefile.AidIntoAlarm)
	for _, name := range []string{"Contest", "Withdraw"} {
		if list, asked := body[name].([]input); asked {
			body["Rest"], body["Wrong"] = fill(list, given, wrong, p.Lang), len(wrong) > 0
		}
	}
	if a.State == casefile.AidVisitSet && a.Visitor == m.ID { // who visits must find the home
		if err := s.showHome(c, body, forms, a); err != nil {
			s.smartFail(c, err)
			return
		}
	}
	p.B = body
	s.show(c, status, "request", p)
}

// happened is a line of a request's story.
type happened struct{ Text, When string }

// showHome tells a visitor whom they visit, and where. The look is recorded.
func (s *Server) showHome(c *gin.Context, body map[string]any, forms smartForms, a casefile.AidRequest) error {
	ctx := c.Request.Context()
	if err := s.Aids.Viewed(ctx, smartMember(c).Actor(), a.ID, ownRequest); err != nil {
		return err
	}
	f, err := s.Aids.Form(ctx, a.ID, a.Form)
	if err != nil {
		return err
	}
	say := forms.asks().say
	lines := []spoken{
		{say("นัดเยี่ยม", "Visit"), sayTime(a.VisitAt, forms.lang, true)},
		{say("ผู้ขอความช่วยเหลือ", "Person"), strings.TrimSpace(f.Subject.First + " " + f.Subject.Last)},
		{say("ที่อยู่", "Address"), strings.TrimSpace(f.Home.Address + " " + s.whereIs(casefile.Place{District: f.Home.District, Province: f.Home.Province}, forms.lang))},
	}
	if f.Home.Pin != nil {
		body["Map"] = strconv.FormatFloat(f.Home.Pin.Lat, 'f', 6, 64) + "," + strconv.FormatFloat(f.Home.Pin.Lon, 'f', 6, 64)
	}
	if f.Subject.SafeToCall {
		body["Phone"] = f.Subject.Phone
	}
	body["Home"] = lines
	return nil
}

// smartDeeds mounts what is done to a request that was sent.
func (s *Server) smartDeeds(one *gin.RouterGroup) {
	one.GET("/visit", func(c *gin.Context) { s.visitPage(c, http.StatusOK, nil, nil, false) })
	one.POST("/visit", s.smartUpload(maxSmartPhoto, s.smartVisited))
	one.POST("/missed", s.smartForm(s.smartReason(casefile.AidVisitMissed)))
	one.GET("/look-in", func(c *gin.Context) { s.lookInPage(c, http.StatusOK, nil, nil) })
	one.POST("/look-in", s.smartForm(s.smartLookedIn))
	one.POST("/withdraw", s.smartForm(s.smartReason(casefile.AidTakenBack)))
	one.POST("/urgent", s.smartForm(func(c *gin.Context) { s.smartSay(c, casefile.AidOrder{Kind: casefile.AidIntoAlarm}, nil) }))
	one.POST("/contest", s.smartForm(s.smartReason(casefile.AidContested)))
}

// reasons asks why, and for what should be added.
func (f smartForms) reasons(kind casefile.AidEventKind) []input {
	a := f.asks()
	why := a.one("reason", "เหตุผล", "Reason", choicesOf(f.lang, casefile.AidReasons[kind], reasonWords))
	why.Need = true
	a.list = append(a.list, input{Name: "text", Apart: "why-", Kind: "long", Label: a.say("รายละเอียด", "Details"), Max: 2000})
	return a.list
}

func (f smartForms) visit() []input {
	a := f.asks()
	a.list = append(f.logbookInputs(), input{Name: "text", Kind: "long", Label: a.say("สิ่งที่พบ", "What was found"), Max: 4000})
	return a.list
}

// theVisit is the request that a page of a visit is about, or nothing: it was answered.
func (s *Server) theVisit(c *gin.Context, may func(casefile.AidRequest) bool) (casefile.AidRequest, bool) {
	a, err := s.aidOf(c.Request.Context(), smartMember(c).Actor(), aidID(c))
	switch {
	case err != nil:
		s.smartFail(c, err)
	case !may(a):
		c.Redirect(http.StatusSeeOther, smartBase(aidID(c)))
		c.Abort()
	default:
		return a, true
	}
	return a, false
}

// visitPage asks what a visit found. The answers of the form that was filed stand
// in it already: what has not changed is not written again.
func (s *Server) visitPage(c *gin.Context, status int, given url.Values, wrong []FieldProblem, missed bool) {
	ctx, m := c.Request.Context(), smartMember(c)
	a, ok := s.theVisit(c, func(a casefile.AidRequest) bool { return a.State == casefile.AidVisitSet && a.Visitor == m.ID })
	if !ok {
		return
	}
	forms := s.forms(c, "")
	err := s.Aids.Viewed(ctx, m.Actor(), a.ID, ownRequest)
	var f casefile.AidForm
	if err == nil {
		f, err = s.Aids.Form(ctx, a.ID, a.Form)
	}
	var files []AidFile
	if err == nil {
		files, err = s.Aids.Files(ctx, a.ID)
	}
	if err != nil {
		s.smartFail(c, err)
		return
	}
	if given == nil {
		given = logbookValues(f.Logbook)
	}
	list, second := forms.visit(), forms.reasons(casefile.AidVisitMissed)
	about, other := list, second
	if missed {
		about, other = second, list
	}
	rest := fill(about, given, wrong, forms.lang)
	if missed {
		fill(other, logbookValues(f.Logbook), nil, forms.lang)
	}
	p := smartPage{Lang: forms.lang, Back: smartBase(a.ID), Path: smartBase(a.ID) + "/visit"}
	p.Title = p.T("ผลการเยี่ยมบ้าน", "Home visit")
	p.B = map[string]any{
		"To":   p.Path,
		"Base": smartBase(a.ID), "Key": uuid.NewString(), "Saved": 0, "List": list, "Second": second, "Rest": rest, "Wrong": len(wrong) > 0, "Other": missed,
		"SecondTitle": p.T("เยี่ยมไม่ได้", "The visit was not possible"), "Deed": p.T("บันทึกผลการเยี่ยม", "Record the visit"), "Photo": true, "Photos": photos(files),
		"Intro": p.T("คำตอบจากคำขอกรอกไว้ให้แล้ว แก้เฉพาะที่ต่างจากที่พบ", "The answers of the request are filled in: change only what you find different."),
	}
	s.show(c, status, "visit", p)
}

// smartVisited sends what a visit found, with the photos that came since the request.
func (s *Server) smartVisited(c *gin.Context) {
	ctx, m, v := c.Request.Context(), smartMember(c), c.Request.PostForm
	a, ok := s.theVisit(c, func(a casefile.AidRequest) bool { return a.Visitor == m.ID })
	if !ok {
		return
	}
	if err := s.takePhoto(c); err != nil {
		if wrong := wrongFields(err); len(wrong) > 0 {
			s.visitPage(c, http.StatusUnprocessableEntity, v, wrong, false)
			return
		}
		s.smartFail(c, err)
		return
	}
	files, err := s.Aids.Files(ctx, a.ID)
	if err != nil {
		s.smartFail(c, err)
		return
	}
	o := casefile.AidOrder{Kind: casefile.AidWasVisited, Private: casefile.AidPrivate{Text: trimmed(v, "text")}}
	for _, f := range files {
		if f.Kind == photoKind && !f.WholeAt.IsZero() && f.At.After(a.SubmittedAt) {
			o.Private.Files = append(o.Private.Files, f.ID)
		}
	}
	answers, wrong := s.answersOf(c, v)
	if len(wrong) > 0 {
		s.visitPage(c, http.StatusUnprocessableEntity, v, wrong, false)
		return
	}
	o.Private.Logbook = answers
	s.smartSay(c, o, func(wrong []FieldProblem) { s.visitPage(c, http.StatusUnprocessableEntity, v, wrong, false) })
}

// answersOf reads the household logbook of a visit, and says what is wrong with it.
func (s *Server) answersOf(c *gin.Context, v url.Values) (*casefile.AidAnswers, []FieldProblem) {
	form := s.forms(c, "").logbook
	answers := readLogbook(form, v)
	kept, err := form.Accept(answers.Answers, nil, []casefile.Right{casefile.RightVolunteer})
	if err != nil {
		if wrong := wrongFields(err); wrong != nil {
			return nil, wrong
		}
		return nil, []FieldProblem{{Detail: "คำตอบในสมุดพกไม่ถูกต้อง", DetailEn: "an answer of the logbook is not possible"}}
	}
	answers.Answers = kept
	return &answers, nil
}

// lookInPage asks how a household fares.
func (s *Server) lookInPage(c *gin.Context, status int, given url.Values, wrong []FieldProblem) {
	m := smartMember(c)
	a, ok := s.theVisit(c, func(a casefile.AidRequest) bool { return s.mayLookIn(m, a) })
	if !ok {
		return
	}
	forms := s.forms(c, "")
	list := forms.visit()
	rest := fill(list, given, wrong, forms.lang)
	p := smartPage{Lang: forms.lang, Back: smartBase(a.ID), Path: smartBase(a.ID) + "/look-in"}
	p.Title = p.T("ติดตามผล", "Looking in")
	p.B = map[string]any{
		"To":   p.Path,
		"Base": smartBase(a.ID), "Key": uuid.NewString(), "Saved": 0, "List": list, "Rest": rest, "Wrong": len(wrong) > 0, "Deed": p.T("บันทึกการติดตาม", "Record it"),
		"Intro": p.T("ครอบครัวเป็นอย่างไรหลังได้รับความช่วยเหลือ", "How the family fares since help came"),
	}
	s.show(c, status, "visit", p)
}

func (s *Server) smartLookedIn(c *gin.Context) {
	m, v := smartMember(c), c.Request.PostForm
	if _, ok := s.theVisit(c, func(a casefile.AidRequest) bool { return s.mayLookIn(m, a) }); !ok {
		return
	}
	answers, wrong := s.answersOf(c, v)
	if len(wrong) > 0 {
		s.lookInPage(c, http.StatusUnprocessableEntity, v, wrong)
		return
	}
	s.smartSay(c, casefile.AidOrder{Kind: casefile.AidLookedIn, Private: casefile.AidPrivate{Text: trimmed(v, "text"), Logbook: answers}},
		func(wrong []FieldProblem) { s.lookInPage(c, http.StatusUnprocessableEntity, v, wrong) })
}

// smartReason does what needs a reason of a list.
func (s *Server) smartReason(kind casefile.AidEventKind) gin.HandlerFunc {
	return func(c *gin.Context) {
		v := c.Request.PostForm
		o := casefile.AidOrder{Kind: kind, Reason: v.Get("reason"), Private: casefile.AidPrivate{Text: trimmed(v, "text")}}
		if !slices.Contains(casefile.AidReasons[kind], o.Reason) {
			wrong := []FieldProblem{{Field: "reason", Detail: "เลือกเหตุผล", DetailEn: "choose a reason"}}
			if kind == casefile.AidVisitMissed {
				s.visitPage(c, http.StatusUnprocessableEntity, v, wrong, true)
				return
			}
			s.requestPage(c, http.StatusUnprocessableEntity, v, wrong)
			return
		}
		s.smartSay(c, o, nil)
	}
}

// smartSay has something heard by the request's own process; a button that was
// pressed twice is heard once. What the law refuses is said in its words.
func (s *Server) smartSay(c *gin.Context, o casefile.AidOrder, again func([]FieldProblem)) {
	err := s.sayToAid(c.Request.Context(), smartMember(c).Actor(), aidID(c), c.PostForm("key"), o)
	wrong := wrongFields(err)
	switch {
	case err == nil:
		c.Redirect(http.StatusSeeOther, smartBase(aidID(c)))
	case len(wrong) > 0 && again != nil:
		again(wrong)
	default:
		s.smartFail(c, err)
	}
}

// reasonWords say why: what the policy has no words for is only said on these pages.
func reasonWords(code string) policy.Text {
	if w, ok := pageReasons[code]; ok {
		return w
	}
	return policy.AidCodeWords(code)
}

var pageReasons = map[string]policy.Text{
	"NOT_WANTED": {Th: "ไม่ต้องการแล้ว", En: "Not wanted any more"}, "HELPED_OTHERWISE": {Th: "ได้รับความช่วยเหลือทางอื่นแล้ว", En: "Helped otherwise"},
	"MOVED": {Th: "ย้ายที่อยู่", En: "Moved away"}, "DECEASED": {Th: "เสียชีวิต", En: "Has died"}, "FILED_TWICE": {Th: "ยื่นซ้ำ", En: "Filed twice"},
	"NOBODY_HOME": {Th: "ไม่มีคนอยู่", En: "Nobody at home"}, "NOT_FOUND": {Th: "หาบ้านไม่พบ", En: "The home was not found"},
	"UNSAFE": {Th: "ไม่ปลอดภัย", En: "Not safe"}, "REFUSED_ENTRY": {Th: "ไม่ให้เข้าบ้าน", En: "Not let in"},
	"FACTS_WRONG": {Th: "ข้อเท็จจริงไม่ถูกต้อง", En: "The facts are wrong"}, "RULE_WRONG": {Th: "ใช้หลักเกณฑ์ไม่ถูกต้อง", En: "The rule was applied wrongly"},
	"CIRCUMSTANCES_CHANGED": {Th: "สถานการณ์เปลี่ยนไป", En: "Circumstances have changed"},
}

// nextWords say what comes next, for who filed a request.
var nextWords = map[casefile.AidState]policy.Text{
	casefile.AidDraft:     {Th: "กรอกให้ครบแล้วส่ง", En: "Fill it in, then send it."},
	casefile.AidSubmitted: {Th: "ขั้นต่อไป: หน่วยงานตรวจคำขอ", En: "Next: the office looks at it."},
	casefile.AidReturned:  {Th: "ขั้นต่อไป: ท่านแก้ไขแล้วส่งใหม่", En: "Next: you correct it and send it again."},
	casefile.AidReferred:  {Th: "ขั้นต่อไป: อีกหน่วยงานตอบ", En: "Next: the other office answers."},
	casefile.AidScreened:  {Th: "ขั้นต่อไป: นัดเยี่ยมบ้าน", En: "Next: a visit is planned."},
	casefile.AidVisitSet:  {Th: "ขั้นต่อไป: เยี่ยมบ้าน", En: "Next: the visit."},
	casefile.AidVisited:   {Th: "ขั้นต่อไป: หน่วยงานวางแผนช่วยเหลือ", En: "Next: the office makes a plan."},
	casefile.AidPlanned:   {Th: "ขั้นต่อไป: พิจารณา", En: "Next: the decision."},
	casefile.AidApproved:  {Th: "ขั้นต่อไป: ดำเนินการตามแผน", En: "Next: the plan is carried out."},
	casefile.AidRejected:  {Th: "ขั้นต่อไป: อุทธรณ์ได้ภายในกำหนด", En: "Next: an appeal may be made in time."},
	casefile.AidAppealed:  {Th: "ขั้นต่อไป: วินิจฉัยอุทธรณ์", En: "Next: the appeal is decided."},
	casefile.AidPaid:      {Th: "ขั้นต่อไป: เยี่ยมติดตามผล", En: "Next: somebody looks in."},
	casefile.AidDelivered: {Th: "ขั้นต่อไป: เยี่ยมติดตามผล", En: "Next: somebody looks in."},
	casefile.AidMonitored: {Th: "ขั้นต่อไป: ประเมินผล", En: "Next: it is evaluated."},
	casefile.AidEvaluated: {Th: "ขั้นต่อไป: ปิดเรื่อง", En: "Next: it is closed."},
}

// eventWords say what happened, in words that may be read by anybody who looks over
// a shoulder: no amounts, no findings, no reasons. What has none is the office's own work.
var eventWords = map[casefile.AidEventKind]policy.Text{
	casefile.AidSent:         {Th: "ส่งคำขอ", En: "Sent"},
	casefile.AidTaken:        {Th: "มีเจ้าหน้าที่รับเรื่อง", En: "An officer works on it"},
	casefile.AidPassed:       {Th: "ตรวจเบื้องต้นผ่าน", En: "Looked through"},
	casefile.AidSentBack:     {Th: "ส่งกลับแก้ไข", En: "Sent back for a correction"},
	casefile.AidGoesTo:       {Th: "ถามหน่วยงานอื่น", En: "Another office was asked"},
	casefile.AidAnswered:     {Th: "อีกหน่วยงานตอบแล้ว", En: "The other office answered"},
	casefile.AidTakenBack:    {Th: "ถอนคำขอ", En: "Withdrawn"},
	casefile.AidVisitPlanned: {Th: "นัดเยี่ยมบ้าน", En: "A visit was planned"},
	casefile.AidVisitMissed:  {Th: "เยี่ยมไม่ได้", En: "The visit was not possible"},
	casefile.AidWasVisited:   {Th: "เยี่ยมบ้านแล้ว", En: "Visited"},
	casefile.AidPlanMade:     {Th: "วางแผนแล้ว รอพิจารณา", En: "Planned, to be decided"},
	casefile.AidAgreed:       {Th: "พิจารณาแล้ว", En: "Decided"},
	casefile.AidRefused:      {Th: "พิจารณาแล้ว", En: "Decided"},
	casefile.AidContested:    {Th: "ยื่นอุทธรณ์", En: "An appeal was made"},
	casefile.AidHeard:        {Th: "วินิจฉัยอุทธรณ์แล้ว", En: "The appeal was decided"},
	casefile.AidItemPaid:     {Th: "ดำเนินการแล้วหนึ่งรายการ", En: "One thing was done"},
	casefile.AidItemDropped:  {Th: "หนึ่งรายการถูกยกเลิก", En: "One thing was called off"},
	casefile.AidItemGiven:    {Th: "ดำเนินการแล้วหนึ่งรายการ", En: "One thing was done"},
	casefile.AidLookedIn:     {Th: "เยี่ยมติดตามผล", En: "Somebody looked in"},
	casefile.AidJudged:       {Th: "ประเมินผล", En: "Evaluated"},
	casefile.AidEnded:        {Th: "ปิดเรื่อง", En: "Closed"},
	casefile.AidIntoAlarm:    {Th: "ส่งต่อเป็นเรื่องด่วน", En: "Passed on as urgent"},
}
