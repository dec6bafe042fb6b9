package phone

import "testing"

func TestE164(t *testing.T) {
	tests := map[string]string{
		"0812345678": "+66812345678", "081-234-5678": "+66812345678", "๐๘๑ ๒๓๔ ๕๖๗๘": "+66812345678", " +66 (0)81 234 5678 ": "+66812345678",
		"66812345678": "+66812345678", "0066812345678": "+66812345678", "021234567": "+6621234567", "055123456": "+6655123456",
		"+14155550123": "+14155550123", "+85620 5555 5555": "+8562055555555",
		"191": "", "1300": "", "08123456789": "", "081234567": "", "0112345678": "", "+66": "", "": "", "ESS": "",
		"โทร 0812345678": "", "0812345678 0898765432": "", "1-800-FLOWERS": "", "+999123456789": "", "tel:0812345678": "",
	}
	for text, want := range tests {
		if got, ok := E164(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzE164(f *testing.F) {
	f.Add("081-234-5678")
	f.Add("๐๘๑๒๓๔๕๖๗๘")
	f.Add("+66 (0)81 234 5678")
	f.Fuzz(func(t *testing.T, text string) {
		number, ok := E164(text)
		if again, still := E164(number); ok && (again != number || !still) {
			t.Errorf("%q is %q, which is %q", text, number, again)
		}
		if !ok && number != "" {
			t.Errorf("%q is no number, and %q", text, number)
		}
	})
}
