package simulate

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/policy"
)

// AidDesk is the payment desk of an office at its console, with the bank behind it.
type AidDesk struct {
	Office  *local.Casework
	Unit    casefile.UnitID
	Payer   string // makes the bank file
	Cashier string // hands out cash
	n       int
}

type aidBatch struct {
	ID      string    `json:"id"`
	WholeAt time.Time `json:"whole_at"`
	Orders  []struct {
		Reference string         `json:"reference"`
		Aid       casefile.AidID `json:"aid"`
		Satang    int64          `json:"satang"`
		Cash      bool           `json:"cash"`
		State     string         `json:"state"`
	} `json:"orders"`
}

// bankCodes are those under which the bank of the built-in format refuses.
var bankCodes = map[string]string{"ACCOUNT_CLOSED": "01", "ACCOUNT_WRONG": "03", "NAME_DIFFERS": "05"}

// Round makes a bank file, and has the bank answer it: twice, as it happens.
func (d *AidDesk) Round(ctx context.Context, refuses func() string) (AidRound, error) {
	d.n++
	var made struct {
		Batch *aidBatch `json:"batch"`
	}
	var round AidRound
	if err := d.Office.Must(ctx, d.Payer, http.MethodPost, "/v1/aid-payments/batches", fmt.Sprintf("bank-round-%d", d.n), map[string]any{"office": d.Unit}, &made); err != nil {
		return round, err
	}
	if made.Batch == nil {
		return round, nil
	}
	path := "/v1/aid-payments/batches/" + made.Batch.ID
	for try := 0; ; try++ {
		if err := d.Office.Must(ctx, d.Payer, http.MethodGet, path, "", nil, made.Batch); err != nil {
			return round, err
		}
		if !made.Batch.WholeAt.IsZero() {
			break
		}
		if try > 100 {
			return round, errors.New("a bank file is never finished")
		}
		if err := d.Office.Until(ctx, d.Office.Now().Add(d.Office.Clock.Case(time.Now().Add(100*time.Millisecond)).Sub(d.Office.Now()))); err != nil {
			return round, err
		}
	}
	if _, _, err := d.Office.Ask(ctx, d.Payer, http.MethodGet, path+"/file", "", nil); err != nil {
		return round, err
	}
	var answer strings.Builder
	w := csv.NewWriter(&answer)
	_ = w.Write([]string{"Reference", "Amount", "Status", "Date", "Code"}) // a builder takes everything; Flush would tell
	lines := 0
	today := d.Office.Now().In(policy.Bangkok).Format("02/01/2006")
	for _, o := range made.Batch.Orders {
		if o.State != "ORDERED" && o.State != "BEGUN" {
			continue
		}
		round.Orders++
		round.Satang += o.Satang
		if o.Cash {
			files, err := d.Office.Pictures(ctx, d.Cashier, o.Aid)
			if err != nil {
				return round, err
			}
			body := map[string]any{"paid": true, "receipt": "R-" + o.Reference, "signature": files[1]}
			if err := d.Office.Must(ctx, d.Cashier, http.MethodPost, "/v1/aid-payments/orders/"+o.Reference+"/counter", "", body, nil); err != nil {
				return round, err
			}
			round.Paid += o.Satang
			continue
		}
		lines++
		line := []string{o.Reference, strconv.FormatFloat(float64(o.Satang)/100, 'f', 2, 64), "SUCCESS", today, ""}
		if reason := refuses(); reason != "" {
			round.Refused++
			line[2], line[4] = "FAILED", bankCodes[reason]
		} else {
			round.Paid += o.Satang
		}
		_ = w.Write(line)
	}
	w.Flush()
	if err := w.Error(); err != nil || lines == 0 {
		return round, err
	}
	for range 2 { // the clerk is not sure that it was taken
		if err := d.Office.Must(ctx, d.Payer, http.MethodPost, "/v1/aid-payments/reconciliations", "", []byte(answer.String()), nil); err != nil {
			return round, err
		}
	}
	round.Repeated = true
	return round, nil
}
