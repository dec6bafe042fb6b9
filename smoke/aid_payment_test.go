package smoke

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// asksWith asks the API with a body of another kind than JSON, or with other headers.
func (h *town) asksWith(operator, method, path, kind string, body []byte, headers ...string) (int, []byte) {
	h.t.Helper()
	req, err := http.NewRequest(method, "http://"+h.Listen+path, bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+tokens[operator])
	req.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer bytes.Buffer
	_, _ = answer.ReadFrom(res.Body)
	return res.StatusCode, answer.Bytes()
}

// must asks, and takes nothing but success.
func (h *town) must(operator, method, path string, body, into any) {
	h.t.Helper()
	status, raw := h.request(operator, method, path, body)
	if status/100 != 2 {
		h.t.Fatalf("%s %s by %s: %d %s", method, path, operator, status, raw)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			h.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
		}
	}
}

type plea struct {
	State  casefile.AidState
	Office string
	Home   string
	Items  []casefile.AidItem
	DueAt  time.Time `json:"due_at"`
	Found  []struct {
		Kind, Code, Rule string
		Other            casefile.AidID
		Cleared, Blocks  bool
	} `json:"findings"`
}

func (h *town) plea(id casefile.AidID) plea {
	h.t.Helper()
	var p plea
	h.gets("somsri", "/v1/aid-requests/"+string(id), &p)
	return p
}

func (h *town) pleaComesTo(id casefile.AidID, what string, is func(plea) bool) plea {
	h.t.Helper()
	var p plea
	h.eventually(what, func() bool {
		status, raw := h.request("somsri", http.MethodGet, "/v1/aid-requests/"+string(id), nil) // nobody else's until it is heard
		p = plea{}
		return status == http.StatusOK && json.Unmarshal(raw, &p) == nil && is(p)
	})
	return p
}

func (h *town) wantsAid(operator string, id casefile.AidID, kind string, details map[string]any) {
	h.t.Helper()
	if details == nil {
		details = map[string]any{}
	}
	h.must(operator, http.MethodPost, "/v1/aid-requests/"+string(id)+"/orders/"+kind, details, nil)
}

func logbook(score int) map[string]any {
	return map[string]any{"form": "household_logbook", "version": "1", "answers": map[string]any{
		"house": score, "illness": score, "schooling": score, "enough": score, "papers": score,
	}}
}

// filesAid files a request about somebody, who gets the money so.
func (h *town) filesAid(who string, account map[string]any) casefile.AidID {
	h.t.Helper()
	var begun struct{ Aid casefile.AidID }
	h.must(clerk, http.MethodPost, "/v1/aid-requests", nil, &begun)
	parts := map[string]any{
		"subject": map[string]any{"first_name": who, "last_name": "จ่ายสมมติ", "no_number": true, "birth_date": "2500"},
		"home":    map[string]any{"address": who + " หมู่ 7", "district": h.province.Code + "01", "province": h.province.Code, "tenure": "RENT"},
		"logbook": logbook(1), "need": map[string]any{"problems": []string{"INCOME_LIVING"}, "urgency": "NORMAL", "wanted": []string{"LOW_INCOME"}, "income": 150000},
		"consents": []map[string]any{{"purpose": "AID", "given": true, "basis": "CONSENT"}}, "account": account,
	}
	for part, body := range parts {
		raw, _ := json.Marshal(body)
		path := "/v1/aid-requests/" + string(begun.Aid) + "/parts/" + part
		if status, answer := h.asksWith(clerk, http.MethodPut, path, "application/json", raw, "If-Match", `"0"`); status != http.StatusOK {
			h.t.Fatalf("PUT %s: %d %s", path, status, answer)
		}
	}
	h.must(clerk, http.MethodPost, "/v1/aid-requests/"+string(begun.Aid)+"/send", nil, nil)
	h.eventually("the request is heard", func() (heard bool) { // a draft is shown to nobody else
		h.database(&heard, `SELECT state <> 'DRAFT' FROM aid_requests WHERE id = $1`, string(begun.Aid))
		return heard
	})
	return begun.Aid
}

