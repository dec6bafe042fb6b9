package channelemu

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// SMSC is the address of the message centre; empty before Listen.
func (e *Emulator) SMSC() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.smsc
}

// SMPPURL is the message centre as ESS is told of it.
func (e *Emulator) SMPPURL() string {
	return "smpp://" + e.opt.SystemID + "@" + e.SMSC() + "?source=" + e.opt.Sender
}

// SMPPPassword is the password of a bind.
func (e *Emulator) SMPPPassword() string { return e.opt.SMPPPassword }

// BreakLinks ends every SMPP connection at once, as a network does.
func (e *Emulator) BreakLinks() {
	e.mu.Lock()
	binds := slices.Clone(e.binds)
	e.mu.Unlock()
	for _, b := range binds {
		_ = b.conn.Close()
	}
}

// Mute makes the message centre answer nothing at all while its connections stand.
func (e *Emulator) Mute(on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mute = on
}

// Binds says how many SMPP links are bound, to send and to receive.
func (e *Emulator) Binds() (send, receive int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, b := range e.binds {
		if b.sends() {
			send++
		}
		if b.receives() {
			receive++
		}
	}
	return send, receive
}

// receiver is a link that takes what phones send, or nil.
func (e *Emulator) receiver() *bind {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, b := range e.binds {
		if b.receives() {
			return b
		}
	}
	return nil
}

// bind is one SMPP connection.
type bind struct {
	e    *Emulator
	conn net.Conn
	kind uint32 // 0: not bound yet
	gone chan struct{}

	writing sync.Mutex
	mu      sync.Mutex
	next    uint32
	ref     byte
	waits   map[uint32]chan uint32 // sequence → status of the answer
}

func (b *bind) sends() bool    { return b.kind == bindTransmitter || b.kind == bindTransceiver }
func (b *bind) receives() bool { return b.kind == bindReceiver || b.kind == bindTransceiver }

// linkAnswer is how long the message centre waits for an answer.
const linkAnswer = 5 * time.Second

func (e *Emulator) serveSMSC(ctx context.Context, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return // closed
		}
		b := &bind{e: e, conn: conn, gone: make(chan struct{}), waits: map[uint32]chan uint32{}}
		e.spawn(func() {
			select {
			case <-ctx.Done():
			case <-e.ctx.Done():
			case <-b.gone:
			}
			_ = conn.Close()
		})
		e.spawn(b.serve)
	}
}

func (b *bind) serve() {
	defer func() {
		close(b.gone)
		b.e.mu.Lock()
		b.e.binds = slices.DeleteFunc(b.e.binds, func(o *bind) bool { return o == b })
		b.e.mu.Unlock()
	}()
	for {
		h, body, err := readPDU(b.conn)
		if err != nil {
			return
		}
		b.e.mu.Lock()
		mute := b.e.mute
		b.e.mu.Unlock()
		switch {
		case mute:
		case h.Command&answerBit != 0:
			b.mu.Lock()
			answer := b.waits[h.Sequence]
			delete(b.waits, h.Sequence)
			b.mu.Unlock()
			if answer != nil {
				answer <- h.Status
			}
		case h.Command == bindReceiver, h.Command == bindTransmitter, h.Command == bindTransceiver:
			if !b.bind(h, body) {
				return
			}
		case h.Command == enquireLink:
			b.write(enquireLink|answerBit, statusOK, h.Sequence, nil)
		case h.Command == unbind:
			b.write(unbind|answerBit, statusOK, h.Sequence, nil)
			return
		case h.Command == submitSM:
			if !b.submit(h, body) {
				return
			}
		default:
			b.write(genericNack, statusBadCommand, h.Sequence, nil)
		}
	}
}

func (b *bind) write(command, status, sequence uint32, body []byte) {
	b.writing.Lock()
	defer b.writing.Unlock()
	_, _ = b.conn.Write(writePDU(command, status, sequence, body)) // a broken link is seen by the reader
}

// bind reports whether the connection goes on.
func (b *bind) bind(h pduHead, body []byte) bool {
	f := fields{rest: body}
	system, password := f.text(), f.text()
	status := uint32(statusOK)
	switch fault := b.e.faults.take(ServiceBind); {
	case fault == Hang:
		<-b.e.ctx.Done()
		return false
	case fault == Reset:
		return false
	case fault != "", f.bad, system != b.e.opt.SystemID, password != b.e.opt.SMPPPassword, b.kind != 0:
		status = statusBindFailed
	}
	b.write(h.Command|answerBit, status, h.Sequence, []byte("emulator\x00"))
	if status != statusOK {
		return false
	}
	b.e.mu.Lock()
	b.kind = h.Command
	b.e.binds = append(b.e.binds, b)
	b.e.mu.Unlock()
	b.e.spawn(func() { // a message centre tries its links too
		if _, err := b.ask(enquireLink, nil); err != nil {
			_ = b.conn.Close()
		}
	})
	return true
}

