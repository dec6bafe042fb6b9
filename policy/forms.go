package policy

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/ess-thailand/ess/casefile"
)

//go:embed forms/*.yaml
var formFiles embed.FS

// DefaultForms are the forms that are built in, by code.
func DefaultForms() []casefile.Form {
	dir, err := fs.Sub(formFiles, "forms")
	if err != nil {
		panic(err) // the folder is embedded
	}
	forms, err := ParseForms(dir)
	if err != nil {
		panic(err) // a test reads them
	}
	return forms
}

// ParseForms reads every .yaml file of a folder, one form each, by code.
func ParseForms(dir fs.FS) ([]casefile.Form, error) {
	names, err := fs.Glob(dir, "*.yaml")
	if err != nil {
		return nil, err
	}
	var forms []casefile.Form
	var errs []error
	for _, name := range names {
		raw, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		f, err := ParseForm(name, raw)
		if err == nil && slices.ContainsFunc(forms, func(x casefile.Form) bool { return x.Code == f.Code }) {
			err = fmt.Errorf("%s: another file has the form %s", name, f.Code)
		}
		errs = append(errs, err)
		forms = append(forms, f)
	}
	slices.SortFunc(forms, func(a, b casefile.Form) int { return strings.Compare(a.Code, b.Code) })
	return forms, errors.Join(errs...)
}

// Forms are the built-in forms, each replaced by the one of its code in the
// folder of an installation, and those that only the folder has.
func Forms(folder fs.FS) ([]casefile.Form, error) {
	own, err := ParseForms(folder)
	if err != nil {
		return nil, err
	}
	for _, f := range DefaultForms() {
		if !slices.ContainsFunc(own, func(x casefile.Form) bool { return x.Code == f.Code }) {
			own = append(own, f)
		}
	}
	slices.SortFunc(own, func(a, b casefile.Form) int { return strings.Compare(a.Code, b.Code) })
	return own, nil
}

// ParseForm reads one form. It finds every mistake, not just the first: the error is an *InvalidError.
func ParseForm(name string, raw []byte) (casefile.Form, error) {
	c := &checker{said: map[int]bool{}}
	var f casefile.Form
	if c.decode(raw, &f) {
		f.Check(func(path []any, text string) { c.fail(path, "%s", text) })
	}
	return f, c.invalid(name)
}
