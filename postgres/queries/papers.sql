-- name: NextPaperNumber :one
-- NextPaperNumber takes the next number of an office in a year; it is given back if the transaction ends without a paper.
INSERT INTO paper_numbers (office, year, last)
VALUES (@office, @year, 1)
ON CONFLICT (office, year) DO UPDATE SET last = paper_numbers.last + 1
RETURNING last;

-- name: AddPaper :exec
-- AddPaper keeps a paper, of a case or of an aid request.
INSERT INTO papers (office, year, number, case_id, aid_id, kind, edition, paper_sealed, sha256, pages, asked_by, key, at, decided_at)
VALUES (@office, @year, @number, sqlc.narg(case_id), sqlc.narg(aid_id), @kind, @edition, @paper_sealed, @sha256, @pages, @asked_by, @key, @at, sqlc.narg(decided_at));

-- name: PaperAsked :one
-- PaperAsked reads the paper that a request has brought already.
SELECT office, year, number, COALESCE(case_id, aid_id)::uuid AS about_id, kind, edition, paper_sealed, sha256 FROM papers WHERE asked_by = @asked_by AND key = @key;

-- name: Paper :one
-- Paper reads one paper of a case or an aid request.
SELECT office, year, number, COALESCE(case_id, aid_id)::uuid AS about_id, kind, edition, paper_sealed, sha256 FROM papers
WHERE office = @office AND year = @year AND number = @number AND COALESCE(case_id, aid_id) = @about_id::uuid;

-- name: AidPapers :many
-- AidPapers lists the papers of an aid request, the oldest first.
SELECT office, year, number, kind, at, pages, sha256 FROM papers WHERE aid_id = @aid_id::uuid ORDER BY at, office, year, number;

-- name: AidDecisionPaper :one
-- AidDecisionPaper says whether there is a paper of the decision that stands.
SELECT EXISTS (SELECT FROM papers p JOIN aid_requests a ON a.id = p.aid_id
    WHERE a.id = @aid_id AND p.kind = 'AID_DECISION' AND p.decided_at = a.decided_at);
