package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/bank"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channel"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/policy"
)

// Server is the API and the webhook door of one process. Its fields are set
// before Serve or Handler is called, and not changed after.
type Server struct {
	Intake      Intake
	Cases       Cases
	Commander   Commander
	Nudger      Nudger
	Prover      Prover
	Roster      Roster
	Requests    Requests
	Concerns    Concerns
	Aids        Aids
	AidPayments AidPayments
	Bank        bank.Format // what offices and their bank have agreed; without a name: the one that comes with the program
	Logbooks    Logbooks
	FollowUps   FollowUps
	TaskReports TaskReports
	Changes     Changes
	Feeds       Feeds
	Shifts      Shifts
	Keys        Keys
	Addresses   Addresses
	Members     Members
	Messenger   activities.Messenger
	Menus       Menus
	Groups      Groups
	People      People
	Forms       Forms
	FormList    []casefile.Form // in force
	Papers      Papers
	Smart       Smart       // sessions of the volunteers' pages
	Login       *line.Login // signs members in there; nil: there are no such pages
	PublicURL   string      // under which people reach this server; its scheme says whether cookies need TLS
	Spool       *Spool
	Policy      *policy.Policy
	Places      *policy.Places

	Ready       func(context.Context) error // the database answers
	Operators   []Operator
	LINESecrets []string // one, or two while rotating
	// ChannelSecrets are what a gateway of SMS or voice shows: one, or two while rotating; none: its doors are shut.
	ChannelSecrets []string
	SMS            *channel.Gateway // how the SMS gateway calls its fields; nil: as openapi.yaml does
	PerSecond      float64          // requests of one operator; bursts of twice as many
	Registry       *prometheus.Registry
	Codec          http.Handler // decodes Temporal payloads for its UI; nil: nobody may
	Log            *slog.Logger
	Now            func() time.Time // case time
	NudgeApart     time.Duration    // between two nudges of one case; 0: a second
	// Step begins a part of a trace and returns what ends it with an HTTP status, or 0; nil: nothing is traced.
	Step        func(ctx context.Context, name string) (context.Context, func(status int))
	Development bool // screens on this machine may be fed, and without TLS

	contract contract
	desks    []desk
	searches map[string]*rate.Limiter // by name of the operator
	signIns  *rate.Limiter            // of members, all together
	run      *background
	nudges   *nudges
	hub      *hub
	metrics  *metrics
	stopping chan struct{} // closed when streams must end
}

const (
	maxBody      = 256 << 10 // of a request to /v1
	maxWebhook   = 1 << 20
	stopPatience = 20 * time.Second
)

// Serve answers on the listener, reads the stream of changes and drains the
// spool until the context ends; then it finishes what it has begun.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	handler, err := s.Handler()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug), // broken connections of strangers
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error { s.hub.listen(ctx); return nil })
	group.Go(func() error { s.drain(ctx); return nil })
	group.Go(func() error { s.keepPayments(ctx); return nil })
	group.Go(func() error {
		<-ctx.Done()
		close(s.stopping)
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		err := server.Shutdown(patience)
		s.run.wait()
		return err
	})
	return group.Wait()
}

// Handler is everything that the server answers. Serve also runs what belongs beside it.
func (s *Server) Handler() (http.Handler, error) {
	engine, err := s.engine()
	if err != nil {
		return nil, err
	}
	sameSite := http.NewCrossOriginProtection()
	sameSite.SetDenyHandler(s.plain(errCrossSite))
	if s.Codec == nil {
		return sameSite.Handler(engine), nil
	}
	mux := http.NewServeMux() // the codec is asked from another origin, by rules of its own
	mux.Handle("/codec/", http.StripPrefix("/codec", s.Codec))
	mux.Handle("/", sameSite.Handler(engine))
	return mux, nil
}

// plain answers every request with one error.
func (s *Server) plain(err error) http.Handler {
	e := gin.New()
	e.NoRoute(s.headers, func(c *gin.Context) { s.fail(c, err) })
	return e
}

