"""The settings as the tests need them: demo mode, no pool, no collected static files, cheap password hashes.

Only DATABASE_URL comes from outside; bin/test sets it.
"""

import os

os.environ["PORTAL_DEMO"] = "1"
os.environ["HTTPS"] = "0"
os.environ["DB_POOL"] = "0"  # the runner creates and drops databases, which open pools would block
os.environ.setdefault("SECRET_KEY", "for-tests-only")
os.environ["ALLOWED_HOSTS"] = "*"

from governance.settings import *  # noqa: E402, F403
from governance.settings import STORAGES, VAR_DIR  # noqa: E402

STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
WHITENOISE_MAX_AGE = 3600  # seconds; a browser does not ask for every file again on every page
MEDIA_ROOT = VAR_DIR / "test-media"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
