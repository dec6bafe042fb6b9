package simulate

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
)

// The picture is one row for each distribution: how large a share was done after
// how long, on a logarithmic axis from a tenth of a second to three hours.
const (
	pictureWide = 900
	rowHigh     = 150
	plotLeft    = 250
	plotWide    = 600
	plotHigh    = 100
	rowsTop     = 90
	deskHigh    = 50
	axisFrom    = 0.1
	axisTo      = 10800.0
)

var ticks = []struct {
	s     float64
	label string
}{{0.1, "0.1 s"}, {1, "1 s"}, {10, "10 s"}, {60, "1 min"}, {240, "4 min"}, {600, "10 min"}, {3600, "1 h"}}

func across(s float64) float64 {
	s = math.Min(math.Max(s, axisFrom), axisTo)
	return plotLeft + plotWide*math.Log(s/axisFrom)/math.Log(axisTo/axisFrom)
}

// Picture draws the distributions as SVG.
func (r Result) Picture(w io.Writer) error {
	b := bufio.NewWriter(w) // keeps the first error for Flush
	rows := r.distributions()
	high := rowsTop + rowHigh*len(rows) + 20
	if len(r.DeskBy) > 0 {
		high += deskHigh
	}
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="Noto Sans Thai, Sarabun, Tahoma, sans-serif" role="img">`+"\n", pictureWide, high)
	fmt.Fprintf(b, `<title>%s</title>`+"\n", "ระยะเวลาในวันจำลอง / How long people waited on the simulated day")
	fmt.Fprintf(b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", pictureWide, high)
	text(b, 24, 36, 20, "#111", "start", "ระยะเวลาในวันจำลอง · How long people waited on the simulated day")
	text(b, 24, 60, 13, "#555", "start", fmt.Sprintf("%d รายงาน/reports · seed %d · ×%g · waves %s · plan %.12s", r.Reports, r.Input.Seed, r.Speed, r.Wave, r.Plan))
	if !r.Trusted {
		text(b, 24, 80, 13, "#B71C1C", "start", "นาฬิกาช้าเกินไปหรือวัดไม่ได้ ไม่แสดงผล · the clock was late or not measured: withheld")
	}
	for i, d := range rows {
		r.row(b, rowsTop+float64(i*rowHigh), d)
	}
	if len(r.DeskBy) > 0 {
		r.deskBy(b, float64(rowsTop+rowHigh*len(rows)))
	}
	fmt.Fprintln(b, `</svg>`)
	return b.Flush()
}

// deskBy draws how long nine of ten items would have waited for fewer and for more operators.
func (r Result) deskBy(b io.Writer, top float64) {
	text(b, 24, top+14, 13, "#111", "start", "ถ้ามีผู้ปฏิบัติงานที่โต๊ะกลาง")
	text(b, 24, top+32, 13, "#555", "start", "p90 if so many had worked there")
	wide := plotWide / float64(len(r.DeskBy))
	for i, by := range r.DeskBy {
		x, fill := plotLeft+float64(i)*wide, "#fff"
		if by.Operators == r.Operators {
			fill = "#DCE9F7"
		}
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="40" fill="%s" stroke="#ddd"/>`+"\n", x, top, wide, fill)
		text(b, x+wide/2, top+16, 12, "#555", "middle", strconv.Itoa(by.Operators))
		text(b, x+wide/2, top+33, 13, "#0D47A1", "middle", span(by.Wait.P90))
	}
}

func (r Result) row(b io.Writer, top float64, d named) {
	base := top + plotHigh
	text(b, 24, top+38, 16, "#111", "start", d.th)
	text(b, 24, top+58, 13, "#555", "start", d.en)
	text(b, 24, top+78, 12, "#555", "start", fmt.Sprintf("n = %d", d.N))
	for _, t := range ticks {
		x := across(t.s)
		fmt.Fprintf(b, `<path d="M%.1f %.1fV%.1f" stroke="#ddd"/>`+"\n", x, top, base)
		text(b, x, base+16, 11, "#555", "middle", t.label)
	}
	fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="#999"/>`+"\n", plotLeft, base, plotLeft+plotWide)
	text(b, plotLeft-8, top+4, 10, "#999", "end", "100 %")
	text(b, plotLeft-8, top+plotHigh/2+4, 10, "#999", "end", "50 %")
	if len(d.List) == 0 {
		return
	}
	fmt.Fprintf(b, `<path d="M%.1f %.1f`, across(d.List[0]), base)
	const steps = 120
	for n := 1; n <= steps; n++ {
		share := float64(n) / steps
		fmt.Fprintf(b, `H%.1fV%.1f`, across(d.at(share)), base-plotHigh*share)
	}
	fmt.Fprintf(b, `H%dV%.1fZ" fill="#1565C0" fill-opacity=".18" stroke="#1565C0" stroke-width="1.5"/>`+"\n", plotLeft+plotWide, base)
	for _, p := range []struct {
		name  string
		s     float64
		share float64
	}{{"p50", d.P50, 0.5}, {"p90", d.P90, 0.9}, {"p99", d.P99, 0.99}} {
		x, y := across(p.s), base-plotHigh*p.share
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="4" fill="#0D47A1"/>`+"\n", x, y)
		words := p.name + " " + span(p.s)
		switch {
		case p.share < 0.95:
			text(b, x-8, y+4, 11, "#0D47A1", "end", words)
		case x < plotLeft+plotWide-80: // its neighbour has the room to the left
			text(b, x+8, y+13, 11, "#0D47A1", "start", words)
		default:
			text(b, plotLeft+plotWide-4, y+30, 11, "#0D47A1", "end", words)
		}
	}
}

func text(b io.Writer, x, y float64, size int, colour, anchor, words string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" font-size="%d" fill="%s" text-anchor="%s">%s</text>`+"\n", x, y, size, colour, anchor, html.EscapeString(words))
}
