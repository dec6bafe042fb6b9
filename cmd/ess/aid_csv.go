package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

// aidSpace makes the ID of an imported request out of the keyed hash of source and key.
var aidSpace = uuid.MustParse("5ec1a1ed-0000-4000-8000-00000000a1d0")

func aidCommand(vars map[string]string) *cli.Command {
	mapping := &cli.StringFlag{Name: "mapping", Required: true, Usage: "a mapping file, or one of those built in: " + strings.Join(policy.AidMappings(), ", ")}
	by := &cli.StringFlag{Name: "by", Usage: "the operator in whose name it is done; without one, the system's"}
	with := func(do func(context.Context, *parts, *policy.AidMapping, *cli.Command) error) cli.ActionFunc {
		return func(ctx context.Context, c *cli.Command) error {
			m, err := loadMapping(c.String("mapping"))
			if err != nil {
				return err
			}
			cfg, err := load(vars)
			if err != nil {
				return fmt.Errorf("the configuration has mistakes:\n%w", err)
			}
			p, err := build(ctx, cfg)
			if err != nil {
				return err
			}
			defer p.close()
			return do(ctx, p, m, c)
		}
	}
	return &cli.Command{
		Name: "aid", Usage: "aid requests from and to the tables of other systems",
		Commands: []*cli.Command{
			{
				Name: "import", Usage: "file the requests of a CSV file", ArgsUsage: "FILE",
				Description: "UTF-8 (with a byte-order mark or not) or TIS-620. A line with a mistake is reported with its number, the column and the\n" +
					"reason, and nothing of it is filed; the others are. A request whose key is known already is left as it is, so the same\n" +
					"file may be imported again; one that was sent back for correction is corrected and sent again.",
				Flags: []cli.Flag{
					mapping, by,
					&cli.StringFlag{Name: "source", Usage: "whose keys the file has, the same name at every import", Required: true},
					&cli.BoolFlag{Name: "trial", Usage: "only say what would happen"},
				},
				Action: with(func(ctx context.Context, p *parts, m *policy.AidMapping, c *cli.Command) error {
					source := strings.TrimSpace(c.String("source"))
					if c.Args().Len() != 1 || source == "" || strings.Contains(source, sourceEnd) {
						return errors.New("usage: ess aid import --mapping FILE --source NAME [--trial] FILE; a name has no " + sourceEnd)
					}
					in := aidImport{parts: p, mapping: m, source: source, by: operatorOf(c), trial: c.Bool("trial"), nudge: aids{p}.Nudge}
					return in.file(ctx, c.Args().First(), os.Stdout)
				}),
			},
			{
				Name: "export", Usage: "write requests as CSV",
				Description: "Without --personal nothing is written that is about a person, and no form is opened. With it, every look is recorded\n" +
					"with its purpose. What a spreadsheet would take for a formula begins with an apostrophe, which import takes away.",
				Flags: []cli.Flag{
					mapping, by,
					&cli.StringFlag{Name: "province", Usage: "two digits; without, all"},
					&cli.StringFlag{Name: "since", Usage: "the day (2026-01-31) from which on requests were sent"},
					&cli.BoolFlag{Name: "personal", Usage: "with what is about people; needs --by and --purpose"},
					&cli.StringFlag{Name: "purpose", Usage: "why: " + strings.Join(aidPurposes, ", ")},
					&cli.StringFlag{Name: "out", Usage: "file to write; without, standard output"},
				},
				Action: with(exportAids),
			},
		},
	}
}

func operatorOf(c *cli.Command) casefile.Actor {
	if name := strings.TrimSpace(c.String("by")); name != "" {
		return casefile.Actor{Kind: casefile.ByOperator, ID: name}
	}
	return casefile.System
}

