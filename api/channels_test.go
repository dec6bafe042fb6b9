package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channel"
	"github.com/ess-thailand/ess/policy"
)

const (
	gatewaySecret = "secret-of-the-sms-gateway-now"
	nextSecret    = "secret-of-the-sms-gateway-next"
	number        = "+66812345678"
)

// telephones are the ways to members of these tests, in memory.
type telephones struct {
	mu        sync.Mutex
	ways      []Way
	codes     map[string]string // by contact
	tries     map[string]int
	owners    map[string][]Owner // by number
	asked     []channel.Question
	offered   []channel.Question
	alarms    map[string]Alarm // by what is said
	answered  []string
	handed    []string
	known     bool // the messages of receipts are on record
	helped    map[casefile.ReporterID]time.Time
	people    []UnreachablePerson
	err       error
	confirmed []string
}

func (p *telephones) AddressesOf(_ context.Context, m casefile.MemberID) ([]Way, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Way
	for _, w := range p.ways {
		if w.Member == m {
			out = append(out, w)
		}
	}
	return out, p.err
}

func (p *telephones) AddAddress(_ context.Context, w Way, _ casefile.Actor) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.ID = string(noCase)
	p.ways = append(p.ways, w)
	return w.ID, p.err
}

func (p *telephones) RemoveAddress(_ context.Context, m casefile.MemberID, id string, _ casefile.Actor) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.ways)
	p.ways = slices.DeleteFunc(p.ways, func(w Way) bool { return w.Member == m && w.ID == id })
	if len(p.ways) == n {
		return casefile.ErrNotFound
	}
	return nil
}

func (p *telephones) NewCode(_ context.Context, m casefile.MemberID, id string, _ time.Duration, _ casefile.Actor) (Proof, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.ways {
		if w.Member == m && w.ID == id {
			p.codes[id] = "246802"
			return Proof{Code: "246802", Channel: w.Channel, To: w.To, Language: casefile.Thai}, nil
		}
	}
	return Proof{}, casefile.ErrNotFound
}

func (p *telephones) ConfirmCode(_ context.Context, _ casefile.MemberID, id, code string, most int, _ casefile.Actor) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.codes[id] != code || p.tries[id] >= most {
		p.tries[id]++
		return invalid("code", "รหัสไม่ถูกต้อง", "wrong")
	}
	p.confirmed = append(p.confirmed, id)
	return nil
}

func (p *telephones) ConfirmByAddress(_ context.Context, _ casefile.Channel, from, code string, _ int) (casefile.MemberID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.ways {
		if w.To == from && p.codes[w.ID] == code {
			p.confirmed = append(p.confirmed, w.ID)
			return w.Member, p.err
		}
	}
	return "", p.err
}

func (p *telephones) OwnersOf(_ context.Context, _ casefile.Channel, address string) ([]Owner, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.owners[address], p.err
}

func (p *telephones) Asked(context.Context, casefile.Channel, []casefile.MemberID) ([]channel.Question, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked), p.err
}

func (p *telephones) AskedAbout(_ context.Context, code string, _ []casefile.MemberID) ([]channel.Question, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Concat(p.asked, p.offered), func(q channel.Question) bool { return q.Case.Code() != code }), p.err
}

func (p *telephones) OfferedTo(context.Context, []casefile.MemberID) ([]channel.Question, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.offered), p.err
}

func (p *telephones) AnsweredBy(_ context.Context, m casefile.MemberID, id casefile.CaseID, ch casefile.Channel) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answered = append(p.answered, string(m)+" "+string(id)+" "+string(ch))
	return nil
}

func (p *telephones) AlarmOf(_ context.Context, _ casefile.MemberID, said string) (Alarm, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.alarms[said]
	return a, ok, nil
}

func (p *telephones) Handed(_ context.Context, ch casefile.Channel, request string, arrived bool) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what := " failed"
	if arrived {
		what = " arrived"
	}
	p.handed = append(p.handed, string(ch)+" "+request+what)
	return p.known, p.err
}

