package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The small days below are written by hand, as the emulator and the API write theirs.

const (
	first  = "00000001-0000-4000-8000-000000000001"
	second = "00000002-0000-4000-8000-000000000002"
	third  = "00000003-0000-4000-8000-000000000003" // a console sent an order for it
)

func stampAt(s int) string {
	return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(s) * time.Second).Format(time.RFC3339Nano)
}

// did is a tap on a phone; heard is a card that it showed.
func did(at int, event, data string) string {
	return fmt.Sprintf(`{"at":%q,"incoming":false,"type":"postback","eventId":%q,"tapped":{"label":"x","action":{"type":"postback","data":%q}}}`, stampAt(at), event, data)
}

func heard(at int, text, data string) string {
	return fmt.Sprintf(`{"at":%q,"incoming":true,"type":"flex","texts":[%q],"buttons":[{"label":"x","action":{"type":"postback","data":%q}}]}`, stampAt(at), text, data)
}

func phone(items ...string) string {
	return `{"user":{"id":"U"},"items":[` + strings.Join(items, ",") + `]}`
}

func happened(at int, id, kind, by, more string) string {
	return fmt.Sprintf(`{"id":%q,"seq":1,"kind":%q,"at":%q,"by":{"kind":%q,"id":"m"}%s}`, id, kind, stampAt(at), by, more)
}

func filing(id string, events ...string) string {
	return fmt.Sprintf(`{"case":{"id":%q,"code":%q,"state":"SENT"},"timeline":[%s]}`, id, strings.ToUpper(id[:4]+"-"+id[4:8]), strings.Join(events, ","))
}

