package smoke

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channelemu"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/workflows"
)

// LINE knows an officer no more: the alert is an SMS at once, without waiting for
// any silence, and “1 10” is an acceptance that tells the reporter when help comes.
func TestWhereLINERefusesTheSMSIsAnswered(t *testing.T) {
	h := startOwn(t, 1)
	h.failsOn = but("line refused a message")
	h.officers(map[string]float64{"ann": 300})
	h.leavesLINE("ann")
	ann := h.carry("ann")["ann"]
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)

	alert := ann.hearsBy(casefile.ChannelSMS, "ขอกำลังใกล้ท่าน")
	if strings.Contains(alert.Text, "16.") || strings.Contains(alert.Text, "มั่วสุม") || !strings.Contains(alert.Text, casefile.Case{ID: id}.Code()) {
		t.Errorf("the SMS tells the place or the type, or no code: %s", alert.Text)
	}
	ann.replies("๑ ๑๐") // on a Thai keyboard
	ann.hearsBy(casefile.ChannelSMS, "รับเรื่องแล้ว")
	mali.hearsWithin("10 นาที", time.Minute)
	h.comesTo(id, casefile.Assigned)
	ann.replies("2")
	h.comesTo(id, casefile.OnScene)
}

// The same through an operator's SMSC, over SMPP: the alert, its answer, and a report.
func TestAnOperatorsSMSCCarriesAlertsAnswersAndReports(t *testing.T) {
	h := startOwn(t, 1, func(o *local.Options) { o.SMPP = true })
	h.failsOn = but("line refused a message")
	h.officers(map[string]float64{"ann": 300})
	h.leavesLINE("ann")
	ann, somchai := h.carry("ann")["ann"], h.mobile("somchai")
	somchai.replies("ช่วยด้วย")
	somchai.hearsBy(casefile.ChannelSMS, "รับเรื่องแล้ว")
	somchai.replies(fmt.Sprintf("https://maps.google.com/?q=%.5f,%.5f", h.pin.Lat, h.pin.Lon))
	ann.hearsBy(casefile.ChannelSMS, "ขอกำลังใกล้ท่าน")
	ann.replies("1 10")
	ann.hearsBy(casefile.ChannelSMS, "รับเรื่องแล้ว")
	somchai.hearsBy(casefile.ChannelSMS, "10 นาที")
}

// LINE answers nothing but errors: its time is up after a while, and the alert
// goes out as an SMS. What was said that way is not said again when LINE is back.
func TestWhereLINEIsAwayTheSMSGoesOut(t *testing.T) {
	h := startOwn(t, 1)
	h.rules(map[string]string{"line_wait: 20s": "line_wait: 2s"})
	h.officers(map[string]float64{"ann": 300})
	ann := h.carry("ann")["ann"]
	mali := h.citizen("mali")
	mali.taps(casefile.Gathering, false)
	mali.hears("cancel")
	h.breaksLINE(lineemu.ErrorBefore)
	mali.sends(h.pin)
	id := h.caseOf(mali)
	ann.hearsBy(casefile.ChannelSMS, "ขอกำลังใกล้ท่าน")
	h.eventually("the message of LINE counts as too late", func() bool {
		var n int
		h.database(&n, "SELECT count(*) FROM deliveries WHERE case_id = $1 AND channel = 'LINE' AND template = 'offer' AND outcome = 'STALE'", string(id))
		return n == 1
	})
	ann.replies("1 15")
	h.comesTo(id, casefile.Assigned)
	h.breaksLINE("")
	mali.hearsWithin("15 นาที", time.Minute) // the reporter has only LINE, and LINE is back
	if h.people["ann"].heard("accept") {
		t.Errorf("LINE said what the SMS had said: %s", h.people["ann"].said())
	}
}

