"""Which tests share a worker: those that share a costly house go together, all others wherever there is time."""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "tests/tour/": "tour",  # chapters of one story
    "tests/e2e/": "program",
    "tests/live/": "program",
    "tests/processes/": "program",
}


def house_of(nodeid: str) -> str:
    """The unit that goes to one worker as a whole, in order: a house, a file of faults, or the test alone."""
    path = nodeid.partition("::")[0]
    for folder, house in TOGETHER.items():
        if path.startswith(folder):
            return house
    return path if path.startswith("tests/") else nodeid


def turn_of(nodeid: str) -> int:
    """Whose turn it is: what takes minutes begins at once, so that no worker waits for it at the end."""
    first = ("tests/e2e/", "tests/live/", "tests/processes/", "tests/tour/", "tests/faults/test_kills.py", "tests/")
    return next((turn for turn, begins in enumerate(first) if nodeid.startswith(begins)), len(first))


class ByHouse(LoadScopeScheduling):  # type: ignore[misc]
    """By folder and not by mark: the marks travel in the tests' names, which not every pytest lets a plugin change."""

    def schedule(self) -> None:
        self.config.option.loadscopereorder = False  # in the order in which they were collected (`turn_of`)
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return house_of(nodeid)
