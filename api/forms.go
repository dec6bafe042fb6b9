package api

import (
	"context"
	"slices"

	"github.com/ess-thailand/ess/casefile"
)

// Forms keeps forms and what was answered to them.
type Forms interface {
	// Form returns a version that was ever loaded, or casefile.ErrNotFound.
	Form(ctx context.Context, code, version string) (casefile.Form, error)
	// AnswerForm adds answers behind the set numbered after; casefile.ErrMoved when there is a later one.
	AnswerForm(ctx context.Context, r casefile.Reader, id casefile.CaseID, form, version string, after int, given casefile.Filled) (n int, err error)
	// Answers returns a set, n 0 the last, with the form it was given to, and
	// records the look. What of it the reader may see is the form's to say.
	Answers(ctx context.Context, r casefile.Reader, id casefile.CaseID, form string, n int) (casefile.Form, casefile.FormAnswers, error)
	// AnswersOf lists sets without their answers, the newest first.
	AnswersOf(ctx context.Context, id casefile.CaseID, limit int) ([]casefile.FormAnswers, error)
}

// answersMost is how many sets of answers one list tells of.
const answersMost = 500

// ListForms serves GET /v1/forms.
func (s *Server) ListForms(context.Context, ListFormsRequestObject) (ListFormsResponseObject, error) {
	return ListForms200JSONResponse{Forms: s.FormList}, nil
}

// GetForm serves GET /v1/forms/{form}.
func (s *Server) GetForm(ctx context.Context, r GetFormRequestObject) (GetFormResponseObject, error) {
	i := slices.IndexFunc(s.FormList, func(f casefile.Form) bool { return f.Code == r.Form })
	switch {
	case r.Params.Version != "":
		f, err := s.Forms.Form(ctx, r.Form, r.Params.Version)
		return GetForm200JSONResponse(f), err
	case i < 0:
		return nil, casefile.ErrNotFound
	}
	return GetForm200JSONResponse(s.FormList[i]), nil
}

// ListAnswers serves GET /v1/cases/{case}/forms.
func (s *Server) ListAnswers(ctx context.Context, r ListAnswersRequestObject) (ListAnswersResponseObject, error) {
	if _, err := s.visible(ctx, r.Case); err != nil {
		return nil, err
	}
	all, err := s.Forms.AnswersOf(ctx, r.Case, answersMost)
	return ListAnswers200JSONResponse{Answered: orEmpty(all)}, err
}

// GetAnswers serves GET /v1/cases/{case}/forms/{form}. The look is recorded with it.
func (s *Server) GetAnswers(ctx context.Context, r GetAnswersRequestObject) (GetAnswersResponseObject, error) {
	if _, err := s.visible(ctx, r.Case); err != nil {
		return nil, err
	}
	who := asReader(ctx, r.Params.Purpose)
	form, a, err := s.Forms.Answers(ctx, who, r.Case, r.Form, r.Params.N)
	if err != nil {
		return nil, err
	}
	out := FilledForm{Filled: a}
	out.Filled.Answers, out.Withheld = form.Shown(a.Answers, who.Rights)
	if finding, ok := form.ShownFinding(a.Answers, who.Rights); ok {
		out.Finding = finding
	}
	return GetAnswers200JSONResponse{Body: out, Headers: GetAnswers200ResponseHeaders{ETag: etag(a.N)}}, nil
}

// AnswerForm serves PUT /v1/cases/{case}/forms/{form}.
func (s *Server) AnswerForm(ctx context.Context, r AnswerFormRequestObject) (AnswerFormResponseObject, error) {
	if _, err := s.visible(ctx, r.Case); err != nil {
		return nil, err
	}
	inForce := func(f casefile.Form) bool { return f.Code == r.Form && f.Version == r.Body.Version }
	if !slices.ContainsFunc(s.FormList, inForce) { // an older one has the rights of its day
		return nil, invalid("version", "ไม่ใช่รุ่นที่ใช้อยู่", "not the version in force")
	}
	n, err := s.Forms.AnswerForm(ctx, asReader(ctx, writing), r.Case, r.Form, r.Body.Version, version(r.Params.IfMatch), r.Body.Answers)
	return AnswerForm200JSONResponse{Version: n}, err
}
