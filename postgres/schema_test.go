package postgres_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/migrations"
	"github.com/ess-thailand/ess/paper"
	"github.com/ess-thailand/ess/postgres"
)

// constants lists the string constants of every type of a package, by type name.
func constants(t *testing.T, dir string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.CONST {
				continue
			}
			for _, s := range decl.Specs {
				spec := s.(*ast.ValueSpec)
				typ, ok := spec.Type.(*ast.Ident)
				if !ok || len(spec.Values) != 1 {
					continue
				}
				if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
					value, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					out[typ.Name] = append(out[typ.Name], value)
				}
			}
		}
	}
	return out
}

func TestTheClosedSetsAreTheSameInSQLAndGo(t *testing.T) {
	law, deeds, memory, watcher := constants(t, "../casefile"), constants(t, "../activities"), constants(t, "."), constants(t, "../watch")
	want := map[string][]string{
		"cases_state_known": law["State"], "cases_type_known": append([]string{""}, law["IncidentType"]...), "cases_severity_known": law["Severity"],
		"cases_channel_known": texts(casefile.Channels), "cases_desk_reason_known": law["DeskReason"],
		"care_risk_known": append([]string{""}, law["Risk"]...), "care_plan_known": law["PlanState"],
		"obligations_kind_known": law["ObligationKind"], "obligations_state_known": law["ObligationState"],
		"case_events_kind_known": law["Kind"], "case_events_actor_known": law["ActorKind"],
		"inbox_door_known": law["Door"], "inbox_word_known": law["Word"],
		"threads_channel_known": texts(casefile.Channels), "threads_language_known": law["Language"],
		"members_group_known": law["Group"], "members_class_known": law["Class"], "members_state_known": law["MemberState"],
		"members_role_known": append([]string{""}, law["Role"]...), "members_level_known": append([]string{""}, law["Level"]...),
		"members_language_known": law["Language"],
		"units_level_known":      law["Level"], "units_state_known": law["UnitState"],
		"choices_role_known": law["Role"], "acceptance_role_known": law["Role"],
		"contacts_channel_known": texts(casefile.Ways[1:]), "deliveries_channel_known": texts(casefile.Ways),
		"deliveries_outcome_known": deeds["Outcome"], "media_state_known": deeds["MediaState"], "audit_purpose_known": memory["Purpose"],
		"registrations_state_known": law["MemberState"], "member_notices_outcome_known": deeds["Outcome"],
		"persons_sex_known": law["Sex"], "person_duplicates_why_known": law["Similarity"], "case_persons_part_known": law["PartInCase"],
		"relations_kind_known":      law["RelationKind"],
		"provinces_mode_known":      {"LIVE", "DESK_ONLY"},
		"duty_changes_source_known": memory["DutySource"], "duty_notices_outcome_known": deeds["Outcome"],
		"concerns_state_known": law["ConcernState"], "concerns_kind_known": law["ConcernKind"], "concerns_partner_known": append([]string{""}, law["Partner"]...),
		"concern_events_kind_known": law["ConcernEventKind"], "concern_events_actor_known": law["ActorKind"],
		"concern_evidence_state_known": deeds["MediaState"], "safe_places_photo_known": append([]string{""}, deeds["MediaState"]...),
		"task_reports_opened_known": law["TaskOpens"], "papers_kind_known": texts(paper.Kinds),
		"aid_requests_state_known": law["AidState"], "aid_requests_urgency_known": append([]string{""}, law["AidUrgency"]...),
		"aid_events_kind_known": law["AidEventKind"], "aid_events_actor_known": law["ActorKind"], "aid_parts_part_known": law["AidPart"],
		"aid_files_kind_known": memory["AidFileKind"], "aid_files_type_known": {"image/jpeg", "image/png", "application/pdf"},
		"aid_payments_result_known": texts([]casefile.AidEventKind{casefile.AidItemPaid, casefile.AidItemFailed}),
		"heartbeats_part_known":     watcher["Part"], "alarms_kind_known": watcher["Kind"],
	}
	f := setup(t)
	rows, err := f.Pool.Query(t.Context(), `SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
		WHERE contype = 'c' AND conname LIKE '%\_known'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			t.Fatal(err)
		}
		inGo, ok := want[name]
		if !ok || len(inGo) == 0 {
			t.Errorf("%s is tied to no Go constants", name)
			continue
		}
		delete(want, name)
		slices.Sort(inGo)
		if inSQL := quoted(definition); !slices.Equal(inSQL, inGo) {
			t.Errorf("%s\nSQL %q\nGo  %q", name, inSQL, inGo)
		}
	}
	for name := range want {
		t.Errorf("there is no constraint %s", name)
	}
	var ended, over []string
	for _, s := range casefile.States {
		if s.Ended() {
			ended = append(ended, string(s))
		}
	}
	for _, s := range casefile.AidStates {
		if s.Ended() {
			over = append(over, string(s))
		}
	}
	slices.Sort(over)
	if in := quoted(f.mustSQL(`SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'aid_requests_end_has_its_time'`)); !slices.Equal(in, over) {
		t.Errorf("ended aid requests: SQL %q, Go %q", in, over)
	}
	slices.Sort(ended)
	if in := quoted(f.mustSQL(`SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'cases_end_has_its_time'`)); !slices.Equal(in, ended) {
		t.Errorf("ended states: SQL %q, Go %q", in, ended)
	}
}

func texts[T ~string](list []T) []string {
	var out []string
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

// quoted lists the quoted values of a constraint, sorted.
func quoted(definition string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`'([^']*)'`).FindAllStringSubmatch(definition, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return out
}

