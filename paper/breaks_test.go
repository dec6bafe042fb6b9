package paper

import (
	"strings"
	"testing"
)

func TestLinesEndBetweenWords(t *testing.T) {
	for text, want := range map[string]string{
		"ผู้ประสบปัญหาต้องการที่พักชั่วคราว": "ผู้ประสบปัญหา|ต้องการ|ที่พัก|ชั่วคราว",
		"น้ำดื่มไม่เพียงพอ":                  "น้ำดื่ม|ไม่เพียงพอ",
		"เด็กๆทำการบ้าน":                     "เด็กๆ|ทำ|การ|บ้าน",
		"จังหวัดพิษณุโลก":                    "จังหวัด|พิษณุโลก",
		"กุ๋งกิ๋งกุ๋งกิ๋ง":                   "กุ๋งกิ๋งกุ๋งกิ๋ง",
		"(พ.ศ.2569)": "(พ.ศ.2569)",
		"John":       "John",
	} {
		if got := strings.Join(pieces(text), "|"); got != want {
			t.Errorf("%s may end at %s, want %s", text, got, want)
		}
	}
}

func TestClustersAreNeverTorn(t *testing.T) {
	for text, want := range map[string]string{
		"น้ำผึ้ง": "น้ำ|ผึ้|ง", "เกื้อ": "เกื้|อ", "ศูนย์": "ศู|นย์", "ใจๆ": "ใจๆ", "กำ": "กำ", "": "",
	} {
		if got := strings.Join(clusters([]rune(text)), "|"); got != want {
			t.Errorf("%s is cut as %s, want %s", text, got, want)
		}
	}
}
