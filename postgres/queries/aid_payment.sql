-- name: PayableAid :many
-- PayableAid lists the approved requests of an office with money that is not on its way: those whose decision is on paper,
-- then the others, the longest decided first.
SELECT a.doc FROM aid_requests a
WHERE a.office = @office AND a.state = 'APPROVED'
  AND EXISTS (SELECT FROM jsonb_array_elements(a.doc -> 'items') i WHERE i ->> 'state' IN ('GRANTED', 'FAILED') AND (i ->> 'goods') IS DISTINCT FROM 'true')
ORDER BY EXISTS (SELECT FROM papers p WHERE p.aid_id = a.id AND p.kind = 'AID_DECISION' AND p.decided_at = a.decided_at) DESC, a.decided_at, a.id
LIMIT @at_most;

-- name: NewestPayees :many
-- NewestPayees reads the account that an officer put in last, and the one before.
SELECT p.aid_id, p.n, p.account_sealed, p.by FROM aid_payees p
WHERE p.aid_id = ANY (@aids::uuid[]) AND NOT EXISTS (SELECT FROM aid_payees q WHERE q.aid_id = p.aid_id AND q.n > p.n + 1)
ORDER BY p.aid_id, p.n;

-- name: PaymentsOfAids :many
-- PaymentsOfAids reads what was ordered of requests, and not dropped.
SELECT reference, aid_id, item, payee, result FROM aid_payments WHERE aid_id = ANY (@aids::uuid[]) AND dropped_at IS NULL;

-- name: AddPayee :one
-- AddPayee puts an account in place of the one before, if the request is still approved.
INSERT INTO aid_payees (aid_id, n, account_sealed, by, at)
SELECT a.id, @n, @account_sealed, @by, @at FROM aid_requests a WHERE a.id = @aid_id AND a.state = 'APPROVED'
RETURNING n;

-- name: LastPayee :one
-- LastPayee is the number of the newest account of a request; the request is kept still meanwhile.
SELECT coalesce((SELECT max(n) FROM aid_payees p WHERE p.aid_id = a.id), 0)::int AS n FROM aid_requests a WHERE a.id = @aid_id FOR UPDATE OF a;

-- name: AccountOfPayment :one
-- AccountOfPayment is where the money of an order of a request goes.
SELECT account_sealed FROM aid_payments WHERE reference = @reference AND aid_id = @aid_id;

-- name: AddBatch :exec
-- AddBatch begins a batch. An office has one unfinished batch at a time.
INSERT INTO aid_batches (id, office, by, at) VALUES (@id, @office, @by, @at);

-- name: AddPayments :execrows
-- AddPayments writes intents, but for those whose account was changed since it was read.
INSERT INTO aid_payments (reference, batch, aid_id, item, satang, cash, payee, account_sealed)
SELECT e.reference, @batch::uuid, e.aid_id, e.item, e.satang, e.cash, e.payee, e.account_sealed
FROM (SELECT unnest(@refs::text[]) AS reference, unnest(@aids::uuid[]) AS aid_id, unnest(@items::int[]) AS item, unnest(@satangs::bigint[]) AS satang,
    unnest(@cashes::bool[]) AS cash, unnest(@payees::int[]) AS payee, unnest(@accounts::bytea[]) AS account_sealed) e
WHERE NOT EXISTS (SELECT FROM aid_payees p WHERE p.aid_id = e.aid_id AND p.n > e.payee);

-- name: Batch :one
-- Batch reads a batch without its file.
SELECT id, office, by, at, whole_at, sha256 FROM aid_batches WHERE id = @id;

-- name: LockBatch :one
-- LockBatch reads a batch that nobody else finishes meanwhile.
SELECT id, office, by, at, whole_at, sha256 FROM aid_batches WHERE id = @id FOR UPDATE;

-- name: Batches :many
-- Batches lists the batches of an office, the newest first.
SELECT id, office, by, at, whole_at, sha256 FROM aid_batches WHERE office = @office ORDER BY at DESC, id LIMIT @at_most;

-- name: UnfinishedBatches :many
-- UnfinishedBatches lists those that somebody left before the file was there; of one office, if it is named.
SELECT id FROM aid_batches WHERE whole_at IS NULL AND (sqlc.narg('office')::text IS NULL OR office = sqlc.narg('office')) ORDER BY at LIMIT @at_most;

-- name: PaymentsOf :many
-- PaymentsOf lists the orders of a batch by reference.
SELECT reference, aid_id, item, satang, cash, account_sealed, ordered_at, dropped_at, result, reason, result_at FROM aid_payments
WHERE batch = @batch ORDER BY reference;

-- name: PaymentOrdered :execrows
-- PaymentOrdered keeps that the request's process has recorded an order.
UPDATE aid_payments SET ordered_at = @at WHERE reference = @reference AND ordered_at IS NULL AND dropped_at IS NULL;

-- name: PaymentDropped :execrows
-- PaymentDropped keeps that the law refused an order.
UPDATE aid_payments SET dropped_at = @at WHERE reference = @reference AND ordered_at IS NULL AND dropped_at IS NULL;

