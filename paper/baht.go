package paper

import (
	"strconv"
	"strings"
)

// satang is how many make one baht.
const satang = 100

var (
	digitWords = [...]string{"", "หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า"}
	placeWords = [...]string{"", "สิบ", "ร้อย", "พัน", "หมื่น", "แสน"}
)

// million is where Thai begins to count anew: "หนึ่งล้านล้าน" is a million of millions.
const million = 1_000_000

// baht writes an amount as it stands in a column: "3,000.00".
func baht(amount int64) string {
	whole := strconv.FormatInt(amount/satang, 10)
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	rest := strconv.FormatInt(amount%satang, 10)
	return b.String() + "." + strings.Repeat("0", 2-len(rest)) + rest
}

// bahtWords writes an amount in words, as money is receipted for: nobody adds a
// digit to words. The amount is not below nought.
func bahtWords(amount int64) string {
	whole, rest := amount/satang, amount%satang
	switch {
	case rest == 0:
		return numberWords(whole) + "บาทถ้วน"
	case whole == 0:
		return numberWords(rest) + "สตางค์"
	default:
		return numberWords(whole) + "บาท" + numberWords(rest) + "สตางค์"
	}
}

func numberWords(n int64) string {
	switch {
	case n == 0:
		return "ศูนย์"
	case n < million:
		return belowMillion(n, false)
	default:
		return numberWords(n/million) + "ล้าน" + belowMillion(n%million, true)
	}
}

// belowMillion writes what is left of a number; after says that millions stand
// before it, for a last one is เอ็ด behind anything.
func belowMillion(n int64, after bool) string {
	var b strings.Builder
	digits := strconv.FormatInt(n, 10)
	for i, r := range digits {
		digit, place := int(r-'0'), len(digits)-1-i
		switch {
		case digit == 0:
			continue
		case place == 0 && digit == 1 && (after || len(digits) > 1):
			b.WriteString("เอ็ด")
		case place == 1 && digit == 1:
			b.WriteString("สิบ")
		case place == 1 && digit == 2:
			b.WriteString("ยี่สิบ")
		default:
			b.WriteString(digitWords[digit] + placeWords[place])
		}
	}
	return b.String()
}
