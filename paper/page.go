package paper

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-text/typesetting/font"
)

// page is the drawing of one page.
type page struct{ bytes.Buffer }

// Sizes of letters, in points.
const (
	titleSize = 16
	textSize  = 12
	smallSize = 10
)

// The margins of official letters: three centimetres on the left, for the
// binding, and two on the right.
const (
	left   = 3 * cm
	right  = pageWidth - 2*cm
	width  = right - left
	top    = pageHeight - 5*cm/2
	bottom = 9 * cm / 4
	inset  = 5 * cm / 2 // of the first line of a paragraph
)

// leading is from one line to the next.
func leading(size int) int { return size * 1500 }

// sheet is a paper while it is written: from the top of a page to its end, and
// on on the next.
type sheet struct {
	paper Paper
	pages []*page
	y     int // the lowest line that is taken
	inks  map[*face]*inked
	faces *faces
	title string // of the file, and at the foot of each page
	total bool   // the pages are numbered "1 of 3", as in a form; else "- 2 -", as in a letter
}

func newSheet(p Paper, f *faces) *sheet {
	s := &sheet{paper: p, faces: f, inks: map[*face]*inked{}}
	for _, face := range []*face{f.regular, f.bold} {
		s.inks[face] = &inked{face: face, codes: map[code]int{}, plain: font.NewFace(face.font)}
	}
	s.turn()
	return s
}

// turn begins a page.
func (s *sheet) turn() {
	s.pages = append(s.pages, &page{})
	s.y = top
}

func (s *sheet) page() *page { return s.pages[len(s.pages)-1] }

// need turns the page unless there is so much room.
func (s *sheet) need(height int) {
	if s.y-height < bottom {
		s.turn()
	}
}

// skip leaves room, which a new page does not need.
func (s *sheet) skip(height int) { s.y = max(s.y-height, bottom) }

// ink draws a line of words on a page.
func (s *sheet) ink(on *page, line []word, size, x, y int) {
	gap := s.faces.regular.shape(" ").advance * size
	for _, w := range line {
		name := "F0"
		if w.face == s.faces.bold {
			name = "F1"
		}
		on.ink(w, name, s.inks[w.face], size, x, y)
		x += w.advance * size
		if w.spaced {
			s.space(on, name, w.face, size, x, y)
			x += gap
		}
	}
}

// space draws nothing, but who copies the text gets a space.
func (s *sheet) space(on *page, name string, f *face, size, x, y int) {
	on.ink(f.shape(" "), name, s.inks[f], size, x, y)
}

// write puts one line at a place: beginning there, or in the middle of it.
func (s *sheet) write(on *page, f *face, size int, text string, x, y int, middle bool) {
	for _, line := range f.lines(s.paper.numerals(text), size, pageWidth, 0) {
		if middle {
			s.ink(on, line, size, x-f.wide(line, size)/2, y)
		} else {
			s.ink(on, line, size, x, y)
		}
		y -= leading(size)
	}
}

// column is a text that flows down between two edges.
func (s *sheet) column(f *face, size int, text string, x, wide, indent int) {
	for i, line := range f.lines(s.paper.numerals(text), size, wide, indent) {
		s.need(leading(size))
		s.y -= leading(size)
		from := x
		if i == 0 {
			from += indent
		}
		s.ink(s.page(), line, size, from, s.y)
	}
}

// paragraphs writes a text with the first line of each paragraph set in.
func (s *sheet) paragraphs(text string, indent int) {
	for p := range strings.SplitSeq(text, "\n") {
		s.column(s.faces.regular, textSize, p, left, width, indent)
	}
}

// heading begins a part, never as the last line of a page.
func (s *sheet) heading(text string) {
	s.skip(5_000)
	s.need(3 * leading(textSize))
	s.column(s.faces.bold, textSize, text, left, width, 0)
	s.skip(2_000)
}

// centred writes lines in the middle between two edges.
func (s *sheet) centred(f *face, size int, text string, x, wide int) {
	for _, line := range f.lines(s.paper.numerals(text), size, wide, 0) {
		s.need(leading(size))
		s.y -= leading(size)
		s.ink(s.page(), line, size, x+(wide-f.wide(line, size))/2, s.y)
	}
}

// labelled writes a label and beside it a text that keeps to its own edge.
func (s *sheet) labelled(label, text string, beside int) {
	if blank(text) {
		return
	}
	s.need(leading(textSize))
	y := s.y - leading(textSize)
	s.write(s.page(), s.faces.regular, textSize, label, left, y, false)
	s.column(s.faces.regular, textSize, text, left+beside, width-beside, 0)
}

// items writes a list, numbered.
func (s *sheet) items(all []string) {
	for i, item := range all {
		s.labelled(strconv.Itoa(i+1)+".", strings.ReplaceAll(item, "\n", " "), 8*cm/10)
	}
}

// finish numbers and marks the pages and makes the file.
func (s *sheet) finish() (Document, error) {
	mark := secrecyWords[s.paper.Secrecy]
	for i, p := range s.pages {
		fmt.Fprint(p, "0.78 0.05 0.05 rg\n") // the mark is red, in the middle above and below
		s.write(p, s.faces.bold, titleSize, mark, pageWidth/2, pageHeight-cm-titleSize*300, true)
		s.write(p, s.faces.bold, titleSize, mark, pageWidth/2, 8*cm/10, true)
		fmt.Fprint(p, "0 g\n")
		switch {
		case s.total:
			s.write(p, s.faces.regular, smallSize, s.title, left, 9*cm/10, false)
			number := s.faces.regular.lines(s.paper.numerals(fmt.Sprintf("หน้า %d จาก %d", i+1, len(s.pages))), smallSize, width, 0)[0]
			s.ink(p, number, smallSize, right-s.faces.regular.wide(number, smallSize), 9*cm/10)
		case i > 0:
			s.write(p, s.faces.regular, textSize, "- "+strconv.Itoa(i+1)+" -", pageWidth/2, top+5_000, true)
		}
	}
	bytes, err := write(s.paper.numerals(s.title), s.pages, []*inked{s.inks[s.faces.regular], s.inks[s.faces.bold]})
	return Document{Bytes: bytes, Pages: len(s.pages)}, err
}
