package api

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

func TestFeedsAreAddedListedAndRemoved(t *testing.T) {
	d := openStaffed(t)
	const address = "https://screen.radio65.example/ess?token=t"
	added := read[AddedFeed](t, d.asks(admin, http.MethodPost, "/v1/feeds", map[string]any{"province": "65", "url": address}), http.StatusCreated)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(added.Secret, "whsec_"))
	if err != nil || len(key) != 32 || added.Feed.Province != "65" || added.Feed.AddedBy != "admin" {
		t.Fatalf("added %+v, %v", added.Feed, err)
	}
	res := d.asks(admin, http.MethodGet, "/v1/feeds", nil)
	if list := read[FeedList](t, res, http.StatusOK); len(list.Feeds) != 1 || list.Feeds[0].URL != address || strings.Contains(res.Body.String(), "whsec_") {
		t.Errorf("listed %s", res.Body)
	}
	if got := d.asks(admin, http.MethodDelete, "/v1/feeds/"+added.Feed.ID, nil).Code; got != http.StatusNoContent || len(d.feeds) != 0 {
		t.Errorf("removed with %d", got)
	}
	if got := d.asks(admin, http.MethodDelete, "/v1/feeds/"+added.Feed.ID, nil).Code; got != http.StatusNotFound {
		t.Errorf("removed again with %d", got)
	}
	if strings.Contains(d.logged(), "screen.radio65") || strings.Contains(d.logged(), "whsec_") {
		t.Error("the log has the address or the secret")
	}
}

func TestFeedsKeepToTheScope(t *testing.T) {
	d := openStaffed(t)
	d.feeds = []Feed{
		{ID: "11111111-1111-4111-8111-111111111111", Province: "50", URL: "https://a.example"},
		{ID: "22222222-2222-4222-8222-222222222222", Province: "65", URL: "https://b.example"},
	}
	if list := read[FeedList](t, d.asks(admin65, http.MethodGet, "/v1/feeds", nil), http.StatusOK); len(list.Feeds) != 1 || list.Feeds[0].Province != "65" {
		t.Errorf("listed %+v", list)
	}
	for _, id := range []string{d.feeds[0].ID, "99999999-9999-4999-8999-999999999999"} {
		if got := d.asks(admin65, http.MethodDelete, "/v1/feeds/"+id, nil).Code; got != http.StatusNotFound {
			t.Errorf("%s removed with %d", id, got)
		}
	}
	if got := d.asks(admin65, http.MethodPost, "/v1/feeds", map[string]any{"province": "50", "url": "https://c.example"}).Code; got != http.StatusForbidden {
		t.Errorf("added elsewhere with %d", got)
	}
	if len(d.feeds) != 2 {
		t.Errorf("%d feeds are left", len(d.feeds))
	}
}

func TestAddressesThatNoFeedMayHave(t *testing.T) {
	d := openStaffed(t)
	for _, address := range []string{
		"http://screen.example", "https://", "https:///x", "ftp://screen.example", "https://user:word@screen.example", "https://screen.example/#x",
		"screen.example", "file:///etc/passwd", "https://screen.example:port", "https://[::1", "javascript:alert(1)",
	} {
		if got := d.asks(admin, http.MethodPost, "/v1/feeds", map[string]any{"province": "65", "url": address}).Code; got != http.StatusUnprocessableEntity {
			t.Errorf("%s answered %d", address, got)
		}
	}
	if got := d.asks(admin, http.MethodPost, "/v1/feeds", map[string]any{"province": "99", "url": "https://screen.example"}).Code; got != http.StatusUnprocessableEntity {
		t.Errorf("a made-up province answered %d", got)
	}
}
