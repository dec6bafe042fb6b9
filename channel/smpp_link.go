package channel

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// link is one connection to an SMSC. gosmpp writes and reads the PDUs; its own
// sessions are not used, because one that breaks in the moment of its rebind is
// never bound again, and because deliver_sm must be answered after what it says
// is kept.
type link struct {
	cfg     SMPPConfig
	conn    net.Conn
	deliver func(*link, *pdu.DeliverSM)
	slots   chan struct{} // the window
	hands   chan struct{} // how many deliveries are taken at a time
	done    chan struct{} // closed with the connection
	once    sync.Once

	writing sync.Mutex
	mu      sync.Mutex
	next    int32
	waits   map[int32]chan pdu.PDU
}

var errLink = errors.New("smpp: no link")

const (
	mostPDU   = 64 << 10
	mostHands = 32
)

func newLink(conn net.Conn, cfg SMPPConfig, deliver func(*link, *pdu.DeliverSM)) *link {
	l := &link{
		cfg: cfg, conn: conn, deliver: deliver, slots: make(chan struct{}, cfg.Window), hands: make(chan struct{}, mostHands),
		done: make(chan struct{}), waits: map[int32]chan pdu.PDU{},
	}
	go l.read()
	return l
}

func (l *link) alive() bool {
	select {
	case <-l.done:
		return false
	default:
		return true
	}
}

func (l *link) close() {
	l.once.Do(func() {
		close(l.done)
		_ = l.conn.Close()
	})
}

// settle lets no more deliveries begin, and waits until those that have begun are answered.
func (l *link) settle(most time.Duration) {
	t := time.NewTimer(most)
	defer t.Stop()
	for range cap(l.hands) {
		select {
		case l.hands <- struct{}{}:
		case <-l.done:
			return
		case <-t.C:
			return
		}
	}
}

// unbind takes leave, without waiting for the answer.
func (l *link) unbind() {
	if l.alive() {
		p := pdu.NewUnbind()
		p.SetSequenceNumber(l.number())
		_ = l.write(p)
	}
	l.close()
}

func (l *link) number() int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next++; l.next <= 0 {
		l.next = 1
	}
	return l.next
}

// request sends one PDU and waits for its answer. An error means that nobody
// knows what became of it.
func (l *link) request(ctx context.Context, p pdu.PDU) (pdu.PDU, error) {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
	defer cancel()
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.done:
		return nil, errLink
	}
	n, answer := l.number(), make(chan pdu.PDU, 1)
	p.SetSequenceNumber(n)
	l.mu.Lock()
	l.waits[n] = answer
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.waits, n)
		l.mu.Unlock()
	}()
	if err := l.write(p); err != nil {
		return nil, err
	}
	select {
	case a := <-answer:
		return a, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.done:
	}
	select {
	case a := <-answer: // it was the last thing that came
		return a, nil
	default:
		return nil, errLink
	}
}

func (l *link) write(p pdu.PDU) error {
	buf := pdu.NewBuffer(nil)
	p.Marshal(buf)
	l.writing.Lock()
	defer l.writing.Unlock()
	_ = l.conn.SetWriteDeadline(time.Now().Add(l.cfg.Timeout))
	if _, err := l.conn.Write(buf.Bytes()); err != nil { // half a PDU spoils all that follow
		l.close()
		return errLink
	}
	return nil
}

// keep tries an idle link until it breaks: a dead one must not be found out by the next alarm.
func (l *link) keep() {
	tick := time.NewTicker(l.cfg.Link)
	defer tick.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-tick.C:
			if _, err := l.request(context.Background(), pdu.NewEnquireLink()); err != nil {
				l.close()
				return
			}
		}
	}
}

// read takes PDUs until the connection ends. One that cannot be understood is
// answered as such and harms no other.
func (l *link) read() {
	defer l.close()
	for {
		raw, err := frame(l.conn)
		if err != nil {
			return
		}
		p, err := parse(raw)
		switch {
		case err != nil && raw[4]&0x80 != 0:
			continue // an answer: the question waits in vain and is asked again
		case err != nil:
			l.nack(int32(binary.BigEndian.Uint32(raw[12:]))) // #nosec G115 -- a number is sent back as it came
			continue
		}
		switch t := p.(type) {
		case *pdu.EnquireLink:
			_ = l.write(t.GetResponse())
		case *pdu.Unbind:
			_ = l.write(t.GetResponse())
			return
		case *pdu.DeliverSM:
			if l.deliver == nil {
				l.nack(t.SequenceNumber)
				continue
			}
			select {
			case l.hands <- struct{}{}:
			case <-l.done:
				return
			}
			go func() {
				defer func() { <-l.hands }()
				l.deliver(l, t)
			}()
		default: // an answer
			l.mu.Lock()
			answer := l.waits[p.GetSequenceNumber()]
			delete(l.waits, p.GetSequenceNumber()) // one answer to one question
			l.mu.Unlock()
			if answer != nil {
				answer <- p
			}
		}
	}
}

// understood are the commands that an SMSC may send us. The library reads more,
// but of some that nobody sends it cannot read every byte.
var understood = []data.CommandIDType{
	data.BIND_TRANSMITTER_RESP, data.BIND_RECEIVER_RESP, data.SUBMIT_SM_RESP, data.ENQUIRE_LINK_RESP, data.UNBIND_RESP, data.GENERIC_NACK,
	data.DELIVER_SM, data.ENQUIRE_LINK, data.UNBIND,
}

var errPDU = errors.New("smpp: a PDU that is not understood")

// parse reads one PDU from its frame.
func parse(raw []byte) (p pdu.PDU, err error) {
	defer func() {
		if recover() != nil { // of the library: nothing that comes by a network may end this process
			err = errPDU
		}
	}()
	if !slices.Contains(understood, data.CommandIDType(binary.BigEndian.Uint32(raw[4:]))) { // #nosec G115 -- 32 bits either way
		return nil, errPDU
	}
	if raw[4]&0x80 != 0 && binary.BigEndian.Uint32(raw[8:]) != 0 { // what stands behind a refusal differs between SMSCs, and nobody needs it
		raw = append([]byte{0, 0, 0, 16}, raw[4:16]...)
	}
	return pdu.Parse(bytes.NewReader(raw))
}

func (l *link) nack(sequence int32) {
	p := pdu.NewGenericNack().(*pdu.GenericNack)
	p.CommandStatus = data.ESME_RINVCMDID
	p.SetSequenceNumber(sequence)
	_ = l.write(p)
}

// frame reads the bytes of one PDU, whatever they mean.
func frame(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n < 16 || n > mostPDU {
		return nil, errors.New("smpp: not a PDU")
	}
	raw := make([]byte, n)
	copy(raw, length[:])
	_, err := io.ReadFull(r, raw[4:])
	return raw, err
}
