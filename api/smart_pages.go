package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// step is one page of a request that is filled in.
type step struct {
	Name string
	Text policy.Text
}

// aidSteps are the pages in their order; each is saved by itself.
var aidSteps = []step{
	{"subject", policy.Text{Th: "ใครต้องการความช่วยเหลือ", En: "Who needs help"}},
	{"home", policy.Text{Th: "บ้านอยู่ที่ไหน", En: "Where the home is"}},
	{"members", policy.Text{Th: "คนในบ้าน", En: "Who lives there"}},
	{"logbook", policy.Text{Th: "สมุดพกครอบครัว", En: "Household logbook"}},
	{"need", policy.Text{Th: "ต้องการอะไร", En: "What is needed"}},
	{"consents", policy.Text{Th: "ความยินยอมและการรับเงิน", En: "Consent, and how money is paid"}},
	{"photos", policy.Text{Th: "รูปถ่าย", En: "Photos"}},
	{"check", policy.Text{Th: "ตรวจและส่ง", En: "Check and send"}},
}

const (
	logbookForm = "household_logbook"
	mostListed  = 50
	mostOpen    = 200
)

// smartAids mounts what members do with aid requests.
func (s *Server) smartAids(in *gin.RouterGroup) {
	in.GET("/", s.smartHome)
	in.GET("/people", s.smartPeople)
	in.GET("/me", s.smartMe)
	in.POST("/requests", s.smartForm(s.smartBegin))
	one := in.Group("/requests/:aid")
	one.GET("", func(c *gin.Context) { s.requestPage(c, http.StatusOK, nil, nil) })
	for _, x := range aidSteps {
		one.GET("/"+x.Name, s.smartStep(x.Name))
	}
	for _, name := range []string{"subject", "home", "logbook", "need", "consents"} {
		one.POST("/"+name, s.smartForm(s.smartSave(name)))
	}
	one.POST("/members", s.smartForm(s.smartAddMember))
	one.POST("/members/remove", s.smartForm(s.smartRemoveMember))
	one.POST("/photos", s.smartUpload(maxSmartPhoto, s.smartAddPhoto))
	one.GET("/photos/:file", s.smartPhoto)
	one.POST("/send", s.smartForm(s.smartSend))
	s.smartDeeds(one)
}

// aidID is the request that an address names.
func aidID(c *gin.Context) casefile.AidID { return casefile.AidID(c.Param("aid")) }

func smartBase(id casefile.AidID) string { return "/smart/requests/" + string(id) }

// forms makes the questions in the language of the page.
func (s *Server) forms(c *gin.Context, province string) smartForms {
	f := smartForms{lang: s.smartLanguageOf(c), places: s.Places, policy: s.Policy.At(s.Now()), province: province, now: s.Now()}
	if i := slices.IndexFunc(s.FormList, func(x casefile.Form) bool { return x.Code == logbookForm }); i >= 0 {
		f.logbook = s.FormList[i]
	}
	return f
}

// smartBegin begins a request; a button that was pressed twice begins one.
func (s *Server) smartBegin(c *gin.Context) {
	id, err := s.beginAid(c.Request.Context(), smartMember(c).Actor(), c.PostForm("key"))
	if err != nil {
		s.smartFail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, smartBase(id)+"/"+aidSteps[0].Name)
}

// filling is a request while it is filled in, as a page shows it.
type filling struct {
	aidDraftNow
	base string
	step int // from 0
}

// smartDraft reads what was saved: the member's own words.
func (s *Server) smartDraft(c *gin.Context, name string) (filling, bool) {
	ctx, by := c.Request.Context(), smartMember(c).Actor()
	now, err := s.aidDraft(ctx, by, aidID(c))
	if err == nil && now.Request.State != casefile.AidDraft && now.Request.State != casefile.AidReturned {
		c.Redirect(http.StatusSeeOther, smartBase(aidID(c)))
		c.Abort()
		return filling{}, false
	}
	if err != nil {
		s.smartFail(c, err)
		return filling{}, false
	}
	return filling{now, smartBase(aidID(c)), slices.IndexFunc(aidSteps, func(x step) bool { return x.Name == name })}, true
}

// next is where a page leads once it is saved.
func (f filling) next() string {
	if f.step+1 == len(aidSteps) {
		return f.base
	}
	return f.base + "/" + aidSteps[f.step+1].Name
}

// body is what every page of a request that is filled in has.
func (f filling) body(saved int) map[string]any {
	marks := make([]string, len(aidSteps))
	for i := range marks {
		switch {
		case i == f.step:
			marks[i] = "here"
		case i < f.step:
			marks[i] = "done"
		}
	}
	return map[string]any{
		"Step": f.step + 1, "Of": len(aidSteps), "Marks": marks, "Code": f.Request.ID.Code(), "Saved": saved, "Key": uuid.NewString(), "Base": f.base, "Next": f.next(),
	}
}

