package postgres

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/picture"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

var _ activities.Media = (*Store)(nil)

// expectMedia makes the rows of what arrived beside words, in the transaction of the events that say so.
func expectMedia(ctx context.Context, q *db.Queries, c casefile.Case, events []casefile.Event) error {
	p := db.ExpectMediaParams{CaseID: string(c.ID)}
	for i, e := range events {
		if e.BringsMedia() {
			p.Seqs = append(p.Seqs, int32(c.Version-len(events)+1+i)) // #nosec G115 -- a count of events
			p.Ats = append(p.Ats, e.At)
		}
	}
	if len(p.Seqs) == 0 {
		return nil
	}
	return q.ExpectMedia(ctx, p)
}

// PendingMedia lists what a case was sent and nobody has fetched yet.
func (s *Store) PendingMedia(ctx context.Context, id casefile.CaseID) ([]activities.KeepInput, error) {
	if !isUUID(string(id)) {
		return nil, casefile.ErrNotFound
	}
	var pending []activities.KeepInput
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.PendingMedia(ctx, string(id))
		if err != nil {
			return err
		}
		pending = nil
		for _, r := range rows {
			var p casefile.Private
			if err := s.openJSON(r.PrivateSealed, &p, "case_events", "private_sealed", r.EventID); err != nil {
				return err
			}
			pending = append(pending, activities.KeepInput{Case: id, Seq: int(r.Seq), MessageID: p.Media})
		}
		return nil
	})
	return pending, err
}

// mediaRow names the row of one photo, voice message, video or file for the seal.
func mediaRow(id casefile.CaseID, seq int) string { return fmt.Sprintf("%s/%d", id, seq) }

// KeepMedia settles what became of one; a repeat changes nothing.
func (s *Store) KeepMedia(ctx context.Context, id casefile.CaseID, seq int, m activities.Kept) error {
	if !isUUID(string(id)) {
		return casefile.ErrNotFound
	}
	p := db.KeepMediaParams{
		CaseID: string(id), Seq: int32(seq), State: string(m.State), ContentType: m.ContentType, Bytes: int32(len(m.Content)), // #nosec G115 -- bounded by the channel's client
	}
	if m.State == activities.MediaKept {
		sum := sha256.Sum256(m.Content)
		p.Sha256 = sum[:]
		_, p.Bare = picture.Bare(m.Content)
		var err error
		if p.ContentSealed, err = s.Sealer.Seal(m.Content, place("media", "content_sealed", mediaRow(id, seq))); err != nil {
			return fmt.Errorf("keep media of case %s: %w", id, err)
		}
	}
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		_, err := q.KeepMedia(ctx, p)
		return err
	})
}

// Medium is a photo, voice message, video or file that a case was sent.
type Medium struct {
	Seq         int // the event that says it arrived
	State       activities.MediaState
	At          time.Time
	ContentType string
	Bytes       int
	Bare        bool // a picture whose copy holds nothing beside the picture; else it is handed out as it came
}

// Media lists what a case was sent, in order, what was taken back included.
func (s *Store) Media(ctx context.Context, id casefile.CaseID) ([]Medium, error) {
	if !isUUID(string(id)) {
		return nil, casefile.ErrNotFound
	}
	var out []Medium
	err := s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.Media(ctx, string(id))
		out = column(rows, func(r db.MediaRow) Medium {
			return Medium{Seq: int(r.Seq), State: activities.MediaState(r.State), At: r.At, ContentType: r.ContentType, Bytes: int(r.Bytes), Bare: r.Bare}
		})
		return err
	})
	return out, err
}

// MediaContent returns one that is kept, or casefile.ErrNotFound: a picture without what the camera wrote beside it,
// anything else as it came. The original never leaves.
func (s *Store) MediaContent(ctx context.Context, id casefile.CaseID, seq int) (content []byte, contentType string, err error) {
	if !isUUID(string(id)) {
		return nil, "", casefile.ErrNotFound
	}
	err = s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		r, err := q.MediaContent(ctx, db.MediaContentParams{CaseID: string(id), Seq: int32(seq)}) // #nosec G115 -- bounded by the API
		if err != nil {
			return err
		}
		contentType = r.ContentType
		original, err := s.Sealer.Open(r.ContentSealed, place("media", "content_sealed", mediaRow(id, seq)))
		content, _ = picture.Bare(original)
		return err
	})
	return content, contentType, err
}
