package smoke

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// snapshot is a photo that takes several pieces over a bad line.
func snapshot(t *testing.T) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 300, 300))
	for i := range img.Pix {
		img.SetGray(i%300, i/300, color.Gray{Y: uint8(i * i % 251)}) // #nosec G115 -- below 251
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// breaksOff begins to send a piece of a file, and loses the line in the middle.
func (h *town) breaksOff(operator, path string, offset int, piece []byte, sent int) {
	h.t.Helper()
	line, err := net.Dial("tcp", h.Listen)
	if err != nil {
		h.t.Fatal(err)
	}
	_, err = fmt.Fprintf(line, "PATCH %s HTTP/1.1\r\nHost: ess\r\nAuthorization: Bearer %s\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: %d\r\nContent-Length: %d\r\n\r\n%s",
		path, tokens[operator], offset, len(piece), piece[:sent])
	if err != nil {
		h.t.Fatal(err)
	}
	if err := line.Close(); err != nil {
		h.t.Fatal(err)
	}
}

// uploaded is how much of a file is there.
func (h *town) uploaded(operator, path string) int {
	h.t.Helper()
	req, err := http.NewRequest(http.MethodHead, "http://"+h.Listen+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+tokens[operator])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	_ = res.Body.Close()
	n, err := strconv.Atoi(res.Header.Get("Upload-Offset"))
	if err != nil {
		h.t.Fatalf("HEAD %s: %d", path, res.StatusCode)
	}
	return n
}

// A lost connection in the middle of filing loses nothing and doubles nothing.
func TestALostConnectionInTheMiddleOfFilingLosesNothingAndDoublesNothing(t *testing.T) {
	h := start(t)
	keyed := func(method, path string, body any, key string, headers ...string) []byte {
		t.Helper()
		var raw []byte
		if body != nil {
			raw, _ = json.Marshal(body)
		}
		status, answer := h.asksWith(clerk, method, path, "application/json", raw, append(headers, "Idempotency-Key", key)...)
		if status/100 != 2 {
			t.Fatalf("%s %s: %d %s", method, path, status, answer)
		}
		return answer
	}
	key := "phone-" + h.code("begin")
	first, again := keyed(http.MethodPost, "/v1/aid-requests", nil, key), keyed(http.MethodPost, "/v1/aid-requests", nil, key)
	if !bytes.Equal(first, again) {
		t.Fatalf("begun twice: %s and %s", first, again)
	}
	var begun struct{ Aid casefile.AidID }
	if err := json.Unmarshal(first, &begun); err != nil {
		t.Fatal(err)
	}
	base := "/v1/aid-requests/" + string(begun.Aid)
	for part, body := range map[string]any{
		"subject": map[string]any{"first_name": "สายขาด", "last_name": "สมมติ", "no_number": true, "birth_date": "2500"},
		"home":    map[string]any{"address": "สายขาด หมู่ 1", "district": h.province.Code + "01", "province": h.province.Code, "tenure": "RENT"},
		"logbook": logbook(1), "need": map[string]any{"problems": []string{"INCOME_LIVING"}, "urgency": "NORMAL", "wanted": []string{"LOW_INCOME"}, "income": 150000},
		"consents": []map[string]any{{"purpose": "AID", "given": true, "basis": "CONSENT"}}, "account": map[string]any{"cash": true},
	} {
		for range 2 { // the answer to the first did not come
			keyed(http.MethodPut, base+"/parts/"+part, body, key, "If-Match", `"0"`)
		}
	}

	photo := snapshot(t)
	var file struct{ ID string }
	if err := json.Unmarshal(keyed(http.MethodPost, base+"/files", map[string]any{"kind": "PHOTO", "content_type": "image/png", "bytes": len(photo)}, key+"-photo"), &file); err != nil {
		t.Fatal(err)
	}
	path := base + "/files/" + file.ID
	h.breaksOff(clerk, path, 0, photo, len(photo)/2)
	h.eventually("what arrived is kept", func() bool { return h.uploaded(clerk, path) > 0 })
	from := h.uploaded(clerk, path)
	if from > len(photo)/2 {
		t.Fatalf("%d bytes are there, %d were sent", from, len(photo)/2)
	}
	if status, raw := h.asksWith(clerk, http.MethodPatch, path, "application/offset+octet-stream", photo[from:], "Upload-Offset", strconv.Itoa(from)); status != http.StatusNoContent {
		t.Fatalf("the rest: %d %s", status, raw)
	}

	for range 3 {
		keyed(http.MethodPost, base+"/send", nil, key+"-send")
	}
	if status, raw := h.asksWith(clerk, http.MethodPost, base+"/send", "application/json", nil, "Idempotency-Key", key+"-other"); status != http.StatusConflict {
		t.Errorf("sent again as something new: %d %s", status, raw)
	}
	h.pleaComesTo(begun.Aid, "the request is heard", func(p plea) bool { return p.State == casefile.AidSubmitted })
	var sent struct {
		N     int
		Form  casefile.AidForm
		Files []struct {
			Whole bool
			Bytes int
		}
	}
	h.gets("somsri", base+"/form?purpose=protection_followup", &sent)
	if sent.N != 1 || sent.Form.Subject.First != "สายขาด" || len(sent.Form.Photos) != 1 || len(sent.Files) != 1 || !sent.Files[0].Whole || sent.Files[0].Bytes != len(photo) {
		t.Errorf("what was sent: %+v", sent)
	}
	status, kept := h.asksWith("somsri", http.MethodGet, path+"?purpose=protection_followup", "application/json", nil)
	if img, err := png.Decode(bytes.NewReader(kept)); status != http.StatusOK || err != nil || img.Bounds().Dx() != 300 {
		t.Errorf("the photo: %d, %v", status, err)
	}
	var forms, submitted, requests int
	h.database(&forms, `SELECT count(*) FROM aid_forms WHERE aid_id = $1`, string(begun.Aid))
	h.database(&submitted, `SELECT count(*) FROM aid_events WHERE aid_id = $1 AND kind = 'SUBMITTED'`, string(begun.Aid))
	h.database(&requests, `SELECT count(*) FROM aid_requests WHERE province = $1`, h.province.Code)
	if forms != 1 || submitted != 1 || requests != 1 {
		t.Errorf("%d forms, sent %d times, %d requests", forms, submitted, requests)
	}
}

// planned brings a request to its decision and leaves out what was found.
func (h *town) planned(id casefile.AidID, items ...map[string]any) {
	h.t.Helper()
	h.pleaComesTo(id, "the request is heard", func(p plea) bool { return p.State == casefile.AidSubmitted })
	h.wantsAid(deskOnly, id, "screen", nil)
	h.wantsAid(deskOnly, id, "schedule-visit", map[string]any{"member": h.memberID("visitor"), "visit_at": h.Clock.Case(time.Now()).Add(time.Hour)})
	h.wantsAid(deskOnly, id, "visited", map[string]any{"text": "พบจริงสมมติ"})
	h.wantsAid(deskOnly, id, "plan", map[string]any{"items": items})
}

// Above an amount two people agree, and neither is who filed, visited or planned.
func TestFourEyesHold(t *testing.T) {
	h := start(t)
	h.volunteers()
	h.standsBy("LOW_INCOME")
	h.standsBy("EMERGENCY")
	id := h.filesAid("สี่ตา", map[string]any{"cash": true})
	h.planned(id, map[string]any{"code": "LOW_INCOME", "satang": 300000}, map[string]any{"code": "EMERGENCY", "satang": 300000})
	for _, who := range []string{clerk, deskOnly} {
		if status, raw := h.ordersAid(who, id, "approve", nil); status != http.StatusForbidden {
			t.Errorf("%s approved: %d %s", who, status, raw)
		}
	}
	h.aidIsDone("somsri", id, "approve", nil)
	if p := h.plea(id); p.State != casefile.AidPlanned {
		t.Fatalf("one person was enough: %s", p.State)
	}
	if status, raw := h.ordersAid("somsri", id, "approve", nil); status != http.StatusConflict || !strings.Contains(raw, "another person") {
		t.Errorf("the same person agreed twice: %d %s", status, raw)
	}
	h.aidIsDone("wichai", id, "approve", nil)
	h.aidStandsAt(id, casefile.AidApproved)
}

// A duplicate household is found before payment: nothing is granted until an officer has looked. What is over the limit is
// refused in the rule's words.
func TestADuplicateHouseholdIsFoundBeforePayment(t *testing.T) {
	h := start(t)
	h.volunteers()
	h.standsBy("LOW_INCOME")
	other := h.filesAid("ซ้ำกัน", map[string]any{"cash": true})
	h.pleaComesTo(other, "the first is heard", func(p plea) bool { return p.State == casefile.AidSubmitted })
	id := h.filesAid("ซ้ำกัน", map[string]any{"cash": true})
	var twins struct {
		Requests []struct{ Code, By string }
	}
	h.pleaComesTo(id, "it is found", func(p plea) bool {
		for _, f := range p.Found {
			if f.Kind == string(casefile.FoundDuplicate) && f.Other == other {
				return true
			}
		}
		return false
	})
	h.gets("somsri", "/v1/aid-requests/"+string(id)+"/duplicates?purpose=supervision", &twins)
	if len(twins.Requests) == 0 || twins.Requests[0].Code != other.Code() {
		t.Errorf("duplicates %+v", twins)
	}
	h.planned(id, map[string]any{"code": "LOW_INCOME", "satang": 200000})
	if status, raw := h.ordersAid("somsri", id, "approve", nil); status != http.StatusConflict {
		t.Fatalf("approved beside a duplicate: %d %s", status, raw)
	}
	if status, raw := h.ordersAid(deskOnly, id, "plan", map[string]any{"items": []any{map[string]any{"code": "LOW_INCOME", "satang": 900000}}}); status != http.StatusConflict || !strings.Contains(raw, "3,000") {
		t.Errorf("over the limit: %d %s", status, raw)
	}
	for _, f := range h.plea(id).Found {
		if f.Kind == string(casefile.FoundDuplicate) && !f.Cleared {
			h.wantsAid("wichai", id, "clear", map[string]any{"reason": "ANOTHER_NEED", "finding": map[string]any{"kind": f.Kind, "rule": f.Rule, "code": f.Code, "other": f.Other}})
		}
	}
	h.aidIsDone("somsri", id, "approve", nil)
	h.aidStandsAt(id, casefile.AidApproved)
}

// An aid request turns into an emergency with one press, and nothing is typed again.
func TestAnAidRequestTurnsIntoAnEmergencyWithOnePress(t *testing.T) {
	h := start(t)
	id := h.filesAid("ฉุกเฉิน", map[string]any{"cash": true})
	h.aidStandsAt(id, casefile.AidSubmitted)
	h.aidIsDone("somsri", id, "urgent", nil)
	a := h.aidStandsAt(id, casefile.AidUrgent)
	if a.Case == "" {
		t.Fatal("it has no case")
	}
	h.eventually("the emergency knows what was filled in", func() bool {
		status, raw := h.request("somsri", http.MethodGet, "/v1/cases/"+string(a.Case)+"/private?purpose=emergency_response", nil)
		return status == http.StatusOK && strings.Contains(string(raw), "ฉุกเฉิน หมู่ 7")
	})
	if status, _ := h.ordersAid("somsri", id, "urgent", nil); status != http.StatusConflict {
		t.Errorf("turned twice: %d", status)
	}
}
