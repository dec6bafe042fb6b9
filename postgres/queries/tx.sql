-- name: SetViewer :exec
-- SetViewer tells the transaction who looks and why; both end with it.
SELECT set_config('app.user', @viewer::text, true), set_config('app.purpose', @purpose::text, true);
