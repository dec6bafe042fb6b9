package channel

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channelemu"
)

// smpp is our sender by SMPP.
func smpp(t *testing.T, log io.Writer, change ...func(*SMPPConfig)) (*SMPP, *channelemu.Emulator) {
	t.Helper()
	e := providers(t, nil, channelemu.Options{RetryDelay: 10 * time.Millisecond})
	cfg := SMPPConfig{URL: e.SMPPURL(), Password: e.SMPPPassword(), Timeout: time.Minute, Names: thaiNames, Log: slog.New(slog.NewTextHandler(log, nil))}
	for _, c := range change {
		c(&cfg)
	}
	s, err := NewSMPP(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, e
}

// receiving binds a receiver, and returns once it is bound.
func receiving(t *testing.T, s *SMPP, e *channelemu.Emulator) *ears {
	t.Helper()
	h := newEars()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Receive(ctx, Hears{Message: h.message, Receipt: h.receipt}) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the receiver ended with %v", err)
		}
	})
	bound(t, e, 0, 1)
	return h
}

// bound waits until so many links are bound.
func bound(t *testing.T, e *channelemu.Emulator, send, receive int) {
	t.Helper()
	ctx := within(t)
	for {
		if s, r := e.Binds(); s == send && r == receive {
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			s, r := e.Binds()
			t.Fatalf("%d links to send and %d to receive", s, r)
		}
	}
}

func TestALongMessageArrivesWhole(t *testing.T) {
	s, e := smpp(t, io.Discard)
	h := receiving(t, s, e)
	for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
		m := offerTo(anns)
		m.Language, m.Key = lang, m.Key+string(lang)
		want, err := Text(m, thaiNames)
		if err != nil {
			t.Fatal(err)
		}
		sent, err := s.Send(within(t), m)
		if err != nil || sent.Outcome != activities.OutcomeAccepted || sent.Request == "" {
			t.Fatalf("%+v, %v", sent, err)
		}
		n, ucs2 := Segments(want)
		item, err := e.Phone(anns).Wait(within(t), 0, func(i channelemu.Item) bool { return i.Text == want })
		if err != nil || item.Parts != n || (item.Coding == "UCS-2") != ucs2 || item.From != "4771300" {
			t.Errorf("%+v, %v", item, err)
		}
		h.until(t, "a receipt", func() bool { r, ok := h.receiptOf(sent.Request); return ok && r.Delivered })
	}
	if n, _ := Segments(mustText(t, offerTo(anns))); n < 2 {
		t.Error("the Thai offer was not a long one: nothing was proved")
	}
}

func mustText(t *testing.T, m activities.Outgoing) string {
	t.Helper()
	text, err := Text(m, thaiNames)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatAnSMSCAnswers(t *testing.T) {
	tests := []struct {
		name    string
		fault   channelemu.FaultKind
		outcome activities.Outcome
		reason  string
	}{
		{"all is well", "", activities.OutcomeAccepted, ""},
		{"throttled", channelemu.RateLimited, "", "rate_limit"},
		{"its queue is full", channelemu.QuotaReached, "", "rate_limit"},
		{"a number that cannot be", channelemu.Refused, activities.OutcomeRefused, ""},
		{"a system error, nothing done", channelemu.ErrorBefore, "", "smpp_8"},
		{"a system error, but accepted", channelemu.ErrorAfter, "", "smpp_8"},
		{"no answer", channelemu.Hang, "", "no_answer"},
		{"no answer, but accepted", channelemu.HangAfter, "", "no_answer"},
		{"the link lost", channelemu.Reset, "", "no_answer"},
		{"the link lost, but accepted", channelemu.ResetAfter, "", "no_answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, e := smpp(t, io.Discard, func(c *SMPPConfig) {
				if tt.reason == "no_answer" {
					c.Timeout = 500 * time.Millisecond
				}
			})
			if tt.fault != "" {
				if err := e.FailNext(channelemu.ServiceSMPP, tt.fault, 1); err != nil {
					t.Fatal(err)
				}
			}
			sent, err := s.Send(within(t), offerTo(anns))
			var again *activities.TransientError
			if !errors.As(err, &again) {
				if err != nil || tt.reason != "" || sent.Outcome != tt.outcome {
					t.Errorf("%+v, %v", sent, err)
				}
				return
			}
			if again.Reason != tt.reason {
				t.Errorf("because of %s, want %s", again.Reason, tt.reason)
			}
			deadline := within(t)
			for err != nil && deadline.Err() == nil {
				sent, err = s.Send(deadline, offerTo(anns))
			}
			if err != nil || sent.Outcome != activities.OutcomeAccepted {
				t.Errorf("another try: %+v, %v", sent, err)
			}
			if item, err := e.Phone(anns).Hears(within(t), "ตอบ 1"); err != nil || item.Text != mustText(t, offerTo(anns)) {
				t.Errorf("the phone shows %+v, %v", item, err)
			}
		})
	}
}

