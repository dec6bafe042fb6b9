package lineemu

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"testing"
)

// signer is an assertion key of a channel.
type signer struct{ key func() *rsa.PrivateKey }

var registered, foreign = newSigner(), newSigner()

func newSigner() signer {
	return signer{sync.OnceValue(func() *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return k
	})}
}

func (s signer) public() *rsa.PublicKey { return &s.key().PublicKey }

func (s signer) sign(t *testing.T, claims object) string {
	t.Helper()
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString(marshal(v)) }
	head := part(object{"alg": "RS256", "typ": "JWT", "kid": "k1"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(head))
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.key(), crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return head + "." + base64.RawURLEncoding.EncodeToString(sig)
}
