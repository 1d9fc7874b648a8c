"""What closes the histories against everybody, and what lets the daily role make their monthly partitions."""

HEADS = """
ALTER TABLE kernel_audit ADD COLUMN position bigint NOT NULL DEFAULT 0, ADD COLUMN version smallint NOT NULL DEFAULT 1;
CREATE TABLE kernel_audithead (
    object_type text NOT NULL, object_id bigint NOT NULL, count bigint NOT NULL, digest text NOT NULL,
    anchored bigint NOT NULL DEFAULT 0, anchor text NOT NULL DEFAULT '', seal text NOT NULL,
    PRIMARY KEY (object_type, object_id)) WITH (fillfactor = 80);
"""
# The chains as they were, for the heads that the upgrade seals: everything that an old row says, in no zone.
ANCHORS = """
SELECT object_type, coalesce(object_id, 0), count(*), (array_agg(digest ORDER BY id DESC))[1],
    encode(sha256(convert_to(string_agg(jsonb_build_array(id, extract(epoch FROM at)::text, actor, command, outcome, before, after,
        address, request_id, previous, digest)::text, E'\\n' ORDER BY id), 'UTF8')), 'hex')
FROM kernel_audit WHERE version = 1 GROUP BY object_type, coalesce(object_id, 0)
"""
BLANKING = """
CREATE FUNCTION kernel_blanked_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.text = '' AND NEW.digest = OLD.digest AND NEW.at = OLD.at THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'this history only grows: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER kernel_audittext_blanked_only BEFORE UPDATE OR DELETE ON kernel_audittext
    FOR EACH ROW EXECUTE FUNCTION kernel_blanked_only();
CREATE TRIGGER kernel_audittext_no_truncate BEFORE TRUNCATE ON kernel_audittext
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
"""
MONTHS_BY_OWNER = """
CREATE OR REPLACE FUNCTION kernel_month_partition(parent text, month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE name text := parent || '_' || to_char(month, 'YYYYMM'); grantee text;
BEGIN
    IF month IS DISTINCT FROM date_trunc('month', month)::date
        OR month NOT BETWEEN now() - interval '50 years' AND now() + interval '2 years'
        OR NOT EXISTS (SELECT FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
            WHERE c.relname = parent AND c.relnamespace = 'public'::regnamespace) THEN
        RAISE EXCEPTION 'no monthly partition of % for %', parent, month;
    END IF;
    IF to_regclass(quote_ident(name)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
        name, parent, month, month + interval '1 month');
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT '
        'EXECUTE FUNCTION kernel_append_only()', name);
    FOR grantee IN SELECT DISTINCT a.grantee::regrole::text FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.oid = to_regclass(quote_ident(name)) AND a.grantee <> c.relowner AND a.grantee <> 0 LOOP
        EXECUTE format('REVOKE ALL ON %I FROM %s', name, grantee);
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION kernel_month_partition(text, date) FROM PUBLIC;
"""
# As above; and rows of that month which came before it, in the default partition, move into it.
MONTHS_WITH_EARLY_ROWS = """
CREATE OR REPLACE FUNCTION kernel_month_partition(parent text, month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '15s' AS $$
DECLARE
    name text := parent || '_' || to_char(month, 'YYYYMM');
    following timestamptz := month + interval '1 month';
    other text; columns text; grantee text; early boolean := false;
BEGIN
    IF month IS DISTINCT FROM date_trunc('month', month)::date
        OR month NOT BETWEEN now() - interval '50 years' AND now() + interval '2 years'
        OR NOT EXISTS (SELECT FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
            WHERE c.relname = parent AND c.relnamespace = 'public'::regnamespace) THEN
        RAISE EXCEPTION 'no monthly partition of % for %', parent, month;
    END IF;
    IF to_regclass(quote_ident(name)) IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT partdefid::regclass::text INTO other FROM pg_partitioned_table
        WHERE partrelid = to_regclass(quote_ident(parent)) AND partdefid <> 0;
    IF other IS NOT NULL THEN
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', other);
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE at >= $1 AND at < $2)', other) INTO early USING month, following;
    END IF;
    IF early THEN
        EXECUTE format('ALTER TABLE %I DETACH PARTITION %s', parent, other);
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, parent, month, following);
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT '
        'EXECUTE FUNCTION kernel_append_only()', name);
    IF early THEN
        SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
            WHERE attrelid = to_regclass(quote_ident(parent)) AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
        EXECUTE format('INSERT INTO %I (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s WHERE at >= $1 AND at < $2',
            parent, columns, columns, other) USING month, following;
        EXECUTE format('DELETE FROM %s WHERE at >= $1 AND at < $2', other) USING month, following;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %s DEFAULT', parent, other);
    END IF;
    FOR grantee IN SELECT DISTINCT a.grantee::regrole::text FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.oid = to_regclass(quote_ident(name)) AND a.grantee <> c.relowner AND a.grantee <> 0 LOOP
        EXECUTE format('REVOKE ALL ON %I FROM %s', name, grantee);
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION kernel_month_partition(text, date) FROM PUBLIC;
"""


def closed(table: str, operations: str) -> str:
    """Triggers against these operations on a partitioned history, and against emptying any of its partitions."""
    return f"""
CREATE TRIGGER {table}_no_change BEFORE {operations} ON {table} FOR EACH ROW EXECUTE FUNCTION kernel_append_only();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
DO $$ DECLARE part text; BEGIN
    FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{table}'::regclass LOOP
        EXECUTE 'CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON ' || part
            || ' FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only()';
    END LOOP;
END $$;
"""  # noqa: S608 - our own table


def grows_but_ends(table: str, flag: str) -> str:
    """Triggers of a plain table of which one flag alone may change, from true to false: a row ends, it is not rewritten."""
    return f"""
CREATE FUNCTION {table}_ends_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NOT NEW.{flag} AND to_jsonb(NEW) - '{flag}' = to_jsonb(OLD) - '{flag}' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'this history only grows: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER {table}_ends_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_ends_only();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
"""


def grows_only(table: str) -> str:
    """Triggers of a plain table that is never changed."""
    return f"""
CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION kernel_append_only();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
"""
