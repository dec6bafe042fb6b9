-- name: AddPerson :execrows
-- AddPerson adds a person; a repeat of the ID adds nothing.
INSERT INTO persons (id, version, sex, nationality, province, private_sealed, number_hash, name_hash, first_sounds, last_sounds, birth_hash,
    birth_year_hash, root_id, added_by, added_at, changed_at)
VALUES (@id, 1, @sex, @nationality, @province, @private_sealed, @number_hash, @name_hash, @first_sounds::text[], @last_sounds::text[], @birth_hash,
    @birth_year_hash, @id, @added_by, @at, @at)
ON CONFLICT (id) DO NOTHING;

-- name: ChangePerson :execrows
-- ChangePerson changes a person only if nobody changed them since they were read.
UPDATE persons
SET version = version + 1, sex = @sex, nationality = @nationality, province = @province, private_sealed = @private_sealed, number_hash = @number_hash,
    name_hash = @name_hash, first_sounds = @first_sounds::text[], last_sounds = @last_sounds::text[], birth_hash = @birth_hash,
    birth_year_hash = @birth_year_hash, changed_at = @at
WHERE id = @id AND version = @version;

-- name: PersonsThere :many
-- PersonsThere says which of the IDs are in the register.
SELECT id FROM persons WHERE id = ANY (@ids::uuid[]);

-- name: SeenPersons :many
-- SeenPersons reads those of the persons whom somebody may know of.
SELECT p.id, p.version, p.sex, p.nationality, p.province, p.private_sealed, p.merged_into, p.root_id, p.changed_at
FROM persons p JOIN persons r ON r.id = p.root_id
WHERE p.id = ANY (@ids::uuid[]) AND person_seen(r.id, r.province, @parts::text[], @provinces::text[], @unit::text)
ORDER BY p.id;

-- name: RootOf :one
-- RootOf finds the record that stands for a person.
SELECT root_id FROM persons WHERE id = @id;

-- name: MergedInto :many
-- MergedInto lists the records that stand behind one.
SELECT id FROM persons WHERE root_id = @root_id AND id <> @root_id ORDER BY id;

-- name: FindPersons :many
-- FindPersons finds people by number, or by the sound of their names and the year
-- of their birth; of whom the year is not known is found, too. A record that was
-- merged finds the one that it was merged into. The surest come first.
SELECT r.id, r.sex, r.province, r.private_sealed, min(m.how)::int AS how
FROM (
    SELECT p.root_id, p.birth_hash, CASE WHEN p.number_hash = sqlc.narg('number_hash') THEN 0 WHEN p.name_hash = sqlc.narg('name_hash') THEN 1 ELSE 2 END AS how
    FROM persons p
    WHERE CASE WHEN sqlc.narg('number_hash')::text IS NOT NULL THEN p.number_hash = sqlc.narg('number_hash')
        ELSE (cardinality(@first_sounds::text[]) = 0 OR p.first_sounds && @first_sounds::text[])
            AND (cardinality(@last_sounds::text[]) = 0 OR p.last_sounds && @last_sounds::text[])
            AND (cardinality(@years::text[]) = 0 OR p.birth_year_hash IS NULL OR p.birth_year_hash = ANY (@years::text[]))
            AND (NOT @exact::bool OR p.name_hash = sqlc.narg('name_hash')) END
) m JOIN persons r ON r.id = m.root_id
WHERE person_seen(r.id, r.province, @parts::text[], @provinces::text[], @unit::text)
GROUP BY r.id
ORDER BY min(m.how), coalesce(bool_or(m.birth_hash = sqlc.narg('birth_hash')::text), false) DESC, r.id
LIMIT @at_most;

