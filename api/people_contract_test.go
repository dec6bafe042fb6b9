package api

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// What openapi.yaml tells of people and forms is what the law's types are.
func TestPeopleAndFormsAreTheLawsTypes(t *testing.T) {
	schemas := document(t).Components.Schemas
	for name, typ := range map[string]reflect.Type{
		"Person": reflect.TypeFor[casefile.Person](), "PersonCase": reflect.TypeFor[casefile.PersonCase](), "PersonMatch": reflect.TypeFor[casefile.PersonMatch](),
		"PersonDuplicate": reflect.TypeFor[casefile.PersonDuplicate](), "Relative": reflect.TypeFor[casefile.Relative](),
		"Household": reflect.TypeFor[casefile.Household](), "HouseholdMember": reflect.TypeFor[casefile.HouseholdMember](),
		"CasePerson": reflect.TypeFor[casefile.CasePerson](), "Form": reflect.TypeFor[casefile.Form](), "FormField": reflect.TypeFor[casefile.FormField](),
		"FormScoring": reflect.TypeFor[casefile.Scoring](), "FormFinding": reflect.TypeFor[casefile.Finding](), "FormAnswers": reflect.TypeFor[casefile.FormAnswers](),
	} {
		listed := slices.Sorted(maps.Keys(schemas[name].Value.Properties))
		if want := jsonNames(typ); !slices.Equal(listed, want) {
			t.Errorf("%s has\n %v, openapi.yaml\n %v", name, want, listed)
		}
	}
	for name, want := range map[string][]string{
		"PersonSex": words(casefile.Sexes), "PartInCase": words(casefile.PartsInCase), "RelationKind": words(casefile.RelationKinds), "Similarity": words(casefile.Similarities),
	} {
		if got := enumOf(schemas[name].Value.Enum); !slices.Equal(got, want) {
			t.Errorf("%s: openapi.yaml has %v, the program %v", name, got, want)
		}
	}
	if got := enumOf(schemas["Rights"].Value.Items.Value.Enum); !slices.Equal(got, words(casefile.Rights)) {
		t.Errorf("rights: openapi.yaml has %v", got)
	}
	if got := enumOf(schemas["FormField"].Value.Properties["type"].Value.Enum); !slices.Equal(got, words(casefile.FieldTypes)) {
		t.Errorf("types of fields: openapi.yaml has %v", got)
	}
}

func enumOf(values []any) []string {
	var out []string
	for _, v := range values {
		out = append(out, v.(string))
	}
	return out
}
