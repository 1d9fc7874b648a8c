"""One mailbox's trouble at a mail server, and the server's own: only the second keeps others from it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from yizhan.channels.models import Mailbox
from yizhan.channels.services.mailboxes import add_mailbox, set_mailbox_active
from yizhan.channels.services.polling import poll_mailbox
from yizhan.channels.tests.test_mail import CONSOLE
from yizhan.kernel import breakers, clock
from yizhan.kernel.errors import PermanentFailure, TemporaryFailure


class SpeakingServer(threading.Thread):
    """An IMAP server with empty mailboxes: its greeting, and for every command a tagged answer; none breaks the line off."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.greeting = "* OK here"
        self.answers: dict[str, str] = {}
        self.commands: list[str] = []

    def run(self) -> None:
        while True:
            try:
                one, _ = self.socket.accept()
            except OSError:
                return
            with suppress(OSError), one, one.makefile("rwb") as lines:
                self.talk(lines)

    def talk(self, lines: Any) -> None:
        def say(*words: str) -> None:
            lines.write("".join(f"{line}\r\n" for line in words).encode())
            lines.flush()

        if self.greeting:
            say(self.greeting)
        for line in lines if self.greeting else ():
            tag, _, command = line.decode(errors="replace").strip().partition(" ")
            self.commands.append(command)
            found = next((text for name, text in self.answers.items() if command.startswith(name)), "OK done")
            if not found:
                return
            told = {"CAPABILITY": "* CAPABILITY IMAP4rev1", "STATUS": "* STATUS INBOX (UIDVALIDITY 1)", "LOGOUT": "* BYE"}
            first = told.get(command.split(" ")[0])
            say(*([first] if first else ()), found if found.startswith("*") else f"{tag} {found}")
            if "BYE" in found:
                return


@pytest.fixture
def server() -> Iterator[SpeakingServer]:
    one = SpeakingServer()
    one.start()
    yield one
    one.socket.close()


def mailbox(server: SpeakingServer, name: str, folder: str = "", scheme: str = "imap") -> Mailbox:
    return add_mailbox(
        actor=CONSOLE, name=name, address=f"{name}@yizhan.example", imap_url=f"{scheme}://{name}:secret@127.0.0.1:{server.port}{folder}",
        smtp_url="", customer="demo-a",
    )  # fmt: skip


@pytest.fixture
def lead(db: None, server: SpeakingServer) -> Mailbox:
    mailbox(server, "second")
    return mailbox(server, "first", "/Gone")


def others_are_read() -> None:
    assert breakers.down() == []
    assert poll_mailbox("second") == 0
    assert Mailbox.objects.get(name="second").polled_at is not None


@pytest.mark.parametrize(
    ("command", "answer", "failure"),
    [
        ('SELECT "Gone"', "NO [NONEXISTENT] there is no such folder", TemporaryFailure),
        ('SELECT "Gone"', "BAD what is that", TemporaryFailure),
        ('SELECT "Gone"', "* BYE too many connections of one account", TemporaryFailure),
        ('LOGIN "first"', "NO [AUTHENTICATIONFAILED] not you", PermanentFailure),
        ('LOGIN "first"', "BAD not so", PermanentFailure),
        ('LOGIN "first"', "* BYE not you again", PermanentFailure),
    ],
)
def test_what_a_server_answers_to_one_mailbox_stops_no_other(
    lead: Mailbox, server: SpeakingServer, command: str, answer: str, failure: type[Exception]
) -> None:
    server.answers[command] = answer
    with pytest.raises(failure):
        poll_mailbox("first")
    lead.refresh_from_db()
    assert (lead.failures, bool(lead.error)) == (1, True)
    others_are_read()


def test_a_mailbox_that_asks_for_tls_where_there_is_none_stops_no_other(lead: Mailbox, server: SpeakingServer) -> None:
    for name, scheme in (("third", "imaps"), ("fourth", "imap+starttls")):
        mailbox(server, name, scheme=scheme)
        with pytest.raises(TemporaryFailure):
            poll_mailbox(name)
        others_are_read()


@pytest.mark.parametrize(("greeting", "answers"), [("", {}), ("* BYE going down", {}), ("* OK here", {"LOGIN": ""})])
def test_a_server_that_breaks_off_is_left_alone_by_all(
    lead: Mailbox, server: SpeakingServer, greeting: str, answers: dict[str, str]
) -> None:
    server.greeting, server.answers = greeting, answers
    with pytest.raises(TemporaryFailure):
        poll_mailbox("first")
    assert breakers.down() == [f"imap 127.0.0.1:{server.port}"]
    server.greeting, server.answers = "* OK here", {}
    assert poll_mailbox("second") == 0
    assert server.commands in ([], [c for c in server.commands if "first" in c or c == "CAPABILITY"])
    assert Mailbox.objects.get(name="second").polled_at is None


def test_a_refusal_shows_that_the_server_is_back(lead: Mailbox, server: SpeakingServer) -> None:
    breakers.failed(f"imap 127.0.0.1:{server.port}", "away")
    server.answers['LOGIN "first"'] = "NO not you"
    with clock.at(clock.now() + timedelta(minutes=1)):
        with pytest.raises(PermanentFailure):
            poll_mailbox("first")
        others_are_read()


def test_who_resumes_a_mailbox_has_its_server_asked_at_once(lead: Mailbox, server: SpeakingServer, world: Any) -> None:
    key = f"imap 127.0.0.1:{server.port}"
    breakers.failed(key, "away")
    set_mailbox_active(actor=world.actor("admin"), mailbox=lead.pk, active=False)
    assert breakers.down() == [key], "to stop one says nothing of the server"
    set_mailbox_active(actor=world.actor("admin"), mailbox=lead.pk, active=True)
    assert breakers.down() == []
    assert poll_mailbox("first") == 0
    assert server.commands, "it was asked"
