package channel

import (
	"slices"
	"strings"
	"unicode/utf16"
)

// A message of SMS is 140 bytes on the air: 160 letters of the GSM alphabet, or
// 70 of UCS-2, which Thai needs. A longer one is sent in parts that the phone puts
// together again; their header of 6 bytes leaves 153, or 67.
const (
	gsmAlone, gsmPart   = 160, 153
	ucs2Alone, ucs2Part = 70, 67
	mostSegments        = 3
)

// gsmBasic is the GSM 7-bit default alphabet (3GPP TS 23.038); a letter of
// gsmEscaped takes the room of two.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmEscaped = "\f^{}\\[~]|€"
)

// Segments says in how many parts a text goes out, and whether as UCS-2.
func Segments(text string) (n int, ucs2 bool) {
	parts, ucs2 := segments(text)
	return len(parts), ucs2
}

// segments cuts a text into its parts. No part begins in the middle of a letter.
func segments(text string) (parts []string, ucs2 bool) {
	ucs2 = strings.ContainsFunc(text, func(r rune) bool { return gsmRoom(r) == 0 })
	room, alone, part := gsmRoom, gsmAlone, gsmPart
	if ucs2 {
		room, alone, part = utf16.RuneLen, ucs2Alone, ucs2Part
	}
	runes := []rune(strings.ToValidUTF8(text, "?"))
	all := 0
	for _, r := range runes {
		all += room(r)
	}
	if all <= alone {
		return []string{string(runes)}, ucs2
	}
	from, used := 0, 0
	for i, r := range runes {
		if used+room(r) > part {
			parts, from, used = append(parts, string(runes[from:i])), i, 0
		}
		used += room(r)
	}
	return append(parts, string(runes[from:])), ucs2
}

// gsmRoom is how many letters' room a letter takes in the GSM alphabet; 0: it is not in it.
func gsmRoom(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmEscaped, r):
		return 2
	default:
		return 0
	}
}

// shortened joins the lines that are there into one text of at most three parts: what
// may be left out goes from the last on, what must be said never does.
func shortened(must, may []string) string {
	must = slices.DeleteFunc(slices.Clone(must), empty)
	may = slices.DeleteFunc(slices.Clone(may), empty)
	for {
		text := strings.Join(append(slices.Clone(must), may...), "\n")
		if n, _ := Segments(text); n <= mostSegments || len(may) == 0 {
			return text
		}
		may = may[:len(may)-1]
	}
}

func empty(s string) bool { return s == "" }
