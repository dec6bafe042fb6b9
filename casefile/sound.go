package casefile

import "strings"

// Sounds are the keys by which a name is found however it is spelt. Two names
// that may be heard as one have one of the asked keys among the kept ones.
type Sounds struct {
	Kept  []string // stored with the person
	Asked []string // looked for when somebody searches for the name
}

// soundLength is how many codes of a key count (LK82).
const soundLength = 5

// SoundsOf makes the keys of one name.
//
// A Thai name has the key LK82: V. Lorchirachoonkul, "A Thai soundex system",
// Information Processing & Management 18(5), 1982, pages 243–255. Beside it
// stands a coarser one of the consonants alone, which Latin spellings share: they
// write the vowels as they like. Thai spellings meet by the first key, a Latin
// one meets both by the second. A name in another script is found as it is.
func SoundsOf(name string) Sounds {
	name = strings.ReplaceAll(bareName(name), " ", "")
	switch script(name) {
	case thai:
		fine, coarse := lk82(name), thaiBones(name)
		return Sounds{Kept: []string{"t" + fine, "b" + coarse}, Asked: []string{"t" + fine, "l" + coarse}}
	case latin:
		bones := latinBones(name)
		return Sounds{Kept: []string{"l" + bones}, Asked: []string{"l" + bones, "b" + bones}}
	}
	if name == "" {
		return Sounds{}
	}
	return Sounds{Kept: []string{"x" + name}, Asked: []string{"x" + name}}
}

const (
	thai = iota + 1
	latin
)

// script is that of the first letter that belongs to one of the two.
func script(name string) int {
	for _, r := range name {
		switch {
		case r >= 'ก' && r <= 'ฮ':
			return thai
		case r >= 'a' && r <= 'z':
			return latin
		}
	}
	return 0
}

// initials are the letters that begin with one sound (LK82), the sound first.
var initials = groups("กขฃคฅฆ", "ง", "จ", "ชฉฌ", "ซศษส", "ยญ", "ดฎ", "ตฏ", "นณ", "ทฐฑฒถธ", "บ", "ป", "พผภ", "ฟฝ", "ม", "รลฤฦฬ", "ว", "หฮ", "อ")

// later are the codes of what stands behind the first letter (LK82).
var later = codes(map[byte]string{
	'1': "กขฃคฅฆ", '2': "ง", '3': "จฉชซฌฎฏฐฑฒดตถทธศษส", '4': "ญณนรลฬฤฦ", '5': "บปพฟภผฝ", '6': "มำ", '7': "ยวไใ", '8': "หฮ", '9': "าๅ", 'A': "ึื",
	'B': "เ", 'C': "แ", 'D': "โ", 'E': "ุู", 'F': "อ",
})

func groups(of ...string) map[rune]rune {
	m := map[rune]rune{}
	for _, g := range of {
		first := []rune(g)[0]
		for _, r := range g {
			m[r] = first
		}
	}
	return m
}

func codes(of map[byte]string) map[rune]byte {
	m := map[rune]byte{}
	for code, letters := range of {
		for _, r := range letters {
			m[r] = code
		}
	}
	return m
}

// spoken drops what a Thai name writes and nobody says: letters under a
// thanthakhat with their vowel, and every sign above or below that is no vowel.
func spoken(name string) []rune {
	var out []rune
	for _, r := range name {
		switch {
		case r == '์':
			out = silenced(out)
		case r >= 'ก' && r <= 'ฮ', r >= 'ะ' && r <= 'ู', r >= 'เ' && r <= 'ๅ':
			out = append(out, r)
		}
	}
	return out
}

// silenced drops the last letter with its short vowel, and a letter before it
// that is silent with it: จันทร์, ศาสตร์, ลักษมณ์.
func silenced(name []rune) []rune {
	n := len(name)
	if n > 1 && strings.ContainsRune("ิุ", name[n-1]) {
		n--
	}
	if n > 0 {
		n--
	}
	if n > 1 && len(name) > n && name[n] == 'ร' && strings.ContainsRune("ตทด", name[n-1]) {
		n--
	}
	return name[:n]
}

// before reports a vowel that is written before the letter which it follows.
func before(r rune) bool { return r >= 'เ' && r <= 'ไ' }

