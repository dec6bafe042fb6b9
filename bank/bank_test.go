package bank

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/ess-thailand/ess/casefile"
)

var today = time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)

func reference(n byte) string {
	return casefile.PaymentReference([10]byte{n, 1, 2, 3, 4, 5, 6, 7, 8, 9})
}

func TestTheFileOfOrdersIsTheSameEachTimeAndReadsBack(t *testing.T) {
	orders := []Order{
		{reference(1), 300000, casefile.AidAccount{Bank: "006", Number: "0123456789", Name: "มะลิ, ดีงาม"}},
		{reference(2), 105, casefile.AidAccount{Bank: "014", Number: "1234567890", Name: "บัว"}},
	}
	first, err := Default().Write(orders, today)
	if err != nil {
		t.Fatal(err)
	}
	second, _ := Default().Write(orders, today)
	if !bytes.Equal(first, second) || !bytes.HasPrefix(first, []byte("\xef\xbb\xbf")) {
		t.Error("the same orders gave another file, or one without a byte-order mark")
	}
	rows, err := csv.NewReader(bytes.NewReader(first[3:])).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%v, %v", rows, err)
	}
	if want := []string{"1", reference(1), "006", "0123456789", "มะลิ, ดีงาม", "3000.00", "20/05/2026"}; !slices.Equal(rows[1], want) {
		t.Errorf("the first order is %v", rows[1])
	}
	if rows[2][5] != "1.05" {
		t.Errorf("105 satang are %s", rows[2][5])
	}
}

func TestAnswersAreReadAsBanksWriteThem(t *testing.T) {
	text := strings.Join([]string{
		"ลำดับ,หมายเลขอ้างอิง,ชื่อ,จำนวนเงิน,วันที่โอน,สถานะ,รหัสเหตุผล",
		"1," + reference(1) + `,มะลิ,"3,000.00",29/02/2567,สำเร็จ,`,
		"2," + strings.ToLower(reference(2)) + `,บัว,๓๐๐๐.๕,2026-05-20,ไม่สำเร็จ,02`,
		"", "3," + reference(3) + `,แก้ว,3000,20260519,REJECT,77`,
	}, "\r\n")
	tis, err := charmap.Windows874.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for how, raw := range map[string]string{"UTF-8": text, "a byte-order mark": "\ufeff" + text, "TIS-620": tis} {
		lines, faults, err := Default().Read([]byte(raw), today)
		if err != nil || len(faults) > 0 || len(lines) != 3 {
			t.Fatalf("%s: %v, %v, %v", how, lines, faults, err)
		}
		if l := lines[0]; l.N != 2 || !l.Paid || l.Satang != 300000 || l.At.Format("2006-01-02") != "2024-02-29" {
			t.Errorf("%s: the first is %+v", how, l)
		}
		if l := lines[1]; l.Reference != reference(2) || l.Paid || l.Satang != 300050 || l.Reason != "ACCOUNT_CLOSED" {
			t.Errorf("%s: the second is %+v", how, l)
		}
		if l := lines[2]; l.N != 5 || l.Reason != "BANK_REFUSED" {
			t.Errorf("%s: the third is %+v", how, l)
		}
	}
}

// Every bad line is told by its number, in both languages, and none is quoted; the good ones are read.
func TestBadLinesAreToldByNumberAndStopNothing(t *testing.T) {
	wrong := reference(1)[:11] + "0"
	if _, ok := casefile.ParsePaymentReference(wrong); ok {
		wrong = reference(1)[:11] + "1"
	}
	raw := strings.Join([]string{
		"reference,amount,result,date,name", reference(1) + ",3000,S,20/05/2026,ok", wrong + ",3000,S,20/05/2026,canary",
		reference(2) + ",30 00,S,20/05/2026,canary", reference(2) + `,"3,00",S,20/05/2026,canary`, reference(2) + ",-1,S,20/05/2026,canary",
		reference(2) + ",3000,MAYBE,20/05/2026,canary", reference(2) + ",3000,S,31/04/2026,canary", reference(2) + ",3000,S,22/05/2026,canary",
		reference(2) + ",3000", reference(2) + `,3000,S,20/05/2026,"can"ary`, reference(3) + ",1.5,F,19/05/2026,ok",
	}, "\n")
	lines, faults, err := Default().Read([]byte(raw), today)
	if err != nil || len(lines) != 2 || lines[1].Satang != 150 {
		t.Fatalf("%+v, %v", lines, err)
	}
	var numbers []int
	for _, f := range faults {
		numbers = append(numbers, f.N)
		if f.Th == "" || f.En == "" || strings.Contains(f.Th+f.En, "canary") || strings.Contains(f.Th+f.En, reference(2)) {
			t.Errorf("line %d: %q, %q", f.N, f.Th, f.En)
		}
	}
	if !slices.Equal(numbers, []int{3, 4, 5, 6, 7, 8, 9, 10, 11}) {
		t.Errorf("bad lines: %v", numbers)
	}
	for what, raw := range map[string]string{"nothing": "", "no header": reference(1) + ",1,S,20/05/2026", "neither code": "\xff\xfe\x01", "too long": "reference,amount,result,date\n" + strings.Repeat("x,1,S,1\n", mostLines+1)} {
		if _, _, err := Default().Read([]byte(raw), today); err == nil {
			t.Errorf("a file with %s was read", what)
		}
	}
}

