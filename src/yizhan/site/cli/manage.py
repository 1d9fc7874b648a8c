"""worker, migrate, check, and Django's own commands."""

import argparse
import os
import sys
from collections.abc import Sequence

from yizhan.site.cli.django_setup import migrate, program, setup
from yizhan.site.cli.main import use_data_dir
from yizhan.site.config import ConfigError, load_config


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
    os.environ.setdefault("YIZHAN_DATABASE_URL", "")
    setup()
    from django.core.management import call_command

    call_command("check")
    return 0