func (p *telephones) MayHelp(_ context.Context, of casefile.ReporterID, apart time.Duration) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last, ok := p.helped[of]; ok && time.Since(last) < apart {
		return false, nil
	}
	p.helped[of] = time.Now()
	return true, nil
}

func (p *telephones) Unreachable(_ context.Context, province string, _ casefile.MemberID, limit int) ([]UnreachablePerson, error) {
	var out []UnreachablePerson
	for _, u := range p.people {
		if province == "" || u.Province == province {
			out = append(out, u)
		}
	}
	return out[:min(len(out), limit)], nil
}

func (p *telephones) Ladders(context.Context) ([]casefile.Unit, []policy.RosterDesk, []string, error) {
	return nil, nil, []string{"65"}, nil
}

func newTelephones() *telephones {
	return &telephones{
		codes: map[string]string{}, tries: map[string]int{}, owners: map[string][]Owner{}, alarms: map[string]Alarm{},
		helped: map[casefile.ReporterID]time.Time{}, known: true,
	}
}

func (d *door) phones() *telephones { return d.server.Addresses.(*telephones) }

// owned makes the number that of a member who was asked about some cases.
func (d *door) owned(asked ...channel.Question) {
	d.phones().owners[number] = []Owner{{Member: officer, Language: casefile.Thai}}
	d.phones().asked = asked
}

// searching is a case that has asked the officer.
func searching(id casefile.CaseID, template string) channel.Question {
	c := casefile.Case{ID: id, State: casefile.Sent, Tracks: []casefile.Track{{
		Role: casefile.Police, Crew: 2, Offers: []casefile.Offer{{Member: officer, Level: casefile.LevelNear, Seq: 4, At: now}},
	}}}
	return channel.Question{Member: officer, Case: c, Offer: 4, Template: template, At: now}
}

// hands posts what a gateway says, and waits for what follows from it.
func (d *door) hands(path, contentType, body string, secrets ...string) int {
	d.t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	for _, s := range secrets {
		req.Header.Add(SecretHeader, s)
	}
	res := httptest.NewRecorder()
	d.handler.ServeHTTP(res, req)
	if res.Body.Len() > 0 {
		d.t.Errorf("a gateway was answered with a body: %s", res.Body)
	}
	return res.Code
}

func anSMS(id, text string) string {
	b, _ := json.Marshal(map[string]string{"id": id, "from": "0812345678", "text": text})
	return string(b)
}

// writes is an SMS that the gateway hands over.
func (d *door) writes(id, text string) int {
	d.t.Helper()
	code := d.hands("/channels/sms", "application/json", anSMS(id, text), gatewaySecret)
	d.server.run.wait()
	return code
}

func (d *door) presses(body string) int {
	d.t.Helper()
	code := d.hands("/channels/voice", "application/json", body, gatewaySecret)
	d.server.run.wait()
	return code
}

func (d *door) templates() []string {
	var all []string
	for _, m := range d.said {
		all = append(all, m.Template)
	}
	return all
}

