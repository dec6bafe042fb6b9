package main

import (
	"encoding/json"
	"fmt"
	"maps"
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

// channels are the ways beside LINE, all of them but the second way of SMS.
func channels() map[string]string {
	vars := complete()
	maps.Copy(vars, map[string]string{
		"ESS_SMS_GATEWAY": "/etc/ess/sms.yaml", "ESS_SMS_SECRET": "canary-of-sms", "ESS_VOICE_GATEWAY": "/etc/ess/voice.yaml", "ESS_VOICE_SECRET": "canary-of-voice",
		"ESS_SMTP_URL": "smtp://ess:canary@mail.example:587", "ESS_MAIL_FROM": "ess@example.go.th", "ESS_MORNING_TO": "desk@example.go.th",
		"ESS_CHANNEL_SECRETS": "canary-secret-of-30-characters,canary-of-the-next-30-characters",
	})
	return vars
}

func TestWaysBesideLINEAreOptionalAndWholeOrRefused(t *testing.T) {
	if _, err := load(complete()); err != nil {
		t.Fatalf("LINE only: %v", err)
	}
	if c, err := load(channels()); err != nil || len(c.ChannelSecrets) != 2 {
		t.Fatalf("all ways: %v", err)
	}
	byOperator := channels()
	delete(byOperator, "ESS_SMS_GATEWAY")
	maps.Copy(byOperator, map[string]string{"ESS_SMPP_URL": "smpps://ess@smsc.example:3550", "ESS_SMPP_PASSWORD": "canary"})
	if _, err := load(byOperator); err != nil {
		t.Fatalf("SMS by SMPP: %v", err)
	}
	for _, wrong := range []struct{ name, value, named string }{
		{"ESS_SMPP_URL", "smpp://ess@smsc.example:2775", "ESS_SMPP_URL"}, // two ways of SMS
		{"ESS_SMPP_URL", "smpp://ess:canary@smsc.example:2775", "ESS_SMPP_PASSWORD"},
		{"ESS_SMPP_URL", "smpp://ess@smsc.example:2775", "ESS_SMPP_PASSWORD"},
		{"ESS_SMPP_URL", "smpp://smsc.example:2775", "ESS_SMPP_URL"},
		{"ESS_SMPP_URL", "smpp://ess@:2775", "ESS_SMPP_URL"},
		{"ESS_SMPP_URL", "https://ess@smsc.example:2775", "ESS_SMPP_URL"},
		{"ESS_SMTP_URL", "canary.example:25", "ESS_SMTP_URL"},
		{"ESS_SMTP_URL", "smtp://ess:canary@mail.example:25x", "ESS_SMTP_URL"},
		{"ESS_MAIL_FROM", "", "ESS_MAIL_FROM"},
		{"ESS_MAIL_FROM", "nobody", "ESS_MAIL_FROM"},
		{"ESS_MORNING_TO", "desk", "ESS_MORNING_TO"},
		{"ESS_SMTP_URL", "", "ESS_MORNING_TO"},
		{"ESS_CHANNEL_SECRETS", "", "ESS_CHANNEL_SECRETS"},
		{"ESS_CHANNEL_SECRETS", "canary-secret-of-30-characters,canary", "ESS_CHANNEL_SECRETS"},
	} {
		vars := channels()
		vars[wrong.name] = wrong.value
		_, err := load(vars)
		if err == nil || !strings.Contains(err.Error(), wrong.named) {
			t.Errorf("%s=%s: %v", wrong.name, wrong.value, err)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: a secret was printed: %v", wrong.name, err)
		}
	}
}

// docker compose sets what its .env leaves out to nothing.
func TestAnEmptySettingIsAsGoodAsNone(t *testing.T) {
	vars := complete()
	for name := range channels() {
		if _, needed := vars[name]; !needed {
			vars[name] = ""
		}
	}
	vars["ESS_SMPP_URL"], vars["ESS_SMPP_PASSWORD"], vars["ESS_OTLP_ENDPOINT"], vars["ESS_TRACE_RATIO"] = "", "", "", ""
	c, err := load(vars)
	if err != nil {
		t.Fatal(err)
	}
	if c.TraceRatio != 0.1 || len(c.ChannelSecrets) != 0 {
		t.Errorf("read %v and %d secrets", c.TraceRatio, len(c.ChannelSecrets))
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
	c, err := load(channels())
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
	if err := got.UnmarshalText([]byte("ann@msdhs.go.th=" + token + ", bo/VIEWER=" + token + ",cy/OPERATOR+ADMIN/65+50=" + token + ",di/OPERATOR/65/station/m-1=" + token + ",ed/OPERATOR///m-2=" + token)); err != nil {
		t.Fatal(err)
	}
	want := Operators{
		"ann@msdhs.go.th": {Token: token, Roles: api.OperatorRoles}, // as before there were roles
		"bo":              {Token: token, Roles: []api.OperatorRole{api.RoleViewer}},
		"cy":              {Token: token, Roles: []api.OperatorRole{api.RoleOperator, api.RoleAdmin}, Provinces: []string{"65", "50"}},
		"di":              {Token: token, Roles: []api.OperatorRole{api.RoleOperator}, Provinces: []string{"65"}, Unit: "station", Member: "m-1"},
		"ed":              {Token: token, Roles: []api.OperatorRole{api.RoleOperator}, Member: "m-2"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %#v", got)
	}
	for _, bad := range []string{"ann/=", "ann/KING=", "ann/VIEWER/=", "ann/VIEWER/99=", "ann/VIEWER/65/=", "ann/VIEWER/65/st/=", "ann//65=", "/VIEWER=", "=", "ann=" + token + ",ann/ADMIN="} {
		err := new(Operators).UnmarshalText([]byte(bad + token))
		if err == nil {
			t.Errorf("%q passed", bad)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("a token was printed: %v", err)
		}
	}
}
