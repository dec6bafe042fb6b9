package bank

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/ess-thailand/ess/casefile"
)

// Line is what the bank says of one payment order.
type Line struct {
	N         int // of the file
	Reference string
	Satang    int64
	Paid      bool
	Reason    string // of a refusal: one of casefile.AidReasons
	At        time.Time
}

// Fault is a line that cannot be read. It never quotes: what stands there may be a person.
type Fault struct {
	N      int
	Th, En string
}

// mostLines is as many as anybody can look through.
const mostLines = 5000

// Read reads what a bank answered: the lines that say something, and those that
// cannot be read. It refuses a file that is none.
func (f Format) Read(raw []byte, today time.Time) ([]Line, []Fault, error) {
	text, ok := decode(raw)
	if !ok {
		return nil, nil, wrongFile("ไฟล์ต้องเป็น UTF-8 หรือ TIS-620", "the file is neither UTF-8 nor TIS-620")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	header, err := r.Read()
	if err != nil {
		return nil, nil, wrongFile("ไฟล์ไม่มีบรรทัดหัวตาราง", "the file has no header line")
	}
	at, err := f.find(header)
	if err != nil {
		return nil, nil, err
	}
	var lines []Line
	var faults []Fault
	for range mostLines {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return lines, faults, nil
		}
		var broken *csv.ParseError
		switch {
		case errors.As(err, &broken):
			faults = append(faults, Fault{broken.StartLine, "เครื่องหมายคำพูดไม่ครบคู่ ข้อความตั้งแต่บรรทัดนี้อาจอ่านไม่ได้", "quotes do not match: what follows may be lost with it"})
			continue
		case err != nil:
			return nil, nil, wrongFile("อ่านไฟล์ไม่ได้", "the file cannot be read")
		}
		n, _ := r.FieldPos(0)
		if strings.TrimSpace(strings.Join(row, "")) == "" {
			continue
		}
		l, th, en := f.line(row, at, len(header), today)
		if l.N = n; en != "" {
			faults = append(faults, Fault{n, th, en})
		} else {
			lines = append(lines, l)
		}
	}
	if _, err := r.Read(); !errors.Is(err, io.EOF) {
		return nil, nil, wrongFile("ไฟล์ยาวเกิน "+strconv.Itoa(mostLines)+" บรรทัด", "the file has more than "+strconv.Itoa(mostLines)+" lines")
	}
	return lines, faults, nil
}

func wrongFile(th, en string) error { return &casefile.InvalidError{Field: "file", Th: th, En: en} }

// decode reads a file as banks and spreadsheets write it in Thailand.
func decode(raw []byte) (string, bool) {
	if utf8.Valid(raw) {
		return strings.TrimPrefix(string(raw), "\ufeff"), true
	}
	text, err := charmap.Windows874.NewDecoder().Bytes(raw)
	return string(text), err == nil && !strings.ContainsRune(string(text), utf8.RuneError)
}

// find is where each column stands.
func (f Format) find(header []string) (map[string]int, error) {
	at := map[string]int{}
	var missing []string
	for _, name := range inColumns {
		i := slices.IndexFunc(header, func(h string) bool { return oneOf(f.In.Columns[name], h) })
		if at[name] = i; i < 0 && name != "code" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		list := strings.Join(missing, ", ")
		return nil, wrongFile("หัวตารางขาดคอลัมน์ "+list, "the header lacks "+list)
	}
	return at, nil
}

// line reads one line, or says what is wrong with it.
func (f Format) line(row []string, at map[string]int, columns int, today time.Time) (l Line, th, en string) {
	if len(row) != columns {
		return l, "จำนวนคอลัมน์ไม่ตรงกับหัวตาราง", "it has not as many columns as the header"
	}
	cell := func(name string) string {
		if at[name] < 0 {
			return ""
		}
		return strings.TrimSpace(row[at[name]])
	}
	var ok bool
	if l.Reference, ok = casefile.ParsePaymentReference(cell("reference")); !ok {
		return l, "เลขที่อ้างอิงไม่ถูกต้อง", "this cannot be a reference: a sign is wrong"
	}
	if l.Satang, ok = satang(cell("amount")); !ok {
		return l, "จำนวนเงินไม่ถูกต้อง", "this is no amount"
	}
	if l.At, ok = f.day(cell("date")); !ok || l.At.After(today) {
		return l, "วันที่ไม่ถูกต้องหรือยังไม่ถึง", "this is no day, or one to come"
	}
	switch result := cell("result"); {
	case oneOf(f.In.Paid, result):
		l.Paid = true
	case oneOf(f.In.Failed, result):
		l.Reason = "BANK_REFUSED"
		for reason, codes := range f.In.Reasons { // a code stands in one list
			if oneOf(codes, cell("code")) {
				l.Reason = reason
			}
		}
	default:
		return l, "ไม่รู้จักผลการโอน", "the result is none of those agreed with the bank"
	}
	return l, "", ""
}

// arabic writes Thai digits as everybody else's.
var arabic = strings.NewReplacer("๐", "0", "๑", "1", "๒", "2", "๓", "3", "๔", "4", "๕", "5", "๖", "6", "๗", "7", "๘", "8", "๙", "9")

// mostBaht is above everything that an office pays in one go.
const mostBaht = 1e9

// satang reads 3,000, 3000.5 or 3,000.00, and nothing that could be read otherwise.
func satang(s string) (int64, bool) {
	whole, part, dotted := strings.Cut(arabic.Replace(s), ".")
	if groups := strings.Split(whole, ","); len(groups) > 1 {
		for i, g := range groups {
			if len(g) > 3 || len(g) == 0 || i > 0 && len(g) != 3 {
				return 0, false
			}
		}
		whole = strings.Join(groups, "")
	}
	if whole == "" || strings.Trim(whole+part, "0123456789") != "" || dotted && (len(part) < 1 || len(part) > 2) {
		return 0, false
	}
	baht, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || baht > mostBaht {
		return 0, false
	}
	cents, _ := strconv.ParseInt((part + "00")[:2], 10, 64) // digits, as seen above
	return baht*100 + cents, true
}

// longYear is how a layout writes a year.
const longYear = "2006"

// A year after buddhistFrom is of the Buddhist era, which is so far ahead.
const (
	buddhist     = 543
	buddhistFrom = 2400
)

// day reads a date in either era, as the first instant of the day in Thailand.
func (f Format) day(s string) (time.Time, bool) {
	s = arabic.Replace(s)
	for _, layout := range f.In.Dates {
		i := strings.Index(layout, longYear)
		if len(s) != len(layout) {
			continue
		}
		year, err := strconv.Atoi(s[i : i+len(longYear)])
		if err != nil {
			continue
		}
		text := s
		if year > buddhistFrom { // written anew before it is read: 29/02/2567 is a day
			text = s[:i] + strconv.Itoa(year-buddhist) + s[i+len(longYear):]
		}
		if d, err := time.ParseInLocation(layout, text, bangkok); err == nil && d.Year() > 2000 {
			return d, true
		}
	}
	return time.Time{}, false
}

var bangkok = time.FixedZone("+07", 7*60*60)
