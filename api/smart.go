package api

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// Smart signs members in to their pages, and out.
type Smart interface {
	// MemberByLINE returns the active member with a LINE account, or casefile.ErrNotFound.
	MemberByLINE(ctx context.Context, user string) (casefile.Member, error)
	// KeepAttempt keeps what an attempt to sign in needs to know when its browser comes back; TakeAttempt uses it up, or
	// returns casefile.ErrNotFound.
	KeepAttempt(ctx context.Context, browser, state, nonce, verifier string) error
	TakeAttempt(ctx context.Context, browser, state string) (nonce, verifier string, err error)
	// OpenSession opens a session for the ID token that vouched for a member; casefile.ErrNotFound: it did so before.
	OpenSession(ctx context.Context, member casefile.MemberID, proof string) (token string, err error)
	// Session returns whose session it is while it and the membership last, or casefile.ErrNotFound.
	Session(ctx context.Context, token string) (SmartMember, error)
	// EndSession signs a member out, here or everywhere.
	EndSession(ctx context.Context, token string, everywhere bool) error
}

// SmartMember is who is signed in.
type SmartMember struct {
	casefile.Member
	Name     string
	Language casefile.Language
}

// Actor is the member as the record knows them.
func (m SmartMember) Actor() casefile.Actor {
	return casefile.Actor{Kind: casefile.ByMember, ID: string(m.ID)}
}

//go:embed smart
var smartFiles embed.FS

// smartPages are the templates of the volunteers' pages; every one is wrapped in page.html.
var smartPages = template.Must(template.New("").Funcs(template.FuncMap{"dict": dict}).ParseFS(smartFiles, "smart/*.html"))

