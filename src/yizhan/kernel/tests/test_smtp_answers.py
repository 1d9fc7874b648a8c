"""What a mail server answers to one letter, and what no server could take: the others' letters leave."""

import dataclasses
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from yizhan.kernel import breakers, clock, notices
from yizhan.kernel.models import Notice
from yizhan.kernel.notices import transports


class Postman(threading.Thread):
    """An SMTP server that takes everything but what `answers` names, and has no extensions but those given."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.key = f"smtp 127.0.0.1:{self.socket.getsockname()[1]}"
        self.answers: dict[str, str] = {}
        self.able = "8BITMIME"

    def run(self) -> None:
        while True:
            try:
                one, _ = self.socket.accept()
            except OSError:
                return
            with suppress(OSError), one, one.makefile("rwb") as lines:
                self.talk(lines)

    def talk(self, lines: Any) -> None:
        def say(words: str) -> None:
            lines.write(f"{words}\r\n".encode())
            lines.flush()

        say("220 here")
        inside = False
        for line in lines:
            command = line.decode(errors="replace").strip().upper()
            if inside and command != ".":
                continue
            usual = {"EHLO": f"250-here\r\n250 {self.able}", "DATA": "354 go on", "QUIT": "221 bye"}.get(command[:4], "250 OK")
            answer = next((text for name, text in self.answers.items() if command.startswith(name.upper())), usual)
            inside = command == "DATA" and answer.startswith("354")
            say(answer)
            if command == "QUIT":
                return


@pytest.fixture
def postman(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postman]:
    monkeypatch.setitem(transports._transports, "mail", transports.send_mail)
    one = Postman()
    one.start()
    configured(settings, f"{one.key.replace(' ', '://')}")
    yield one
    one.socket.close()


def configured(settings: Any, url: str) -> None:
    settings.YIZHAN = dataclasses.replace(settings.YIZHAN, smtp_url=url)


def after(*addresses: str) -> list[str]:
    """What became of a notice to each, sent in this order."""
    now = clock.now()
    for place, address in enumerate(addresses):
        due = now - timedelta(minutes=len(addresses) - place)
        Notice.objects.create(code="x", address=address, subject="s", body="b", due_at=due, created_at=now)
    notices.send_due()
    return list(Notice.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize(
    "address", ["张三@例子.example", "a\ud800@b.example".encode("utf-8", "replace").decode(), "a@b\r\nx: y", ""]
)
def test_an_address_that_the_server_cannot_take_fails_alone(postman: Postman, address: str) -> None:
    postman.answers["RCPT TO:<a?@b.example>"] = "553 no such"
    assert after(address, "good@b.example") == ["failed", "sent"]
    assert breakers.down() == []


@pytest.mark.parametrize(
    ("command", "answer", "states"),
    [
        ("RCPT TO:<first@", "550 unknown", ["failed", "sent"]), ("RCPT TO:<first@", "450 later", ["pending", "sent"]),
        ("MAIL", "552 no", ["failed", "failed"]), ("DATA", "451 later", ["pending", "pending"]), ("EHLO", "250 here", ["sent", "sent"]),
    ],
)  # fmt: skip
def test_any_answer_shows_that_the_server_is_back(postman: Postman, command: str, answer: str, states: list[str]) -> None:
    breakers.failed(postman.key, "away")
    postman.answers[command] = answer
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert after("first@b.example", "second@b.example") == states
    assert breakers.down() == []


@pytest.mark.parametrize("able", ["AUTH PLAIN", "AUTH NTLM", "8BITMIME"])
def test_a_login_that_is_refused_or_not_possible_keeps_letters_and_shows_the_server_is_there(
    postman: Postman, settings: Any, able: str
) -> None:
    configured(settings, postman.key.replace("smtp ", "smtp://u:secret@"))
    breakers.failed(postman.key, "away")
    postman.able, postman.answers["AUTH"] = able, "535 not you"
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert after("first@b.example") == ["pending"]
    assert breakers.down() == []
    assert Notice.objects.get().error


def test_a_server_without_starttls_is_no_silent_one(postman: Postman, settings: Any) -> None:
    configured(settings, postman.key.replace("smtp ", "smtp+starttls://"))
    assert after("first@b.example") == ["pending"]
    assert breakers.down() == []