// write leaves a day in a folder.
func write(t *testing.T, phones, cases []string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"transcripts.json": `{"phones":[` + strings.Join(phones, ",") + `]}`,
		"cases.json": `{"plan":"abc","wave":"adaptive","cases":[` + strings.Join(cases, ",") + `],` +
			`"orders":[{"at":"` + stampAt(100) + `","by":"desk-1","case":"` + third + `","kind":"take-desk","done":true}],` +
			`"broken":[{"why":"LINE rate_limited","from":"` + stampAt(5) + `","to":"` + stampAt(8) + `"}]}`,
	} {
		if !json.Valid([]byte(content)) {
			t.Fatalf("%s is no JSON: %s", name, content)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var (
	reporter = phone(did(0, "ev1", "v1|report|t=1"), heard(1, "รหัส 0000-0001", ""))
	reported = happened(0, "in:ev1:0", "REPORTED", "REPORTER", "")
)

// operator is a word that one operator's name stands behind; only desk-1 has sent one.
func operator(name string) string {
	return fmt.Sprintf(`{"id":"o","seq":2,"kind":"DESK_TAKEN","at":%q,"by":{"kind":"OPERATOR","id":%q}}`, stampAt(100), name)
}

func TestProof(t *testing.T) {
	ack := func(at int) string { return phone(did(at, "ev2", "v1|ack|c="+first)) }
	acked := func(at int) string { return happened(at, "in:ev2:0", "ACKNOWLEDGED", "MEMBER", "") }
	witness := phone(did(100, "ev3", "v1|report|t=1"), heard(101, "รหัส 0000-0002", ""))
	joined := filing(second, happened(100, "in:ev3:0", "REPORTED", "REPORTER", ""), happened(101, "x", "JOINED", "SYSTEM", `,"case":"`+first+`"`))
	tests := []struct {
		name   string
		phones []string
		cases  []string
		wants  string // in what is printed
		listed string // code of the report that is listed; empty: none
	}{
		{"acknowledged in time", []string{reporter, ack(239)}, []string{filing(first, reported, acked(239))}, "1 in a human's hand", ""},
		{"acknowledged too late", []string{reporter, ack(241)}, []string{filing(first, reported, acked(241))}, "1 later", "0000-0001"},
		{"asked and silent", []string{reporter, phone(heard(2, "ESS รหัส 0000-0001", "v1|ack|c="+first))},
			[]string{filing(first, reported, happened(2, "y", "OFFERED", "SYSTEM", ""))}, "1 never", "0000-0001"},
		{"a record that no tap explains", []string{reporter}, []string{filing(first, reported, acked(5))}, "came from no phone", "0000-0001"},
		{"a tap that the record does not know", []string{reporter, ack(5)}, []string{filing(first, reported)}, "1 never", "0000-0001"},
		{"accepted", []string{reporter, phone(did(30, "e", "v1|accept|c="+first+"|m=5"))},
			[]string{filing(first, reported, happened(30, "z", "ACCEPTED", "MEMBER", ""))}, "1 in a human's hand", ""},
		{"taken from the desk", []string{reporter, phone(did(90, "e", "v1|desk_take|c="+first))},
			[]string{filing(first, reported, happened(90, "z", "DESK_TAKEN", "MEMBER", ""))}, "1 in a human's hand", ""},
		{"taken from the desk when the item had gone", []string{reporter, phone(did(90, "e", "v1|desk_take|c="+first))},
			[]string{filing(first, reported, happened(90, "z", "ACKNOWLEDGED", "MEMBER", ""))}, "1 in a human's hand", ""},
		{"a centre took the caller", []string{reporter, phone(did(80, "e", "v1|centre_take|c="+first))},
			[]string{filing(first, reported, happened(80, "z", "CENTRE_TOOK", "MEMBER", ""))}, "1 in a human's hand", ""},
		{"a radio centre read its screen", []string{reporter, phone(did(20, "e", "v1|radio_seen|c="+first))},
			[]string{filing(first, reported, happened(20, "z", "RADIO_SEEN", "MEMBER", ""))}, "1 never", "0000-0001"},
		{"an operator whose console sent it", []string{reporter}, []string{filing(third, reported, operator("desk-1"))}, "1 in a human's hand", ""},
		{"an operator whose console sent nothing", []string{reporter}, []string{filing(third, reported, operator("desk-2"))}, "no console", "0000-0003"},
		{"only the desk was asked", []string{reporter, phone(heard(60, "x", "v1|desk_take|c="+first))}, []string{filing(first, reported)},
			"1 late: waited at the desk", "0000-0001"},
		{"nobody was asked", []string{reporter}, []string{filing(first, reported)}, "1 late: nobody was asked in time", "0000-0001"},
		{"asked when half the time was over", []string{reporter, phone(heard(130, "x", "v1|ack|c="+first))}, []string{filing(first, reported)}, "1 late: asked late", "0000-0001"},
		{"asked, and LINE was broken", []string{reporter, phone(heard(9, "x", "v1|accept|c="+first+"|m=5|r=POLICE"))},
			[]string{filing(first, reported)}, "said no, while broken: LINE rate_limited", "0000-0001"},
		{"how many were asked", []string{reporter, phone(heard(9, "x", "v1|ack|c="+first+"|r=POLICE")), phone(heard(9, "x", "v1|desk_take|c="+first), heard(10, "more", ""))},
			[]string{filing(first, reported)}, "2.00 alerts a report, POLICE 1.00, desk 1.00; 2.00 pushes to the desk a report", "0000-0001"},
		{"the clock said it was taken", []string{reporter, phone(did(90, "e", "v1|ack|c="+first))},
			[]string{filing(first, reported, happened(90, "z", "ACKNOWLEDGED", "SYSTEM", ""))}, "1 never", "0000-0001"},
		{"joined to a case in hand", []string{reporter, ack(50), witness}, []string{filing(first, reported, acked(50)), joined}, "(1 through the case", ""},
		{"joined to a case that waits", []string{reporter, ack(350), witness}, []string{filing(first, reported, acked(350)), joined}, "2 later", "0000-0002"},
		{"a report that became no case", []string{reporter}, []string{filing(second, happened(0, "in:other:0", "REPORTED", "REPORTER", ""))}, "1 never", "event ev1"},
		{"found by what the phone was told", []string{reporter, ack(20)}, []string{filing(first, happened(0, "lost", "REPORTED", "REPORTER", ""), acked(20))}, "1 in a human's hand", ""},
		{"a distress word is a report", []string{phone(`{"at":"` + stampAt(0) + `","incoming":false,"type":"text","texts":["ช่วยด้วย"],"eventId":"ev1"}`)},
			[]string{filing(first, reported)}, "1 never", "0000-0001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			err := run([]string{write(t, tt.phones, tt.cases)}, &out)
			if !strings.Contains(out.String(), tt.wants) {
				t.Errorf("printed\n%swithout %q", out.String(), tt.wants)
			}
			if (err != nil) != (tt.listed != "") {
				t.Errorf("ended with %v", err)
			}
			if tt.listed != "" && !strings.Contains(out.String(), "\n"+tt.listed+"  ") {
				t.Errorf("printed\n%swithout listing %s", out.String(), tt.listed)
			}
		})
	}
}

func TestNothingIsProvenByAnEmptyDay(t *testing.T) {
	if run([]string{write(t, nil, nil)}, &bytes.Buffer{}) == nil {
		t.Error("a day without reports was taken for a proof")
	}
	if run([]string{t.TempDir()}, &bytes.Buffer{}) == nil {
		t.Error("a folder without files was taken for a proof")
	}
}

func TestCompare(t *testing.T) {
	made := func(alerts, arrival int) string {
		items := make([]string, alerts)
		for i := range items {
			items[i] = heard(2, "x", "v1|accept|c="+first+"|m=5")
		}
		return write(t, []string{reporter, phone(items...)}, []string{filing(first, reported, happened(arrival, "a", "ARRIVED", "MEMBER", ""))})
	}
	tests := []struct {
		name             string
		alertsA, arriveA int
		alertsB, arriveB int
		ok               bool
	}{
		{"fewer alerts, as soon", 3, 600, 8, 600, true},
		{"as many alerts", 8, 600, 8, 600, false},
		{"fewer alerts, later", 3, 900, 8, 600, false},
		{"more alerts, sooner", 9, 300, 8, 600, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := run([]string{"--compare", made(tt.alertsA, tt.arriveA), made(tt.alertsB, tt.arriveB)}, &bytes.Buffer{})
			if (err == nil) != tt.ok {
				t.Errorf("ended with %v", err)
			}
		})
	}
}