func (s *Server) engine() (*gin.Engine, error) {
	if err := line.CheckSecrets(s.LINESecrets); err != nil {
		return nil, err
	}
	for _, o := range s.Operators {
		if o.Name == "" || o.Token == "" {
			return nil, errors.New("an operator needs a name and a token")
		}
		for _, role := range o.Roles {
			if !slices.Contains(OperatorRoles, role) && !slices.Contains(PartnerRoles, role) {
				return nil, fmt.Errorf("operator %s: there is no role %q", o.Name, role)
			}
		}
	}
	if s.PerSecond <= 0 {
		return nil, errors.New("requests per second of an operator: want a positive number")
	}
	var err error
	if s.contract, err = loadContract(); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(s.Registry, s.Spool); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	s.signIns = rate.NewLimiter(signInsEach, 2*signInsEach)
	s.desks, s.searches = desks(s.Operators, s.PerSecond), searches(s.Operators)
	s.run = newBackground()
	s.nudges = &nudges{nudger: s.Nudger, run: s.run, apart: cmp.Or(s.NudgeApart, nudgeApart), log: s.Log, waiting: map[CaseID]nudge{}}
	s.hub = newHub(s.Changes, s.Log)
	s.stopping = make(chan struct{})

	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.ContextWithFallback = true // else the context that handlers get is never cancelled
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	if err := r.SetTrustedProxies(nil); err != nil { // nobody's X-Forwarded-For counts
		return nil, err
	}
	r.Use(s.observe, s.recover, s.headers)
	r.NoRoute(func(c *gin.Context) { s.fail(c, errNoRoute) })
	r.NoMethod(func(c *gin.Context) { s.fail(c, errMethod) })

	r.POST("/line/webhook", s.lineHook) // signed by LINE, not signed in
	s.doors(r)                          // a gateway shows a secret of its own
	s.smart(r)                          // a cookie, opened by LINE
	r.GET("/healthz", gin.WrapH(Healthz()))
	r.GET("/readyz", gin.WrapH(Readyz(s.Ready)))
	r.GET("/calendar/:feed", s.calendar) // its address is its secret
	r.GET("/metrics", s.signedIn, s.permitted, gin.WrapH(promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{})))

	malformed := func(c *gin.Context, _ error) { s.fail(c, errMalformed) }
	RegisterHandlersWithOptions(r.Group("", s.signedIn, s.permitted, s.bounded, s.matches, s.once),
		NewStrictHandlerWithOptions(s, nil, StrictGinServerOptions{
			RequestErrorHandlerFunc: malformed, HandlerErrorFunc: s.fail, ResponseErrorHandlerFunc: s.fail,
		}),
		GinServerOptions{ErrorHandler: func(c *gin.Context, err error, _ int) { malformed(c, err) }})
	return r, nil
}

func (s *Server) bounded(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
}

// headers keep answers out of caches, frames and pages.
func (s *Server) headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

// observe logs and counts a request: its route, never its path, query or body.
func (s *Server) observe(c *gin.Context) {
	began := time.Now()
	route := c.FullPath()
	if route == "" {
		route = "none"
	}
	ctx, end := s.step(c.Request.Context(), known(c.Request.Method)+" "+route)
	c.Request = c.Request.WithContext(ctx)
	c.Next()
	took := time.Since(began)
	end(c.Writer.Status())
	s.metrics.request(c.Request.Method, route, c.Writer.Status(), took)
	s.Log.LogAttrs(c.Request.Context(), slog.LevelInfo, "request", slog.String("method", known(c.Request.Method)), slog.String("route", route),
		slog.Int("status", c.Writer.Status()), slog.Int64("ms", took.Milliseconds()), slog.String("operator", c.GetString("operator")))
}

// step begins a part of a trace, if anything is traced.
func (s *Server) step(ctx context.Context, name string) (context.Context, func(status int)) {
	if s.Step == nil {
		return ctx, func(int) {}
	}
	return s.Step(ctx, name)
}

// known keeps what strangers make up out of logs and metrics.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// recover turns a panic into a 500. The panic's value may quote a request, so
// only its type and the stack are logged.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(v)
		}
		s.fail(c, fmt.Errorf("panic of type %T at %s", v, debug.Stack()))
	}()
	c.Next()
}

// Healthz answers as long as the process runs.
func Healthz() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
}

// Readyz answers 200 while what the process needs answers.
func Readyz(ready func(context.Context) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if ready(ctx) != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
}
