// Package vault holds the keys: it seals personal data at rest, makes blind
// indexes, proves console commands and encodes what goes to Temporal.
//
// It knows no tables and no rules. Who may open what is decided elsewhere.
package vault

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Vault seals with the newest key and opens with any key of its keysets. It may
// be shared. It prints as nothing.
type Vault struct {
	aead tink.AEAD
	prf  *prf.Set
}

// keyFile is the file of a small installation: two Tink keysets in clear,
// guarded by the file's mode alone.
type keyFile struct {
	AEAD json.RawMessage `json:"aead"` // AES-256-GCM; grows by rotation
	PRF  json.RawMessage `json:"prf"`  // HMAC-SHA-256; never rotated, or blind indexes would no longer match
}

// blindBytes is the length of a blind index: 128 bits, so that no two of two
// thousand million values ever meet.
const blindBytes = 16

// ErrKeyMode refuses a key file that others on the machine may read.
var ErrKeyMode = errors.New("the key file must be readable by its owner only (chmod 600)")

// Open opens the keys that a URI names: "file:/path/of/the/keyset.json".
func Open(uri string) (*Vault, error) {
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok || rest == "" {
		return nil, errors.New("the key URI must look like file:/path/of/keyset.json")
	}
	if scheme != "file" {
		return nil, fmt.Errorf("key URI %s: Tink's client for this key service is not built in; only file: is", scheme)
	}
	path := strings.TrimPrefix(rest, "//")
	kept, err := read(path)
	if err != nil {
		return nil, err
	}
	v, err := open(kept)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return v, nil
}

// Generate writes fresh keys to a new file, readable by its owner only. It
// refuses to replace a file: lost keys are lost data.
func Generate(path string) error {
	sealing, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	blinding, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	raw, err := encode(sealing, blinding)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- the operator names the file
	if err != nil {
		return fmt.Errorf("create the key file: %w", err)
	}
	return finish(f, raw)
}

// Rotate adds a new sealing key to the file and makes it the one that seals.
// What older keys sealed stays readable.
func Rotate(path string) error {
	kept, err := read(path)
	if err != nil {
		return err
	}
	sealing, err := handle(kept.AEAD)
	if err != nil {
		return fmt.Errorf("key file %s: %w", path, err)
	}
	blinding, err := handle(kept.PRF)
	if err != nil {
		return fmt.Errorf("key file %s: %w", path, err)
	}
	m := keyset.NewManagerFromHandle(sealing)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("add a key: %w", err)
	}
	if err := m.SetPrimary(id); err != nil {
		return fmt.Errorf("add a key: %w", err)
	}
	if sealing, err = m.Handle(); err != nil {
		return fmt.Errorf("add a key: %w", err)
	}
	raw, err := encode(sealing, blinding)
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(path), ".keyset-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	defer func() { _ = os.Remove(next.Name()) }() // gone already when all went well
	if err := finish(next, raw); err != nil {
		return err
	}
	return os.Rename(next.Name(), path)
}

func finish(f *os.File, raw []byte) error {
	_, err := f.Write(raw)
	return errors.Join(err, f.Sync(), f.Close())
}

func read(path string) (keyFile, error) {
	var kept keyFile
	info, err := os.Stat(path)
	if err != nil {
		return kept, fmt.Errorf("key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return kept, fmt.Errorf("key file %s: %w", path, ErrKeyMode)
	}
	raw, err := os.ReadFile(path) // #nosec G304 -- the operator names the file
	if err != nil {
		return kept, fmt.Errorf("key file: %w", err)
	}
	if json.Unmarshal(raw, &kept) != nil || len(kept.AEAD) == 0 || len(kept.PRF) == 0 {
		return kept, fmt.Errorf("key file %s: not a key file of ESS", path) // never the parser's words: they quote the file
	}
	return kept, nil
}

func open(kept keyFile) (*Vault, error) {
	sealing, err := handle(kept.AEAD)
	if err != nil {
		return nil, err
	}
	blinding, err := handle(kept.PRF)
	if err != nil {
		return nil, err
	}
	v := &Vault{}
	if v.aead, err = aead.New(sealing); err != nil {
		return nil, errors.New("the sealing keys cannot be used")
	}
	if v.prf, err = prf.NewPRFSet(blinding); err != nil {
		return nil, errors.New("the blinding keys cannot be used")
	}
	return v, nil
}

func handle(raw json.RawMessage) (*keyset.Handle, error) {
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, errors.New("not a Tink keyset") // never the parser's words: they quote the key
	}
	return h, nil
}

func encode(sealing, blinding *keyset.Handle) ([]byte, error) {
	var out keyFile
	for _, k := range []struct {
		handle *keyset.Handle
		to     *json.RawMessage
	}{{sealing, &out.AEAD}, {blinding, &out.PRF}} {
		var b bytes.Buffer
		if err := insecurecleartextkeyset.Write(k.handle, keyset.NewJSONWriter(&b)); err != nil {
			return nil, fmt.Errorf("write a keyset: %w", err)
		}
		*k.to = b.Bytes()
	}
	return json.MarshalIndent(out, "", "  ")
}

// Seal encrypts personal data for one place: ad is "table|column|row ID", and
// what is sealed for one row does not open in another.
func (v *Vault) Seal(plain []byte, ad string) ([]byte, error) {
	sealed, err := v.aead.Encrypt(plain, []byte(ad))
	if err != nil {
		return nil, errors.New("seal: the keys do not work")
	}
	return sealed, nil
}

// ErrSealed says that something did not open: another key, another place, or changed bytes.
var ErrSealed = errors.New("sealed data does not open here")

// Open decrypts what Seal made for the same place.
func (v *Vault) Open(sealed []byte, ad string) ([]byte, error) {
	plain, err := v.aead.Decrypt(sealed, []byte(ad))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Blind is the same for the same value and purpose, tells nothing of the value,
// and differs between purposes, so that two tables cannot be matched.
func (v *Vault) Blind(purpose, value string) string {
	return hex.EncodeToString(v.mac(blindBytes, "blind", purpose, value))
}

// Proof seals a console command: only a process with the keys can make it.
func (v *Vault) Proof(parts ...string) string {
	return hex.EncodeToString(v.mac(proofBytes, append([]string{"proof"}, parts...)...))
}

const proofBytes = 32

// CheckProof reports whether a proof was made over exactly these parts.
func (v *Vault) CheckProof(proof string, parts ...string) bool {
	given, err := hex.DecodeString(proof)
	return err == nil && hmac.Equal(given, v.mac(proofBytes, append([]string{"proof"}, parts...)...))
}

// mac is a keyed hash over parts whose borders count: ("a","bc") is not ("ab","c").
func (v *Vault) mac(n uint32, parts ...string) []byte {
	var in []byte
	for _, p := range parts {
		in = binary.BigEndian.AppendUint64(in, uint64(len(p)))
		in = append(in, p...)
	}
	out, err := v.prf.ComputePrimaryPRF(in, n)
	if err != nil {
		panic(err) // HMAC-SHA-256 gives up to 32 bytes for any input
	}
	return out
}

// String keeps keys out of logs and errors.
func (*Vault) String() string { return "vault" }

// GoString keeps keys out of %#v.
func (*Vault) GoString() string { return "vault" }
