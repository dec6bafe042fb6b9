package smoke

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// sheet is a spreadsheet of a municipality, in the columns of พม. Smart and a few of its own.
var sheet = []string{
	"เลขคำขอ", "หมายเหตุของเทศบาล", "ชื่อ", "นามสกุล", "เลขประจำตัวประชาชน", "ไม่มีเลขประจำตัว", "ปีเกิด", "เพศ", "ที่อยู่", "อำเภอ", "จังหวัด", "ที่อยู่อาศัย", "ปัญหา",
	"ความเร่งด่วน", "รหัสเงินสงเคราะห์", "รายได้ต่อเดือน", "ความยินยอม", "ฐานกฎหมาย",
	"สมุดพก: สภาพบ้าน", "สมุดพก: การเจ็บป่วยและการรักษา", "สมุดพก: การเรียนของเด็กในบ้าน", "สมุดพก: รายได้เทียบกับรายจ่าย", "สมุดพก: เอกสารสำคัญ (บัตร ทะเบียนบ้าน)",
}

// rowOf is a good line about somebody, with other cells in some columns.
func (h *town) rowOf(key, first string, other map[string]string) string {
	district := ""
	for _, d := range policy.DefaultPlaces().Districts() {
		if d.Code[:2] == h.province.Code {
			district = d.NameTh
			break
		}
	}
	cells := map[string]string{
		"เลขคำขอ": h.code(key), "หมายเหตุของเทศบาล": "รอ", "ชื่อ": first, "นามสกุล": "ตารางทดสอบ", "ไม่มีเลขประจำตัว": "ใช่", "ปีเกิด": "2510", "เพศ": "หญิง",
		"ที่อยู่": key + " หมู่ 9", "อำเภอ": "อ." + district, "จังหวัด": h.province.NameTh, "ที่อยู่อาศัย": "บ้านเช่า", "ปัญหา": "รายได้ความเป็นอยู่, ผู้สูงอายุ",
		"ความเร่งด่วน": "ปกติ", "รหัสเงินสงเคราะห์": "LOW_INCOME", "รายได้ต่อเดือน": "1,500", "ความยินยอม": "ใช่", "ฐานกฎหมาย": "ยินยอม",
		"สมุดพก: สภาพบ้าน": "2", "สมุดพก: การเจ็บป่วยและการรักษา": "3", "สมุดพก: การเรียนของเด็กในบ้าน": "4", "สมุดพก: รายได้เทียบกับรายจ่าย": "1",
		"สมุดพก: เอกสารสำคัญ (บัตร ทะเบียนบ้าน)": "4",
	}
	var line []string
	for _, c := range sheet {
		if v, ok := other[c]; ok {
			cells[c] = v
		}
		line = append(line, `"`+cells[c]+`"`)
	}
	return strings.Join(line, ",")
}

