package channelemu

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// The wire of SMPP 3.4, written from its specification and not with the library
// that ESS speaks it with, so that a mistake of one is not hidden by the other.

// Commands. An answer has the highest bit set.
const (
	bindReceiver    = 0x1
	bindTransmitter = 0x2
	submitSM        = 0x4
	deliverSM       = 0x5
	unbind          = 0x6
	bindTransceiver = 0x9
	enquireLink     = 0x15
	genericNack     = 0x80000000
	answerBit       = 0x80000000
)

// Statuses.
const (
	statusOK          = 0x0
	statusBadCommand  = 0x3
	statusNotBound    = 0x4
	statusSystemError = 0x8
	statusBadDest     = 0xb
	statusBindFailed  = 0xd
	statusQueueFull   = 0x14
	statusThrottled   = 0x58
)

// Fields beside the text.
const (
	tagMessageID    = 0x1e
	tagMessageState = 0x427
)

type pduHead struct{ Length, Command, Status, Sequence uint32 }

// readPDU reads one PDU.
func readPDU(r io.Reader) (pduHead, []byte, error) {
	var h pduHead
	if err := binary.Read(r, binary.BigEndian, &h); err != nil {
		return h, nil, err
	}
	if h.Length < 16 || h.Length > 64<<10 {
		return h, nil, errors.New("channelemu: not a PDU")
	}
	body := make([]byte, h.Length-16)
	_, err := io.ReadFull(r, body)
	return h, body, err
}

// writePDU is the bytes of one PDU.
func writePDU(command, status, sequence uint32, body []byte) []byte {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.BigEndian, pduHead{uint32(len(body) + 16), command, status, sequence}) // #nosec G115 -- bounded above
	b.Write(body)
	return b.Bytes()
}

// fields reads the fields of a body one after the other; the first that is
// missing spoils the rest.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) octet() byte {
	if len(f.rest) == 0 {
		f.bad = true
		return 0
	}
	b := f.rest[0]
	f.rest = f.rest[1:]
	return b
}

func (f *fields) text() string {
	i := bytes.IndexByte(f.rest, 0)
	if i < 0 {
		f.bad = true
		return ""
	}
	s := string(f.rest[:i])
	f.rest = f.rest[i+1:]
	return s
}

func (f *fields) bytes(n int) []byte {
	if len(f.rest) < n {
		f.bad = true
		return nil
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

// submitted is what a submit_sm asks for.
type submitted struct {
	from, to string
	validity string
	receipt  bool
	coding   byte
	text     string
	concat
}

// concat is the header of a part of a long message; total 0: none.
type concat struct{ ref, total, number byte }

func readSubmit(body []byte) (submitted, error) {
	f := fields{rest: body}
	f.text() // service type
	f.octet()
	f.octet()
	s := submitted{from: f.text()}
	f.octet()
	f.octet()
	s.to = f.text()
	class := f.octet()
	f.octet() // protocol
	f.octet() // priority
	f.text()  // scheduled
	s.validity = f.text()
	s.receipt = f.octet()&1 == 1
	f.octet() // replace
	s.coding = f.octet()
	f.octet() // canned message
	raw := f.bytes(int(f.octet()))
	if f.bad {
		return s, errors.New("channelemu: a submit_sm that ends too soon")
	}
	if class&0x40 != 0 {
		if len(raw) < 6 || raw[0] != 5 || raw[1] != 0 || raw[2] != 3 {
			return s, errors.New("channelemu: a user data header of another kind")
		}
		s.concat = concat{raw[3], raw[4], raw[5]}
		raw = raw[6:]
	}
	if len(raw) > partRoom(s.coding, s.concat) {
		return s, fmt.Errorf("channelemu: %d bytes of text do not fit on the air", len(raw))
	}
	var err error
	s.text, err = decodeText(s.coding, raw)
	return s, err
}

// partRoom is how many bytes of text fit. A message is 140 bytes on the air, which
// are 160 letters of seven bits, each a byte here. The header of a part takes 6
// bytes, or the room of 7 letters.
func partRoom(coding byte, c concat) int {
	switch {
	case coding == 8 && c.total == 0:
		return 140
	case coding == 8:
		return 134
	case c.total == 0:
		return 160
	default:
		return 153
	}
}

// delivery is the body of a deliver_sm.
func delivery(from, to string, class, coding byte, raw []byte, extra ...[]byte) []byte {
	var b bytes.Buffer
	b.WriteByte(0)        // service type
	b.Write([]byte{1, 1}) // international, E.164
	b.WriteString(from + "\x00")
	b.Write([]byte{0, 0})
	b.WriteString(to + "\x00")
	b.Write([]byte{class, 0, 0, 0, 0, 0, 0, coding, 0, byte(len(raw))}) // #nosec G115 -- 160 at most
	b.Write(raw)
	for _, e := range extra {
		b.Write(e)
	}
	return b.Bytes()
}

// field is one of the fields behind the text.
func field(tag uint16, value []byte) []byte {
	return append(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, tag), uint16(len(value))), value...) // #nosec G115 -- short
}

// The GSM 7-bit default alphabet: the place of a letter is its code.
const gsmLetters = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

var (
	gsmTable   = []rune(gsmLetters)
	gsmEscapes = map[rune]byte{'\f': 0x0a, '^': 0x14, '{': 0x28, '}': 0x29, '\\': 0x2f, '[': 0x3c, '~': 0x3d, ']': 0x3e, '|': 0x40, '€': 0x65}
)

func decodeText(coding byte, raw []byte) (string, error) {
	var b strings.Builder
	switch coding {
	case 8:
		if len(raw)%2 != 0 {
			return "", errors.New("channelemu: half a letter of UCS-2")
		}
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(raw[2*i:])
		}
		return string(utf16.Decode(units)), nil
	case 0:
		for i := 0; i < len(raw); i++ {
			if raw[i] >= 0x80 {
				return "", errors.New("channelemu: eight bits in a letter of seven")
			}
			if raw[i] != 0x1b {
				b.WriteRune(gsmTable[raw[i]])
				continue
			}
			if i++; i == len(raw) {
				return "", errors.New("channelemu: an escape at the end")
			}
			for r, code := range gsmEscapes {
				if code == raw[i] {
					b.WriteRune(r)
				}
			}
		}
		return b.String(), nil
	default:
		return "", fmt.Errorf("channelemu: coding %d", coding)
	}
}

// encodeText cuts a text into the parts that a phone sends.
func encodeText(text string) (coding byte, parts [][]byte) {
	var letters [][]byte
	for _, r := range text {
		i := slices.Index(gsmTable, r)
		switch {
		case r == 0x1b, i < 0 && gsmEscapes[r] == 0:
			coding = 8
		case i >= 0:
			letters = append(letters, []byte{byte(i)}) // #nosec G115 -- 128 letters
		default:
			letters = append(letters, []byte{0x1b, gsmEscapes[r]})
		}
	}
	alone, each := 160, 153
	if coding == 8 {
		letters, alone, each = nil, 140, 134
		for _, r := range text {
			var l []byte
			for _, u := range utf16.Encode([]rune{r}) {
				l = binary.BigEndian.AppendUint16(l, u)
			}
			letters = append(letters, l)
		}
	}
	if all := slices.Concat(letters...); len(all) <= alone {
		return coding, [][]byte{all}
	}
	var part []byte
	for _, l := range letters {
		if len(part)+len(l) > each {
			parts, part = append(parts, part), nil
		}
		part = append(part, l...)
	}
	return coding, append(parts, part)
}
