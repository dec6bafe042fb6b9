package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// converse lets a word do what it does in a conversation beside any case: pointing something out, the tasks of a
// member, a worker's button about a concern. It returns where the word goes: on as it was, nowhere else, or, when
// what is pointed out cannot wait, into a new emergency.
func (s *Store) converse(ctx context.Context, q *db.Queries, d casefile.Decision, a *Arrival, t thread, r *Routed) (casefile.Decision, error) {
	if a.Channel != casefile.ChannelLINE || t.reporter == "" {
		return d, nil
	}
	in := casefile.Starts(a.In)
	mine := in.Word == casefile.Pressed && slices.Contains([]casefile.Action{casefile.ActConcern, casefile.ActTasks, casefile.ActTask}, in.Action)
	words := slices.Contains([]casefile.Word{casefile.Said, casefile.SentMedia, casefile.SentLocation}, in.Word)
	switch {
	case in.Word == casefile.Pressed && in.Concern != "":
		return d, s.worker(ctx, q, in, a, t, r)
	case in.Word == casefile.Pressed && in.Aid != "":
		return d, s.aidButton(ctx, q, in, a, t, r)
	case in.Word == casefile.Pressed && !mine: // whoever answers a case has turned to something else
		return d, q.ForgetTalk(ctx, s.pointer(t.reporter))
	case !mine && !words:
		return d, nil
	case inDanger(r.OpenCases): // whatever is said belongs to the emergency
		if mine {
			r.Talk = casefile.TalkAnswer{Say: "concern_later"}
		}
		return d, nil
	}
	talk, err := s.talkOf(ctx, q, t.reporter, a)
	if err != nil {
		return d, err
	}
	if in.Word == casefile.SentLocation && t.member != "" && talk.Step == casefile.TalkMore {
		return d, nil // a responder on the way says where they are; the place of the concern was asked before
	}
	if d.Door == casefile.Opens { // a distress word
		if talk.About == "" || in.Word != casefile.Said {
			return d, nil
		}
		typ, _ := typeOf(in) // what is cried now, not what was talked about
		talk.Texts = append(slices.Clone(talk.Texts), in.Text)
		err := s.alarm(ctx, q, talk, a, t)
		a.In.Type = typ
		return d, err
	}
	next, answer, err := s.hear(ctx, q, talk, in, a, t)
	if err != nil || answer.Say == "" {
		return d, err
	}
	if answer.Urgent {
		if err := s.alarm(ctx, q, talk, a, t); err != nil {
			return d, err
		}
		return casefile.Route(casefile.Thread{Reporter: t.reporter, Member: t.member, Open: r.OpenCases}, a.In), nil
	}
	r.Talk = answer
	if err := s.carry(ctx, q, &next, answer, a, t, r); err != nil {
		return d, err
	}
	return casefile.Decision{Door: casefile.Neither}, s.keepTalk(ctx, q, t.reporter, next, answer.Forget, a)
}

// inDanger reports whether the newest open case of a person has an emergency that is not over.
func inDanger(open []casefile.OpenCase) bool {
	return len(open) > 0 && (open[0].State.BeforeControl() || open[0].State == casefile.Duplicate)
}

// pointer names a conversation by a keyed hash that no other table holds.
func (s *Store) pointer(r casefile.ReporterID) string { return s.Sealer.Blind("talk", string(r)) }

func (s *Store) talkOf(ctx context.Context, q *db.Queries, r casefile.ReporterID, a *Arrival) (casefile.Talk, error) {
	var talk casefile.Talk
	pointer := s.pointer(r)
	sealed, err := q.TalkOf(ctx, db.TalkOfParams{Pointer: pointer, At: a.At})
	if errors.Is(err, pgx.ErrNoRows) {
		return talk, nil
	}
	if err != nil {
		return talk, err
	}
	return talk, s.openJSON(sealed, &talk, "talks", "doc_sealed", pointer)
}

func (s *Store) keepTalk(ctx context.Context, q *db.Queries, r casefile.ReporterID, talk casefile.Talk, forget bool, a *Arrival) error {
	pointer := s.pointer(r)
	if forget {
		return q.ForgetTalk(ctx, pointer)
	}
	if talk.Step == "" {
		return nil
	}
	sealed, err := s.sealJSON(talk, "talks", "doc_sealed", pointer)
	if err != nil {
		return err
	}
	return q.KeepTalk(ctx, db.KeepTalkParams{Pointer: pointer, DocSealed: sealed, Until: a.At.Add(s.TalkWait)})
}

// hear asks the law of conversations, or the task list of the member.
func (s *Store) hear(ctx context.Context, q *db.Queries, talk casefile.Talk, in casefile.Incoming, a *Arrival, t thread) (casefile.Talk, casefile.TalkAnswer, error) {
	if in.Word != casefile.Pressed || in.Action == casefile.ActConcern {
		next, answer := talk.Hear(in)
		return next, answer, nil
	}
	if t.member == "" {
		return talk, casefile.TalkAnswer{}, nil
	}
	row, err := q.Member(ctx, string(t.member))
	if err != nil {
		return talk, casefile.TalkAnswer{}, err
	}
	last, err := q.LastTasks(ctx, string(t.member))
	if err != nil {
		return talk, casefile.TalkAnswer{}, err
	}
	done := lastTasks(last)
	m := casefile.Member{Group: casefile.Group(row.Member.MemberGroup), Class: casefile.Class(row.Member.Class), State: casefile.MemberState(row.Member.State)}
	next, answer := s.Tasks.Press(talk, in, s.Tasks.Open(m, done, a.At))
	if answer.Say == "tasks" {
		answer.Owed, err = owedBy(ctx, q, t.member)
	}
	return next, answer, err
}

