package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ess-thailand/ess/casefile"
)

// Errors that the parts behind this package return, beside those of casefile.
var (
	ErrAway      = errors.New("a part that this needs does not answer")
	ErrKeyReused = errors.New("the idempotency key was used for another request")
	ErrKeyBusy   = errors.New("the first request with this idempotency key still runs")
)

var (
	errNotSignedIn = errors.New("not signed in")
	errOutOfScope  = errors.New("outside the scope of the token")
	errNotAllowed  = errors.New("not for the roles of the token")
	errTooMany     = errors.New("too many requests")
	errMalformed   = errors.New("the request is not as openapi.yaml describes it")
	errTooLarge    = errors.New("the request is too large")
	errNoRoute     = errors.New("there is nothing at this address")
	errMethod      = errors.New("this address does not know the method")
	errCrossSite   = errors.New("a page of another site sent this")
)

// problems is the only place that knows which error is which HTTP status, and
// what people are told. What is not in it is our fault, and says nothing.
var problems = []struct {
	err      error
	status   int
	code     string
	detail   string
	detailEn string
}{
	{casefile.ErrNotFound, http.StatusNotFound, "not_found", "ไม่พบรายการนี้", "There is no such thing here."},
	{casefile.ErrMoved, http.StatusConflict, "moved", "มีผู้เปลี่ยนแปลงเรื่องนี้ก่อน กรุณาอ่านใหม่แล้วลองอีกครั้ง", "Somebody else changed it first. Read it again, then try again."},
	{ErrKeyReused, http.StatusUnprocessableEntity, "key_reused", "Idempotency-Key นี้ใช้กับคำขออื่นแล้ว", "This Idempotency-Key was used for another request."},
	{ErrKeyBusy, http.StatusConflict, "key_busy", "คำขอแรกที่ใช้ Idempotency-Key นี้ยังทำไม่เสร็จ", "The first request with this Idempotency-Key still runs."},
	{ErrAway, http.StatusServiceUnavailable, "away", "ระบบบางส่วนไม่ตอบ กรุณาส่งซ้ำด้วย Idempotency-Key เดิม", "A part of the system does not answer. Send it again with the same Idempotency-Key."},
	{context.DeadlineExceeded, http.StatusGatewayTimeout, "timeout", "ยังไม่ทราบผล กรุณาส่งซ้ำด้วย Idempotency-Key เดิม", "It is not known whether it happened. Send it again with the same Idempotency-Key."},
	{context.Canceled, http.StatusServiceUnavailable, "cancelled", "คำขอถูกยกเลิก", "The request was cancelled."},
	{errNotSignedIn, http.StatusUnauthorized, "not_signed_in", "กรุณาลงชื่อเข้าใช้ด้วยโทเคนของท่าน", "Sign in with your token."},
	{errOutOfScope, http.StatusForbidden, "out_of_scope", "อยู่นอกพื้นที่รับผิดชอบของโทเคนนี้", "This is outside the scope of your token."},
	{errNotAllowed, http.StatusForbidden, "not_allowed", "บทบาทของโทเคนนี้ทำสิ่งนี้ไม่ได้", "The roles of your token do not allow this."},
	{errTooMany, http.StatusTooManyRequests, "too_many", "ส่งคำขอถี่เกินไป", "Too many requests."},
	{errMalformed, http.StatusUnprocessableEntity, "malformed", "คำขอไม่ตรงตาม openapi.yaml", "The request is not as openapi.yaml describes it."},
	{errTooLarge, http.StatusRequestEntityTooLarge, "too_large", "คำขอใหญ่เกินไป", "The request is too large."},
	{errNoRoute, http.StatusNotFound, "no_route", "ไม่มีที่อยู่นี้", "There is nothing at this address."},
	{errMethod, http.StatusMethodNotAllowed, "method", "ที่อยู่นี้ไม่รับวิธีเรียกนี้", "This address does not know the method."},
	{errCrossSite, http.StatusForbidden, "cross_site", "คำขอมาจากหน้าเว็บอื่น", "A page of another site sent this."},
}

// problem says an error in HTTP and in words for people.
func problem(err error) Problem {
	var refused *casefile.RefusedError
	var invalid *casefile.InvalidError
	p := Problem{Status: http.StatusInternalServerError, Code: "internal", Detail: "ระบบขัดข้อง", DetailEn: "Something went wrong on our side."}
	switch {
	case errors.As(err, &refused):
		p = Problem{Status: http.StatusConflict, Code: "refused", Detail: refused.Th, DetailEn: refused.En, State: string(refused.State)}
	case errors.As(err, &invalid):
		p = Problem{Status: http.StatusUnprocessableEntity, Code: "invalid", Detail: invalid.Th, DetailEn: invalid.En, Field: invalid.Field, Fields: wrongFields(err)}
	default:
		for _, known := range problems {
			if errors.Is(err, known.err) {
				p = Problem{Status: known.status, Code: known.code, Detail: known.detail, DetailEn: known.detailEn}
				break
			}
		}
	}
	p.Title, p.Type = http.StatusText(p.Status), "urn:ess:problem:"+p.Code
	return p
}

// fail ends a request with an error, and logs the ones that are ours.
func (s *Server) fail(c *gin.Context, err error) {
	p := problem(err)
	ctx := c.Request.Context()
	if p.Status >= http.StatusInternalServerError && ctx.Err() == nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("route", c.FullPath()), slog.Any("error", err))
	}
	if c.Writer.Written() { // a stream that broke: its reader resumes
		c.Abort()
		return
	}
	switch {
	case errors.Is(err, errNotSignedIn):
		c.Header("WWW-Authenticate", "Bearer")
	case errors.Is(err, errTooMany), errors.Is(err, ErrKeyBusy), errors.Is(err, ErrAway):
		c.Header("Retry-After", "1")
	}
	c.Header("Content-Type", "application/problem+json; charset=utf-8")
	c.AbortWithStatusJSON(p.Status, p)
}

// invalid is a value that is wrong, in words for people.
func invalid(field, th, en string) error { return &casefile.InvalidError{Field: field, Th: th, En: en} }
