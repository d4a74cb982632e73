"""Every setting of Livedesk, read from the environment or `.env`. README's table lists them all."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from apps.secrets.checks import problem_of
from apps.secrets.keys import new_key
from apps.telemetry.logs import FORMATS, logging_of
from config.environment import (
    BASE_DIR,
    env,
    folder,
    made_once,
    networks,
    on_or_off,
    one_of,
    passwords_of,
    positive,
    whole,
)
from config.stores import cache_of, check_addresses, database_of, layers_of, redis_host_of

LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
VAR_DIR = BASE_DIR / env.str("VAR_DIR", default="var")

# What is embedded (one process, SQLite, demo sign-in) and what is deployed
DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
EMBEDDED = not DATABASE_URL
DEBUG = on_or_off("DEBUG", False)
DEMO_SIGN_IN = on_or_off("DEMO_SIGN_IN", EMBEDDED)
STAFF_MFA = on_or_off("STAFF_MFA", not (DEBUG or DEMO_SIGN_IN))
STAFF_MFA_HOURS = whole("STAFF_MFA_HOURS", 12, least=1)
ADMIN_PATH = folder("ADMIN_PATH", "admin/")
ADMIN_NETWORKS = networks("ADMIN_NETWORKS")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=LOOPBACK) or LOOPBACK
HTTPS = on_or_off("HTTPS", not EMBEDDED)
TRUSTED_PROXIES = whole("TRUSTED_PROXIES", 0)
PROXY_NETWORKS = networks("PROXY_NETWORKS")


SECRET_KEY = env.str("SECRET_KEY", default="")
ENCRYPTION_KEY = env.str("ENCRYPTION_KEY", default="")
if EMBEDDED:  # keys of this machine's own: good for the embedded default only
    SECRET_KEY = SECRET_KEY or made_once(VAR_DIR / "secret_key", get_random_secret_key)
    ENCRYPTION_KEY = ENCRYPTION_KEY or made_once(VAR_DIR / "encryption_key", new_key)
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is missing: set it to 50 random characters or more")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ENCRYPTION_KEY_FALLBACKS = env.list("ENCRYPTION_KEY_FALLBACKS", default=[])
ENCRYPTION_KMS_KEY_ID = env.str("ENCRYPTION_KMS_KEY_ID", default="")
signing, served = [SECRET_KEY, *SECRET_KEY_FALLBACKS], not (EMBEDDED or DEBUG)
if problem := problem_of(ENCRYPTION_KEY, ENCRYPTION_KEY_FALLBACKS, ENCRYPTION_KMS_KEY_ID, signing, served):
    raise ImproperlyConfigured(problem)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.discord",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "config",
    "apps.secrets",
    "apps.audit",
    "apps.live",
    "apps.canary",
    "apps.accounts",
    "apps.market",
    "apps.portfolio",
    "apps.risk",
    "apps.trades",
    "apps.history",
    "apps.watchlist",
    "apps.home",
    "apps.monitoring",
    "apps.alerts",
    "apps.incidents",
    "apps.traderalerts",
    "apps.usage",
]

MIDDLEWARE = [
    "config.requests.named_requests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "config.middleware.security_headers",
    "config.middleware.files_only",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.seen.last_seen",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.usage.counting.counted",
    "config.errors.bounds",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
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
                "apps.accounts.context.frame",
                "apps.usage.counting.frame",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",  # live fragments that are drawn very often
        "DIRS": [BASE_DIR / "templates" / "hot"],
        "OPTIONS": {"environment": "config.hot.environment"},
    },
]

check_addresses(DATABASE_URL, REDIS_URL)
DATABASES = {"default": database_of(DATABASE_URL, VAR_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": cache_of(REDIS_URL)}
REDIS_HOST = redis_host_of(REDIS_URL)
CHANNEL_LAYERS = layers_of(REDIS_HOST)

# Accounts: Discord alone opens one; two-factor by TOTP
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.backends.NoPasswords"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
DISCORD_CLIENT_ID = env.str("DISCORD_CLIENT_ID", default="")
DISCORD_CLIENT_SECRET = env.str("DISCORD_CLIENT_SECRET", default="")
DISCORD_API_BASE = env.str("DISCORD_API_BASE", default="")
DISCORD_BOT_TOKEN = env.str("DISCORD_BOT_TOKEN", default="")
SOCIALACCOUNT_ADAPTER = "apps.accounts.adapters.DiscordAccounts"
ACCOUNT_ADAPTER = "apps.accounts.adapters.ClosedAccounts"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_PROVIDERS = {"discord": {"SCOPE": ["identify", "email"], "OAUTH_PKCE_ENABLED": True}}
# The Discord id is the key. Two people may show one e-mail, or none, and neither becomes the other
ACCOUNT_UNIQUE_EMAIL = False
SOCIALACCOUNT_EMAIL_REQUIRED = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = True
MFA_ADAPTER = "apps.accounts.adapters.SealedAuthenticators"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Livedesk"
USERSESSIONS_TRACK_ACTIVITY = False

# The market
FEED = env.str("FEED", default="simulated")
SIM_SYMBOLS = whole("SIM_SYMBOLS", 20, least=1)
SIM_RATE = positive("SIM_RATE", 1.0)
SIM_SEED = whole("SIM_SEED", 7)
SIM_FX = on_or_off("SIM_FX", False)
REPLAY_SPEED = positive("REPLAY_SPEED", 1.0)
MARKET_CALENDAR = env.str("MARKET_CALENDAR", default="24/7")
QUOTE_STALE_MS = whole("QUOTE_STALE_MS", 15_000, least=1000)

# Trading
PAPER_CASH = whole("PAPER_CASH", 100_000)
MARGIN_RATE_BPS = Decimal(whole("MARGIN_RATE_BPS", 750))
BORROW_RATE_BPS = Decimal(whole("BORROW_RATE_BPS", 300))
COMMISSION = env.str("COMMISSION", default="per-share 0.005 min 1.00")
FILL_PRICE = one_of("FILL_PRICE", "touch", ("touch", "last"))
STOP_ELECTION = one_of("STOP_ELECTION", "touch", ("touch", "last"))
FILL_LATENCY_MS = whole("FILL_LATENCY_MS", 0)
SLIPPAGE_BPS = Decimal(whole("SLIPPAGE_BPS", 0))
SLIPPAGE_SEED = whole("SLIPPAGE_SEED", 1)
BENCHMARK = env.str("BENCHMARK", default="SPY").upper()
RISK_FREE = env.str("RISK_FREE", default="0")

# The live transport
LIVE_TICK_MS = whole("LIVE_TICK_MS", 0)
LIVE_WS = on_or_off("LIVE_WS", True)
LIVE_WS_SHARE = whole("LIVE_WS_SHARE", 100)
if LIVE_WS_SHARE > 100:
    raise ImproperlyConfigured(f"LIVE_WS_SHARE is {LIVE_WS_SHARE}; it must be at most 100")
WS_PING_INTERVAL = whole("WS_PING_INTERVAL", 25_000, least=1000)
WS_PING_TIMEOUT = whole("WS_PING_TIMEOUT", 20_000, least=1000)
WS_MAX_MESSAGE = whole("WS_MAX_MESSAGE", 16_384, least=256)
WS_MAX_PER_USER = whole("WS_MAX_PER_USER", 5)
WS_MAX_PER_ADDRESS = whole("WS_MAX_PER_ADDRESS", 50)
WS_HANDSHAKES_PER_MINUTE = whole("WS_HANDSHAKES_PER_MINUTE", 300)
WS_MESSAGES_PER_SECOND = whole("WS_MESSAGES_PER_SECOND", 10, least=2)
EVENTS_KEPT_DAYS = whole("EVENTS_KEPT_DAYS", 7, least=1)
NOTIFICATIONS_KEPT_DAYS = whole("NOTIFICATIONS_KEPT_DAYS", 400, least=EVENTS_KEPT_DAYS)

# Monitoring
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    raise ImproperlyConfigured("METRICS_TOKEN is too short: set it to 16 random characters or more, or to nothing")

CANARY_SECONDS = whole("CANARY_SECONDS", 0 if EMBEDDED or DEBUG else 60)
CANARY_URL = env.str("CANARY_URL", default="")
if CANARY_URL and not CANARY_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured("CANARY_URL must begin with https:// or http://, such as https://desk.example.com")
ALERTS = on_or_off("ALERTS", True)
ALERTS_ALLOW_PRIVATE = on_or_off("ALERTS_ALLOW_PRIVATE", False)
PAGERDUTY_URL = env.str("PAGERDUTY_URL", default="https://events.pagerduty.com/v2/enqueue")
EMAIL_URL = env.str("EMAIL_URL", default="")
vars().update(env.email_url_config(EMAIL_URL or "dummymail://"))
EMAIL_TIMEOUT = 5.0  # without one a mail server that says nothing would hold up every alert for ever
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="livedesk@localhost")
USE_KEPT_DAYS = whole("USE_KEPT_DAYS", 400)
if 0 < USE_KEPT_DAYS < 14:
    raise ImproperlyConfigured("USE_KEPT_DAYS must be 0 (nothing is counted) or at least 14")
HEALTH_DETAIL = one_of("HEALTH_DETAIL", "public", ("public", "token"))

# Web
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a folder that is not there yet
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env.str("STATIC_STORAGE", default="whitenoise.storage.CompressedManifestStaticFilesStorage")
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
UPLOADS = {"/history/import/": 1024 * 1024}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
USE_TZ = True
TIME_ZONE, USE_I18N = "UTC", False
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
CSRF_FAILURE_VIEW = "apps.accounts.views.csrf_failure"
SESSION_ENGINE = "apps.accounts.sessions"
SESSION_COOKIE_SAMESITE, SESSION_COOKIE_AGE = "Lax", 12 * 3600
if HTTPS:  # browsers then take them from this very host alone, and no neighbour of its domain can plant one
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 63_072_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^api$", r"^api/openapi\.json$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = ["security.W002"]  # config.middleware sets the header, on static files too
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
RELEASE = "0.2.0"
LOG_LEVEL = one_of("LOG_LEVEL", "INFO", LEVELS)
LOG_FORMAT = one_of("LOG_FORMAT", "line" if EMBEDDED else "json", FORMATS)
LOGGING = logging_of(
    LOG_LEVEL,
    LOG_FORMAT,
    [
        SECRET_KEY,
        *SECRET_KEY_FALLBACKS,
        ENCRYPTION_KEY,
        *ENCRYPTION_KEY_FALLBACKS,
        METRICS_TOKEN,
        *passwords_of(DATABASE_URL, REDIS_URL, EMAIL_URL),
        *(DISCORD_CLIENT_SECRET, DISCORD_BOT_TOKEN),
    ],
)