func TestGatewaysShowOneOfTwoSecrets(t *testing.T) {
	sms := anSMS("m1", "ช่วยด้วย")
	for _, path := range []string{"/channels/sms", "/channels/sms/receipts", "/channels/voice"} {
		for name, tt := range map[string]struct {
			secrets []string
			body    string
			want    int
		}{
			"none":         {nil, sms, http.StatusUnauthorized},
			"empty":        {[]string{""}, sms, http.StatusUnauthorized},
			"another":      {[]string{"secret-of-the-sms-gateway-no!"}, sms, http.StatusUnauthorized},
			"a part of it": {[]string{gatewaySecret[:20]}, sms, http.StatusUnauthorized},
			"two":          {[]string{gatewaySecret, nextSecret}, sms, http.StatusUnauthorized},
			"too large":    {[]string{gatewaySecret}, strings.Repeat("a", maxPosted+1), http.StatusRequestEntityTooLarge},
			"no JSON":      {[]string{gatewaySecret}, "hello", http.StatusBadRequest},
		} {
			d := open(t)
			if got := d.hands(path, "application/json", tt.body, tt.secrets...); got != tt.want {
				t.Errorf("%s, %s: answered %d, want %d", path, name, got, tt.want)
			}
			if d.intakes != 0 || len(d.phones().handed) != 0 {
				t.Errorf("%s, %s: something was taken in", path, name)
			}
		}
	}
	for _, secret := range []string{gatewaySecret, nextSecret} {
		if got := open(t).hands("/channels/sms", "application/json", sms, secret); got != http.StatusOK {
			t.Errorf("the door answered %d to one of its secrets", got)
		}
	}
	d := open(t)
	d.server.ChannelSecrets = nil
	if got := d.hands("/channels/sms", "application/json", sms, ""); got != http.StatusUnauthorized {
		t.Errorf("a door without a secret answered %d", got)
	}
}

func TestAReportBySMSIsAConversationOfItsNumber(t *testing.T) {
	d := open(t)
	if got := d.writes("m1", "ช่วยด้วย"); got != http.StatusOK {
		t.Fatalf("answered %d", got)
	}
	form := url.Values{"id": {"m2"}, "from": {number}, "text": {"081-234-5679"}}.Encode()
	if got := d.hands("/channels/sms", "application/x-www-form-urlencoded", form, gatewaySecret); got != http.StatusOK {
		t.Fatalf("a form was answered %d", got)
	}
	if len(d.arrived) != 2 {
		t.Fatalf("%d arrived", len(d.arrived))
	}
	a, b := d.arrived[0], d.arrived[1]
	if a.EventID != "sms:m1" || a.Channel != casefile.ChannelSMS || a.UserID != number || b.UserID != number || !a.At.Equal(now) || len(a.Raw) == 0 {
		t.Errorf("intake got %+v", a)
	}
	if a.In.Word != casefile.Said || a.In.Text != "ช่วยด้วย" || a.In.Channel != casefile.ChannelSMS || a.In.By != (casefile.Actor{}) || a.In.Phone != "" {
		t.Errorf("heard %+v", a.In)
	}
	if b.In.Phone != "+66812345679" {
		t.Errorf("the number to call is %q", b.In.Phone)
	}
	if strings.Contains(d.logged(), "812345678") || strings.Contains(d.logged(), "ช่วย") {
		t.Error("a number or a text is in the log")
	}
}

func TestAPlaceInATextIsAPin(t *testing.T) {
	d := open(t)
	d.writes("m1", "ช่วยด้วย https://maps.google.com/?q=16.8211,100.2659")
	d.writes("m2", "16.8211,100.2659")
	d.writes("m3", "https://maps.app.goo.gl/AbCdEf")
	d.writes("m4", "โทรได้ค่ะ")
	var got []string
	for _, a := range d.arrived {
		got = append(got, a.EventID+" "+string(a.In.Word)+" "+a.In.Text+a.In.Phone)
	}
	if want := []string{
		"sms:m1 SAID ช่วยด้วย", "sms:m1/pin SENT_LOCATION ", "sms:m2/pin SENT_LOCATION ", "sms:m3 SAID https://maps.app.goo.gl/AbCdEf", "sms:m4 SAID โทรได้ค่ะ" + number,
	}; !slices.Equal(got, want) {
		t.Fatalf("arrived %q, want %q", got, want)
	}
	if p := d.arrived[1].In.Pin; p == nil || p.Lat != 16.8211 || p.Lon != 100.2659 || p.Source != casefile.PinText || !p.FixedAt.Equal(now) {
		t.Errorf("the pin is %+v", p)
	}
}

