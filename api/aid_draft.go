package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/phone"
)

// aidDraftNow is what is filled in of a request.
type aidDraftNow struct {
	Request casefile.AidRequest
	Form    casefile.AidForm
	Saved   map[casefile.AidPart]int
	Files   []AidFile
	Missing []casefile.AidPart
}

// beginAid begins a draft. Its ID follows from who begins it and the key.
func (s *Server) beginAid(ctx context.Context, by casefile.Actor, key string) (casefile.AidID, error) {
	id := casefile.AidID(commandID(string(by.Kind)+":"+by.ID, "aid", key))
	return id, s.Aids.Begin(ctx, id, by, "")
}

// fillable is a request that somebody may fill in: a draft, or one that was sent back. Who corrects what another filed, or
// goes on with what a case has put in, looks at what is personal, and that is recorded.
func (s *Server) fillable(ctx context.Context, by casefile.Actor, id casefile.AidID) (casefile.AidRequest, error) {
	a, err := s.aidOf(ctx, by, id)
	if err != nil || by == a.Filer && a.Case == "" {
		return a, err
	}
	if by != a.Filer && (by.Kind == casefile.ByMember || !Viewer(ctx).has(mayLook)) {
		return a, casefile.ErrNotFound
	}
	return a, s.Aids.Viewed(ctx, by, id, writing)
}

// aidDraft reads what is filled in so far.
func (s *Server) aidDraft(ctx context.Context, by casefile.Actor, id casefile.AidID) (aidDraftNow, error) {
	a, err := s.fillable(ctx, by, id)
	if err != nil {
		return aidDraftNow{}, err
	}
	d := aidDraftNow{Request: a}
	if d.Form, d.Saved, err = s.Aids.Draft(ctx, id); err != nil {
		return d, err
	}
	d.Files, err = s.Aids.Files(ctx, id)
	d.Missing = d.Form.Missing()
	return d, err
}

// saveAidPart checks a part and puts it in the place of the one before. saved is how often the caller knows it to be saved.
func (s *Server) saveAidPart(ctx context.Context, by casefile.Actor, id casefile.AidID, part casefile.AidPart, doc []byte, saved int) (int, error) {
	if _, err := s.fillable(ctx, by, id); err != nil {
		return 0, err
	}
	if err := s.checkAidPart(part, doc); err != nil {
		return 0, err
	}
	var compact bytes.Buffer // a repeat with other spaces is a repeat
	if err := json.Compact(&compact, doc); err != nil {
		return 0, errMalformed
	}
	return s.Aids.SavePart(ctx, by, id, part, compact.Bytes(), saved)
}

// checkAidPart names every value of a part that is wrong: by its form, then by what only this machine knows.
func (s *Server) checkAidPart(part casefile.AidPart, doc []byte) error {
	if err := casefile.CheckAidPart(part, doc, s.Now(), s.FormList...); err != nil {
		return err
	}
	var f casefile.AidForm
	into := map[casefile.AidPart]any{casefile.PartSubject: &f.Subject, casefile.PartHome: &f.Home, casefile.PartNeed: &f.Need}[part]
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(doc, into); err != nil {
		return errMalformed
	}
	return s.checkAidPlaces(f)
}