-- name: ProposeDuplicates :many
-- ProposeDuplicates notes who else a person may be, the surest first.
INSERT INTO person_duplicates (person_id, other_id, why, at)
SELECT @person_id, o.root_id, (array_agg(o.why ORDER BY o.rank))[1], @at
FROM (
    SELECT p.root_id, 0 AS rank, 'NUMBER' AS why FROM persons p WHERE p.number_hash = sqlc.narg('number_hash')
    UNION ALL
    SELECT p.root_id, 1, 'NAME' FROM persons p
    WHERE p.name_hash = @name_hash
        AND (p.birth_year_hash IS NULL OR sqlc.narg('birth_year_hash')::text IS NULL OR p.birth_year_hash = sqlc.narg('birth_year_hash'))
    UNION ALL
    SELECT p.root_id, 2, 'SOUND' FROM persons p
    WHERE p.first_sounds && @first_sounds::text[] AND p.last_sounds && @last_sounds::text[] AND p.birth_year_hash = sqlc.narg('birth_year_hash')
) o
WHERE o.root_id <> (SELECT root_id FROM persons WHERE id = @person_id)
    AND NOT EXISTS (SELECT FROM person_duplicates d WHERE d.person_id = o.root_id AND d.other_id = @person_id) -- the same two, the other way round
GROUP BY o.root_id
ORDER BY min(o.rank), o.root_id
LIMIT @at_most
ON CONFLICT (person_id, other_id) DO NOTHING
RETURNING id, other_id, why;

-- name: Duplicates :many
-- Duplicates lists what waits for a human, of people whom somebody may know of.
SELECT d.id, d.person_id, d.other_id, d.why, d.at
FROM person_duplicates d
JOIN persons p ON p.id = d.person_id JOIN persons a ON a.id = p.root_id
JOIN persons o ON o.id = d.other_id JOIN persons b ON b.id = o.root_id
WHERE d.settled_at IS NULL AND d.id > @after AND a.id <> b.id
    AND person_seen(a.id, a.province, @parts::text[], @provinces::text[], @unit::text)
    AND person_seen(b.id, b.province, @parts::text[], @provinces::text[], @unit::text)
ORDER BY d.id
LIMIT @at_most;

-- name: Duplicate :one
-- Duplicate reads who a proposal is about.
SELECT person_id, other_id FROM person_duplicates WHERE id = @id AND settled_at IS NULL FOR UPDATE;

-- name: SettleDuplicate :execrows
-- SettleDuplicate ends a proposal: the two are two.
UPDATE person_duplicates SET settled_at = @at, settled_by = @by_actor WHERE id = @id AND settled_at IS NULL;

-- name: SettleDuplicatesOf :exec
-- SettleDuplicatesOf ends what was proposed between two people who are now one.
UPDATE person_duplicates d SET settled_at = @at, settled_by = @by_actor
FROM persons p, persons o
WHERE d.settled_at IS NULL AND p.id = d.person_id AND o.id = d.other_id AND p.root_id = o.root_id AND p.root_id = @root_id;

-- name: LockFamilies :exec
-- LockFamilies lets one transaction at a time change who is whose relative, and who is who.
SELECT pg_advisory_xact_lock(7040763); -- of nothing else in this database

-- name: MergePerson :execrows
-- MergePerson lets a record, and all that stand behind it, stand behind another.
UPDATE persons SET root_id = @into_id, merged_into = CASE WHEN id = @person_id THEN @into_id ELSE merged_into END
WHERE root_id = @person_id;

-- name: KeepMerge :exec
-- KeepMerge keeps who merged, when and why.
INSERT INTO person_merges (person_id, into_id, reason_sealed, by_actor, at) VALUES (@person_id, @into_id, @reason_sealed, @by_actor, @at);

-- name: UnmergePerson :execrows
-- UnmergePerson lets a record stand alone again, with those that stood behind it before.
WITH RECURSIVE behind AS (
    SELECT id FROM persons WHERE persons.id = @person_id AND merged_into IS NOT NULL
    UNION ALL
    SELECT p.id FROM persons p JOIN behind b ON p.merged_into = b.id
)
UPDATE persons SET root_id = @person_id, merged_into = CASE WHEN persons.id = @person_id THEN NULL ELSE merged_into END
WHERE persons.id IN (SELECT id FROM behind);

