"""Settings, read from the environment through :mod:`crm.env`. docs/operations.md lists every variable."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from crm import env

BASE_DIR = Path(__file__).resolve().parent.parent
INNKEEPER_VAR = env.folder("INNKEEPER_VAR", BASE_DIR / "var")
INNKEEPER_UPLOADS = env.folder("INNKEEPER_UPLOADS", INNKEEPER_VAR / "uploads")
# Nightly imports: what members may fetch by an address, and the folder where other systems may lay files down.
INNKEEPER_OUTGOING_PORTS = env.numbers("INNKEEPER_OUTGOING_PORTS", "443,8443")
INNKEEPER_OUTGOING_MAIL_PORTS = env.numbers("INNKEEPER_OUTGOING_MAIL_PORTS", "25,465,587,2525")
INNKEEPER_OUTGOING_NETWORKS = env.networks("INNKEEPER_OUTGOING_NETWORKS")
INNKEEPER_OUTGOING_AUTHORITIES = env.file("INNKEEPER_OUTGOING_AUTHORITIES")
INNKEEPER_FEED_FOLDER = env.text("INNKEEPER_FEED_FOLDER", "")
# Days for which the files of imports are kept, sealed, after the import; 0: they go when it ends.
INNKEEPER_IMPORT_KEEP_DAYS = env.number("INNKEEPER_IMPORT_KEEP_DAYS", 30)
# Files of exports are sealed, and gone after so many hours.
INNKEEPER_EXPORT_KEEP_HOURS = env.number("INNKEEPER_EXPORT_KEEP_HOURS", 24)
INNKEEPER_DEMO = env.flag("INNKEEPER_DEMO", False)
# On a server of one's own, new businesses may be unwelcome: people then come in by invitation only.
INNKEEPER_SIGN_UP = env.flag("INNKEEPER_SIGN_UP", True)
INNKEEPER_VERSION = "0.1.0"

SECRET_KEY = env.text("INNKEEPER_SECRET_KEY")
# The first one seals sensitive details, all of them open; docs/sensitive.md tells how to change them.
INNKEEPER_SENSITIVE_KEYS = env.sealing_keys("INNKEEPER_SENSITIVE_KEYS")
# Addresses that must not be written to again are kept as digests under this key. It stays the same for ever: another
# one finds none of them (docs/unsubscribe.md).
INNKEEPER_ADDRESS_KEY = env.key("INNKEEPER_ADDRESS_KEY")
DEBUG = env.flag("INNKEEPER_DEBUG", False)
ALLOWED_HOSTS = env.words("INNKEEPER_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("INNKEEPER_ORIGINS")
INNKEEPER_HTTPS = env.flag("INNKEEPER_HTTPS", False)
# Where guests find the site, for the links in messages.
INNKEEPER_URL = env.text("INNKEEPER_URL", (CSRF_TRUSTED_ORIGINS or ["http://localhost:8000"])[0]).rstrip("/")

INSTALLED_APPS = [
    "accounts",
    "customers",
    "dedup",
    "imports",
    "messaging",
    "automations",
    "portal",
    "crm.apps.CrmConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "template_partials.apps.SimpleAppConfig",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "crm.middleware.OutageMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pads its answers at random, so that their length tells nothing of the token in them (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.DevicesMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Innermost: its transaction and scope cover the view and the lazy rendering of its template.
    "accounts.tenancy.middleware.BusinessMiddleware",
    # In its scope: the addresses of merged cards.
    "customers.lineage.middleware.LineageMiddleware",
]

ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm.context.shell",
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
                "django.templatetags.static",
            ],
            # django-cotton and django-template-partials each want to wrap the loaders; nested by hand they agree.
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
        },
    }
]
COTTON_DIR = "cotton"


def _database(url: str, **options: Any) -> dict[str, Any]:
    """A Django database entry from ``postgresql://user:password@host:port/name``."""
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c timezone=UTC"} if env.flag("INNKEEPER_DATABASE_OPTIONS", False) else {},
        **options,
    }


