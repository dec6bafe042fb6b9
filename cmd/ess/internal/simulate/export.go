package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Export is what the REST API says of every case at the end, with the day that it
// belongs to. It is the file cases.json, for a checker that trusts nobody else.
type Export struct {
	Plan   string  `json:"plan"`  // hash of the inputs
	Speed  float64 `json:"speed"` // case seconds in a second
	Wave   string  `json:"wave"`  // adaptive, or fixed at so many
	Cases  []Filed `json:"cases"`
	Orders []Order `json:"orders"` // what the operators' consoles sent: beside the transcripts of the phones
	Broken []Span  `json:"broken"` // what was broken on purpose, and when
}

// Filed is one case as the API shows it.
type Filed struct {
	Case     json.RawMessage   `json:"case"`
	Timeline []json.RawMessage `json:"timeline"`
}

// Client reads the REST API as an operator.
type Client struct {
	URL   string
	Token string
}

// Cases reads every case with its whole timeline.
func (c Client) Cases(ctx context.Context) ([]Filed, error) {
	var filed []Filed
	for after := ""; ; {
		var list struct {
			Cases []json.RawMessage `json:"cases"`
			Next  string            `json:"next"`
		}
		if err := c.do(ctx, http.MethodGet, "/v1/cases?limit=200"+and(after), "", nil, &list); err != nil {
			return nil, err
		}
		for _, raw := range list.Cases {
			var one caseView
			if err := json.Unmarshal(raw, &one); err != nil {
				return nil, fmt.Errorf("a case in the list: %w", err)
			}
			events, err := timeline[json.RawMessage](ctx, c, one.ID)
			if err != nil {
				return nil, err
			}
			filed = append(filed, Filed{raw, events})
		}
		if after = list.Next; after == "" {
			return filed, nil
		}
	}
}

// timeline reads what happened to a case, page by page.
func timeline[T any](ctx context.Context, c Client, id string) ([]T, error) {
	var events []T
	for after := ""; ; {
		var page struct {
			Events []T `json:"events"`
			Next   int `json:"next"`
		}
		if err := c.do(ctx, http.MethodGet, "/v1/cases/"+id+"/timeline?limit=200"+and(after), "", nil, &page); err != nil {
			return nil, err
		}
		events = append(events, page.Events...)
		if page.Next == 0 {
			return events, nil
		}
		after = strconv.Itoa(page.Next)
	}
}

func and(after string) string {
	if after == "" {
		return ""
	}
	return "&after=" + url.QueryEscape(after)
}

// do sends one request, and waits when the API says that it was asked too often
// or could not tell what became of it.
func (c Client) do(ctx context.Context, method, path, key string, send, into any) error {
	var body []byte
	if send != nil {
		var err error
		if body, err = json.Marshal(send); err != nil {
			return err
		}
	}
	for try := 0; ; try++ {
		req, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+c.Token)
		if method == http.MethodPost {
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Idempotency-Key", key)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
		_ = res.Body.Close()
		busy := res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusGatewayTimeout
		switch {
		case err != nil:
			return err
		case res.StatusCode == http.StatusOK && into == nil:
			return nil
		case res.StatusCode == http.StatusOK:
			return json.Unmarshal(answer, into)
		case !busy || try == maxTries:
			return fmt.Errorf("%s %s: %s", method, path, res.Status)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// maxTries is a minute of asking again.
const maxTries = 300