// A message that breaks off after its first part is said to its end and not from
// the beginning; one that was said is not said again.
func TestAnotherTryGoesOnWhereTheLastBrokeOff(t *testing.T) {
	s, e := smpp(t, io.Discard)
	send := func() (activities.Sent, error) { return s.Send(within(t), offerTo(anns)) }
	if _, err := s.Send(within(t), activities.Outgoing{To: anns, Key: "short", Template: "noted"}); err != nil { // bound, and one part
		t.Fatal(err)
	}
	parts, _ := Segments(mustText(t, offerTo(anns)))
	h := s.halves.of(offerTo(anns).Key)
	if err := e.SetFaults(channelemu.Fault{Service: channelemu.ServiceSMPP, Kind: channelemu.RateLimited, Probability: 1}); err != nil {
		t.Fatal(err)
	}
	h.ids = append(h.ids, "the first part is accepted") // as after an answer that came before the throttle
	if _, err := send(); err == nil {
		t.Fatal("it was not throttled")
	}
	if err := e.SetFaults(); err != nil {
		t.Fatal(err)
	}
	sent, err := send()
	if err != nil || sent.Request != "the first part is accepted" || len(h.ids) != parts {
		t.Fatalf("%+v, %v, %d parts", sent, err, len(h.ids))
	}
	before := len(h.ids)
	if again, err := send(); err != nil || again != sent || len(h.ids) != before {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestTheSenderBindsAgain(t *testing.T) {
	s, e := smpp(t, io.Discard)
	send := func(key string) error {
		_, err := s.Send(within(t), activities.Outgoing{To: anns, Key: key, Template: "noted", Args: activities.Args{Code: key}})
		return err
	}
	if err := send("one"); err != nil {
		t.Fatal(err)
	}
	e.BreakLinks()
	bound(t, e, 0, 0)
	deadline := within(t)
	for send("two") != nil { // the break may be noticed by this very message
		if deadline.Err() != nil {
			t.Fatal("never bound again")
		}
	}
	if _, err := e.Phone(anns).Hears(within(t), "two"); err != nil {
		t.Error(err)
	}
}

func TestADeadLinkIsNoticedWithoutAMessage(t *testing.T) {
	s, e := smpp(t, io.Discard, func(c *SMPPConfig) { c.Link, c.Timeout = 20*time.Millisecond, time.Second })
	deadline, err := within(t), errDeaf
	for err != nil && deadline.Err() == nil {
		_, err = s.Send(deadline, activities.Outgoing{To: anns, Key: "one", Template: "noted"})
	}
	if err != nil {
		t.Fatal(err)
	}
	l := s.link
	e.Mute(true) // the connection stands, and nobody answers
	select {
	case <-l.done:
	case <-within(t).Done():
		t.Error("nobody noticed")
	}
}

func TestABindThatIsRefused(t *testing.T) {
	var log bytes.Buffer
	s, _ := smpp(t, &log, func(c *SMPPConfig) { c.Password = "another" })
	var again *activities.TransientError
	for range 2 { // the second hears it of the first, unless it comes late
		if _, err := s.Send(within(t), offerTo(anns)); !errors.As(err, &again) || again.After <= 0 {
			t.Fatal(err)
		}
	}
	if !strings.Contains(log.String(), "bind refused with d") || strings.Contains(log.String(), "812345678") {
		t.Errorf("the log: %s", log.String())
	}
}

func TestPhonesAreHeardThroughTheSMSC(t *testing.T) {
	s, e := smpp(t, io.Discard)
	h := receiving(t, s, e)
	long := strings.Repeat("ช่วยด้วย อยู่บ้านไม้สีเขียวหลังวัด ", 6)
	for _, text := range []string{"1 10", "1 a1b2-c3d4 [ok]", long} {
		if _, err := e.Phone(anns).Reply(text); err != nil {
			t.Fatal(err)
		}
		h.until(t, text, func() bool { n := len(h.messages); return n > 0 && h.messages[n-1].Text == text })
	}
	seen := map[string]bool{}
	for _, in := range h.messages {
		if in.From != anns || in.ID == "" || seen[in.ID] {
			t.Errorf("heard %+v", in)
		}
		seen[in.ID] = true
	}
	if len(h.messages) != 3 {
		t.Errorf("%d messages", len(h.messages))
	}
}

// The SMSC keeps what we could not keep, and hands it over again, also after the link broke.
func TestWhatIsNotKeptIsHandedOverAgain(t *testing.T) {
	s, e := smpp(t, io.Discard)
	h := receiving(t, s, e)
	h.mu.Lock()
	h.deaf = 2
	h.mu.Unlock()
	if _, err := e.Phone(anns).Reply("ช่วยด้วย"); err != nil {
		t.Fatal(err)
	}
	h.until(t, "the third try", func() bool { return len(h.messages) == 1 })
	e.BreakLinks()
	bound(t, e, 0, 1)
	if _, err := e.Phone(anns).Reply("1"); err != nil {
		t.Fatal(err)
	}
	h.until(t, "an answer on the new link", func() bool { return len(h.messages) == 2 })
}

// Who goes away finishes what has begun: the message is kept, and the SMSC hears so.
func TestALeavingReceiverFinishesWhatItHasBegun(t *testing.T) {
	s, e := smpp(t, io.Discard)
	begun, kept := make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- s.Receive(ctx, Hears{Message: func(ctx context.Context, _ Incoming) error {
			close(begun)
			<-kept
			return ctx.Err()
		}})
	}()
	bound(t, e, 0, 1)
	id, err := e.Phone(anns).Reply("ช่วยด้วย")
	if err != nil {
		t.Fatal(err)
	}
	<-begun
	stop()
	close(kept)
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := e.Phone(anns).Wait(within(t), 0, func(i channelemu.Item) bool { return i.ID == id && i.Taken }); err != nil {
		t.Error(err)
	}
}

// A part whose others never come is kept as it is, and only then answered.
func TestALonelyPartIsNotLost(t *testing.T) {
	h := newEars()
	e := &ear{to: Hears{Message: h.message, Receipt: h.receipt}, ctx: t.Context(), groups: map[string]*group{}}
	p := pdu.NewDeliverSM().(*pdu.DeliverSM)
	p.SourceAddr, _ = pdu.NewAddressWithTonNpiAddr(1, 1, anns[1:])
	p.EsmClass = data.SM_UDH_GSM
	raw, _ := data.UCS2.Encode("ช่วยด้วย อยู่ที่")
	if err := p.Message.SetMessageDataWithEncoding(raw, data.UCS2); err != nil {
		t.Fatal(err)
	}
	p.Message.SetUDH(pdu.UDH{pdu.NewIEConcatMessage(2, 1, 9)})
	if err := e.hear(p); err != nil {
		t.Fatal(err)
	}
	if len(h.messages) != 1 || h.messages[0].Text != "ช่วยด้วย อยู่ที่" {
		t.Errorf("heard %+v", h.messages)
	}
}

func TestReceiptsOfManySMSCs(t *testing.T) {
	taken := Receipt{ID: messageID("0000001F3A", true, 16), Delivered: true} // as it is kept when the SMSC takes the message
	tests := []struct {
		name string
		text string
		tlv  []pdu.Field
		want Receipt
		ok   bool
		hex  bool
	}{
		{"by its text", "id:7F3a sub:001 dlvrd:001 submit date:2601011200 done date:2601011200 stat:DELIVRD err:000 text:", nil, Receipt{ID: "7F3a", Delivered: true}, true, false},
		{"not delivered", "id:12 sub:001 dlvrd:000 stat:UNDELIV err:011 Text:", nil, Receipt{ID: "12"}, true, false},
		{"still on its way", "id:12 stat:ENROUTE err:000", nil, Receipt{}, false, false},
		{"accepted is not delivered", "id:12 stat:ACCEPTD err:000", nil, Receipt{}, false, false},
		{"by the fields beside it", "", []pdu.Field{{Tag: pdu.TagReceiptedMessageID, Data: []byte("SC9\x00")}, {Tag: pdu.TagMessageStateOption, Data: []byte{2}}}, Receipt{ID: "SC9", Delivered: true}, true, false},
		{"of no message", "stat:DELIVRD", nil, Receipt{}, false, false},
		{"in decimal, of a message taken in hexadecimal", "id:0000007994 stat:DELIVRD", nil, taken, true, true},
		{"in hexadecimal beside the text, as it was taken", "id:7994 stat:DELIVRD", []pdu.Field{{Tag: pdu.TagReceiptedMessageID, Data: []byte("1f3a\x00")}}, taken, true, true},
		{"a name that is no number", "id:a-b stat:DELIVRD", nil, Receipt{ID: "a-b", Delivered: true}, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := pdu.NewDeliverSM().(*pdu.DeliverSM)
			if err := p.Message.SetMessageWithEncoding(tt.text, data.GSM7BIT); err != nil {
				t.Fatal(err)
			}
			for _, f := range tt.tlv {
				p.RegisterOptionalParam(f)
			}
			r, ok := receipt(p, tt.hex)
			if ok != tt.ok || ok && (r.ID != tt.want.ID || r.Delivered != tt.want.Delivered) {
				t.Errorf("%+v, %t", r, ok)
			}
		})
	}
}

