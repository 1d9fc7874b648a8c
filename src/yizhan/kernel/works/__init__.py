"""Long work: started from a page, run as a job, with progress that can be left and found again."""

from yizhan.kernel.works.questions import question
from yizhan.kernel.works.running import Progress, Result, ask_again, finished_work, go_on, kind, run_work, start_work

__all__ = ["Progress", "Result", "ask_again", "finished_work", "go_on", "kind", "question", "run_work", "start_work"]
