package paper_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/paper"
)

// aidPapers are one of each kind about an aid request, and the ones at the edges.
func aidPapers() map[string]paper.Paper {
	about := paper.About{Code: "A-3F2A-91BC", ReportedAt: day.Add(-26 * time.Hour), Place: "อ.เมืองพิษณุโลก จ.พิษณุโลก"}
	who := papers()["fact_finding"].FactFinding.Person
	who.Occupation = ""
	household := []paper.Person{
		{Name: "เด็กชายต้นกล้า ก้ำเกื้อ", Age: new(7), Relation: "บุตร", Occupation: "กำลังเรียน"},
		{Name: "นางปุ๊ก ก้ำเกื้อ", Age: new(71), Relation: "บิดาหรือมารดา", Note: "คนพิการ"},
	}
	blank := func(k paper.Kind) paper.Paper {
		p := blankPaper(k)
		p.About = about
		return p
	}

	asked := blank(paper.AidRequestPaper)
	asked.AidRequest = &paper.AidRequest{
		Person: who, Household: household, Tenure: "เช่า", Income: new(int64(6_000_00)), Problems: []string{"รายได้และความเป็นอยู่", "คนพิการ"}, Urgent: true,
		Story:     "สามีเสียชีวิตเมื่อสองเดือนก่อน ผู้ขอรับจ้างรายวันมีรายได้ไม่แน่นอน ต้องดูแลมารดาซึ่งเดินไม่ได้และบุตรหนึ่งคน ค้างค่าเช่าบ้านสองเดือนและไม่มีเงินซื้อเครื่องแบบนักเรียน",
		PriorHelp: "เคยได้รับถุงยังชีพจากองค์การบริหารส่วนตำบลหนึ่งครั้ง",
		Wanted:    []string{"เงินสงเคราะห์ครอบครัวผู้มีรายได้น้อยและไร้ที่พึ่ง", "เครื่องแบบและอุปกรณ์การเรียน"},
		Account:   "ธนาคารกรุงไทย เลขที่บัญชี ลงท้าย 1234",
		Consents: []paper.Consent{
			{Purpose: "พิจารณาและให้ความช่วยเหลือ", Basis: "ความยินยอมของเจ้าของข้อมูล", Given: true},
			{Purpose: "ส่งต่อให้หน่วยงานที่เกี่ยวข้อง", Basis: "หน้าที่ตามกฎหมาย", Given: true}, {Purpose: "ติดต่อและส่งข้อความ", Basis: "ความยินยอมของเจ้าของข้อมูล"},
		},
		Enclosed: 3, FiledAt: about.ReportedAt, Volunteer: paper.Signer{Name: "นายตัวอย่าง ขยันดี"},
	}

	found := blank(paper.AidFactsPaper)
	found.AidFacts = &paper.AidFacts{
		Person: who, Household: household, Tenure: "เช่า", Income: new(int64(6_000_00)), VisitedAt: day,
		Found: "ไปเยี่ยมที่บ้านเช่า พบผู้ขอ บุตร และมารดา บ้านหลังคารั่ว มารดาเดินไม่ได้และไม่มีเตียง เพื่อนบ้านช่วยดูแลในเวลากลางวัน บุตรขาดเรียนสัปดาห์ละสองวันเพราะไม่มีค่ารถ",
		Dimensions: []paper.Dimension{
			{Name: "ความเป็นอยู่", Before: new(40), Score: new(30)}, {Name: "สุขภาพ", Before: new(50), Score: new(50)}, {Name: "การศึกษา", Before: new(40), Score: new(60)},
			{Name: "รายได้", Score: new(20)}, {Name: "การเข้าถึงบริการภาครัฐ"},
		},
		Rules: []paper.Rule{
			{What: "เงินสงเคราะห์ครอบครัว: รายได้ต่อคนไม่เกินเดือนละ 3,000 บาท", Result: "เป็นไปตามหลักเกณฑ์"},
			{What: "เงินสงเคราะห์ครอบครัว: ไม่เกิน 3 ครั้งต่อปีงบประมาณ", Result: "เป็นไปตามหลักเกณฑ์"},
			{What: "มีคำขออื่นของครัวเรือนเดียวกัน", Result: "ตรวจแล้ว เป็นคนละเรื่อง"},
		},
		Opinion: "เห็นควรให้การช่วยเหลือเงินสงเคราะห์ครอบครัวจำนวน 3,000 บาท และประสานขอเตียงผู้ป่วยจากองค์การบริหารส่วนตำบล",
		Visitor: paper.Signer{Name: "นายตัวอย่าง ขยันดี"}, Writer: paper.Signer{Name: "นางสาวตัวอย่าง ใจดี", Position: "นักสังคมสงเคราะห์ปฏิบัติการ"},
	}

	granted := blank(paper.AidDecisionPaper)
	granted.AidDecision = &paper.AidDecision{
		Person: who, FiledAt: about.ReportedAt, DecidedAt: day,
		Items: []paper.Grant{
			{Name: "เงินสงเคราะห์ครอบครัวผู้มีรายได้น้อยและไร้ที่พึ่ง", Satang: 3_000_00}, {Name: "ทุนการศึกษา", Quantity: 2, Satang: 2_021_25},
			{Name: "เครื่องแบบและอุปกรณ์การเรียน", Goods: true, Quantity: 2, Satang: 1_200_00},
		},
		Rules:   []string{"เงินสงเคราะห์ครอบครัว: รายได้ต่อคนไม่เกินเดือนละ 3,000 บาท", "เงินสงเคราะห์ครอบครัว: ไม่เกิน 3 ครั้งต่อปีงบประมาณ"},
		Opinion: "ครัวเรือนมีรายได้เฉลี่ยคนละ 2,000 บาทต่อเดือน มีผู้พิการและเด็กในวัยเรียนอยู่ในความดูแล",
		Contact: paper.Signer{Name: "นางสาวตัวอย่าง ใจดี", Position: "นักสังคมสงเคราะห์ปฏิบัติการ"},
		Signer:  paper.Signer{Name: "นายตัวอย่าง มั่นคง", Position: "พัฒนาสังคมและความมั่นคงของมนุษย์จังหวัดพิษณุโลก"},
	}

	refused := granted
	refused.AidDecision = new(*granted.AidDecision)
	refused.AidDecision.Items, refused.AidDecision.Refused = nil, true
	refused.AidDecision.Reason = "เกินวงเงินหรือจำนวนครั้งตามหลักเกณฑ์"
	refused.AidDecision.Opinion = "ครัวเรือนได้รับเงินสงเคราะห์ครอบครัวครบสามครั้งในปีงบประมาณนี้แล้ว ครั้งสุดท้ายเมื่อวันที่ 1 พฤศจิกายน 2569"

	taken := blank(paper.AidReceiptPaper)
	taken.AidReceipt = &paper.AidReceipt{
		Person: who, Items: granted.AidDecision.Items[:2], How: "เงินสด", PaidAt: day, Giver: paper.Signer{Name: "นางสาวตัวอย่าง ใจดี", Position: "เจ้าพนักงานการเงินและบัญชี"},
	}
	goods := taken
	goods.Digits = paper.ArabicDigits
	goods.AidReceipt = &paper.AidReceipt{Person: who, Items: granted.AidDecision.Items[2:], Note: "ได้ตรวจรับสิ่งของครบถ้วนและอยู่ในสภาพเรียบร้อย"}

	all := granted
	all.AidDecision = new(*granted.AidDecision)
	all.AidDecision.Items = nil
	for range 20 {
		all.AidDecision.Items = append(all.AidDecision.Items, granted.AidDecision.Items[0])
	}
	return map[string]paper.Paper{
		"aid_request": asked, "aid_fact_finding": found, "aid_decision": granted, "aid_refusal": refused, "aid_receipt": taken, "aid_goods": goods, "aid_twenty": all,
	}
}

