package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/phone"
)

// People is the register of those whom cases are about. Whatever it shows is
// within the reader's rights, and written down before it is shown; what lies
// outside of them is casefile.ErrNotFound.
type People interface {
	// AddPerson returns who of those that the reader may know of the person may be already.
	AddPerson(ctx context.Context, r casefile.Reader, p casefile.Person) (id casefile.PersonID, added bool, may []casefile.PersonDuplicate, err error)
	// ChangePerson returns casefile.ErrMoved when the version is not the given one any more.
	ChangePerson(ctx context.Context, r casefile.Reader, p casefile.Person) (version int, err error)
	Person(ctx context.Context, r casefile.Reader, id casefile.PersonID) (casefile.PersonFile, error)
	FindPersons(ctx context.Context, r casefile.Reader, q casefile.PersonQuery, limit int) ([]casefile.PersonMatch, error)
	MergePersons(ctx context.Context, r casefile.Reader, id, into casefile.PersonID, reason string) error
	UnmergePerson(ctx context.Context, r casefile.Reader, id casefile.PersonID, reason string) error
	Duplicates(ctx context.Context, r casefile.Reader, after int64, limit int) ([]casefile.PersonDuplicate, error)
	NotTheSame(ctx context.Context, r casefile.Reader, duplicate int64) error
	Relate(ctx context.Context, r casefile.Reader, rel casefile.Relation) (string, error)
	EndRelation(ctx context.Context, r casefile.Reader, person casefile.PersonID, relation string) error
	Family(ctx context.Context, r casefile.Reader, id casefile.PersonID, depth int) (all []casefile.Relative, cut bool, err error)
	AddHousehold(ctx context.Context, r casefile.Reader, h casefile.Household, since string) (string, error)
	Household(ctx context.Context, r casefile.Reader, id string) (casefile.Household, error)
	ChangeHousehold(ctx context.Context, r casefile.Reader, h casefile.Household) (version int, err error)
	JoinHousehold(ctx context.Context, r casefile.Reader, id string, person casefile.PersonID, since string) error
	LeaveHousehold(ctx context.Context, r casefile.Reader, id string, person casefile.PersonID, until string) error
	PutInCase(ctx context.Context, r casefile.Reader, id casefile.CaseID, person casefile.PersonID, part casefile.PartInCase) (string, error)
	TakeOutOfCase(ctx context.Context, r casefile.Reader, id casefile.CaseID, entry, reason string) error
	CasePersons(ctx context.Context, r casefile.Reader, id casefile.CaseID) ([]casefile.CasePerson, error)
}

// writing is why an operator changes what is known of people.
const writing = "protection_followup"

// peopleMost is how many people one search tells of.
const peopleMost = 50

// asReader is the signed-in operator as the register of people knows them.
func asReader(ctx context.Context, purpose string) casefile.Reader {
	o := Viewer(ctx)
	r := casefile.Reader{By: o.Actor(), Purpose: purpose, Provinces: o.Provinces, Unit: o.Unit}
	for _, role := range o.Roles {
		r.Rights = append(r.Rights, casefile.Right(role))
	}
	return r
}

// version is what an If-Match names; openapi.yaml has seen to its form.
func version(ifMatch string) int {
	n, err := strconv.Atoi(strings.Trim(ifMatch, `"`))
	if err != nil {
		return 0 // of nothing that there is
	}
	return n
}

// person checks what somebody wrote of a person.
func (s *Server) person(b PersonInput) (casefile.Person, error) {
	p, err := casefile.ParsePerson(casefile.PersonInput{
		First: b.FirstName, Last: b.LastName, Number: b.Number, Birth: b.BirthDate, Sex: string(b.Sex), Nationality: b.Nationality,
		Province: b.Province, Note: b.Note,
	}, s.Now())
	if err != nil {
		return p, err
	}
	if b.Phone != "" {
		number, ok := phone.E164(b.Phone)
		if !ok {
			return p, invalid("phone", "ไม่ใช่หมายเลขโทรศัพท์", "not a phone number")
		}
		p.Phone = number
	}
	return p, s.place(p.Province, "")
}

// place refuses a province, or a district of it, that there is not.
func (s *Server) place(province, district string) error {
	if _, ok := s.Places.Province(province); !ok {
		return invalid("province", "ไม่มีจังหวัดนี้", "there is no such province")
	}
	if _, ok := s.Places.District(district); district != "" && !ok {
		return invalid("district", "ไม่มีอำเภอนี้", "there is no such district")
	}
	return nil
}

// AddPerson serves POST /v1/persons.
func (s *Server) AddPerson(ctx context.Context, r AddPersonRequestObject) (AddPersonResponseObject, error) {
	p, err := s.person(*r.Body)
	if err != nil {
		return nil, err
	}
	id, _, may, err := s.People.AddPerson(ctx, asReader(ctx, writing), p)
	return AddPerson201JSONResponse{Id: id, Version: 1, Duplicates: orEmpty(may)}, err
}