// Who is silent in LINE is sent an SMS after a minute and called after two, each
// once, and a key pressed in the call accepts.
func TestSilenceIsFollowedByAnSMSAndThenByACall(t *testing.T) {
	h := startBeside(t, "57")
	h.officers(map[string]float64{"ann": 300})
	ann := h.carry("ann")["ann"]
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	h.people["ann"].hears("accept")
	ann.hearsBy(casefile.ChannelSMS, "ขอกำลังใกล้ท่าน")
	call := ann.hearsBy(casefile.ChannelVoice, "ขอกำลังเจ้าหน้าที่")
	asked := h.happens(id, "an officer is asked", func(e casefile.Event) bool { return e.Kind == casefile.Offered && e.Role == casefile.Police })
	for channel, after := range map[casefile.Channel]time.Duration{casefile.ChannelSMS: time.Minute, casefile.ChannelVoice: 2 * time.Minute} {
		if silence := h.said(id, channel).Sub(asked.At); silence < after {
			t.Errorf("%s was used after %s of silence", channel, silence)
		}
	}
	if strings.Contains(call.Text, "มั่วสุม") || strings.Contains(call.Text, "mali") {
		t.Errorf("the call tells what a bystander must not hear: %s", call.Text)
	}
	ann.keys("112#") // 1, 12 minutes
	h.comesTo(id, casefile.Assigned)
	mali.hearsWithin("12 นาที", time.Minute)
}

// Who answers by SMS hears no more of the same on any channel: no call after the
// message, no card again, neither who accepted nor who declined. Whoever is silent is called.
func TestAnAnswerBySMSStopsEveryOtherMessage(t *testing.T) {
	h := startBeside(t, "42")
	h.officers(map[string]float64{"ann": 300, "bo": 400, "cat": 500})
	mobiles := h.carryCalledAfter(10*time.Minute, "ann", "bo", "cat") // as they asked: time to answer the message
	ann, bo, cat := mobiles["ann"], mobiles["bo"], mobiles["cat"]
	mali := h.citizen("mali")
	id := mali.reports(casefile.ThreatAssault, h.pin) // needs two officers
	for _, m := range mobiles {
		m.hearsBy(casefile.ChannelSMS, "ขอกำลังใกล้ท่าน")
	}
	ann.replies("1 30 " + casefile.Case{ID: id}.Code())
	ann.hearsBy(casefile.ChannelSMS, "รับเรื่องแล้ว")
	bo.replies("0")
	bo.hearsBy(casefile.ChannelSMS, "บันทึกว่าไม่รับแล้ว")
	said, card := bo.count(), h.people["bo"].count()
	cat.hearsBy(casefile.ChannelVoice, "ขอกำลังเจ้าหน้าที่") // and now the others would have been called, too
	for _, m := range []*mobile{ann, bo} {
		asked := slices.DeleteFunc(m.heard(), func(i channelemu.Item) bool {
			return !strings.Contains(i.Text, "ขอกำลังใกล้ท่าน") && !strings.Contains(i.Text, "ขอกำลังเจ้าหน้าที่")
		})
		if len(asked) != 1 || asked[0].Channel != channelemu.SMS {
			t.Errorf("who had answered was asked again: %v", m)
		}
		cards := slices.DeleteFunc(incoming(h.people[m.name].Transcript()), func(i lineemu.Item) bool { return !carries(i, "accept") })
		if len(cards) != 1 {
			t.Errorf("who had answered was asked again by LINE: %v", h.people[m.name])
		}
	}
	if bo.count() != said || h.people["bo"].count() != card {
		t.Errorf("who declined heard more of it: %v %v", bo, h.people["bo"])
	}
}

// An acknowledgement by SMS is a duty desk's word, as a button of LINE is, and
// ends what comes to the desk.
func TestADeskAcknowledgesBySMS(t *testing.T) {
	h := startBeside(t, "34")
	name := string(casefile.LevelMSDHSDuty)
	duty := h.carry(name)[name]
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	duty.hearsBy(casefile.ChannelSMS, "ตอบ 1 = รับทราบ") // its ladder climbs after five minutes
	duty.hearsBy(casefile.ChannelVoice, "แจ้งเวร")
	duty.replies("1")
	duty.hearsBy(casefile.ChannelSMS, "บันทึกแล้ว")
	h.happens(id, "the duty desk knows", func(e casefile.Event) bool { return e.Kind == casefile.Acknowledged && e.By.ID == h.memberID(name) })
	h.nothingFor(6*time.Minute, duty, h.desk(casefile.LevelMSDHSDuty))
}

