package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// A photo as a phone takes it, and the form around it.
const (
	maxSmartPhoto = 12 << 20
	photoKind     = "PHOTO"
)

// photos are the files of a request that a page can show.
func photos(files []AidFile) (ids []string) {
	for _, f := range files {
		if !f.WholeAt.IsZero() && strings.HasPrefix(f.ContentType, "image/") {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

func (s *Server) photosPage(c *gin.Context, status int, f filling, wrong string) {
	body := f.body(0)
	body["Photos"] = photos(f.Files)
	if wrong != "" {
		body["Wrong"], body["Rest"] = true, []string{wrong}
	}
	s.stepPage(c, status, "photos", f, body)
}

// smartAddPhoto keeps one photo. What is sent twice is kept once.
func (s *Server) smartAddPhoto(c *gin.Context) {
	err := s.takePhoto(c)
	wrong := wrongFields(err)
	visit := c.PostForm("to") == "visit" // whose answers came along, and go back
	switch {
	case err != nil && len(wrong) == 0:
		s.smartFail(c, err)
	case visit && err != nil:
		s.visitPage(c, http.StatusUnprocessableEntity, c.Request.PostForm, wrong, false)
	case visit:
		s.visitPage(c, http.StatusOK, c.Request.PostForm, nil, false)
	case err != nil:
		if f, ok := s.smartDraft(c, "photos"); ok {
			s.photosPage(c, http.StatusUnprocessableEntity, f, policy.Text{Th: wrong[0].Detail, En: wrong[0].DetailEn}.In(s.smartLanguageOf(c)))
		}
	default:
		c.Redirect(http.StatusSeeOther, smartBase(aidID(c))+"/photos")
	}
}

// takePhoto keeps the photo of a form, if somebody chose one.
func (s *Server) takePhoto(c *gin.Context) error {
	file, _, err := c.Request.FormFile("photo")
	if err != nil {
		return nil // none was chosen
	}
	content, err := io.ReadAll(file)
	_ = file.Close()
	if err != nil || len(content) == 0 {
		return nil
	}
	_, err = s.addAidWhole(c.Request.Context(), smartMember(c).Actor(), aidID(c), photoKind, content)
	return err
}

// smartPhoto shows a photo to who may reach its request. It must never run as a page.
func (s *Server) smartPhoto(c *gin.Context) {
	ctx, by, id := c.Request.Context(), smartMember(c).Actor(), aidID(c)
	a, err := s.aidOf(ctx, by, id)
	if err == nil && by != a.Filer && a.State != casefile.AidVisitSet { // the visit is over
		err = casefile.ErrNotFound
	}
	var f AidFile
	if err == nil {
		f, err = s.Aids.File(ctx, id, c.Param("file"))
	}
	if err == nil && (f.WholeAt.IsZero() || !strings.HasPrefix(f.ContentType, "image/")) {
		err = casefile.ErrNotFound
	}
	var content []byte
	if err == nil {
		content, _, err = s.Aids.FileContent(ctx, id, f.ID)
	}
	if err == nil {
		err = s.Aids.Viewed(ctx, by, id, ownRequest)
	}
	if err != nil {
		s.smartFail(c, err)
		return
	}
	c.Header("Content-Security-Policy", "sandbox; default-src 'none'")
	c.Data(http.StatusOK, f.ContentType, content)
}

// spoken is something that was filled in, in words.
type spoken struct{ Label, Text string }

// checked is a part of the form on the page on which it is sent.
type checked struct {
	Title, Edit string
	Missing     bool
	Lines       []spoken
}

// inWords says what was answered to questions.
func inWords(list []input, l casefile.Language) (lines []spoken) {
	for _, i := range list {
		switch {
		case i.Value() == "":
		case i.Kind == "tick":
			lines = append(lines, spoken{i.Label, policy.Text{Th: "ใช่", En: "Yes"}.In(l)})
		case len(i.Of) > 0:
			var picked []string
			for _, o := range i.Of {
				if i.Picked(o.Code) {
					picked = append(picked, o.Label)
				}
			}
			lines = append(lines, spoken{i.Label, strings.Join(picked, ", ")})
		default:
			lines = append(lines, spoken{i.Label, i.Value()})
		}
	}
	return lines
}

// checkPage shows all that was filled in before it is sent.
func (s *Server) checkPage(c *gin.Context, status int, f filling, wrong []FieldProblem) {
	forms := s.forms(c, f.Form.Home.Province)
	body := f.body(0)
	answered := map[string][]input{
		"subject": forms.subject(), "home": forms.home(), "logbook": forms.logbookInputs(), "need": forms.need(), "consents": forms.consents(),
	}
	fill(answered["subject"], subjectValues(f.Form.Subject), nil, forms.lang)
	fill(answered["home"], homeValues(f.Form.Home), nil, forms.lang)
	fill(answered["logbook"], logbookValues(f.Form.Logbook), nil, forms.lang)
	fill(answered["need"], needValues(f.Form.Need), nil, forms.lang)
	fill(answered["consents"], consentValues(f.Form.Consents), nil, forms.lang)
	account := forms.account()
	fill(account, accountValues(f.Form.Account), nil, forms.lang)
	var parts []checked
	for _, x := range aidSteps[:6] {
		p := checked{Title: x.Text.In(forms.lang), Edit: f.base + "/" + x.Name, Missing: slices.Contains(f.Missing, casefile.AidPart(x.Name))}
		if x.Name == "members" {
			p.Lines = append(p.Lines, spoken{policy.Text{Th: "คนในบ้าน นอกจากผู้ขอ", En: "Beside the person"}.In(forms.lang), strconv.Itoa(len(f.Form.Members))})
		} else if f.Saved[casefile.AidPart(x.Name)] > 0 {
			p.Lines = inWords(answered[x.Name], forms.lang)
		}
		if x.Name == "consents" {
			p.Lines = append(p.Lines, inWords(account, forms.lang)...)
		}
		parts = append(parts, p)
	}
	var rest []string
	for _, w := range wrong {
		rest = append(rest, policy.Text{Th: w.Detail, En: w.DetailEn}.In(forms.lang))
	}
	body["Parts"], body["Photos"], body["Ready"], body["Rest"] = parts, photos(f.Files), len(f.Missing) == 0, rest
	// One key for one state of the form: a button that was pressed twice sends it once.
	saves := len(f.Files)
	for _, n := range f.Saved {
		saves += n
	}
	body["Key"] = fmt.Sprintf("send-%d-%d", f.Request.Form+1, saves)
	s.stepPage(c, status, "check", f, body)
}

// smartSend sends the request.
func (s *Server) smartSend(c *gin.Context) {
	ctx, by, id := c.Request.Context(), smartMember(c).Actor(), aidID(c)
	_, err := s.sendAid(ctx, by, id, c.PostForm("key"))
	wrong := wrongFields(err)
	var refused *casefile.RefusedError
	switch {
	case err == nil || errors.As(err, &refused): // refused: it was sent before
		c.Redirect(http.StatusSeeOther, smartBase(id))
	case len(wrong) > 0:
		if f, ok := s.smartDraft(c, "check"); ok {
			s.checkPage(c, http.StatusUnprocessableEntity, f, wrong)
		}
	default:
		s.smartFail(c, err)
	}
}
