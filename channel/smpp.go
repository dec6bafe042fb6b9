package channel

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// SMPPConfig is what an SMPP is made of.
type SMPPConfig struct {
	// URL is smpp://system_id@host:port, or smpps:// over TLS. ?source= is the number or
	// name that messages come from (default: what the SMSC has for the account), ?type= the system type.
	// ?ids=hex is for an SMSC that names a message in hexadecimal when it takes it, and in decimal in the text of its receipt.
	URL      string
	Password string
	Timeout  time.Duration // one answer of the SMSC; default 5 s
	Link     time.Duration // how often an idle link is tried; default 30 s
	Window   int           // messages that wait for their answer at a time; default 10
	Validity time.Duration // how long the SMSC tries to reach a phone; default 1 h: a later question is answered by nobody
	// Names gives the name of a province, district or unit code, or "" if it knows none; nil knows none.
	Names func(code string, lang casefile.Language) string
	Log   *slog.Logger // default slog.Default()
}

// SMPP says messages through an SMSC, and hears what phones send to it. It is
// safe for concurrent use. It binds at the first message and again whenever the
// link has broken.
//
// SMPP knows no idempotency key. What was accepted in this process is not said
// again; after a lost answer, or in another process, a part may be said twice.
type SMPP struct {
	cfg    SMPPConfig
	addr   string
	tls    bool
	system string // system ID
	kind   string // system type
	hex    bool   // message IDs are hexadecimal, but in the text of a receipt
	source pdu.Address
	writer writer
	halves halves

	lock     chan struct{} // guards what follows; a channel, so that waiting for it can be given up
	link     *link
	failedAt time.Time
	closed   bool
}

var _ activities.Messenger = (*SMPP)(nil)

// bindWait is how long a failed bind speaks for the messages that come after it.
const bindWait = time.Second

// NewSMPP checks the configuration and returns an SMPP.
func NewSMPP(cfg SMPPConfig) (*SMPP, error) {
	cfg.Timeout = or(cfg.Timeout, 5*time.Second)
	cfg.Link = or(cfg.Link, 30*time.Second)
	cfg.Window = or(cfg.Window, 10)
	cfg.Validity = or(cfg.Validity, time.Hour)
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smpp" && u.Scheme != "smpps" {
		return nil, errors.New("smpp: the URL is not smpp://system_id@host:port")
	}
	if _, has := u.User.Password(); has || u.User.Username() == "" {
		return nil, errors.New("smpp: the URL has a system ID and no password")
	}
	s := &SMPP{
		cfg: cfg, tls: u.Scheme == "smpps", system: u.User.Username(), kind: u.Query().Get("type"),
		writer: writer{names: cfg.Names, log: cfg.Log}, halves: halves{all: map[string]*half{}}, lock: make(chan struct{}, 1),
	}
	port := "2775"
	if s.tls {
		port = "3550"
	}
	s.addr = net.JoinHostPort(u.Hostname(), or(u.Port(), port))
	if s.source, err = sourceAddress(u.Query().Get("source")); err != nil {
		return nil, err
	}
	switch u.Query().Get("ids") {
	case "":
	case "hex":
		s.hex = true
	default:
		return nil, errors.New("smpp: ids is hex, or not there")
	}
	if len(s.system) > 15 || len(s.kind) > 12 {
		return nil, errors.New("smpp: a system ID has at most 15 letters, a system type 12")
	}
	return s, nil
}

// sourceAddress says what sort of sender a text is: a full number, a short one, or a name.
func sourceAddress(s string) (pdu.Address, error) {
	ton, npi := data.GSM_TON_ALPHANUMERIC, data.GSM_NPI_UNKNOWN
	digits := strings.Trim(s, "0123456789") == ""
	switch {
	case strings.HasPrefix(s, "+"):
		s, ton, npi = s[1:], data.GSM_TON_INTERNATIONAL, data.GSM_NPI_E164
	case s == "", digits:
		ton = data.GSM_TON_UNKNOWN
	case len(s) > 11:
		return pdu.Address{}, errors.New("smpp: a source that is a name has at most 11 letters")
	}
	a, err := pdu.NewAddressWithTonNpiAddr(ton, npi, s)
	if err != nil {
		return a, errors.New("smpp: the source is too long")
	}
	return a, nil
}

// Close ends the link of the sender.
func (s *SMPP) Close() {
	s.lock <- struct{}{}
	defer func() { <-s.lock }()
	s.closed = true
	if s.link != nil {
		s.link.unbind()
	}
}

// bound returns the link of the sender, bound.
func (s *SMPP) bound(ctx context.Context) (*link, error) {
	select {
	case s.lock <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.lock }()
	switch {
	case s.closed:
		return nil, errors.New("smpp: closed")
	case s.link != nil && s.link.alive():
		return s.link, nil
	case time.Since(s.failedAt) < bindWait:
		return nil, errLink
	}
	l, err := s.bind(ctx, pdu.Transmitter, nil)
	if err != nil {
		s.failedAt = time.Now()
		s.cfg.Log.WarnContext(ctx, "smpp not bound", "error", err)
		return nil, err
	}
	s.link = l
	return l, nil
}

