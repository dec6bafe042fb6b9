package paper

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// bangkok is the time of every Thai office; it has had no other since 1920.
var bangkok = time.FixedZone("ICT", 7*60*60)

var months = [...]string{
	"มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน", "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
}

// buddhist is how many years the Buddhist era is ahead.
const buddhist = 543

// YearOf is the year of the Buddhist era in Thailand, by which papers are numbered.
func YearOf(at time.Time) int { return at.In(bangkok).Year() + buddhist }

// date writes a day as "25 พฤศจิกายน 2569"; nothing for no day.
func date(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	at = at.In(bangkok)
	return strconv.Itoa(at.Day()) + " " + months[at.Month()-1] + " " + strconv.Itoa(at.Year()+buddhist)
}

// clock writes a day and an hour, as "25 พฤศจิกายน 2569 เวลา 14.05 น.".
func clock(at time.Time) string {
	return date(at) + " เวลา " + at.In(bangkok).Format("15.04") + " น."
}

// numerals writes the digits of a text as the paper wants them. A word with Latin
// letters or an @ is an address, a code or a foreign name: it stays as it is.
func (p Paper) numerals(s string) string {
	if p.Digits != ThaiDigits || !strings.ContainsAny(s, "0123456789") {
		return s
	}
	var out strings.Builder
	for word := range strings.SplitAfterSeq(s, " ") {
		if strings.ContainsRune(word, '@') || strings.ContainsFunc(word, latin) {
			out.WriteString(word)
			continue
		}
		for _, r := range word {
			if r >= '0' && r <= '9' {
				r += '๐' - '0'
			}
			out.WriteRune(r)
		}
	}
	return out.String()
}

func latin(r rune) bool { return unicode.Is(unicode.Latin, r) }

// nationalID writes thirteen digits as they stand on the card.
func nationalID(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, s)
	if len(digits) != 13 || strings.Trim(digits, "0123456789") != "" {
		return s
	}
	return digits[:1] + "-" + digits[1:5] + "-" + digits[5:10] + "-" + digits[10:12] + "-" + digits[12:]
}

func years(age *int) string {
	if age == nil {
		return ""
	}
	if *age == 0 {
		return "ไม่ถึง 1 ปี"
	}
	return strconv.Itoa(*age) + " ปี"
}
