package postgres_test

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

func words(s string) casefile.Words { return casefile.Words{Th: s, En: s} }

// visitForm is a small form: one field for all, one that only a supervisor reads and writes.
func visitForm(version string, more ...casefile.FormField) casefile.Form {
	both := []casefile.Right{casefile.RightOperator, casefile.RightSupervisor}
	return casefile.Form{
		Code: "visit", Version: version, Title: words("visit"),
		Fields: append([]casefile.FormField{
			{Code: "found", Type: casefile.FieldText, Label: words("found"), Required: true, Read: both, Write: both},
			{Code: "opinion", Type: casefile.FieldText, Label: words("opinion"), Required: true, Read: both[1:], Write: both[1:]},
		}, more...),
	}
}

func TestAnswersStayReadableByTheVersionTheyWereGivenTo(t *testing.T) {
	f := setup(t)
	c := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	ctx := t.Context()
	for range 2 { // a repeat changes nothing
		if err := f.LoadForms(ctx, []casefile.Form{visitForm("1")}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := f.AnswerForm(ctx, boss, c.ID, "visit", "1", 0, casefile.Filled{"found": "คานารีบ้าน", "opinion": "ลับคานารี"}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	both := []casefile.Right{casefile.RightOperator, casefile.RightSupervisor}
	added := casefile.FormField{Code: "children", Type: casefile.FieldNumber, Label: words("children"), Required: true, Read: both, Write: both}
	if err := f.LoadForms(ctx, []casefile.Form{visitForm("2", added)}); err != nil {
		t.Fatal(err)
	}
	if err := f.LoadForms(ctx, []casefile.Form{visitForm("1", added)}); err == nil {
		t.Error("a known version got other questions")
	}
	if _, err := f.AnswerForm(ctx, desk, c.ID, "visit", "2", 1, casefile.Filled{"found": "x"}); err == nil {
		t.Error("answered without a field that the new version requires")
	}
	// Who may not write a field is not asked for it, and it keeps what it had.
	if n, err := f.AnswerForm(ctx, desk, c.ID, "visit", "1", 1, casefile.Filled{"found": "ใหม่"}); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	form, got, err := f.Answers(ctx, boss, c.ID, "visit", 0)
	if err != nil || form.Version != "1" || got.N != 2 || got.Author.ID != "operator" || got.Answers["found"] != "ใหม่" || got.Answers["opinion"] != "ลับคานารี" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, first, err := f.Answers(ctx, boss, c.ID, "visit", 1); err != nil || first.Answers["found"] != "คานารีบ้าน" {
		t.Errorf("the first set is %+v, %v", first, err)
	}
	if shown, withheld := form.Shown(got.Answers, desk.Rights); len(shown) != 1 || !withheld {
		t.Errorf("the desk is shown %v", shown)
	}
	var invalid *casefile.InvalidError
	if _, err := f.AnswerForm(ctx, desk, c.ID, "visit", "1", 2, casefile.Filled{"found": "x", "opinion": "y"}); !errors.As(err, &invalid) || invalid.Field != "opinion" {
		t.Errorf("answered without the right: %v", err)
	}
	if _, err := f.AnswerForm(ctx, desk, c.ID, "visit", "9", 2, casefile.Filled{"found": "x"}); !errors.As(err, &invalid) || invalid.Field != "version" {
		t.Errorf("answered a version that there is not: %v", err)
	}
	if _, err := f.AnswerForm(ctx, desk, c.ID, "visit", "1", 1, casefile.Filled{"found": "x"}); !errors.Is(err, casefile.ErrMoved) {
		t.Errorf("answered behind an older set: %v", err)
	}
	// What who writes may not see goes over to a new version, too.
	if n, err := f.AnswerForm(ctx, desk, c.ID, "visit", "2", 2, casefile.Filled{"found": "x", "children": 2.0}); err != nil || n != 3 {
		t.Fatal(n, err)
	}
	if _, got, err := f.Answers(ctx, boss, c.ID, "visit", 0); err != nil || got.Version != "2" || got.Answers["opinion"] != "ลับคานารี" {
		t.Errorf("the new version has %+v, %v", got, err)
	}
	list, err := f.AnswersOf(ctx, c.ID, 10)
	if err != nil || len(list) != 3 || list[0].Answers != nil {
		t.Errorf("%+v, %v", list, err)
	}
	if log := f.mustSQL(`SELECT string_agg(action, ' ' ORDER BY id) FROM audit WHERE action LIKE 'FORM%'`); log != "FORM_ANSWERED FORM_ANSWERED FORM_VIEWED FORM_VIEWED FORM_ANSWERED FORM_VIEWED" {
		t.Errorf("recorded %s", log)
	}
	if dump := f.dump(); bytes.Contains(dump, []byte("คานารี")) || !bytes.Contains(dump, []byte("FORM_ANSWERED")) {
		t.Error("answers rest in clear, or the scan is blind")
	}
	if _, err := f.sql(`UPDATE form_answers SET at = now()`); err == nil {
		t.Error("answers were changed")
	}
}

// Of two who answer at once one is told that somebody was faster.
func TestOfTwoAnswersAtOnceOneIsTold(t *testing.T) {
	f := setup(t)
	f.warm()
	c := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	if err := f.LoadForms(t.Context(), []casefile.Form{visitForm("1")}); err != nil {
		t.Fatal(err)
	}
	errs := make([]error, 4)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			_, errs[i] = f.AnswerForm(t.Context(), boss, c.ID, "visit", "1", 0, casefile.Filled{"found": "x", "opinion": "y"})
		})
	}
	group.Wait()
	slices.SortFunc(errs, func(a, b error) int {
		if a == nil {
			return -1
		}
		return 1
	})
	if errs[0] != nil {
		t.Fatal(errs)
	}
	for _, err := range errs[1:] {
		if !errors.Is(err, casefile.ErrMoved) {
			t.Errorf("told %v", err)
		}
	}
}
