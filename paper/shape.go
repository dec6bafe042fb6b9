package paper

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
)

// Sarabun, by Cadson Demak, under the SIL Open Font License in fonts/OFL.txt: a
// hand that every Thai office reads daily.
var (
	//go:embed fonts/Sarabun-Regular.ttf
	sarabun []byte
	//go:embed fonts/Sarabun-Bold.ttf
	sarabunBold []byte
)

// face is one font, ready to be shaped with. It is safe for concurrent use.
type face struct {
	name    string
	raw     []byte
	font    *font.Font
	shapers *sync.Pool // of *harfbuzz.Font: dear to make, and of one goroutine at a time
}

type faces struct{ regular, bold *face }

// fonts reads the fonts once.
var fonts = sync.OnceValues(func() (*faces, error) {
	regular, err := readFace("Sarabun-Regular", sarabun)
	if err != nil {
		return nil, err
	}
	bold, err := readFace("Sarabun-Bold", sarabunBold)
	return &faces{regular, bold}, err
})

func readFace(name string, raw []byte) (*face, error) {
	f, err := font.ParseTTF(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read font %s: %w", name, err)
	}
	if f.Upem() != 1000 { // a unit is a thousandth of a point at one point: no rounding anywhere
		return nil, fmt.Errorf("read font %s: want 1000 units, has %d", name, f.Upem())
	}
	return &face{name: name, raw: raw, font: f.Font, shapers: &sync.Pool{New: func() any { return harfbuzz.NewFont(font.NewFace(f.Font)) }}}, nil
}

// has reports whether the font can print a letter.
func (f *face) has(r rune) bool {
	_, ok := f.font.NominalGlyph(r)
	return ok
}

// glyph is one drawn shape, in thousandths of the size.
type glyph struct {
	id      font.GID
	text    string // what it stands for; empty: it belongs to the glyph before it
	advance int
	dx, dy  int
}

// word is a shaped piece of a line that is never broken.
type word struct {
	text    string
	face    *face
	glyphs  []glyph
	advance int
	spaced  bool // a space follows
}

// shape turns a text without spaces into glyphs: combining vowels and tone marks
// find their height, and ำ becomes a ring over its consonant and an า behind it.
func (f *face) shape(text string) word {
	w := word{text: text, face: f}
	runes := []rune(text)
	for begin := 0; begin < len(runes); {
		end := begin + 1
		for end < len(runes) && thai(runes[end]) == thai(runes[begin]) {
			end++
		}
		w.glyphs = append(w.glyphs, f.run(runes[begin:end])...)
		begin = end
	}
	for _, g := range w.glyphs {
		w.advance += g.advance
	}
	return w
}

// run shapes letters of one script.
func (f *face) run(runes []rune) []glyph {
	b := harfbuzz.NewBuffer()
	b.ClusterLevel = harfbuzz.MonotoneCharacters
	b.AddRunes(runes, 0, -1)
	b.Props = harfbuzz.SegmentProperties{Language: language.NewLanguage("th"), Script: language.Latin, Direction: harfbuzz.LeftToRight}
	if thai(runes[0]) {
		b.Props.Script = language.Thai
	}
	shaper := f.shapers.Get().(*harfbuzz.Font)
	defer f.shapers.Put(shaper)
	b.Shape(shaper, nil)
	out := make([]glyph, len(b.Info))
	for i, info := range b.Info {
		at := b.Pos[i]
		out[i] = glyph{id: info.Glyph, advance: int(at.XAdvance), dx: int(at.XOffset), dy: int(at.YOffset)}
		if i > 0 && info.Cluster == b.Info[i-1].Cluster {
			continue
		}
		next := len(runes)
		for _, later := range b.Info[i:] {
			if later.Cluster != info.Cluster {
				next = later.Cluster
				break
			}
		}
		out[i].text = string(runes[info.Cluster:next])
	}
	return out
}

// thai reports whether a letter is of the Thai script.
func thai(r rune) bool { return r >= 0x0E01 && r <= 0x0E5B }

// lines breaks a text into lines no wider than the width, the first one shorter
// by the indent. Sizes are in points, widths in thousandths of a point.
func (f *face) lines(text string, size, width, indent int) [][]word {
	var all [][]word
	var line []word
	room := width - indent
	used := 0
	gap := f.shape(" ").advance * size
	end := func() {
		all = append(all, line)
		line, used, room = nil, 0, width
	}
	place := func(w word) {
		need := w.advance * size
		before := 0
		if n := len(line); n > 0 && line[n-1].spaced {
			before = gap
		}
		if len(line) > 0 && used+before+need > room {
			end()
			before = 0
		}
		line, used = append(line, w), used+before+need
	}
	for _, token := range strings.FieldsFunc(text, unicode.IsSpace) {
		pieces := pieces(token)
		for i, p := range pieces {
			w := f.shape(p)
			w.spaced = i == len(pieces)-1
			if w.advance*size <= width-indent {
				place(w)
				continue
			}
			for _, part := range f.split(p, size, width-indent) { // wider than any line: between clusters, where it must be
				part.spaced = false
				place(part)
			}
			line[len(line)-1].spaced = w.spaced
		}
	}
	if len(line) > 0 {
		end()
	}
	return all
}

// split cuts a word that fits no line.
func (f *face) split(text string, size, width int) []word {
	var out []word
	rest := clusters([]rune(text))
	for len(rest) > 0 {
		n := 1
		for n < len(rest) && f.shape(strings.Join(rest[:n+1], "")).advance*size <= width {
			n++
		}
		out = append(out, f.shape(strings.Join(rest[:n], "")))
		rest = rest[n:]
	}
	return out
}

// wide is how far a line reaches.
func (f *face) wide(line []word, size int) int {
	gap, total := f.shape(" ").advance*size, 0
	for i, w := range line {
		total += w.advance * size
		if w.spaced && i < len(line)-1 {
			total += gap
		}
	}
	return total
}