// checkAidPlaces checks what the form alone cannot know: places, telephone numbers, the catalogue.
func (s *Server) checkAidPlaces(f casefile.AidForm) error {
	var errs []error
	wrong := func(field, th, en string) { errs = append(errs, invalid(field, th, en)) }
	if f.Subject.Phone != "" {
		if _, ok := phone.E164(f.Subject.Phone); !ok {
			wrong("subject.phone", "ไม่ใช่หมายเลขโทรศัพท์", "not a telephone number")
		}
	}
	if f.Home.Province != "" {
		if _, ok := s.Places.Province(f.Home.Province); !ok {
			wrong("home.province", "ไม่มีจังหวัดนี้", "there is no such province")
		}
	}
	if d := f.Home.District; d != "" {
		if _, ok := s.Places.District(d); !ok || f.Home.Province != "" && d[:2] != f.Home.Province {
			wrong("home.district", "ไม่มีอำเภอหรือเขตนี้ในจังหวัด", "there is no such district in the province")
		}
	}
	rules := s.Policy.At(s.Now())
	for i, code := range f.Need.Wanted {
		if _, ok := rules.AidKind(code, s.Now()); !ok {
			wrong(fmt.Sprintf("need.wanted[%d]", i), "ไม่มีความช่วยเหลือนี้ในรายการวันนี้", "today's catalogue has no such aid")
		}
	}
	return errors.Join(errs...)
}

// sendAid checks the whole form and has it heard. The request that it returns is as it stood then.
func (s *Server) sendAid(ctx context.Context, by casefile.Actor, id casefile.AidID, key string) (casefile.AidRequest, error) {
	a, err := s.fillable(ctx, by, id)
	if err != nil {
		return a, err
	}
	if a.State == casefile.AidDraft || a.State == casefile.AidReturned {
		form, _, err := s.Aids.Draft(ctx, id)
		if err != nil {
			return a, err
		}
		if err := errors.Join(casefile.CheckAidForm(form, s.Now(), s.FormList...), s.checkAidPlaces(form)); err != nil {
			return a, err
		}
	}
	n, err := s.Aids.Send(ctx, by, id, commandID(by.ID, casefile.CaseID(id), key))
	if err != nil {
		return a, err
	}
	s.nudgeAid(ctx, id, n)
	return a, nil
}

// sayToAid has what somebody pressed on a phone heard, once for a key.
func (s *Server) sayToAid(ctx context.Context, by casefile.Actor, id casefile.AidID, key string, o casefile.AidOrder) error {
	if _, err := s.aidOf(ctx, by, id); err != nil {
		return err
	}
	o.ID, o.By = commandID(by.ID, casefile.CaseID(id), key), by
	n, err := s.Aids.Say(ctx, id, o)
	if err != nil {
		return err
	}
	s.nudgeAid(ctx, id, n)
	return nil
}

// nudgeAid wakes the process of a request, beside what is answered. What is lost is found by who looks after late ones.
func (s *Server) nudgeAid(ctx context.Context, id casefile.AidID, upTo int) {
	trace := outliving(ctx)
	if !s.run.try(func() {
		ctx, cancel := context.WithTimeout(trace, nudgePatient)
		defer cancel()
		if err := s.Aids.Nudge(ctx, id, upTo); err != nil {
			s.Log.WarnContext(ctx, "nudge of an aid request failed: left to who looks after late ones", "aid", string(id), "error", err)
		}
	}) {
		s.Log.Warn("too many nudges at once", "aid", string(id))
	}
}

