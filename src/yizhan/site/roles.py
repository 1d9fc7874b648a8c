"""Two roles of one database: the owner changes tables, the daily role works in them and can change no history.

docs/decisions/0012 tells what either can do.
"""

from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

EVIDENCE = ("tickets_signoff", "tickets_rating", "tickets_returnvisit", "tickets_message")
GROW_ONLY = (
    "kernel_audit", "kernel_audittext", "kernel_auditcheck", "kernel_event", "channels_raw", "django_migrations", *EVIDENCE,
)  # fmt: skip
# Of these the program changes one column afterwards, and no other.
ENDING = (("tickets_signoff", "valid"),)
HEADS = "kernel_audithead"
LOCK = 0x59697A69  # two programs that start at once must not grant at once


class Addresses(NamedTuple):
    """Where one database is, for daily work and for its owner. They are the same where the operator has one role only."""

    daily: str
    owner: str


def role_of(url: str) -> str:
    return str(conninfo_to_dict(url).get("user") or "")


def same_role(addresses: Addresses) -> bool:
    return role_of(addresses.daily) == role_of(addresses.owner)


def grant_daily(addresses: Addresses, database: str = "") -> None:
    """Give the daily role what it needs of every table there is and every one to come, and of the histories only to add."""
    if same_role(addresses):
        return
    name = sql.Identifier(role_of(addresses.daily))
    owner = make_conninfo(addresses.owner, dbname=database) if database else addresses.owner
    with psycopg.connect(owner) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
        known = {row[0] for row in rows}
        statements = [
            # A temporary table of the same name would stand before a history, and swallow what is written there.
            "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC, {role}",
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
            "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
            "ALTER DEFAULT PRIVILEGES GRANT SELECT, USAGE ON SEQUENCES TO {role}",
            *(f"REVOKE UPDATE, DELETE ON {table} FROM {{role}}" for table in GROW_ONLY if table in known),
            *(f"GRANT UPDATE ({column}) ON {table} TO {{role}}" for table, column in ENDING if table in known),
            *(f"REVOKE DELETE ON {table} FROM {{role}}" for table in (HEADS,) if table in known),
            *(["REVOKE INSERT ON django_migrations FROM {role}"] if "django_migrations" in known else []),
            *(f"REVOKE ALL ON {part} FROM {{role}}" for part in partitions(connection)),
        ]
        for statement in statements:
            connection.execute(sql.SQL(statement).format(role=name, database=sql.Identifier(connection.info.dbname)))


def partitions(connection: psycopg.Connection[Any]) -> list[str]:
    """They are reached through their table; nobody needs them by their own names."""
    found = connection.execute("SELECT oid::regclass::text FROM pg_class WHERE relispartition AND relkind = 'r'").fetchall()
    return [row[0] for row in found]


def is_granted(addresses: Addresses) -> bool:
    """Whether the daily role may work here already, and change no history."""
    if same_role(addresses):
        return True
    with psycopg.connect(addresses.daily) as connection:
        row = connection.execute(
            "SELECT to_regclass('kernel_audithead') IS NOT NULL AND has_table_privilege('kernel_audit', 'INSERT') "
            "AND has_table_privilege('kernel_audithead', 'UPDATE') AND NOT EXISTS (SELECT FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s) AND has_table_privilege(oid, 'UPDATE, DELETE'))",
            [list(GROW_ONLY)],
        ).fetchone()
        return bool(row and row[0])
