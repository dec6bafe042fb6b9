package lineemu

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	mrand "math/rand/v2"
	"regexp"
	"sync"
	"time"
)

// Patterns of LINE's identifiers.
var (
	userIDPattern = regexp.MustCompile(`^U[0-9a-f]{32}$`)
	groupPattern  = regexp.MustCompile(`^[CR][0-9a-f]{32}$`)
	menuIDPattern = regexp.MustCompile(`^richmenu-[0-9a-f]{32}$`)
	aliasPattern  = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)
	uuidPattern   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// ids draws every identifier from one seed.
type ids struct {
	mu       sync.Mutex
	src      *mrand.ChaCha8
	messages counter
}

func newIDs(seed uint64, now time.Time) *ids {
	g := &ids{src: mrand.NewChaCha8(seedBytes(seed))}
	g.messages.n.Store(now.UnixMilli() * 100_000)
	return g
}

// seedBytes widens a seed; seed 0 becomes a fresh one.
func seedBytes(seed uint64) (b [32]byte) {
	if seed == 0 {
		_, _ = rand.Read(b[:]) // never fails, as documented
		return b
	}
	binary.LittleEndian.PutUint64(b[:], seed)
	return b
}

func (g *ids) bytes(n int) []byte {
	b := make([]byte, n)
	g.mu.Lock()
	defer g.mu.Unlock()
	_, _ = g.src.Read(b)
	return b
}

// hex returns n hexadecimal digits.
func (g *ids) hex(n int) string { return hex.EncodeToString(g.bytes(n / 2)) }

func (g *ids) uuid() string {
	b := g.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// ulid is a webhookEventId: 48 bits of time and 80 random ones in base 32.
func (g *ids) ulid(at time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())<<16)
	copy(b[6:], g.bytes(10))
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	var out [26]byte
	for i := 25; i >= 0; i-- {
		out[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}
