package paper_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/paper"
)

var update = flag.Bool("update", false, "write the golden files anew")

var day = time.Date(2026, 11, 25, 7, 5, 0, 0, time.UTC) // 14.05 in Thailand

// papers are one of each kind, and the ones at the edges.
func papers() map[string]paper.Paper {
	finding := blankPaper(paper.FactFindingPaper)
	finding.FactFinding = &paper.FactFinding{
		Person: paper.Person{
			Name: "นางสาวน้ำผึ้ง ก้ำเกื้อ", NationalID: "1101700230708", Age: new(34), Sex: "หญิง", Nationality: "ไทย", Occupation: "รับจ้างทั่วไป",
			Phone: "081-000-0000", Address: "บ้านเลขที่ 12/3 หมู่ที่ 4 ตำบลตัวอย่าง อำเภอเมืองพิษณุโลก จังหวัดพิษณุโลก 65000",
		},
		VisitedAt: day, Visited: "บ้านพักของผู้ประสบปัญหา",
		Informant: paper.Person{Name: "นางปุ๊ก ทองคำ", Relation: "ป้า", Phone: "082-000-0000"},
		Household: []paper.Person{
			{Name: "เด็กชายต้นกล้า ก้ำเกื้อ", Age: new(7), Relation: "บุตร", Occupation: "ชั้นประถมศึกษาปีที่ 1"},
			{Name: "เด็กหญิงใบข้าว ก้ำเกื้อ", Age: new(0), Relation: "บุตร"},
			{Name: "Mr. John A. Example", Age: new(41), Relation: "คู่สมรส", Occupation: "พนักงานบริษัท", Note: "ไม่ได้พักอาศัยอยู่ด้วยกัน"},
		},
		Home:    "บ้านเช่าชั้นเดียว หลังคาสังกะสีชำรุด มีห้องนอน 1 ห้อง ห้องน้ำอยู่นอกบ้าน มีน้ำประปาและไฟฟ้าใช้ เพื่อนบ้านอยู่ใกล้และคอยช่วยเหลือกัน",
		Income:  "รายได้จากการรับจ้างประมาณเดือนละ 6,000 บาท ค่าเช่าบ้าน 1,500 บาท มีหนี้สินกับกองทุนหมู่บ้าน 20,000 บาท",
		Facts:   longFacts,
		Needs:   "ต้องการที่พักที่ปลอดภัยชั่วคราวสำหรับตนเองและบุตรทั้งสองคน ค่าใช้จ่ายในการครองชีพ และต้องการให้บุตรได้เรียนต่อในโรงเรียนเดิม",
		Given:   []string{"นำส่งโรงพยาบาลเพื่อตรวจร่างกายและบาดแผล", "ให้คำปรึกษาและจัดทำแผนความปลอดภัย", "มอบสิ่งของจำเป็น ได้แก่ ข้าวสาร นมผง และผ้าอ้อม"},
		Opinion: "เห็นควรให้การช่วยเหลือเงินสงเคราะห์ครอบครัว จัดหาที่พักชั่วคราวที่บ้านพักเด็กและครอบครัว และติดตามเยี่ยมบ้านทุกสัปดาห์เป็นระยะเวลา 3 เดือน",
		Writer:  paper.Signer{Name: "นางสาวตัวอย่าง ใจดี", Position: "นักสังคมสงเคราะห์ปฏิบัติการ"},
		Head:    paper.Signer{Name: "นายตัวอย่าง มั่นคง", Position: "พัฒนาสังคมและความมั่นคงของมนุษย์จังหวัด"},
	}

	letter := blankPaper(paper.ReferralPaper)
	letter.Referral = &paper.Referral{
		To: "ผู้อำนวยการโรงพยาบาลตัวอย่าง", References: []string{"หนังสือโรงพยาบาลตัวอย่าง ที่ สธ 0032/118 ลงวันที่ 20 พฤศจิกายน 2569"},
		Enclosures: []string{"แบบบันทึกข้อเท็จจริง จำนวน 1 ฉบับ", "สำเนาบัตรประจำตัวประชาชน จำนวน 1 ฉบับ"},
		Person:     finding.FactFinding.Person,
		Problem:    "ถูกทำร้ายร่างกายโดยบุคคลในครอบครัวหลายครั้งในรอบหนึ่งปีที่ผ่านมา มีบาดแผลฟกช้ำและมีภาวะซึมเศร้า มีบุตรเล็กสองคนอยู่ในความดูแล ขณะนี้พักอยู่กับญาติและยังไม่ปลอดภัยที่จะกลับบ้าน",
		Done:       "จัดหาที่พักชั่วคราวที่ปลอดภัย ประสานพนักงานสอบสวน และจัดทำแผนความปลอดภัยร่วมกับผู้ประสบปัญหา",
		Asked:      "ตรวจรักษาบาดแผล ประเมินสภาพจิตใจ และออกใบรับรองแพทย์เพื่อใช้ประกอบการคุ้มครองสวัสดิภาพ",
		AnswerBy:   day.AddDate(0, 0, 7), Contact: paper.Signer{Name: "นางสาวตัวอย่าง ใจดี", Position: "นักสังคมสงเคราะห์ปฏิบัติการ"},
		Signer: paper.Signer{Name: "นายตัวอย่าง มั่นคง", Position: "พัฒนาสังคมและความมั่นคงของมนุษย์จังหวัดพิษณุโลก"},
	}

	note := blankPaper(paper.HandoverPaper)
	note.Handover = &paper.Handover{
		To: "บ้านพักเด็กและครอบครัวจังหวัดพิษณุโลก", Persons: []paper.Person{finding.FactFinding.Person},
		State: "ปลอดภัย อยู่ที่โรงพยาบาลกับญาติ บาดเจ็บเล็กน้อย พูดคุยรู้เรื่อง ยังหวาดกลัวและไม่ต้องการกลับบ้าน",
		Risk:  "ผู้ถูกกล่าวหายังไม่ถูกควบคุมตัวและทราบที่อยู่ของญาติ", Contact: "โทรศัพท์ได้เฉพาะเวลา 9.00–15.00 น. ห้ามส่งข้อความ",
		Events: []paper.Moment{
			{At: day.Add(-2 * time.Hour), What: "รับแจ้งเหตุผ่านระบบ"}, {At: day.Add(-100 * time.Minute), What: "เจ้าหน้าที่ตำรวจถึงที่เกิดเหตุและระงับเหตุ"},
			{At: day.Add(-time.Hour), What: "นำส่งโรงพยาบาลพร้อมบุตรทั้งสองคน"},
		},
		Done:  []string{"แยกผู้ประสบปัญหาออกจากที่เกิดเหตุ", "แจ้งสิทธิตามกฎหมาย"},
		Owed:  []paper.Promise{{What: "เยี่ยมที่โรงพยาบาล", By: day.AddDate(0, 0, 1)}, {What: "ประเมินความเสี่ยงและจัดทำแผนความปลอดภัย", By: day.AddDate(0, 0, 3)}, {What: "ติดตามผลคดี"}},
		Giver: paper.Signer{Name: "ร้อยตำรวจเอก ตัวอย่าง กล้าหาญ", Position: "รองสารวัตรสอบสวน"},
	}

	big := finding
	big.FactFinding = new(*finding.FactFinding)
	big.FactFinding.Household = nil
	for i := range 40 {
		big.FactFinding.Household = append(big.FactFinding.Household, paper.Person{
			Name: "นายสมาชิกคนที่" + strings.Repeat("ยาวมาก", i%7) + " นามสกุลก็ยาวเช่นกัน ณ อยุธยา", Age: new(i), Relation: "ญาติ", Occupation: "เกษตรกร",
		})
	}
	long := letter
	long.Referral = new(*letter.Referral)
	long.Referral.Person.Name = strings.Repeat("กุ๋งกิ๋ง", 60) // no word of it is known, and no line holds it
	long.Referral.Person.Occupation = "Pneumonoultramicroscopicsilicovolcanoconiosis-" + strings.Repeat("x", 120)
	long.Referral.Problem = strings.Repeat(longFacts+"\n", 4)

	arabic := letter
	arabic.Digits = paper.ArabicDigits
	bare := blankPaper(paper.HandoverPaper)
	bare.Office = paper.Office{Name: "สถานีตำรวจภูธรตัวอย่าง"}
	bare.About = paper.About{Code: "AB12-CD34"}
	bare.Handover = &paper.Handover{To: "ศูนย์ช่วยเหลือสังคม", Persons: []paper.Person{{Name: "ไม่ทราบชื่อ"}}, State: "ปลอดภัย", Giver: paper.Signer{Name: "ก", Position: "ข"}}
	return map[string]paper.Paper{
		"fact_finding": finding, "referral_letter": letter, "handover_note": note, "household_of_40": big, "long_letter": long,
		"arabic_digits": arabic, "bare": bare,
	}
}

