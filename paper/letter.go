package paper

import (
	"strconv"
	"strings"
)

// garuda is the room for the emblem of the state, from the upper edge on: it is
// printed on the office's own paper, or stamped.
const garuda = 46 * cm / 10

// beside is where the text of เรื่อง, เรียน and the like begins.
const beside = 32 * cm / 10

// referral draws an official letter to another office.
func (s *sheet) referral(x Referral) {
	s.letterhead("หนังสือส่งต่อ")
	subject := x.Subject
	if blank(subject) {
		subject = "ขอส่งต่อผู้ประสบปัญหาทางสังคมเพื่อรับการช่วยเหลือ"
	}
	s.addressed([]addressLine{{"เรื่อง", []string{subject}}, {"เรียน", []string{x.To}}, {"อ้างถึง", x.References}, {"สิ่งที่ส่งมาด้วย", x.Enclosures}})
	s.skip(4_000)
	said := s.said(x)
	for i, text := range said {
		if i == len(said)-1 { // nobody signs a page on which nothing is said
			s.need(13 * leading(textSize))
		}
		s.paragraphs(text, inset)
		s.skip(4_000)
	}
	s.signed("จึงเรียนมาเพื่อโปรดพิจารณาให้ความช่วยเหลือต่อไป", x.Signer, x.Contact)
}

// letterhead writes number, office and date of a letter.
func (s *sheet) letterhead(title string) {
	p, r := s.paper, s.faces.regular
	letters := p.Office.Letters
	number := "ที่ " + strconv.Itoa(p.Number) + "/" + strconv.Itoa(p.Year)
	if letters != "" {
		number = "ที่ " + letters + "/" + strconv.Itoa(p.Number)
	}
	s.title = title + " " + number
	s.y = pageHeight - garuda + leading(textSize)
	s.write(s.page(), r, textSize, number, left, s.y-leading(textSize), false)
	for _, line := range []string{p.Office.Name, p.Office.Address} {
		s.column(r, textSize, line, pageWidth/2+cm, right-pageWidth/2-cm, 0)
	}
	s.skip(6_000)
	s.column(r, textSize, date(p.At), pageWidth/2, right-pageWidth/2, 0)
	s.skip(6_000)
}

// addressLine is what stands above the body of a letter.
type addressLine struct {
	label string
	texts []string
}

// addressed writes them; the first two, of the subject and to whom, stand closer.
func (s *sheet) addressed(lines []addressLine) {
	for i, l := range lines {
		edge := beside
		if i < 2 {
			edge = 13 * cm / 10
		}
		for j, text := range l.texts {
			if len(l.texts) > 1 {
				text = strconv.Itoa(j+1) + ". " + text
			}
			label := l.label
			if j > 0 {
				label = " "
			}
			s.labelled(label, text, edge)
			s.skip(3_000)
		}
	}
}

// said is the body of a referral letter.
func (s *sheet) said(x Referral) []string {
	p := s.paper
	received := "ด้วย" + p.Office.Name + " ได้รับเรื่องของผู้ประสบปัญหา รหัสเรื่อง " + p.About.Code
	if !p.About.ReportedAt.IsZero() {
		received += " เมื่อวันที่ " + date(p.About.ReportedAt)
	}
	if p.About.Incident != "" {
		received += " กรณี" + p.About.Incident
	}
	if p.About.Place != "" {
		received += " ในพื้นที่ " + p.About.Place
	}
	received += " และเห็นว่าเรื่องนี้อยู่ในอำนาจหน้าที่ของท่านที่จะให้ความช่วยเหลือต่อไปได้"
	all := []string{received, "ผู้ประสบปัญหา คือ " + described(x.Person), "สภาพปัญหา " + x.Problem}
	if !blank(x.Done) {
		all = append(all, "การช่วยเหลือที่ให้แล้ว "+x.Done)
	}
	asked := "ในการนี้ " + p.Office.Name + " ขอความอนุเคราะห์" + x.Asked
	if !x.AnswerBy.IsZero() {
		asked += " โดยขอให้แจ้งผลการรับเรื่องภายในวันที่ " + date(x.AnswerBy)
	}
	all = append(all, asked, "ข้อมูลส่วนบุคคลในหนังสือฉบับนี้ใช้เพื่อการคุ้มครองและช่วยเหลือผู้ประสบปัญหาเท่านั้น โปรดเก็บรักษาไว้เป็นความลับ")
	return all
}

// described is a person in a sentence.
func described(p Person) string {
	parts := []string{p.Name}
	add := func(label, text string) {
		if !blank(text) {
			parts = append(parts, label+text)
		}
	}
	add("อายุ ", years(p.Age))
	add("เพศ", p.Sex)
	add("สัญชาติ", p.Nationality)
	add("เลขประจำตัวประชาชน ", nationalID(p.NationalID))
	add("", p.Occupation)
	add("ที่อยู่ ", p.Address)
	add("โทรศัพท์ ", p.Phone)
	add("", p.Note)
	return strings.Join(parts, " ")
}

// signed writes the end of a letter, which stays on one page.
func (s *sheet) signed(last string, signer, contact Signer) {
	p, r := s.paper, s.faces.regular
	s.need(10 * leading(textSize))
	s.paragraphs(last, inset)
	s.skip(10_000)
	from := pageWidth/2 - cm
	s.centred(r, textSize, "ขอแสดงความนับถือ", from, right-from)
	s.skip(3 * leading(textSize))
	s.centred(r, textSize, "("+strings.TrimSpace(signer.Name)+")", from, right-from)
	s.centred(r, textSize, signer.Position, from, right-from)
	s.skip(14_000)
	var foot []string
	add := func(label, text string) {
		if !blank(text) {
			foot = append(foot, label+text)
		}
	}
	add("", p.Office.Name)
	add("ผู้ประสานงาน ", strings.TrimSpace(contact.Name+" "+contact.Position))
	add("โทร. ", p.Office.Phone)
	add("ไปรษณีย์อิเล็กทรอนิกส์ ", p.Office.Email)
	s.need(len(foot) * leading(textSize))
	for _, line := range foot {
		s.column(r, textSize, line, left, width, 0)
	}
}
