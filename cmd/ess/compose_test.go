package main

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/workflows"
)

// The compose file registers the search attributes that the workflows set.
func TestComposeRegistersTheSearchAttributes(t *testing.T) {
	compose := read(t)
	for _, a := range workflows.SearchAttributes() {
		if !strings.Contains(compose, "--name "+a[0]+" --type "+a[1]) {
			t.Errorf("docker-compose.yml does not register %s as %s", a[0], a[1])
		}
	}
}

// The compose file sets nothing that the configuration does not know, and everything that it requires.
func TestComposeSetsWhatTheConfigurationKnows(t *testing.T) {
	set := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^ +(ESS_[A-Z_]+): `).FindAllStringSubmatch(read(t), -1) {
		set[m[1]] = true
	}
	delete(set, "ESS_DB_PASSWORD") // of the database itself
	fields := reflect.TypeFor[Config]()
	for i := range fields.NumField() {
		name, options, _ := strings.Cut(fields.Field(i).Tag.Get("env"), ",")
		if strings.Contains(options, "required") && !set[name] {
			t.Errorf("docker-compose.yml does not set %s", name)
		}
		delete(set, name)
	}
	for name := range set {
		t.Errorf("docker-compose.yml sets %s, which nobody reads", name)
	}
}

// notInCompose are settings that one small server leaves at their defaults, and why.
var notInCompose = map[string]string{
	"ESS_DATABASE_CONNS": "twenty are enough", "ESS_BUILD": "the image carries its version", "ESS_LINE_API": "LINE's own host", "ESS_LINE_DATA": "LINE's own host", "ESS_LINE_LOGIN": "LINE's own host",
	"ESS_WATCHERS": "there is one", "ESS_POLICY": "the built-in numbers", "ESS_AID": "the built-in catalogue", "ESS_BANK": "the proposed columns", "ESS_FORMS": "the built-in forms", "ESS_BOUNDARIES": "the nearest point decides", "ESS_LOG_LEVEL": "info",
	"ESS_SPEED": "real time", "ESS_EPOCH": "real time", "ESS_DEVELOPMENT": "never", "ESS_CODEC_OPEN": "never",
}

// A setting that the compose file leaves out is left out with a reason: whoever
// runs one small server reaches every way to people, and the traces.
func TestComposeLeavesNothingOutByAccident(t *testing.T) {
	compose := read(t)
	fields := reflect.TypeFor[Config]()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("env"), ",")
		set := strings.Contains(compose, "\n    "+name+": ") || strings.Contains(compose, "\n      "+name+": ")
		if _, left := notInCompose[name]; set == left {
			t.Errorf("%s: set in docker-compose.yml %t, left out with a reason %t", name, set, left)
		}
	}
}

func read(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