// Send writes and says one message, in parts where it is long.
func (s *SMPP) Send(ctx context.Context, m activities.Outgoing) (activities.Sent, error) {
	text, outcome := s.writer.write(ctx, m)
	if outcome != "" {
		return activities.Sent{Outcome: outcome}, nil
	}
	parts, ucs2 := segments(text)
	h := s.halves.of(m.Key)
	h.mu.Lock() // two tries of one message are never under way together
	defer h.mu.Unlock()
	for len(h.ids) < len(parts) {
		l, err := s.bound(ctx)
		if err != nil {
			return activities.Sent{}, &activities.TransientError{After: bindWait, Reason: reasonNoAnswer}
		}
		p, err := s.submit(m.To, parts, len(h.ids), ucs2, h.ref)
		if err != nil {
			s.cfg.Log.ErrorContext(ctx, "message not fit to send", "template", m.Template, "error", err)
			return activities.Sent{Outcome: activities.OutcomeRefused}, nil
		}
		answer, err := l.request(ctx, p)
		if err != nil {
			return activities.Sent{}, &activities.TransientError{Reason: reasonNoAnswer}
		}
		if status := answer.GetHeader().CommandStatus; status != data.ESME_ROK {
			return s.refused(ctx, m.Template, status)
		}
		id := ""
		if r, ok := answer.(*pdu.SubmitSMResp); ok {
			id = requestID(messageID(r.MessageID, s.hex, 16))
		}
		h.ids = append(h.ids, id)
	}
	return activities.Sent{Request: h.ids[0], Outcome: activities.OutcomeAccepted}, nil
}

// submit is one part of a message. A receipt is asked for the first part, which
// says what matters, and by whose name the message is known.
func (s *SMPP) submit(to string, parts []string, i int, ucs2 bool, ref byte) (*pdu.SubmitSM, error) {
	p := pdu.NewSubmitSM().(*pdu.SubmitSM)
	p.SourceAddr = s.source
	var err error
	if p.DestAddr, err = pdu.NewAddressWithTonNpiAddr(data.GSM_TON_INTERNATIONAL, data.GSM_NPI_E164, to[1:]); err != nil {
		return nil, errors.New("number too long")
	}
	p.ValidityPeriod = validity(s.cfg.Validity)
	if i == 0 {
		p.RegisteredDelivery = 1
	}
	enc := data.GSM7BIT
	if ucs2 {
		enc = data.UCS2
	}
	raw, err := enc.Encode(parts[i])
	if err != nil {
		return nil, errors.New("text outside its alphabet")
	}
	if err := p.Message.SetMessageDataWithEncoding(raw, enc); err != nil {
		return nil, errors.New("part too long")
	}
	if len(parts) > 1 {
		p.EsmClass = data.SM_UDH_GSM
		p.Message.SetUDH(pdu.UDH{pdu.NewIEConcatMessage(byte(len(parts)), byte(i+1), ref)}) // #nosec G115 -- a few parts
	}
	return p, nil
}

// validity writes a span as SMPP does: years, months, days, hours, minutes, seconds, and R for relative.
func validity(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("0000%02d%02d%02d%02d000R", s/86400%100, s/3600%24, s/60%60, s%60)
}

// refused turns the status of an answer into what the caller's retry policy understands.
func (s *SMPP) refused(ctx context.Context, template string, status data.CommandStatusType) (activities.Sent, error) {
	reason := "smpp_" + strconv.FormatInt(int64(status), 16)
	switch status {
	case data.ESME_RTHROTTLED, data.ESME_RMSGQFUL:
		return activities.Sent{}, &activities.TransientError{After: time.Second, Reason: reasonRate}
	case data.ESME_RSYSERR, data.ESME_RSUBMITFAIL, data.ESME_RX_T_APPN, data.ESME_RINVBNDSTS:
		return activities.Sent{}, &activities.TransientError{Reason: reason}
	}
	s.cfg.Log.WarnContext(ctx, "smsc refused a message", "template", template, "reason", reason)
	return activities.Sent{Outcome: activities.OutcomeRefused}, nil
}

// halves remembers which parts of which messages the SMSC has accepted, so that
// another try goes on where the last one broke off and the phone sees one message.
type halves struct {
	mu   sync.Mutex
	ref  byte
	all  map[string]*half
	next time.Time // when the old ones are forgotten
}

type half struct {
	mu  sync.Mutex
	ref byte // what the parts of one message have in common
	ids []string
	at  time.Time
}

const halfLife = 15 * time.Minute // longer than anybody tries

func (h *halves) of(key string) *half {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if now.After(h.next) {
		for k, old := range h.all {
			if now.Sub(old.at) > halfLife {
				delete(h.all, k)
			}
		}
		h.next = now.Add(time.Minute)
	}
	m, ok := h.all[key]
	if !ok {
		h.ref++
		m = &half{ref: h.ref}
		h.all[key] = m
	}
	m.at = now
	return m
}

// bind dials and binds a link; deliver takes what the SMSC hands over on it.
func (s *SMPP) bind(ctx context.Context, as pdu.BindingType, deliver func(*link, *pdu.DeliverSM)) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	conn, err := s.dial(ctx)
	if err != nil {
		return nil, err
	}
	l := newLink(conn, s.cfg, deliver)
	req := pdu.NewBindRequest(as)
	req.SystemID, req.Password, req.SystemType = s.system, s.cfg.Password, s.kind
	answer, err := l.request(ctx, req)
	if err != nil {
		l.close()
		return nil, err
	}
	if status := answer.GetHeader().CommandStatus; status != data.ESME_ROK {
		l.close()
		return nil, fmt.Errorf("smpp: bind refused with %x", int64(status))
	}
	go l.keep() // #nosec G118 -- the link outlives the message that it was bound for
	return l, nil
}

func (s *SMPP) dial(ctx context.Context) (net.Conn, error) {
	if s.tls {
		return (&tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12}}).DialContext(ctx, "tcp", s.addr)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", s.addr)
}