// BeginAidRequest serves POST /v1/aid-requests.
func (s *Server) BeginAidRequest(ctx context.Context, r BeginAidRequestRequestObject) (BeginAidRequestResponseObject, error) {
	id, err := s.beginAid(ctx, Viewer(ctx).Actor(), r.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return BeginAidRequest201JSONResponse{Aid: id, Code: id.Code()}, nil
}

// OpenAidRequest serves POST /v1/cases/{case}/aid-request.
func (s *Server) OpenAidRequest(ctx context.Context, r OpenAidRequestRequestObject) (OpenAidRequestResponseObject, error) {
	if _, err := s.visible(ctx, r.Case); err != nil {
		return nil, err
	}
	by := Viewer(ctx).Actor()
	id := casefile.AidID(commandID(by.ID, r.Case, r.Params.IdempotencyKey+"\naid"))
	if err := s.Aids.Begin(ctx, id, by, r.Case); err != nil {
		return nil, err
	}
	return OpenAidRequest201JSONResponse{Aid: id, Code: id.Code()}, nil
}

// GetAidDraft serves GET /v1/aid-requests/{aid}/draft.
func (s *Server) GetAidDraft(ctx context.Context, r GetAidDraftRequestObject) (GetAidDraftResponseObject, error) {
	d, err := s.aidDraft(ctx, Viewer(ctx).Actor(), r.Aid)
	if err != nil {
		return nil, err
	}
	saved := map[string]int{}
	for part, n := range d.Saved {
		saved[string(part)] = n
	}
	return GetAidDraft200JSONResponse{
		Aid: r.Aid, Code: r.Aid.Code(), State: d.Request.State, Form: d.Form, Saved: saved, Missing: orEmpty(d.Missing), Files: fileInfos(d.Files),
	}, nil
}

// SaveAidPart serves PUT /v1/aid-requests/{aid}/parts/{part}.
func (s *Server) SaveAidPart(ctx context.Context, r SaveAidPartRequestObject) (SaveAidPartResponseObject, error) {
	by := Viewer(ctx).Actor()
	n, err := s.saveAidPart(ctx, by, r.Aid, r.Part, *r.Body, version(r.Params.IfMatch))
	if errors.Is(err, casefile.ErrMoved) {
		return s.partConflict(ctx, r.Aid, r.Part, err)
	}
	if err != nil {
		return nil, err
	}
	return SaveAidPart200JSONResponse{Body: AidSaved{Part: r.Part, Saved: n}, Headers: SaveAidPart200ResponseHeaders{ETag: etag(n)}}, nil
}

// partConflict tells somebody who was slower what is there.
func (s *Server) partConflict(ctx context.Context, id casefile.AidID, part casefile.AidPart, moved error) (SaveAidPartResponseObject, error) {
	form, saved, err := s.Aids.Draft(ctx, id)
	if err != nil {
		return nil, err
	}
	p := problem(moved)
	c := SaveAidPart409ApplicationProblemPlusJSONResponse{
		Type: p.Type, Title: p.Title, Status: http.StatusConflict, Code: p.Code, Detail: p.Detail, DetailEn: p.DetailEn, Saved: saved[part],
	}
	if saved[part] > 0 {
		c.There, err = json.Marshal(map[casefile.AidPart]any{
			casefile.PartSubject: form.Subject, casefile.PartHome: form.Home, casefile.PartMembers: orEmpty(form.Members), casefile.PartLogbook: form.Logbook,
			casefile.PartNeed: form.Need, casefile.PartConsent: orEmpty(form.Consents), casefile.PartAccount: form.Account,
		}[part])
	}
	return c, err
}

// SendAidRequest serves POST /v1/aid-requests/{aid}/send.
func (s *Server) SendAidRequest(ctx context.Context, r SendAidRequestRequestObject) (SendAidRequestResponseObject, error) {
	a, err := s.sendAid(ctx, Viewer(ctx).Actor(), r.Aid, r.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return SendAidRequest202JSONResponse{Aid: a.ID, Code: a.ID.Code(), State: a.State}, nil
}

// FieldProblem is one value that is wrong, in words for people.
type FieldProblem struct {
	Field    string `json:"field"`
	Detail   string `json:"detail"`
	DetailEn string `json:"detail_en"`
}

// wrongFields are all values that an error names, each once.
func wrongFields(err error) []FieldProblem {
	var out []FieldProblem
	switch x := err.(type) { //nolint:errorlint // walks the tree itself
	case *casefile.InvalidError:
		return []FieldProblem{{Field: x.Field, Detail: x.Th, DetailEn: x.En}}
	case interface{ Unwrap() []error }:
		for _, e := range x.Unwrap() {
			for _, f := range wrongFields(e) {
				if !slices.Contains(out, f) {
					out = append(out, f)
				}
			}
		}
	case interface{ Unwrap() error }:
		return wrongFields(x.Unwrap())
	}
	return out
}
