"""Settings, read from the environment alone and closed by default.

Nothing here switches a protection off by itself: without PORTAL_DEMO the portal runs as in production and refuses to
start without its secrets, its database, its address and its text message gateway. docs/deployment.md lists the variables;
bin/demo and bin/test set the ones they need.
"""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from governance import csp
from governance.unfold import UNFOLD  # noqa: F401 the look of the admin

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- what the environment decides -------------------------------------------------------------------------------
DEMO = env.bool("PORTAL_DEMO", default=False)
DEBUG = False
SECRET_KEY = env.str("SECRET_KEY")
# Keys for what is encrypted at rest; separate from SECRET_KEY so that either can be changed alone.
FIELD_KEY = env.str("FIELD_KEY", default=SECRET_KEY if DEMO else "")
if not FIELD_KEY:
    raise ImproperlyConfigured("FIELD_KEY is not set: the key of what is encrypted in the database.")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000" if DEMO else "")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
# The served scheme. A demo on 127.0.0.1 has no TLS; everything else must.
HTTPS = env.bool("HTTPS", default=not DEMO)
if not DEMO and not SITE_URL:
    raise ImproperlyConfigured("SITE_URL is not set: the address that QR codes and SMS messages point to.")
# /healthz answers 503 when the worker or the ticker has not shown itself for so long; a long task delays the worker's sign.
HEALTH_SECONDS = env.int("HEALTH_SECONDS", default=300)

# --- applications ------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the admin's site is our own: governance/apps.py
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "governance.apps.DeskConfig",
    "django.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_standardized_errors",
    "django_filters",
    "guardian",
    "simple_history",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "governance",
    "grids",
    "incidents",
    "volunteers",
    "mediation",
    "parties",
    "demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "governance.csp.PolicyMiddleware",
    "governance.sharing.SharesReadOnce",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "governance.accounts.sessions.SessionGate",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

MESSAGE_STORAGE = "governance.ahead.SeenMessages"

ROOT_URLCONF = "governance.urls"
WSGI_APPLICATION = "governance.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "governance.pages.frame",
                "grids.places.frame",
                "governance.accounts.context.elevation",
                "governance.accounts.context.demo_people",
            ],
        },
    },
]

# --- data ----------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"].setdefault("OPTIONS", {})
# A connection that the server has closed (a restart, a proxy's limit) is replaced before it is used.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if env.bool("DB_POOL", default=True):
    # At least one connection for each thread of the web server: a thread that waits for one waits for another thread.
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": env.int("DB_POOL_MIN", default=1),
        "max_size": env.int("DB_POOL_MAX", default=10),
        "timeout": 10,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Login locks, SMS limits and the parameters' copy must be the same in every process.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        # Django's default of 300 would throw locks and limits out while they still count.
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    },
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

# The kernel does not know the demo; in demo mode its sign-in pages ask this function whom to offer.
DEMO_PEOPLE = "demo.people.table" if DEMO else ""

# --- people and sessions -------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "governance.User"
AUTHENTICATION_BACKENDS = [
    "governance.permissions.JurisdictionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
ANONYMOUS_USER_NAME = None  # guardian: nobody signed in is nobody, not a row
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["username", "name", "phone"]},
    },
    {"NAME": "governance.accounts.passwords.LengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "governance.accounts.passwords.KindsOfCharacterValidator"},
]
# Residents sign in by phone and code (governance/accounts), staff by password and one-time code (allauth).
LOGIN_URL = "phone_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "governance.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_SESSION_REMEMBER = False
# A field's own template lies with all the others.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

