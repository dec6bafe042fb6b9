// Command localstack is a Temporal server and the Temporal UI in one process,
// on PostgreSQL, for development, demonstrations and integration tests.
//
// It is not for production: it has no TLS, no authorizer and one copy of every
// service. Everything listens on 127.0.0.1 only. It is a Go module of its own,
// so that the main module does not inherit the server's dependencies.
//
// When everything answers it prints one line on standard output,
//
//	READY frontend=127.0.0.1:7233 ui=http://127.0.0.1:8233
//
// and nothing else ever; warnings and errors go to standard error. SIGTERM or
// an interrupt stops it; a second one ends it at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.uber.org/zap/zapcore"
)

// options is everything that can be set; every field is a flag of the same name.
type options struct {
	postgres         *url.URL
	frontendPort     int
	uiPort           int
	codecEndpoint    string
	namespace        string
	retention        time.Duration
	searchAttributes map[string]enumspb.IndexedValueType
	shards           int
	logLevel         string
	stopOnStdinClose bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// From the first signal on the default action is back: a second one ends us.
	context.AfterFunc(ctx, stop)

	err := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "localstack:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	o, err := parse(args, getenv, stderr)
	if err != nil {
		return err
	}
	// The UI ends the process when its port is taken, so look before anything starts.
	if err := errors.Join(free("frontend", o.frontendPort), free("ui", o.uiPort)); err != nil {
		return err
	}
	if o.stopOnStdinClose {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		go func() {
			_, _ = io.Copy(io.Discard, stdin) // ends when the parent closes it or dies
			cancel()
		}()
	}

	logger, through := newLogger(o.logLevel)
	if err := createSchemas(o, logger); err != nil {
		return err
	}
	server, err := startServer(o, logger)
	if err != nil {
		return err
	}
	defer server.Stop() //nolint:errcheck // it always returns nil, and we are leaving anyway

	if err := prepare(ctx, o); err != nil {
		return err
	}
	ready := "READY frontend=" + loopback(o.frontendPort)
	if o.uiPort != 0 {
		ui, err := startUI(ctx, o)
		if err != nil {
			return err
		}
		defer ui.Stop()
		ready += " ui=http://" + loopback(o.uiPort)
	}
	quiet := through.Level()
	through.SetLevel(min(quiet, zapcore.WarnLevel))
	fmt.Fprintln(stdout, ready)

	<-ctx.Done()
	through.SetLevel(quiet)
	return nil
}

// parse reads the flags and reports every mistake at once.
func parse(args []string, getenv func(string) string, stderr io.Writer) (options, error) {
	o := options{searchAttributes: map[string]enumspb.IndexedValueType{}}
	var errs []error

	f := flag.NewFlagSet("localstack", flag.ContinueOnError)
	f.SetOutput(stderr)
	postgres := f.String("postgres", "", "PostgreSQL URL of a role that may create databases; its database name is ignored "+
		"(default $LOCALSTACK_POSTGRES, which keeps the password out of the process list)")
	f.IntVar(&o.frontendPort, "frontend-port", 7233, "port of the Temporal frontend (gRPC)")
	f.IntVar(&o.uiPort, "ui-port", 8233, "port of the Temporal UI; 0 starts none")
	f.StringVar(&o.codecEndpoint, "codec-endpoint", "", "URL at which the browser finds the codec server, so that the UI shows decoded payloads")
	f.StringVar(&o.namespace, "namespace", "ess", "namespace to register")
	f.DurationVar(&o.retention, "retention", 72*time.Hour, "how long the namespace keeps closed workflows")
	f.IntVar(&o.shards, "shards", 4, "history shards; fixed for ever when the database is first created")
	f.StringVar(&o.logLevel, "log-level", "warn", "debug, info, warn or error")
	f.BoolVar(&o.stopOnStdinClose, "stop-on-stdin-close", false, "stop when standard input closes: a parent that dies takes the stack with it")
	f.Func("search-attribute", "`Name=Type` to register, repeatable; types are Keyword, KeywordList, Text, Int, Double, Bool, Datetime", func(s string) error {
		name, typ, ok := strings.Cut(s, "=")
		indexed, err := enumspb.IndexedValueTypeFromString(typ)
		if !ok || name == "" || err != nil || indexed == enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED {
			return errors.New("want Name=Type, for example CaseState=Keyword")
		}
		o.searchAttributes[name] = indexed
		return nil
	})
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		errs = append(errs, fmt.Errorf("unexpected argument %q", f.Arg(0)))
	}
	if *postgres == "" {
		*postgres = getenv("LOCALSTACK_POSTGRES")
	}
	u, err := url.Parse(*postgres)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.User.Username() == "" {
		// The parser's error would repeat the URL, and with it the password.
		errs = append(errs, errors.New("--postgres: want postgres://user:password@host:port/ or postgres://user@/?host=/socket/folder&port=5432"))
	} else {
		o.postgres = u
	}
	if o.frontendPort < 1 || o.frontendPort > 65535 {
		errs = append(errs, fmt.Errorf("--frontend-port: %d is not a port", o.frontendPort))
	}
	if o.uiPort < 0 || o.uiPort > 65535 {
		errs = append(errs, fmt.Errorf("--ui-port: %d is not a port", o.uiPort))
	}
	if o.retention < time.Hour {
		errs = append(errs, fmt.Errorf("--retention: %s is under the server's minimum of 1h", o.retention))
	}
	if o.shards < 1 || o.shards > 16384 {
		errs = append(errs, fmt.Errorf("--shards: want 1 to 16384, got %d", o.shards))
	}
	switch o.logLevel {
	case "debug", "info", "warn", "error":
	default:
		errs = append(errs, fmt.Errorf("--log-level: %q is not debug, info, warn or error", o.logLevel))
	}
	return o, errors.Join(errs...)
}

// free says whether a port can be bound; port 0 means that none is wanted.
func free(what string, port int) error {
	if port == 0 {
		return nil
	}
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return fmt.Errorf("%s port %d is taken: choose another with --%s-port", what, port, what)
	}
	return l.Close()
}

func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
