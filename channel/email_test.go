package channel

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channelemu"
)

const mailbox = "duty@station.example"

func email(t *testing.T, log io.Writer, cfg EmailConfig) *Email {
	t.Helper()
	cfg.From, cfg.Names, cfg.Timeout = "ess@ess.example", thaiNames, or(cfg.Timeout, 5*time.Second)
	cfg.Log = slog.New(slog.NewTextHandler(log, nil))
	m, err := NewEmail(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func letterFor(template string) activities.Outgoing {
	m := callFor(template)
	m.Channel, m.To, m.Language = casefile.ChannelEmail, mailbox, casefile.Thai
	return m
}

// A mail arrives in plain text under a neutral subject, and its name is made of the key.
func TestAMailArrives(t *testing.T) {
	e := providers(t, nil, channelemu.Options{})
	m := email(t, io.Discard, EmailConfig{URL: e.SMTPURL(), AllowLoopback: true})
	first, err := m.Send(t.Context(), letterFor("offer_desk"))
	if err != nil || first.Outcome != activities.OutcomeAccepted {
		t.Fatalf("sent %+v, %v", first, err)
	}
	again, err := m.Send(t.Context(), letterFor("offer_desk"))
	if err != nil || again.Request != first.Request {
		t.Errorf("the same message is called %q and %q, %v", first.Request, again.Request, err)
	}
	got, err := e.Phone(mailbox).Hears(within(t), "แจ้งเวร")
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "ESS 6F3A-2D90" || got.ID != first.Request || !strings.HasSuffix(got.ID, "@ess.example") || got.From != "ess@ess.example" {
		t.Errorf("arrived %+v", got)
	}
}

// What the server says decides what the caller does next, and no log tells who was written to.
func TestEmailUnderstandsItsServer(t *testing.T) {
	tests := []struct {
		fault     channelemu.FaultKind
		outcome   activities.Outcome
		transient string
	}{
		{channelemu.RateLimited, "", "smtp_421"},
		{channelemu.ErrorBefore, "", "smtp_450"},
		{channelemu.ErrorAfter, "", "smtp_451"},
		{channelemu.Hang, "", "no_answer"},
		{channelemu.HangAfter, "", "no_answer"},
		{channelemu.Reset, "", "no_answer"},
		{channelemu.Refused, activities.OutcomeRefused, ""},
		{channelemu.QuotaReached, activities.OutcomeRefused, ""},
		{channelemu.Vanished, activities.OutcomeAccepted, ""},
	}
	for _, tt := range tests {
		t.Run(string(tt.fault), func(t *testing.T) {
			e := providers(t, nil, channelemu.Options{})
			var log bytes.Buffer
			m := email(t, &log, EmailConfig{URL: e.SMTPURL(), AllowLoopback: true, Timeout: time.Second})
			if err := e.FailNext(channelemu.ServiceSMTP, tt.fault, 1); err != nil {
				t.Fatal(err)
			}
			sent, err := m.Send(t.Context(), letterFor("offer_desk"))
			var transient *activities.TransientError
			if errors.As(err, &transient) != (tt.transient != "") || transient != nil && transient.Reason != tt.transient || sent.Outcome != tt.outcome {
				t.Errorf("sent %+v, %v", sent, err)
			}
			if strings.Contains(log.String(), mailbox) || err != nil && strings.Contains(err.Error(), mailbox) {
				t.Errorf("the recipient is named: %s %v", &log, err)
			}
		})
	}
}

// Nothing is said to a server that offers no encryption, nor to one that cannot
// prove who it is; with both, and a login, the mail goes out.
func TestMailIsEncrypted(t *testing.T) {
	clear, encrypted := providers(t, nil, channelemu.Options{}), providers(t, nil, channelemu.Options{MailTLS: true})
	as := func(user, password string) string {
		return strings.Replace(encrypted.SMTPURL(), "smtp://", "smtp://"+user+":"+password+"@", 1)
	}
	known := as(channelemu.MailUser, channelemu.MailPassword)
	tests := []struct {
		name string
		cfg  EmailConfig
		want activities.Outcome
	}{
		{"no encryption", EmailConfig{URL: clear.SMTPURL()}, activities.OutcomeRefused},
		{"a certificate of nobody", EmailConfig{URL: known}, activities.OutcomeRefused},
		{"encrypted and logged in", EmailConfig{URL: known, RootCAs: encrypted.MailRoots()}, activities.OutcomeAccepted},
		{"a wrong password", EmailConfig{URL: as(channelemu.MailUser, "canary"), RootCAs: encrypted.MailRoots()}, activities.OutcomeRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			sent, err := email(t, &log, tt.cfg).Send(t.Context(), letterFor("offer_desk"))
			if err != nil || sent.Outcome != tt.want {
				t.Errorf("sent %+v, %v\n%s", sent, err, &log)
			}
			if strings.Contains(log.String(), "canary") {
				t.Error("the password was logged")
			}
		})
	}
	if n := len(clear.Phone(mailbox).Transcript()); n != 0 {
		t.Errorf("%d mails went in clear", n)
	}
	if n := len(encrypted.Phone(mailbox).Transcript()); n != 1 {
		t.Errorf("%d mails arrived", n)
	}
}

// What is no address is refused before anything is said, a line of headers among it.
func TestMailGoesToAddressesOnly(t *testing.T) {
	e := providers(t, nil, channelemu.Options{})
	m := email(t, io.Discard, EmailConfig{URL: e.SMTPURL(), AllowLoopback: true})
	for _, to := range []string{"", "duty", "Duty <duty@station.example>", "duty@station.example\r\nBcc: x@y.example", "a@b.example,c@d.example"} {
		out := letterFor("offer_desk")
		out.To = to
		if sent, err := m.Send(t.Context(), out); err != nil || sent.Outcome != activities.OutcomeRefused {
			t.Errorf("%q: %+v, %v", to, sent, err)
		}
	}
	if sent, err := m.Send(t.Context(), letterFor("thanks")); err != nil || sent.Outcome != activities.OutcomeNoContact {
		t.Errorf("not for mail: %+v, %v", sent, err)
	}
}

// A configuration that could never send is refused at the start, and its password is not told.
func TestEmailConfiguration(t *testing.T) {
	for _, cfg := range []EmailConfig{
		{URL: "", From: "ess@ess.example"}, {URL: "https://ess:canary@mail.example", From: "ess@ess.example"},
		{URL: "smtp://ess:canary@mail.example:x", From: "ess@ess.example"}, {URL: "smtp://ess:canary@mail.example", From: "nobody"},
	} {
		if _, err := NewEmail(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("the password is told: %v", err)
		}
	}
}

// Everything that a mail says is in a golden file, and none of it is personal.
func TestWhatMailsSay(t *testing.T) {
	templates := []string{"contact_code", "watch_alarm", "watch_over", activities.RosterUnreachable}
	for name := range questions {
		templates = append(templates, name)
	}
	slices.Sort(templates)
	var b strings.Builder
	for _, template := range templates {
		for _, l := range []casefile.Language{casefile.Thai, casefile.English} {
			for _, noCall := range []bool{false, true} {
				args := spokenArgs()
				switch {
				case strings.HasPrefix(template, "watch"):
					args = alarmArgs("CASE_UNACKNOWLEDGED", 40)
				case template == "contact_code":
					args.Code = "042137"
				case template == activities.RosterUnreachable:
					args = activities.Args{Roster: &activities.RosterGaps{People: 7, Ladders: 2}}
				default:
					args.NoCall = noCall
				}
				if noCall && args.NoCall != noCall {
					continue
				}
				m, ok := newPage(activities.Outgoing{Args: args, Language: l}, thaiNames).mail(template)
				if !ok {
					t.Fatalf("%s is not for mail", template)
				}
				fmt.Fprintf(&b, "== %s, %s%s\nSubject: %s\n\n%s\n", template, l, map[bool]string{true: ", no call"}[noCall], m.subject, strings.ReplaceAll(m.body, "\r\n", "\n"))
			}
		}
	}
	for _, personal := range []string{"16.8", "100.2", "99999999", "PPS", "ล่วงละเมิด", "sexual", "วิกฤต", "CRITICAL"} {
		if strings.Contains(b.String(), personal) {
			t.Errorf("a mail says %q", personal)
		}
	}
	golden(t, "email", b.String())
}