// Who is off duty hears nothing on any channel, while those on duty are written to and called.
func TestOffDutyNothingComesOnAnyChannel(t *testing.T) {
	h := startBeside(t, "90")
	h.officers(map[string]float64{"ann": 300})
	h.member("bo", string(casefile.LevelStation), casefile.Police, "", h.pin.Lat+0.001, h.pin.Lon, false)
	h.members[0][11] = "false"
	h.enlist()
	mobiles := h.carry("ann", "bo")
	before, card := mobiles["bo"].count(), h.people["bo"].count()
	h.citizen("mali").reports(casefile.Gathering, h.pin)
	mobiles["ann"].hearsBy(casefile.ChannelVoice, "ขอกำลังเจ้าหน้าที่") // by now everybody would have heard everything
	if mobiles["bo"].count() != before || h.people["bo"].count() != card {
		t.Errorf("somebody off duty was disturbed: %v %v", mobiles["bo"], h.people["bo"])
	}
}

// A number that nobody has proved is no way to anybody: only the code is sent to it.
func TestANumberThatWasNotProvedIsNeverUsed(t *testing.T) {
	h := startBeside(t, "23")
	h.officers(map[string]float64{"ann": 300, "bo": 400})
	ann := h.carry("ann")["ann"]
	bo := h.given("bo")["bo"]
	bo.hears("รหัสยืนยัน")
	bo.replies("000000") // wrong, or a chance in a million
	h.citizen("mali").reports(casefile.Gathering, h.pin)
	ann.hearsBy(casefile.ChannelVoice, "ขอกำลังเจ้าหน้าที่")
	for _, i := range bo.heard() {
		if strings.Contains(i.Text, "ขอกำลัง") {
			t.Errorf("an unproved number was used: %v", bo)
		}
	}
}

// A provider that says “too many at once” holds no first alert: LINE does so to
// everything and the provider of SMS at first, and the alert is there.
func TestALimitHoldsNoFirstAlert(t *testing.T) {
	h := startOwn(t, 1)
	h.rules(map[string]string{"line_wait: 20s": "line_wait: 2s"})
	h.officers(map[string]float64{"ann": 300})
	ann := h.carry("ann")["ann"]
	mali := h.citizen("mali")
	mali.taps(casefile.Gathering, false)
	mali.hears("cancel")
	if err := h.Phones.FailNext(channelemu.ServiceSMS, channelemu.RateLimited, 3); err != nil {
		t.Fatal(err)
	}
	h.breaksLINE(lineemu.RateLimited)
	mali.sends(h.pin)
	ann.hears("ขอกำลัง") // by an SMS or, if that is held for too long, by a call
}

// A crowd of one case that waits for a provider which does not answer holds up
// nobody's first alert in another case, and is reached when the provider is back.
func TestACrowdHoldsNobodyElsesFirstAlert(t *testing.T) {
	const many = 60
	h := startOwn(t, 1)
	h.failsOn = but("line refused a message") // LINE knows none of the crowd
	other := h.town(t)
	other.failsOn = h.failsOn
	other.officers(map[string]float64{"ann": 300})
	crowd := h.crowdWithoutLINE(many)
	if err := h.Phones.SetFaults(channelemu.Fault{Service: channelemu.ServiceSMS, Kind: channelemu.Hang, Probability: 1}); err != nil {
		t.Fatal(err)
	}
	h.citizen("mali").reports(casefile.Gathering, h.pin)
	other.citizen("malee").reports(casefile.Gathering, other.pin)
	other.people["ann"].hearsWithin("accept", time.Minute)
	for _, m := range crowd {
		if m.count() > 0 {
			t.Fatalf("the provider answered, and the test tests nothing: %v", m)
		}
	}
	if err := h.Phones.SetFaults(); err != nil {
		t.Fatal(err)
	}
	h.eventuallyWithin(long, "the whole crowd is reached", func() bool {
		return !slices.ContainsFunc(crowd, func(m *mobile) bool { return m.count() == 0 })
	})
}

