package paper

import (
	"strconv"
	"strings"
)

// number is the number of a form, as "เลขที่ 12/2569".
func (p Paper) number() string {
	return "เลขที่ " + strconv.Itoa(p.Number) + "/" + strconv.Itoa(p.Year)
}

// begin writes what stands above every form.
func (s *sheet) begin(title string) {
	p := s.paper
	s.total, s.title = true, title+" "+p.number()
	s.y = pageHeight - 5*cm/2 // below the mark
	s.centred(s.faces.bold, titleSize, title, left, width)
	s.centred(s.faces.regular, textSize, p.Office.Name, left, width)
	s.skip(4_000)
	s.write(s.page(), s.faces.regular, textSize, p.number(), left, s.y-leading(textSize), false)
	s.column(s.faces.regular, textSize, "วันที่ "+date(p.At), left+width/2, width/2, 0)
}

// about is the case in a form.
func (s *sheet) about() [][2]string {
	a := s.paper.About
	reported := ""
	if !a.ReportedAt.IsZero() {
		reported = clock(a.ReportedAt)
	}
	return [][2]string{{"รหัสเรื่อง", a.Code}, {"วันเวลาที่รับแจ้ง", reported}, {"เหตุที่รับแจ้ง", a.Incident}, {"พื้นที่เกิดเหตุ", a.Place}}
}

// person is somebody in a form.
func person(p Person) [][2]string {
	return [][2]string{
		{"ชื่อ–นามสกุล", p.Name}, {"เลขประจำตัวประชาชน", nationalID(p.NationalID)}, {"อายุ", years(p.Age)}, {"เพศ", p.Sex}, {"สัญชาติ", p.Nationality},
		{"ความเกี่ยวข้อง", p.Relation}, {"อาชีพ / สถานศึกษา", p.Occupation}, {"โทรศัพท์", p.Phone}, {"ที่อยู่", p.Address}, {"หมายเหตุ", p.Note},
	}
}

// signatures leaves room to sign, two beside each other, together on one page.
func (s *sheet) signatures(all ...signature) {
	const high = 6*textSize*1500 + 10_000
	s.skip(12_000)
	for len(all) > 0 {
		pair := all[:min(2, len(all))]
		all = all[len(pair):]
		s.need(high)
		from, lowest := s.y, s.y
		for i, g := range pair {
			s.y = from
			x, wide := left+i*(width/2), width/2
			if len(pair) == 1 {
				x = left + width/2
			}
			s.y -= leading(textSize)
			s.sign(g, x, wide)
			lowest = min(lowest, s.y)
		}
		s.y = lowest - leading(textSize)
	}
}

// signature is a line to sign on.
type signature struct {
	Signer
	as string // "ผู้สอบข้อเท็จจริง"
}

const dots = "........................................"

// sign writes one line to sign on, with name, position and date.
func (s *sheet) sign(g signature, x, wide int) {
	r := s.faces.regular
	s.centred(r, textSize, "(ลงชื่อ) "+dots, x, wide)
	name := strings.TrimSpace(g.Name)
	if name == "" {
		name = dots
	}
	s.centred(r, textSize, "("+name+")", x, wide)
	if g.Position != "" {
		s.centred(r, textSize, g.Position, x, wide)
	}
	s.centred(r, textSize, g.as, x, wide)
	s.centred(r, textSize, "วันที่ ........ / ........ / ........", x, wide)
}

