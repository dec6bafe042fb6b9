package paper

import (
	"fmt"
	"strconv"
	"strings"
)

// part heads the next part of a form, numbered.
func (s *sheet) part(n *int, title string) {
	*n++
	s.heading(strconv.Itoa(*n) + ". " + title)
}

// aboutAid is the request in a form.
func (s *sheet) aboutAid() [][2]string {
	a := s.paper.About
	return [][2]string{{"เลขที่คำขอ", a.Code}, {"วันที่ยื่นคำขอ", date(a.ReportedAt)}, {"พื้นที่", a.Place}}
}

// monthly is what a household lives on.
func monthly(amount *int64) string {
	if amount == nil {
		return ""
	}
	return "เดือนละ " + baht(*amount) + " บาท"
}

// aidRequest draws what was asked for.
func (s *sheet) aidRequest(x AidRequest) {
	s.begin("คำขอรับความช่วยเหลือ")
	n := 0
	s.part(&n, "คำขอ")
	urgency := "ปกติ"
	if x.Urgent {
		urgency = "เร่งด่วน"
	}
	s.pairs(append(s.aboutAid(), [2]string{"ความเร่งด่วน", urgency}))
	s.part(&n, "ผู้ขอรับความช่วยเหลือ")
	s.pairs(append(person(x.Person), [2]string{"ลักษณะที่อยู่อาศัย", x.Tenure}, [2]string{"รายได้ของครัวเรือน", monthly(x.Income)}))
	if len(x.Household) > 0 {
		s.part(&n, "สมาชิกในครัวเรือน")
		s.household(x.Household)
	}
	s.part(&n, "สภาพปัญหาความเดือดร้อน")
	if len(x.Problems) > 0 {
		s.labelled("ประเภท", strings.Join(x.Problems, ", "), 2*cm)
	}
	s.paragraphs(x.Story, inset)
	if !blank(x.PriorHelp) {
		s.part(&n, "ความช่วยเหลือที่เคยได้รับ")
		s.paragraphs(x.PriorHelp, inset)
	}
	s.part(&n, "ความช่วยเหลือที่ขอ")
	s.items(x.Wanted)
	if x.Account != "" {
		s.labelled("การรับเงิน", x.Account, 28*cm/10)
	}
	if x.Enclosed > 0 {
		s.labelled("เอกสารแนบ", "ภาพถ่าย "+strconv.Itoa(x.Enclosed)+" ภาพ", 28*cm/10)
	}
	s.part(&n, "ความยินยอมและฐานทางกฎหมายในการใช้ข้อมูลส่วนบุคคล")
	var rows [][]string
	for _, c := range x.Consents {
		given := "ไม่ยินยอม"
		if c.Given {
			given = "ใช้ข้อมูลได้"
		}
		rows = append(rows, []string{c.Purpose, c.Basis, given})
	}
	s.table(grid{widths: []int{width * 45 / 100, width * 35 / 100, width - width*45/100 - width*35/100}, head: []string{"วัตถุประสงค์", "ฐานทางกฎหมาย", "ผล"}}, rows)
	s.skip(6_000)
	s.need(12 * leading(textSize)) // what is sworn to stands above the name
	s.paragraphs("ข้าพเจ้าขอรับรองว่าข้อความในคำขอนี้เป็นความจริงทุกประการ และรับทราบว่าข้อมูลในคำขอนี้ใช้ตามวัตถุประสงค์ข้างต้นเท่านั้น "+
		"ข้าพเจ้าถอนความยินยอมได้ทุกเมื่อ หากข้อความใดเป็นเท็จ ข้าพเจ้ายินยอมคืนเงินหรือสิ่งของที่ได้รับ", inset)
	if !blank(x.Note) {
		s.part(&n, "บันทึกของเจ้าหน้าที่ผู้รับคำขอ")
		s.paragraphs(x.Note, inset)
	}
	s.signatures(signature{Signer{Name: x.Person.Name}, "ผู้ขอรับความช่วยเหลือ"}, signature{x.Volunteer, "ผู้ยื่นคำขอแทนหรือผู้ช่วยกรอกคำขอ"})
}

// aidFacts draws what a visit found.
func (s *sheet) aidFacts(x AidFacts) {
	s.begin("แบบสอบข้อเท็จจริง")
	n := 0
	s.part(&n, "คำขอและการเยี่ยมบ้าน")
	s.pairs(append(s.aboutAid(), [2]string{"วันเวลาที่เยี่ยมบ้าน", clock(x.VisitedAt)}, [2]string{"ผู้เยี่ยมบ้าน", x.Visitor.Name}))
	s.part(&n, "ผู้ขอรับความช่วยเหลือ")
	s.pairs(append(person(x.Person), [2]string{"ลักษณะที่อยู่อาศัย", x.Tenure}, [2]string{"รายได้ของครัวเรือน", monthly(x.Income)}))
	if len(x.Household) > 0 {
		s.part(&n, "สมาชิกในครัวเรือน")
		s.household(x.Household)
	}
	if len(x.Dimensions) > 0 {
		s.need((len(x.Dimensions) + 4) * rowHeight(1)) // on one page, where they can be compared
		s.part(&n, "สมุดพกครอบครัว 5 มิติ (คะแนน 0–100 มากคือดี)")
		s.dimensions(x.Dimensions)
	}
	if !blank(x.Found) {
		s.part(&n, "ข้อเท็จจริงที่พบ")
		s.paragraphs(x.Found, inset)
	}
	if len(x.Rules) > 0 {
		s.part(&n, "ผลการตรวจตามหลักเกณฑ์")
		var rows [][]string
		for i, r := range x.Rules {
			rows = append(rows, []string{strconv.Itoa(i + 1), r.What, r.Result})
		}
		s.table(grid{widths: []int{cm, width - cm - 4*cm, 4 * cm}, head: []string{"ที่", "หลักเกณฑ์", "ผล"}}, rows)
	}
	s.part(&n, "ความเห็นของผู้สอบข้อเท็จจริง")
	s.paragraphs(x.Opinion, inset)
	s.signatures(signature{Signer{Name: x.Person.Name}, "ผู้ให้ข้อเท็จจริง"}, signature{x.Writer, "ผู้สอบข้อเท็จจริง"})
}

