package paper

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/go-text/typesetting/font"
)

// A PDF is written here by hand, and nothing in it is compressed: the bytes must
// be the same in ten years, with another compiler on another processor. For the
// same reason all lengths are whole thousandths of a point.

// Of A4, in thousandths of a point.
const (
	pageWidth  = 595_280
	pageHeight = 841_890
	cm         = 28_346
)

// code is what a font in a PDF calls a glyph that stands for a text. The same
// shape may stand for two texts, and has then two codes.
type code struct {
	glyph font.GID
	text  string
}

// inked is a font with the codes that are used of it.
type inked struct {
	*face
	codes map[code]int
	order []code // of code 1 and up; 0 is the missing glyph
	plain *font.Face
}

func (f *inked) code(g glyph) int {
	c := code{g.id, g.text}
	n, ok := f.codes[c]
	if !ok {
		f.order = append(f.order, c)
		n = len(f.order)
		f.codes[c] = n
	}
	return n
}

// advanceOf is the advance that the font itself gives a glyph.
func (f *inked) advanceOf(g font.GID) int { return int(f.plain.HorizontalAdvance(g)) }

// points writes thousandths of a point as PDF wants a number.
func points(milli int) string {
	sign := ""
	if milli < 0 {
		sign, milli = "-", -milli
	}
	s := sign + strconv.Itoa(milli/1000)
	if rest := milli % 1000; rest != 0 {
		s += strings.TrimRight(fmt.Sprintf(".%03d", rest), "0")
	}
	return s
}

// ink draws one word at a place: x from the left edge, y from the lower one.
func (p *page) ink(w word, name string, f *inked, size, x, y int) {
	actual := strings.ContainsFunc(w.text, thai)
	if actual { // what the word says, whatever shapes it is drawn with
		fmt.Fprintf(p, "/Span<</ActualText %s>>BDC\n", text16(w.text))
	}
	fmt.Fprintf(p, "BT /%s %d Tf %s %s Td [", name, size, points(x), points(y))
	shift := 0 // still to be moved to the right, in thousandths of the size
	for _, g := range w.glyphs {
		if g.dy != 0 {
			fmt.Fprintf(p, "] TJ %s Ts [", points(g.dy*size))
		}
		if shift += g.dx; shift != 0 {
			fmt.Fprintf(p, "%d", -shift)
		}
		fmt.Fprintf(p, "<%04X>", f.code(g))
		shift = g.advance - g.dx - f.advanceOf(g.id)
		if g.dy != 0 {
			fmt.Fprint(p, "] TJ 0 Ts [")
		}
	}
	fmt.Fprint(p, "] TJ ET\n")
	if actual {
		fmt.Fprint(p, "EMC\n")
	}
}

// text16 writes a text as PDF wants it beyond ASCII.
func text16(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}

// file collects numbered objects.
type file struct {
	bytes.Buffer
	at []int // where each object begins
}

func (f *file) object(format string, args ...any) {
	f.at = append(f.at, f.Len())
	fmt.Fprintf(f, "%d 0 obj\n", len(f.at))
	fmt.Fprintf(f, format, args...)
	fmt.Fprint(f, "\nendobj\n")
}

func (f *file) stream(dict string, content []byte) {
	f.object("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(content), content)
}

// write makes the file: catalogue, pages, information, then fonts and contents.
func write(title string, pages []*page, inks []*inked) ([]byte, error) {
	const first = 4 // objects before the fonts
	const each = 6  // objects of a font
	content := first + each*len(inks)
	f := &file{}
	fmt.Fprint(f, "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	f.object("<</Type/Catalog/Pages 2 0 R/Lang(th-TH)/ViewerPreferences<</DisplayDocTitle true>>>>")
	var kids, resources strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", content+2*i)
	}
	for i := range inks {
		fmt.Fprintf(&resources, "/F%d %d 0 R", i, first+each*i)
	}
	f.object("<</Type/Pages/Count %d/Kids[%s]/MediaBox[0 0 %s %s]/Resources<</Font<<%s>>>>>>",
		len(pages), kids.String(), points(pageWidth), points(pageHeight), resources.String())
	f.object("<</Title %s/Producer(ESS)>>", text16(title))
	for i, k := range inks {
		if err := f.font(k, first+each*i); err != nil {
			return nil, err
		}
	}
	for i, p := range pages {
		f.object("<</Type/Page/Parent 2 0 R/Contents %d 0 R>>", content+2*i+1)
		f.stream("", p.Bytes())
	}
	sum := sha256.Sum256(f.Bytes())
	start := f.Len()
	fmt.Fprintf(f, "xref\n0 %d\n0000000000 65535 f \n", len(f.at)+1)
	for _, at := range f.at {
		fmt.Fprintf(f, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(f, "trailer\n<</Size %d/Root 1 0 R/Info 3 0 R/ID[<%X><%X>]>>\nstartxref\n%d\n%%%%EOF\n", len(f.at)+1, sum[:16], sum[:16], start)
	return f.Bytes(), nil
}

// font writes one font as the objects from a number on.
func (f *file) font(k *inked, from int) error {
	ids := make([]font.GID, len(k.order))
	for i, c := range k.order {
		ids[i] = c.glyph
	}
	program, err := k.subset(ids)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(program)
	name := []byte("ABCDEF+" + k.name) // six letters tell one subset from another
	for i := range 6 {
		name[i] = 'A' + sum[i]%26
	}
	var widths, glyphs bytes.Buffer
	glyphs.Write([]byte{0, 0}) // of code 0
	for _, c := range k.order {
		fmt.Fprintf(&widths, "%d ", k.advanceOf(c.glyph))
		glyphs.Write([]byte{byte(c.glyph >> 8), byte(c.glyph)}) // #nosec G115 -- a font has at most 65,535
	}
	extents, _ := k.plain.FontHExtents()
	f.object("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>", name, from+1, from+4)
	f.object("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"+
		"/FontDescriptor %d 0 R/DW 0/W[1[%s]]/CIDToGIDMap %d 0 R>>", name, from+2, widths.String(), from+5)
	f.object("<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[-500 %d 1500 %d]/ItalicAngle 0/Ascent %d/Descent %d/CapHeight 700/StemV 80/FontFile2 %d 0 R>>",
		name, int(extents.Descender), int(extents.Ascender), int(extents.Ascender), int(extents.Descender), from+3)
	f.stream(fmt.Sprintf("/Length1 %d", len(program)), program)
	f.stream("", k.meanings())
	f.stream("", glyphs.Bytes())
	return nil
}

// meanings says which text each code stands for.
func (f *inked) meanings() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def /CMapName/Adobe-Identity-UCS def /CMapType 2 def\n" +
		"1 begincodespacerange <0000><FFFF> endcodespacerange\n")
	for i, c := range f.order {
		if c.text != "" {
			fmt.Fprintf(&b, "1 beginbfchar <%04X><%s endbfchar\n", i+1, strings.TrimPrefix(text16(c.text), "<FEFF"))
		}
	}
	b.WriteString("endcmap CMapName currentdict/CMap defineresource pop end end\n")
	return b.Bytes()
}