// grants brings a request to the decision, on paper.
func (h *town) grants(id casefile.AidID, items ...map[string]any) {
	h.t.Helper()
	h.pleaComesTo(id, "the request is heard", func(p plea) bool { return p.State == casefile.AidSubmitted })
	h.wantsAid("somsri", id, "screen", nil)
	h.wantsAid("somsri", id, "schedule-visit", map[string]any{"member": h.memberID("worker"), "visit_at": h.Clock.Case(time.Now()).Add(time.Hour)})
	h.wantsAid("somsri", id, "visited", map[string]any{"text": "พบจริงสมมติ", "logbook": logbook(2)})
	h.wantsAid("somsri", id, "plan", map[string]any{"items": items})
	h.eventually("it is approved, once whose telephone is alike was looked at", func() bool { // those of these tests are, and others file meanwhile
		for _, f := range h.plea(id).Found {
			if f.Kind == string(casefile.FoundDuplicate) && f.Blocks && !f.Cleared {
				h.ordersAid("somsri", id, "clear", map[string]any{"reason": "ANOTHER_PERSON", "finding": map[string]any{"kind": f.Kind, "rule": f.Rule, "code": f.Code, "other": f.Other}})
			}
		}
		status, _ := h.ordersAid("wichai", id, "approve", nil)
		return status == http.StatusOK
	})
	h.pleaComesTo(id, "it is approved", func(p plea) bool { return p.State == casefile.AidApproved })
}

func (h *town) decidesOnPaper(id casefile.AidID) {
	h.t.Helper()
	h.must("wichai", http.MethodPost, "/v1/aid-requests/"+string(id)+"/papers/decision?purpose=protection_followup",
		map[string]any{"signer": map[string]any{"name": "นางสมมติ", "position": "พมจ."}}, nil)
}

type madeBatch struct {
	Batch struct {
		ID, SHA256 string
		WholeAt    time.Time `json:"whole_at"`
		Satang     int64
		Orders     []struct {
			Reference, State string
			Aid              casefile.AidID
			Cash             bool
			Satang           int64
		}
	}
	LeftOut []struct {
		Aid    casefile.AidID
		Reason casefile.AidLeftOut
	} `json:"left_out"`
}

// pays makes a batch of an office and returns it with the bank's file.
func (h *town) pays(office string) (madeBatch, [][]string) {
	h.t.Helper()
	var made madeBatch
	h.must(cashier, http.MethodPost, "/v1/aid-payments/batches", map[string]any{"office": office}, &made)
	if made.Batch.ID == "" {
		return made, nil
	}
	path := "/v1/aid-payments/batches/" + made.Batch.ID
	h.eventually("the bank's file is there", func() bool {
		h.gets(cashier, path, &made.Batch)
		return !made.Batch.WholeAt.IsZero()
	})
	status, file := h.request(cashier, http.MethodGet, path+"/file", nil)
	_, again := h.request(teller, http.MethodGet, path+"/file", nil)
	if sum := sha256.Sum256(file); status != http.StatusOK || !bytes.Equal(file, again) || hex.EncodeToString(sum[:]) != made.Batch.SHA256 {
		h.t.Fatalf("the bank's file is %d, or another one each time", status)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))).ReadAll()
	if err != nil {
		h.t.Fatal(err)
	}
	return made, rows[1:]
}

// bankSays sends the bank's answer in and returns what became of its lines.
func (h *town) bankSays(query string, lines ...string) casefile.AidAnswer {
	h.t.Helper()
	text := "Reference,Amount,Status,Date,Reason Code\r\n" + strings.Join(lines, "\r\n") + "\r\n"
	status, raw := h.asksWith(cashier, http.MethodPost, "/v1/aid-payments/reconciliations"+query, "text/csv", []byte(text))
	var a casefile.AidAnswer
	if err := json.Unmarshal(raw, &a); err != nil || status != http.StatusOK {
		h.t.Fatalf("the bank's answer: %d %s", status, raw)
	}
	return a
}

func became(a casefile.AidAnswer) string {
	var out []string
	for _, l := range a.Lines {
		out = append(out, string(l.Became))
	}
	return strings.Join(out, " ")
}

// today is a day as the bank writes it.
func (h *town) today() string {
	return h.Clock.Case(time.Now()).In(policy.Bangkok).Format("02/01/2006")
}

func (h *town) worker() {
	h.member("worker", string(casefile.LevelMSDHSDuty), "", "", h.pin.Lat, h.pin.Lon, true)
	h.enlist()
	h.vouches("EMERGENCY", "LOW_INCOME", "RELIEF_BAG", policy.AppealUntil)
}