-- name: UndoMerge :execrows
-- UndoMerge keeps who parted two records, when and why.
UPDATE person_merges SET undone_sealed = @undone_sealed, undone_by = @undone_by, undone_at = @at WHERE person_id = @person_id AND undone_at IS NULL;

-- name: PartsOf :many
-- PartsOf lists what a person, with all that stand behind the record, is in which
-- case, without those that keep away from an organisation; no unit: all.
SELECT cp.case_id, cp.part, c.state, c.province, c.reported_at
FROM case_persons cp JOIN persons m ON m.id = cp.person_id JOIN cases c ON c.id = cp.case_id
WHERE m.root_id = @root_id AND cp.removed_at IS NULL AND NOT case_blind(c.doc, @unit::text)
ORDER BY c.reported_at DESC, cp.case_id, cp.part;

-- name: PutInCase :one
-- PutInCase gives a person a part in a case.
INSERT INTO case_persons (case_id, person_id, part, added_by, added_at) VALUES (@case_id, @person_id, @part, @added_by, @at)
ON CONFLICT (case_id, person_id, part) WHERE removed_at IS NULL DO NOTHING
RETURNING id;

-- name: EntryOf :one
-- EntryOf finds the entry of a part that a person has in a case.
SELECT id FROM case_persons WHERE case_id = @case_id AND person_id = @person_id AND part = @part AND removed_at IS NULL;

-- name: CaseEntry :one
-- CaseEntry reads one part in a case.
SELECT person_id, part FROM case_persons WHERE id = @id AND case_id = @case_id AND removed_at IS NULL;

-- name: TakeOutOfCase :execrows
-- TakeOutOfCase ends a part that was a mistake; the entry stays, with the reason.
UPDATE case_persons SET removed_by = @removed_by, removed_at = @at, removed_sealed = @removed_sealed
WHERE id = @id AND case_id = @case_id AND removed_at IS NULL;

-- name: CasePersons :many
-- CasePersons lists who has which part in a case.
SELECT cp.id, cp.part, cp.added_at, p.root_id
FROM case_persons cp JOIN persons p ON p.id = cp.person_id
WHERE cp.case_id = @case_id AND cp.removed_at IS NULL
ORDER BY cp.added_at, cp.id
LIMIT @at_most;

-- name: AddRelation :one
-- AddRelation adds a relation.
INSERT INTO relations (person_id, kind, other_id, added_by, added_at) VALUES (@person_id, @kind, @other_id, @added_by, @at)
RETURNING id;

-- name: EndRelation :execrows
-- EndRelation ends a relation of a person.
UPDATE relations SET ended_by = @ended_by, ended_at = @at
WHERE relations.id = @id AND ended_at IS NULL AND @root_id::uuid IN (
    SELECT p.root_id FROM persons p WHERE p.id IN (relations.person_id, relations.other_id));

-- name: RelationsOf :many
-- RelationsOf lists the relations of people, with all that stand behind their records.
SELECT r.id, r.kind, a.root_id AS person_root, b.root_id AS other_root
FROM relations r JOIN persons a ON a.id = r.person_id JOIN persons b ON b.id = r.other_id
WHERE r.ended_at IS NULL AND (
    r.person_id IN (SELECT x.id FROM persons x WHERE x.root_id = ANY (@roots::uuid[]))
    OR r.other_id IN (SELECT x.id FROM persons x WHERE x.root_id = ANY (@roots::uuid[])))
ORDER BY r.id;

-- name: Ancestors :many
-- Ancestors lists everybody above a person; a circle ends where it began.
WITH RECURSIVE up (root) AS (
    SELECT a.root_id FROM relations r JOIN persons a ON a.id = r.person_id JOIN persons b ON b.id = r.other_id
    WHERE r.ended_at IS NULL AND r.kind IN ('PARENT', 'GRANDPARENT') AND b.root_id = @root_id
    UNION
    SELECT a.root_id FROM up JOIN persons b ON b.root_id = up.root JOIN relations r ON r.other_id = b.id JOIN persons a ON a.id = r.person_id
    WHERE r.ended_at IS NULL AND r.kind IN ('PARENT', 'GRANDPARENT')
)
SELECT root::uuid AS root FROM up LIMIT 1000;