// carry does what an answer says: the concern begins, hears the word, the task is counted.
func (s *Store) carry(ctx context.Context, q *db.Queries, talk *casefile.Talk, answer casefile.TalkAnswer, a *Arrival, t thread, r *Routed) error {
	var err error
	if answer.Begins {
		if talk.Concern, err = s.beginConcern(ctx, q, *talk, a, t); err != nil {
			return err
		}
		if talk.Task != "" && t.member != "" {
			done := casefile.TaskDone{Task: talk.Task, Opens: casefile.OpensConcern}
			if err := s.taskDone(ctx, q, done, a, t); err != nil {
				return err
			}
		}
	}
	if answer.Word != nil && talk.Concern != "" {
		r.Concern = talk.Concern
		if r.ConcernN, err = s.sayToConcern(ctx, q, talk.Concern, a, *answer.Word); err != nil {
			return err
		}
	}
	if answer.Done != nil && t.member != "" {
		return s.taskDone(ctx, q, *answer.Done, a, t)
	}
	return nil
}

// roughly is an instant of a concern as it is kept: exact to ten minutes, so that no instant of a concern is one of a thread.
func roughly(at time.Time) time.Time { return at.Truncate(10 * time.Minute) }

// beginConcern writes the row of a new concern, which climbs when its talk is over, and seals away whose it is.
func (s *Store) beginConcern(ctx context.Context, q *db.Queries, talk casefile.Talk, a *Arrival, t thread) (casefile.ConcernID, error) {
	random, err := uuid.NewRandom()
	if err != nil {
		return "", fmt.Errorf("draw a concern ID: %w", err)
	}
	c := casefile.Concern{ID: casefile.ConcernID(random.String()), Kind: talk.About, Task: talk.Task, Child: true, DueAt: roughly(a.At).Add(s.TalkWait)}
	doc, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("begin a concern: %w", err)
	}
	sealed, err := s.Sealer.Seal([]byte(t.reporter), place("concern_pointers", "reporter_sealed", string(c.ID)))
	if err != nil {
		return "", err
	}
	return c.ID, q.BeginConcern(ctx, db.BeginConcernParams{
		ID: string(c.ID), State: string(casefile.ConcernDraft), Kind: string(c.Kind), At: roughly(a.At), DueAt: &c.DueAt, Doc: doc, ReporterSealed: sealed,
	})
}

// sayToConcern puts a word into the inbox of a concern. The ID under which it stands there leads to no thread.
func (s *Store) sayToConcern(ctx context.Context, q *db.Queries, id casefile.ConcernID, a *Arrival, in casefile.Incoming) (int, error) {
	event := s.Sealer.Blind("concern word", string(a.EventID))
	sealed, err := s.sealJSON(in, "concern_inbox", "said_sealed", event)
	if err != nil {
		return 0, err
	}
	n, err := q.SayToConcern(ctx, db.SayToConcernParams{ConcernID: string(id), EventID: event, SaidSealed: sealed, At: roughly(a.At)})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return int(n), err
}

// alarm turns what was said in a conversation into a report: the arrival is read as the tap of an incident with the
// place, the words and the pictures so far.
func (s *Store) alarm(_ context.Context, _ *db.Queries, talk casefile.Talk, a *Arrival, _ thread) error {
	alarm := talk.Alarm(a.In)
	alarm.Concern = talk.Concern
	a.In, a.Media = alarm, talk.Media
	return nil
}

// alarmed tells the concern that it became a case, and the case what pictures there are.
func (s *Store) alarmed(ctx context.Context, q *db.Queries, a Arrival, t thread, r *Routed) error {
	for i, m := range a.Media {
		more := a
		more.EventID, more.Raw, more.In = casefile.EventID(fmt.Sprintf("%s:media%d", a.EventID, i)), nil, m
		more.In.By, more.In.Channel = a.In.By, a.In.Channel
		n, err := s.store(ctx, q, more, *r)
		if err != nil {
			return err
		}
		r.N = n
	}
	if a.In.Concern != "" {
		var err error
		r.Concern = a.In.Concern
		word := casefile.Incoming{Word: casefile.Pressed, At: a.In.At, Action: casefile.ActConcernUrgent, Case: r.Case, By: casefile.Actor{Kind: casefile.ByReporter}}
		if r.ConcernN, err = s.sayToConcern(ctx, q, a.In.Concern, &a, word); err != nil {
			return err
		}
	}
	return q.ForgetTalk(ctx, s.pointer(t.reporter))
}

// worker takes the button of somebody who was asked about a concern; for anybody else there is no such concern.
func (s *Store) worker(ctx context.Context, q *db.Queries, in casefile.Incoming, a *Arrival, t thread, r *Routed) error {
	if t.member == "" {
		return nil
	}
	row, err := q.ReadConcern(ctx, string(in.Concern))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var c casefile.Concern
	if err := json.Unmarshal(row.Doc, &c); err != nil {
		return fmt.Errorf("read concern %s: %w", in.Concern, err)
	}
	if !slices.Contains(c.Asked, t.member) && !slices.Contains(c.Declined, t.member) { // the law tells whoever declined
		return nil
	}
	if in.Action == casefile.ActConcernDecline && in.Reason == "" {
		r.Talk = casefile.TalkAnswer{Say: "concern_why", Concern: in.Concern}
		return nil
	}
	in.By = casefile.Actor{Kind: casefile.ByMember, ID: string(t.member)}
	r.Concern, r.Talk = in.Concern, casefile.TalkAnswer{Say: casefile.SaidLater}
	r.ConcernN, err = s.sayToConcern(ctx, q, in.Concern, a, in)
	return err
}