// factFinding draws the record of facts.
func (s *sheet) factFinding(x FactFinding) {
	s.begin("แบบบันทึกข้อเท็จจริง")
	s.heading("1. เรื่องที่รับ")
	visited := ""
	if !x.VisitedAt.IsZero() {
		visited = clock(x.VisitedAt)
	}
	s.pairs(append(s.about(), [2]string{"วันที่สอบข้อเท็จจริง", visited}, [2]string{"สถานที่", x.Visited}))
	s.heading("2. ผู้ประสบปัญหา")
	s.pairs(person(x.Person))
	n := 3
	part := func(title, text string) {
		if blank(text) {
			return
		}
		s.heading(strconv.Itoa(n) + ". " + title)
		s.paragraphs(text, inset)
		n++
	}
	if x.Informant.Name != "" {
		s.heading(strconv.Itoa(n) + ". ผู้ให้ข้อเท็จจริง")
		s.pairs(person(x.Informant))
		n++
	}
	if len(x.Household) > 0 {
		s.heading(strconv.Itoa(n) + ". สมาชิกในครอบครัว")
		s.household(x.Household)
		n++
	}
	part("สภาพที่อยู่อาศัย", x.Home)
	part("รายได้และหนี้สิน", x.Income)
	part("ข้อเท็จจริง", x.Facts)
	part("ความต้องการของผู้ประสบปัญหา", x.Needs)
	if len(x.Given) > 0 {
		s.heading(strconv.Itoa(n) + ". การช่วยเหลือที่ให้แล้ว")
		s.items(x.Given)
		n++
	}
	part("ความเห็นของผู้สอบข้อเท็จจริง", x.Opinion)
	signs := []signature{{x.Writer, "ผู้สอบข้อเท็จจริง"}}
	if x.Informant.Name != "" {
		signs = append([]signature{{Signer{Name: x.Informant.Name}, "ผู้ให้ข้อเท็จจริง"}}, signs...)
	}
	if x.Head != (Signer{}) {
		signs = append(signs, signature{x.Head, "หัวหน้าหน่วยงาน"})
	}
	s.signatures(signs...)
}

func (s *sheet) household(people []Person) {
	const order, age = 12 * cm / 10, 24 * cm / 10
	rest := width - order - age
	g := grid{widths: []int{order, rest * 4 / 10, age, rest * 25 / 100, rest - rest*4/10 - rest*25/100},
		head: []string{"ที่", "ชื่อ–นามสกุล", "อายุ", "ความเกี่ยวข้อง", "อาชีพ / สถานศึกษา"}}
	var rows [][]string
	for i, p := range people {
		about := p.Occupation
		if p.Note != "" {
			about = strings.TrimSpace(about + " " + p.Note)
		}
		rows = append(rows, []string{strconv.Itoa(i + 1), p.Name, years(p.Age), p.Relation, about})
	}
	s.table(g, rows)
}

// handover draws what one office tells the next.
func (s *sheet) handover(x Handover) {
	s.begin("บันทึกการส่งมอบเรื่อง")
	s.heading("1. เรื่องที่ส่งมอบ")
	s.pairs(append(s.about(), [2]string{"หน่วยงานที่ส่งมอบ", s.paper.Office.Name}, [2]string{"หน่วยงานที่รับมอบ", x.To}))
	s.heading("2. ผู้ประสบปัญหา")
	for i, p := range x.Persons {
		if i > 0 {
			s.skip(6_000)
		}
		s.pairs(person(p))
	}
	n := 3
	next := func(title string) { s.heading(strconv.Itoa(n) + ". " + title); n++ }
	next("สภาพปัจจุบัน")
	s.paragraphs(x.State, inset)
	if !blank(x.Risk) {
		next("ความเสี่ยง")
		s.paragraphs(x.Risk, inset)
	}
	if !blank(x.Contact) {
		next("การติดต่อที่ปลอดภัย")
		s.paragraphs(x.Contact, inset)
	}
	if len(x.Events) > 0 {
		next("ลำดับเหตุการณ์")
		var rows [][]string
		for _, e := range x.Events {
			rows = append(rows, []string{clock(e.At), e.What})
		}
		s.table(grid{widths: []int{6 * cm, width - 6*cm}, head: []string{"วันเวลา", "เหตุการณ์"}}, rows)
	}
	if len(x.Done) > 0 {
		next("การช่วยเหลือที่ให้แล้ว")
		s.items(x.Done)
	}
	if len(x.Owed) > 0 {
		next("สิ่งที่ต้องดำเนินการต่อ")
		var rows [][]string
		for _, o := range x.Owed {
			rows = append(rows, []string{o.What, date(o.By)})
		}
		s.table(grid{widths: []int{width - 45*cm/10, 45 * cm / 10}, head: []string{"เรื่อง", "ภายในวันที่"}}, rows)
	}
	s.signatures(signature{x.Giver, "ผู้ส่งมอบ"}, signature{x.Taker, "ผู้รับมอบ"})
}
