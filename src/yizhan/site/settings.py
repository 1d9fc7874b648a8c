"""Django's settings, from the typed configuration."""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from yizhan.site.config import load_config
from yizhan.site.lanes import CONNECTIONS
from yizhan.site.logs import configure_logs

YIZHAN = load_config()
BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = YIZHAN.secret_key
AUDIT_KEY = YIZHAN.audit_key
DEBUG = YIZHAN.debug
ALLOWED_HOSTS = list(YIZHAN.allowed_hosts)
DEMO = YIZHAN.demo

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "pgtrigger",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.humanize",
    "django_cotton.apps.SimpleAppConfig",
    "yizhan.kernel",
    "yizhan.people",
    "yizhan.tickets",
    "yizhan.channels",
    "yizhan.site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "yizhan.site.middleware.CompressionMiddleware",
    "yizhan.site.middleware.RequestMiddleware",
    "yizhan.site.metrics.MetricsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "yizhan.site.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "yizhan.site.middleware.ActorMiddleware",
    "yizhan.site.middleware.DoorMiddleware",
    "yizhan.site.kept_pages.KeptPagesMiddleware",
    "yizhan.site.middleware.DraftsMiddleware",
    "yizhan.site.once.OnceMiddleware",
    "yizhan.site.middleware.ErrorMiddleware",
    "yizhan.site.idempotency.IdempotencyMiddleware",
]

ROOT_URLCONF = "yizhan.site.urls"
WSGI_APPLICATION = "yizhan.site.wsgi.application"
_LOADERS = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": _LOADERS if DEBUG else [("django.template.loaders.cached.Loader", _LOADERS)],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "yizhan.site.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django_cotton.templatetags.cotton",
                "yizhan.kernel.templatetags.yizhan",
                "yizhan.tickets.templatetags.tickets",
            ],
        },
    }
]
COTTON_DIR = "components"
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"


# A statement seen three times on a connection is planned once for all: a fifth of a page's time (docs/performance.md).
PREPARED = {"server_side_binding": True, "prepare_threshold": 3} if YIZHAN.prepared else {}
# A ceiling for the process that needs most, the worker; connections are made when they are needed and end when idle.
POOL = {"min_size": 1, "max_size": CONNECTIONS, "timeout": 20}


def database(url: str) -> dict[str, Any]:
    """A libpq URL as Django's settings, with the connection pool."""
    parts = conninfo_to_dict(url) if url else {}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "yizhan"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        # A ticket has fourteen joins, all outer and by primary key: searching for their best order costs
        # the planner 70 ms and finds the one that is written (docs/decisions/0004).
        "OPTIONS": {**parts, "options": "-c join_collapse_limit=2", **PREPARED, **({"pool": POOL} if YIZHAN.pooled else {})},
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": database(YIZHAN.database_url)}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_ADAPTER = "yizhan.site.accounts.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_DISPLAY = "yizhan.site.accounts.display"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
# Five wrong passwords lock an account for fifteen minutes, fifty an address.
ACCOUNT_RATE_LIMITS = {"login": "600/m/ip", "login_failed": "50/15m/ip,5/15m/key", "reset_password": "20/h/ip,5/h/key"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "yizhan.site.accounts.MfaAdapter"
MFA_TOTP_ISSUER = "一站"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not YIZHAN.https
USERSESSIONS_ADAPTER = "yizhan.site.accounts.SessionsAdapter"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

SESSION_COOKIE_AGE = 60 * 60 * 24 * 7
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "yizhan_session", "yizhan_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = YIZHAN.https
SECURE_HSTS_SECONDS = 31_536_000 if YIZHAN.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if YIZHAN.trusted_proxies else None
SECURE_REFERRER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = [YIZHAN.base_url]
CSRF_FAILURE_VIEW = "yizhan.site.middleware.csrf_failure"
X_FRAME_OPTIONS = "DENY"
_STREAM = f"http://127.0.0.1:{YIZHAN.stream_port} http://localhost:{YIZHAN.stream_port}"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF, *_STREAM.split()],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 30 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 20

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "yizhan_language"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
FORMAT_MODULE_PATH = "yizhan.site.formats"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
STATICFILES_FINDERS: list[str] = []
WHITENOISE_MAX_AGE = 31_536_000
WHITENOISE_INDEX_FILE = False

DEFAULT_FROM_EMAIL = YIZHAN.mail_from
EMAIL_BACKEND = "yizhan.site.accounts.OutboxBackend"
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_ON_APP_READY = None
NINJA_PAGINATION_MAX_LIMIT = 200
TEST_RUNNER = "django.test.runner.DiscoverRunner"
LOGGING_CONFIG = None
configure_logs()
