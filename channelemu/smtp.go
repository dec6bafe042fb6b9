package channelemu

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
)

// smtpPatience is how long the mail server waits for the next line.
const smtpPatience = 30 * time.Second

// MailUser and MailPassword log in to the mail server, once the line is encrypted.
const (
	MailUser     = "ess"
	MailPassword = "emulated"
)

// SMTPURL is the address of the mail server; empty before Listen.
func (e *Emulator) SMTPURL() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.smtp == "" {
		return ""
	}
	return "smtp://" + e.smtp
}

// MailRoots trusts the certificate of the mail server that Options.MailTLS asks for.
func (e *Emulator) MailRoots() *x509.CertPool {
	pool := x509.NewCertPool()
	if e.mail != nil {
		pool.AddCert(e.mail.Leaf)
	}
	return pool
}

// newCertificate is one for loopback that nobody else trusts.
func newCertificate() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	model := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "channelemu"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, DNSNames: []string{"localhost"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, &model, &model, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(raw)
	return &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}, err
}

func (e *Emulator) serveSMTP(ctx context.Context, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		e.spawn(func() {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(e.ctx, cancel)()
			defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
			(&smtpSession{e: e, ctx: ctx, conn: conn}).serve()
		})
	}
}

// smtpSession is one conversation of the mail server.
type smtpSession struct {
	e     *Emulator
	ctx   context.Context
	conn  net.Conn
	lines *textproto.Reader

	secure, known bool // TLS; logged in
	from          string
	to            []string
}

func (s *smtpSession) say(line string) bool {
	_ = s.conn.SetDeadline(time.Now().Add(smtpPatience))
	_, err := io.WriteString(s.conn, line+"\r\n")
	return err == nil
}

func (s *smtpSession) listen() { s.lines = textproto.NewReader(bufio.NewReader(s.conn)) }

// serve speaks until the other side goes or is sent away.
func (s *smtpSession) serve() {
	defer func() { _ = s.conn.Close() }()
	s.listen()
	fault := s.e.faults.take(ServiceSMTP)
	switch fault {
	case Hang:
		<-s.ctx.Done()
		return
	case Reset:
		return
	case RateLimited:
		s.say("421 4.3.2 too busy, try later")
		return
	}
	for ok := s.say("220 channelemu ESMTP"); ok; {
		line, err := s.lines.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			ok = s.hello()
		case "HELO", "NOOP":
			ok = s.say("250 2.0.0 yes")
		case "STARTTLS":
			ok = s.encrypt()
		case "AUTH":
			ok = s.login(rest)
		case "MAIL":
			s.from, s.to = address(rest), nil
			if s.e.mail != nil && !s.known {
				ok = s.say("530 5.7.0 log in first")
				break
			}
			ok = s.say("250 2.1.0 ok")
		case "RCPT":
			ok = s.recipient(address(rest), fault)
		case "DATA":
			ok = s.data(fault)
		case "RSET":
			s.from, s.to = "", nil
			ok = s.say("250 2.0.0 ok")
		case "QUIT":
			s.say("221 2.0.0 bye")
			return
		default:
			ok = s.say("502 5.5.1 not known")
		}
	}
}

func (s *smtpSession) hello() bool {
	lines := []string{"channelemu", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"}
	switch {
	case s.e.mail != nil && !s.secure:
		lines = append(lines, "STARTTLS")
	case s.secure:
		lines = append(lines, "AUTH PLAIN")
	}
	for i, line := range lines {
		mark := "-"
		if i == len(lines)-1 {
			mark = " "
		}
		if !s.say("250" + mark + line) {
			return false
		}
	}
	return true
}

func (s *smtpSession) encrypt() bool {
	if s.e.mail == nil || s.secure {
		return s.say("502 5.5.1 not known")
	}
	if !s.say("220 2.0.0 go on") {
		return false
	}
	encrypted := tls.Server(s.conn, &tls.Config{Certificates: []tls.Certificate{*s.e.mail}, MinVersion: tls.VersionTLS12})
	if encrypted.HandshakeContext(s.ctx) != nil {
		return false
	}
	s.conn, s.secure = encrypted, true
	s.listen()
	return true
}

func (s *smtpSession) login(rest string) bool {
	how, given, _ := strings.Cut(rest, " ")
	raw, err := base64.StdEncoding.DecodeString(given)
	if !s.secure || !strings.EqualFold(how, "PLAIN") || err != nil {
		return s.say("504 5.5.4 not this way")
	}
	if s.known = string(raw) == "\x00"+MailUser+"\x00"+MailPassword; !s.known {
		return s.say("535 5.7.8 not known")
	}
	return s.say("235 2.7.0 welcome")
}

func (s *smtpSession) recipient(to string, fault FaultKind) bool {
	switch {
	case s.from == "" || to == "":
		return s.say("503 5.5.1 not now")
	case fault == ErrorBefore:
		return s.say("450 4.2.0 try later")
	case fault == QuotaReached:
		return s.say("552 5.2.2 mailbox full")
	case fault == Refused:
		return s.say("550 5.1.1 no such mailbox")
	}
	s.to = append(s.to, to)
	return s.say("250 2.1.5 ok")
}

func (s *smtpSession) data(fault FaultKind) bool {
	if len(s.to) == 0 {
		return s.say("503 5.5.1 not now")
	}
	if !s.say("354 go on, end with a dot") {
		return false
	}
	raw, err := s.lines.ReadDotBytes()
	if err != nil {
		return false
	}
	item, err := letter(raw)
	if err != nil {
		return s.say("554 5.6.0 not a mail")
	}
	item.From = s.from
	if fault != Vanished && fault != NotDelivered {
		for _, to := range s.to {
			mailbox := s.e.Phone(to)
			mailbox.reach(func() { mailbox.add(item) })
		}
	}
	switch fault {
	case HangAfter:
		<-s.ctx.Done()
		return false
	case ResetAfter:
		return false
	case ErrorAfter:
		return s.say("451 4.3.0 try later")
	}
	return s.say("250 2.0.0 taken")
}

// address is what stands between the brackets of MAIL FROM:<…> and RCPT TO:<…>.
func address(rest string) string {
	_, after, ok := strings.Cut(rest, "<")
	if !ok {
		return ""
	}
	inside, _, ok := strings.Cut(after, ">")
	if !ok {
		return ""
	}
	return inside
}

// letter is a mail as somebody reads it.
func letter(raw []byte) (Item, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Item{}, fmt.Errorf("channelemu: read a mail: %w", err)
	}
	var body io.Reader = m.Body
	switch strings.ToLower(m.Header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(m.Body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, m.Body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return Item{}, fmt.Errorf("channelemu: read a mail: %w", err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return Item{}, fmt.Errorf("channelemu: read a mail: %w", err)
	}
	return Item{
		Incoming: true, Channel: Email, ID: strings.Trim(m.Header.Get("Message-ID"), "<>"), Subject: subject,
		Text: strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")),
	}, nil
}