// ask sends one PDU and returns the status of its answer.
func (b *bind) ask(command uint32, body []byte) (uint32, error) {
	answer := make(chan uint32, 1)
	b.mu.Lock()
	b.next++
	n := b.next
	b.waits[n] = answer
	b.mu.Unlock()
	b.write(command, statusOK, n, body)
	t := time.NewTimer(linkAnswer)
	defer t.Stop()
	select {
	case status := <-answer:
		return status, nil
	case <-b.gone:
		return 0, errors.New("channelemu: the link broke")
	case <-t.C:
		return 0, errors.New("channelemu: no answer")
	}
}

// submit takes one part of a message and reports whether the connection goes on.
func (b *bind) submit(h pduHead, body []byte) bool {
	answer := func(status uint32, id string) {
		b.write(submitSM|answerBit, status, h.Sequence, append([]byte(id), 0))
	}
	s, err := readSubmit(body)
	switch {
	case !b.sends():
		answer(statusNotBound, "")
		return true
	case err != nil, !numberPattern.MatchString("+" + s.to):
		answer(statusBadDest, "")
		return true
	}
	fault := b.e.faults.take(ServiceSMPP)
	switch fault {
	case RateLimited:
		answer(statusThrottled, "")
		return true
	case QuotaReached:
		answer(statusQueueFull, "")
		return true
	case Refused:
		answer(statusBadDest, "")
		return true
	case ErrorBefore:
		answer(statusSystemError, "")
		return true
	case Hang:
		return true
	case Reset:
		return false
	}
	id := b.e.number("SC")
	switch fault {
	case NotDelivered:
		b.e.receiptFor(s, id, "UNDELIV", 5)
	case Vanished:
	default:
		p := b.e.Phone("+" + s.to)
		p.reach(func() {
			p.part(s, id)
			b.e.receiptFor(s, id, "DELIVRD", 2)
		})
	}
	switch fault {
	case ErrorAfter:
		answer(statusSystemError, "")
	case HangAfter:
	case ResetAfter:
		return false
	default:
		answer(statusOK, id)
	}
	return true
}

// part puts a part of a message on the phone, which shows it once it is whole. A
// part that comes again changes nothing.
func (p *Phone) part(s submitted, id string) {
	i := Item{Incoming: true, Channel: SMS, ID: id, From: s.from, Text: s.text, Parts: 1, Coding: "GSM-7"}
	if s.coding == 8 {
		i.Coding = "UCS-2"
	}
	if s.total > 1 {
		key := fmt.Sprintf("%s/%d/%d", s.from, s.ref, s.total)
		p.mu.Lock()
		if p.parts[key] == nil {
			p.parts[key] = map[byte]string{}
		}
		p.parts[key][s.number] = s.text
		if len(p.parts[key]) < int(s.total) {
			p.mu.Unlock()
			return
		}
		var whole strings.Builder
		for n := byte(1); n <= s.total; n++ {
			whole.WriteString(p.parts[key][n])
		}
		delete(p.parts, key)
		p.mu.Unlock()
		i.Text, i.Parts = whole.String(), int(s.total)
	}
	p.add(i)
}

// receiptFor tells what became of a message, to whoever is bound to hear it.
func (e *Emulator) receiptFor(s submitted, id, state string, code byte) {
	if !s.receipt {
		return
	}
	e.spawn(func() {
		_ = e.persist(func() error {
			b := e.receiver()
			if b == nil {
				return errors.New("channelemu: nobody is bound to hear receipts")
			}
			now := e.opt.Now().Format("0601021504")
			text := fmt.Sprintf("id:%s sub:001 dlvrd:%03d submit date:%s done date:%s stat:%s err:000 text:", id, btoi(state == "DELIVRD"), now, now, state)
			return b.take(delivery(s.to, s.from, 0x04, 0, []byte(text), field(tagMessageID, append([]byte(id), 0)), field(tagMessageState, []byte{code})))
		})
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// deliver hands a message of a phone over, all of its parts at once.
func (b *bind) deliver(from, text string) error {
	coding, parts := encodeText(text)
	b.mu.Lock()
	b.ref++
	ref := b.ref
	b.mu.Unlock()
	answers := make(chan error, len(parts))
	for i, raw := range parts {
		class := byte(0)
		if len(parts) > 1 {
			class = 0x40
			raw = append([]byte{5, 0, 3, ref, byte(len(parts)), byte(i + 1)}, raw...) // #nosec G115 -- a few parts
		}
		go func() {
			answers <- b.take(delivery(strings.TrimPrefix(from, "+"), b.e.opt.Sender, class, coding, raw))
		}()
	}
	var errs []error
	for range parts {
		errs = append(errs, <-answers)
	}
	return errors.Join(errs...)
}

// take sends one deliver_sm and reports whether it was taken.
func (b *bind) take(body []byte) error {
	status, err := b.ask(deliverSM, body)
	if err == nil && status != statusOK {
		err = fmt.Errorf("channelemu: deliver_sm answered with %x", status)
	}
	return err
}
