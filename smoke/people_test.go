package smoke

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// does asks the API and fails unless it answers so.
func (h *town) does(operator, method, path string, body any, want int, into any) {
	h.t.Helper()
	status, raw := h.request(operator, method, path, body)
	if status != want {
		h.t.Fatalf("%s %s by %s: %d %s", method, path, operator, status, raw)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			h.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
}

// registers adds somebody to the register.
func (h *town) registers(first, last, birth string) casefile.PersonID {
	h.t.Helper()
	var added struct {
		ID casefile.PersonID `json:"id"`
	}
	h.does("somsri", http.MethodPost, "/v1/persons", map[string]any{
		"first_name": first, "last_name": last, "birth_date": birth, "province": h.province.Code,
	}, http.StatusCreated, &added)
	return added.ID
}

// lookUp searches the register by name.
func (h *town) lookUp(operator, first, last, birth string) []casefile.PersonID {
	h.t.Helper()
	var found struct {
		Persons []casefile.PersonMatch `json:"persons"`
	}
	h.does(operator, http.MethodPost, "/v1/persons/search", map[string]any{
		"first_name": first, "last_name": last, "birth": birth, "purpose": "protection_followup",
	}, http.StatusOK, &found)
	var ids []casefile.PersonID
	for _, m := range found.Persons {
		ids = append(ids, m.ID)
	}
	return ids
}

// opens reads a person's file.
func (h *town) opens(operator string, id casefile.PersonID) casefile.PersonFile {
	h.t.Helper()
	var file casefile.PersonFile
	h.does(operator, http.MethodGet, "/v1/persons/"+string(id)+"?purpose=protection_followup", nil, http.StatusOK, &file)
	return file
}

func (h *town) plays(id casefile.CaseID, person casefile.PersonID, part casefile.PartInCase) {
	h.t.Helper()
	h.does("somsri", http.MethodPost, "/v1/cases/"+string(id)+"/persons", map[string]any{"person": person, "part": part}, http.StatusCreated, nil)
}

// A child is found again however the name is spelt, and so is every case that they were in.
func TestAChildIsFoundAgain(t *testing.T) {
	h := start(t)
	first, second := h.citizen("mali").reports(casefile.Berserk, h.pin), h.citizen("bua").reports(casefile.Gathering, h.pin)
	child := h.registers("ด.ญ.ศิริพร", "วรรณาทดสอบ", "3/5/2560")
	h.plays(first, child, casefile.PartVictim)
	h.plays(second, child, casefile.PartChild)
	for _, spelling := range [][2]string{{"สิริภรณ์", "วันนาทดสอบ"}, {"Siriphorn", "Wannathotsop"}, {"เด็กหญิง ศิริพร", "วรรณาทดสอบ"}} {
		if got := h.lookUp(deskOnly, spelling[0], spelling[1], "2017"); !slices.Contains(got, child) {
			t.Errorf("%v finds %v", spelling, got)
		}
	}
	var cases []casefile.CaseID
	for _, c := range h.opens(deskOnly, child).Cases {
		cases = append(cases, c.Case)
	}
	if len(cases) != 2 || !slices.Contains(cases, first) || !slices.Contains(cases, second) {
		t.Errorf("the child's cases are %v", cases)
	}
	var looks int
	h.database(&looks, `SELECT count(*) FROM audit WHERE person_id = $1 AND action IN ('PERSON_FOUND', 'PERSON_VIEWED') AND actor = 'OPERATOR:dao'`, string(child))
	if looks != 4 {
		t.Errorf("%d looks of the operator are recorded", looks)
	}
}

// Two records said to be one come apart again, each with its own past; and
// whoever may not know who reported, or who is alleged, never learns it.
func TestAMergeIsUndoneAndTheReporterStaysUnknown(t *testing.T) {
	h := start(t)
	first, second := h.citizen("mali").reports(casefile.Berserk, h.pin), h.citizen("bua").reports(casefile.Gathering, h.pin)
	one, two := h.registers("ณัฐ", "ทดสอบรวม", "2550"), h.registers("นัท", "ทดสอบรวม", "2550")
	h.plays(first, one, casefile.PartVictim)
	h.plays(second, two, casefile.PartReporter)
	h.does("somsri", http.MethodPost, "/v1/persons/"+string(one)+"/merge", map[string]any{"into": two, "reason": "คนเดียวกัน"}, http.StatusNoContent, nil)
	if file := h.opens("somsri", two); len(file.Cases) != 2 || !slices.Equal(file.Behind, []casefile.PersonID{one}) {
		t.Errorf("merged: %+v", file)
	}
	h.does("wichai", http.MethodPost, "/v1/persons/"+string(one)+"/unmerge", map[string]any{"reason": "คนละคน"}, http.StatusNoContent, nil)
	if a, b := h.opens("somsri", one), h.opens("somsri", two); len(a.Cases) != 1 || a.Cases[0].Case != first || len(b.Cases) != 1 || b.Cases[0].Case != second {
		t.Errorf("apart: %+v, %+v", a, b)
	}
	status, raw := h.request(deskOnly, http.MethodGet, "/v1/cases/"+string(second)+"/persons?purpose=protection_followup", nil)
	if status != http.StatusOK || !strings.Contains(string(raw), `"REPORTER"`) || strings.Contains(string(raw), "ทดสอบรวม") || strings.Contains(string(raw), string(two)) {
		t.Errorf("the desk is shown %d %s", status, raw)
	}
	if status, raw := h.request(deskOnly, http.MethodGet, "/v1/persons/"+string(two)+"?purpose=protection_followup", nil); status != http.StatusNotFound {
		t.Errorf("the desk opens the reporter: %d %s", status, raw)
	}
	if got := h.lookUp(deskOnly, "ณัฐ", "ทดสอบรวม", "2550"); !slices.Equal(got, []casefile.PersonID{one}) {
		t.Errorf("the desk finds %v", got)
	}
}

// Whatever is wrong with a file, its good lines are imported once and its bad ones leave no trace.
func TestBadLinesOfAnImportChangeNothing(t *testing.T) {
	h := start(t)
	file := filepath.Join(h.Dir, h.province.Code+"-people.csv")
	lines := []string{
		"\ufeffcode,first_name,last_name,number,birth_date,sex,nationality,province,phone,note",
		h.code("1") + ",กัญญา,นำเข้าทดสอบ,,2550,FEMALE,TH," + h.province.Code + ",,",
		h.code("2") + ",กานดา,นำเข้าทดสอบ,1234567890120,2550,FEMALE,TH," + h.province.Code + ",,",
		h.code("3") + ",กมล,นำเข้าทดสอบ,,2599-01-01,FEMALE,TH," + h.province.Code + ",,",
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	there := func() (n int) {
		h.database(&n, `SELECT count(*) FROM persons WHERE province = $1`, h.province.Code)
		return n
	}
	for i, args := range [][]string{
		{"people", "import", "--source", "register", "--dry-run", file}, {"people", "import", "--source", "register", file},
		{"people", "import", "--source", "register", file},
	} {
		err := h.Run(args...)
		if err == nil || !strings.Contains(err.Error(), ":3: number: ") || !strings.Contains(err.Error(), ":4: birth_date: ") {
			t.Fatalf("the bad lines are not reported: %v", err)
		}
		if got := there(); got != min(i, 1) {
			t.Errorf("after run %d there are %d people", i+1, got)
		}
	}
	if got := h.lookUp("somsri", "กันยา", "นำเข้าทดสอบ", "2550"); len(got) != 1 {
		t.Errorf("the imported person is found %d times", len(got))
	}
}

// deskOnly is an operator who is no supervisor.
const deskOnly = "dao/OPERATOR"