const longFacts = "ผู้ประสบปัญหาให้ถ้อยคำว่า เมื่อคืนวันที่ 24 พฤศจิกายน 2569 เวลาประมาณ 21.00 น. สามีดื่มสุราและกลับถึงบ้านด้วยอารมณ์โกรธ " +
	"ได้ใช้กำลังทำร้ายร่างกายโดยการตบตีและผลักจนล้ม ต่อหน้าบุตรทั้งสองคน เพื่อนบ้านได้ยินเสียงร้องจึงแจ้งเหตุผ่านระบบ เจ้าหน้าที่ตำรวจเข้าระงับเหตุและนำตัวส่งโรงพยาบาล " +
	"ก่อนหน้านี้เคยถูกทำร้ายมาแล้วสามครั้ง แต่ไม่ได้แจ้งความเนื่องจากต้องพึ่งพารายได้ของสามีและกลัวว่าจะไม่มีที่อยู่อาศัย\n" +
	"ป้าของผู้ประสบปัญหายืนยันว่าสามีมีพฤติกรรมใช้ความรุนแรงเมื่อดื่มสุรา และเคยข่มขู่ว่าจะพาบุตรไป บุตรคนโตมีอาการหวาดกลัว ไม่ยอมพูด และขาดเรียนบ่อยครั้งในเดือนที่ผ่านมา"

