package channel

import (
	"context"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

const (
	rebindMost   = 30 * time.Second // between two tries to bind
	partsWait    = 2 * time.Second  // for the rest of a message, once a part is here
	takeWait     = 10 * time.Second // for one message to be kept
	receiptsType = 0x3c             // bits of esm_class that tell a message from a receipt
)

// Receive binds as receiver and hands over what phones send and what became of
// our messages, until ctx ends; it binds again whenever the link breaks. The SMSC
// hears that something was taken only after the function that takes it has returned.
func (s *SMPP) Receive(ctx context.Context, to Hears) error {
	e := &ear{to: to, ctx: context.WithoutCancel(ctx), groups: map[string]*group{}, hex: s.hex}
	wait := bindWait
	for ctx.Err() == nil {
		since := time.Now()
		l, err := s.bind(ctx, pdu.Receiver, e.take)
		if err == nil {
			s.cfg.Log.InfoContext(ctx, "smpp receiver bound")
			select {
			case <-l.done:
			case <-ctx.Done():
				l.settle(takeWait)
				l.unbind()
			}
			if time.Since(since) > rebindMost { // one that lasted; else it is bound in vain, again and again
				wait = bindWait
			}
		} else if ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "smpp receiver not bound", "error", err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		wait = min(2*wait, rebindMost)
	}
	return ctx.Err()
}

// ear takes what an SMSC hands over.
type ear struct {
	to  Hears
	ctx context.Context // is not cancelled: what is being taken when we go is taken to its end
	hex bool

	mu     sync.Mutex
	groups map[string]*group
}

// group is a long message of which some parts are here. No part is answered
// before all that is here is kept, so that a part is never lost with this process.
type group struct {
	parts map[byte]string
	total byte
	in    Incoming
	done  chan struct{}
	err   error
}

// take handles one deliver_sm and answers it.
func (e *ear) take(l *link, p *pdu.DeliverSM) {
	answer := p.GetResponse().(*pdu.DeliverSMResp)
	if err := e.hear(p); err != nil {
		answer.CommandStatus = data.ESME_RX_T_APPN // the SMSC keeps it and tries again
	}
	_ = l.write(answer)
}

func (e *ear) hear(p *pdu.DeliverSM) error {
	ctx, cancel := context.WithTimeout(e.ctx, takeWait)
	defer cancel()
	if p.EsmClass&receiptsType == data.SM_SMSC_DLV_RCPT_TYPE {
		r, ok := receipt(p, e.hex)
		if !ok {
			return nil
		}
		return e.to.Receipt(ctx, r)
	}
	from := sender(p.SourceAddr.Address())
	in := Incoming{ID: "smpp:" + uuid.NewString(), From: from, Text: body(p)} // SMPP names no message, and tells no time
	total, number, ref := concatenated(p)
	if total < 2 || number < 1 || number > total {
		return e.to.Message(ctx, in)
	}
	return e.join(ctx, fmt.Sprintf("%s/%s/%d/%d", from, p.DestAddr.Address(), ref, total), total, number, in)
}

// join waits until the message of a part is whole, or has waited long enough,
// and returns once it is kept.
func (e *ear) join(ctx context.Context, key string, total, number byte, in Incoming) error {
	e.mu.Lock()
	g, ok := e.groups[key]
	if !ok {
		g = &group{parts: map[byte]string{}, total: total, in: in, done: make(chan struct{})}
		e.groups[key] = g
		time.AfterFunc(partsWait, func() { e.flush(key, g) })
	}
	g.parts[number] = in.Text
	whole := len(g.parts) == int(total)
	e.mu.Unlock()
	if whole {
		e.flush(key, g)
	}
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flush hands over what is there of a message, once.
func (e *ear) flush(key string, g *group) {
	e.mu.Lock()
	if e.groups[key] != g {
		e.mu.Unlock()
		return
	}
	delete(e.groups, key)
	var text strings.Builder
	for n := byte(1); n <= g.total && n > 0; n++ {
		text.WriteString(g.parts[n])
	}
	e.mu.Unlock()
	ctx, cancel := context.WithTimeout(e.ctx, takeWait)
	defer cancel()
	g.in.Text = text.String()
	g.err = e.to.Message(ctx, g.in)
	close(g.done)
}

// body is what was written; of a coding that nobody reads, nothing.
func body(p *pdu.DeliverSM) string {
	m := p.Message
	if raw, _ := m.GetMessageData(); len(raw) == 0 {
		if payload, ok := p.OptionalParameters[pdu.TagMessagePayload]; ok {
			_ = m.SetMessageDataWithEncoding(payload.Data, m.Encoding())
		}
	}
	text, err := m.GetMessage()
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(text, "")
}

// concatenated says of how many parts a message is, which this one is, and what
// they have in common, as the header of the text or the fields beside it say.
func concatenated(p *pdu.DeliverSM) (total, number byte, ref int) {
	udh := p.Message.UDH()
	if ie, ok := udh.FindInfoElement(data.UDH_CONCAT_MSG_8_BIT_REF); ok && len(ie.Data) == 3 {
		return ie.Data[1], ie.Data[2], int(ie.Data[0])
	}
	if ie, ok := udh.FindInfoElement(data.UDH_CONCAT_MSG_16_BIT_REF); ok && len(ie.Data) == 4 {
		return ie.Data[2], ie.Data[3], int(binary.BigEndian.Uint16(ie.Data))
	}
	field := func(t pdu.Tag, n int) []byte {
		if f, ok := p.OptionalParameters[t]; ok && len(f.Data) == n {
			return f.Data
		}
		return make([]byte, n)
	}
	return field(pdu.TagSarTotalSegments, 1)[0], field(pdu.TagSarSegmentSeqnum, 1)[0], int(binary.BigEndian.Uint16(field(pdu.TagSarMsgRefNum, 2)))
}

var (
	receiptID    = regexp.MustCompile(`(?i)\bid:\s*([!-~]+)`)
	receiptState = regexp.MustCompile(`(?i)\bstat:\s*([a-z]+)`)
)

// receipt reads what became of a message: its own fields where the SMSC sends
// them, else the text that all of them write.
func receipt(p *pdu.DeliverSM, hex bool) (Receipt, bool) {
	r, text, state := Receipt{}, body(p), ""
	if m := receiptID.FindStringSubmatch(text); m != nil {
		r.ID = messageID(m[1], hex, 10)
	}
	if m := receiptState.FindStringSubmatch(text); m != nil {
		state = strings.ToUpper(m[1])
	}
	if f, ok := p.OptionalParameters[pdu.TagReceiptedMessageID]; ok {
		r.ID = messageID(f.String(), hex, 16)
	}
	if f, ok := p.OptionalParameters[pdu.TagMessageStateOption]; ok && len(f.Data) == 1 {
		state = map[byte]string{
			data.SM_STATE_DELIVERED: "DELIVRD", data.SM_STATE_EXPIRED: "EXPIRED", data.SM_STATE_DELETED: "DELETED",
			data.SM_STATE_UNDELIVERABLE: "UNDELIV", data.SM_STATE_REJECTED: "REJECTD",
		}[f.Data[0]]
	}
	r.Delivered = state == "DELIVRD"
	switch state {
	case "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "REJECTD":
		return r, requestID(r.ID) != ""
	default:
		return r, false // still on its way
	}
}

// messageID brings the names that such an SMSC has for one message, hexadecimal
// and decimal, into one form. What is no number of that base stays as it is.
func messageID(id string, hex bool, base int) string {
	n, err := strconv.ParseUint(id, base, 64)
	if !hex || err != nil {
		return id
	}
	return strconv.FormatUint(n, 10)
}
