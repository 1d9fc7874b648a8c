"""What only the owner of the tables can do to what is kept for good."""

import psycopg


def meddle(owner: str, *statements: str) -> None:
    """As the owner of the tables, who can switch their triggers off."""
    with psycopg.connect(owner) as server:
        server.execute("SET session_replication_role = replica")
        for statement in statements:
            server.execute(statement)
