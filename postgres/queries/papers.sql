-- name: NextPaperNumber :one
-- NextPaperNumber takes the next number of an office in a year; it is given back if the transaction ends without a paper.
INSERT INTO paper_numbers (office, year, last)
VALUES (@office, @year, 1)
ON CONFLICT (office, year) DO UPDATE SET last = paper_numbers.last + 1
RETURNING last;

-- name: AddPaper :exec
-- AddPaper keeps a paper.
INSERT INTO papers (office, year, number, case_id, kind, edition, paper_sealed, sha256, pages, asked_by, key, at)
VALUES (@office, @year, @number, @case_id, @kind, @edition, @paper_sealed, @sha256, @pages, @asked_by, @key, @at);

-- name: PaperAsked :one
-- PaperAsked reads the paper that a request has brought already.
SELECT office, year, number, case_id, kind, edition, paper_sealed, sha256 FROM papers WHERE asked_by = @asked_by AND key = @key;

-- name: Paper :one
-- Paper reads one paper of a case.
SELECT office, year, number, case_id, kind, edition, paper_sealed, sha256 FROM papers
WHERE case_id = @case_id AND office = @office AND year = @year AND number = @number;
