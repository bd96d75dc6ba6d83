"""Settings of the portal; the only module that reads the environment (docs/install.md lists it)."""

import logging
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from pacs_portal.environment import (
    read_database,
    read_flag,
    read_int,
    read_list,
    read_secret,
    read_text,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(read_text("PACS2GO_DATA", str(BASE_DIR / "var"))).resolve()
KEYS_FILE = Path(
    read_text("PACS2GO_KEYS_FILE", str(DATA_DIR.with_name(f"{DATA_DIR.name}.keys")))
).resolve()
PORT = read_int("PACS2GO_PORT", 8000)

# --- Secrets and hosts ---------------------------------------------------------------------
DEBUG = read_flag("PACS2GO_DEBUG")
# Empty until `make run` made one: Django refuses to sign anything with it, wsgi.py to start.
SECRET_KEY = read_secret("PACS2GO_SECRET_KEY", DATA_DIR / "secrets" / "secret_key")
HOSTS = read_list("PACS2GO_HOSTS")
ALLOWED_HOSTS = [*HOSTS, "127.0.0.1", "localhost", "[::1]"]
IS_PUBLIC = bool(HOSTS)
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in HOSTS]
ADMIN_EMAIL = read_text("PACS2GO_ADMIN_EMAIL", "admin@localhost")
ADMIN_PASSWORD = read_secret("PACS2GO_ADMIN_PASSWORD")

# --- Apps ------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "pacs_portal.administration.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "pacs_portal.accounts",
    "pacs_portal.audit",
    "pacs_portal.projects",
    "pacs_portal.uploads",
    "pacs_portal.archive",
    "pacs_portal.jobs",
    # The tools: each registers itself with the portal when it is ready.
    "converter",
    "pseudonymizer",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "pacs_portal.middleware.no_store",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "pacs_portal.middleware.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "pacs_portal.urls"
WSGI_APPLICATION = "pacs_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "pacs_portal" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pacs_portal.context.portal",
            ],
        },
    },
]

# --- Database --------------------------------------------------------------------------------
DATABASES = {"default": read_database("DATABASE_URL", DATA_DIR / "portal.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Shared by the portal's processes: it counts failed sign-ins.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "cache",
        # Above this many, entries go at random, and with them what limits sign-ins.
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

# --- Sign-in ---------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
# E-mail is unique among local accounts only: people from Keycloak may share one with them.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "pacs_portal.accounts.adapters.LocalAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "pacs_portal.accounts.forms.SignInForm"}
ACCOUNT_SESSION_REMEMBER = True  # nobody is asked; a session ends by its age
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no mail to addresses that strangers type
# Who guesses passwords is counted by address: behind a proxy, by the one the proxy saw.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if IS_PUBLIC else 0
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "PACS2go"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # site admins make the accounts and vouch for the e-mails
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# --- Browser -----------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_PUBLIC
if IS_PUBLIC:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Files -------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "pacs_portal" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
UPLOADS_DIR = DATA_DIR / "uploads"
WORK_DIR = DATA_DIR / "work"
HELD_DIR = DATA_DIR / "held"
RESULTS_DIR = DATA_DIR / "results"
COMPANIONS_DIR = DATA_DIR / "companions"
OHIF_DIR = Path(read_text("PACS2GO_OHIF", str(DATA_DIR / "ohif" / "current")))
# Files arrive as raw request bodies (pacs_portal.uploads); forms carry small ones, in memory only.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# --- Intake limits -----------------------------------------------------------------------------
UPLOAD_MAX_FILES = read_int("PACS2GO_UPLOAD_MAX_FILES", 1_000_000)
UPLOAD_MAX_BYTES = read_int("PACS2GO_UPLOAD_MAX_BYTES", 2 * 2**40)
ZIP_MAX_FILES = read_int("PACS2GO_ZIP_MAX_FILES", 200_000)
ZIP_MAX_BYTES = read_int("PACS2GO_ZIP_MAX_BYTES", 500 * 2**30)
ZIP_MAX_RATIO = read_int("PACS2GO_ZIP_MAX_RATIO", 200)
COMPANION_MAX_BYTES = read_int("PACS2GO_COMPANION_MAX_MB", 1024) * 2**20
COMPANIONS_MAX_BYTES = read_int("PACS2GO_COMPANIONS_MAX_MB", 50 * 1024) * 2**20
REVIEW_LARGE_BYTES = 100 * 2**30  # from here on the page says that it takes long
# A picture by what its header claims, before anything is decoded; and its decoder's time.
CONVERT_MAX_PIXELS = read_int("PACS2GO_CONVERT_MAX_PIXELS", 500_000_000)
CONVERT_MAX_MB = read_int("PACS2GO_CONVERT_MAX_MB", 8192)
CONVERT_MAX_SECONDS = read_int("PACS2GO_CONVERT_MAX_SECONDS", 60)  # for each 64 MB begun

# --- Jobs --------------------------------------------------------------------------------------
WORKER_PROCESSES = read_int("PACS2GO_WORKERS", 0)  # 0: one per core
WORKER_MEMORY_MB = read_int("PACS2GO_WORKER_MEMORY_MB", 0)  # of each process; 0: a fair share
UNIT_MAX_SECONDS = read_int("PACS2GO_UNIT_MAX_SECONDS", 3600)
LEASE_SECONDS = read_int("PACS2GO_LEASE_SECONDS", 60)
# How long a command waits in a row for the archive; a job of the portal waits for ever.
COMMAND_PATIENCE_SECONDS = read_int("PACS2GO_COMMAND_PATIENCE_SECONDS", 120)
PART_MAX_UNITS = 50
PART_MAX_BYTES = 256 * 2**20
PART_MAX_ATTEMPTS = 5
KEEP_UNFINISHED_DAYS = read_int("PACS2GO_KEEP_UNFINISHED_DAYS", 14)
KEEP_RESULTS_DAYS = read_int("PACS2GO_KEEP_RESULTS_DAYS", 14)

# --- Archive -----------------------------------------------------------------------------------
# The local Orthanc takes a free port and notes its address for commands in another shell.
ORTHANC_URL = read_secret("ORTHANC_URL", DATA_DIR / "orthanc" / "url") or "http://127.0.0.1:8042"
ORTHANC_USERNAME = read_text("ORTHANC_USERNAME", "pacs2go")
ORTHANC_PASSWORD = read_secret("ORTHANC_PASSWORD", DATA_DIR / "secrets" / "orthanc_password")

# --- Words, mail, logs -------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = "PACS2go <pacs2go@localhost>"
DEFAULT_EXCEPTION_REPORTER_FILTER = "pacs_portal.logs.NoValuesFilter"
# Warnings and logs of these libraries quote attribute values or what strangers typed.
logging.captureWarnings(capture=True)
QUIET_LOGGERS = ["py.warnings", "pydicom", "nibabel", "nibabel.global", "PIL", "httpx", "httpcore"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "pacs_portal.logs.PlaceOnlyFormatter"}},
    "filters": {"route": {"()": "pacs_portal.logs.RouteOnlyFilter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["route"]},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
        # No level: pydicom sets its own when it is imported, later than this.
        **{name: {"handlers": ["nowhere"], "propagate": False} for name in QUIET_LOGGERS},
    },
}
