package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

func TestSpansAreOfRequestsSentBetween(t *testing.T) {
	f := setup(t)
	a := f.filed(household("", "สมหญิง", "นับจำนวน", "1 หมู่ 1"))
	for _, tt := range []struct {
		since, until time.Time
		want         int
	}{
		{a.SubmittedAt, a.SubmittedAt.Add(time.Second), 1}, {a.SubmittedAt.Add(-time.Hour), a.SubmittedAt, 0}, {a.SubmittedAt.Add(time.Second), a.SubmittedAt.Add(time.Hour), 0},
	} {
		spans, err := f.AidSpans(t.Context(), tt.since, tt.until)
		if err != nil || len(spans) != tt.want {
			t.Fatalf("%+v, %v", spans, err)
		}
		if tt.want == 1 && (spans[0].Province != a.Place.Province || len(spans[0].Wanted) != len(a.Wanted) || !spans[0].SubmittedAt.Equal(a.SubmittedAt) || spans[0].Refused) {
			t.Errorf("the span is %+v", spans[0])
		}
	}
}

// A file that is not what it was announced to be is refused at its last byte, and can be sent anew.
func TestAFileIsWhatItWasAnnouncedToBe(t *testing.T) {
	f := setup(t)
	id := f.drafted(household("", "สมหญิง", "ไม่ใช่ภาพ", "2 หมู่ 1"))
	by := casefile.Actor{Kind: casefile.ByMember, ID: "nobody"}
	for contentType, content := range map[string]string{
		"image/png": "\x89PNG\r\n\x1a\nand then nothing of a picture", "image/jpeg": "%PDF-1.7 a paper that says it is a photo", "application/pdf": "<html>no paper</html>",
	} {
		file, err := f.AddFile(t.Context(), postgres.AidFile{ID: uuid.NewString(), Aid: id, Kind: postgres.AidDocument, ContentType: contentType, Bytes: len(content)}, by)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = f.AppendPiece(t.Context(), id, file.ID, 0, []byte(content[:10])); err != nil {
			t.Fatal(err)
		}
		var invalid *casefile.InvalidError
		if _, err = f.AppendPiece(t.Context(), id, file.ID, 10, []byte(content[10:])); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", contentType, err)
		}
		if file, err = f.FileOffset(t.Context(), id, file.ID); err != nil || file.Received != 0 || !file.WholeAt.IsZero() {
			t.Errorf("%s afterwards: %+v, %v", contentType, file, err)
		}
		if _, err = f.AppendPiece(t.Context(), id, file.ID, 0, []byte(content[:10])); err != nil {
			t.Errorf("%s cannot begin anew: %v", contentType, err)
		}
	}
}
