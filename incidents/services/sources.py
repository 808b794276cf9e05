"""The systems that send incidents: how one is set up, known by its key, held to its rate, and what it was answered.

A key is shown once, when it is made; the database keeps a keyed digest of it.
"""

import secrets
import time

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from governance import audit
from governance.models import AccessEvent, User
from incidents.models import Source, SourceCall

_SALT = "incidents.source"
#: Names under which the front door knows the portal's own ways in; no other system may take one.
RESERVED = frozenset({"portal", "api", "referral", "system"})


def digest_of(key: str) -> str:
    """Return what the database keeps of a key."""
    return salted_hmac(_SALT, key, algorithm="sha256").hexdigest()


@transaction.atomic
def create_source(key: str, name: str, channel: str, by: User | None) -> tuple[Source, str]:
    """Set up a system that may send incidents, with an account of its own. Returns it, and its key in clear.

    ``key`` is the short name that its reports carry, ``channel`` one of ``Channel``. ``by`` is written into the access log.
    Raises ValidationError for a name that is taken or reserved.
    """
    if key in RESERVED:
        raise ValidationError({"key": f"“{key}”是平台自己用的标识，请换一个。"})
    secret = secrets.token_urlsafe(32)
    source = Source(
        key=key, name=name, channel=channel, key_digest=digest_of(secret), key_made_at=timezone.now()
    )
    source.full_clean(exclude=["account"])
    source.account = User.objects.create_user(f"source-{key}", name=name[:40])
    source.save()
    audit.record(AccessEvent.Kind.CONFIGURE, by, f"新建来源系统：{name}", obj=source)
    return source, secret


def recognise(key: str) -> Source | None:
    """Return the system whose key this is, where it may send now."""
    if not key:
        return None
    rows = Source.objects.filter(key_digest=digest_of(key), is_active=True, account__is_active=True)
    return rows.select_related("account").first()


def allow(source: Source) -> bool:
    """Count one request of the system, and say whether it keeps to its rate in this minute."""
    slot = f"incidents.source.{source.pk}.{int(time.time() // 60)}"
    cache.add(slot, 0, timeout=120)
    try:
        return cache.incr(slot) <= source.per_minute
    except ValueError:  # thrown out of the cache in between
        return True


def record(source: Source, answer: int, words: str, reference: str = "") -> None:
    """Write how a request of the system was answered. ``answer`` is the HTTP status; ``words`` hold no personal data."""
    now = timezone.now()
    SourceCall.objects.create(
        source=source, at=now, answer=answer, words=words[:200], reference=reference[:100]
    )
    Source.objects.filter(pk=source.pk).update(last_used_at=now)
