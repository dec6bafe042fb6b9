package channel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// EmailConfig is what an Email is made of.
type EmailConfig struct {
	URL           string // smtp://user:password@host:port asks for STARTTLS, smtps:// begins with TLS
	From          string // the mailbox that we send from
	AllowLoopback bool   // a server on loopback may do without TLS; never in production
	RootCAs       *x509.CertPool
	Timeout       time.Duration // connecting, and saying one mail; default 5 s each
	Names         func(code string, lang casefile.Language) string
	Log           *slog.Logger // default slog.Default()
}

// Email sends mail by SMTP. It is safe for concurrent use, keeps no connection
// and never sends a mail twice by itself.
type Email struct {
	cfg     EmailConfig
	host    string
	domain  string // of From: the right side of every Message-ID
	options []gomail.Option
}

var _ activities.Messenger = (*Email)(nil)

// NewEmail checks the configuration. No error tells the URL: it holds a password.
func NewEmail(cfg EmailConfig) (*Email, error) {
	cfg.Timeout = or(cfg.Timeout, 5*time.Second)
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("channel: the mail server is not smtp://host:port or smtps://host:port")
	}
	from, err := netmail.ParseAddress(cfg.From)
	if err != nil {
		return nil, errors.New("channel: the sender of mail is not an address")
	}
	e := &Email{cfg: cfg, host: u.Hostname()}
	_, e.domain, _ = strings.Cut(from.Address, "@")
	port := or(u.Port(), map[string]string{"smtp": "587", "smtps": "465"}[u.Scheme])
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, errors.New("channel: the port of the mail server is not a number")
	}
	e.options = []gomail.Option{
		gomail.WithPort(n), gomail.WithTimeout(cfg.Timeout), gomail.WithHELO(e.domain), gomail.WithoutNoop(), gomail.WithoutRset(),
		gomail.WithTLSConfig(&tls.Config{ServerName: e.host, RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12}),
	}
	switch {
	case u.Scheme == "smtps":
		e.options = append(e.options, gomail.WithSSL())
	case cfg.AllowLoopback && onLoopback(e.host):
		e.options = append(e.options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		e.options = append(e.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if password, has := u.User.Password(); has {
		e.options = append(e.options, gomail.WithUsername(u.User.Username()), gomail.WithPassword(password), gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover))
	}
	_, err = gomail.NewClient(e.host, e.options...)
	if err != nil {
		return nil, errors.New("channel: the mail server cannot be used as it is given")
	}
	return e, nil
}

func onLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send sends one mail, if the message is one for mail. Its Message-ID is made of
// the key, so that a mailbox that gets it twice can tell.
func (e *Email) Send(ctx context.Context, m activities.Outgoing) (activities.Sent, error) {
	words, ok := newPage(m, e.cfg.Names).mail(m.Template)
	if !ok {
		return activities.Sent{Outcome: activities.OutcomeNoContact}, nil
	}
	id := providerKey(m.Key) + "@" + e.domain
	letter, ok := e.letter(m.To, id, words)
	if !ok || m.Key == "" {
		e.cfg.Log.ErrorContext(ctx, "mail without recipient or key", "template", m.Template)
		return activities.Sent{Outcome: activities.OutcomeRefused}, nil
	}
	client, err := gomail.NewClient(e.host, e.options...) // of its own: nothing of one mail can get into another
	if err != nil {
		return activities.Sent{}, fmt.Errorf("channel: prepare mail %s", m.Template)
	}
	err = client.DialAndSendWithContext(ctx, letter)
	if err == nil || letter.IsDelivered() { // what fails after the server has taken it is only its good-bye
		return activities.Sent{Request: id, Outcome: activities.OutcomeAccepted}, nil
	}
	return e.refused(ctx, m.Template, id, err)
}

// letter writes the mail; a recipient that is more than an address is none.
func (e *Email) letter(to, id string, words mail) (*gomail.Msg, bool) {
	address, err := netmail.ParseAddress(to)
	if err != nil || address.Address != to {
		return nil, false
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if msg.From(e.cfg.From) != nil || msg.To(to) != nil {
		return nil, false
	}
	msg.SetMessageIDWithValue(id)
	msg.SetDate()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // nobody's absence note comes back
	msg.Subject(words.subject)
	msg.SetBodyString(gomail.TypeTextPlain, words.body)
	return msg, true
}

// Codes of what a mail server said beside its own numbers.
const (
	reasonNoTLS       = "no_tls"
	reasonCertificate = "certificate"
)

// refused turns a failure into what the caller's retry policy understands. The
// text of a failure names the recipient: only its code goes on.
func (e *Email) refused(ctx context.Context, template, id string, err error) (activities.Sent, error) {
	code, reason := replyCode(err), reasonNoAnswer
	var certificate *tls.CertificateVerificationError
	switch {
	case code != 0:
		reason = "smtp_" + strconv.Itoa(code)
	case errors.As(err, &certificate):
		reason = reasonCertificate
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		reason = reasonNoTLS
	}
	if code/100 != 5 && reason != reasonCertificate && reason != reasonNoTLS {
		return activities.Sent{}, &activities.TransientError{Reason: reason}
	}
	if code == 550 || code == 551 || code == 553 {
		e.cfg.Log.WarnContext(ctx, "the mail server knows no such mailbox", "template", template, "reason", reason)
	} else {
		e.cfg.Log.ErrorContext(ctx, "the mail server refused a mail", "template", template, "reason", reason)
	}
	return activities.Sent{Request: id, Outcome: activities.OutcomeRefused}, nil
}

// replyCode is the number with which the server refused, or 0.
func replyCode(err error) int {
	var sending *gomail.SendError
	if errors.As(err, &sending) {
		return sending.ErrorCode()
	}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}
