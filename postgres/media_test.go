package postgres_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

func TestMediaIsExpectedKeptAndSealed(t *testing.T) {
	f := setup(t)
	c := f.report("ann", casefile.Gathering, time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC))
	by := casefile.Actor{Kind: casefile.ByReporter, ID: string(c.Reporter)}
	sent := func(reason, message string) casefile.Event {
		return casefile.Event{Kind: casefile.ReporterAdded, By: by, Reason: reason, Private: casefile.Private{Media: message}}
	}
	c = f.record(c, sent("text", "1"), sent("image", "2"), sent("audio", "3"), sent("video", "4"),
		casefile.Event{Kind: casefile.MessageUnsent, By: by, Private: casefile.Private{Media: "2"}})

	pending, err := f.PendingMedia(t.Context(), c.ID)
	if err != nil || len(pending) != 3 || pending[0] != (activities.KeepInput{Case: c.ID, Seq: 3, MessageID: "2"}) {
		t.Fatalf("pending %+v, %v", pending, err)
	}
	photo := []byte("photo-canary-in-bytes")
	for seq, m := range map[int]activities.Kept{
		3: {State: activities.MediaKept, ContentType: "image/jpeg", Content: photo}, 4: {State: activities.MediaGone},
	} {
		if err := f.KeepMedia(t.Context(), c.ID, seq, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.KeepMedia(t.Context(), c.ID, 3, activities.Kept{State: activities.MediaGone}); err != nil {
		t.Fatal(err)
	}
	got, contentType, err := f.MediaContent(t.Context(), c.ID, 3)
	if err != nil || !bytes.Equal(got, photo) || contentType != "image/jpeg" {
		t.Errorf("got %q of type %q, %v", got, contentType, err)
	}
	if _, _, err := f.MediaContent(t.Context(), c.ID, 4); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("content that is gone: %v", err)
	}
	list, err := f.Media(t.Context(), c.ID)
	if err != nil || len(list) != 3 || list[0].State != activities.MediaKept || list[0].Bytes != len(photo) ||
		list[1].State != activities.MediaGone || list[2].State != activities.MediaPending {
		t.Errorf("listed %+v, %v", list, err)
	}
	if left, err := f.PendingMedia(t.Context(), c.ID); err != nil || len(left) != 1 {
		t.Errorf("still pending %+v, %v", left, err)
	}
	if dump := f.dump(); bytes.Contains(dump, photo) || bytes.Contains(dump, []byte("70686f746f2d63616e617279")) {
		t.Error("a photo rests in clear")
	}
}

// A camera's picture is handed out without its metadata; the original stays, sealed, with its hash.
func TestAPhotoIsHandedOutBareAndKeptWhole(t *testing.T) {
	f := setup(t)
	c := f.report("ann", casefile.Gathering, time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC))
	sent := casefile.Event{
		Kind: casefile.ReporterAdded, By: casefile.Actor{Kind: casefile.ByReporter, ID: string(c.Reporter)}, Reason: "image",
		Private: casefile.Private{Media: "1"},
	}
	c = f.record(c, sent, sent)
	original := []byte("\xff\xd8\xff\xfe\x00\x0cplace-cana" + "\xff\xd9")
	broken := []byte("\xff\xd8\xff\xe1\xff\xffcut off")
	for seq, content := range map[int][]byte{2: original, 3: broken} {
		if err := f.KeepMedia(t.Context(), c.ID, seq, activities.Kept{State: activities.MediaKept, ContentType: "image/jpeg", Content: content}); err != nil {
			t.Fatal(err)
		}
	}
	for seq, want := range map[int]string{2: "\xff\xd8\xff\xd9", 3: string(broken)} {
		if got, _, err := f.MediaContent(t.Context(), c.ID, seq); err != nil || string(got) != want {
			t.Errorf("handed out %q, %v; want %q", got, err, want)
		}
	}
	list, err := f.Media(t.Context(), c.ID)
	if err != nil || len(list) != 2 || !list[0].Bare || list[1].Bare {
		t.Errorf("listed %+v, %v", list, err)
	}
	var sealed, sum []byte
	if err := f.Pool.QueryRow(t.Context(), "SELECT content_sealed, sha256 FROM media WHERE case_id = $1 AND seq = 2", string(c.ID)).Scan(&sealed, &sum); err != nil {
		t.Fatal(err)
	}
	whole, err := f.Sealer.Open(sealed, "media|content_sealed|"+string(c.ID)+"/2")
	if want := sha256.Sum256(original); err != nil || !bytes.Equal(whole, original) || !bytes.Equal(sum, want[:]) {
		t.Errorf("the original or its hash is not what came: %v", err)
	}
}
