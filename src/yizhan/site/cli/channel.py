"""channel mail add, channel phone add, channel poll, channel replay."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from yizhan.site.cli.django_setup import program
from yizhan.site.cli.main import use_data_dir


def run(name: str, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    verbs = parser.add_subparsers(dest="verb", required=True)
    mail = verbs.add_parser("mail").add_subparsers(dest="mail_verb", required=True)
    add = mail.add_parser("add", help="read a mailbox for a customer")
    for option in ("--name", "--address", "--imap", "--smtp", "--customer"):
        add.add_argument(option, required=True)
    add.add_argument("--password-file", type=Path)
    phone = verbs.add_parser("phone").add_subparsers(dest="phone_verb", required=True)
    line = phone.add_parser("add", help="take calls of call-centre software; prints the secret that signs its messages")
    line.add_argument("--name", required=True)
    line.add_argument("--customer", default="", help="a customer's code; default: all of them")
    poll = verbs.add_parser("poll", help="fetch a mailbox and process what came")
    poll.add_argument("name")
    poll.add_argument("--once", action="store_true", help="one round, then end")
    replay = verbs.add_parser("replay", help="process a received message again")
    replay.add_argument("id", type=int)
    for verb in (add, line, poll, replay):
        verb.add_argument("--data-dir", default=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    with program(use_data_dir(options.data_dir)):
        if options.verb == "mail":
            return add_mailbox(options)
        if options.verb == "phone":
            return add_phone_line(options)
        return replay_message(options) if options.verb == "replay" else poll_mailbox(options)


def add_mailbox(options: argparse.Namespace) -> int:
    from yizhan.channels.services.mailboxes import add_mailbox as add
    from yizhan.kernel.actor import system_actor

    password = options.password_file.read_text(encoding="utf-8").split("\n", 1)[0] if options.password_file else ""
    mailbox = add(
        actor=system_actor("console"), name=options.name, address=options.address, imap_url=options.imap,
        smtp_url=options.smtp, customer=options.customer, password=password,
    )  # fmt: skip
    print(mailbox.name)
    return 0


def add_phone_line(options: argparse.Namespace) -> int:
    from django.conf import settings

    from yizhan.channels.services.phone import add_phone_line as add
    from yizhan.kernel.actor import system_actor

    secret = add(actor=system_actor("console"), name=options.name, customer=options.customer)
    print(f"{settings.YIZHAN.base_url}/hooks/phone/{options.name}/")
    print(secret)
    return 0


def poll_mailbox(options: argparse.Namespace) -> int:
    from yizhan.channels.models import Mailbox
    from yizhan.channels.services import mail, polling
    from yizhan.kernel.errors import PermanentFailure, TemporaryFailure

    if not Mailbox.objects.filter(name=options.name).exists():
        print(f"yizhan: there is no mailbox named {options.name}", file=sys.stderr)
        return 1
    while True:
        try:
            stored = polling.poll_mailbox(options.name)
            print(f"{stored} stored, {mail.process_stored()} processed", flush=True)
        except (TemporaryFailure, PermanentFailure) as error:
            print(f"yizhan: {options.name}: {error}", file=sys.stderr, flush=True)
            if options.once:
                return 1
        if options.once:
            return 0
        time.sleep(10)


def replay_message(options: argparse.Namespace) -> int:
    from yizhan.channels.services.triage import replay_message as replay
    from yizhan.kernel.actor import system_actor

    message = replay(actor=system_actor("console"), message=options.id)
    print(f"{message.pk} {message.state} {message.ticket.number if message.ticket else message.reason}")
    return 0
