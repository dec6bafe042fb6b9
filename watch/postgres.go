package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ess-thailand/ess/casefile"
)

// Role is the database role that the watcher works as; migration 00015 says what it may see.
const Role = "ess_watch"

// Opener opens what is sealed. vault.Vault happens to provide it.
type Opener interface {
	Open(sealed []byte, ad string) ([]byte, error)
}

// Postgres is the watcher's memory, on a pool and a connection of its own.
type Postgres struct {
	pool   *pgxpool.Pool
	opener Opener

	mu   sync.Mutex // Lead is asked by one, Close by another
	lock *pgx.Conn  // holds the advisory lock of who leads

	heard map[string]bool // presses that were looked at
}

var _ Store = (*Postgres)(nil)

// What keeps one statement, and a connection whose machine is gone, from
// lasting: the lock of a watcher that lost its network is free after half a minute.
var settings = map[string]string{
	"statement_timeout": "10s", "application_name": "ess-watch",
	"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
}

// poolSize is small: one turn is one statement after the other, and the beat goes on beside it.
const poolSize = 3

// Open opens the pool. It does not wait for the database: a watcher that starts while the database is away must say so.
func Open(ctx context.Context, databaseURL string, opener Opener) (*Postgres, error) {
	conf, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, errors.New("the database URL cannot be read") // never its text: it holds the password
	}
	conf.MaxConns = poolSize
	for k, v := range settings {
		conf.ConnConfig.RuntimeParams[k] = v
	}
	conf.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET ROLE "+Role)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, conf)
	if err != nil {
		return nil, errors.New("the database cannot be opened")
	}
	return &Postgres{pool: pool, opener: opener, heard: map[string]bool{}}, nil
}

// Close lets another watcher lead.
func (p *Postgres) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lock != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = p.lock.Close(ctx)
		p.lock = nil
	}
	p.pool.Close()
}

// leaderLock is the advisory lock of who rings. A lock of the session: it is
// free at once when its process ends, however it ends. No pooler that shares
// connections may stand between.
const leaderLock = 0x655373_77617463 // "ess watc"