ACCOUNT_FORMS = {
    "login": "governance.accounts.forms.StaffLoginForm",
    "change_password": "governance.accounts.forms.PasswordForm",
    "reauthenticate": "governance.accounts.forms.ReauthenticateForm",
}
ACCOUNT_RATE_LIMITS = {
    "login_failed": "60/10m/ip,5/15m/key",  # the sentences: governance/accounts/adapter.py
    "sms_code_minute": "1/60s/key",  # the sentences: governance/accounts/codes.py
    "sms_code_day": "10/d/key",
    "sms_code_address": "60/10m/ip,1000/d/ip",  # one address may be a neighbourhood behind a carrier's gateway
    "sms_code_try": "5/1h/key",
    "snapshot": "30/1h/ip",  # reports of people who have not signed in
    "snapshot_try": "120/1h/ip",  # and their refused forms whose pictures are looked into
    "selfcheck": "30/1h/ip,6/1h/key",  # shops' self-checks: an address, and one shop
    "selfcheck_try": "120/1h/ip",
}
MFA_ADAPTER = "governance.accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "governance.accounts.forms.SecondFactorForm",
    "reauthenticate": "governance.accounts.forms.SecondFactorAgainForm",
    "activate_totp": "governance.accounts.forms.SecondFactorSetUpForm",
}
MFA_TOTP_ISSUER = "社区治理平台"
MFA_TOTP_TOLERANCE = 1  # half a minute of clock drift either way
# The longest a session may rest; staff end sooner, phones stay longer (governance/accounts/sessions.py).
SESSION_COOKIE_AGE = env.int("SESSION_SECONDS", default=8 * 3600)
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

# --- maps ----------------------------------------------------------------------------------------------------------
#: The base layer below the grids' outlines: an address with {z}, {x} and {y}, and what must be shown with it (审图号). Without one
#: the outlines stand alone, and no page loads anything from elsewhere.
MAP_TILES = env.str("MAP_TILES", default="")
MAP_ATTRIBUTION = env.str("MAP_ATTRIBUTION", default="")

# --- transport ---------------------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS
# A load balancer asks for the health page inside, without TLS; it holds nothing to protect.
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # limits count the visitor's address, not the proxy's

CONTENT_SECURITY_POLICY = {"DIRECTIVES": csp.with_tiles(MAP_TILES)}  # the admin's pages: governance/csp.py

# --- language and time ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

# --- files ---------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/files/"  # served by a view that asks the permission rule, never by the web server
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- the API -------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    # Closed by default; open views say so by their base class (governance/api/bases.py).
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "governance.api.openapi.PortalSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    # Limits count the visitor's address: the last one that our own proxy wrote, never what a visitor claims.
    "NUM_PROXIES": 1 if env.bool("BEHIND_PROXY", default=False) else 0,
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "governance.api.errors.Handler",
    "EXCEPTION_FORMATTER_CLASS": "governance.api.errors.Formatter",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "社区治理平台接口",
    "DESCRIPTION": "居民、志愿者的小程序和其他系统使用的接口。权限、动作和提示与网页完全一致；说明见 docs/api.md。",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # Several models have a field of this name.
    "ENUM_NAME_OVERRIDES": {
        "IncidentStatusEnum": "incidents.models.incidents.IncidentStatus",
        "OrderStatusEnum": "volunteers.models.orders.OrderStatus",
        "ClaimStatusEnum": "volunteers.models.orders.ClaimStatus",
        "VolunteerStatusEnum": "volunteers.models.people.VolunteerStatus",
        "ShowcaseStatusEnum": "volunteers.models.showcases.ShowcaseStatus",
    },
}

# --- text messages -------------------------------------------------------------------------------------------------
# A dotted path to a governance.notices.SmsGateway; the demo's sends nothing and refuses to work outside demo mode.
DEMO_GATEWAY = "governance.notices.DemoGateway"
SMS_GATEWAY = env.str("SMS_GATEWAY", default=DEMO_GATEWAY)
if not DEMO and SMS_GATEWAY == DEMO_GATEWAY:
    raise ImproperlyConfigured(
        "SMS_GATEWAY is not set: the class that sends text messages (docs/deployment.md)."
    )

# Shares are read by governance/sharing.py alone, as part of the one rule, so guardian's own backend stays unhooked.
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]

# --- logs ----------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "governance.logs.JsonLine"}},
    "handlers": {
        "out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}
    },
    "root": {"handlers": ["out"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Django's own handlers (mail to the administrators, colours) are replaced by the one line.
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "propagate": True},
    },
}

# --- allauth: accounts have a name or a phone, never an e-mail address ------------------------------------------------
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
