package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/ess-thailand/ess/"

// mayImport is who may know whom. A package that is not named here may import
// nothing of ours; cmd/ess, smoke and bench may import everything.
var mayImport = map[string][]string{
	"casefile":   {},
	"dispatch":   {"casefile"},
	"policy":     {"casefile"},
	"activities": {"casefile", "dispatch", "policy", "phone", "fault"},
	"workflows":  {"casefile", "policy", "activities"},
	"worker":     {"casefile", "activities", "workflows"},
	"watch":      {"casefile", "policy", "fault"},
	"paper":      {"casefile"},
	"bank":       {"casefile"},
	"postgres":   {"paper", "bank", "casefile", "dispatch", "policy", "activities", "picture", "phone", "postgres/internal/db", "fault"},
	"line":       {"casefile", "policy", "activities", "phone"},
	"channel":    {"casefile", "policy", "activities", "phone"},
	"phone":      {},
	"api":        {"paper", "bank", "casefile", "policy", "dispatch", "activities", "line", "channel", "phone"},
	"vault":      {},
	"lineemu":    {},
	"channelemu": {},
	"migrations": {},
	"picture":    {},
	"fault":      {},

	"postgres/internal/db": {},
	"postgres/pgserver":    {}, "postgres/pgtest": {"postgres/pgserver"},
	"postgres/pgserver/withpg": {"postgres/pgserver"},
}

// onlyIn says where a driver may appear.
var onlyIn = map[string][]string{
	"github.com/uber/h3-go/v4":          {"dispatch"},
	"github.com/jackc/pgx/v5":           {"postgres", "migrations", "watch", "cmd/ess", "smoke", "bench"},
	"github.com/line/line-bot-sdk-go":   {"line", "lineemu"},
	"github.com/gin-gonic/gin":          {"api"},
	"github.com/tink-crypto/tink-go/v2": {"vault"},
	"go.opentelemetry.io/":              {"cmd/ess", "smoke"},
	"github.com/linxGnu/gosmpp":         {"channel"},
	"github.com/wneessen/go-mail":       {"channel"},
	"github.com/nyaruka/phonenumbers":   {"phone"},
	"github.com/golang-jwt/jwt/v5":      {"line"},
	"github.com/go-text/typesetting":    {"paper"},
}

func TestImportRule(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "../../...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages++
		name := strings.TrimPrefix(p.ImportPath, module)
		everything := strings.HasPrefix(name, "cmd/ess") || strings.HasPrefix(name, "smoke") || name == "bench"
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module); ok && !everything && !slices.Contains(mayImport[name], ours) {
				t.Errorf("%s must not import %s", name, ours)
			}
			for driver, homes := range onlyIn {
				home := slices.ContainsFunc(homes, func(h string) bool { return name == h || strings.HasPrefix(name, h+"/") })
				if strings.HasPrefix(imported, driver) && !home {
					t.Errorf("%s must not import %s", name, driver)
				}
			}
		}
	}
	if packages < len(mayImport)/2 {
		t.Fatalf("only %d packages were looked at", packages)
	}
}

// The second watcher must work while Temporal is gone: nothing of it is in
// there, not even through what it imports.
func TestTheWatcherKnowsNothingOfTemporal(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "../../watch").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"policy") {
		t.Fatalf("the list of dependencies is not what it should be: %d packages", len(deps))
	}
	for _, d := range deps {
		if strings.HasPrefix(d, "go.temporal.io/") || strings.Contains(d, "google.golang.org/grpc") {
			t.Errorf("watch depends on %s", d)
		}
	}
}
