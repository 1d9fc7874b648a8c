"""Django inside a command: the settings first, then the database of the data directory."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yizhan.kernel.errors import DomainError
from yizhan.site.config import ConfigError, external_database, external_owner
from yizhan.site.postgres import PostgresError
from yizhan.site.roles import Addresses, grant_daily, same_role
from yizhan.site.supervisor import running_database


def setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yizhan.site.settings")
    import django

    django.setup()


def tell(addresses: Addresses) -> None:
    """The settings read where the database is from the environment."""
    os.environ["YIZHAN_DATABASE_URL"], os.environ["YIZHAN_DATABASE_OWNER_URL"] = addresses


def connect_directly() -> None:
    """A command needs no pool; and where it gets no connection, a pool would hide the server's words behind its own."""
    os.environ.setdefault("YIZHAN_DB_POOL", "0")


def forget_owner() -> None:
    """What is started from here on does not learn the owner's password."""
    for name in ("YIZHAN_DATABASE_OWNER_URL", "YIZHAN_DATABASE_OWNER_URL_FILE"):
        os.environ.pop(name, None)


@contextmanager
def program(data_dir: Path) -> Iterator[None]:
    """The program with its database: the running one, or one started for this command. Refusals end with 1."""
    try:
        with running_database(data_dir, Addresses(external_database(), external_owner())) as addresses:
            tell(addresses)
            connect_directly()
            setup()
            yield
            from django.db import connections

            connections.close_all()
    except (ConfigError, PostgresError, DomainError) as error:
        print(f"yizhan: {error}", file=sys.stderr)
        for field, messages in getattr(error, "fields", {}).items():
            print(f"  {field}: {'; '.join(str(m) for m in messages)}", file=sys.stderr)
        sys.exit(1)


@contextmanager
def as_owner() -> Iterator[Addresses]:
    """Django speaks to its present database as the owner while this lasts."""
    from django.conf import settings
    from django.db import connections

    from yizhan.site.settings import database

    addresses = Addresses(settings.YIZHAN.database_url, settings.YIZHAN.database_owner_url)
    kept = connections["default"]
    if same_role(addresses):
        yield addresses
        return
    owner = kept.copy()
    given = database(addresses.owner)
    owner.settings_dict.update({key: given[key] for key in ("USER", "PASSWORD", "HOST", "PORT")})
    owner.settings_dict["OPTIONS"] = {k: v for k, v in given["OPTIONS"].items() if k != "pool"}
    connections["default"] = owner
    try:
        yield addresses
    finally:
        owner.close()
        connections["default"] = kept


def migrate() -> None:
    """Everything that changes tables, as their owner; then the daily role gets what it needs of them."""
    from django.db import connection

    with as_owner() as addresses:
        bring_up_to_date()
        grant_daily(addresses, connection.settings_dict["NAME"])


def bring_up_to_date() -> None:
    """Tables, cache table, partitions, shipped words; lock and statement time-outs against a busy database."""
    from django.core.management import call_command
    from django.db import connection

    from yizhan.kernel import notices, partitions
    from yizhan.tickets.catalogue import seed_categories, seed_texts

    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '15s'; SET statement_timeout = '30min'")
    call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout; RESET statement_timeout")
    call_command("createcachetable", verbosity=0)
    partitions.ensure_partitions()
    notices.seed_templates()
    seed_categories()
    seed_texts()
