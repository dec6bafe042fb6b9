package paper

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAmountsInWords(t *testing.T) {
	for amount, want := range map[int64]string{
		0:                     "ศูนย์บาทถ้วน",
		1:                     "หนึ่งสตางค์",
		10:                    "สิบสตางค์",
		11:                    "สิบเอ็ดสตางค์",
		21:                    "ยี่สิบเอ็ดสตางค์",
		25:                    "ยี่สิบห้าสตางค์",
		99:                    "เก้าสิบเก้าสตางค์",
		1_00:                  "หนึ่งบาทถ้วน",
		1_01:                  "หนึ่งบาทหนึ่งสตางค์",
		2_50:                  "สองบาทห้าสิบสตางค์",
		10_00:                 "สิบบาทถ้วน",
		11_00:                 "สิบเอ็ดบาทถ้วน",
		12_00:                 "สิบสองบาทถ้วน",
		20_00:                 "ยี่สิบบาทถ้วน",
		21_00:                 "ยี่สิบเอ็ดบาทถ้วน",
		31_00:                 "สามสิบเอ็ดบาทถ้วน",
		100_00:                "หนึ่งร้อยบาทถ้วน",
		101_00:                "หนึ่งร้อยเอ็ดบาทถ้วน",
		110_00:                "หนึ่งร้อยสิบบาทถ้วน",
		111_11:                "หนึ่งร้อยสิบเอ็ดบาทสิบเอ็ดสตางค์",
		222_22:                "สองร้อยยี่สิบสองบาทยี่สิบสองสตางค์",
		1_000_00:              "หนึ่งพันบาทถ้วน",
		1_001_00:              "หนึ่งพันเอ็ดบาทถ้วน",
		3_000_00:              "สามพันบาทถ้วน",
		12_345_67:             "หนึ่งหมื่นสองพันสามร้อยสี่สิบห้าบาทหกสิบเจ็ดสตางค์",
		20_020_00:             "สองหมื่นยี่สิบบาทถ้วน",
		100_000_00:            "หนึ่งแสนบาทถ้วน",
		121_021_21:            "หนึ่งแสนสองหมื่นหนึ่งพันยี่สิบเอ็ดบาทยี่สิบเอ็ดสตางค์",
		1_000_000_00:          "หนึ่งล้านบาทถ้วน",
		1_000_001_00:          "หนึ่งล้านเอ็ดบาทถ้วน",
		1_000_011_00:          "หนึ่งล้านสิบเอ็ดบาทถ้วน",
		10_000_000_00:         "สิบล้านบาทถ้วน",
		11_000_000_00:         "สิบเอ็ดล้านบาทถ้วน",
		21_000_021_00:         "ยี่สิบเอ็ดล้านยี่สิบเอ็ดบาทถ้วน",
		101_000_000_00:        "หนึ่งร้อยเอ็ดล้านบาทถ้วน",
		1_000_000_000_000_00:  "หนึ่งล้านล้านบาทถ้วน",
		1_000_001_000_000_00:  "หนึ่งล้านเอ็ดล้านบาทถ้วน",
		12_000_000_000_001_00: "สิบสองล้านล้านเอ็ดบาทถ้วน",
	} {
		if got := bahtWords(amount); got != want {
			t.Errorf("%d satang are %s, want %s", amount, got, want)
		}
	}
}

func TestAmountsInFigures(t *testing.T) {
	for amount, want := range map[int64]string{
		0: "0.00", 5: "0.05", 50: "0.50", 1_00: "1.00", 999_99: "999.99", 1_000_00: "1,000.00", 12_345_67: "12,345.67", 1_234_567_00: "1,234,567.00",
	} {
		if got := baht(amount); got != want {
			t.Errorf("%d satang are %s, want %s", amount, got, want)
		}
	}
}

// Whoever reads the words aloud names the amount, and no other.
func TestWordsNameOneAmountOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(0, math.MaxInt64).Draw(t, "satang")
		if heard := listen(bahtWords(amount)); heard != amount {
			t.Errorf("%s is heard as %d, want %d", bahtWords(amount), heard, amount)
		}
	})
}

// listen is the amount that somebody hears.
func listen(words string) int64 {
	whole, rest, _ := strings.Cut(words, "บาท")
	if !strings.Contains(words, "บาท") {
		whole, rest = "", words
	}
	return count(whole)*satang + count(strings.TrimSuffix(strings.TrimSuffix(rest, "ถ้วน"), "สตางค์"))
}

func count(words string) int64 {
	var total, group, digit int64
	one := map[string]int64{"ศูนย์": 0, "เอ็ด": 1, "ยี่": 2, "หนึ่ง": 1, "สอง": 2, "สาม": 3, "สี่": 4, "ห้า": 5, "หก": 6, "เจ็ด": 7, "แปด": 8, "เก้า": 9}
	place := map[string]int64{"สิบ": 10, "ร้อย": 100, "พัน": 1000, "หมื่น": 10_000, "แสน": 100_000}
next:
	for words != "" {
		for w, n := range one {
			if rest, ok := strings.CutPrefix(words, w); ok {
				digit, words = n, rest
				continue next
			}
		}
		for w, n := range place {
			if rest, ok := strings.CutPrefix(words, w); ok {
				group, digit, words = group+max(digit, 1)*n, 0, rest
				continue next
			}
		}
		rest, ok := strings.CutPrefix(words, "ล้าน")
		if !ok {
			return -1
		}
		total, group, digit, words = (total+group+digit)*million, 0, 0, rest
	}
	return total + group + digit
}
