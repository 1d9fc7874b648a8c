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


class ByHouse(LoadScopeScheduling):  # type: ignore[misc]
    """By folder and not by mark: the marks travel in the tests' names, which not every pytest lets a plugin change."""

    def _split_scope(self, nodeid: str) -> str:
        return house_of(nodeid)
