-- name: LoadForm :execrows
-- LoadForm keeps a version of a form; one that is known stays as it is.
INSERT INTO forms (code, version, doc, loaded_at) VALUES (@code, @version, @doc, @at)
ON CONFLICT (code, version) DO NOTHING;

-- name: Form :one
-- Form reads a version of a form.
SELECT doc FROM forms WHERE code = @code AND version = @version;

-- name: KeepAnswers :execrows
-- KeepAnswers adds a set of answers behind those that were there when they were given.
INSERT INTO form_answers (case_id, form, n, version, answers_sealed, author_kind, author_id, at)
SELECT @case_id, @form, @n, @version, @answers_sealed, @author_kind, @author_id, @at
WHERE @n = 1 + coalesce((SELECT max(a.n) FROM form_answers a WHERE a.case_id = @case_id AND a.form = @form), 0)
ON CONFLICT DO NOTHING;

-- name: LatestAnswers :one
-- LatestAnswers reads the last set of answers to a form in a case.
SELECT n, version, answers_sealed, author_kind, author_id, at FROM form_answers
WHERE case_id = @case_id AND form = @form
ORDER BY n DESC LIMIT 1;

-- name: AnswersAt :one
-- AnswersAt reads one set of answers.
SELECT n, version, answers_sealed, author_kind, author_id, at FROM form_answers
WHERE case_id = @case_id AND form = @form AND n = @n;

-- name: AnswersOf :many
-- AnswersOf lists who answered which forms of a case and when, the newest first.
SELECT form, n, version, author_kind, author_id, at FROM form_answers
WHERE case_id = @case_id
ORDER BY at DESC, form, n DESC
LIMIT @at_most;