// Thirteen hundred recipients of one alert are all reached, in batches that leave
// the queue of the cases alone. How long it takes is measured in bench.
func TestThirteenHundredRecipients(t *testing.T) {
	const many = 1300
	h := startOwn(t, 1)
	h.failsOn = but("context canceled") // a batch that a busy machine takes too long over is tried again under its keys
	h.crowd(many)
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	h.eventuallyWithin(long, "everybody has the alert", func() bool {
		for i := range many {
			if !h.people[crowded(i)].heard("ack") {
				return false
			}
		}
		return true
	})
	batches := 0
	for _, e := range h.history(id) {
		a := e.GetActivityTaskScheduledEventAttributes()
		if e.EventType != enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED || a.GetActivityType().GetName() != "Tell" {
			continue
		}
		batches++
		if queue := a.GetTaskQueue().GetName(); queue != workflows.TellQueue {
			t.Errorf("messages go through the queue %s", queue)
		}
	}
	if batches < many/50 {
		t.Errorf("%d people were told in %d batches", many, batches)
	}
}

// Somebody with an old telephone writes for help, is asked for the place, and
// hears who comes and when. Nobody calls back who was not asked to.
func TestACitizenReportsBySMSAndHearsWhenHelpComes(t *testing.T) {
	h := startBeside(t, "63")
	h.officers(map[string]float64{"ann": 300})
	somchai := h.mobile("somchai")
	somchai.replies("ช่วยด้วย")
	receipt := somchai.hearsBy(casefile.ChannelSMS, "รับเรื่องแล้ว")
	somchai.replies(fmt.Sprintf("%.5f, %.5f", h.pin.Lat, h.pin.Lon))
	somchai.hearsBy(casefile.ChannelSMS, "ส่งให้เจ้าหน้าที่")

	officer := h.people["ann"]
	if card := officer.hears("accept"); !card.Says("ห้ามโทรกลับ") {
		t.Errorf("the card does not say that nobody may call back: %v", card.Texts)
	}
	officer.presses(casefile.ActAccept)
	officer.hears("depart")
	somchai.hearsBy(casefile.ChannelSMS, "นาที")
	officer.presses(casefile.ActArrive)
	somchai.hearsBy(casefile.ChannelSMS, "ถึงที่เกิดเหตุ")

	id := h.caseOf(officer)
	if code := (casefile.Case{ID: id}).Code(); !strings.Contains(receipt.Text, code) {
		t.Errorf("the receipt does not name the case %s: %s", code, receipt.Text)
	}
	if len(slices.DeleteFunc(somchai.heard(), func(i channelemu.Item) bool { return i.Channel == channelemu.SMS })) != 0 {
		t.Errorf("somebody who asked for no call was called: %v", somchai)
	}
}

// A text that is no report is answered once with how to report, and opens no case.
func TestATextThatIsNoReportIsAnsweredOnceWithHowToReport(t *testing.T) {
	h := startBeside(t, "49")
	somchai := h.mobile("somchai")
	somchai.replies("สวัสดีครับ")
	somchai.hearsBy(casefile.ChannelSMS, "191")
	somchai.replies("มีใครอยู่ไหม")
	somchai.replies("ช่วยด้วย") // and now it is one
	somchai.hearsBy(casefile.ChannelSMS, "รับเรื่องแล้ว")
	if n := somchai.count(); n != 2 {
		t.Errorf("the telephone heard %d messages, want the help and the receipt: %v", n, somchai)
	}
}

// A provider that did not hear that we took a message hands it over again, and
// sometimes at the same moment: it is one message, one case and one receipt.
func TestAnSMSHandedOverFiveTimesIsOneMessage(t *testing.T) {
	h := startBeside(t, "71")
	somchai := h.mobile("somchai")
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if status := h.handsOver("message-1-"+h.province.Code, somchai.number, "ช่วยด้วย"); status != http.StatusOK {
				t.Errorf("the message was answered with %d", status)
			}
		})
	}
	all.Wait()
	receipt := somchai.hearsBy(casefile.ChannelSMS, "รับเรื่องแล้ว")
	code := regexp.MustCompile(`[0-9A-F]{4}-[0-9A-F]{4}`).FindString(receipt.Text)
	somchai.replies("บ้านสีฟ้าหลังวัด")
	somchai.hears("ได้รับข้อมูลเพิ่มแล้ว") // a slow machine asks for the place in between
	said := func(words string) int {
		return len(slices.DeleteFunc(somchai.heard(), func(i channelemu.Item) bool { return !strings.Contains(i.Text, words) }))
	}
	var rows int
	h.database(&rows, "SELECT count(*) FROM inbox WHERE case_id IN (SELECT id FROM cases WHERE upper(left(id::text, 8)) = $1)", strings.ReplaceAll(code, "-", ""))
	if rows != 2 || said("รับเรื่องแล้ว") != 1 || said("ได้รับข้อมูลเพิ่มแล้ว") != 1 {
		t.Errorf("two messages are %d rows of %s, answered so: %v", rows, code, somchai)
	}
}

