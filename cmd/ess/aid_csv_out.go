package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"
	"golang.org/x/text/encoding/charmap"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

// aidPurposes are why a form may be opened for an export.
var aidPurposes = []string{string(postgres.ProtectionFollowUp), string(postgres.Referral), string(postgres.Supervision), string(postgres.AuditPurpose), string(postgres.Legal)}

// saidByRequest are the cells of a form that the request itself says, without it.
var saidByRequest = []string{"need.problems", "need.urgency", "need.wanted", "home.province"}

// aidExport writes requests as a table.
type aidExport struct {
	*parts
	mapping  *policy.AidMapping
	personal bool
	viewer   postgres.Viewer
}

func exportAids(ctx context.Context, p *parts, m *policy.AidMapping, c *cli.Command) error {
	x := aidExport{parts: p, mapping: m, personal: c.Bool("personal"), viewer: postgres.Viewer{Actor: operatorOf(c), Purpose: postgres.Purpose(c.String("purpose"))}}
	since, err := firstDay(c.String("since"))
	if err != nil {
		return err
	}
	if x.personal && (x.viewer.Actor.Kind != casefile.ByOperator || !slices.Contains(aidPurposes, c.String("purpose"))) {
		return errors.New("--personal needs --by and --purpose, one of " + strings.Join(aidPurposes, ", "))
	}
	var provinces []string
	if code := c.String("province"); code != "" {
		if _, ok := p.places.Province(code); !ok {
			return fmt.Errorf("there is no province %q", code)
		}
		provinces = []string{code}
	}
	table, n, err := x.table(ctx, provinces, since)
	if err != nil {
		return err
	}
	if name := c.String("out"); name != "" {
		err = os.WriteFile(name, table, 0o600)
	} else {
		_, err = os.Stdout.Write(table)
	}
	fmt.Fprintf(os.Stderr, "%d requests\n", n)
	return err
}

// table is the whole file, and how many requests are in it.
func (x aidExport) table(ctx context.Context, provinces []string, since time.Time) ([]byte, int, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true // as spreadsheets write it
	var header []string
	for _, c := range x.mapping.Columns {
		header = append(header, disarmed(c.Name))
	}
	if err := w.Write(header); err != nil {
		return nil, 0, err
	}
	const page = 200
	n, f := 0, postgres.AidFilter{Provinces: provinces, Limit: page}
	for {
		rows, err := x.store.AidRequests(ctx, f)
		if err != nil {
			return nil, n, err
		}
		for _, a := range rows {
			f.AfterAt, f.AfterID = a.BegunAt, a.ID
			if a.SubmittedAt.IsZero() || a.SubmittedAt.Before(since) {
				continue
			}
			row, err := x.row(ctx, a.AidRequest)
			if err != nil {
				return nil, n, err
			}
			if err := w.Write(row); err != nil {
				return nil, n, err
			}
			n++
		}
		if len(rows) < page {
			break
		}
	}
	w.Flush()
	table, err := encodeText(b.String(), x.mapping.Encoding)
	return table, n, errors.Join(w.Error(), err)
}

// encodeText writes text as a mapping wants it.
func encodeText(text, encoding string) ([]byte, error) {
	switch encoding {
	case policy.UTF8BOM:
		return append([]byte("\ufeff"), text...), nil
	case policy.TIS620:
		raw, err := charmap.Windows874.NewEncoder().Bytes([]byte(text))
		if err != nil {
			return nil, errors.New("something in it cannot be written in TIS-620: use UTF-8")
		}
		return raw, nil
	}
	return []byte(text), nil
}

// row is one request. What is personal comes from its newest form, and the look is recorded before.
func (x aidExport) row(ctx context.Context, a casefile.AidRequest) ([]string, error) {
	form := casefile.AidForm{
		Home: casefile.AidHome{Province: a.Place.Province},
		Need: casefile.AidNeed{Problems: a.Problems, Urgency: a.Urgency, Wanted: a.Wanted},
	}
	if x.personal {
		if err := x.store.AidViewed(ctx, a.ID, x.viewer); err != nil {
			return nil, err
		}
		var err error
		if form, err = x.store.AidForm(postgres.As(ctx, x.viewer), a.ID, a.Form); err != nil {
			return nil, err
		}
	}
	var out []string
	for _, col := range x.mapping.Columns {
		text := ""
		cell, known := casefile.AidCellOf(col.Field)
		switch {
		case !known:
			text = x.ofRequest(a, col.Field)
		case x.personal || slices.Contains(saidByRequest, col.Field):
			text = x.written(col, cell, form)
		}
		out = append(out, disarmed(text))
	}
	return out, nil
}

// written is a cell in the words and the era of the mapping.
func (x aidExport) written(col policy.AidColumn, cell casefile.AidCell, form casefile.AidForm) string {
	text := cell.Write(form)
	switch cell.Kind {
	case casefile.CellDate:
		born, err := casefile.ParseBirth(text, x.store.Now())
		if err != nil || text == "" {
			return text
		}
		return x.day(born.Year, born.Month, born.Day)
	case casefile.CellChoices:
		codes := strings.Split(text, ";")
		for i := range codes {
			codes[i] = x.mapping.Word(col, codes[i])
		}
		return strings.Join(codes, ";")
	}
	return x.mapping.Word(col, text)
}

// day is one in the era of the mapping; of a birth, a year may be all that is known.
func (x aidExport) day(year, month, day int) string {
	if x.mapping.Era == policy.BuddhistEra {
		year += 543
		if month > 0 {
			return fmt.Sprintf("%02d/%02d/%04d", day, month, year)
		}
	}
	if month == 0 {
		return strconv.Itoa(year)
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, day)
}

// ofRequest is what a request says beside its form.
func (x aidExport) ofRequest(a casefile.AidRequest, field string) string {
	on := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		local := at.In(policy.Bangkok)
		return x.day(local.Year(), int(local.Month()), local.Day())
	}
	sum := func(states ...casefile.AidItemState) string {
		var satang int64
		for _, i := range a.Items {
			if slices.Contains(states, i.State) {
				satang += i.Satang
			}
		}
		return strconv.FormatFloat(float64(satang)/100, 'f', 2, 64)
	}
	switch field {
	case policy.RowKey:
		return string(a.ID)
	case "request.code":
		return a.ID.Code()
	case "request.state":
		return string(a.State)
	case "request.province":
		return a.Place.Province
	case "request.urgency":
		return string(a.Urgency)
	case "request.sent_at":
		return on(a.SubmittedAt)
	case "request.decided_at":
		return on(a.DecidedAt)
	case "request.settled_at":
		return on(a.SettledAt)
	case "request.reason":
		return a.Reason
	case "request.problems":
		var list []string
		for _, p := range a.Problems {
			list = append(list, string(p))
		}
		return strings.Join(list, ";")
	case "request.wanted":
		return strings.Join(a.Wanted, ";")
	case "request.granted":
		return sum(casefile.ItemGranted, casefile.ItemOrdered, casefile.ItemPaid, casefile.ItemGiven, casefile.ItemFailed)
	case "request.paid":
		return sum(casefile.ItemPaid)
	}
	return ""
}
