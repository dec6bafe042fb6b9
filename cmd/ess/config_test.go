package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/api"
)

func complete() map[string]string {
	return map[string]string{
		"ESS_DATABASE_URL": "postgres://ess:canary@127.0.0.1/ess", "ESS_KEYSET": "file:/k", "ESS_LINE_SECRETS": "canary-secret",
		"ESS_LINE_CHANNEL_ID": "1", "ESS_SPOOL": "/var/spool/ess", "ESS_OPERATORS": "ann=canary-token-of-thirty-letters",
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	vars := complete()
	delete(vars, "ESS_DATABASE_URL")
	vars["ESS_SPEED"], vars["ESS_LINE_API"], vars["ESS_OPERATORS"], vars["ESS_SPOOL"] = "60", "http://127.0.0.1", "ann=short", "spool"
	_, err := load(vars)
	if err == nil {
		t.Fatal("no mistake was found")
	}
	for _, name := range []string{"ESS_DATABASE_URL", "ESS_SPEED", "ESS_LINE_API", "perators", "ESS_SPOOL"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the report does not name %s: %v", name, err)
		}
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	c, err := load(complete())
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), string(asJSON)} {
		if strings.Contains(printed, "canary") {
			t.Errorf("a secret was printed: %s", printed)
		}
	}
}

func TestOperatorsHaveRolesAndProvinces(t *testing.T) {
	const token = "canary-token-of=thirty/letters"
	var got Operators
	if err := got.UnmarshalText([]byte("ann@msdhs.go.th=" + token + ", bo/VIEWER=" + token + ",cy/OPERATOR+ADMIN/65+50=" + token)); err != nil {
		t.Fatal(err)
	}
	want := Operators{
		"ann@msdhs.go.th": {Token: token, Roles: api.OperatorRoles}, // as before there were roles
		"bo":              {Token: token, Roles: []api.OperatorRole{api.RoleViewer}},
		"cy":              {Token: token, Roles: []api.OperatorRole{api.RoleOperator, api.RoleAdmin}, Provinces: []string{"65", "50"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %#v", got)
	}
	for _, bad := range []string{"ann/=", "ann/KING=", "ann/VIEWER/=", "ann/VIEWER/99=", "ann//65=", "/VIEWER=", "=", "ann=" + token + ",ann/ADMIN="} {
		err := new(Operators).UnmarshalText([]byte(bad + token))
		if err == nil {
			t.Errorf("%q passed", bad)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("a token was printed: %v", err)
		}
	}
}
