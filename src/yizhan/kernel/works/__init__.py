"""Long work: started from a page, run as a job, with progress that can be left and found again."""

from yizhan.kernel.works.running import Progress, Result, finished_work, kind, queue_work, run_work, start_work

__all__ = ["Progress", "Result", "finished_work", "kind", "queue_work", "run_work", "start_work"]