// ChangePerson serves PUT /v1/persons/{person}.
func (s *Server) ChangePerson(ctx context.Context, r ChangePersonRequestObject) (ChangePersonResponseObject, error) {
	p, err := s.person(*r.Body)
	if err != nil {
		return nil, err
	}
	p.ID, p.Version = r.Person, version(r.Params.IfMatch)
	next, err := s.People.ChangePerson(ctx, asReader(ctx, writing), p)
	return ChangePerson200JSONResponse{Version: next}, err
}

// GetPerson serves GET /v1/persons/{person}. The look is recorded with it.
func (s *Server) GetPerson(ctx context.Context, r GetPersonRequestObject) (GetPersonResponseObject, error) {
	p, err := s.People.Person(ctx, asReader(ctx, r.Params.Purpose), r.Person)
	return GetPerson200JSONResponse{Body: p, Headers: GetPerson200ResponseHeaders{ETag: etag(p.Version)}}, err
}

// FindPersons serves POST /v1/persons/search. The search is recorded with it.
func (s *Server) FindPersons(ctx context.Context, r FindPersonsRequestObject) (FindPersonsResponseObject, error) {
	b := r.Body
	q, err := casefile.ParseQuery(b.Number, b.FirstName, b.LastName, b.Birth, b.Exact, s.Now())
	if err != nil {
		return nil, err
	}
	if !s.searches[Viewer(ctx).Name].Allow() { // nobody goes through a list of names
		return nil, errTooMany
	}
	found, err := s.People.FindPersons(ctx, asReader(ctx, b.Purpose), q, peopleMost)
	return FindPersons200JSONResponse{Persons: orEmpty(found)}, err
}

// MergePerson serves POST /v1/persons/{person}/merge.
func (s *Server) MergePerson(ctx context.Context, r MergePersonRequestObject) (MergePersonResponseObject, error) {
	return MergePerson204Response{}, s.People.MergePersons(ctx, asReader(ctx, writing), r.Person, r.Body.Into, r.Body.Reason)
}

// UnmergePerson serves POST /v1/persons/{person}/unmerge.
func (s *Server) UnmergePerson(ctx context.Context, r UnmergePersonRequestObject) (UnmergePersonResponseObject, error) {
	return UnmergePerson204Response{}, s.People.UnmergePerson(ctx, asReader(ctx, writing), r.Person, r.Body.Reason)
}

// ListDuplicates serves GET /v1/duplicates.
func (s *Server) ListDuplicates(ctx context.Context, r ListDuplicatesRequestObject) (ListDuplicatesResponseObject, error) {
	found, err := s.People.Duplicates(ctx, asReader(ctx, writing), r.Params.After, r.Params.Limit+1)
	if err != nil {
		return nil, err
	}
	page := ListDuplicates200JSONResponse{Duplicates: orEmpty(found)}
	if len(found) > r.Params.Limit {
		page.Duplicates, page.Next = found[:r.Params.Limit], found[r.Params.Limit-1].ID
	}
	return page, nil
}

// DismissDuplicate serves POST /v1/duplicates/{duplicate}/dismiss.
func (s *Server) DismissDuplicate(ctx context.Context, r DismissDuplicateRequestObject) (DismissDuplicateResponseObject, error) {
	return DismissDuplicate204Response{}, s.People.NotTheSame(ctx, asReader(ctx, writing), r.Duplicate)
}

// GetCasePersons serves GET /v1/cases/{case}/persons. The look is recorded with it.
func (s *Server) GetCasePersons(ctx context.Context, r GetCasePersonsRequestObject) (GetCasePersonsResponseObject, error) {
	if _, err := s.visible(ctx, r.Case); err != nil {
		return nil, err
	}
	all, err := s.People.CasePersons(ctx, asReader(ctx, r.Params.Purpose), r.Case)
	return GetCasePersons200JSONResponse{Persons: orEmpty(all)}, err
}

// PutInCase serves POST /v1/cases/{case}/persons.
func (s *Server) PutInCase(ctx context.Context, r PutInCaseRequestObject) (PutInCaseResponseObject, error) {
	if _, err := s.visible(ctx, r.Case); err != nil {
		return nil, err
	}
	id, err := s.People.PutInCase(ctx, asReader(ctx, writing), r.Case, r.Body.Person, r.Body.Part)
	return PutInCase201JSONResponse{Id: id}, err
}

// TakeOutOfCase serves POST /v1/cases/{case}/persons/{entry}/remove.
func (s *Server) TakeOutOfCase(ctx context.Context, r TakeOutOfCaseRequestObject) (TakeOutOfCaseResponseObject, error) {
	if _, err := s.visible(ctx, r.Case); err != nil {
		return nil, err
	}
	return TakeOutOfCase204Response{}, s.People.TakeOutOfCase(ctx, asReader(ctx, writing), r.Case, r.Entry, r.Body.Reason)
}
