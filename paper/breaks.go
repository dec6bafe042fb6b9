package paper

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// words.txt is this project's own list of the words that stand in papers of this
// kind; Thai is written without spaces, and a line may end only between words.
//
//go:embed words.txt
var wordList string

type vocabulary struct {
	words   map[string]bool
	longest int // in letters
}

var known = sync.OnceValue(func() vocabulary {
	v := vocabulary{words: map[string]bool{}}
	for w := range strings.FieldsSeq(wordList) {
		v.words[w] = true
		v.longest = max(v.longest, utf8.RuneCountInString(w))
	}
	return v
})

// pieces cuts a text without spaces where a line may end: between Thai words
// that are known, or between one and a stretch that is not. What is not known
// stays whole: it is a name more often than not.
func pieces(text string) []string {
	runes := []rune(text)
	var out []string
	begin := 0
	for at := 0; at < len(runes); {
		if !thaiLetter(runes[at]) {
			at++
			continue
		}
		end := at
		for end < len(runes) && thaiLetter(runes[end]) {
			end++
		}
		for _, cut := range cuts(runes[at:end]) {
			out = append(out, string(runes[begin:at+cut]))
			begin = at + cut
		}
		at = end
	}
	return append(out, string(runes[begin:]))
}

// thaiLetter reports whether a letter is one that Thai words are made of; digits
// and signs are not.
func thaiLetter(r rune) bool { return r >= 0x0E01 && r <= 0x0E4E && r != 0x0E3F }

// mayBegin reports whether a cluster may begin at a letter: none begins with a
// vowel or mark that belongs to the letter before it, or behind a leading vowel.
func mayBegin(runes []rune, i int) bool {
	r := runes[i]
	follows := r >= 0x0E30 && r <= 0x0E3A || r >= 0x0E45 && r <= 0x0E4E || r == 0x0E2F // ะ–ฺ, ๅ ๆ and marks, ฯ
	leads := i > 0 && runes[i-1] >= 0x0E40 && runes[i-1] <= 0x0E44                     // เ แ โ ใ ไ
	silent := i+1 < len(runes) && runes[i+1] == 0x0E4C                                 // a letter under ์ ends a syllable
	return !follows && !leads && !silent
}

// clusters cuts a text into what must never be torn.
func clusters(runes []rune) []string {
	var out []string
	begin := 0
	for i := 1; i < len(runes); i++ {
		if mayBegin(runes, i) {
			out = append(out, string(runes[begin:i]))
			begin = i
		}
	}
	return append(out, string(runes[begin:]))
}

// How much a reading of a text costs: the fewest words with the least unknown win.
const (
	costWord    = 10
	costUnknown = 25 // of each cluster that belongs to no known word
)

// cuts reads a stretch of Thai as words, and says where a line may end inside it.
func cuts(runes []rune) []int {
	v := known()
	n := len(runes)
	const never = 1 << 30
	type step struct {
		cost, from int
		word       bool
	}
	best := make([]step, n+1)
	for i := range best {
		best[i].cost = never
	}
	best[0].cost = 0
	legal := func(i int) bool { return i == n || i == 0 || mayBegin(runes, i) }
	for i := range n {
		if best[i].cost == never || !legal(i) {
			continue
		}
		for j := i + 1; j <= min(n, i+v.longest); j++ {
			if legal(j) && best[i].cost+costWord < best[j].cost && v.words[string(runes[i:j])] {
				best[j] = step{best[i].cost + costWord, i, true}
			}
		}
		j := i + 1
		for !legal(j) {
			j++
		}
		if c := best[i].cost + costUnknown; c < best[j].cost {
			best[j] = step{c, i, false}
		}
	}
	type stretch struct{ end, clusters int } // clusters 0: a word
	var read []stretch
	for at := n; at > 0; at = best[at].from {
		switch last := len(read) - 1; {
		case best[at].word:
			read = append(read, stretch{end: at})
		case last >= 0 && read[last].clusters > 0:
			read[last].clusters++
		default:
			read = append(read, stretch{at, 1})
		}
	}
	slices.Reverse(read)
	var out []int
	apart := func(s stretch) bool { return s.clusters != 1 } // a lone cluster hangs on to its neighbour
	for i := 1; i < len(read); i++ {
		if apart(read[i-1]) && apart(read[i]) {
			out = append(out, read[i-1].end)
		}
	}
	return out
}
