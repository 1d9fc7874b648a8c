"""The partitioned history tables, as SQL: Django has no words for partitions."""

CREATE = """
CREATE TABLE kernel_audit (
    id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, actor text NOT NULL, command text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused')), object_type text NOT NULL, object_id bigint,
    before jsonb NOT NULL, after jsonb NOT NULL, address text NOT NULL, request_id text NOT NULL,
    previous text NOT NULL, digest text NOT NULL, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
CREATE INDEX kernel_audit_object ON kernel_audit (object_type, object_id, id DESC);
CREATE INDEX kernel_audit_newest ON kernel_audit (at DESC, id DESC);
CREATE TABLE kernel_event (
    id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL,
    xact bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint), type text NOT NULL, version smallint NOT NULL,
    customer_id bigint, object_type text NOT NULL, object_id bigint NOT NULL, actor text NOT NULL,
    internal boolean NOT NULL, payload jsonb NOT NULL, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
CREATE INDEX kernel_event_object ON kernel_event (object_type, object_id, id);
CREATE INDEX kernel_event_xact ON kernel_event (xact);
CREATE TABLE kernel_audit_other PARTITION OF kernel_audit DEFAULT;
CREATE TABLE kernel_event_other PARTITION OF kernel_event DEFAULT;
CREATE FUNCTION kernel_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this history only grows: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER kernel_audit_no_change BEFORE UPDATE OR DELETE ON kernel_audit
    FOR EACH ROW EXECUTE FUNCTION kernel_append_only();
CREATE TRIGGER kernel_audit_no_truncate BEFORE TRUNCATE ON kernel_audit
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
CREATE FUNCTION kernel_month_partition(parent text, month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE name text := parent || '_' || to_char(month, 'YYYYMM');
BEGIN
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
            name, parent, month, month + interval '1 month');
        IF parent = 'kernel_audit' THEN
            EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT '
                'EXECUTE FUNCTION kernel_append_only()', name);
        END IF;
    END IF;
END $$;
CREATE TRIGGER kernel_audit_other_no_truncate BEFORE TRUNCATE ON kernel_audit_other
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
"""

SEARCH_STATISTICS = "ALTER TABLE kernel_searchrow ALTER COLUMN tokens SET STATISTICS 10000"
MONTHS = """
SELECT kernel_month_partition(parent, month::date)
FROM unnest(%s::text[]) AS parent,
     generate_series(date_trunc('month', %s::timestamptz), date_trunc('month', %s::timestamptz), interval '1 month') AS month
"""