// Bytes that are no SMPP end a link and nothing else.
func TestAPeerThatTalksNonsense(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
			_ = conn.Close()
		}
	}()
	s, err := NewSMPP(SMPPConfig{URL: "smpp://ess@" + l.Addr().String(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var again *activities.TransientError
	if _, err := s.Send(within(t), offerTo(anns)); !errors.As(err, &again) {
		t.Error(err)
	}
}

func TestSMPPConfiguration(t *testing.T) {
	for _, bad := range []string{
		"", "http://ess@smsc.example", "smpp://smsc.example:2775", "smpp://ess:password@smsc.example", "smpp://ess@smsc.example?source=AVERYLONGNAME",
		"smpp://asystemidwhichislong@smsc.example",
	} {
		if _, err := NewSMPP(SMPPConfig{URL: bad}); err == nil {
			t.Errorf("%q was taken", bad)
		} else if strings.Contains(err.Error(), "password@") {
			t.Errorf("the error quotes the URL: %v", err)
		}
	}
	s, err := NewSMPP(SMPPConfig{URL: "smpps://ess@smsc.example?source=%2B6621234567&type=ESS"})
	if err != nil || s.addr != "smsc.example:3550" || s.source.Ton() != data.GSM_TON_INTERNATIONAL || s.source.Address() != "6621234567" {
		t.Errorf("%+v, %v", s, err)
	}
	if got := validity(90 * time.Minute); got != "000000013000000R" {
		t.Errorf("90 minutes are written %s", got)
	}
}

// Whatever an SMSC sends, it is read or refused; the process lives on.
func FuzzWhatAnSMSCSends(f *testing.F) {
	f.Add(uint32(5), []byte("\x00\x01\x0166812345678\x00\x00\x00ESS\x00\x40\x00\x00\x00\x00\x00\x00\x08\x00\x0a\x05\x00\x03\x01\x02\x01\x0e\x01\x0e\x02"))
	f.Add(uint32(5), []byte("\x00\x01\x0166812345678\x00\x00\x00ESS\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x0aid:1 stat:\x00\x1e\x00\x03abc\x04\x27\x00\x01\x02"))
	f.Add(uint32(0x80000004), []byte("id\x00"))
	f.Add(uint32(0x103), []byte("\x00\x00\x00"))
	f.Add(uint32(3), []byte("\x00\x01\x0166812345677\xff\xff\xf0ESS\x00\x04\x00\x00\x00\x00\x00\x00\x00")) // the library falls over a query_sm
	f.Fuzz(func(t *testing.T, command uint32, rest []byte) {
		raw := binary.BigEndian.AppendUint32(nil, uint32(16+len(rest))) // #nosec G115 -- short
		raw = binary.BigEndian.AppendUint32(raw, command)
		raw = append(append(raw, 0, 0, 0, 0, 0, 0, 0, 1), rest...)
		framed, err := frame(bytes.NewReader(raw))
		if err != nil {
			return
		}
		p, err := parse(framed)
		if d, ok := p.(*pdu.DeliverSM); ok && err == nil {
			receipt(d, true)
			concatenated(d)
			if text := body(d); !utf8.ValidString(text) {
				t.Errorf("a text that is none: %q", text)
			}
		}
	})
}
