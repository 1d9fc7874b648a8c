"""Polling and processing, as jobs: a mailbox each, so that a silent server keeps only its own waiting."""

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from yizhan.channels.services.mail import process_stored
from yizhan.channels.services.polling import due_mailboxes, poll_mailbox
from yizhan.kernel.errors import PermanentFailure, TemporaryFailure


@app.periodic(cron="* * * * * */10")
@app.task(name="channels.poll", queue="letters", queueing_lock="channels.poll")
def poll(timestamp: int) -> None:
    """A job for every mailbox that is due; then everything stored, also what a killed worker left behind."""
    for name in due_mailboxes():
        try:
            with transaction.atomic():
                poll_one.configure(queueing_lock=f"channels.poll_one {name}").defer(name=name)
        except AlreadyEnqueued:
            continue
    process_stored()


@app.task(name="channels.poll_one", queue="mail_in")
def poll_one(name: str) -> None:
    """What became of it stands on the mailbox."""
    try:
        stored = poll_mailbox(name)
    except (TemporaryFailure, PermanentFailure):
        return
    if stored:
        process_soon()


@app.task(name="channels.process_letters", queue="letters", queueing_lock="channels.process_letters")
def process_letters() -> None:
    process_stored()


def process_soon() -> None:
    try:
        with transaction.atomic():
            process_letters.defer()
    except AlreadyEnqueued:
        pass
