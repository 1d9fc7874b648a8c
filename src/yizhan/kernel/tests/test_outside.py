"""Servers of others: silent ones are left alone, private ones not reached, slow and rescued workers never both write."""

import dataclasses
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from yizhan.kernel import attachments, breakers, clock, notices, reaching, works
from yizhan.kernel.errors import TemporaryFailure
from yizhan.kernel.models import ForeignServer, Notice, Work
from yizhan.kernel.notices import transports
from yizhan.kernel.works import running
from yizhan.people.models import Customer


class SilentServer(threading.Thread):
    """Takes connections and says nothing."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.taken: list[socket.socket] = []

    def run(self) -> None:
        while True:
            try:
                self.taken.append(self.socket.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self.socket.close()
        for one in self.taken:
            one.close()


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    server = SilentServer()
    server.start()
    yield server
    server.close()


def with_config(settings: Any, **changes: Any) -> None:
    settings.YIZHAN = dataclasses.replace(settings.YIZHAN, **changes)


def due_notices(count: int) -> None:
    now = clock.now()
    Notice.objects.bulk_create(
        Notice(code="x", address=f"a{n}@b.example", subject="s", body="b", due_at=now, created_at=now) for n in range(count)
    )


def test_a_silent_server_is_asked_once_and_then_left_alone(
    db: None, silent: SilentServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports, "SECONDS", 0.3)
    monkeypatch.setitem(transports._transports, "mail", transports.send_mail)
    with_config(settings, smtp_url=f"smtp://127.0.0.1:{silent.port}")
    due_notices(60)
    while notices.send_due() or Notice.objects.filter(state="pending", due_at__lte=clock.now()).exists():
        pass
    assert len(silent.taken) == 1
    assert sum(Notice.objects.values_list("attempts", flat=True)) == 1
    assert set(Notice.objects.values_list("state", "claim")) == {("pending", "")}
    key = f"smtp 127.0.0.1:{silent.port}"
    assert breakers.down() == [key]
    with clock.at(clock.now() + timedelta(minutes=2)):
        notices.send_due()
        assert len(silent.taken) == 2, "one asks for all when the pause is over"
        first = ForeignServer.objects.get(key=key)
        assert first.failures == 2
        breakers.answered(key)
        assert breakers.down() == []
        breakers.ask(key)


def test_of_several_who_come_when_the_pause_is_over_one_asks(db: None) -> None:
    breakers.failed("imap x:143", "away")
    with pytest.raises(breakers.Resting):
        breakers.ask("imap x:143")
    breakers.ask("imap y:143")
    with clock.at(clock.now() + timedelta(minutes=1)):
        breakers.ask("imap x:143")
        with pytest.raises(breakers.Resting):
            breakers.ask("imap x:143")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1", True), ("127.0.0.1", False), ("10.1.2.3", False), ("192.168.0.1", False),
        ("172.16.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),
        ("::1", False), ("fe80::1", False), ("fd00::1", False), ("::ffff:127.0.0.1", False), ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False),
    ],
)  # fmt: skip
def test_what_is_public(address: str, public: bool) -> None:
    assert reaching.is_public(ip_address(address)) is public


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize(
    ("allowed", "reached"),
    [((), False), (("10.0.0.0/8",), False), (("127.0.0.0/8", "::1"), True), (("127.0.0.1", "localhost"), True)],
)
def test_private_hosts_need_the_operators_word(
    silent: SilentServer, settings: Any, host: str, allowed: tuple[str, ...], reached: bool
) -> None:
    with_config(settings, allowed_private_hosts=allowed)
    if reached:
        reaching.connect(host, silent.port, 5).close()
    else:
        with pytest.raises(reaching.PrivateAddress, match="YIZHAN_ALLOWED_PRIVATE_HOSTS"):
            reaching.connect(host, silent.port, 5)
    assert (len(silent.taken) > 0) <= reached
    reaching.connect(host, silent.port, 5, trusted=True).close()


def test_a_name_is_resolved_once(silent: SilentServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers with a public address first and a private one afterwards gets us nowhere."""
    asked: list[str] = []
    reached: list[Any] = []

    def rebinding(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        address = "203.0.114.1" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket.socket, "connect", lambda self, place: reached.append(place))
    with_config(settings, allowed_private_hosts=())
    reaching.connect("evil.example", silent.port, 5).close()
    assert (asked, reached) == (["evil.example"], [("203.0.114.1", silent.port)])