func (s *sheet) dimensions(all []Dimension) {
	score := func(n *int) string {
		if n == nil {
			return "–"
		}
		return strconv.Itoa(*n)
	}
	var rows [][]string
	for _, d := range all {
		change := "–"
		if d.Before != nil && d.Score != nil {
			switch by := *d.Score - *d.Before; {
			case by > 0:
				change = fmt.Sprintf("ดีขึ้น %d", by)
			case by < 0:
				change = fmt.Sprintf("ลดลง %d", -by)
			default:
				change = "เท่าเดิม"
			}
		}
		rows = append(rows, []string{d.Name, score(d.Before), score(d.Score), change})
	}
	const narrow = 3 * cm
	s.table(grid{widths: []int{width - 3*narrow, narrow, narrow, narrow}, head: []string{"มิติ", "เมื่อยื่นคำขอ", "เมื่อเยี่ยม", "เปลี่ยนแปลง"}}, rows)
}

// aidReceipt draws what whoever receives signs.
func (s *sheet) aidReceipt(x AidReceipt) {
	money, goods := parted(x.Items)
	title, taker, giver := "ใบสำคัญรับเงิน", "ผู้รับเงิน", "ผู้จ่ายเงิน"
	switch {
	case len(money) == 0:
		title, taker, giver = "ใบรับสิ่งของ", "ผู้รับสิ่งของ", "ผู้มอบสิ่งของ"
	case len(goods) > 0:
		title, taker, giver = "ใบสำคัญรับเงินและใบรับสิ่งของ", "ผู้รับ", "ผู้จ่ายเงินและผู้มอบสิ่งของ"
	}
	s.begin(title)
	s.skip(8_000)
	who := x.Person.Name
	add := func(label, text string) {
		if !blank(text) {
			who += " " + label + text
		}
	}
	add("เลขประจำตัวประชาชน ", nationalID(x.Person.NationalID))
	add("ที่อยู่ ", x.Person.Address)
	s.paragraphs("ข้าพเจ้า "+who+" ได้รับจาก"+s.paper.Office.Name+" ตามคำขอเลขที่ "+s.paper.About.Code+" ดังรายการต่อไปนี้", inset)
	s.grants(money, goods)
	if x.How != "" {
		s.skip(4_000)
		s.labelled("วิธีรับ", x.How, 28*cm/10)
	}
	if !x.PaidAt.IsZero() {
		s.labelled("วันที่รับ", date(x.PaidAt), 28*cm/10)
	}
	if !blank(x.Note) {
		s.skip(4_000)
		s.paragraphs(x.Note, inset)
	}
	s.signatures(signature{Signer{Name: x.Person.Name}, taker}, signature{x.Giver, giver}, signature{as: "พยาน"}, signature{as: "พยาน"})
}

// parted are money and goods apart.
func parted(items []Grant) (money, goods []Grant) {
	for _, x := range items {
		if x.Goods {
			goods = append(goods, x)
		} else {
			money = append(money, x)
		}
	}
	return money, goods
}

func total(items []Grant) (sum int64) {
	for _, x := range items {
		sum += x.Satang
	}
	return sum
}

// grants writes money, with its total in figures and in words, and goods.
func (s *sheet) grants(money, goods []Grant) {
	const order, amount, count = cm, 4 * cm, 25 * cm / 10
	if len(money) > 0 {
		g := grid{widths: []int{order, width - order - amount, amount}, head: []string{"ที่", "รายการ", "จำนวนเงิน (บาท)"}, right: 2}
		var rows [][]string
		for i, x := range money {
			rows = append(rows, []string{strconv.Itoa(i + 1), counted(x), baht(x.Satang)})
		}
		sum := total(money)
		s.skip(3_000)
		s.table(g, append(rows, []string{"", "รวมเป็นเงิน", baht(sum)}))
		s.skip(2_000)
		s.need(leading(textSize))
		s.column(s.faces.bold, textSize, "(ตัวอักษร) "+bahtWords(sum), left, width, 0)
	}
	if len(goods) > 0 {
		g := grid{widths: []int{order, width - order - count - amount, count, amount}, head: []string{"ที่", "สิ่งของ", "จำนวน", "มูลค่า (บาท)"}, right: 3}
		var rows [][]string
		for i, x := range goods {
			quantity := ""
			if x.Quantity > 0 {
				quantity = strconv.Itoa(x.Quantity)
			}
			rows = append(rows, []string{strconv.Itoa(i + 1), x.Name, quantity, baht(x.Satang)})
		}
		s.skip(4_000)
		s.table(g, rows)
	}
}

// counted is the name of what is paid more than once, with how often.
func counted(x Grant) string {
	if x.Quantity < 2 {
		return x.Name
	}
	return x.Name + " (" + strconv.Itoa(x.Quantity) + " ราย)"
}
