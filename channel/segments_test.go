package channel

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSegments(t *testing.T) {
	tests := []struct {
		name string
		text string
		n    int
		ucs2 bool
	}{
		{"nothing is one", "", 1, false},
		{"160 letters of the GSM alphabet fit alone", strings.Repeat("a", 160), 1, false},
		{"161 do not", strings.Repeat("a", 161), 2, false},
		{"a bracket takes the room of two", strings.Repeat("a", 158) + "[", 1, false},
		{"and so one more does not fit", strings.Repeat("a", 159) + "[", 2, false},
		{"three parts are 459 letters", strings.Repeat("a", 459), 3, false},
		{"four begin after them", strings.Repeat("a", 460), 4, false},
		{"70 letters of Thai fit alone", strings.Repeat("ก", 70), 1, true},
		{"71 do not", strings.Repeat("ก", 71), 2, true},
		{"three parts are 201 letters of Thai", strings.Repeat("ก", 201), 3, true},
		{"four begin after them", strings.Repeat("ก", 202), 4, true},
		{"one Thai letter makes all of them UCS-2", strings.Repeat("a", 70) + "ก", 2, true},
		{"a picture takes the room of two", strings.Repeat("ก", 69) + "🙂", 2, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if n, ucs2 := Segments(tt.text); n != tt.n || ucs2 != tt.ucs2 {
				t.Errorf("%d parts, UCS-2 %t; want %d, %t", n, ucs2, tt.n, tt.ucs2)
			}
		})
	}
}

func TestPartsAreTheWholeTextAndNoLetterIsCut(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("ก", 66) + strings.Repeat("🙂", 40), strings.Repeat("a", 152) + strings.Repeat("[", 200), strings.Repeat("กa[🙂", 50),
	} {
		parts, _ := segments(text)
		if strings.Join(parts, "") != text {
			t.Errorf("the parts of %q are another text", text[:20])
		}
		for _, p := range parts {
			if n, _ := segments(p); len(n) != 1 || !utf8.ValidString(p) {
				t.Errorf("a part that does not fit: %q", p)
			}
		}
	}
}

func TestWhatMayBeLeftOutGoesFirst(t *testing.T) {
	must, long := []string{"ตอบ 1"}, strings.Repeat("ก", 150)
	if got := shortened(must, []string{"อำเภอ", long, long}); got != "ตอบ 1\nอำเภอ\n"+long {
		t.Errorf("said: %q", got)
	}
	if got := shortened([]string{long, "", long}, []string{"อำเภอ"}); got != long+"\n"+long {
		t.Errorf("what must be said was left out: %q", got)
	}
}
