"""One running program and one pair of mail servers for everything that crosses a network."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mail_servers import PASSWORD, MailServers
from tests.program import Program


@pytest.fixture(scope="session")
def program() -> Iterator[Program]:
    place = Path(tempfile.mkdtemp(prefix="yizhan-program-"))
    running = Program(place)
    running.start()
    yield running
    running.stop()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def mail_servers() -> Iterator[MailServers]:
    servers = MailServers(Path(tempfile.mkdtemp(prefix="yizhan-mail-", dir="/tmp")))
    servers.start()
    yield servers
    servers.stop()
    shutil.rmtree(servers.place, ignore_errors=True)


@pytest.fixture(scope="session")
def mailbox(program: Program, mail_servers: MailServers) -> str:
    """The desk's mailbox, read for `demo-a` through the command line's own words."""
    secret = program.place / "mailbox.secret"
    secret.write_text(PASSWORD)
    return program.run(
        "channel", "mail", "add", "--name", "main", "--address", "desk@yizhan.example", "--customer", "demo-a",
        "--imap", f"imap://127.0.0.1:{mail_servers.imap}", "--smtp", f"smtp://127.0.0.1:{mail_servers.smtp}",
        "--password-file", str(secret),
    )  # fmt: skip


def absent() -> dict[str, bool]:
    """Which real servers this machine lacks; Postfix's private instance needs root besides."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    servers = ("dovecot", "postfix", "nginx", "caddy")
    found = {name: shutil.which(name, path=path) is not None for name in ("chromium", *servers)}
    return {"browser": not found["chromium"], "server": not (all(found[name] for name in servers) and os.geteuid() == 0)}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs an absent server is left out by name; `--require-all` refuses to begin without it."""
    missing = absent()
    out = [item for item in items if any(lacking and item.get_closest_marker(name) for name, lacking in missing.items())]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
