package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// The catalogue has every row of the domain reference, §8, with its amounts, and each says where they are from.
func TestTheCatalogueIsThatOfTheReference(t *testing.T) {
	p := Default()
	for code, want := range map[string]string{
		"EMERGENCY": "0–3,000 FAMILY", "LOW_INCOME": "0–3,000 FAMILY", "POOR_CHILD": "1,000–3,000 FAMILY", "FOSTER": "2,000–4,000 MONTH", "FOSTER_GOODS": "500–1,000 FAMILY",
		"CHILD_FUND": "0–0 PERSON", "DISABLED": "0–3,000 FAMILY", "ELDERLY_HARDSHIP": "0–3,000 FAMILY", "ELDERLY_CARE": "0–3,000 PERSON", "WOMEN_TRAINED": "0–3,000 FAMILY",
		"HOME_ELDERLY": "0–40,000 HOUSE", "HOME_DISABLED": "0–40,000 HOUSE", "HOME_REPAIR": "20,000–40,000 HOUSE", "TEMP_HOUSING": "0–18,000 FAMILY",
		"LOAN_DISABLED": "0–60,000 PERSON", "LOAN_ELDERLY": "0–30,000 PERSON", "RELIEF_BAG": "0–1,000 FAMILY", "IN_KIND": "0–0 FAMILY",
	} {
		k, ok := p.AidKind(code, aDay)
		if got := k.Min.Baht() + "–" + k.Max.Baht() + " " + string(k.Unit); !ok || got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
		if !k.Verify || k.Source == "" || k.Owner == "" || k.Th == "" || k.En == "" {
			t.Errorf("%s may be paid by an amount that nobody confirmed: %+v", code, k)
		}
	}
	if kinds := p.AidKinds(aDay); len(kinds) != 18 || slices.ContainsFunc(kinds, func(k AidGrantKind) bool { return k.Code == "EEF_CCT" }) {
		t.Errorf("%d rows", len(kinds))
	}
	if n := len(p.AidRows(aDay)); n != 20 {
		t.Errorf("%d rows to confirm: the catalogue and two legal clocks", n)
	}
}

func TestMistakesInTheCatalogueNameTheirLine(t *testing.T) {
	raw := string(aidYAML)
	const emergency = "  - code: EMERGENCY\n"
	for _, tt := range []struct{ name, old, new, want string }{
		{"an unknown key", "    owner: สป.พม./1300\n", "    boss: สป.พม./1300\n", `unknown key "boss"`},
		{"an amount in words", "    max: 18000\n", "    max: a lot\n", "not an amount in baht"},
		{"an amount below nothing", "    max: 18000\n", "    max: -18000\n", "not an amount in baht"},
		{"three decimals", "    max: 18000\n", "    max: 18000.005\n", "not an amount in baht"},
		{"more than anybody has", "    max: 18000\n", "    max: 99999999\n", "not an amount in baht"},
		{"min above max", "    min: 20000\n", "    min: 50000\n", "min is above max"},
		{"a unit that is none", "    unit: MONTH\n", "    unit: YEAR\n", `unknown unit "YEAR"`},
		{"no source", "    source: 2563 T37862\n", "    source: \"\"\n", "source is missing"},
		{"no day", "    valid_from: 2019-10-01\n", "    valid_to: 2019-10-01\n", "valid_from is missing"},
		{"ends before it begins", "    valid_from: 2019-10-01\n", "    valid_from: 2019-10-01\n    valid_to: 2019-09-30\n", "ends before it begins"},
		{"two rows for one day", emergency, "  - {code: EMERGENCY, th: ก, en: a, owner: x, unit: FAMILY, valid_from: 2026-01-01, source: x, rules: [HARDSHIP], limits: [EMERGENCY_AT_A_TIME]}\n" + emergency, "on the same day"},
		{"a row for everybody", "    rules: [DISASTER_PAPER]\n", "    rules: []\n", "a row needs a rule"},
		{"a rule that is not there", "    rules: [DISASTER_PAPER]\n", "    rules: [LUCK]\n", `no rule "LUCK"`},
		{"a limit that is not there", "    limits: [BAG_AT_A_TIME]\n", "    limits: [LUCK]\n", `no limit "LUCK"`},
		{"a limit that its row does not name", "    limits: [BAG_AT_A_TIME]\n", "", "does not name this limit"},
		{"a legal clock's code", emergency, "  - code: APPEAL_UNTIL\n", "no legal clock's"},
		{"a test that is none", "test: HAS_CHILD", "test: HAS_CAT", `unknown test "HAS_CAT"`},
		{"a test without its number", "test: HAS_CHILD\n    age: 18", "test: HAS_CHILD", "needs age"},
		{"a number that it does not need", "test: HAS_CHILD\n    age: 18", "test: HAS_CHILD\n    age: 18\n    days: 3", "days: the test HAS_CHILD"},
		{"an age that nobody has", "test: HAS_CHILD\n    age: 18", "test: HAS_CHILD\n    age: 180", "age of 1 to 120"},
		{"a tenure that is none", "tenures: [OWN]", "tenures: [CASTLE]", `unknown tenure "CASTLE"`},
		{"a tenure in both lists", "tenures: [OWN]", "tenures: [RENT]", "both lists"},
		{"a problem that is none", "problems: [FAMILY_VIOLENCE,", "problems: [RAIN,", `unknown problem "RAIN"`},
		{"a kind that is none", "kinds: [HOME_ELDERLY, HOME_DISABLED, HOME_REPAIR]", "kinds: [PALACE]", `no row "PALACE"`},
		{"a placeholder that nothing fills", "younger than {age}", "younger than {amount}", "nothing fills {amount}"},
		{"words in one language", "    en: Who is helped is disabled\n", "", "in th and in en"},
		{"a rule of the program's", "  FUND_PAPER:", "  AMOUNT_MOST:", "of its own"},
		{"a rule that nobody asks for", "limits:\n  EMERGENCY_AT", "  SPARE: {th: ก, en: a, test: ON_PAPER, source: x}\nlimits:\n  EMERGENCY_AT", "no row asks"},
		{"a limit of nothing", "    codes: [RELIEF_BAG]\n    amount: 1000\n", "    codes: [RELIEF_BAG]\n", "limits nothing"},
		{"a period that is none", "    codes: [RELIEF_BAG]\n    amount: 1000\n    per: OCCASION", "    codes: [RELIEF_BAG]\n    amount: 1000\n    per: MOON", `unknown period "MOON"`},
		{"days without days", "    codes: [RELIEF_BAG]\n    amount: 1000\n    per: OCCASION", "    codes: [RELIEF_BAG]\n    amount: 1000\n    per: DAYS", "DAYS needs"},
		{"times on an occasion", "    times: 3\n    per: BUDGET_YEAR", "    times: 3\n    per: OCCASION", "an occasion is one request"},
		{"nobody approves the rest", "  - tiers:\n", "  - kinds: [EMERGENCY]\n    tiers:\n", "somebody must approve everything"},
		{"two chains for one", "  - kinds: [RELIEF_BAG]\n", "  - kinds: [RELIEF_BAG, LOAN_ELDERLY]\n", "another chain"},
		{"a province that is none", "  - kinds: [RELIEF_BAG]\n", "  - kinds: [RELIEF_BAG]\n    province: \"99\"\n", `no province "99"`},
		{"a first tier too high", "      - {above: 0, needed: 1, rights: [OPERATOR, SUPERVISOR]}", "      - {above: 1, needed: 1, rights: [OPERATOR, SUPERVISOR]}", "the first tier is above 0"},
		{"fewer eyes above", "      - {above: 5000, needed: 2, rights: [SUPERVISOR]}", "      - {above: 5000, needed: 0, rights: [SUPERVISOR]}", "needs no fewer"},
		{"a crowd", "      - {above: 5000, needed: 2, rights: [SUPERVISOR]}", "      - {above: 5000, needed: 9, rights: [SUPERVISOR]}", "want 1 to 5"},
		{"a right that approves nothing", "      - {above: 5000, needed: 2, rights: [SUPERVISOR]}", "      - {above: 5000, needed: 2, rights: [VIEWER]}", "those who may approve"},
		{"no version", "version: \"1\"\n", "version: \"\"\n", "version is missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if strings.Count(raw, tt.old) < 1 {
				t.Fatalf("the catalogue does not say %q", tt.old)
			}
			_, err := ParseAid("x.yaml", []byte(strings.Replace(raw, tt.old, tt.new, 1)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "x.yaml:") {
					t.Errorf("without its place: %s", line)
				}
			}
		})
	}
	if _, err := ParseAid("x.yaml", nil); err == nil || !strings.Contains(err.Error(), "x.yaml:1: the document is empty") {
		t.Errorf("%v", err)
	}
}

