"""One empty installation, started as it ships: `./yizhan serve` with its own database, web server, stream and worker."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.program import Program
from tests.tour.story import Story


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def story(browser: Browser) -> Iterator[Story]:
    """What the chapters share: the house, and what was said so far."""
    place = Path(tempfile.mkdtemp(prefix="yizhan-tour-"))
    house = Program(place, command=(sys.executable, "-m", "yizhan", "serve"))
    house.start()
    told = Story(browser, house)
    yield told
    told.everybody_leaves()
    house.stop()
    shutil.rmtree(place, ignore_errors=True)
