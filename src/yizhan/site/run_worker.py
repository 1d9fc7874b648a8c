"""The worker's process: jobs and periodic work, restarted by the supervisor whenever it ends.

Every kind of work has a queue and slots of its own, so that none waits for a server that another kind talks to.
"""

import asyncio
import os
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from yizhan.site.lanes import LANES, THREADS


class Impatient(ThreadPoolExecutor):
    """Threads that nobody waits for at the end: one may be listening to a server that says nothing."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait=False, cancel_futures=True)


async def work(app: Any) -> None:
    """All lanes until the process is told to stop, or one of them ends."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(Impatient(THREADS))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with app.open_async():
        lanes = [
            asyncio.create_task(
                app.run_worker_async(
                    name=name, queues=list(queues), concurrency=slots, delete_jobs="successful", shutdown_graceful_timeout=3,
                    install_signal_handlers=False,
                )
            )
            for name, queues, slots in LANES
        ]  # fmt: skip
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait([waiting, *lanes], return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, *lanes):
            task.cancel()
        await asyncio.wait(lanes, timeout=3.5)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yizhan.site.settings")
    import django  # noqa: PLC0415 - the environment comes first

    django.setup()
    from procrastinate import PsycopgConnector  # noqa: PLC0415
    from procrastinate.contrib.django import app  # noqa: PLC0415
    from procrastinate.contrib.django.utils import connector_params  # noqa: PLC0415

    from yizhan.channels.idling import Bells  # noqa: PLC0415

    Bells().start()
    connector = PsycopgConnector(kwargs=connector_params("default"), min_size=2, max_size=2 * len(LANES) + 2)
    with app.replace_connector(connector) as worker:
        asyncio.run(work(worker))


if __name__ == "__main__":
    code = 1
    try:
        main()
        code = 0
    except Exception:  # noqa: BLE001 - told, then ended at once: the supervisor starts anew
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(code)  # a thread that still waits for a silent server is not waited for
