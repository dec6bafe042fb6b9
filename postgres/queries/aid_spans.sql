-- name: AidSpans :many
-- AidSpans are the requests that were first sent in a span of time.
SELECT doc FROM aid_requests WHERE submitted_at >= @since::timestamptz AND submitted_at < @until::timestamptz;