func TestAnAccountThatNoBankTakesIsNotPayable(t *testing.T) {
	good := casefile.AidAccount{Bank: "006", Number: "0123456789", Name: "มะลิ"}
	if !Payable(good) {
		t.Error("a good account is refused")
	}
	for what, change := range map[string]func(*casefile.AidAccount){
		"cash": func(a *casefile.AidAccount) { a.Cash = true }, "bank": func(a *casefile.AidAccount) { a.Bank = "6" },
		"short": func(a *casefile.AidAccount) { a.Number = "123" }, "letters": func(a *casefile.AidAccount) { a.Number = "012345678x" },
		"nobody": func(a *casefile.AidAccount) { a.Name = " " }, "formula": func(a *casefile.AidAccount) { a.Name = "=1+1" },
		"line": func(a *casefile.AidAccount) { a.Name = "a\nb" },
	} {
		a := good
		change(&a)
		if Payable(a) {
			t.Errorf("%s: payable", what)
		}
	}
}

func TestABrokenFormatIsRefused(t *testing.T) {
	whole := string(formatYAML)
	for what, change := range map[string][2]string{
		"no reference column": {"value: reference", "value: number"}, "unknown value": {"value: baht", "value: dollars"}, "paid and failed": {"failed: [failed,", "failed: [paid,"},
		"unknown reason": {"ACCOUNT_CLOSED:", "NO_MONEY:"}, "one header twice": {"amount: [amount,", "amount: [status,"}, "unknown field": {"name: bulk", "nmae: bulk"},
		"a date without year": {`dates: ["02/01/2006"`, `dates: ["02/01"`}, "one code twice": {`["05",`, `["01",`},
	} {
		if strings.Count(whole, change[0]) != 1 {
			t.Fatalf("%s: the document has changed", what)
		}
		if _, err := ParseFormat([]byte(strings.Replace(whole, change[0], change[1], 1))); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

// Whatever a file holds, it is read or refused, no line both ways, and no line is taken that cannot be an answer.
func FuzzRead(f *testing.F) {
	f.Add([]byte("\ufeffreference,amount,result,date,code\n" + reference(1) + `,"3,000.00",S,29/02/2567,` + "\n"))
	f.Add([]byte("reference,amount,result,date\n\"" + reference(1) + ",1,S,20/05/2026\n"))
	f.Add([]byte("reference,amount,result,date\r\n" + reference(2) + ",๑.๕,F,๒๐/๐๕/๒๕๖๙\r\n,,,\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		lines, faults, err := Default().Read(raw, today)
		if err != nil && (lines != nil || faults != nil) {
			t.Fatal("refused and read")
		}
		seen := map[int]bool{}
		for _, l := range lines {
			if ref, ok := casefile.ParsePaymentReference(l.Reference); !ok || ref != l.Reference {
				t.Fatal("no reference")
			}
			if l.Satang < 0 || l.N < 2 || seen[l.N] || l.At.After(today) || l.At.Year() < 2001 || l.Paid == slices.Contains(casefile.AidReasons[casefile.AidItemFailed], l.Reason) {
				t.Fatalf("%+v", l)
			}
			seen[l.N] = true
		}
		for _, x := range faults {
			if seen[x.N] || x.Th == "" || x.En == "" {
				t.Fatalf("line %d is read and refused", x.N)
			}
		}
	})
}