// I filed a request for a neighbour from my phone. What was granted reached the bank once, on paper, by other hands than
// decided, and the bank's answer settled it; cash is handed out against a signature, goods against a photo and a signature.
func TestAVolunteerFilesFromAPhoneAndTheMoneyIsReconciled(t *testing.T) {
	h := start(t)
	h.worker()
	giro := map[string]any{"bank": "006", "number": "0123456789", "name": "มะลิ จ่ายสมมติ"}
	h.officers(map[string]float64{"ann": 300})
	phone := h.people["ann"].opensPages()
	id, cash := phone.files("มะลิ", "71 หมู่ 7"), h.filesAid("บัว", map[string]any{"cash": true})
	h.grants(id, map[string]any{"code": "EMERGENCY", "satang": 50000}, map[string]any{"code": "RELIEF_BAG", "satang": 40000})
	h.grants(cash, map[string]any{"code": "LOW_INCOME", "satang": 250000})
	office := h.plea(id).Office
	if made, _ := h.pays(office); made.Batch.ID != "" || len(made.LeftOut) != 2 || made.LeftOut[0].Reason != casefile.LeftNoPaper {
		t.Fatalf("without paper: %+v", made)
	}
	h.decidesOnPaper(id)
	h.decidesOnPaper(cash)
	for _, officer := range []string{clerk, second} { // an account that one person put in gets nothing
		h.must(officer, http.MethodPut, "/v1/aid-requests/"+string(id)+"/payee", giro, nil)
	}
	for _, decided := range []string{"somsri", "wichai"} {
		var made madeBatch
		h.must(decided, http.MethodPost, "/v1/aid-payments/batches", map[string]any{"office": office}, &made)
		if made.Batch.ID != "" || len(made.LeftOut) != 2 || made.LeftOut[0].Reason != casefile.LeftFourEyes {
			t.Fatalf("by %s: %+v", decided, made)
		}
	}
	made, rows := h.pays(office)
	if len(made.Batch.Orders) != 2 || made.Batch.Satang != 300000 || len(rows) != 1 || !slices.Contains(rows[0], "0123456789") || !slices.Contains(rows[0], "500.00") {
		t.Fatalf("the batch: %+v, %v", made, rows)
	}
	if again, _ := h.pays(office); again.Batch.ID != "" {
		t.Fatalf("it was ordered twice: %+v", again)
	}
	ref := map[bool]string{}
	for _, o := range made.Batch.Orders {
		ref[o.Cash] = o.Reference
	}
	good := fmt.Sprintf(`%s,"500.00",SUCCESS,%s,`, ref[false], h.today())
	if a := h.bankSays("?trial=true", good); became(a) != "APPLIED" || h.plea(id).Items[0].State != casefile.ItemOrdered {
		t.Fatalf("a trial: %+v", a)
	}
	lines := []string{strings.Replace(good, "500.00", "499.99", 1), "P00000000000,1,SUCCESS,01/01/2026,", good, good}
	a := h.bankSays("", lines...)
	if became(a) != "AMOUNT BAD APPLIED ALREADY" {
		t.Fatalf("the bank's answer: %+v", a)
	}
	if again := h.bankSays("", lines...); !again.Again || became(again) != became(a) {
		t.Fatalf("the same file: %+v", again)
	}
	h.pleaComesTo(id, "the money is paid", func(p plea) bool { return p.Items[0].State == casefile.ItemPaid })

	files := h.pictures(id)
	if status, raw := h.request("somsri", http.MethodPost, "/v1/aid-requests/"+string(id)+"/orders/deliver", map[string]any{"item": 2, "files": h.pictures(cash)}); status/100 == 2 {
		t.Fatalf("goods were given against the pictures of another request: %s", raw)
	}
	h.wantsAid("somsri", id, "deliver", map[string]any{"item": 2, "files": files})
	h.pleaComesTo(id, "all is settled", func(p plea) bool { return p.State == casefile.AidPaid && !p.DueAt.IsZero() })

	signature := h.pictures(cash)[1]
	counter := "/v1/aid-payments/orders/" + ref[true] + "/counter"
	body := map[string]any{"paid": true, "receipt": "1/2569", "signature": signature}
	if status, _ := h.request(cashier, http.MethodPost, counter, body); status != http.StatusConflict {
		t.Fatalf("who made the batch handed out its money: %d", status)
	}
	h.must(teller, http.MethodPost, counter, body, nil)
	h.pleaComesTo(cash, "the cash is paid", func(p plea) bool { return p.State == casefile.AidPaid })

	h.wantsAid("somsri", id, "monitor", map[string]any{"logbook": logbook(4)})
	var book struct {
		Entries []struct {
			From    string
			Scores  []casefile.DimensionScore
			Changes []casefile.DimensionChange
		}
	}
	h.gets("somsri", "/v1/households/"+h.plea(id).Home+"/logbook?purpose=protection_followup", &book)
	if len(book.Entries) != 3 || book.Entries[2].From != "MONITORED" || len(book.Entries[2].Scores) != 5 || book.Entries[2].Changes[0].By <= 0 {
		t.Errorf("the logbook: %+v", book)
	}
	h.wantsAid("somsri", id, "evaluate", map[string]any{"outcome": "IMPROVED"})
	h.wantsAid("somsri", id, "close", nil)
	h.pleaComesTo(id, "it is closed", func(p plea) bool { return p.State == casefile.AidClosed })
}

