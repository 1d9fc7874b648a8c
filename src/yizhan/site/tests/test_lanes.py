"""Every job has somebody who runs it, and the rescue of jobs waits for nothing."""

import os
import subprocess
import sys

from procrastinate.contrib.django import app

from yizhan.site.health import LONG_QUEUES
from yizhan.site.lanes import LANES


def test_every_queue_has_a_lane() -> None:
    served = {queue for _, queues, _ in LANES for queue in queues}
    ours = {task.queue for name, task in app.tasks.items() if not name.startswith(("procrastinate", "builtin"))}
    assert ours - {"rescue"}
    assert ours <= served


def test_the_rescue_of_jobs_waits_for_no_long_work() -> None:
    queue = app.tasks["kernel.rescue"].queue
    (lane,) = [queues for _, queues, _ in LANES if queue in queues]
    assert not LONG_QUEUES & set(lane)
    assert [name for name, task in app.tasks.items() if task.queue in lane] == ["kernel.rescue"]


# All threads of the worker at once, each with its usual connection and one of its own (progress, an audited refusal, OAuth).
BUSY_WORKER = """
import os, threading
import django
django.setup()
from django.conf import settings
from django.db import connections
from yizhan.site.lanes import SLOTS
settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 10
together, waiting = threading.Barrier(SLOTS), []
def job():
    together.wait()
    usual, own = connections["default"], connections["default"].copy()
    try:
        for connection in (usual, own):
            connection.ensure_connection()
    except Exception as error:
        waiting.append(repr(error))
    together.wait()
    own.close()
    usual.close()
threads = [threading.Thread(target=job) for _ in range(SLOTS)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(SLOTS, len(waiting), waiting[:1], flush=True)
os._exit(bool(waiting))
"""


def test_no_job_waits_for_a_connection(db: None) -> None:
    environment = {**os.environ, "YIZHAN_DB_POOL": "1"}
    done = subprocess.run([sys.executable, "-c", BUSY_WORKER], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr[-500:])
