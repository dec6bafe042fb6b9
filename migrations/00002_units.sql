-- Who answers for which place. A province is LIVE when every ladder in it ends
-- at a verified desk; until then only its radio centre and the national desk ring.

-- +goose Up
CREATE TABLE provinces (
    code   text PRIMARY KEY CONSTRAINT provinces_code_two_digits CHECK (code ~ '^[0-9]{2}$'),
    region text NOT NULL, -- police region: MPB, P1 … P9
    mode   text NOT NULL DEFAULT 'DESK_ONLY'
        CONSTRAINT provinces_mode_known CHECK (mode IN ('LIVE', 'DESK_ONLY'))
);

CREATE TABLE units (
    id        text    PRIMARY KEY,
    code      text    NOT NULL,
    level     text    NOT NULL
        CONSTRAINT units_level_known CHECK (level IN ('NEAR', 'STATION', 'NEXT_STATION', 'RADIO_191', 'POLICE_REGION',
            'RTP_NATIONAL', 'MSDHS_DUTY', 'MSDHS_PROVINCE', 'HUSEC', 'MSDHS_NATIONAL', 'SHELTER', 'EMS', 'DESK')),
    name_th   text    NOT NULL,
    name_en   text    NOT NULL,
    province  text    NOT NULL DEFAULT '', -- empty: national
    region    text    NOT NULL DEFAULT '',
    lat       double precision NOT NULL,
    lon       double precision NOT NULL,
    state     text    NOT NULL
        CONSTRAINT units_state_known CHECK (state IN ('LIVE', 'CLOSED')),
    synthetic boolean NOT NULL DEFAULT false -- made by the seed, no real unit
);

CREATE INDEX units_live ON units (level, province) WHERE state = 'LIVE';

-- The station that is responsible for a district, where the police told us. For
-- every other place it is the nearest live one.
CREATE TABLE station_areas (
    district text PRIMARY KEY CONSTRAINT station_areas_district_four_digits CHECK (district ~ '^[0-9]{4}$'),
    unit_id  text NOT NULL CONSTRAINT station_areas_unit_exists REFERENCES units (id)
);
