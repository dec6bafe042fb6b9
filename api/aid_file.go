package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

const (
	fileBytes    = 10 << 20
	fileHead     = 16              // bytes by which a file tells what it is
	pieceKept    = 5 * time.Second // for keeping what arrived before the line broke
	aidFileSpace = "aid-file"
)

// addAidFile makes room for a file. Its ID follows from who adds it and the key.
func (s *Server) addAidFile(ctx context.Context, by casefile.Actor, id casefile.AidID, key string, f AidFile) (AidFile, error) {
	a, err := s.aidOf(ctx, by, id)
	if err != nil {
		return f, err
	}
	switch {
	case a.State.Ended():
		return f, &casefile.RefusedError{State: casefile.State(a.State), Th: "คำขอนี้สิ้นสุดแล้ว", En: "the request has ended"}
	case f.Kind != "DOCUMENT" && f.ContentType == "application/pdf":
		return f, invalid("content_type", "ภาพถ่ายและลายมือชื่อต้องเป็นภาพ", "a photo or a signature is a picture")
	case f.Bytes > fileBytes:
		return f, errTooLarge
	}
	f.ID = commandID(string(by.Kind)+":"+by.ID, casefile.CaseID(id), aidFileSpace+"\n"+key)
	return s.Aids.AddFile(ctx, by, id, f)
}

// appendAidFile adds the next bytes of a file. What arrived before a line broke stays, and the error says that it broke.
func (s *Server) appendAidFile(ctx context.Context, by casefile.Actor, id casefile.AidID, file string, from int, body io.Reader, sum []byte) (AidFile, error) {
	if _, err := s.aidOf(ctx, by, id); err != nil {
		return AidFile{}, err
	}
	f, err := s.Aids.File(ctx, id, file)
	if err != nil {
		return f, err
	}
	if f.Received != from || f.Received == f.Bytes {
		return f, casefile.ErrMoved
	}
	piece, broken := io.ReadAll(body)
	var large *http.MaxBytesError
	switch given := sha256.Sum256(piece); {
	case errors.As(broken, &large):
		return f, errTooLarge
	case sum != nil && !bytes.Equal(sum, given[:]):
		return f, invalid("Upload-Checksum", "ข้อมูลมาไม่ครบหรือเพี้ยน กรุณาส่งส่วนนี้อีกครั้ง", "it did not come as it was sent: send this piece again")
	case len(piece) > f.Bytes-from:
		return f, invalid("Upload-Offset", "ข้อมูลเกินขนาดไฟล์ที่แจ้งไว้", "this is more than was announced")
	case from == 0 && len(piece) < min(fileHead, f.Bytes): // too little to tell what it is
		piece = nil
	case from == 0 && !is(f.ContentType, piece):
		return f, errNotThatKind
	}
	if len(piece) > 0 {
		keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), pieceKept)
		defer cancel()
		if f, err = s.Aids.AppendPiece(keep, id, file, from, piece); err != nil {
			return f, err
		}
	}
	if broken != nil {
		return f, errMalformed
	}
	return f, nil
}

var errNotThatKind = invalid("file", "ไฟล์นี้ไม่ใช่ภาพหรือเอกสารตามชนิดที่แจ้ง", "this is not the kind of file that was announced")

// is reports whether a file that begins so is of a type.
func is(contentType string, head []byte) bool { return http.DetectContentType(head) == contentType }

// addAidWhole adds a file in one go; its type is what its bytes say. The same bytes are the same file, from whichever page
// they come, and other bytes are another one: a page that was gone back to has its old key.
func (s *Server) addAidWhole(ctx context.Context, by casefile.Actor, id casefile.AidID, kind string, content []byte) (string, error) {
	contentType := http.DetectContentType(content)
	if !slices.Contains([]string{"image/jpeg", "image/png", "application/pdf"}, contentType) {
		return "", errNotThatKind
	}
	sum := sha256.Sum256(content)
	f, err := s.addAidFile(ctx, by, id, kind+"\n"+hex.EncodeToString(sum[:]), AidFile{Kind: kind, ContentType: contentType, Bytes: len(content)})
	if err != nil || f.Received == f.Bytes { // a repeat
		return f.ID, err
	}
	_, err = s.appendAidFile(ctx, by, id, f.ID, f.Received, bytes.NewReader(content[min(f.Received, len(content)):]), nil)
	return f.ID, err
}

// AddAidFile serves POST /v1/aid-requests/{aid}/files.
func (s *Server) AddAidFile(ctx context.Context, r AddAidFileRequestObject) (AddAidFileResponseObject, error) {
	b := *r.Body
	f, err := s.addAidFile(ctx, Viewer(ctx).Actor(), r.Aid, r.Params.IdempotencyKey, AidFile{Kind: b.Kind, ContentType: b.ContentType, Bytes: b.Bytes})
	if err != nil {
		return nil, err
	}
	return AddAidFile201JSONResponse(fileInfo(f)), nil
}

// TellAidFile serves HEAD /v1/aid-requests/{aid}/files/{file}.
func (s *Server) TellAidFile(ctx context.Context, r TellAidFileRequestObject) (TellAidFileResponseObject, error) {
	if _, err := s.aidOf(ctx, Viewer(ctx).Actor(), r.Aid); err != nil {
		return nil, err
	}
	f, err := s.Aids.File(ctx, r.Aid, r.File)
	if err != nil {
		return nil, err
	}
	return TellAidFile204Response{Headers: TellAidFile204ResponseHeaders{UploadOffset: f.Received, UploadLength: f.Bytes}}, nil
}

// SendAidPiece serves PATCH /v1/aid-requests/{aid}/files/{file}.
func (s *Server) SendAidPiece(ctx context.Context, r SendAidPieceRequestObject) (SendAidPieceResponseObject, error) {
	var sum []byte
	if encoded, ok := strings.CutPrefix(r.Params.UploadChecksum, "sha256 "); ok {
		var err error
		if sum, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, errMalformed
		}
	}
	f, err := s.appendAidFile(ctx, Viewer(ctx).Actor(), r.Aid, r.File, r.Params.UploadOffset, r.Body, sum)
	if err != nil {
		return nil, err
	}
	return SendAidPiece204Response{Headers: SendAidPiece204ResponseHeaders{UploadOffset: f.Received}}, nil
}

// GetAidFile serves GET /v1/aid-requests/{aid}/files/{file}. The look is recorded first; it is only ever downloaded.
func (s *Server) GetAidFile(ctx context.Context, r GetAidFileRequestObject) (GetAidFileResponseObject, error) {
	by := Viewer(ctx).Actor()
	a, err := s.aidOf(ctx, by, r.Aid)
	if err != nil {
		return nil, err
	}
	f, err := s.Aids.File(ctx, a.ID, r.File)
	if err == nil && f.WholeAt.IsZero() {
		err = casefile.ErrNotFound
	}
	if err == nil {
		err = s.Aids.Viewed(ctx, by, a.ID, r.Params.Purpose)
	}
	if err != nil {
		return nil, err
	}
	content, contentType, err := s.Aids.FileContent(ctx, a.ID, r.File)
	if err != nil {
		return nil, err
	}
	return GetAidFile200ApplicationoctetStreamResponse{
		Body: bytes.NewReader(content), ContentLength: int64(len(content)),
		Headers: GetAidFile200ResponseHeaders{ContentDisposition: fmt.Sprintf(`attachment; filename="%s-%s%s"`, a.ID.Code(), r.File[:8], extension(contentType))},
	}, nil
}
