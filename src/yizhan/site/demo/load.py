"""Filling a demonstration data directory, once, with progress."""

import os
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import connection

from yizhan.kernel import clock, partitions
from yizhan.people.models import User
from yizhan.site.demo.history import DAYS, write_history
from yizhan.site.demo.people import make_people

# About 300; the suite, which needs the people rather than the past, asks for fewer.
TICKETS = int(os.environ.get("YIZHAN_DEMO_TICKETS", "300"))


def load_demo(password: str, step: Callable[[str], None], tickets: int = TICKETS) -> None:
    """People, then about 300 tickets through the real commands. A half-loaded directory is begun anew."""
    done = settings.YIZHAN.data_dir / "demo.loaded"
    if done.exists():
        return
    if User.objects.exists():
        step("demonstration data was cut short, beginning anew / 重新载入演示数据")
        empty()
    partitions.ensure_partitions(clock.now() - timedelta(days=DAYS + 40))
    step("demonstration people / 演示人员")
    customers = make_people(password)
    with connection.cursor() as cursor:
        # A cut-short load begins anew anyway, so no commit needs to wait for the disk.
        cursor.execute("SET synchronous_commit TO off")
    step(f"{tickets} demonstration tickets, half a minute or so / 演示工单，约半分钟")
    write_history(customers, tickets, lambda made: step(f"{made} / {tickets}"))
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")
        cursor.execute("ANALYZE")
    done.touch()


def empty() -> None:
    """Drop everything of a cut-short load: the demonstration's database holds nothing else."""
    from yizhan.site.cli.django_setup import migrate

    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    migrate()
