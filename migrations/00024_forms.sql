-- Forms are data. Each version that was ever loaded is kept, so that answers can
-- be read by the questions that they were given to. Answers are only ever added:
-- a later set stands beside the earlier one.

-- +goose Up
CREATE TABLE forms (
    code      text        NOT NULL,
    version   text        NOT NULL,
    doc       json        NOT NULL, -- json, not jsonb: compared to the byte, for a version never changes
    loaded_at timestamptz NOT NULL,
    PRIMARY KEY (code, version)
);

CREATE TRIGGER forms_append_only BEFORE UPDATE OR DELETE ON forms
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE form_answers (
    case_id        uuid        NOT NULL CONSTRAINT form_answers_case_exists REFERENCES cases (id),
    form           text        NOT NULL,
    n              int         NOT NULL CONSTRAINT form_answers_n_positive CHECK (n > 0),
    version        text        NOT NULL,
    answers_sealed bytea       NOT NULL,
    author_kind    text        NOT NULL,
    author_id      text        NOT NULL,
    at             timestamptz NOT NULL,
    PRIMARY KEY (case_id, form, n),
    CONSTRAINT form_answers_form_exists FOREIGN KEY (form, version) REFERENCES forms (code, version)
);

CREATE TRIGGER form_answers_append_only BEFORE UPDATE OR DELETE ON form_answers
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER form_answers_never_emptied BEFORE TRUNCATE ON form_answers
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
