"""Django inside a command: the settings first, then the database of the data directory."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yizhan.kernel.errors import DomainError
from yizhan.site.config import ConfigError, external_database
from yizhan.site.postgres import PostgresError
from yizhan.site.supervisor import running_database


def setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yizhan.site.settings")
    import django

    django.setup()


@contextmanager
def program(data_dir: Path) -> Iterator[None]:
    """The program with its database: the running one, or one started for this command. Refusals end with 1."""
    try:
        with running_database(data_dir, external_database()) as url:
            os.environ["YIZHAN_DATABASE_URL"] = url
            setup()
            yield
            from django.db import connections

            connections.close_all()
    except (ConfigError, PostgresError, DomainError) as error:
        print(f"yizhan: {error}", file=sys.stderr)
        for field, messages in getattr(error, "fields", {}).items():
            print(f"  {field}: {'; '.join(str(m) for m in messages)}", file=sys.stderr)
        sys.exit(1)


def migrate() -> None:
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