// stepPage shows one page of a request that is filled in.
func (s *Server) stepPage(c *gin.Context, status int, template string, f filling, body map[string]any) {
	p := smartPage{Lang: s.smartLanguageOf(c), Back: f.base, Path: f.base + "/" + aidSteps[f.step].Name, B: body}
	p.Title = aidSteps[f.step].Text.In(p.Lang)
	if f.step > 0 {
		p.Back = f.base + "/" + aidSteps[f.step-1].Name
	}
	if f.Request.State == casefile.AidReturned && body["Wrong"] == nil {
		p.Notice = p.T("ส่งกลับแก้ไข: ", "Sent back: ") + policy.AidCodeWords(f.Request.Reason).In(p.Lang)
	}
	s.show(c, status, template, p)
}

// smartStep shows a page with what was saved.
func (s *Server) smartStep(name string) gin.HandlerFunc {
	return func(c *gin.Context) {
		f, ok := s.smartDraft(c, name)
		if !ok {
			return
		}
		switch name {
		case "members":
			s.membersPage(c, http.StatusOK, f, url.Values{}, nil)
		case "photos":
			s.photosPage(c, http.StatusOK, f, "")
		case "check":
			s.checkPage(c, http.StatusOK, f, nil)
		default:
			s.questions(c, http.StatusOK, name, f, nil, nil, "")
		}
	}
}

// questions shows a page of questions: with what was saved, or, where given is not
// nil, with what somebody has just written and what is wrong with it.
func (s *Server) questions(c *gin.Context, status int, name string, f filling, given url.Values, wrong []FieldProblem, province string) {
	m := smartMember(c)
	values, second := given, given
	pick := func(saved url.Values) url.Values {
		if given != nil {
			return given
		}
		return saved
	}
	var list, more []input
	part := casefile.AidPart(name)
	forms := s.forms(c, "")
	body := f.body(f.Saved[part])
	switch name {
	case "subject":
		saved := subjectValues(f.Form.Subject)
		if f.Saved[part] == 0 {
			saved.Set("nationality", "TH")
		}
		list, values = forms.subject(), pick(saved)
	case "home":
		forms.province = cmp.Or(province, f.Form.Home.Province, m.Province, "10")
		list, values = forms.home(), pick(homeValues(f.Form.Home))
		var provinces []choice
		for _, p := range s.Places.Provinces() {
			provinces = append(provinces, choice{p.Code, policy.Text{Th: p.NameTh, En: p.NameEn}.In(forms.lang)})
			if p.Code == forms.province {
				body["Province"] = provinces[len(provinces)-1].Label
			}
		}
		body["Provinces"], body["Other"], body["Pin"] = provinces, province != "", true
	case "logbook":
		list, values = forms.logbookInputs(), pick(logbookValues(f.Form.Logbook))
	case "need":
		list, values = forms.need(), pick(needValues(f.Form.Need))
	case "consents":
		a := forms.asks()
		list, values = forms.consents(), pick(consentValues(f.Form.Consents))
		more, second = forms.account(), pick(accountValues(f.Form.Account))
		body["SecondTitle"], body["Saved2"] = a.say("การรับเงิน", "How money is paid"), f.Saved[casefile.PartAccount]
	}
	inSecond := func(w FieldProblem) bool { return strings.HasPrefix(w.Field, "account.") }
	rest := fill(more, second, slices.DeleteFunc(slices.Clone(wrong), func(w FieldProblem) bool { return !inSecond(w) }), forms.lang)
	rest = append(fill(list, values, slices.DeleteFunc(slices.Clone(wrong), inSecond), forms.lang), rest...)
	body["List"], body["Second"], body["Rest"] = list, more, rest
	if len(wrong) > 0 {
		body["Wrong"] = true
	}
	s.stepPage(c, status, "step", f, body)
}

// savedBefore is how often the page knew its part to be saved.
func savedBefore(c *gin.Context, name string) int {
	n, _ := strconv.Atoi(c.PostForm(name))
	return n
}

