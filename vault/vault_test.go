package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/vault"
)

const canary = "ทดสอบ สมมติ +66812345678"

func fresh(t *testing.T) (*vault.Vault, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := vault.Generate(path); err != nil {
		t.Fatal(err)
	}
	return reopen(t, path), path
}

func reopen(t *testing.T, path string) *vault.Vault {
	t.Helper()
	v, err := vault.Open("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSealedDataOpensOnlyWhereItWasSealed(t *testing.T) {
	v, _ := fresh(t)
	sealed, err := v.Seal([]byte(canary), "cases|private_sealed|1")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("6681")) {
		t.Error("the sealed bytes show the text")
	}
	plain, err := v.Open(sealed, "cases|private_sealed|1")
	if err != nil || string(plain) != canary {
		t.Errorf("opened %q, %v", plain, err)
	}
	if _, err := v.Open(sealed, "cases|private_sealed|2"); !errors.Is(err, vault.ErrSealed) {
		t.Errorf("another row opened it: %v", err)
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := v.Open(sealed, "cases|private_sealed|1"); !errors.Is(err, vault.ErrSealed) {
		t.Errorf("changed bytes opened: %v", err)
	}
}

func TestRotationKeepsOldDataAndBlindIndexes(t *testing.T) {
	old, path := fresh(t)
	sealed, err := old.Seal([]byte(canary), "a|b|c")
	if err != nil {
		t.Fatal(err)
	}
	if err := vault.Rotate(path); err != nil {
		t.Fatal(err)
	}
	next := reopen(t, path)
	if plain, err := next.Open(sealed, "a|b|c"); err != nil || string(plain) != canary {
		t.Errorf("after the rotation: %q, %v", plain, err)
	}
	young, err := next.Seal([]byte(canary), "a|b|c")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Open(young, "a|b|c"); err == nil {
		t.Error("the new key does not seal: the old one opens what was sealed after the rotation")
	}
	if old.Blind("reporter", "u") != next.Blind("reporter", "u") {
		t.Error("the rotation changed a blind index")
	}
}

func TestBlindIsStableAndApartPerPurpose(t *testing.T) {
	v, _ := fresh(t)
	one := v.Blind("reporter", "LINE|U1")
	if len(one) != 32 || one != v.Blind("reporter", "LINE|U1") {
		t.Errorf("blind index %q is not 128 stable bits", one)
	}
	if one == v.Blind("member", "LINE|U1") || one == v.Blind("reporter", "LINE|U2") {
		t.Error("another purpose or value has the same blind index")
	}
	other, _ := fresh(t)
	if one == other.Blind("reporter", "LINE|U1") {
		t.Error("other keys give the same blind index")
	}
}

func TestProofHoldsForExactlyItsParts(t *testing.T) {
	v, _ := fresh(t)
	proof := v.Proof("case", "cmd", "CLOSED", "OPERATOR", "op1")
	if !v.CheckProof(proof, "case", "cmd", "CLOSED", "OPERATOR", "op1") {
		t.Error("a true proof is refused")
	}
	for name, parts := range map[string][]string{
		"another actor":  {"case", "cmd", "CLOSED", "OPERATOR", "op2"},
		"a part less":    {"case", "cmd", "CLOSED", "OPERATOR"},
		"a moved border": {"casec", "md", "CLOSED", "OPERATOR", "op1"},
	} {
		if v.CheckProof(proof, parts...) {
			t.Errorf("%s passes", name)
		}
	}
	for _, forged := range []string{"", "zz", proof[:62], proof + "00"} {
		if v.CheckProof(forged, "case", "cmd", "CLOSED", "OPERATOR", "op1") {
			t.Errorf("the forged proof %q passes", forged)
		}
	}
}

func TestKeyFilesAreGuarded(t *testing.T) {
	_, path := fresh(t)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := vault.Generate(path); err == nil {
		t.Error("Generate replaced a key file")
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open("file:" + path); !errors.Is(err, vault.ErrKeyMode) {
		t.Errorf("a key file that others may read: %v", err)
	}
	for _, uri := range []string{"", "keys.json", "file:", "gcp-kms://projects/x", "file:/nowhere/keys.json"} {
		if _, err := vault.Open(uri); err == nil {
			t.Errorf("%q opened", uri)
		}
	}
	if _, err := vault.Open("gcp-kms://projects/x"); !strings.Contains(err.Error(), "gcp-kms") {
		t.Errorf("the error does not name what is missing: %v", err)
	}
}

func TestBrokenKeyFileIsNotQuoted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	for _, content := range []string{`SECRETKEY`, `{"aead":"SECRETKEY","prf":"SECRETKEY"}`, `{"aead":{"key":[{"keyData":"SECRETKEY"}]},"prf":{}}`} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := vault.Open("file:" + path)
		if err == nil || strings.Contains(err.Error(), "SECRETKEY") {
			t.Errorf("error %v", err)
		}
	}
}

func TestVaultPrintsAsNothing(t *testing.T) {
	v, _ := fresh(t)
	if got := fmt.Sprintf("%v %+v %#v %s", v, v, v, v); got != "vault vault vault vault" {
		t.Errorf("it prints %q", got)
	}
}
