-- name: DeskByLINE :one
-- DeskByLINE finds the active duty desk that has a LINE account.
SELECT id, unit_id, language FROM members WHERE line_hash = @line_hash AND state = 'ACTIVE' AND level <> '';

-- name: LinkGroup :exec
-- LinkGroup makes a group the group of a unit; the unit's earlier one hears no more.
INSERT INTO unit_groups (unit_id, group_sealed, group_hash, linked_by, linked_at)
VALUES (@unit_id, @group_sealed, @group_hash, @linked_by, @linked_at)
ON CONFLICT (unit_id) DO UPDATE SET group_sealed = excluded.group_sealed, group_hash = excluded.group_hash,
    linked_by = excluded.linked_by, linked_at = excluded.linked_at;

-- name: UnlinkGroup :exec
-- UnlinkGroup forgets a group, of whichever units it was.
DELETE FROM unit_groups WHERE group_hash = @group_hash;
