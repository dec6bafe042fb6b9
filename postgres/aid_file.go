package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/picture"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// AidFileKind is what a file of an aid request shows.
type AidFileKind string

// Kinds of files.
const (
	AidPhoto     AidFileKind = "PHOTO"
	AidSignature AidFileKind = "SIGNATURE"
	AidDocument  AidFileKind = "DOCUMENT"
)

// Bounds of what one request may hold.
const (
	aidFileBytes    = 10 << 20
	aidFilesOfForm  = 20
	aidFilesOfVisit = 100 // with those of visits and of handing over, over the years
)

// AidFile is a photo or signature of a request, without its content.
type AidFile struct {
	ID          string
	Aid         casefile.AidID
	Kind        AidFileKind
	ContentType string
	Bytes       int
	Received    int // what is there so far; the next piece begins here
	AddedBy     string
	At          time.Time
	WholeAt     time.Time // zero: pieces are missing
	SHA256      []byte
}

func aidFile(r db.AidFile) AidFile {
	return AidFile{
		ID: r.ID, Aid: casefile.AidID(r.AidID), Kind: AidFileKind(r.Kind), ContentType: r.ContentType, Bytes: int(r.Bytes), Received: int(r.Received),
		AddedBy: r.AddedBy, At: r.At, WholeAt: zero(r.WholeAt), SHA256: r.Sha256,
	}
}

// AddFile announces a file whose ID the caller has drawn; a repeat changes nothing and says how much is there.
func (s *Store) AddFile(ctx context.Context, f AidFile, by casefile.Actor) (AidFile, error) {
	if !isUUID(f.ID) || !isUUID(string(f.Aid)) {
		return AidFile{}, casefile.ErrNotFound
	}
	if f.Bytes < 1 || f.Bytes > aidFileBytes {
		return AidFile{}, &casefile.InvalidError{Field: "bytes", Th: "ไฟล์ต้องไม่เกิน 10 เมกะไบต์", En: "a file has at most 10 megabytes"}
	}
	if !slices.Contains([]string{"image/jpeg", "image/png", "application/pdf"}, f.ContentType) {
		return AidFile{}, &casefile.InvalidError{Field: "content_type", Th: "รับเฉพาะ JPEG, PNG และ PDF", En: "JPEG, PNG and PDF are taken"}
	}
	var out AidFile
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.LockAid(ctx, string(f.Aid))
		if err != nil {
			return err
		}
		a, err := readAid(row.Doc)
		if err != nil {
			return err
		}
		n, err := q.CountAidFiles(ctx, string(f.Aid))
		if err != nil {
			return err
		}
		most := int32(aidFilesOfVisit)
		if a.State == casefile.AidDraft {
			most = aidFilesOfForm
		}
		if there, err := q.AidFile(ctx, db.AidFileParams{ID: f.ID, AidID: string(f.Aid)}); err == nil {
			out = aidFile(there)
			return nil
		}
		if n >= most {
			return &casefile.InvalidError{Field: "files", Th: "คำขอนี้มีไฟล์ครบจำนวนแล้ว", En: "the request has as many files as it may"}
		}
		if a.State.Ended() {
			return casefile.ErrNotFound
		}
		added, err := q.AddAidFile(ctx, db.AddAidFileParams{
			ID: f.ID, AidID: string(f.Aid), Kind: string(f.Kind), ContentType: f.ContentType, Bytes: int32(f.Bytes), AddedBy: actorText(by), At: s.Now(), // #nosec G115 -- bounded above
		})
		if err == nil && added == 0 { // the ID is of another request
			err = casefile.ErrNotFound
		}
		if err != nil {
			return err
		}
		there, err := q.AidFile(ctx, db.AidFileParams{ID: f.ID, AidID: string(f.Aid)})
		out = aidFile(there)
		return err
	})
	return out, err
}

// FileOffset says how much of a file is there.
func (s *Store) FileOffset(ctx context.Context, id casefile.AidID, file string) (AidFile, error) {
	if !isUUID(string(id)) || !isUUID(file) {
		return AidFile{}, casefile.ErrNotFound
	}
	var out AidFile
	err := s.once(ctx, func(q *db.Queries) error {
		r, err := q.AidFile(ctx, db.AidFileParams{ID: file, AidID: string(id)})
		out = aidFile(r)
		return err
	})
	return out, err
}