func TestOneLineOfHelpInAWhile(t *testing.T) {
	d := open(t)
	for _, id := range []string{"m1", "m2", "m3"} {
		d.writes(id, "สวัสดี")
	}
	d.writes("m3", "สวัสดี")
	if got := d.templates(); !slices.Equal(got, []string{"sms_help"}) {
		t.Fatalf("said %v", got)
	}
	if m := d.said[0]; m.Channel != casefile.ChannelSMS || m.To != number {
		t.Errorf("said to %s on %q", m.To, m.Channel)
	}
	if len(d.arrived) != 3 {
		t.Errorf("%d kept", len(d.arrived))
	}
	d = open(t)
	d.door = casefile.Joins // something of theirs is open: it is for the case to answer
	d.writes("m1", "สวัสดี")
	if len(d.said) != 0 || len(d.nudged) != 1 {
		t.Errorf("said %v, nudged %v", d.templates(), d.nudged)
	}
}

func TestAnAnswerIsAPressedButton(t *testing.T) {
	d := open(t)
	d.owned(searching(ownCase, "offer"))
	d.door = casefile.Joins
	if got := d.writes("m1", "๑ ๑๐ นาทีครับ"); got != http.StatusOK {
		t.Fatalf("answered %d", got)
	}
	in := d.arrived[0].In
	want := casefile.Incoming{
		Word: casefile.Pressed, At: now, Action: casefile.ActAccept, Case: ownCase, Offer: 4, Minutes: 10, Channel: casefile.ChannelSMS,
		ReplyToken: "sms:m1", By: casefile.Actor{Kind: casefile.ByMember, ID: string(officer)},
	}
	if a, _ := json.Marshal(in); string(a) != marshalled(t, want) {
		t.Errorf("heard %s, want %s", a, marshalled(t, want))
	}
	if !slices.Equal(d.phones().answered, []string{string(officer) + " " + string(ownCase) + " SMS"}) || len(d.said) != 0 {
		t.Errorf("answered %v, said %v", d.phones().answered, d.templates())
	}
	if got := d.writes("m1", "๑ ๑๐ นาทีครับ"); got != http.StatusOK || len(d.arrived) != 1 {
		t.Errorf("handed over again: %d, %d rows", got, len(d.arrived))
	}
}

