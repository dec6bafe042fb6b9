package api

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
)

const (
	attemptAge  = 10 * time.Minute
	sessionAge  = 7 * 24 * time.Hour
	languageAge = 365 * 24 * time.Hour
	signInsEach = 20 // a second, of everybody together: each costs a row, or a look at LINE
)

// welcomed is why somebody sees the page before the pages.
type welcomed struct{ NoMember, Failed, Away bool }

// smartWelcome is where who is not signed in begins.
func (s *Server) smartWelcome(c *gin.Context) { s.welcome(c, http.StatusOK, welcomed{}) }

func (s *Server) welcome(c *gin.Context, status int, why welcomed) {
	s.show(c, status, "welcome", smartPage{Title: "อพม. Smart", B: why})
}

// smartSignIn sends a browser to LINE. What comes back must come back to the same browser.
func (s *Server) smartSignIn(c *gin.Context) {
	if !s.signIns.Allow() {
		s.smartFail(c, errTooMany)
		return
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	browser := base64.RawURLEncoding.EncodeToString(raw)
	a := s.Login.Attempt()
	if err := s.Smart.KeepAttempt(c.Request.Context(), browser, a.State, a.Nonce, a.Verifier); err != nil {
		s.smartFail(c, err)
		return
	}
	s.setSmartCookie(c, "ess-attempt", browser, attemptAge)
	c.Redirect(http.StatusFound, s.Login.URL(a, string(s.smartLanguageOf(c))))
}

// smartBack is where LINE sends a browser back to.
func (s *Server) smartBack(c *gin.Context) {
	ctx := c.Request.Context()
	query := c.Request.URL.Query()
	browser := s.smartCookieOf(c, "ess-attempt")
	s.setSmartCookie(c, "ess-attempt", "", 0)
	if query.Get("code") == "" || browser == "" { // cancelled, or begun elsewhere
		s.welcome(c, http.StatusOK, welcomed{Failed: true})
		return
	}
	nonce, verifier, err := s.Smart.TakeAttempt(ctx, browser, query.Get("state"))
	if err != nil {
		s.notIn(c, err)
		return
	}
	user, token, err := s.Login.Exchange(ctx, line.Attempt{State: query.Get("state"), Nonce: nonce, Verifier: verifier}, query.Get("code"))
	if err != nil {
		s.notIn(c, err)
		return
	}
	s.letIn(c, user, token)
}

// smartInside signs in a page that runs inside LINE (LIFF), by the ID token that it
// was given there.
func (s *Server) smartInside(c *gin.Context) {
	if !s.signIns.Allow() {
		s.smartFail(c, errTooMany)
		return
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxSmartForm)
	token := c.PostForm("id_token")
	user, err := s.Login.Inside(c.Request.Context(), token)
	if err != nil {
		s.notIn(c, err)
		return
	}
	s.letIn(c, user, token)
}

// letIn opens a session for somebody whom LINE vouches for, if they are a member who may file.
func (s *Server) letIn(c *gin.Context, user, proof string) {
	ctx := c.Request.Context()
	m, err := s.Smart.MemberByLINE(ctx, user)
	if errors.Is(err, casefile.ErrNotFound) || err == nil && !m.MayFileAid() {
		s.welcome(c, http.StatusForbidden, welcomed{NoMember: true})
		return
	}
	if err != nil {
		s.smartFail(c, err)
		return
	}
	session, err := s.Smart.OpenSession(ctx, m.ID, proof)
	if err != nil {
		s.notIn(c, err)
		return
	}
	s.setSmartCookie(c, "ess", session, sessionAge)
	c.Redirect(http.StatusSeeOther, "/smart/")
}

// notIn says that a sign-in did not work; why is not for a stranger.
func (s *Server) notIn(c *gin.Context, err error) {
	if errors.Is(err, line.ErrNotSignedIn) || errors.Is(err, casefile.ErrNotFound) {
		s.welcome(c, http.StatusForbidden, welcomed{Failed: true})
		return
	}
	s.Log.LogAttrs(c.Request.Context(), slog.LevelWarn, "nobody can sign in", slog.Any("error", err))
	s.welcome(c, http.StatusServiceUnavailable, welcomed{Away: true})
}

func (s *Server) smartSignOut(c *gin.Context) {
	if err := s.Smart.EndSession(c.Request.Context(), s.smartCookieOf(c, "ess"), c.PostForm("everywhere") != ""); err != nil && !errors.Is(err, casefile.ErrNotFound) {
		s.smartFail(c, err)
		return
	}
	s.setSmartCookie(c, "ess", "", 0)
	c.Redirect(http.StatusSeeOther, "/smart/welcome")
}

// smartLanguage keeps the language that somebody chose, and shows the same page again.
func (s *Server) smartLanguage(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxSmartForm)
	l := casefile.Language(cmp.Or(c.PostForm("language"), string(casefile.Thai)))
	if l != casefile.English {
		l = casefile.Thai
	}
	s.setSmartCookie(c, "ess-language", string(l), languageAge)
	to := c.PostForm("to")
	if u, err := url.Parse(to); err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/smart/") || strings.Contains(to, `\`) {
		to = "/smart/"
	}
	c.Redirect(http.StatusSeeOther, to)
}