// Lead reports whether this watcher rings.
func (p *Postgres) Lead(ctx context.Context) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lock != nil && p.lock.Ping(ctx) == nil {
		var leads bool
		err := p.lock.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted)
			OR pg_try_advisory_lock($1)`, leaderLock).Scan(&leads)
		return leads, said("ask who leads", err)
	}
	if p.lock != nil {
		_ = p.lock.Close(ctx)
		p.lock = nil
	}
	conf := p.pool.Config().ConnConfig.Copy()
	c, err := pgx.ConnectConfig(ctx, conf)
	if err != nil {
		return false, said("connect to the database", err)
	}
	p.lock = c
	var leads bool
	err = c.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", leaderLock).Scan(&leads)
	return leads, said("ask who leads", err)
}

// said names what was being done. The text of a driver's error may hold values
// of a row or the address with its password: only what is known to be harmless goes on.
func said(what string, err error) error {
	if err == nil {
		return nil
	}
	var coded interface{ SQLState() string }
	switch {
	case errors.As(err, &coded):
		return fmt.Errorf("%s: SQLSTATE %s", what, coded.SQLState())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("%s: %w", what, err)
	default:
		return fmt.Errorf("%s: the database does not answer", what)
	}
}

func (p *Postgres) exec(ctx context.Context, what, sql string, args pgx.NamedArgs) error {
	_, err := p.pool.Exec(ctx, sql, args)
	return said(what, err)
}

// Beat says that a part is alive.
func (p *Postgres) Beat(ctx context.Context, part Part, instance string) error {
	return p.exec(ctx, "beat", beat, pgx.NamedArgs{"part": part, "instance": instance})
}

// raiseAtMost bounds what one look raises; the next raises the rest.
const raiseAtMost = 500

// Look raises and clears.
func (p *Postgres) Look(ctx context.Context, l Limits) error {
	if err := p.exec(ctx, "forget instances", forget, nil); err != nil {
		return err
	}
	for _, kind := range Kinds {
		sql := late[kind]
		part, isPart := silence[kind]
		if isPart {
			sql = silent
		}
		if sql == "" { // the database itself: nobody can look for that here
			continue
		}
		args := pgx.NamedArgs{
			"kind": kind, "runbook": kind.Runbook(), "part": part, "at_most": raiseAtMost, "started": l.Started, "inbox": l.Inbox, "silent": l.Silent,
			"watchers": l.Watchers, "unacknowledged": l.Unacknowledged, "overdue": l.Overdue, "messages": l.Messages, "media": l.Media,
		}
		if err := p.exec(ctx, "clear "+kind.Runbook(), fmt.Sprintf(wellAgain, sql), args); err != nil {
			return err
		}
		if err := p.exec(ctx, "raise "+kind.Runbook(), fmt.Sprintf(raise, sql), args); err != nil {
			return err
		}
	}
	return nil
}

// Hear takes the desk's answers from the inbox.
func (p *Postgres) Hear(ctx context.Context) error {
	type press struct {
		EventID    string
		SaidSealed []byte
		StoredAt   time.Time
		Member     string
	}
	rows, err := p.pool.Query(ctx, pressed)
	if err != nil {
		return said("read answers", err)
	}
	presses, err := pgx.CollectRows(rows, pgx.RowToStructByPos[press])
	if err != nil {
		return said("read answers", err)
	}
	if len(presses) == 0 {
		clear(p.heard)
	}
	for _, x := range presses {
		if p.heard[x.EventID+"|"+x.Member] {
			continue
		}
		plain, err := p.opener.Open(x.SaidSealed, "inbox|said_sealed|"+x.EventID)
		if err != nil {
			return fmt.Errorf("open an answer: %w", err)
		}
		var in casefile.Incoming
		if json.Unmarshal(plain, &in) != nil { // never the parser's words: they quote
			return errors.New("open an answer: not what was sealed")
		}
		mine := in.By.Kind != casefile.ByMember || in.By.ID == x.Member // two of the desk may share a telephone
		if alarm, ok := answered(in); ok && mine {
			err := p.exec(ctx, "note an answer", take, pgx.NamedArgs{"at": x.StoredAt, "member": x.Member, "case": string(in.Case), "alarm": alarm})
			if err != nil {
				return err
			}
		}
		p.heard[x.EventID+"|"+x.Member] = true
	}
	return nil
}

// Due lists what should ring now.
func (p *Postgres) Due(ctx context.Context, gather, repeat time.Duration) ([]Alarm, error) {
	return p.alarms(ctx, due, pgx.NamedArgs{"gather": gather, "repeat": repeat})
}

// Over lists what has ended and nobody was told.
func (p *Postgres) Over(ctx context.Context) ([]Alarm, error) {
	return p.alarms(ctx, over, pgx.NamedArgs{"for": tellFor})
}

func (p *Postgres) alarms(ctx context.Context, sql string, args pgx.NamedArgs) ([]Alarm, error) {
	rows, err := p.pool.Query(ctx, sql, args)
	if err != nil {
		return nil, said("read alarms", err)
	}
	alarms, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Alarm])
	return alarms, said("read alarms", err)
}

// Rung notes a ring.
func (p *Postgres) Rung(ctx context.Context, alarms []int64, to []casefile.MemberID, since time.Time) error {
	return p.exec(ctx, "note a ring", rung, pgx.NamedArgs{"ids": alarms, "members": to, "since": since})
}

// Told notes that the end was told.
func (p *Postgres) Told(ctx context.Context, alarms []int64) error {
	return p.exec(ctx, "note that the end was told", told, pgx.NamedArgs{"ids": alarms})
}

// Away keeps a record of a time without the database.
func (p *Postgres) Away(ctx context.Context, since time.Time, rings int, to []casefile.MemberID) error {
	return p.exec(ctx, "record an outage", away, pgx.NamedArgs{
		"kind": DatabaseAway, "runbook": DatabaseAway.Runbook(), "since": since, "rings": rings, "members": to,
	})
}

// Desk lists who is rung.
func (p *Postgres) Desk(ctx context.Context) ([]Contact, error) { return p.people(ctx, onDesk, nil) }

// Above lists who is rung about a case that the national desk must not see.
func (p *Postgres) Above(ctx context.Context) ([]Contact, error) { return p.people(ctx, above, nil) }

// KeptAway says which members each of some cases must not reach.
func (p *Postgres) KeptAway(ctx context.Context, cases []string, members []casefile.MemberID) (map[string][]casefile.MemberID, error) {
	rows, err := p.pool.Query(ctx, keptAway, pgx.NamedArgs{"cases": cases, "ids": members})
	if err != nil {
		return nil, said("read whom a case must not reach", err)
	}
	kept := map[string][]casefile.MemberID{}
	var id string
	var member casefile.MemberID
	_, err = pgx.ForEachRow(rows, []any{&id, &member}, func() error { kept[id] = append(kept[id], member); return nil })
	return kept, said("read whom a case must not reach", err)
}

// Contacts finds members again.
func (p *Postgres) Contacts(ctx context.Context, ids []casefile.MemberID) ([]Contact, error) {
	return p.people(ctx, contacts, pgx.NamedArgs{"ids": ids})
}

func (p *Postgres) people(ctx context.Context, sql string, args pgx.NamedArgs) ([]Contact, error) {
	rows, err := p.pool.Query(ctx, sql, args)
	if err != nil {
		return nil, said("read the desk", err)
	}
	type row struct {
		ID       casefile.MemberID
		Language casefile.Language
		Channel  casefile.Channel
		Sealed   []byte
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, said("read the desk", err)
	}
	var people []Contact
	var unopened error
	for _, r := range found {
		place := "members|line_user_sealed|" + string(r.ID)
		if r.Channel != casefile.ChannelLINE {
			place = "contacts|address_sealed|" + string(r.ID) + "|" + string(r.Channel)
		}
		to, err := p.opener.Open(r.Sealed, place)
		if err != nil { // the others must be rung all the same
			unopened = fmt.Errorf("open a way to member %s: %w", r.ID, err)
			continue
		}
		if last := len(people) - 1; last < 0 || people[last].Member != r.ID {
			people = append(people, Contact{Member: r.ID, Language: r.Language})
		}
		own := &people[len(people)-1]
		own.Ways = append(own.Ways, Way{Channel: r.Channel, To: string(to)})
	}
	if len(people) == 0 {
		return nil, unopened
	}
	return people, nil
}

// Open counts the alarms that have not ended.
func (p *Postgres) Open(ctx context.Context) (map[Kind]int, error) {
	rows, err := p.pool.Query(ctx, open)
	if err != nil {
		return nil, said("count alarms", err)
	}
	counts := map[Kind]int{}
	var kind Kind
	var n int
	_, err = pgx.ForEachRow(rows, []any{&kind, &n}, func() error { counts[kind] = n; return nil })
	return counts, said("count alarms", err)
}