func TestEveryConstraintThatIsPutIntoWordsExists(t *testing.T) {
	f := setup(t)
	source, err := os.ReadFile("store.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(source), "var byConstraint = ")
	if !ok {
		t.Fatal("no table")
	}
	table, _, _ = strings.Cut(table, "\n}\n")
	names := regexp.MustCompile(`(?m)^\t"([a-z_]+)":`).FindAllStringSubmatch(table, -1)
	if len(names) < 5 {
		t.Fatalf("only %d names found", len(names))
	}
	for _, n := range names {
		if f.mustSQL(`SELECT count(*) FROM pg_constraint WHERE conname = $1`, n[1]) != "1" {
			t.Errorf("there is no constraint %s", n[1])
		}
	}
}

func TestMigrationsSayNothingPersonalInClear(t *testing.T) {
	// A new column with one of these names must be sealed, or be argued for here.
	personal := regexp.MustCompile(`(?i)\b(phone|address|caller|text_body|full_name|line_user|user_id)\b\s+text`)
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil || len(names) == 0 {
		t.Fatal("no migrations")
	}
	for _, name := range names {
		raw, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		if m := personal.Find(raw); m != nil {
			t.Errorf("%s: %s", name, m)
		}
	}
}

// The canaries stand for everything personal that may come in.
var canaries = map[string]string{
	"LINE user":   "Ucanary7d1f",
	"phone":       "+66899990001",
	"text":        "ข้อความลับคานารี",
	"address":     "บ้านลับคานารี 99/9",
	"caller":      "ผู้แจ้งลับคานารี",
	"media":       "media-canary-55",
	"latitude":    "16.823456",
	"longitude":   "100.267891",
	"member name": "สมาชิกลับคานารี",
	"member LINE": "Umembercanary8c2e",
	"number":      "+66899990002",
	"reply token": "replycanary31",
}

func TestNothingPersonalRestsInClear(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	m := officer("m1", "st", 16.8, 100.2)
	m.Name, m.LINE = canaries["member name"], canaries["member LINE"]
	f.members(m)
	f.address("m1", casefile.ChannelSMS, canaries["number"], began, "")

	in := casefile.Incoming{
		Word: casefile.Tapped, Type: casefile.Confinement, Text: canaries["text"], Phone: canaries["phone"], MessageID: canaries["media"],
		ReplyToken: canaries["reply token"], Pin: pin(16.823456, 100.267891), Call: &casefile.Call{CallerName: canaries["caller"]},
	}
	a := f.line(canaries["LINE user"], in)
	var raw []string
	for _, c := range canaries {
		raw = append(raw, c)
	}
	a.Raw = []byte(strings.Join(raw, "\n"))
	r := f.intake(a)[0]
	c, err := f.Case(t.Context(), r.Case)
	if err != nil {
		t.Fatal(err)
	}
	by := casefile.Actor{Kind: casefile.ByReporter, ID: string(r.Reporter)}
	c = f.record(c,
		casefile.Event{Kind: casefile.Reported, Type: casefile.Confinement, Severity: casefile.Critical, Channel: casefile.ChannelLINE, By: by,
			Private: casefile.Private{Phone: canaries["phone"], Caller: canaries["caller"], Address: canaries["address"]}},
		casefile.Event{Kind: casefile.ReporterAdded, By: by, Private: casefile.Private{Text: canaries["text"], Media: canaries["media"]}},
	)
	f.record(c, casefile.Event{Kind: casefile.PinSet, By: by, Place: &casefile.Place{Province: "65"},
		Private: casefile.Private{Pin: pin(16.823456, 100.267891), Address: canaries["address"]}})
	if _, err := f.Speak(t.Context(), c.ID, "spoken", in); err != nil {
		t.Fatal(err)
	}
	if err := f.AnswerKey(t.Context(), "s", "k", postgres.Answer{Status: 200, Body: a.Raw}); err != nil {
		t.Fatal(err)
	}

	// A control row: what stands in clear is found.
	f.mustSQL(`INSERT INTO units (id, code, level, name_th, name_en, lat, lon, state) VALUES ('control', 'c', 'DESK', 'คานารีควบคุม', '', 0, 0, 'LIVE')`)
	dump := f.dump()
	if !bytes.Contains(dump, []byte("คานารีควบคุม")) {
		t.Fatal("the control is not found: the scan is blind")
	}
	for what, canary := range canaries {
		for how, form := range map[string]string{"as text": canary, "as bytes": fmt.Sprintf("%x", canary)} {
			if bytes.Contains(dump, []byte(form)) {
				t.Errorf("%s rests %s in clear", what, how)
			}
		}
	}
	got, err := f.Case(t.Context(), c.ID)
	if err != nil || got.Private.Phone != canaries["phone"] || got.Private.Pin == nil || got.FirstPin == nil {
		t.Errorf("what was sealed does not come back: %+v, %v", got.Private, err)
	}
}

// dump is every row of every table as text; bytes are in hex.
func (f *fixture) dump() []byte {
	f.t.Helper()
	rows, err := f.Pool.Query(f.t.Context(), `SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace`)
	if err != nil {
		f.t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			f.t.Fatal(err)
		}
		tables = append(tables, name)
	}
	var out bytes.Buffer
	for _, table := range tables {
		out.WriteString(f.mustSQL(`SELECT coalesce(string_agg(t::text, chr(10)), '') FROM ` + table + ` t`))
	}
	return out.Bytes()
}
