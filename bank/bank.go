// Package bank writes the file of payment orders that a bank takes, and reads
// the file in which it says what became of them.
//
// It knows no bank: the columns are data, for banks agree them by contract. It
// pays nobody and remembers nothing.
package bank

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ess-thailand/ess/casefile"
)

//go:embed format.yaml
var formatYAML []byte

// Default is the format that comes with the program.
var Default = sync.OnceValue(func() Format {
	f, err := ParseFormat(formatYAML)
	if err != nil {
		panic(err) // the embedded document is broken; a test parses it
	}
	return f
})

// Format is what an office and its bank have agreed; format.yaml says what each field means.
type Format struct {
	Name string `yaml:"name"`
	Out  struct {
		Date    string   `yaml:"date"`
		Columns []Column `yaml:"columns"`
	} `yaml:"out"`
	In struct {
		Columns map[string][]string `yaml:"columns"`
		Paid    []string            `yaml:"paid"`
		Failed  []string            `yaml:"failed"`
		Reasons map[string][]string `yaml:"reasons"`
		Dates   []string            `yaml:"dates"`
	} `yaml:"in"`
}

// Column is one of the file of payment orders.
type Column struct {
	Header string `yaml:"header"`
	Value  string `yaml:"value"`
}

var (
	outValues = []string{"number", "reference", "bank", "account", "name", "baht", "satang", "date"}
	outNeeded = []string{"reference", "bank", "account"}
	inColumns = []string{"reference", "amount", "result", "date", "code"}
)

// ParseFormat reads a format. Every mistake is in the error.
func ParseFormat(raw []byte) (Format, error) {
	var f Format
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return f, fmt.Errorf("bank format: %w", err)
	}
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("bank format: "+format, args...))
		}
	}
	wrong(f.Name == "", "name is missing")
	wrong(f.Out.Date == "", "out.date is missing")
	has := func(value string) bool {
		return slices.ContainsFunc(f.Out.Columns, func(c Column) bool { return c.Value == value })
	}
	for _, c := range f.Out.Columns {
		wrong(c.Header == "" || !slices.Contains(outValues, c.Value), "out: a column needs a header and one of the values %s", strings.Join(outValues, ", "))
	}
	for _, v := range outNeeded {
		wrong(!has(v), "out: no column has the %s", v)
	}
	wrong(!has("baht") && !has("satang"), "out: no column has the amount")
	for name := range f.In.Columns {
		wrong(!slices.Contains(inColumns, name), "in: there is no column %s", name)
	}
	once := map[string]string{}
	for _, name := range inColumns {
		wrong(len(f.In.Columns[name]) == 0, "in: column %s has no header", name)
		for _, h := range f.In.Columns[name] {
			other, twice := once[plain(h)]
			wrong(twice, "in: %q is a header of %s and of %s", h, other, name)
			once[plain(h)] = name
		}
	}
	wrong(len(f.In.Paid) == 0 || len(f.In.Failed) == 0 || len(f.In.Dates) == 0, "in: paid, failed and dates need words")
	for _, w := range f.In.Paid {
		wrong(oneOf(f.In.Failed, w), "in: %q is paid and failed", w)
	}
	reasons := map[string]string{}
	for reason, codes := range f.In.Reasons {
		wrong(!slices.Contains(casefile.AidReasons[casefile.AidItemFailed], reason), "in: there is no reason %s", reason)
		for _, code := range codes {
			other, twice := reasons[plain(code)]
			wrong(twice, "in: the code %q is %s and %s", code, other, reason)
			reasons[plain(code)] = reason
		}
	}
	for _, layout := range append([]string{f.Out.Date}, f.In.Dates...) {
		day := time.Date(2026, 5, 31, 0, 0, 0, 0, bangkok)
		back, err := time.ParseInLocation(layout, day.Format(layout), bangkok)
		wrong(err != nil || !back.Equal(day) || !strings.Contains(layout, longYear), "%q is no way to write a day with a year of four digits", layout)
	}
	return f, errors.Join(errs...)
}

// plain is how two words are compared.
func plain(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

func oneOf(words []string, s string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return plain(w) == plain(s) })
}

// Order is one that a bank carries out.
type Order struct {
	Reference string
	Satang    int64
	To        casefile.AidAccount
}

// Write is the file of payment orders: the same orders and day give the same bytes.
func (f Format) Write(orders []Order, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	row := make([]string, len(f.Out.Columns))
	for i, c := range f.Out.Columns {
		row[i] = c.Header
	}
	_ = w.Write(row) // into memory: what goes wrong is told by Error
	for n, o := range orders {
		values := map[string]string{
			"number": strconv.Itoa(n + 1), "reference": o.Reference, "bank": o.To.Bank, "account": o.To.Number, "name": o.To.Name,
			"baht": Baht(o.Satang), "satang": strconv.FormatInt(o.Satang, 10), "date": at.Format(f.Out.Date),
		}
		for i, c := range f.Out.Columns {
			row[i] = values[c.Value]
		}
		_ = w.Write(row)
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// Baht writes an amount as banks do: 3000.00.
func Baht(satang int64) string { return fmt.Sprintf("%d.%02d", satang/100, satang%100) }

// Payable reports whether an account may stand in a bank's file. A sign at the
// beginning of a name that a spreadsheet would take for a formula may not.
func Payable(a casefile.AidAccount) bool {
	digits := func(s string, least, most int) bool {
		return len(s) >= least && len(s) <= most && strings.Trim(s, "0123456789") == ""
	}
	name := strings.TrimSpace(a.Name)
	return !a.Cash && digits(a.Bank, 3, 3) && digits(a.Number, 10, 15) && name != "" && !strings.ContainsRune("=+-@", rune(name[0])) &&
		!strings.ContainsAny(name, "\r\n\t\"")
}