// loadMapping reads a mapping by the name of a built-in one, or by its path.
func loadMapping(name string) (*policy.AidMapping, error) {
	if slices.Contains(policy.AidMappings(), name) {
		return policy.AidMappingOf(name)
	}
	raw, err := os.ReadFile(name) // #nosec -- the operator names it
	if err != nil {
		return nil, err
	}
	return policy.ParseAidMapping(name, raw)
}

// aidImport files the rows of a table.
type aidImport struct {
	*parts
	mapping *policy.AidMapping
	source  string
	by      casefile.Actor
	trial   bool
	nudge   func(context.Context, casefile.AidID, int) error
}

// aidRow is one that can be filed.
type aidRow struct {
	id   casefile.AidID
	form casefile.AidForm
}

// file imports one. Where the store fails midway it still says how far it came.
func (in aidImport) file(ctx context.Context, name string, out io.Writer) error {
	forms, err := in.loadForms(ctx)
	if err != nil {
		return err
	}
	var rows []aidRow
	strange, seen := 0, map[casefile.AidID]bool{}
	mistakes := readTable(name, func(header []string) (columns []string, err error) {
		columns, strange, err = in.columns(header)
		return columns, err
	}, func(cells map[string]string) error {
		row, err := in.row(cells, forms)
		if err == nil && seen[row.id] {
			err = errors.New("รหัสนี้ซ้ำในไฟล์ · another line has this key")
		}
		if err == nil {
			seen[row.id] = true
			rows = append(rows, row)
		}
		return err
	})
	sent, again, there := 0, 0, 0
	var failed error
	for _, row := range rows {
		did, err := in.send(ctx, row)
		if err != nil {
			failed = fmt.Errorf("after %d requests: %w", sent+again+there, err)
			break
		}
		switch did {
		case filedNow:
			sent++
		case correctedNow:
			again++
		default:
			there++
		}
	}
	if strange > 0 {
		_, _ = fmt.Fprintf(out, "%d columns are not of the mapping and are left out · มี %d ช่องที่ไม่อยู่ในแบบจับคู่\n", strange, strange)
	}
	if in.trial {
		_, _ = fmt.Fprintf(out, "would file %d, correct %d; %d are there already\n", sent, again, there)
	} else {
		_, _ = fmt.Fprintf(out, "filed %d, corrected %d; %d were there already\n", sent, again, there)
	}
	return errors.Join(failed, mistakes)
}

// columns names those of a header that the mapping knows by their fields.
func (in aidImport) columns(header []string) (fields []string, strange int, err error) {
	fields = make([]string, len(header))
	for i, name := range header {
		for _, col := range in.mapping.Columns {
			if slices.ContainsFunc(append([]string{col.Name}, col.Also...), func(n string) bool { return policy.ColumnKey(n) == policy.ColumnKey(name) }) {
				fields[i] = col.Field
			}
		}
		switch {
		case fields[i] == "":
			strange++
		case slices.Contains(fields[:i], fields[i]):
			return nil, 0, fmt.Errorf("column %d is the same as another one · ช่องที่ %d ซ้ำกับช่องอื่น", i+1, i+1)
		}
	}
	if !slices.Contains(fields, policy.RowKey) {
		return nil, 0, fmt.Errorf("no column is the key of a row: want %q · ไม่มีช่องรหัสของแถว", in.column(policy.RowKey)) // never what stands there
	}
	return fields, strange, nil
}

var memberField = regexp.MustCompile(`^members\[(\d+)\]`)

// column is the name of the column of a field, which the law of the form calls members[0] and a table members.1.
func (in aidImport) column(field string) string {
	field = memberField.ReplaceAllStringFunc(field, func(s string) string {
		n, _ := strconv.Atoi(memberField.FindStringSubmatch(s)[1])
		return "members." + strconv.Itoa(n+1)
	})
	for _, c := range in.mapping.Columns {
		if c.Field == field {
			return c.Name
		}
	}
	return field
}