// smartSave saves a page of questions and goes on to the next.
func (s *Server) smartSave(name string) gin.HandlerFunc {
	return func(c *gin.Context) {
		f, ok := s.smartDraft(c, name)
		if !ok {
			return
		}
		ctx, v := c.Request.Context(), c.Request.PostForm
		// Another province's districts; nothing is saved. The keyboard of a phone presses this button, too, as the first of
		// the page: with a district of that province, who pressed it means to save.
		if name == "home" && v.Get("look") != "" && (v.Get("district") == "" || !strings.HasPrefix(v.Get("district"), v.Get("province"))) {
			v.Del("district")
			s.questions(c, http.StatusOK, name, f, v, nil, v.Get("province"))
			return
		}
		var doc any
		var wrong []FieldProblem
		switch name {
		case "subject":
			doc = readSubject(v)
		case "home":
			doc, wrong = readHome(v, f.Form.Home.Pin, s.Now())
		case "logbook":
			doc = readLogbook(s.forms(c, "").logbook, v)
		case "need":
			doc, wrong = readNeed(v)
		case "consents":
			doc = readConsents(v)
		}
		part := casefile.AidPart(name)
		forms := s.forms(c, "")
		wrong = append(wrong, unanswered(map[string]func() []input{
			"subject": forms.subject, "home": forms.home, "logbook": forms.logbookInputs, "need": forms.need, "consents": forms.consents,
		}[name](), v)...)
		if len(wrong) > 0 { // the other mistakes are told with it
			if raw, err := json.Marshal(doc); err == nil {
				wrong = append(wrong, wrongFields(s.checkAidPart(part, raw))...)
			}
			s.questions(c, http.StatusUnprocessableEntity, name, f, v, wrong, v.Get("province"))
			return
		}
		err := s.savePage(ctx, smartMember(c).Actor(), f, part, doc, savedBefore(c, "saved"))
		var other error
		if name == "consents" && v.Get("way") != "" {
			other = s.savePage(ctx, smartMember(c).Actor(), f, casefile.PartAccount, readAccount(v), savedBefore(c, "saved2"))
		}
		for _, e := range []error{err, other} {
			found := wrongFields(e)
			if e != nil && !errors.Is(e, casefile.ErrMoved) && found == nil {
				s.smartFail(c, e)
				return
			}
			wrong = append(wrong, found...)
		}
		if errors.Is(err, casefile.ErrMoved) || errors.Is(other, casefile.ErrMoved) { // saved elsewhere meanwhile: look, then save again
			wrong = append(wrong, FieldProblem{Detail: "หน้านี้ถูกบันทึกจากที่อื่นแล้ว ตรวจดูแล้วบันทึกอีกครั้ง", DetailEn: "this page was saved elsewhere meanwhile: look at it, then save again"})
			if f, ok = s.smartDraft(c, name); !ok {
				return
			}
		}
		if len(wrong) > 0 {
			s.questions(c, http.StatusUnprocessableEntity, name, f, v, wrong, v.Get("province"))
			return
		}
		c.Redirect(http.StatusSeeOther, f.next())
	}
}

// savePage saves a part of the form.
func (s *Server) savePage(ctx context.Context, by casefile.Actor, f filling, part casefile.AidPart, doc any, saved int) error {
	raw, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	_, err = s.saveAidPart(ctx, by, f.Request.ID, part, raw, saved)
	return err
}

// someone is a person of the household on a list.
type someone struct{ Name, About string }

func (s *Server) membersPage(c *gin.Context, status int, f filling, given url.Values, wrong []FieldProblem) {
	forms := s.forms(c, "")
	list := forms.member()
	body := f.body(f.Saved[casefile.PartMembers])
	body["Rest"] = fill(list, given, wrong, forms.lang)
	body["List"], body["Wrong"] = list, len(wrong) > 0
	var people []someone
	for _, m := range f.Form.Members {
		about := []string{policy.RelationWords(casefile.RelationKind(m.Relation)).In(forms.lang)}
		if m.Birth != "" {
			about = append(about, m.Birth)
		}
		people = append(people, someone{strings.TrimSpace(m.First + " " + m.Last), strings.Join(about, " · ")})
	}
	body["People"] = people
	s.stepPage(c, status, "members", f, body)
}

// smartAddMember adds one person. What comes twice, because the line broke before
// the answer, is added once.
func (s *Server) smartAddMember(c *gin.Context) {
	f, ok := s.smartDraft(c, "members")
	if !ok {
		return
	}
	if wrong := unanswered(s.forms(c, "").member(), c.Request.PostForm); len(wrong) > 0 {
		s.membersPage(c, http.StatusUnprocessableEntity, f, c.Request.PostForm, wrong)
		return
	}
	m := readMember(c.Request.PostForm)
	if n := len(f.Form.Members); n > 0 && f.Form.Members[n-1] == m {
		c.Redirect(http.StatusSeeOther, f.base+"/members")
		return
	}
	s.saveMembers(c, f, append(slices.Clone(f.Form.Members), m), c.Request.PostForm)
}

func (s *Server) smartRemoveMember(c *gin.Context) {
	f, ok := s.smartDraft(c, "members")
	if !ok {
		return
	}
	n, err := strconv.Atoi(c.PostForm("n"))
	if err != nil || n < 0 || n >= len(f.Form.Members) || savedBefore(c, "saved") != f.Saved[casefile.PartMembers] { // the list that was seen is not this one
		c.Redirect(http.StatusSeeOther, f.base+"/members")
		return
	}
	s.saveMembers(c, f, slices.Delete(slices.Clone(f.Form.Members), n, n+1), url.Values{})
}

func (s *Server) saveMembers(c *gin.Context, f filling, members []casefile.AidMember, given url.Values) {
	err := s.savePage(c.Request.Context(), smartMember(c).Actor(), f, casefile.PartMembers, members, savedBefore(c, "saved"))
	wrong := wrongFields(err)
	switch {
	case len(wrong) > 0:
	case errors.Is(err, casefile.ErrMoved):
		wrong = []FieldProblem{{Detail: "รายชื่อเปลี่ยนจากที่อื่นแล้ว ตรวจดูแล้วเพิ่มอีกครั้ง", DetailEn: "the list was changed elsewhere meanwhile: look at it, then add again"}}
	case err != nil:
		s.smartFail(c, err)
		return
	default:
		c.Redirect(http.StatusSeeOther, f.base+"/members")
		return
	}
	s.membersPage(c, http.StatusUnprocessableEntity, f, given, wrong)
}
