"""Periodic work on tickets: due rows are asked for, nothing counts ticks."""

from procrastinate.contrib.django import app

from yizhan.tickets.services.nightly import archive_what_may, confirm_silent, remind_unsigned


@app.periodic(cron="30 18 * * *")
@app.task(name="tickets.nightly", queue="upkeep", queueing_lock="tickets.nightly")
def nightly(timestamp: int) -> None:
    """At 02:30 in China."""
    remind_unsigned()
    confirm_silent()
    archive_what_may()