-- name: FinishBatch :execrows
-- FinishBatch keeps the bank's file.
UPDATE aid_batches SET whole_at = @at, file_sealed = @file_sealed, sha256 = @sha256 WHERE id = @id AND whole_at IS NULL;

-- name: BatchFile :one
-- BatchFile reads the bank's file.
SELECT file_sealed, sha256 FROM aid_batches WHERE id = @id AND whole_at IS NOT NULL;

-- name: LockPayments :many
-- LockPayments reads the orders that references name and an operator may see, in the order of their references.
SELECT p.reference, p.aid_id, p.item, p.satang, p.cash, p.result, b.by, b.whole_at,
    EXISTS (SELECT FROM aid_payments x WHERE x.aid_id = p.aid_id AND x.item = p.item AND x.reference <> p.reference
        AND x.dropped_at IS NULL AND x.result IS DISTINCT FROM 'FAILED') AS again
FROM aid_payments p JOIN aid_batches b ON b.id = p.batch JOIN units u ON u.id = b.office
WHERE p.reference = ANY (@refs::text[]) AND p.ordered_at IS NOT NULL
  AND (cardinality(@provinces::text[]) = 0 OR u.province = ANY (@provinces::text[]))
ORDER BY p.reference FOR UPDATE OF p;

-- name: SettlePayments :execrows
-- SettlePayments keeps what became of orders, each once; what is paid after all takes the place of a failure.
UPDATE aid_payments p SET result = e.result, reason = e.reason, result_at = e.at, result_by = @by, told_at = NULL
FROM (SELECT unnest(@refs::text[]) AS reference, unnest(@results::text[]) AS result, unnest(@reasons::text[]) AS reason, unnest(@ats::timestamptz[]) AS at) e
WHERE p.reference = e.reference AND (p.result IS NULL OR p.result = 'FAILED' AND e.result = 'PAID');

-- name: SettleAtCounter :execrows
-- SettleAtCounter keeps what became of an order over the counter.
UPDATE aid_payments SET result = @result, reason = @reason, result_at = @at, result_by = @by, private_sealed = sqlc.narg('private_sealed')
WHERE reference = @reference AND result IS NULL;

-- name: UntoldPayments :many
-- UntoldPayments lists results that the requests' processes have not recorded yet.
SELECT reference, aid_id, item, satang, result, reason, result_by, private_sealed FROM aid_payments
WHERE result IS NOT NULL AND told_at IS NULL ORDER BY result_at, reference LIMIT @at_most;

-- name: PaymentTold :execrows
-- PaymentTold keeps that the request's process has recorded a result.
UPDATE aid_payments SET told_at = @at WHERE reference = @reference AND told_at IS NULL AND result IS NOT NULL;

-- name: AddReconciliation :execrows
-- AddReconciliation keeps a file of answers; the same file of the same person is there already.
INSERT INTO aid_reconciliations (id, sha256, by, at, report) VALUES (@id, @sha256, @by, @at, @report)
ON CONFLICT (sha256, by) DO NOTHING;

-- name: Reconciliation :one
-- Reconciliation reads what became of a file.
SELECT id, at, report FROM aid_reconciliations WHERE sha256 = @sha256 AND by = @by;

-- name: ReconciliationReport :exec
-- ReconciliationReport keeps what became of each line, in the transaction that adds the file.
UPDATE aid_reconciliations SET report = @report WHERE id = @id;

-- name: WholeFilesOf :many
-- WholeFilesOf lists the kinds of those files that belong to a request and are there to the last byte.
SELECT id, kind FROM aid_files WHERE aid_id = @aid_id AND id = ANY (@files::uuid[]) AND whole_at IS NOT NULL;

-- name: AuditMoney :exec
-- AuditMoney writes down who moved money or looked at accounts; the request is left out where it is about many.
INSERT INTO audit (at, actor, action, case_id, purpose, meta, commitment)
VALUES (@at, @actor, @action, sqlc.narg('aid_id'), @purpose, @meta, @commitment);

-- name: LogbookForms :many
-- LogbookForms reads the forms of a household's requests that an operator may see.
SELECT f.aid_id, f.n, f.form_sealed, f.at FROM aid_forms f JOIN aid_requests a ON a.id = f.aid_id
WHERE a.household_id = @household AND (cardinality(@provinces::text[]) = 0 OR a.province = ANY (@provinces::text[]))
ORDER BY f.at, f.aid_id, f.n LIMIT @at_most;

-- name: LogbookVisits :many
-- LogbookVisits reads the visits of a household's requests that an operator may see, with what is sealed.
SELECT e.aid_id, e.event_id, e.kind, e.at, e.private_sealed FROM aid_events e JOIN aid_requests a ON a.id = e.aid_id
WHERE a.household_id = @household AND (cardinality(@provinces::text[]) = 0 OR a.province = ANY (@provinces::text[]))
  AND e.kind IN ('VISITED', 'MONITORED') AND e.private_sealed IS NOT NULL
ORDER BY e.at, e.aid_id, e.seq LIMIT @at_most;