// Whoever is refused is told why, and how and until when it can be contested: without that sentence the time does not begin to run.
func TestADecisionTellsOfTheRightToAppeal(t *testing.T) {
	for _, name := range []string{"aid_decision", "aid_refusal"} {
		text := strings.Join(strings.Fields(said(draw(t, aidPapers()[name]).Bytes)), "")
		for _, want := range []string{"ภายในสิบห้าวันนับแต่วันที่ท่านได้รับแจ้งคำสั่งนี้", "มาตรา๔๔", "พ.ศ.๒๕๓๙", "ทำเป็นหนังสือ"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
	}
	text := strings.Join(strings.Fields(said(draw(t, aidPapers()["aid_decision"]).Bytes)), "")
	for _, want := range []string{"๕,๐๒๑.๒๕", "(ตัวอักษร)ห้าพันยี่สิบเอ็ดบาทยี่สิบห้าสตางค์"} {
		if !strings.Contains(text, want) {
			t.Errorf("the decision does not say %q", want)
		}
	}
}

// What is missing is said by name, before anything is written.
func TestWhatIsMissingOfAnAidPaperIsSaid(t *testing.T) {
	for field, spoil := range map[string]func(map[string]paper.Paper) paper.Paper{
		"wanted": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_request"]
			p.AidRequest.Wanted = nil
			return p
		},
		"consents": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_request"]
			p.AidRequest.Consents = nil
			return p
		},
		"filed_at": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_request"]
			p.AidRequest.FiledAt = time.Time{}
			return p
		},
		"household.1.name": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_request"]
			p.AidRequest.Household[1].Name = ""
			return p
		},
		"person.name": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_receipt"]
			p.AidReceipt.Person.Name = ""
			return p
		},
		"opinion": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_fact_finding"]
			p.AidFacts.Opinion = " "
			return p
		},
		"writer.position": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_fact_finding"]
			p.AidFacts.Writer.Position = ""
			return p
		},
		"visited_at": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_fact_finding"]
			p.AidFacts.VisitedAt = time.Time{}
			return p
		},
		"decided_at": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_decision"]
			p.AidDecision.DecidedAt = time.Time{}
			return p
		},
		"items": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_decision"]
			p.AidDecision.Items = nil
			return p
		},
		"items.0.satang": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_goods"]
			p.AidReceipt.Items[0].Satang = 0
			return p
		},
		"reason": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_refusal"]
			p.AidDecision.Reason = ""
			return p
		},
		"signer.name": func(all map[string]paper.Paper) paper.Paper {
			p := all["aid_refusal"]
			p.AidDecision.Signer.Name = ""
			return p
		},
		"kind": func(all map[string]paper.Paper) paper.Paper { p := all["aid_refusal"]; p.AidDecision = nil; return p },
	} {
		_, err := spoil(maps.Clone(aidPapers())).PDF()
		var invalid *casefile.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != field || invalid.Th == "" || invalid.En == "" {
			t.Errorf("said %v, want %s", err, field)
		}
	}
}
