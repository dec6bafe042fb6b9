// Package migrations is the schema of the database, forward only.
//
// A released file is never edited: a mistake gets a further file. There are no
// queries here.
package migrations

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Files are the migrations in order of their names.
//
//go:embed *.sql
var Files embed.FS

// Patience with another process that migrates at the same time.
const (
	lockEverySeconds = 1
	lockTries        = 300
)

// Up brings a database to the newest schema. Several processes may call it at
// once: an advisory lock lets one of them work.
func Up(ctx context.Context, databaseURL string) error {
	return with(databaseURL, func(p *goose.Provider) error {
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		return nil
	})
}

// Pending reports whether the database lacks a migration that this binary has.
func Pending(ctx context.Context, databaseURL string) (bool, error) {
	var pending bool
	err := with(databaseURL, func(p *goose.Provider) error {
		var err error
		pending, err = p.HasPending(ctx)
		return err
	})
	return pending, err
}

func with(databaseURL string, do func(*goose.Provider) error) error {
	conf, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return errors.New("migrate: the database URL cannot be read") // never its text: it holds the password
	}
	db := stdlib.OpenDB(*conf)
	defer func() { _ = db.Close() }()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockEverySeconds, lockTries))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, Files, goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return do(p)
}
