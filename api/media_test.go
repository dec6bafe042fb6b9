package api

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// What a stranger sent is downloaded after the look is recorded, never shown as
// a part of a page, and not at all once its sender took it back.
func TestMediaIsDownloadedOnTheRecord(t *testing.T) {
	d := open(t)
	base := "/v1/cases/" + string(ownCase) + "/media"
	list := read[MediaList](t, d.asks(somsri, http.MethodGet, base, nil), http.StatusOK)
	if len(list.Media) != 1 || list.Media[0].ID != 2 || list.Media[0].Kind != "image" || len(d.viewed) != 0 {
		t.Errorf("listed %+v, looks %v", list.Media, d.viewed)
	}
	res := d.asks(somsri, http.MethodGet, base+"/2?purpose=emergency_response", nil)
	h := res.Header()
	if res.Code != http.StatusOK || !bytes.Equal(res.Body.Bytes(), photo) || h.Get("Content-Type") != "application/octet-stream" ||
		!strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("answered %d with %v", res.Code, h)
	}
	if len(d.viewed) != 1 || d.viewed[0] != "somsri "+string(ownCase)+" emergency_response" {
		t.Errorf("the looks on record: %v", d.viewed)
	}
	for path, want := range map[string]int{"/2": 422, "/3?purpose=audit": 404, "/1?purpose=audit": 404, "/9?purpose=audit": 404, "/x?purpose=audit": 422} {
		if got := d.asks(somsri, http.MethodGet, base+path, nil).Code; got != want {
			t.Errorf("%s answered %d, want %d", path, got, want)
		}
	}
	if len(d.viewed) != 1 {
		t.Errorf("what was not shown is on record as a look: %v", d.viewed)
	}
}

func TestDownloadsHaveHarmlessNames(t *testing.T) {
	for contentType, want := range map[string]string{"image/jpeg": ".jpg", "image/jpeg; x=y": ".jpg", "text/html": ".bin", "": ".bin", "\r\nx": ".bin"} {
		if got := extension(contentType); got != want {
			t.Errorf("%q ends in %q, want %q", contentType, got, want)
		}
	}
}