// handsOver is the provider that gives a message to us, once.
func (h *town) handsOver(id, from, text string) int {
	body, _ := json.Marshal(map[string]string{"id": id, "from": from, "text": text})
	req, err := http.NewRequest(http.MethodPost, "http://"+h.Listen+"/channels/sms", bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(channelemu.SecretHeader, h.Env["ESS_CHANNEL_SECRETS"])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// A quiet report causes no SMS and no call to whoever made it, even if they wrote
// their number, while everybody else is written to and called.
func TestAQuietReportCausesNoSMS(t *testing.T) {
	h := startBeside(t, "77")
	h.officers(map[string]float64{"ann": 300})
	ann := h.carry("ann")["ann"]
	mali, number := h.citizen("mali"), h.mobile("mali")
	mali.taps("", true)
	mali.hears("ได้รับข้อมูลแล้ว")
	mali.sends(h.pin)
	mali.hears("ได้รับข้อมูลแล้ว")
	if _, err := mali.Say(strings.Replace(number.number, "+66", "0", 1)); err != nil {
		t.Fatal(err)
	}
	ann.hearsBy(casefile.ChannelVoice, "ขอกำลังเจ้าหน้าที่")
	ann.keys("110#")
	h.comesTo(h.caseOf(h.people["ann"]), casefile.Assigned)
	if number.count() != 0 {
		t.Errorf("the telephone of a quiet report rang: %v", number)
	}
}

// but is every logged error that does not speak of something that a test breaks on purpose.
func but(what string) func(string) bool {
	return func(line string) bool { return !strings.Contains(line, what) }
}

// leavesLINE takes somebody's account away: LINE refuses what is sent to it.
func (h *town) leavesLINE(name string) {
	h.t.Helper()
	h.leftLINE(name)
	h.enlist()
}

func (h *town) leftLINE(name string) {
	row := slices.Clone(h.enlisted[name])
	row[3] = local.SeedLINE(h.code(name) + " who left")
	h.members = append(h.members, row)
}

// said is when the near officer was told of the offer by a channel, in case time.
func (h *town) said(id casefile.CaseID, by casefile.Channel) (at time.Time) {
	h.t.Helper()
	h.database(&at, "SELECT min(at) FROM deliveries WHERE case_id = $1 AND channel = $2 AND template = 'offer'", string(id), string(by))
	return at
}

// breaksLINE lets every push fail in this way from now on; with "" none does.
func (h *town) breaksLINE(kind lineemu.FaultKind) {
	h.t.Helper()
	var faults lineemu.Faults
	if kind != "" {
		faults.API = []lineemu.APIFault{{Endpoint: "push", Kind: kind, Probability: 1}}
	}
	if err := h.Platform.SetFaults(faults); err != nil {
		h.t.Fatal(err)
	}
}

// crowd adds so many duty desks to the station, each with a phone of LINE.
func (h *town) crowd(n int) {
	h.t.Helper()
	for i := range n {
		h.member(crowded(i), string(casefile.LevelStation), "", casefile.LevelStation, h.pin.Lat, h.pin.Lon, false)
	}
	h.enlist()
}

func crowded(i int) string { return fmt.Sprintf("crowd-%04d", i) }

// crowdWithoutLINE is a crowd whom LINE does not know, with proved numbers.
func (h *town) crowdWithoutLINE(n int) []*mobile {
	h.t.Helper()
	h.crowd(n)
	for i := range n {
		h.leftLINE(crowded(i))
	}
	h.enlist()
	var all []*mobile
	for i := range n {
		all = append(all, h.mobile(crowded(i)))
		h.knows(crowded(i), casefile.ChannelSMS, all[i].number, 0)
	}
	var proved int // in earnest each number is proved by its own code
	h.database(&proved, "WITH proved AS (UPDATE contacts SET verified_at = now(), code_hash = NULL, code_until = NULL RETURNING 1) SELECT count(*) FROM proved")
	return all
}
