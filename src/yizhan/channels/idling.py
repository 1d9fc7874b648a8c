"""IMAP IDLE: a bell per mailbox, so that a letter is a ticket within seconds and not at the next poll.

The connection only listens; fetching stays `poll_mailbox`'s, under its lock, so that bell and
periodic poll never do a thing twice, and a mailbox without IDLE loses nothing but speed.
"""

import threading
import time

import structlog
from django.db import close_old_connections

from yizhan.channels.drivers.mail.imap import opened
from yizhan.channels.models import Mailbox
from yizhan.channels.services.mail import process_stored
from yizhan.channels.services.polling import poll_mailbox
from yizhan.kernel.errors import PermanentFailure, TemporaryFailure

ROUND, REARM, LOOK = 25.0, 24 * 60.0, 15.0
log = structlog.get_logger("yizhan.channels")


class Bell(threading.Thread):
    """Listens to one mailbox until it is told to stop or the connection breaks."""

    def __init__(self, name: str) -> None:
        super().__init__(name=f"idle-{name}", daemon=True)
        self.mailbox_name, self.stopped = name, threading.Event()

    def run(self) -> None:
        try:
            self.listen()
        except (TemporaryFailure, PermanentFailure) as error:
            log.info("idle_ended", mailbox=self.mailbox_name, error=str(error))
        except Exception:
            log.exception("idle_failed", mailbox=self.mailbox_name)
        finally:
            close_old_connections()

    def listen(self) -> None:
        mailbox = Mailbox.objects.get(name=self.mailbox_name)
        with opened(mailbox) as box:
            until = time.monotonic() + REARM
            self.fetch()
            able = "IDLE" in {str(item).upper() for item in box.client.capabilities}
            while able and not self.stopped.is_set() and time.monotonic() < until:
                if box.idle.wait(timeout=ROUND):
                    self.fetch()
        if not able:
            self.stopped.wait()  # the periodic poll serves it; no connection is kept for nothing

    def fetch(self) -> None:
        try:
            if poll_mailbox(self.mailbox_name):
                process_stored()
        finally:
            close_old_connections()


class Bells(threading.Thread):
    """One bell per active mailbox: new ones are hung up, ended ones replaced, removed ones taken down."""

    def __init__(self) -> None:
        super().__init__(name="idle", daemon=True)
        self.bells: dict[str, Bell] = {}

    def run(self) -> None:
        while True:
            try:
                self.look()
            except Exception:
                log.exception("idle_look_failed")
            finally:
                close_old_connections()
            time.sleep(LOOK)

    def look(self) -> None:
        # One that is down is the poll's to try, at its own pace: providers lock accounts that knock twice.
        wanted = set(Mailbox.objects.filter(active=True, failed_at=None).values_list("name", flat=True))
        for name, bell in list(self.bells.items()):
            if name not in wanted or not bell.is_alive():
                bell.stopped.set()
                del self.bells[name]
        for name in wanted - self.bells.keys():
            self.bells[name] = Bell(name)
            self.bells[name].start()
