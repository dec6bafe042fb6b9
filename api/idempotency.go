package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	keyHeader      = "Idempotency-Key"
	replayedHeader = "Idempotency-Replayed"
)

// once answers a repeat of a request with the answer of the first. Answers that
// leave open whether something happened are not kept: the repeat tries again,
// and the event's or command's own ID keeps it from happening twice.
func (s *Server) once(c *gin.Context) {
	route, ok := s.contract.of(c)
	if !ok || route.Operation.Parameters.GetByInAndName("header", keyHeader) == nil {
		return
	}
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		s.fail(c, errMalformed)
		return
	}
	validated := c.Request.Body
	c.Request.Body = rewound{Reader: bytes.NewReader(body), of: validated}

	ctx := c.Request.Context()
	scope, key := Viewer(ctx).Name, c.GetHeader(keyHeader)
	sum := sha256.Sum256([]byte(c.Request.Method + "\n" + c.Request.URL.Path + "\n" + string(body)))
	kept, err := s.Keys.Claim(ctx, scope, key, hex.EncodeToString(sum[:]))
	switch {
	case err != nil:
		s.fail(c, err)
		return
	case kept != nil:
		replay(c, *kept)
		return
	}
	copied := &copier{ResponseWriter: c.Writer}
	c.Writer = copied
	answered := false
	defer func() { // also after a panic: nobody should wait for an answer that never comes
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		var err error
		if status := copied.Status(); answered && status < http.StatusInternalServerError {
			err = s.Keys.Keep(ctx, scope, key, Kept{Status: status, Body: copied.body.Bytes()})
		} else {
			err = s.Keys.Release(ctx, scope, key)
		}
		if err != nil {
			s.Log.LogAttrs(ctx, slog.LevelWarn, "answer not kept for repeats", slog.String("route", c.FullPath()), slog.Any("error", err))
		}
	}()
	c.Next()
	answered = true
}

func replay(c *gin.Context, k Kept) {
	kind := "application/json"
	if k.Status >= http.StatusBadRequest {
		kind = "application/problem+json; charset=utf-8"
	}
	c.Header(replayedHeader, "true")
	c.Data(k.Status, kind, k.Body)
	c.Abort()
}

// rewound is a body that can be read once more and still tells the handler what
// was validated.
type rewound struct {
	io.Reader
	of io.ReadCloser
}

func (r rewound) Close() error { return r.of.Close() }

// ValidatedValue is the body after validation, defaults filled in.
func (r rewound) ValidatedValue() any {
	if v, ok := r.of.(interface{ ValidatedValue() any }); ok {
		return v.ValidatedValue()
	}
	return nil
}

// copier keeps a copy of what is answered.
type copier struct {
	gin.ResponseWriter
	body bytes.Buffer
}

func (w *copier) Write(p []byte) (int, error) {
	w.body.Write(p)
	return w.ResponseWriter.Write(p)
}

func (w *copier) WriteString(p string) (int, error) {
	w.body.WriteString(p)
	return w.ResponseWriter.WriteString(p)
}
