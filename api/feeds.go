package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
)

// secretMark is how Standard Webhooks marks a signing secret.
const secretMark = "whsec_"

// ListFeeds serves GET /v1/feeds.
func (s *Server) ListFeeds(ctx context.Context, r ListFeedsRequestObject) (ListFeedsResponseObject, error) {
	province, err := Viewer(ctx).province(r.Params.Province)
	if err != nil {
		return nil, err
	}
	feeds, err := s.Feeds.Feeds(ctx, radioKinds)
	if err != nil {
		return nil, err
	}
	page := ListFeeds200JSONResponse{Feeds: []Feed{}}
	for _, f := range feeds {
		if province == "" || f.Province == province {
			page.Feeds = append(page.Feeds, f)
		}
	}
	return page, nil
}

// AddFeed serves POST /v1/feeds.
func (s *Server) AddFeed(ctx context.Context, r AddFeedRequestObject) (AddFeedResponseObject, error) {
	viewer := Viewer(ctx)
	if !viewer.sees(r.Body.Province) {
		return nil, errOutOfScope
	}
	if _, ok := s.Places.Province(r.Body.Province); !ok {
		return nil, invalid("province", "ไม่มีจังหวัดนี้", "there is no such province")
	}
	if err := s.screen(r.Body.URL); err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	secret := secretMark + base64.StdEncoding.EncodeToString(key)
	f := Feed{ID: uuid.NewString(), Province: r.Body.Province, URL: r.Body.URL, AddedBy: viewer.Name, AddedAt: s.Now()}
	return AddFeed201JSONResponse{Feed: f, Secret: secret}, s.Feeds.AddFeed(ctx, f, secret)
}

// screen checks the form of an address. Where it leads is checked at each
// delivery, for a name may lead elsewhere tomorrow.
func (s *Server) screen(address string) error {
	u, err := url.Parse(address)
	secure := err == nil && (u.Scheme == "https" || s.Development && u.Scheme == "http")
	if !secure || u.Hostname() == "" || u.User != nil || strings.Contains(address, "#") {
		return invalid("url", "ต้องเป็นที่อยู่ https โดยไม่มีชื่อผู้ใช้", "want an https address without a user name")
	}
	return nil
}

// RemoveFeed serves DELETE /v1/feeds/{feed}.
func (s *Server) RemoveFeed(ctx context.Context, r RemoveFeedRequestObject) (RemoveFeedResponseObject, error) {
	feeds, err := s.Feeds.Feeds(ctx, radioKinds)
	if err != nil {
		return nil, err
	}
	for _, f := range feeds {
		if f.ID == r.Feed && Viewer(ctx).sees(f.Province) {
			return RemoveFeed204Response{}, s.Feeds.RemoveFeed(ctx, f.ID, f.Province)
		}
	}
	return nil, casefile.ErrNotFound
}
