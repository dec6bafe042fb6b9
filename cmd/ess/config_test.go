package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
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
