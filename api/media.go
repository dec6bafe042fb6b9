package api

import (
	"bytes"
	"context"
	"fmt"
	"mime"

	"github.com/ess-thailand/ess/casefile"
)

// ListMedia serves GET /v1/cases/{case}/media.
func (s *Server) ListMedia(ctx context.Context, r ListMediaRequestObject) (ListMediaResponseObject, error) {
	if _, err := s.visible(ctx, r.Case); err != nil {
		return nil, err
	}
	kinds, err := s.mediaShown(ctx, r.Case)
	if err != nil {
		return nil, err
	}
	media, err := s.Cases.Media(ctx, r.Case)
	if err != nil {
		return nil, err
	}
	list := ListMedia200JSONResponse{Media: []MediaItem{}}
	for _, m := range media {
		if kind, shown := kinds[m.Seq]; shown {
			list.Media = append(list.Media, MediaItem{ID: m.Seq, At: m.At, Kind: kind, State: m.State, ContentType: m.ContentType, Bytes: m.Bytes, Bare: m.Bare})
		}
	}
	return list, nil
}

// mediaShown are the events that brought something which its sender has not taken back, with what they brought.
func (s *Server) mediaShown(ctx context.Context, id casefile.CaseID) (map[int]string, error) {
	events, err := s.Cases.Timeline(ctx, id, 0, privateEvents)
	if err != nil {
		return nil, err
	}
	unsent, shown := takenBack(events), map[int]string{}
	for _, e := range events {
		if !e.BringsMedia() || unsent[e.Private.Media] {
			continue
		}
		shown[e.Seq] = e.Reason
		if e.Kind == casefile.LateRecorded { // the record of an ended case says only that something came
			shown[e.Seq] = "file"
		}
	}
	return shown, nil
}

// GetMedia serves GET /v1/cases/{case}/media/{id}. The look is recorded first.
// A stranger made the content: it is only ever downloaded, never shown by us.
func (s *Server) GetMedia(ctx context.Context, r GetMediaRequestObject) (GetMediaResponseObject, error) {
	c, err := s.visible(ctx, r.Case)
	if err != nil {
		return nil, err
	}
	shown, err := s.mediaShown(ctx, r.Case)
	if err != nil {
		return nil, err
	}
	if _, ok := shown[r.ID]; !ok {
		return nil, casefile.ErrNotFound
	}
	if err := s.Cases.Viewed(ctx, Viewer(ctx).Actor(), r.Case, r.Params.Purpose); err != nil {
		return nil, err
	}
	content, contentType, err := s.Cases.MediaContent(ctx, r.Case, r.ID)
	if err != nil {
		return nil, err
	}
	return GetMedia200ApplicationoctetStreamResponse{
		Body: bytes.NewReader(content), ContentLength: int64(len(content)),
		Headers: GetMedia200ResponseHeaders{ContentDisposition: fmt.Sprintf(`attachment; filename="%s-%d%s"`, c.Code(), r.ID, extension(contentType))},
	}, nil
}

// extension is the end of a file name for the few types that people send by chat.
func extension(contentType string) string {
	base, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ".bin"
	}
	known := map[string]string{
		"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "audio/mp4": ".m4a", "audio/x-m4a": ".m4a", "audio/aac": ".aac",
		"audio/mpeg": ".mp3", "video/mp4": ".mp4", "application/pdf": ".pdf",
	}
	if end, ok := known[base]; ok {
		return end
	}
	return ".bin"
}