// pictures puts a photo and a signature into a request.
func (h *town) pictures(id casefile.AidID) []string {
	h.t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		h.t.Fatal(err)
	}
	var ids []string
	for _, kind := range []string{"PHOTO", "SIGNATURE"} {
		var file struct{ ID string }
		path := "/v1/aid-requests/" + string(id) + "/files"
		h.must("somsri", http.MethodPost, path, map[string]any{"kind": kind, "content_type": "image/png", "bytes": b.Len()}, &file)
		if status, raw := h.asksWith("somsri", http.MethodPatch, path+"/"+file.ID, "application/offset+octet-stream", b.Bytes(), "Upload-Offset", "0"); status/100 != 2 {
			h.t.Fatalf("PATCH %s: %d %s", path, status, raw)
		}
		ids = append(ids, file.ID)
	}
	return ids
}

// What the bank refused comes back: the request is nobody's success, an officer has a next step with a date, and after
// somebody else has put the account in again the next batch pays it, once.
func TestWhatTheBankRefusedComesBackAsATask(t *testing.T) {
	h := start(t)
	h.worker()
	id := h.filesAid("แก้ว", map[string]any{"bank": "006", "number": "0001112223", "name": "แก้ว จ่ายสมมติ"})
	h.grants(id, map[string]any{"code": "LOW_INCOME", "satang": 200000})
	h.decidesOnPaper(id)
	office := h.plea(id).Office
	made, _ := h.pays(office)
	h.bankSays("", fmt.Sprintf("%s,2000,REJECT,%s,02", made.Batch.Orders[0].Reference, h.today()))
	p := h.pleaComesTo(id, "the item has failed", func(p plea) bool { return p.Items[0].State == casefile.ItemFailed })
	if p.State != casefile.AidApproved || p.Items[0].Reason != "ACCOUNT_CLOSED" || p.DueAt.IsZero() {
		t.Fatalf("after the refusal: %+v", p)
	}
	if made, _ := h.pays(office); made.Batch.ID != "" || len(made.LeftOut) != 1 || made.LeftOut[0].Reason != casefile.LeftFailed {
		t.Fatalf("before anybody looked at the account: %+v", made)
	}
	payee, account := "/v1/aid-requests/"+string(id)+"/payee", map[string]any{"bank": "014", "number": "9998887776", "name": "แก้ว จ่ายสมมติ"}
	if status, _ := h.request("wichai", http.MethodPut, payee, account); status != http.StatusConflict {
		t.Fatalf("who approved put the account in: %d", status)
	}
	h.must(clerk, http.MethodPut, payee, account, nil)
	if made, _ := h.pays(office); made.Batch.ID != "" || len(made.LeftOut) != 1 || made.LeftOut[0].Reason != casefile.LeftAlone {
		t.Fatalf("one officer alone said where the money goes: %+v", made)
	}
	h.must(second, http.MethodPut, payee, account, nil)
	made, rows := h.pays(office)
	if len(rows) != 1 || !slices.Contains(rows[0], "9998887776") {
		t.Fatalf("the second batch: %+v, %v", made, rows)
	}
	h.bankSays("", fmt.Sprintf("%s,2000,SUCCESS,%s,", made.Batch.Orders[0].Reference, h.today()))
	h.pleaComesTo(id, "the money is paid", func(p plea) bool { return p.State == casefile.AidPaid })
	var paid int64
	h.database(&paid, `SELECT sum(satang)::bigint FROM aid_payments WHERE aid_id = $1 AND result = 'PAID'`, id)
	if paid != 200000 {
		t.Errorf("%d satang are paid", paid)
	}
}