# Behind pgbouncer in transaction mode a server-side cursor would outlive its server.
_pooled = env.flag("INNKEEPER_POOLED_DATABASE", False)
DATABASES = {
    "default": _database(env.text("DATABASE_URL"), DISABLE_SERVER_SIDE_CURSORS=_pooled),
    # Web, worker and beat need not know the owner's password; without it migrations are refused by the database.
    "owner": _database(env.text("DATABASE_OWNER_URL", env.text("DATABASE_URL")), CONN_MAX_AGE=0, TEST={"MIRROR": None}),
}
DATABASE_ROUTERS = ["crm.routers.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "innkeeper",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_NAME = "innkeeper_session"
CSRF_COOKIE_NAME = "innkeeper_csrf"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = INNKEEPER_HTTPS
SECURE_SSL_REDIRECT = INNKEEPER_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if INNKEEPER_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("INNKEEPER_BEHIND_PROXY", False) else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A dead broker must cost a request a second, not a minute: the database holds what is due.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "visibility_timeout": 3600,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE_FILENAME = str(INNKEEPER_VAR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "imports-sweep": {"task": "imports.tasks.imports_sweep", "schedule": 30.0},
    "feeds-sweep": {"task": "imports.feeds.tasks.feeds_sweep", "schedule": 60.0},
    "imports-retention": {"task": "imports.tasks.imports_retention", "schedule": 1800.0},
    "exports-sweep": {"task": "customers.export.tasks.exports_sweep", "schedule": 30.0},
    "bulk-sweep": {"task": "customers.bulk.tasks.bulk_sweep", "schedule": 30.0},
    "api-answers-expire": {"task": "accounts.tasks.api_answers_expire", "schedule": 3600.0},
    "sensitive-sweep": {"task": "customers.sensitive.tasks.sensitive_sweep", "schedule": 300.0},
    # Every business has its own midnight; whoever is not due costs one row of one query.
    "facts-sweep": {"task": "customers.facts.tasks.facts_sweep", "schedule": 600.0},
    # What a message after the commit did not reach; a business without news costs one row of one query.
    "matches-sweep": {"task": "dedup.register.tasks.matches_sweep", "schedule": 60.0},
    # Test messages, sender domains and local inboxes; what is not due costs one row of one query.
    "transports-sweep": {"task": "messaging.transports.tasks.transports_sweep", "schedule": 60.0},
    "campaigns-sweep": {"task": "messaging.campaigns.tasks.campaigns_sweep", "schedule": 30.0},
    "webhooks-sweep": {"task": "messaging.webhooks.tasks.webhooks_sweep", "schedule": 30.0},
    # With the lease of a batch less than a minute: the longest that a killed worker keeps a message.
    "outbox-sweep": {"task": "messaging.tasks.outbox_sweep", "schedule": 10.0},
    # Reports that came before the outbox knew what the service calls the message.
    "callbacks-sweep": {"task": "messaging.callbacks.tasks.callbacks_sweep", "schedule": 60.0},
    # Planners that are behind and journeys that are due; a message after the commit mostly was quicker.
    "automations-sweep": {"task": "automations.tasks.automations_sweep", "schedule": 30.0},
    "guest-events-expire": {"task": "automations.events.tasks.guest_events_expire", "schedule": 3600.0},
    "dry-runs-sweep": {"task": "automations.rehearsal.tasks.dry_runs_sweep", "schedule": 30.0},
    "segments-sweep": {"task": "customers.segments.tasks.segments_sweep", "schedule": 900.0},
}
CELERY_TIMEZONE = "UTC"

# Without a mail server every message becomes a file, and the pages say so instead of "look in your mailbox".
EMAIL_HOST = env.text("INNKEEPER_SMTP_HOST", "")
INNKEEPER_HAS_MAIL = bool(EMAIL_HOST)
EMAIL_PORT = env.number("INNKEEPER_SMTP_PORT", 25)
EMAIL_HOST_USER = env.text("INNKEEPER_SMTP_USER", "")
EMAIL_HOST_PASSWORD = env.text("INNKEEPER_SMTP_PASSWORD", "")
_smtp_security = env.one_of("INNKEEPER_SMTP_SECURITY", "none", ("none", "starttls", "tls"))
EMAIL_USE_TLS = _smtp_security == "starttls"
EMAIL_USE_SSL = _smtp_security == "tls"
EMAIL_TIMEOUT = 10
EMAIL_FILE_PATH = INNKEEPER_VAR / "mail"
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if INNKEEPER_HAS_MAIL else 'filebased'}.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("INNKEEPER_FROM_EMAIL", "Innkeeper <innkeeper@localhost>")

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
PASSWORD_RESET_TIMEOUT = 60 * 60 * 24
CSRF_FAILURE_VIEW = "accounts.views.errors.csrf_failure"

# Where mail works, a new address proves itself by a code; elsewhere people are let in at once.
_confirm_addresses = INNKEEPER_HAS_MAIL and not INNKEEPER_DEMO
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignUpForm",
    "login": "accounts.forms.SignInForm",
    "reset_password": "accounts.forms.AskForPasswordForm",
    "reset_password_from_key": "accounts.forms.NewPasswordForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "add_email": "accounts.forms.ChangeEmailForm",
    "confirm_email_verification_code": "accounts.forms.EmailCodeForm",
    "reauthenticate": "accounts.forms.ConfirmPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if _confirm_addresses else "none"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = _confirm_addresses
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# Off: only an address without an account could be changed there, which would tell the two apart.
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
# Beyond django-allauth's own limits (docs/common/rate_limits there). Counted in Redis: without it nobody gets in.
ACCOUNT_RATE_LIMITS = {
    "signup": "10/m/ip,100/d/ip",
    "invite": "20/m/user,200/d/user",
    "join": "20/m/ip",
    "business": "5/h/user",
    # Guests' pages: a link by itself, and whoever tries made-up ones.
    "portal": "60/m/key",
    "portal_forged": "60/m/ip",
    "callback_forged": "60/m/ip",
}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env.flag("INNKEEPER_BEHIND_PROXY", False) else 0
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.SecondStepForm",
    "reauthenticate": "accounts.forms.ConfirmSecondStepForm",
    "activate_totp": "accounts.forms.ConnectAppForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "edit_webauthn": "accounts.forms.RenamePasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Innkeeper"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = not _confirm_addresses

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("nb", _("Norwegian")),
    ("da", _("Danish")),
    ("nl", _("Dutch")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "innkeeper_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = INNKEEPER_VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 60 * 60 * 24 * 365
MEDIA_ROOT = INNKEEPER_UPLOADS
FILE_UPLOAD_HANDLERS = ["imports.store.SealedUploadHandler"]
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# Views of the API say themselves how they are called (accounts.api.views); these are for whatever forgets to.
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "accounts.api.schema.Operations",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.KeyAuthentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_RATES": {"key": "600/min"},
    "EXCEPTION_HANDLER": "accounts.api.problems.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Innkeeper",
    "DESCRIPTION": "Guests and their history, for the systems of a business.",
    "VERSION": INNKEEPER_VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1/b/\{slug\}",
    "PREPROCESSING_HOOKS": ["accounts.api.schema.only_the_api"],
    "POSTPROCESSING_HOOKS": ["accounts.api.schema.finish"],
    "COMPONENT_SPLIT_REQUEST": False,
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}
