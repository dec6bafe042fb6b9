package postgres

import (
	"cmp"
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

func evidencePlace(id casefile.ConcernID, seq int) string {
	return place("concern_evidence", "content_sealed", fmt.Sprintf("%s/%d", id, seq))
}

// expectEvidence is the row of what an event brought. A link is all there is of it, and kept at once.
func (s *Store) expectEvidence(id casefile.ConcernID, e casefile.ConcernEvent) (db.ExpectEvidenceParams, error) {
	p := db.ExpectEvidenceParams{
		ConcernID: string(id), Seq: int32(e.Seq), Kind: e.Private.MediaKind, State: string(activities.MediaPending), At: e.At, // #nosec G115 -- a count of events
	}
	if e.Private.Link == "" {
		return p, nil
	}
	sum := sha256.Sum256([]byte(e.Private.Link))
	p.Kind, p.State, p.ContentType, p.Bytes, p.Sha256 = "link", string(activities.MediaKept), "text/plain", int32(len(e.Private.Link)), sum[:] // #nosec G115 -- bounded
	var err error
	p.ContentSealed, err = s.Sealer.Seal([]byte(e.Private.Link), evidencePlace(id, e.Seq))
	return p, err
}

// PendingEvidence lists what nobody has fetched yet.
func (s *Store) PendingEvidence(ctx context.Context, id casefile.ConcernID) ([]activities.EvidenceInput, error) {
	var out []activities.EvidenceInput
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.PendingEvidence(ctx, string(id))
		out = nil
		for _, r := range rows {
			var p casefile.ConcernPrivate
			if err := s.openJSON(r.PrivateSealed, &p, "concern_events", "private_sealed", r.EventID); err != nil {
				return err
			}
			out = append(out, activities.EvidenceInput{Concern: id, Seq: int(r.Seq), MessageID: p.Media})
		}
		return err
	})
	return out, err
}

// KeepEvidence settles what became of one; a repeat changes nothing.
func (s *Store) KeepEvidence(ctx context.Context, id casefile.ConcernID, seq int, m activities.Kept) error {
	p := db.KeepEvidenceParams{
		ConcernID: string(id), Seq: int32(seq), State: string(m.State), ContentType: m.ContentType, Bytes: int32(len(m.Content)), // #nosec G115 -- bounded by the channel's client
	}
	if m.State == activities.MediaKept {
		sum := sha256.Sum256(m.Content)
		p.Sha256 = sum[:]
		var err error
		if p.ContentSealed, err = s.Sealer.Seal(m.Content, evidencePlace(id, seq)); err != nil {
			return fmt.Errorf("keep evidence of concern %s: %w", id, err)
		}
	}
	return s.inTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		_, err := q.KeepEvidence(ctx, p)
		return err
	})
}

// EvidenceContent returns one that is kept, or casefile.ErrNotFound: a picture without what the camera wrote beside it.
func (s *Store) EvidenceContent(ctx context.Context, id casefile.ConcernID, seq int) (content []byte, kind, contentType string, err error) {
	if !isUUID(string(id)) {
		return nil, "", "", casefile.ErrNotFound
	}
	err = s.once(ctx, func(q *db.Queries) error {
		r, err := q.EvidenceContent(ctx, db.EvidenceContentParams{ConcernID: string(id), Seq: int32(seq)}) // #nosec G115 -- bounded by the API
		if err != nil {
			return err
		}
		kind, contentType = r.Kind, cmp.Or(r.ContentType, "application/octet-stream")
		original, err := s.Sealer.Open(r.ContentSealed, evidencePlace(id, seq))
		content, _ = picture.Bare(original)
		return err
	})
	return content, kind, contentType, err
}

// Evidence is a link or something that was sent beside words, without the content.
type Evidence struct {
	Concern     casefile.ConcernID
	Seq         int
	Kind        string // link, image, video, audio, file
	State       activities.MediaState
	At          time.Time
	ContentType string
	Bytes       int
	SHA256      []byte
}

// EvidenceOf lists the evidence of concerns.
func (s *Store) EvidenceOf(ctx context.Context, ids ...casefile.ConcernID) ([]Evidence, error) {
	var out []Evidence
	err := s.once(ctx, func(q *db.Queries) error {
		rows, err := q.Evidence(ctx, column(ids, func(id casefile.ConcernID) string { return string(id) }))
		out = column(rows, func(r db.EvidenceRow) Evidence {
			return Evidence{casefile.ConcernID(r.ConcernID), int(r.Seq), r.Kind, activities.MediaState(r.State), r.At, r.ContentType, int(r.Bytes), r.Sha256}
		})
		return err
	})
	return out, err
}
