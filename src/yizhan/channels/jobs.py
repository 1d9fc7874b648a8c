"""Polling and processing, as jobs."""

import structlog
from procrastinate.contrib.django import app

from yizhan.channels.services.mail import process_stored
from yizhan.channels.services.polling import due_mailboxes, poll_mailbox
from yizhan.kernel.errors import PermanentFailure, TemporaryFailure

log = structlog.get_logger("yizhan.channels")


@app.periodic(cron="* * * * * */10")
@app.task(name="channels.poll", queueing_lock="channels.poll")
def poll(timestamp: int) -> None:
    """Every mailbox that is due, then everything stored: also what a killed worker left behind."""
    for name in due_mailboxes():
        try:
            poll_mailbox(name)
        except (TemporaryFailure, PermanentFailure):
            continue
    process_stored()
