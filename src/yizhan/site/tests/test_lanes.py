"""Every job has somebody who runs it, and the rescue of jobs waits for nothing."""

from procrastinate.contrib.django import app

from yizhan.site.health import LONG_QUEUES
from yizhan.site.run_worker import LANES


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
