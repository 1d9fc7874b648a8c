"""The pages and the API, as WSGI."""

import gc
import os
import signal
from pathlib import Path

from django.core.wsgi import get_wsgi_application

from yizhan.site.postgres import PR_SET_PDEATHSIG, libc

TEMPLATES = Path(__file__).parents[1] / "templates"
SELDOM = (20_000, 20, 20)  # a request makes thousands of objects that die with it: looking for cycles every 700 is waste


def end_with_parent() -> None:
    """The server runs us in a child of its own: that one must not outlive a killed parent."""
    libc().prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def warm() -> None:
    """What the first visitors would wait for: routes, templates, the pinyin tables. None of it is ever collected."""
    from django.template.loader import get_template  # noqa: PLC0415 - after the application, which sets Django up
    from django.urls import reverse  # noqa: PLC0415

    from yizhan.kernel.search.tokens import pinyin_of  # noqa: PLC0415

    reverse("home")
    pinyin_of("一站")
    for path in TEMPLATES.rglob("*.html"):
        get_template(str(path.relative_to(TEMPLATES)))
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yizhan.site.settings")
end_with_parent()
os.register_at_fork(after_in_child=end_with_parent)
application = get_wsgi_application()
warm()