@pytest.fixture
def other(db: None) -> Iterator[psycopg.Connection[Any]]:
    given = connection.get_connection_params()
    wanted = {key: given[key] for key in ("host", "port", "user", "password", "dbname") if given.get(key)}
    with psycopg.connect(**wanted, autocommit=True) as opened:
        yield opened


def queued(actors: Any, monkeypatch: pytest.MonkeyPatch, runner: running.Runner) -> Work:
    monkeypatch.setitem(running._runners, "test", (runner, None))
    monkeypatch.setattr(running, "_enqueue", [lambda pk: None])
    return works.start_work(actor=actors("desk"), kind_name="test", label="x", params={})


def test_a_rescued_work_waits_for_the_slow_one(
    actors: Any, monkeypatch: pytest.MonkeyPatch, other: psycopg.Connection[Any]
) -> None:
    runs: list[int] = []

    def runner(work: Work, *_: Any) -> works.Result:
        runs.append(work.attempts)
        return works.Result({"ok": 1})

    work = queued(actors, monkeypatch, runner)
    other.execute("SELECT pg_advisory_lock(%s, %s)", [running.LOCK_SPACE, work.pk])
    with pytest.raises(TemporaryFailure):
        works.run_work(work.pk)
    assert (runs, Work.objects.get(pk=work.pk).attempts) == ([], 0)
    other.execute("SELECT pg_advisory_unlock(%s, %s)", [running.LOCK_SPACE, work.pk])
    works.run_work(work.pk)
    works.run_work(work.pk)
    assert runs == [1]
    assert Work.objects.get(pk=work.pk).state == "done"


def test_who_lost_the_claim_writes_nothing(actors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def runner(work: Work, *_: Any) -> works.Result:
        Work.objects.filter(pk=work.pk).update(claim="another worker's")
        due_notices(1)
        return works.Result({"ok": 1})

    work = queued(actors, monkeypatch, runner)
    works.run_work(work.pk)
    row = Work.objects.get(pk=work.pk)
    assert (row.state, row.result, Notice.objects.count()) == ("running", {}, 0)


def test_a_work_that_kills_its_worker_is_given_up_visibly(actors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def killer(work: Work, *_: Any) -> works.Result:
        raise KeyboardInterrupt  # no handler of ours sees it, as none sees a SIGKILL

    work = queued(actors, monkeypatch, killer)
    for attempt in range(1, running.TRIES + 1):
        with pytest.raises(KeyboardInterrupt):
            works.run_work(work.pk)
        assert Work.objects.get(pk=work.pk).attempts == attempt
    works.run_work(work.pk)
    assert Work.objects.get(pk=work.pk).state == "failed"


def test_a_work_that_meets_a_full_disk_says_so(
    actors: Any, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    """The folder of the files takes nothing, as a full one; the other kind is what a runner's own file hears."""
    with_config(settings, data_dir=tmp_path)
    (tmp_path / "files").write_text("takes nothing")
    customer = Customer.objects.get(code="demo-a")

    def keeper(work: Work, actor: Any, *_: Any) -> works.Result:
        return works.Result(output=attachments.store(actor, customer_id=customer.pk, file=attachments.check("a.txt", b"1")))

    def writer(*_: Any) -> works.Result:
        with open("/dev/full", "wb", buffering=0) as full:
            full.write(b"1")
        return works.Result()

    kept = queued(actors, monkeypatch, keeper)
    for _ in range(running.TRIES - 1):
        with pytest.raises(TemporaryFailure):
            works.run_work(kept.pk)
    works.run_work(kept.pk)
    written = queued(actors, monkeypatch, writer)
    works.run_work(written.pk)
    told = set(Work.objects.values_list("state", "error"))
    assert told == {("failed", "现在不能保存文件，什么都没有改动。管理员能看到这个情况。")}