// lk82 is the key of a Thai name.
func lk82(name string) string {
	s := spoken(name)
	var key []rune
	rest := 0
	for rest < len(s) && initials[s[rest]] == 0 && !(before(s[rest]) && rest+1 < len(s)) {
		rest++ // a vowel that cannot begin a name
	}
	switch {
	case rest == len(s):
		return pad(nil)
	case before(s[rest]) && initials[s[rest+1]] != 0:
		key, rest = append(key, initials[s[rest+1]], rune(later[s[rest]])), rest+2
	case before(s[rest]):
		return pad(nil)
	default:
		key, rest = append(key, initials[s[rest]]), rest+1
	}
	vowel := -1 // where the latest vowel stands that parts two syllables
	for i := rest; i < len(s); i++ {
		over := i+1 < len(s) && strings.ContainsRune("ึืุู", s[i+1]) // it carries such a vowel, so it is said
		code := later[s[i]]
		switch r := s[i]; {
		case strings.ContainsRune("ะัิี", r):
			vowel, code = i, 0
		case strings.ContainsRune("าๅึืู", r):
			vowel = i
		case r == 'ุ':
			vowel = i
			if i == len(s)-1 && i > rest && strings.ContainsRune("ตธ", s[i-1]) { // nobody says it there: เหตุ, ธาตุ
				code = 0
			}
		case strings.ContainsRune("หอ", r) && !over, strings.ContainsRune("รวยฤฦ", r) && vowel != i-1 && !over:
			code = 0
		}
		if code != 0 && rune(code) != key[len(key)-1] {
			key = append(key, rune(code))
		}
	}
	return pad(key)
}

func pad(key []rune) string {
	for len(key) < soundLength {
		key = append(key, '0')
	}
	return string(key[:soundLength])
}

// bones are the first sound and the classes of the consonants behind it, without
// those that are half vowels.
type bones struct{ key []rune }

func (b *bones) add(code byte) {
	if code < '1' || code > '6' || len(b.key) > 0 && b.key[len(b.key)-1] == rune(code) {
		return
	}
	b.key = append(b.key, rune(code))
}

// sounds names the first sound of a Thai letter as Latin spellings begin.
var sounds = map[rune]rune{
	'ก': 'k', 'ง': 'g', 'จ': 'c', 'ช': 'c', 'ซ': 's', 'ย': 'y', 'ด': 'd', 'ต': 't', 'น': 'n', 'ท': 't', 'บ': 'b', 'ป': 'p', 'พ': 'p', 'ฟ': 'f',
	'ม': 'm', 'ร': 'r', 'ว': 'w', 'ห': 'h', 'อ': 'a',
}

func thaiBones(name string) string {
	s := spoken(name)
	for len(s) > 0 && initials[s[0]] == 0 {
		s = s[1:]
	}
	if len(s) == 0 {
		return pad(nil)
	}
	if s[0] == 'ห' && len(s) > 1 && strings.ContainsRune("งญนมยรลว", s[1]) { // it only leads: หนู, หญิง
		s = s[1:]
	}
	b := bones{key: []rune{sounds[initials[s[0]]]}}
	for i := 1; i < len(s); i++ {
		if s[i] == 'ร' && i+2 < len(s) && s[i+1] == 'ร' && initials[s[i+2]] != 0 { // a short vowel: ธรรม
			i++
			continue
		}
		b.add(later[s[i]])
	}
	return pad(b.key)
}

// Latin spellings, the longer first. The second column is the sound at the
// beginning, the third the class behind it.
var latinSounds = []struct {
	text  string
	first rune
	code  byte
}{
	{"kh", 'k', '1'}, {"ng", 'g', '2'}, {"ch", 'c', '3'}, {"sh", 'c', '3'}, {"th", 't', '3'}, {"dh", 't', '3'}, {"ph", 'p', '5'}, {"bh", 'p', '5'},
	{"k", 'k', '1'}, {"g", 'k', '1'}, {"c", 'k', '1'}, {"q", 'k', '1'}, {"x", 's', '3'}, {"j", 'c', '3'}, {"s", 's', '3'}, {"z", 's', '3'}, {"d", 'd', '3'},
	{"t", 't', '3'}, {"n", 'n', '4'}, {"l", 'r', '4'}, {"r", 'r', '4'}, {"b", 'b', '5'}, {"p", 'p', '5'}, {"f", 'f', '5'}, {"m", 'm', '6'},
	{"w", 'w', 0}, {"v", 'w', 0}, {"y", 'y', 0}, {"h", 'h', 0}, {"a", 'a', 0}, {"e", 'a', 0}, {"i", 'a', 0}, {"o", 'a', 0}, {"u", 'a', 0},
}

func latinBones(name string) string {
	var b bones
	for len(name) > 0 {
		at := 0
		for at < len(latinSounds) && !strings.HasPrefix(name, latinSounds[at].text) {
			at++
		}
		if at == len(latinSounds) { // a mark, or a letter of another script
			name = name[1:]
			continue
		}
		s := latinSounds[at]
		name = name[len(s.text):]
		switch {
		case len(b.key) == 0:
			b.key = append(b.key, s.first)
		case s.text == "r" && (name == "" || !strings.ContainsRune("aeiou", rune(name[0]))): // porn, chart: it only lengthens the vowel
		default:
			b.add(s.code)
		}
	}
	return pad(b.key)
}
