package casefile

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// thaiDigits writes Thai digits as Arabic ones.
var thaiDigits = strings.NewReplacer("๐", "0", "๑", "1", "๒", "2", "๓", "3", "๔", "4", "๕", "5", "๖", "6", "๗", "7", "๘", "8", "๙", "9")

// ParseNumber reads a national ID of 13 digits, or the G-code by which the
// education ministry knows a child who has none: G and 12 digits.
func ParseNumber(text string) (string, error) {
	s := strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(thaiDigits.Replace(text)))
	if digits, ok := strings.CutPrefix(s, "G"); ok {
		if len(digits) != 12 || !onlyDigits(digits) {
			return "", &InvalidError{Field: "number", Th: "รหัส G ต้องเป็นตัว G ตามด้วยเลข 12 หลัก", En: "a G-code is a G and 12 digits"}
		}
		return s, nil
	}
	if len(s) != 13 || !onlyDigits(s) {
		return "", &InvalidError{Field: "number", Th: "เลขประจำตัวประชาชนต้องมี 13 หลัก", En: "a national ID has 13 digits"}
	}
	if int(s[12]-'0') != checkDigit(s) || strings.Count(s[:12], s[:1]) == 12 { // a row of one digit is a filler
		return "", &InvalidError{
			Field: "number", Th: "เลขประจำตัวประชาชนไม่ถูกต้อง (หลักตรวจสอบไม่ตรง)", En: "not a national ID: the check digit does not match",
		}
	}
	return s, nil
}

// checkDigit is what the 13th digit must be: weights 13 to 2, modulo 11.
func checkDigit(s string) int {
	sum := 0
	for i := range 12 {
		sum += int(s[i]-'0') * (13 - i)
	}
	return (11 - sum%11) % 10
}

func onlyDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// Birth is a day of birth, or a year where nobody knows the day.
type Birth struct{ Year, Month, Day int }

// Known reports whether anything is known.
func (b Birth) Known() bool { return b.Year != 0 }

// String is 2017-05-03, 2017 or empty.
func (b Birth) String() string {
	switch {
	case !b.Known():
		return ""
	case b.Month == 0:
		return fmt.Sprintf("%04d", b.Year)
	}
	return fmt.Sprintf("%04d-%02d-%02d", b.Year, b.Month, b.Day)
}

// MarshalText writes what String says.
func (b Birth) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (b *Birth) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*b = Birth{}
		return nil
	}
	born, ok := readBirth(string(text))
	if !ok {
		return &InvalidError{Field: "birth_date", Th: "ไม่ใช่วันเกิด", En: "not a date of birth"}
	}
	*b = born
	return nil
}

// Age is how many years somebody has lived on a day; of whom only the year is
// known, the most that it can be.
func (b Birth) Age(today time.Time) int {
	age := today.Year() - b.Year
	if b.Month != 0 && (int(today.Month()) < b.Month || int(today.Month()) == b.Month && today.Day() < b.Day) {
		age--
	}
	return age
}

// Years of the Buddhist era are 543 ahead. No living person was born in a year
// that could be one of both.
const (
	buddhistAhead = 543
	buddhistFrom  = 2400
	oldest        = 120
)

// ParseBirth reads a date of birth: 2017-05-03, 3/5/2560 or a year alone, in the
// common or the Buddhist era, with Thai digits or not. today says what is still
// in the future, and who would be too old.
func ParseBirth(text string, today time.Time) (Birth, error) {
	b, ok := readBirth(strings.TrimSpace(thaiDigits.Replace(text)))
	switch {
	case !ok:
		return b, &InvalidError{
			Field: "birth_date", Th: "ไม่ใช่วันที่ที่มีจริง (เขียน 2560-05-03, 3/5/2560 หรือปีเกิด)", En: "not a day that exists: write 2017-05-03, 3/5/2560 or a year",
		}
	case b.after(today):
		return b, &InvalidError{Field: "birth_date", Th: "วันเกิดอยู่ในอนาคต", En: "this day has not come yet"}
	case b.Age(today) > oldest:
		return b, &InvalidError{Field: "birth_date", Th: "อายุเกิน 120 ปี", En: "nobody is older than 120 years"}
	}
	return b, nil
}

func (b Birth) after(today time.Time) bool {
	if b.Month == 0 {
		return b.Year > today.Year()
	}
	return b.String() > today.Format(time.DateOnly)
}

func readBirth(text string) (Birth, bool) {
	var year, month, day string
	switch {
	case strings.Count(text, "-") == 2:
		year, month, day = three(text, "-")
	case strings.Count(text, "/") == 2:
		day, month, year = three(text, "/")
	default:
		y, ok := readYear(text)
		return Birth{Year: y}, ok
	}
	y, ok := readYear(year)
	m, errMonth := strconv.Atoi(month)
	d, errDay := strconv.Atoi(day)
	at := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if !ok || errMonth != nil || errDay != nil || m < 1 || m > 12 || at.Month() != time.Month(m) || at.Day() != d {
		return Birth{}, false
	}
	return Birth{y, m, d}, true
}

func three(text, by string) (a, b, c string) {
	p := strings.SplitN(text, by, 3)
	return p[0], p[1], p[2]
}

func readYear(text string) (int, bool) {
	y, err := strconv.Atoi(text)
	if err != nil || len(text) != 4 {
		return 0, false
	}
	if y >= buddhistFrom {
		y -= buddhistAhead
	}
	return y, y > 1800
}