// row reads one line. What is wrong is told by column, in both languages, without quoting it.
func (in aidImport) row(cells map[string]string, forms []casefile.Form) (aidRow, error) {
	now := in.store.Now()
	i := slices.IndexFunc(forms, func(f casefile.Form) bool { return f.Code == policy.LogbookForm })
	if i < 0 {
		return aidRow{}, errors.New("there is no household logbook")
	}
	var row aidRow
	var errs []error
	wrong := func(field, th, en string) {
		errs = append(errs, &casefile.InvalidError{Field: field, Th: th, En: en})
	}
	read := func(field, text string) {
		cell, known := casefile.AidCellOf(field)
		if !known {
			return // of the request: written, never read
		}
		errs = append(errs, cell.Read(&row.form, text, forms[i]))
	}
	for _, col := range in.mapping.Columns {
		text, ok := in.codes(col, armed(cells[col.Field]))
		if !ok {
			wrong(col.Field, "ไม่ใช่ค่าในรายการ", "not a value of the list")
			continue
		}
		read(col.Field, text)
	}
	for _, c := range in.mapping.Constants {
		read(c.Field, c.Value)
	}
	in.placed(&row.form.Home)
	key := cells[policy.RowKey]
	if key == "" {
		wrong(policy.RowKey, "ต้องมีรหัส", "a key is needed")
	}
	if errors.Join(errs...) == nil {
		errs = append(errs, casefile.CheckAidForm(row.form, now, forms...))
	}
	if errors.Join(errs...) == nil { // what only the door knows
		if _, ok := in.places.Province(row.form.Home.Province); !ok {
			wrong("home.province", "ไม่มีจังหวัดนี้", "there is no such province")
		}
		if d, ok := in.places.District(row.form.Home.District); !ok || d.Code[:2] != row.form.Home.Province {
			wrong("home.district", "ไม่มีอำเภอนี้ในจังหวัด", "the province has no such district")
		}
		for _, code := range row.form.Need.Wanted {
			if _, ok := in.policy.AidKind(code, now); !ok {
				wrong("need.wanted", "ไม่มีรหัสความช่วยเหลือนี้", "the aid catalogue has no such code")
				break
			}
		}
	}
	id := uuid.NewSHA1(aidSpace, []byte(in.store.Sealer.Blind("aid.import", in.source+sourceEnd+key)))
	row.id = casefile.AidID(id.String())
	if err := errors.Join(errs...); err != nil {
		return row, in.told(err)
	}
	return row, nil
}

// told is one line about everything that is wrong with a row.
func (in aidImport) told(err error) error {
	var words []string
	for _, e := range flat(err) {
		var invalid *casefile.InvalidError
		if errors.As(e, &invalid) {
			words = append(words, fmt.Sprintf("%s (%s): %s · %s", in.column(invalid.Field), invalid.Field, invalid.Th, invalid.En))
			continue
		}
		words = append(words, e.Error())
	}
	return errors.New(strings.Join(words, "; "))
}

// flat is every error that was joined, however deep.
func flat(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flat(e)...)
	}
	return all
}

// codes turns the words of a cell into codes.
func (in aidImport) codes(col policy.AidColumn, text string) (string, bool) {
	if text == "" || col.Values == "" {
		return text, true
	}
	cell, _ := casefile.AidCellOf(col.Field)
	words := []string{text}
	if cell.Kind == casefile.CellChoices {
		words = strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == ',' || r == '\n' })
	}
	for i, w := range words {
		code, ok := in.mapping.Code(col, strings.TrimSpace(w))
		if !ok {
			return "", false
		}
		words[i] = code
	}
	return strings.Join(words, ";"), true
}