// AppendPiece keeps the next piece of a file, which begins at a byte. One that begins elsewhere gets casefile.ErrMoved,
// with what is there. With the last piece the file is whole.
func (s *Store) AppendPiece(ctx context.Context, id casefile.AidID, file string, from int, piece []byte) (AidFile, error) {
	if !isUUID(string(id)) || !isUUID(file) {
		return AidFile{}, casefile.ErrNotFound
	}
	if len(piece) == 0 {
		return AidFile{}, &casefile.InvalidError{Field: "piece", Th: "ไม่มีข้อมูล", En: "there is nothing in it"}
	}
	sealed, err := s.Sealer.Seal(piece, aidPiece(file, from))
	if err != nil {
		return AidFile{}, err
	}
	var out AidFile
	var refused error
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		r, err := q.LockAidFile(ctx, db.LockAidFileParams{ID: file, AidID: string(id)})
		if err != nil {
			return err
		}
		out, refused = aidFile(db.AidFile(r)), nil
		if from != out.Received || out.Received == out.Bytes {
			return casefile.ErrMoved
		}
		if len(piece) > out.Bytes-from {
			return &casefile.InvalidError{Field: "piece", Th: "ข้อมูลเกินขนาดไฟล์ที่แจ้งไว้", En: "this is more than was announced"}
		}
		if err := q.AddAidPiece(ctx, db.AddAidPieceParams{FileID: file, FromByte: int32(from), PieceSealed: sealed}); err != nil { // #nosec G115 -- bounded by the file
			return err
		}
		out.Received += len(piece)
		if out.Received == out.Bytes {
			content, err := s.aidContent(ctx, q, file)
			if err != nil {
				return err
			}
			if refused = wrongContent(out.ContentType, content); refused != nil { // it begins anew
				out.Received = 0
				if err := q.DropAidPieces(ctx, file); err != nil {
					return err
				}
			} else {
				sum := sha256.Sum256(content)
				out.WholeAt, out.SHA256 = s.Now(), sum[:]
			}
		}
		return q.AidFileReceived(ctx, db.AidFileReceivedParams{ID: file, Received: int32(out.Received), WholeAt: nullTime(out.WholeAt), Sha256: out.SHA256}) // #nosec G115 -- bounded
	})
	if err == nil {
		err = refused
	}
	return out, err
}

// wrongContent refuses a file that is not what it was announced to be, and a picture out of which nobody can take what
// the camera wrote beside it.
func wrongContent(contentType string, content []byte) error {
	ok := http.DetectContentType(content) == contentType
	if ok && strings.HasPrefix(contentType, "image/") {
		_, ok = picture.Bare(content)
	}
	if !ok {
		return &casefile.InvalidError{Field: "file", Th: "ไฟล์นี้ไม่ใช่ภาพหรือเอกสารตามชนิดที่แจ้ง", En: "this is not the kind of file that was announced"}
	}
	return nil
}

func aidPiece(file string, from int) string {
	return place("aid_file_pieces", "piece_sealed", fmt.Sprintf("%s/%d", file, from))
}

func (s *Store) aidContent(ctx context.Context, q *db.Queries, file string) ([]byte, error) {
	rows, err := q.AidPieces(ctx, file)
	if err != nil {
		return nil, err
	}
	var whole bytes.Buffer
	for _, r := range rows {
		plain, err := s.Sealer.Open(r.PieceSealed, aidPiece(file, int(r.FromByte)))
		if err != nil {
			return nil, fmt.Errorf("open a piece of file %s: %w", file, err)
		}
		whole.Write(plain)
	}
	return whole.Bytes(), nil
}

// File returns a whole file, or casefile.ErrNotFound: a picture without what the camera wrote beside it.
func (s *Store) File(ctx context.Context, id casefile.AidID, file string) (content []byte, contentType string, err error) {
	if !isUUID(string(id)) || !isUUID(file) {
		return nil, "", casefile.ErrNotFound
	}
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		r, err := q.AidFile(ctx, db.AidFileParams{ID: file, AidID: string(id)})
		if err == nil && r.WholeAt == nil {
			err = casefile.ErrNotFound
		}
		if err != nil {
			return err
		}
		contentType = r.ContentType
		content, err = s.aidContent(ctx, q, file)
		return err
	})
	if err == nil && strings.HasPrefix(contentType, "image/") {
		content, _ = picture.Bare(content)
	}
	return content, contentType, err
}

// Files lists the files of a request, the oldest first.
func (s *Store) Files(ctx context.Context, id casefile.AidID) ([]AidFile, error) {
	if !isUUID(string(id)) {
		return nil, casefile.ErrNotFound
	}
	var out []AidFile
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.AidFiles(ctx, string(id))
		out = column(rows, func(r db.AidFile) AidFile { return aidFile(r) })
		return err
	})
	return out, err
}