func marshalled(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTwoCasesAreToldApartByTheirCodes(t *testing.T) {
	d := open(t)
	d.owned(searching(ownCase, "offer"), searching(farCase, "offer"))
	d.writes("m1", "1 10")
	if len(d.said) != 1 || d.said[0].Template != "sms_which" || d.said[0].Args.Reason != "1" || len(d.said[0].Args.Waiting.Longest) != 2 {
		t.Fatalf("said %+v", d.said)
	}
	if in := d.arrived[0].In; in.Word != casefile.Unknown || in.Case != "" {
		t.Errorf("a case was guessed: %+v", in)
	}
	d.writes("m2", "1 10 2222-2222")
	if in := d.arrived[1].In; in.Case != farCase || in.Action != casefile.ActAccept {
		t.Errorf("meant %+v", in)
	}
}

// Whom we have asked something answers, rightly or wrongly. Whom we have asked
// nothing reports, like anybody.
func TestAMembersDigitIsAnAnswerIfThereIsAQuestion(t *testing.T) {
	d := open(t)
	d.owned(searching(ownCase, "offer"))
	for id, text := range map[string]string{"m1": "4", "m2": "1 cccc-1111", "m3": "1 A99"} {
		d.writes(id, text)
	}
	for _, a := range d.arrived {
		if a.In.Word != casefile.Unknown {
			t.Errorf("%s was taken for %s", a.In.Text, a.In.Word)
		}
	}
	if got := d.templates(); !slices.Equal(got, []string{"sms_help_member"}) {
		t.Errorf("said %v", got)
	}
	d.writes("m4", "ช่วยด้วย") // a member may be in danger, too
	d.phones().asked = nil
	d.writes("m5", "1")
	d.writes("m6", "4")
	for _, a := range d.arrived[3:] {
		if a.In.Word != casefile.Said || a.In.Text == "" || a.In.By != (casefile.Actor{}) {
			t.Errorf("heard %+v", a.In)
		}
	}
}

func TestTheHelpOfCitizensIsNotForAMemberWhoIsAsked(t *testing.T) {
	d := open(t)
	d.owned(searching(ownCase, "offer"))
	d.writes("m1", "ไปไม่ทัน รถเสีย")
	if got := d.templates(); !slices.Equal(got, []string{"sms_help_member"}) {
		t.Errorf("said %v", got)
	}
	if in := d.arrived[0].In; in.Word != casefile.Said || in.Text == "" {
		t.Errorf("kept %+v", in)
	}
}

func TestAnAnswerMayComeBeforeItsMessageIsOnRecord(t *testing.T) {
	d := open(t)
	d.owned()
	q := searching(ownCase, "")
	d.phones().offered = []channel.Question{q}
	d.writes("m1", "1 5")
	if in := d.arrived[0].In; in.Case != ownCase || in.Action != casefile.ActAccept || in.Minutes != 5 {
		t.Errorf("heard %+v", in)
	}
	over := searching(farCase, "offer") // what was asked on the telephone before it is over
	over.Case.State = casefile.Closed
	d.phones().asked = []channel.Question{over}
	d.writes("m2", "1 6")
	if in := d.arrived[1].In; in.Case != ownCase {
		t.Errorf("an old question has taken the answer: %+v", in)
	}
	d.phones().offered = nil
	d.writes("m3", "1 7")
	if in := d.arrived[2].In; in.Case != farCase {
		t.Errorf("who is late is not told so by the case: %+v", in)
	}
}

func TestAnOperatorTakesAnAlarmBySMS(t *testing.T) {
	d := open(t)
	d.phones().owners[number] = []Owner{{Member: officer, Level: casefile.LevelDesk, Language: casefile.Thai}}
	d.phones().alarms = map[string]Alarm{"A17": {Option: "A17", Case: ownCase}, "": {Option: "A18"}}
	d.writes("m1", "1 A17")
	d.writes("m2", "1")
	for i, want := range []casefile.Incoming{{Case: ownCase, Option: "A17"}, {Option: "A18"}} {
		in := d.arrived[i].In
		if in.Word != casefile.Pressed || in.Action != casefile.ActDeskTake || in.Reason != casefile.ReasonWatch || in.Option != want.Option || in.Case != want.Case {
			t.Errorf("heard %+v", in)
		}
	}
	d.phones().asked = []channel.Question{searching(ownCase, "offer")}
	d.writes("m3", "1")
	if in := d.arrived[2].In; in.Action != casefile.ActAccept {
		t.Errorf("a question that waits comes before an alarm that is not named: %+v", in)
	}
}

func TestAnSMSWithTheCodeProvesItsNumber(t *testing.T) {
	d := open(t)
	p := d.phones()
	p.ways, p.codes["c1"] = []Way{{ID: "c1", Member: officer, Channel: casefile.ChannelSMS, To: number}}, "246802"
	d.writes("m1", "๒๔๖ ๘๐๒")
	if !slices.Equal(p.confirmed, []string{"c1"}) || !slices.Equal(d.templates(), []string{"contact_verified"}) {
		t.Errorf("confirmed %v, said %v", p.confirmed, d.templates())
	}
	if in := d.arrived[0].In; in.Word != casefile.Unknown || in.Text != "" {
		t.Errorf("the code is kept as a word: %+v", in)
	}
	d.writes("m2", "246803")
	if len(p.confirmed) != 1 {
		t.Error("another code was taken")
	}
}

func TestKeysOfACallAreAnAnswer(t *testing.T) {
	d := open(t)
	d.owned(searching(ownCase, "offer"))
	d.door = casefile.Joins
	body := `{"id":"k1","call":"c1","reference":"offer/4/` + string(ownCase) + `","to":"` + number + `","key":"115#"}`
	for range 2 {
		if got := d.presses(body); got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
	}
	if len(d.arrived) != 1 {
		t.Fatalf("%d rows", len(d.arrived))
	}
	a := d.arrived[0]
	if a.Channel != casefile.ChannelSMS || a.UserID != number || a.In.Channel != casefile.ChannelVoice || a.In.Action != casefile.ActAccept ||
		a.In.Minutes != 15 || a.In.Case != ownCase || a.In.Offer != 4 || a.In.By.ID != string(officer) {
		t.Errorf("intake got %+v", a)
	}
	if !slices.Contains(d.phones().answered, string(officer)+" "+string(ownCase)+" VOICE") || len(d.said) != 0 {
		t.Errorf("answered %v, said %v", d.phones().answered, d.templates())
	}
	for name, body := range map[string]string{
		"a key that means nothing":    `{"id":"k2","call":"c1","reference":"offer/4/` + string(ownCase) + `","to":"` + number + `","key":"7"}`,
		"the telephone of a stranger": `{"id":"k3","call":"c1","reference":"offer/4/` + string(ownCase) + `","to":"+66898765432","key":"1"}`,
		"a case that asked nobody":    `{"id":"k4","call":"c1","reference":"offer/4/` + string(noCase) + `","to":"` + number + `","key":"1"}`,
	} {
		if got := d.presses(body); got != http.StatusUnprocessableEntity {
			t.Errorf("%s: answered %d", name, got)
		}
	}
	for _, a := range d.arrived[1:] {
		if a.In.Word != casefile.Unknown {
			t.Errorf("taken for %+v", a.In)
		}
	}
}

func TestWhatBecameOfAMessageIsNoted(t *testing.T) {
	d := open(t)
	for _, body := range []string{`{"id":"g1","status":"DELIVERED"}`, `{"id":"g2","status":"FAILED"}`} {
		if got := d.hands("/channels/sms/receipts", "application/json", body, gatewaySecret); got != http.StatusOK {
			t.Errorf("%s: answered %d", body, got)
		}
	}
	for _, status := range []string{"RINGING", "ANSWERED", "NO_ANSWER", "COMPLETED"} {
		d.presses(`{"id":"e` + status + `","call":"c1","to":"` + number + `","status":"` + status + `"}`)
	}
	got := d.phones().handed
	slices.Sort(got)
	if want := []string{"SMS g1 arrived", "SMS g2 failed", "VOICE c1 arrived", "VOICE c1 failed"}; !slices.Equal(got, want) {
		t.Errorf("noted %v, want %v", got, want)
	}
}

// A receipt may be quicker than the record of its message.
func TestAnEarlyReceiptIsTriedAgain(t *testing.T) {
	was := receiptAgain
	receiptAgain = []time.Duration{time.Millisecond, time.Millisecond}
	defer func() { receiptAgain = was }()
	d := open(t)
	d.phones().known = false
	d.hands("/channels/sms/receipts", "application/json", `{"id":"g1","status":"DELIVERED"}`, gatewaySecret)
	d.server.run.wait()
	if n := len(d.phones().handed); n != 3 {
		t.Errorf("looked %d times", n)
	}
}

func TestWhatGatewaysSayWaitsForTheDatabase(t *testing.T) {
	d := open(t)
	d.intakeErr, d.phones().err = errors.New("no connection"), errors.New("no connection")
	posts := map[string]string{
		"/channels/sms":          anSMS("m1", canary),
		"/channels/sms/receipts": `{"id":"g1","status":"DELIVERED"}`,
		"/channels/voice":        `{"id":"k1","call":"c1","to":"` + number + `","key":"1"}`,
	}
	for path, body := range posts {
		for range 2 {
			if got := d.hands(path, "application/json", body, gatewaySecret); got != http.StatusServiceUnavailable {
				t.Fatalf("%s answered %d", path, got)
			}
		}
	}
	line := webhook(wrote("01TXT", canary))
	d.posts(line, sign(line))
	if n := d.server.Spool.Waiting(); n != len(posts)+1 {
		t.Fatalf("%d wait in the spool", n)
	}
	if err := d.server.TakeSMS(t.Context(), channel.Incoming{ID: "m2", From: number, Text: "ช่วยด้วย"}); err == nil {
		t.Error("a short-message centre is told that it is kept")
	}
	d.intakeErr, d.phones().err = nil, nil
	d.phones().handed = nil
	if err := d.server.Spool.Drain(t.Context(), d.server.takeInSpooled); err != nil {
		t.Fatal(err)
	}
	d.server.run.wait()
	var got []string
	for _, a := range d.arrived {
		got = append(got, a.EventID)
	}
	slices.Sort(got)
	if want := []string{"01TXT", "call:c1:k1", "sms:m1", "sms:m2"}; !slices.Equal(got, want) || !slices.Equal(d.phones().handed, []string{"SMS g1 arrived"}) {
		t.Errorf("taken in %v, noted %v", got, d.phones().handed)
	}
	if d.writes("m1", canary); len(d.arrived) != 4 {
		t.Error("the gateway's repeat was kept as a second message")
	}
	if strings.Contains(d.logged(), canary) {
		t.Error("a text is in the log")
	}
}

func TestContactsAreMaskedAndProved(t *testing.T) {
	d := openStaffed(t)
	base := "/v1/members/" + string(officer) + "/contacts"
	for _, bad := range []map[string]any{
		{"channel": "SMS", "address": "1300"}, {"channel": "EMAIL", "address": "nobody"}, {"channel": "LINE", "address": number},
		{"channel": "SMS", "address": number, "from": "08:00"}, {"channel": "SMS", "address": number, "after_s": -2},
	} {
		if got := d.asks(admin, http.MethodPost, base, bad).Code; got != http.StatusUnprocessableEntity {
			t.Errorf("%v: answered %d", bad, got)
		}
	}
	added := read[AddedContact](t, d.asks(admin, http.MethodPost, base, map[string]any{
		"channel": "SMS", "address": "๐๘๑-๒๓๔-๕๖๗๘", "after_s": 0, "from": "08:00", "until": "20:00",
	}), http.StatusCreated)
	res := d.asks(supervisor, http.MethodGet, base, nil)
	list := read[Contacts](t, res, http.StatusOK)
	if c := list.Contacts[0]; c.Address != "•••678" || c.From != "08:00" || c.Until != "20:00" || c.AfterS == nil || *c.AfterS != 0 || !c.VerifiedAt.IsZero() {
		t.Errorf("listed %s", res.Body)
	}
	if w := d.phones().ways[0]; w.To != number || *w.FromMinute != 480 {
		t.Errorf("kept %+v", w)
	}
	if got := d.asks(admin, http.MethodPost, base+"/"+added.Id+"/code", nil).Code; got != http.StatusAccepted {
		t.Fatalf("the code was answered %d", got)
	}
	if m := d.said[0]; m.Template != "contact_code" || m.Channel != casefile.ChannelSMS || m.To != number || m.Args.Code != "246802" {
		t.Errorf("sent %+v", m)
	}
	confirm := base + "/" + added.Id + "/confirm"
	if got := d.asks(admin, http.MethodPost, confirm, map[string]any{"code": "000000"}).Code; got != http.StatusUnprocessableEntity {
		t.Errorf("a wrong code: %d", got)
	}
	if got := d.asks(admin, http.MethodPost, confirm, map[string]any{"code": "๒๔๖ ๘๐๒"}).Code; got != http.StatusNoContent {
		t.Errorf("the right code: %d", got)
	}
	for _, want := range []int{http.StatusNoContent, http.StatusNotFound} {
		if got := d.asks(admin, http.MethodDelete, base+"/"+added.Id, nil).Code; got != want {
			t.Errorf("removed with %d, want %d", got, want)
		}
	}
	if strings.Contains(d.logged(), "812345678") || strings.Contains(d.logged(), "246802") {
		t.Error("a number or a code is in the log")
	}
	if masked("somsri@example.org") != "•••sri@…" || masked("ab@example.org") != "•••ab@…" {
		t.Errorf("a mailbox is shown as %s", masked("somsri@example.org"))
	}
}

func TestContactsKeepToTheScope(t *testing.T) {
	d := openStaffed(t)
	d.phones().ways = []Way{{ID: "c1", Member: stranger, Channel: casefile.ChannelSMS, To: number}}
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{http.MethodGet, "", nil}, {http.MethodPost, "", map[string]any{"channel": "SMS", "address": number}}, {http.MethodDelete, "/c1", nil},
		{http.MethodPost, "/c1/code", nil}, {http.MethodPost, "/c1/confirm", map[string]any{"code": "246802"}},
	} {
		answers := map[string]bool{}
		for _, id := range []casefile.MemberID{stranger, "nobody"} {
			res := d.asks(admin65, c.method, "/v1/members/"+string(id)+"/contacts"+c.path, c.body)
			if res.Code != http.StatusNotFound {
				t.Errorf("%s %s of %s answered %d", c.method, c.path, id, res.Code)
			}
			answers[res.Body.String()] = true
		}
		if len(answers) != 1 {
			t.Errorf("%s: what is out of scope and what does not exist look different", c.path)
		}
		if got := d.asks(deskWoman, c.method, "/v1/members/"+string(stranger)+"/contacts"+c.path, c.body).Code; got != http.StatusForbidden {
			t.Errorf("%s %s by an operator answered %d", c.method, c.path, got)
		}
	}
	if len(d.phones().ways) != 1 || len(d.phones().codes) != 0 || len(d.said) != 0 {
		t.Error("something was done")
	}
}