-- name: Mates :many
-- Mates lists who lives now in the households of people.
SELECT DISTINCT hm.household_id, p.root_id
FROM household_members hm JOIN persons p ON p.id = hm.person_id
WHERE hm.until IS NULL AND hm.household_id IN (
    SELECT h.household_id FROM household_members h JOIN persons x ON x.id = h.person_id
    WHERE h.until IS NULL AND x.root_id = ANY (@roots::uuid[]))
ORDER BY hm.household_id, p.root_id;

-- name: AddHousehold :one
-- AddHousehold adds a household; its ID is needed to seal its address.
INSERT INTO households (id, head_id, address_sealed, province, district, added_by, added_at, changed_at)
VALUES (@id, @head_id, @address_sealed, @province, @district, @added_by, @at, @at)
RETURNING id;

-- name: Household :one
-- Household reads a household within somebody's provinces; none: everywhere.
SELECT h.id, h.version, p.root_id AS head_root, h.address_sealed, h.province, h.district
FROM households h JOIN persons p ON p.id = h.head_id
WHERE h.id = @id AND (cardinality(@provinces::text[]) = 0 OR h.province = ANY (@provinces::text[]));

-- name: ChangeHousehold :execrows
-- ChangeHousehold changes a household only if nobody changed it since it was read.
UPDATE households SET version = version + 1, head_id = @head_id, address_sealed = @address_sealed, province = @province, district = @district, changed_at = @at
WHERE id = @id AND version = @version;

-- name: HouseholdMembers :many
-- HouseholdMembers lists who lives and lived in a household.
SELECT hm.person_id, p.root_id, hm.since::text AS since, coalesce(hm.until::text, '')::text AS until
FROM household_members hm JOIN persons p ON p.id = hm.person_id
WHERE hm.household_id = @household_id
ORDER BY hm.since, hm.person_id
LIMIT @at_most;

-- name: JoinHousehold :execrows
-- JoinHousehold lets somebody live in a household from a day on, unless they do by another record.
INSERT INTO household_members (household_id, person_id, since)
SELECT @household_id, p.id, @since::date FROM persons p
WHERE p.id = @person_id AND NOT EXISTS (
    SELECT FROM household_members hm JOIN persons m ON m.id = hm.person_id
    WHERE hm.household_id = @household_id AND hm.until IS NULL AND m.root_id = p.root_id)
ON CONFLICT DO NOTHING;

-- name: LeaveHousehold :execrows
-- LeaveHousehold ends a stay, by whichever record of the person it was begun.
UPDATE household_members SET until = @until::date
WHERE household_id = @household_id AND household_members.until IS NULL AND since <= @until::date
    AND person_id IN (SELECT m.id FROM persons m JOIN persons p ON p.root_id = m.root_id WHERE p.id = @person_id);

-- name: HouseholdsOf :many
-- HouseholdsOf lists where a person lives now, within somebody's provinces; none: everywhere.
SELECT DISTINCT h.id FROM households h JOIN household_members hm ON hm.household_id = h.id JOIN persons p ON p.id = hm.person_id
WHERE p.root_id = @root_id AND hm.until IS NULL AND (cardinality(@provinces::text[]) = 0 OR h.province = ANY (@provinces::text[]))
ORDER BY h.id;

-- name: AuditPeople :exec
-- AuditPeople writes down what somebody did with people, or is about to see of them.
INSERT INTO audit (at, actor, action, case_id, person_id, purpose, meta, commitment)
SELECT @at, @actor, e.action, e.case_id, nullif(e.person_id, '')::uuid, @purpose, e.meta, e.commitment
FROM (SELECT unnest(@actions::text[]) AS action, unnest(@case_ids::uuid[]) AS case_id, unnest(@person_ids::text[]) AS person_id,
    unnest(@metas::bytea[]) AS meta, unnest(@commitments::bytea[]) AS commitment) e;
