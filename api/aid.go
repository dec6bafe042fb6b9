package api

import (
	"context"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// Aids keeps aid requests, and has orders carried out. Whatever is filled in is sealed; who may see it is decided here.
type Aids interface {
	// Begin makes an empty draft, with what a case knows already when there is one; a repeat of the same actor does
	// nothing, and an ID that somebody else has is not found.
	Begin(ctx context.Context, id casefile.AidID, filer casefile.Actor, from casefile.CaseID) error
	// Aid returns a request as last recorded, or casefile.ErrNotFound. A draft has its ID, its state and its filer.
	Aid(ctx context.Context, id casefile.AidID) (casefile.AidRequest, error)
	// List tells nothing personal, newest first. Drafts are in it only when a filer is asked for.
	List(ctx context.Context, f AidFilter) ([]ListedAid, error)
	// Events are what happened to one, with what was said.
	Events(ctx context.Context, id casefile.AidID) ([]casefile.AidEvent, error)
	// Form returns the set of the form that was sent, or casefile.ErrNotFound.
	Form(ctx context.Context, id casefile.AidID, n int) (casefile.AidForm, error)
	// Viewed records that somebody is about to see what is personal in one.
	Viewed(ctx context.Context, by casefile.Actor, id casefile.AidID, purpose string) error
	// Twins lists other requests of the same person or household, the newest first.
	Twins(ctx context.Context, id casefile.AidID) ([]activities.AidTwin, error)

	// Draft returns what was saved, and how often each part was.
	Draft(ctx context.Context, id casefile.AidID) (casefile.AidForm, map[casefile.AidPart]int, error)
	// SavePart replaces a part that was saved so often, 0 for never, and returns how often it is saved now; a repeat saves
	// nothing. It returns casefile.ErrMoved when something else was saved since, and a *casefile.RefusedError when the
	// request is not one to fill in.
	SavePart(ctx context.Context, by casefile.Actor, id casefile.AidID, part casefile.AidPart, doc []byte, saved int) (int, error)
	// Send freezes what was saved and has it heard; n is its number in the inbox. A repeat with the key gets the first number.
	Send(ctx context.Context, by casefile.Actor, id casefile.AidID, key string) (n int, err error)
	// Say has an order of a phone heard, once by its ID; n is its number in the inbox.
	Say(ctx context.Context, id casefile.AidID, o casefile.AidOrder) (n int, err error)

	// AddFile announces a file; a repeat with the same ID says how much of it is there.
	AddFile(ctx context.Context, by casefile.Actor, id casefile.AidID, f AidFile) (AidFile, error)
	// File tells of one without its content, or casefile.ErrNotFound; Files of all.
	File(ctx context.Context, id casefile.AidID, file string) (AidFile, error)
	Files(ctx context.Context, id casefile.AidID) ([]AidFile, error)
	// AppendPiece adds bytes at an offset; casefile.ErrMoved when it is not the next. With the last piece the file is
	// whole, or, when it is not what it was said to be, as if nothing had come.
	AppendPiece(ctx context.Context, id casefile.AidID, file string, from int, piece []byte) (AidFile, error)
	// FileContent is a whole file, a picture without what the camera wrote beside it, or casefile.ErrNotFound.
	FileContent(ctx context.Context, id casefile.AidID, file string) (content []byte, contentType string, err error)

	// Confirmed lists what officers have confirmed of the catalogue, Confirmations with who typed it and by what; Confirm
	// adds to it, a repeat does nothing.
	Confirmed(ctx context.Context) ([]policy.AidConfirmed, error)
	Confirmations(ctx context.Context) ([]AidConfirmation, error)
	Confirm(ctx context.Context, c AidConfirmation) error
	// Spans are the requests that were sent in a span of time, without anything personal.
	Spans(ctx context.Context, since, until time.Time) ([]AidSpan, error)

	// Order has one carried out by the request's own process, and waits for its verdict.
	Order(ctx context.Context, id casefile.AidID, o casefile.AidOrder) (AidVerdict, error)
	// Nudge wakes that process.
	Nudge(ctx context.Context, id casefile.AidID, upTo int) error
}

// AidFilter says which requests are wanted. An empty field wants all.
type AidFilter struct {
	State     casefile.AidState
	Office    casefile.UnitID // that works on it, or was asked to
	Provinces []string
	Filer     casefile.Actor
	Visitor   casefile.MemberID // who visits the home
	Open      bool
	Overdue   bool      // the next step is owed and late
	AfterAt   time.Time // together with AfterID: the last one of the page before
	AfterID   casefile.AidID
	Limit     int
}

// ListedAid is a request, and when it was begun.
type ListedAid struct {
	casefile.AidRequest
	BegunAt time.Time
}

// AidFile is a photo, a signature or a document of a request, without its content.
type AidFile struct {
	ID          string // UUIDv4
	Kind        string // PHOTO, SIGNATURE, DOCUMENT
	ContentType string // image/jpeg, image/png, application/pdf
	Bytes       int    // of the whole
	Received    int    // the next piece begins here
	SHA256      []byte // of the whole as it came
	At          time.Time
	WholeAt     time.Time
}

// AidConfirmation is an officer's word that a row of the catalogue says what the regulation says.
type AidConfirmation struct {
	policy.AidConfirmed
	By     string // the operator who typed it
	Source string // the regulation or letter that they looked at
}

// AidSpan is what a count takes from a request.
type AidSpan struct {
	Province                                     string
	Wanted                                       []string
	Refused                                      bool // and not planned anew
	Duplicate                                    bool // another request of the same person or household was found
	SubmittedAt, VisitedAt, DecidedAt, SettledAt time.Time
}
