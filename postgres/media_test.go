package postgres_test

import (
	"bytes"
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
