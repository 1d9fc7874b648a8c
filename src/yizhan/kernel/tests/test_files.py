"""Files under real threads and real transactions: kept once, never lost while a row is on its way, gone when nothing names them."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction

from yizhan.kernel import attachments, clock
from yizhan.kernel.actor import system_actor
from yizhan.kernel.files import write_durably
from yizhan.kernel.models import Attachment
from yizhan.people.models import Customer

SYSTEM = system_actor("test")
DAY = timedelta(hours=25)


@pytest.fixture
def committed(django_db_blocker: Any, django_db_setup: None) -> Iterator[int]:
    """Outside any transaction, as in the program; what a test leaves is taken away by name."""
    with django_db_blocker.unblock():
        yield Customer.objects.get(code="demo-a").pk
        Attachment.objects.filter(name__startswith="threads").delete()


def keep(customer: int, content: bytes) -> Attachment:
    try:
        return attachments.store(SYSTEM, customer_id=customer, file=attachments.check("threads.txt", content))
    finally:
        connections.close_all()


def place(row: Attachment) -> Path:
    folder: Path = settings.YIZHAN.data_dir / "files"
    return folder / row.path


def age(path: Path) -> None:
    then = (clock.now() - DAY).timestamp()
    os.utime(path, (then, then))


def test_equal_files_at_once_are_all_kept(committed: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda number: keep(committed, f"gleich {number // 8}".encode() * 50_000), range(80)))
    assert len({row.pk for row in rows}) == 80
    assert all(place(row).stat().st_size == row.size for row in rows)
    assert not list(place(rows[0]).parents[1].rglob("*.part"))


def test_a_failed_write_leaves_no_half(tmp_path: Path) -> None:
    target = tmp_path / "there"
    (target / "x").mkdir(parents=True)
    with pytest.raises(OSError, match="there"):
        write_durably(target, b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_the_sweep_leaves_what_an_uncommitted_row_names(committed: int) -> None:
    content = b"zweimal dasselbe"
    with clock.at(clock.now() - DAY):
        old = keep(committed, content)
    age(place(old))
    named, swept = threading.Event(), threading.Event()

    def upload() -> Attachment:
        try:
            with transaction.atomic():
                row = attachments.store(SYSTEM, customer_id=committed, file=attachments.check("threads.txt", content))
                named.set()
                assert swept.wait(60)
            return row
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(upload)
        assert named.wait(60)
        attachments.sweep_orphans()
        swept.set()
        row = future.result()
    assert not Attachment.objects.filter(pk=old.pk).exists()
    assert place(row).read_bytes() == content
    Attachment.objects.filter(pk=row.pk).delete()
    age(place(row))
    attachments.sweep_orphans()
    assert not place(row).exists()  # and what the last row left goes in the next night


def test_the_sweep_leaves_a_file_that_is_being_taken(committed: int) -> None:
    with clock.at(clock.now() - DAY):
        row = keep(committed, b"wird gerade genommen")
    taken, swept = threading.Event(), threading.Event()

    def take() -> None:
        try:
            with transaction.atomic():
                attachments.adopt([row], Customer.objects.get(pk=committed), customer_id=committed, part_id=None, internal=True)
                taken.set()
                assert swept.wait(60)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(take)
        assert taken.wait(60)
        attachments.sweep_orphans()
        swept.set()
        future.result()
    assert Attachment.objects.get(pk=row.pk).owner_id == committed
    assert place(row).exists()


def test_a_file_that_found_its_customer_leaves_no_copy(committed: int) -> None:
    row = keep(attachments.NOBODYS, b"noch ohne Kunden")
    before = place(row)
    with transaction.atomic():
        attachments.adopt([row], Customer.objects.get(pk=committed), customer_id=committed, part_id=None, internal=False)
        assert before.exists()  # until the commit, which may fail
    assert not before.exists()
    assert place(row).read_bytes() == b"noch ohne Kunden"


def test_a_copy_that_another_row_names_stays(committed: int) -> None:
    row, other = (keep(attachments.NOBODYS, b"zwei brauchen es") for _ in "ab")
    attachments.adopt([row], Customer.objects.get(pk=committed), customer_id=committed, part_id=None, internal=False)
    assert place(other).exists()


def test_what_was_rolled_back_is_swept_after_a_day(committed: int) -> None:
    with transaction.atomic():
        row = attachments.store(SYSTEM, customer_id=committed, file=attachments.check("threads.txt", b"zurueckgerollt"))
        transaction.set_rollback(True)
    half = place(row).with_name(".half.0.part")
    half.write_bytes(b"ha")
    attachments.sweep_orphans()
    assert place(row).exists()
    for path in (place(row), half):
        age(path)
    attachments.sweep_orphans()
    assert not place(row).exists()
    assert not half.exists()
