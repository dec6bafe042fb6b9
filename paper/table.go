package paper

import "fmt"

// Of the cells of tables, in thousandths of a point.
const (
	padding = 4_000
	rule    = 500 // how thick a line is
)

// grid is a table: where its columns begin, and what stands above each page's part.
type grid struct {
	widths []int
	head   []string
	bold   int // so many columns from the left are labels
	right  int // this column, of amounts, ends at its right edge; 0: none does
}

// pairs writes labels and values in two columns; a pair without a value is left out.
func (s *sheet) pairs(rows [][2]string) {
	s.skip(padding)
	g := grid{widths: []int{11 * cm / 2, width - 11*cm/2}, bold: 1}
	for _, r := range rows {
		if !blank(r[1]) {
			s.row(g, []string{r[0], r[1]}, false)
		}
	}
}

// table writes rows under a head, which is written again on each page.
func (s *sheet) table(g grid, rows [][]string) {
	s.skip(padding)
	s.need(4 * leading(textSize)) // never a head alone
	s.row(g, g.head, true)
	for _, r := range rows {
		s.row(g, r, false)
	}
}

// row writes one row. It moves to the next page whole; only a row that no page
// could hold is cut.
func (s *sheet) row(g grid, texts []string, head bool) {
	cells := make([][][]word, len(g.widths))
	tallest := 1
	for i, text := range texts {
		f := s.faces.regular
		if head || i < g.bold {
			f = s.faces.bold
		}
		cells[i] = f.lines(s.paper.numerals(text), textSize, g.widths[i]-2*padding, 0)
		tallest = max(tallest, len(cells[i]))
	}
	if height := rowHeight(tallest); s.y-height < bottom && height < top-bottom-rowHeight(2) {
		s.turn()
		s.again(g, head)
	}
	for from := 0; from < tallest; {
		n := min(tallest-from, (s.y-bottom-2*padding)/leading(textSize))
		if n < 1 {
			s.turn()
			s.again(g, head)
			continue
		}
		s.band(g, cells, from, n)
		from += n
	}
}

// again repeats the head on a new page.
func (s *sheet) again(g grid, head bool) {
	if !head && g.head != nil {
		s.row(g, g.head, true)
	}
}

func rowHeight(lines int) int { return lines*leading(textSize) + padding }

// band draws some lines of a row with the rules around them.
func (s *sheet) band(g grid, cells [][][]word, from, n int) {
	x, height := left, rowHeight(n)
	for i, wide := range g.widths {
		fmt.Fprintf(s.page(), "%s w %s %s %s %s re S\n", points(rule), points(x), points(s.y-height), points(wide), points(height))
		for j := range n {
			if from+j < len(cells[i]) {
				at := x + padding
				if g.right > 0 && i == g.right {
					at = x + wide - padding - s.faces.regular.wide(cells[i][from+j], textSize)
				}
				s.ink(s.page(), cells[i][from+j], textSize, at, s.y-(j+1)*leading(textSize)+padding/2)
			}
		}
		x += wide
	}
	s.y -= height
}