func TestAChannelThatIsNotSetUpSaysSo(t *testing.T) {
	d := openStaffed(t)
	d.phones().ways = []Way{{ID: "c1", Member: officer, Channel: casefile.ChannelVoice, To: number}}
	d.server.Messenger = channel.Router{}
	if got := d.asks(admin, http.MethodPost, "/v1/members/"+string(officer)+"/contacts/c1/code", nil); got.Code != http.StatusUnprocessableEntity {
		t.Errorf("answered %d: %s", got.Code, got.Body)
	}
	d.server.Messenger = failing{}
	if got := d.asks(admin, http.MethodPost, "/v1/members/"+string(officer)+"/contacts/c1/code", nil); got.Code != http.StatusServiceUnavailable {
		t.Errorf("answered %d: %s", got.Code, got.Body)
	}
}

type failing struct{}

func (failing) Send(context.Context, activities.Outgoing) (activities.Sent, error) {
	return activities.Sent{}, &activities.TransientError{Reason: "no_answer"}
}

func TestUnreachablePeopleAreListedByProvince(t *testing.T) {
	d := openStaffed(t)
	d.phones().people = []UnreachablePerson{
		{Member: "a", Unit: "station", Province: "65", Why: NOADDRESS}, {Member: "b", Unit: "far", Province: "50", Why: BLOCKED},
	}
	all := read[UnreachableList](t, d.asks(deskWoman, http.MethodGet, "/v1/roster/unreachable?limit=1", nil), http.StatusOK)
	if len(all.People) != 1 || all.Next != "a" || len(all.Ladders) == 0 {
		t.Errorf("listed %+v", all)
	}
	own := read[UnreachableList](t, d.asks(admin65, http.MethodGet, "/v1/roster/unreachable", nil), http.StatusOK)
	if len(own.People) != 1 || own.People[0].Member != "a" || own.Next != "" {
		t.Errorf("listed %+v", own)
	}
	for _, l := range own.Ladders {
		if l.Province != "" && l.Province != "65" {
			t.Errorf("a ladder of %s", l.Province)
		}
	}
	if got := d.asks(admin65, http.MethodGet, "/v1/roster/unreachable?province=50", nil).Code; got != http.StatusForbidden {
		t.Errorf("elsewhere: %d", got)
	}
}