// dict hands several values to a template.
func dict(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

const (
	smartCSP = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

	maxSmartForm  = 256 << 10
	photoPatience = 3 * time.Minute // a photo over a bad line
)

// smart mounts the volunteers' pages, if LINE signs people in.
func (s *Server) smart(r *gin.Engine) {
	if s.Login == nil {
		return
	}
	open := r.Group("/smart", s.smartHeaders)
	open.GET("/style.css", s.smartFile("style.css", "text/css; charset=utf-8"))
	open.GET("/pin.js", s.smartFile("pin.js", "text/javascript; charset=utf-8"))
	open.GET("/welcome", s.smartWelcome)
	open.GET("/sign-in", s.smartSignIn)
	open.POST("/sign-in", s.smartInside)
	open.GET("/back", s.smartBack)
	open.POST("/language", s.smartLanguage)

	in := open.Group("", s.smartSignedIn)
	in.POST("/sign-out", s.smartForm(s.smartSignOut))
	s.smartAids(in)
}

// smartHeaders let the pages look like something, and nothing else.
func (s *Server) smartHeaders(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", smartCSP)
	h.Set("Referrer-Policy", "same-origin") // with none, a browser would not say where a form comes from
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "geolocation=(self)")
	if s.smartSecure() {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

func (s *Server) smartFile(name, kind string) gin.HandlerFunc {
	content, err := smartFiles.ReadFile("smart/" + name)
	if err != nil {
		panic(err) // it is compiled in
	}
	return func(c *gin.Context) {
		c.Header("Cache-Control", "public, max-age=3600")
		c.Data(http.StatusOK, kind, content)
	}
}

// smartSecure reports whether the pages are reached by https; only a development run is not.
func (s *Server) smartSecure() bool { return strings.HasPrefix(s.PublicURL, "https://") }

// smartCookie is the name under which a browser keeps something of ours. With
// __Host- no other host of the domain can put one in its place.
func (s *Server) smartCookie(name string) string {
	if s.smartSecure() {
		return "__Host-" + name
	}
	return name
}

func (s *Server) setSmartCookie(c *gin.Context, name, value string, age time.Duration) {
	cookie := &http.Cookie{ // #nosec G124 -- without TLS only in a development run
		Name: s.smartCookie(name), Value: value, Path: "/", HttpOnly: true, Secure: s.smartSecure(), SameSite: http.SameSiteLaxMode, MaxAge: int(age.Seconds()),
	}
	if age <= 0 {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.Writer, cookie)
}

func (s *Server) smartCookieOf(c *gin.Context, name string) string {
	cookie, err := c.Request.Cookie(s.smartCookie(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// smartSignedIn lets in who is signed in, and asks at every request whether they
// still are a member who may: a suspension ends a session at once.
func (s *Server) smartSignedIn(c *gin.Context) {
	token := s.smartCookieOf(c, "ess")
	m, err := s.Smart.Session(c.Request.Context(), token)
	switch {
	case err == nil && !m.MayFileAid(), errors.Is(err, casefile.ErrNotFound):
		if token != "" {
			s.setSmartCookie(c, "ess", "", 0)
		}
		c.Redirect(http.StatusSeeOther, "/smart/welcome")
		c.Abort()
		return
	case err != nil:
		s.smartFail(c, err)
		return
	}
	c.Set("member", m)
	c.Set("csrf", csrfOf(token))
}

// csrfOf is what a session's forms carry: nobody without the cookie can make it.
func csrfOf(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("ess form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func smartMember(c *gin.Context) SmartMember {
	m, _ := c.Get("member")
	who, _ := m.(SmartMember)
	return who
}

// smartForm reads a form, and takes none that this session's pages did not make.
func (s *Server) smartForm(then gin.HandlerFunc) gin.HandlerFunc {
	return s.smartUpload(maxSmartForm, then)
}

func (s *Server) smartUpload(limit int64, then gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		if origin := c.GetHeader("Origin"); origin != "" && origin != "null" && origin != s.PublicURL && !s.sameHost(c, origin) {
			s.smartFail(c, errCrossSite)
			return
		}
		if limit > maxSmartForm {
			_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(photoPatience))
			_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(photoPatience + stopPatience))
		}
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
		if err := c.Request.ParseMultipartForm(limit); err != nil && !errors.Is(err, http.ErrNotMultipart) {
			var big *http.MaxBytesError
			if errors.As(err, &big) {
				err = errTooLarge
			} else {
				err = errMalformed
			}
			s.smartFail(c, err)
			return
		}
		if !hmac.Equal([]byte(c.Request.PostForm.Get("csrf")), []byte(c.GetString("csrf"))) {
			s.smartFail(c, errCrossSite)
			return
		}
		then(c)
	}
}

func (s *Server) sameHost(c *gin.Context, origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host == c.Request.Host
}

// smartPage is what every page is made of.
type smartPage struct {
	Lang   casefile.Language
	Member SmartMember
	CSRF   string
	Path   string // to which another language leads back
	Title  string // never of a person
	Back   string
	Tab    string
	Notice string
	Inner  template.HTML
	B      any
}

// T is one of two texts.
func (p smartPage) T(th, en string) string { return policy.Text{Th: th, En: en}.In(p.Lang) }

// On is a day in the calendar of the country, with the hour.
func (p smartPage) On(at time.Time) string { return sayTime(at, p.Lang, true) }

// Day is a day in the calendar of the country.
func (p smartPage) Day(at time.Time) string { return sayTime(at, p.Lang, false) }

var (
	bangkok  = time.FixedZone("Asia/Bangkok", 7*3600)
	monthsTh = [...]string{"ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."}
)

func sayTime(at time.Time, l casefile.Language, hour bool) string {
	if at.IsZero() {
		return ""
	}
	at = at.In(bangkok)
	text := at.Format("2 Jan 2006")
	if l != casefile.English {
		text = at.Format("2 ") + monthsTh[at.Month()-1] + at.AddDate(543, 0, 0).Format(" 2006")
	}
	if hour {
		text += at.Format(" 15:04")
	}
	return text
}

// smartLanguageOf is the language of a page: the one chosen here, else the member's own.
func (s *Server) smartLanguageOf(c *gin.Context) casefile.Language {
	switch l := casefile.Language(s.smartCookieOf(c, "ess-language")); l {
	case casefile.Thai, casefile.English:
		return l
	}
	if m := smartMember(c); m.Language != "" {
		return m.Language
	}
	return casefile.Thai
}

// show writes a page. It is made whole before the first byte goes out.
func (s *Server) show(c *gin.Context, status int, name string, p smartPage) {
	p.Lang, p.Member, p.CSRF, p.Path = s.smartLanguageOf(c), smartMember(c), c.GetString("csrf"), cmp.Or(p.Path, c.Request.URL.Path)
	var inner, whole strings.Builder
	err := smartPages.ExecuteTemplate(&inner, name+".html", p)
	if err == nil {
		p.Inner = template.HTML(inner.String()) // #nosec G203 -- the other template made it, and escaped what people wrote
		err = smartPages.ExecuteTemplate(&whole, "page.html", p)
	}
	if err != nil {
		s.Log.LogAttrs(c.Request.Context(), slog.LevelError, "a page could not be made", slog.String("route", c.FullPath()), slog.String("page", name))
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	c.Data(status, "text/html; charset=utf-8", []byte(whole.String()))
	c.Abort()
}

// smartFail says an error on a page.
func (s *Server) smartFail(c *gin.Context, err error) {
	p := problem(err)
	ctx := c.Request.Context()
	if p.Status >= http.StatusInternalServerError && ctx.Err() == nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("route", c.FullPath()), slog.Any("error", err))
	}
	page := smartPage{Lang: s.smartLanguageOf(c)}
	page.Title, page.B = page.T("ทำไม่สำเร็จ", "It did not work"), page.T(p.Detail, p.DetailEn)
	s.show(c, p.Status, "problem", page)
}