// A row that ends and the one that follows it hold on days of their own.
func TestADatedRowFollowsAnother(t *testing.T) {
	const next = `  - code: RELIEF_BAG
    th: ถุงยังชีพ
    en: Relief bag
    owner: ศบปภ.
    goods: true
    max: 1200
    unit: FAMILY
    valid_from: 2026-10-01
    source: a letter
    rules: [HARDSHIP]
    limits: [BAG_AT_A_TIME]
  - code: IN_KIND
`
	text := strings.Replace(string(aidYAML), "  - code: IN_KIND\n", next, 1)
	text = strings.Replace(text, "    valid_from: 2024-10-01\n", "    valid_from: 2024-10-01\n    valid_to: 2026-09-30\n", 1)
	a, err := ParseAid("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p := Default().WithAid(a)
	for at, want := range map[string]Satang{"2026-09-30 23:59": 100000, "2026-10-01 00:00": 120000} {
		if k, ok := p.AidKind("RELIEF_BAG", inBangkok(t, at)); !ok || k.Max != want {
			t.Errorf("%s: %d", at, k.Max)
		}
	}
	if w := p.AidWords(casefile.AidFinding{Kind: casefile.FoundOverLimit, Code: "RELIEF_BAG", Rule: "AMOUNT_MOST"}); !strings.Contains(w.En, "At most 1,200 baht for each family") {
		t.Errorf("%+v", w)
	}
}

func TestTheHouseholdLogbookHasFiveDimensions(t *testing.T) {
	forms := DefaultForms()
	i := slices.IndexFunc(forms, func(f casefile.Form) bool { return f.Code == "household_logbook" })
	if i < 0 {
		t.Fatal("there is none")
	}
	seen := map[casefile.Dimension]int{}
	for _, x := range forms[i].Fields {
		if x.Type != casefile.FieldScale || x.Min == nil || *x.Min != 1 || *x.Max != 4 || len(x.Steps) != 4 {
			t.Errorf("%s is no scale from 1 to 4 with words", x.Code)
		}
		if seen[x.Dimension]++; (seen[x.Dimension] == 1) != x.Required {
			t.Errorf("%s: the first question of a dimension must be answered, and no other", x.Code)
		}
	}
	if fmt.Sprint(len(seen)) != "5" {
		t.Errorf("dimensions: %v", seen)
	}
}
