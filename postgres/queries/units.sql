-- name: UpsertUnits :exec
-- UpsertUnits writes units, new or known.
INSERT INTO units (id, code, level, name_th, name_en, province, region, lat, lon, state, synthetic)
SELECT unnest(@ids::text[]), unnest(@codes::text[]), unnest(@levels::text[]), unnest(@names_th::text[]), unnest(@names_en::text[]),
    unnest(@provinces::text[]), unnest(@regions::text[]), unnest(@lats::float8[]), unnest(@lons::float8[]),
    unnest(@states::text[]), unnest(@synthetic::bool[])
ON CONFLICT (id) DO UPDATE SET code = excluded.code, level = excluded.level, name_th = excluded.name_th, name_en = excluded.name_en,
    province = excluded.province, region = excluded.region, lat = excluded.lat, lon = excluded.lon, state = excluded.state,
    synthetic = excluded.synthetic;

-- name: Units :many
-- Units lists units. Every predicate is optional.
SELECT id, code, level, name_th, name_en, province, region, lat, lon, state, synthetic
FROM units
WHERE id > @after::text
  AND (sqlc.narg('level')::text IS NULL OR level = sqlc.narg('level'))
  AND (sqlc.narg('province')::text IS NULL OR province = sqlc.narg('province'))
  AND (sqlc.narg('state')::text IS NULL OR state = sqlc.narg('state'))
ORDER BY id
LIMIT sqlc.narg('at_most');

-- name: Unit :one
-- Unit reads one unit.
SELECT id, code, level, name_th, name_en, province, region, lat, lon, state, synthetic FROM units WHERE id = @id;

-- name: SetUnitState :execrows
-- SetUnitState opens or closes a unit.
UPDATE units SET state = @state WHERE id = @id;

-- name: UpsertStationAreas :exec
-- UpsertStationAreas names the responsible station of districts.
INSERT INTO station_areas (district, unit_id)
SELECT unnest(@districts::text[]), unnest(@unit_ids::text[])
ON CONFLICT (district) DO UPDATE SET unit_id = excluded.unit_id;

-- name: UpsertProvinces :exec
-- UpsertProvinces writes provinces; the mode of a known one stays.
INSERT INTO provinces (code, region)
SELECT unnest(@codes::text[]), unnest(@regions::text[])
ON CONFLICT (code) DO UPDATE SET region = excluded.region;

-- name: SetProvinceMode :execrows
-- SetProvinceMode switches a province between LIVE and DESK_ONLY.
UPDATE provinces SET mode = @mode WHERE code = @code;

-- name: Provinces :many
-- Provinces lists the provinces.
SELECT code, region, mode FROM provinces ORDER BY code;

-- name: ProvinceMode :one
-- ProvinceMode says whether a province is LIVE.
SELECT mode FROM provinces WHERE code = @code;

-- name: RosterDesks :many
-- RosterDesks lists the active duty desks with what a check of the roster needs. One has answered when it did so after
-- its latest test, and not too long ago.
SELECT unit_id, level, (verified_at IS NOT NULL)::bool AS verified,
    coalesce(answered_at >= greatest(tested_at, @since::timestamptz), false)::bool AS answered
FROM members
WHERE level <> '' AND state = 'ACTIVE'
ORDER BY id;

-- name: TestDesks :many
-- TestDesks notes that the active duty desks of a province, or of everywhere, are tested now, and lists them.
UPDATE members SET tested_at = @at
WHERE level <> '' AND state = 'ACTIVE' AND (@province::text = '' OR province = @province)
RETURNING id;

-- name: SilentDesks :many
-- SilentDesks lists the active duty desks that have not answered their latest test.
SELECT m.id, u.code, m.level, m.province, m.tested_at
FROM members m
JOIN units u ON u.id = m.unit_id
WHERE m.level <> '' AND m.state = 'ACTIVE' AND m.tested_at > coalesce(m.answered_at, '-infinity')
ORDER BY m.province, u.code, m.id;
