package smoke

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/ess-thailand/ess/casefile"
)

var actualText = regexp.MustCompile(`/ActualText <FEFF([0-9A-F]*)>`)

// inPDF is what a paper says, word after word.
func inPDF(pdf []byte) string {
	var out strings.Builder
	for _, m := range actualText.FindAllSubmatch(pdf, -1) {
		var units []uint16
		for hex := string(m[1]); len(hex) >= 4; hex = hex[4:] {
			n, _ := strconv.ParseUint(hex[:4], 16, 16)
			units = append(units, uint16(n))
		}
		out.WriteString(string(utf16.Decode(units)))
	}
	return out.String()
}

// The letter that refers me to the hospital is a real one: it has the next number
// of the office, Thai that can be read, and it is the same letter next year.
func TestAReferralLetterIsTheSameEveryTime(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	mali := h.citizen("mali")
	id := mali.reports(casefile.ThreatAssault, h.pin)
	office := string(h.unitID(string(casefile.LevelStation)))
	letter := func(key, name string) (int, []byte) {
		body, err := json.Marshal(map[string]any{
			"head": map[string]any{"office": office, "letters": "พม 0308"},
			"paper": map[string]any{
				"to": "ผู้อำนวยการโรงพยาบาล", "person": map[string]any{"name": name, "age": 34}, "problem": "ถูกทำร้ายร่างกาย",
				"asked": "ตรวจรักษาบาดแผล", "signer": map[string]any{"name": "นางสาวตัวอย่าง ใจดี", "position": "นักสังคมสงเคราะห์"},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return h.ask("somsri", http.MethodPost, "/v1/cases/"+string(id)+"/papers/referral-letter?purpose=referral", key, body)
	}
	if status, raw := letter("letter-without-a-name", ""); status != http.StatusUnprocessableEntity || !strings.Contains(string(raw), "ยังไม่ได้ระบุชื่อผู้ประสบปัญหา") {
		t.Errorf("a letter about nobody is answered %d %s", status, raw)
	}
	type given struct{ Number, Sha256 string }
	written := func(key string) given {
		status, raw := letter(key, "น้ำผึ้ง ก้ำเกื้อ")
		var g given
		if status != http.StatusCreated || json.Unmarshal(raw, &g) != nil {
			t.Fatalf("a letter is answered %d %s", status, raw)
		}
		return g
	}
	first := written("letter-number-one")
	if again := written("letter-number-one"); again != first {
		t.Errorf("asked again with the same key: %+v, want %+v", again, first)
	}
	second := written("letter-number-two")
	if !strings.HasSuffix(first.Number, "-1") || !strings.HasSuffix(second.Number, "-2") {
		t.Errorf("the numbers are %s and %s: what was refused takes none", first.Number, second.Number)
	}

	path := fmt.Sprintf("/v1/cases/%s/papers/%s?office=%s&purpose=referral", id, second.Number, office)
	status, pdf := h.request("somsri", http.MethodGet, path, nil)
	sum := sha256.Sum256(pdf)
	if status != http.StatusOK || !bytes.HasPrefix(pdf, []byte("%PDF-")) || hex.EncodeToString(sum[:]) != second.Sha256 {
		t.Fatalf("the letter is answered %d, %d bytes", status, len(pdf))
	}
	if _, twice := h.request("somsri", http.MethodGet, path, nil); !bytes.Equal(pdf, twice) {
		t.Error("the same letter has other bytes the second time")
	}
	for _, want := range []string{"น้ำผึ้ง", "ก้ำเกื้อ", "๐๓๐๘/๒", "ผู้อำนวยการโรงพยาบาล", "ตรวจรักษาบาดแผล", "ขอแสดงความนับถือ"} {
		if !strings.Contains(inPDF(pdf), want) {
			t.Errorf("the letter does not say %q", want)
		}
	}
	if status, _ := h.request(scoped, http.MethodGet, path, nil); status != http.StatusNotFound {
		t.Errorf("an operator of another province is answered %d", status)
	}
	var looks int
	h.database(&looks, "SELECT count(*) FROM audit WHERE case_id = $1 AND action = 'VIEWED' AND purpose = 'referral'", id)
	if looks != 2 {
		t.Errorf("%d looks are on record, want 2", looks)
	}
}
