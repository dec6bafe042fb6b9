package paper

import "strings"

// aidDecision draws the letter that tells the person what was decided. It is an
// order in law: it gives facts, rules and grounds (section 37 of the Administrative
// Procedure Act), and says how and until when it can be contested (section 40).
func (s *sheet) aidDecision(x AidDecision) {
	s.letterhead("หนังสือแจ้งผลการพิจารณา")
	s.addressed([]addressLine{{"เรื่อง", []string{"แจ้งผลการพิจารณาคำขอรับความช่วยเหลือ"}}, {"เรียน", []string{x.Person.Name}},
		{"อ้างถึง", []string{"คำขอรับความช่วยเหลือ เลขที่ " + s.paper.About.Code + " ลงวันที่ " + date(x.FiledAt)}}})
	s.skip(4_000)
	office := s.paper.Office.Name
	say := func(text string) {
		s.paragraphs(text, inset)
		s.skip(4_000)
	}
	say("ตามที่ท่านได้ยื่นคำขอรับความช่วยเหลือตามที่อ้างถึง " + office + " ได้สอบข้อเท็จจริงและพิจารณาเสร็จแล้วเมื่อวันที่ " + date(x.DecidedAt) + " นั้น")
	if x.Refused {
		say(office + " ขอแจ้งว่าไม่อาจให้ความช่วยเหลือตามคำขอได้ เนื่องจาก" + strings.TrimSpace(x.Reason))
	} else {
		money, goods := parted(x.Items)
		s.paragraphs(office+" ขอแจ้งว่าได้อนุมัติให้ความช่วยเหลือแก่ท่าน ดังรายการต่อไปนี้", inset)
		s.grants(money, goods)
		s.skip(8_000)
	}
	if !blank(x.Opinion) {
		say("ข้อเท็จจริงและเหตุผลในการพิจารณา " + x.Opinion)
	}
	if len(x.Rules) > 0 {
		s.need(3 * leading(textSize))
		s.paragraphs("หลักเกณฑ์ที่ใช้ในการพิจารณา", inset)
		s.items(x.Rules)
		s.skip(4_000)
	}
	s.need(14 * leading(textSize)) // the right to contest it and the name under it are not torn apart
	say("หากท่านไม่เห็นด้วยกับคำสั่งนี้ ท่านมีสิทธิอุทธรณ์ โดยทำเป็นหนังสือระบุข้อโต้แย้งและข้อเท็จจริงหรือข้อกฎหมายที่อ้างอิงประกอบด้วย " +
		"ยื่นต่อ" + office + " ภายในสิบห้าวันนับแต่วันที่ท่านได้รับแจ้งคำสั่งนี้ ตามมาตรา 44 แห่งพระราชบัญญัติวิธีปฏิบัติราชการทางปกครอง พ.ศ. 2539")
	s.signed("จึงเรียนมาเพื่อโปรดทราบ", x.Signer, x.Contact)
}