// Whatever is wrong with a spreadsheet, its good lines become requests once, however often it is sent, and its bad ones
// are told by line and column. Nobody types twice: what went out comes in again.
func TestASpreadsheetIsFiledOnce(t *testing.T) {
	h := start(t)
	file := filepath.Join(h.Dir, h.province.Code+"-aid.csv")
	write := func(lines ...string) {
		t.Helper()
		text := "\ufeff" + strings.Join(append([]string{`"` + strings.Join(sheet, `","`) + `"`}, lines...), "\r\n") + "\r\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	good := []string{h.rowOf("1", "กัญญา", nil), h.rowOf("2", "กานดา", map[string]string{"ปีเกิด": "3/5/2560"})}
	write(good[0],
		h.rowOf("3", "ลับสุดยอด", map[string]string{"เลขประจำตัวประชาชน": "1234567890120", "ไม่มีเลขประจำตัว": ""}),
		h.rowOf("4", "ลับสุดยอด", map[string]string{"เพศ": "ไม่รู้จัก", "ความยินยอม": "ไม่ใช่", "รหัสเงินสงเคราะห์": "GOLD"}),
		h.rowOf("5", "ลับสุดยอด", map[string]string{"จังหวัด": "แอตแลนติส"}),
		`"ขาด","ช่อง"`,
		good[1], h.rowOf("1", "ลับสุดยอด", nil))
	imports := func(args ...string) error {
		return h.Run(append([]string{"aid", "import", "--mapping", "pom_smart", "--source", "municipality-" + h.province.Code}, append(args, file)...)...)
	}
	there := func() (n int) {
		h.database(&n, `SELECT count(*) FROM aid_requests WHERE province = $1 AND state <> 'DRAFT'`, h.province.Code)
		return n
	}
	for i, args := range [][]string{{"--trial"}, nil, nil} {
		err := imports(args...)
		if err == nil {
			t.Fatal("the bad lines are not reported")
		}
		for _, want := range []string{
			":3: ", "เลขประจำตัวประชาชน (subject.number): ", "the check digit does not match", ":4: เพศ (subject.sex): ไม่ใช่ค่าในรายการ · not a value of the list",
			":5: จังหวัด (home.province): ", ":6: 2 columns", "มี 2 ช่อง", ":8: รหัสนี้ซ้ำในไฟล์ · another line has this key",
		} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the report lacks %q:\n%v", want, err)
			}
		}
		if strings.Contains(err.Error(), "ลับสุดยอด") || strings.Contains(err.Error(), "1234567890120") {
			t.Errorf("the report quotes:\n%v", err)
		}
		if i == 0 {
			if got := there(); got != 0 {
				t.Fatalf("a trial filed %d requests", got)
			}
			continue
		}
		h.eventually("the two good lines are requests", func() bool { return there() == 2 })
	}
	var forms, events int
	h.database(&forms, `SELECT count(*) FROM aid_forms f JOIN aid_requests a ON a.id = f.aid_id WHERE a.province = $1`, h.province.Code)
	h.database(&events, `SELECT count(*) FROM aid_events e JOIN aid_requests a ON a.id = e.aid_id WHERE a.province = $1 AND e.kind = 'SUBMITTED'`, h.province.Code)
	if forms != 2 || events != 2 {
		t.Errorf("two lines, imported twice, became %d forms, sent %d times", forms, events)
	}

	write(good[0], good[1], h.rowOf("3", "กมล", nil)) // the municipality has mended one
	if err := imports(); err != nil {
		t.Fatal(err)
	}
	h.eventually("the mended line is a request, too", func() bool { return there() == 3 })

	out := filepath.Join(h.Dir, h.province.Code+"-aid-out.csv")
	exports := func(args ...string) string {
		t.Helper()
		if err := h.Run(append([]string{"aid", "export", "--mapping", "pom_smart", "--province", h.province.Code, "--out", out}, args...)...); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	bare := exports()
	for _, secret := range []string{"กัญญา", "ตารางทดสอบ", "หมู่ 9", "2510"} {
		if strings.Contains(bare, secret) {
			t.Errorf("an export without what is personal has %s", secret)
		}
	}
	if strings.Count(bare, "LOW_INCOME") < 3 || strings.Count(bare, string(casefile.AidSubmitted)) != 3 {
		t.Errorf("the export says\n%s", bare)
	}
	reader := "reader-" + h.province.Code
	if err := h.Run("aid", "export", "--mapping", "pom_smart", "--personal", "--by", reader, "--out", out); err == nil {
		t.Error("an export of people without a purpose was made")
	}
	whole := exports("--personal", "--by", reader, "--purpose", "supervision")
	for _, want := range []string{"กัญญา", "กานดา", "กมล", "03/05/2560", "เช่า"} {
		if !strings.Contains(whole, want) {
			t.Errorf("the export of people lacks %s", want)
		}
	}
	var looks int
	h.database(&looks, `SELECT count(*) FROM audit WHERE action = 'AID_VIEWED' AND actor = $1 AND purpose = 'supervision'`, "OPERATOR:"+reader)
	if looks != 3 {
		t.Errorf("%d looks are recorded", looks)
	}
	if err := h.Run("aid", "import", "--mapping", "pom_smart", "--source", "again-"+h.province.Code, "--trial", out); err != nil {
		t.Errorf("what went out does not come in again: %v", err)
	}
}

// Whoever tries the product on their own machine finds requests for aid there in many states, and as many after another start.
func TestTheSeedHasRequestsForAid(t *testing.T) {
	h := startOwn(t, sharedSpeed)
	for _, args := range [][]string{{"seed"}, {"seed", "--aid"}, {"seed", "--aid"}} {
		if err := h.Run(args...); err != nil {
			t.Fatal(err)
		}
	}
	var states []string
	h.database(&states, `SELECT array_agg(state ORDER BY state) FROM aid_requests`)
	want := []string{"DRAFT", "REJECTED", "RETURNED", "SCREENED", "SUBMITTED", "SUBMITTED", "VISITED", "VISIT_SCHEDULED", "WITHDRAWN"}
	if !slices.Equal(states, want) {
		t.Errorf("the seed has %v", states)
	}
	var households, children int
	h.database(&households, `SELECT count(*) FROM households`)
	h.database(&children, `SELECT count(*) FROM relations WHERE kind = 'PARENT'`)
	if households < 8 || children == 0 {
		t.Errorf("the seed has %d households and %d children", households, children)
	}
}
