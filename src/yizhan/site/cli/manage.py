"""worker, migrate, check, and Django's own commands."""

import argparse
import sys
from collections.abc import Sequence

from yizhan.site.cli.django_setup import as_owner, migrate, program, setup, tell
from yizhan.site.cli.main import use_data_dir
from yizhan.site.config import ConfigError, load_config
from yizhan.site.postgres import Cluster
from yizhan.site.roles import Addresses, same_role


def run(name: str, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    if name == "manage":
        options, rest = parser.parse_known_args(arguments)
    else:
        options, rest = parser.parse_args(arguments), []
    data_dir = use_data_dir(options.data_dir)
    if name == "check":
        return check()
    with program(data_dir):
        if name == "worker":
            from yizhan.site import run_worker

            run_worker.main()
        elif name == "migrate":
            migrate()
        else:
            from django.core.management import execute_from_command_line

            with as_owner():
                execute_from_command_line(["yizhan manage", *rest])
    return 0


def check() -> int:
    """Read the settings, say what is wrong with each, and run Django's own checks."""
    try:
        config = load_config()
    except ConfigError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    print(f"✓ data directory {config.data_dir}")
    print(f"✓ address {config.base_url}; hosts {', '.join(config.allowed_hosts)}")
    print(f"✓ database {'external' if config.database_url else 'embedded'}")
    mail = "through YIZHAN_SMTP_URL" if config.smtp_url else f"kept in {config.data_dir / 'outbox'} (YIZHAN_SMTP_URL is not set)"
    print(f"✓ outgoing mail {mail}")
    running = Addresses(config.database_url, config.database_owner_url)
    if not config.database_url and (config.data_dir / "pg").exists():
        running = Cluster(config.data_dir).addresses
    tell(running)
    setup()
    from django.core.management import call_command

    call_command("check")
    return 0 if check_database(running) else 1


def check_database(addresses: Addresses) -> bool:
    """What the two roles may, and what the last verification of the audit found; a database that does not run is not asked."""
    from django.db import DatabaseError

    if not addresses.daily:
        print("– the database is not made yet")
        return True
    if same_role(addresses):
        print("! one role owns the tables and does the daily work: set YIZHAN_DATABASE_OWNER_URL (docs/operator-guide.md)")
    try:
        return check_audit()
    except DatabaseError:
        print("– the database does not answer or has no tables yet: roles and audit were not looked at")
        return True


def check_audit() -> bool:
    from django.db import connection

    from yizhan.kernel.checks import last_check
    from yizhan.kernel.verification import key_fits

    if not key_fits():
        print("✗ the audit was sealed with another key: put the right audit.key or YIZHAN_AUDIT_KEY in place", file=sys.stderr)
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if (cursor.fetchone() or (False,))[0]:
            print("! the daily role is a superuser: it could switch off what guards the history (docs/operator-guide.md)")
    last = last_check()
    if last is None:
        print("– audit: not verified yet; the worker does it every night, ./yizhan audit verify now")
        return True
    if last.broken:
        print(f"✗ audit: {last.broken} faults found at {last.at:%Y-%m-%d %H:%M} UTC: {last.report[0]}", file=sys.stderr)
        return False
    print(f"✓ audit: {last.rows} rows in {last.chains} chains whole at {last.at:%Y-%m-%d %H:%M} UTC")
    return True
