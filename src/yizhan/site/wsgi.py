"""The pages and the API, as WSGI."""

import os
import signal

from django.core.wsgi import get_wsgi_application

from yizhan.site.postgres import PR_SET_PDEATHSIG, libc

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yizhan.site.settings")
# The server runs us in a child of its own: that one must not outlive a killed parent.
libc().prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
application = get_wsgi_application()