// placed writes a province and a district that stand there by name as their codes.
func (in aidImport) placed(h *casefile.AidHome) {
	bare := func(s string, prefixes ...string) string {
		for _, p := range prefixes {
			s = strings.TrimSpace(strings.TrimPrefix(s, p))
		}
		return s
	}
	for _, p := range in.places.Provinces() {
		if bare(h.Province, "จังหวัด", "จ.") == p.NameTh || strings.EqualFold(h.Province, p.NameEn) {
			h.Province = p.Code
		}
	}
	for _, d := range in.places.Districts() {
		if d.Code[:2] == h.Province && (bare(h.District, "อำเภอ", "อ.", "เขต") == d.NameTh || strings.EqualFold(h.District, d.NameEn)) {
			h.District = d.Code
		}
	}
}

// What became of a row.
const (
	filedNow     = "FILED"
	correctedNow = "CORRECTED"
	thereAlready = "THERE"
)

// send files one request as a phone would: a draft, its parts, and then the whole. Whatever stops it midway, the next
// import goes on from there.
func (in aidImport) send(ctx context.Context, row aidRow) (string, error) {
	did := filedNow
	now, err := in.store.Aid(ctx, row.id)
	switch {
	case errors.Is(err, casefile.ErrNotFound):
	case err != nil:
		return "", err
	case now.State == casefile.AidReturned:
		before, err := in.store.AidForm(ctx, row.id, now.Form)
		if err != nil {
			return "", err
		}
		before.Photos = nil
		if formKey(before) == formKey(row.form) {
			return thereAlready, nil // nothing was corrected
		}
		did = correctedNow
	case now.State != casefile.AidDraft:
		return thereAlready, nil
	case now.Form == 0:
		if list, err := in.store.AidInbox(ctx, row.id, 0, 1); err != nil || len(list) > 0 {
			return thereAlready, err // on its way
		}
	}
	if in.trial {
		return did, nil
	}
	ctx = postgres.As(ctx, postgres.Viewer{Actor: in.by, Purpose: postgres.ProtectionFollowUp})
	if err := in.store.BeginAid(ctx, row.id, in.by, in.store.Now()); err != nil {
		return "", err
	}
	_, saved, err := in.store.AidDraft(ctx, row.id)
	if err != nil {
		return "", err
	}
	for part, doc := range in.partsOf(row.form, saved) {
		raw, err := json.Marshal(doc)
		if err != nil {
			return "", err
		}
		if _, err := in.store.SavePart(ctx, row.id, part, raw, saved[part]); err != nil {
			return "", err
		}
	}
	n, err := in.store.SendAid(ctx, row.id, in.by, "import:"+in.store.Sealer.Blind("aid.import.form", formKey(row.form)))
	if err != nil {
		return "", err
	}
	if err := in.nudge(ctx, row.id, n); err != nil {
		in.log.WarnContext(ctx, "the worker finds an imported request by itself", "error", err)
	}
	return did, nil
}

// partsOf are the parts to save of a row. What it has no more is no longer so: no money goes to an account that was taken out.
func (in aidImport) partsOf(f casefile.AidForm, saved map[casefile.AidPart]int) map[casefile.AidPart]any {
	parts := f.Parts()
	for part, none := range map[casefile.AidPart]any{casefile.PartMembers: []casefile.AidMember{}, casefile.PartAccount: casefile.AidAccount{}} {
		column := func(c policy.AidColumn) bool { return strings.HasPrefix(c.Field, string(part)+".") }
		if _, filled := parts[part]; !filled && saved[part] > 0 && slices.ContainsFunc(in.mapping.Columns, column) {
			parts[part] = none
		}
	}
	return parts
}

// formKey is the same for the same form.
func formKey(f casefile.AidForm) string {
	raw, err := json.Marshal(f)
	if err != nil {
		panic(err) // plain values
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// armed takes away the apostrophe before what is no formula to us.
func armed(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && rest != disarmed(rest) {
		return rest
	}
	return s
}

// disarmed keeps a spreadsheet from taking a value for a formula.
func disarmed(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// firstDay reads a day of the calendar in Thailand; empty: since ever.
func firstDay(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, text, policy.Bangkok)
	if err != nil {
		return at, errors.New("since: want a day such as 2026-01-31")
	}
	return at, nil
}