func blankPaper(k paper.Kind) paper.Paper {
	return paper.Paper{
		Kind: k, Number: 128, Year: 2569, At: day, Secrecy: paper.Secret, Digits: paper.ThaiDigits,
		Office: paper.Office{
			Name: "สำนักงานพัฒนาสังคมและความมั่นคงของมนุษย์จังหวัดพิษณุโลก", Letters: "พม 0308",
			Address: "ศาลากลางจังหวัดพิษณุโลก ถนนวังจันทน์ อำเภอเมืองพิษณุโลก จังหวัดพิษณุโลก 65000", Phone: "0 5500 0000", Email: "office@example.go.th",
		},
		About: paper.About{Code: "3F2A-91BC", ReportedAt: day.Add(-26 * time.Hour), Incident: "ข่มขู่ว่าจะทำร้ายหรือทำร้าย", Place: "อ.เมืองพิษณุโลก จ.พิษณุโลก"},
	}
}

// A paper says what it said: its text and its pages are what was agreed on, and
// the same value gives the same bytes.
func TestPapers(t *testing.T) {
	all := papers()
	maps.Copy(all, aidPapers())
	for name, p := range all {
		t.Run(name, func(t *testing.T) {
			first := draw(t, p)
			if second := draw(t, p); !bytes.Equal(first.Bytes, second.Bytes) {
				t.Fatal("the same paper gave other bytes the second time")
			}
			if dir := os.Getenv("PAPER_DIR"); dir != "" {
				_ = os.WriteFile(filepath.Join(dir, name+".pdf"), first.Bytes, 0o600)
			}
			// The hash stands in the record of every paper that was issued: another one needs another Edition.
			got := fmt.Sprintf("edition: %d\nsha256: %x\npages: %d\n%s", paper.Edition, sha256.Sum256(first.Bytes), first.Pages, said(first.Bytes))
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the paper says something else than %s; look at it, then run with -update:\n%s", golden, got)
			}
		})
	}
}

func draw(t *testing.T, p paper.Paper) paper.Document {
	t.Helper()
	d, err := p.PDF()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	shown = regexp.MustCompile(`(?s)/Span<</ActualText <FEFF([0-9A-F]*)>>>BDC|BT /F([01]) \d+ Tf [-\d.]+ ([-\d.]+) Td (.*?) TJ ET`)
	codes = regexp.MustCompile(`<([0-9A-F]{4})>`)
	means = regexp.MustCompile(`beginbfchar <([0-9A-F]{4})><([0-9A-F]*)> endbfchar`)
)

// said is the text of a PDF of ours, a line for each line, as a reader finds it:
// the actual text where there is one, else what the codes mean.
func said(pdf []byte) string {
	var fonts []map[string]string
	for _, part := range strings.Split(string(pdf), "begincmap")[1:] {
		f := map[string]string{}
		for _, m := range means.FindAllStringSubmatch(part[:strings.Index(part, "endcmap")], -1) {
			f[m[1]] = utf(m[2])
		}
		fonts = append(fonts, f)
	}
	var out strings.Builder
	y, actual := "", ""
	for _, m := range shown.FindAllStringSubmatch(string(pdf), -1) {
		if m[1] != "" {
			actual = utf(m[1])
			continue
		}
		if m[3] != y && y != "" {
			out.WriteByte('\n')
		}
		y = m[3]
		if actual != "" {
			out.WriteString(actual)
			actual = ""
			continue
		}
		font, _ := strconv.Atoi(m[2])
		for _, c := range codes.FindAllStringSubmatch(m[4], -1) {
			out.WriteString(fonts[font][c[1]])
		}
	}
	return out.String() + "\n"
}

func utf(hex string) string {
	var units []uint16
	for ; len(hex) >= 4; hex = hex[4:] {
		n, _ := strconv.ParseUint(hex[:4], 16, 16)
		units = append(units, uint16(n))
	}
	return string(utf16.Decode(units))
}

