package policy

import (
	"embed"
	"maps"
	"slices"
	"strings"

	"github.com/ess-thailand/ess/casefile"
)

//go:embed mappings/*.yaml
var mappingFiles embed.FS

// How a table is written. Reading takes every one of them without being told.
const (
	UTF8    = "UTF-8"
	UTF8BOM = "UTF-8-BOM" // by which a spreadsheet knows that it is UTF-8
	TIS620  = "TIS-620"
)

// Eras of the years in a table that is written; reading knows both.
const (
	CommonEra   = "COMMON"
	BuddhistEra = "BUDDHIST"
)

// AidMapping says which column of another system's table is which thing of an aid request.
type AidMapping struct {
	Name      string                         `yaml:"name"`
	Title     Text                           `yaml:"title"`
	Encoding  string                         `yaml:"encoding"`
	Era       string                         `yaml:"era"`
	Columns   []AidColumn                    `yaml:"columns"`
	Constants []AidConstant                  `yaml:"constants"`
	Values    map[string]map[string][]string `yaml:"values"` // table, code: words; the first is the one that is written
}

// AidColumn is one column.
type AidColumn struct {
	Name   string   `yaml:"name"`
	Also   []string `yaml:"also"` // other names under which it comes
	Field  string   `yaml:"field"`
	Values string   `yaml:"values"` // a table of words; none: codes as they stand
}

// AidConstant is what every row says, without a column.
type AidConstant struct {
	Field string `yaml:"field"`
	Value string `yaml:"value"`
}

// LogbookForm is the code of the household logbook, to which cells that begin with logbook. belong.
const LogbookForm = "household_logbook"

// RowKey is what a row has beside its form: the other system's own key of it.
const RowKey = "request.key"

// AidRowFields are what else is written of a request; nothing of it is read.
var AidRowFields = []string{
	"request.code", "request.state", "request.urgency", "request.province", "request.sent_at", "request.decided_at", "request.settled_at", "request.reason",
	"request.problems", "request.wanted", "request.granted", "request.paid",
}

// AidMappings are the names of those that are built in.
func AidMappings() []string {
	files, err := mappingFiles.ReadDir("mappings")
	if err != nil {
		panic(err) // the folder is embedded
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return names
}

// AidMappingOf is a mapping that is built in.
func AidMappingOf(name string) (*AidMapping, error) {
	file := "mappings/" + name + ".yaml"
	raw, err := mappingFiles.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return ParseAidMapping(file, raw)
}

// ParseAidMapping reads a mapping. It finds every mistake, not just the first: the error is an *InvalidError.
func ParseAidMapping(name string, raw []byte) (*AidMapping, error) {
	c, m := &checker{said: map[int]bool{}}, &AidMapping{}
	if c.decode(raw, m) {
		c.mapping(m)
	}
	if err := c.invalid(name); err != nil {
		return nil, err
	}
	return m, nil
}

func (c *checker) mapping(m *AidMapping) {
	if m.Name == "" {
		c.fail(at{"name"}, "name is missing")
	}
	c.text(at{"title"}, m.Title)
	if !slices.Contains([]string{UTF8, UTF8BOM, TIS620}, m.Encoding) {
		c.fail(at{"encoding"}, "encoding: want %s, %s or %s", UTF8, UTF8BOM, TIS620)
	}
	if m.Era != CommonEra && m.Era != BuddhistEra {
		c.fail(at{"era"}, "era: want %s or %s", CommonEra, BuddhistEra)
	}
	names, fields := map[string]bool{}, map[string]bool{}
	for i, col := range m.Columns {
		for _, n := range append([]string{col.Name}, col.Also...) {
			key := ColumnKey(n)
			if key == "" || names[key] {
				c.fail(at{"columns", i, "name"}, "columns[%d]: a column needs a name that no other has", i)
			}
			names[key] = true
		}
		switch cell, known := casefile.AidCellOf(col.Field); {
		case fields[col.Field]:
			c.fail(at{"columns", i, "field"}, "columns[%d].field: another column has %q", i, col.Field)
		case col.Field == RowKey || slices.Contains(AidRowFields, col.Field):
		case !known:
			c.fail(at{"columns", i, "field"}, "columns[%d].field: there is no field %q", i, col.Field)
		case col.Values != "" && m.Values[col.Values] == nil:
			c.fail(at{"columns", i, "values"}, "columns[%d].values: there is no table %q", i, col.Values)
		default:
			c.codes(at{"columns", i, "values"}, cell, m.Values[col.Values])
		}
		fields[col.Field] = true
	}
	if !fields[RowKey] {
		c.fail(at{"columns"}, "columns: none is %s, by which a second import knows a row again", RowKey)
	}
	for i, k := range m.Constants {
		cell, known := casefile.AidCellOf(k.Field)
		switch {
		case !known || fields[k.Field]:
			c.fail(at{"constants", i, "field"}, "constants[%d].field: there is no field %q, or a column has it", i, k.Field)
		case cell.Kind != casefile.CellAnswer:
			if err := cell.Read(&casefile.AidForm{}, k.Value, casefile.Form{}); err != nil {
				c.fail(at{"constants", i, "value"}, "constants[%d].value: %v", i, err)
			}
		}
		fields[k.Field] = true
	}
	for table, codes := range m.Values {
		said := map[string]bool{}
		for _, code := range slices.Sorted(maps.Keys(codes)) {
			words := codes[code]
			if len(words) == 0 {
				c.fail(at{"values", table, code}, "values.%s.%s: no word", table, code)
			}
			for _, w := range words {
				if said[ColumnKey(w)] {
					c.fail(at{"values", table, code}, "values.%s.%s: %q says two things", table, code, w)
				}
				said[ColumnKey(w)] = true
			}
		}
	}
}

// codes checks that a table of words leads to what the field knows.
func (c *checker) codes(path at, cell casefile.AidCell, table map[string][]string) {
	for code := range table {
		known := true
		switch cell.Kind {
		case casefile.CellYes:
			known = code == "YES" || code == "NO"
		case casefile.CellChoice, casefile.CellChoices:
			known = len(cell.List) == 0 || slices.Contains(cell.List, code)
		}
		if !known {
			c.fail(path, "%s has no value %q", cell.Name, code)
		}
	}
}

// ColumnKey is a name or a word in the form in which two spellings of it are the same.
func ColumnKey(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// Code finds the code of a word; a code stands for itself.
func (m *AidMapping) Code(col AidColumn, word string) (string, bool) {
	table := m.Values[col.Values]
	if table == nil {
		return word, true
	}
	for code, words := range table {
		if code == word || slices.ContainsFunc(words, func(w string) bool { return ColumnKey(w) == ColumnKey(word) }) {
			return code, true
		}
	}
	return "", false
}

// Word is how a code is written.
func (m *AidMapping) Word(col AidColumn, code string) string {
	if words := m.Values[col.Values][code]; len(words) > 0 {
		return words[0]
	}
	return code
}