// What a machine without Thai shaping would tear apart comes out of the file in
// one piece, by another program's reading too.
func TestTheTextIsFoundAgain(t *testing.T) {
	d := draw(t, papers()["fact_finding"])
	text := said(d.Bytes)
	program, err := exec.LookPath("pdftotext")
	if err == nil {
		file := filepath.Join(t.TempDir(), "paper.pdf")
		if err := os.WriteFile(file, d.Bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(program, "-layout", file, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		text = string(out)
	}
	for _, want := range []string{"น้ำผึ้ง", "ก้ำเกื้อ", "ปุ๊ก", "เลขที่ ๑๒๘/๒๕๖๙", "๒๕ พฤศจิกายน ๒๕๖๙", "๑-๑๐๑๗-๐๐๒๓๐-๗๐-๘", "Mr. John A. Example", "ลับ", "3F2A-91BC"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the text", want)
		}
	}
}

// Nothing about a person stands anywhere but on the pages.
func TestTheFileTellsNothingBesideItsPages(t *testing.T) {
	d := draw(t, papers()["fact_finding"])
	pages := bytes.Index(d.Bytes, []byte("/Type/Page/"))
	for _, secret := range []string{"ก้ำเกื้อ", "1101700230708", "ใจดี"} {
		if bytes.Contains(d.Bytes[:pages], []byte(secret)) || strings.Contains(string(d.Bytes[:pages]), hexOf(secret)) {
			t.Errorf("%q stands outside the pages", secret)
		}
	}
	for _, key := range []string{"/Author", "/Creator", "/CreationDate", "/ModDate", "/Metadata"} {
		if bytes.Contains(d.Bytes, []byte(key)) {
			t.Errorf("the file has %s", key)
		}
	}
	if size := len(d.Bytes); size > 400_000 {
		t.Errorf("%d bytes: are the fonts embedded whole?", size)
	}
}

func hexOf(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteString(strings.ToUpper(strconv.FormatUint(0x10000+uint64(u), 16)[1:]))
	}
	return b.String()
}

// What is missing is said by name, before anything is written.
func TestWhatIsMissingIsSaid(t *testing.T) {
	for field, spoil := range map[string]func(*paper.Paper){
		"secrecy":           func(p *paper.Paper) { p.Secrecy = "" },
		"digits":            func(p *paper.Paper) { p.Digits = "ROMAN" },
		"office":            func(p *paper.Paper) { p.Office.Name = " " },
		"number":            func(p *paper.Paper) { p.Number = 0 },
		"kind":              func(p *paper.Paper) { p.Referral = nil },
		"to":                func(p *paper.Paper) { p.Referral.To = "" },
		"person.name":       func(p *paper.Paper) { p.Referral.Person.Name = "\n" },
		"problem":           func(p *paper.Paper) { p.Referral.Problem = "" },
		"asked":             func(p *paper.Paper) { p.Referral.Asked = "" },
		"signer.name":       func(p *paper.Paper) { p.Referral.Signer.Name = "" },
		"signer.position":   func(p *paper.Paper) { p.Referral.Signer.Position = "" },
		"person.address":    func(p *paper.Paper) { p.Referral.Person.Address = "ရန်ကုန်" },
		"enclosures.1":      func(p *paper.Paper) { p.Referral.Enclosures[1] = "a\x00b" },
		"person.occupation": func(p *paper.Paper) { p.Referral.Person.Occupation = "ครู 🙂" },
	} {
		t.Run(field, func(t *testing.T) {
			p := papers()["referral_letter"]
			p.Referral = new(*p.Referral)
			p.Referral.Enclosures = append([]string(nil), p.Referral.Enclosures...)
			spoil(&p)
			_, err := p.PDF()
			var invalid *casefile.InvalidError
			if !errors.As(err, &invalid) || invalid.Field != field || invalid.Th == "" || invalid.En == "" {
				t.Errorf("said %v, want %s", err, field)
			}
		})
	}
}

// Whatever is typed into the fields, a paper comes out or is refused, and never loses a letter.
func FuzzPaper(f *testing.F) {
	f.Add("น้ำ", "ก้ำๆ ฯลฯ")
	f.Add("่้๊๋์ัิีึืฺุูํ", "เแโใไ")
	f.Add("ำำำ", "a b\nc\r\n\td")
	f.Add(strings.Repeat("กรุงเทพมหานครอมรรัตนโกสินทร์", 30), "Ω()<>\\")
	f.Fuzz(func(t *testing.T, name, facts string) {
		p := papers()["fact_finding"]
		p.FactFinding = new(*p.FactFinding)
		p.Digits = paper.ArabicDigits
		p.FactFinding.Person.Name, p.FactFinding.Facts = name, facts
		d, err := p.PDF()
		var invalid *casefile.InvalidError
		if errors.As(err, &invalid) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if text := squeeze(said(d.Bytes)); !strings.Contains(text, squeeze(name)) {
			t.Errorf("the name %q is not on the paper", name)
		}
	})
}
