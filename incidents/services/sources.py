"""The systems that send incidents: how one is set up, known by its key, held to its rate, and what it was answered.

A key is shown once, when it is made; the database keeps a keyed digest of it.
"""

import re
import secrets
import time
from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from governance import audit
from governance.masks import MACHINE
from governance.models import AccessEvent, User
from governance.models.matters import Channel
from incidents.models import Source, SourceCall

_SALT = "incidents.source"
#: Names under which the front door knows the portal's own ways in; no other system may take one.
RESERVED = frozenset({"portal", "api", "referral", "system", "desk", "worker", "resident", "care"})
#: By which channel a system can send; the others are people's.
CHANNELS = (Channel.DEVICE, Channel.HOTLINE, Channel.UPPER, Channel.OPINION, Channel.OPEN311, Channel.API)
#: What a source's own number may look like: it stands in an address, and in the log.
REFERENCE = re.compile(r"[^\s/\\?#%\x00-\x1f\x7f]{1,100}")
MOST_PER_MINUTE = 6000


def is_reference(text: str) -> bool:
    """Say whether a text can be a source's own number of a report."""
    return REFERENCE.fullmatch(text) is not None and text.isprintable()


def digest_of(key: str) -> str:
    """Return what the database keeps of a key."""
    return salted_hmac(_SALT, key, algorithm="sha256").hexdigest()


@transaction.atomic
def create_source(
    key: str,
    name: str,
    channel: str,
    by: User | None,
    *,
    per_minute: int = 60,
    is_active: bool = True,
    request: Any = None,
) -> tuple[Source, str]:
    """Set up a system that may send incidents, with an account of its own. Returns it, and its key in clear.

    ``key`` is the short name that its reports carry, ``channel`` one of ``Channel``. ``by`` is written into the access log.
    Raises ValidationError for a name that is taken or reserved.
    """
    secret = secrets.token_urlsafe(32)
    source = Source(
        key=key,
        name=name,
        channel=channel,
        per_minute=per_minute,
        is_active=is_active,
        key_digest=digest_of(secret),
        key_made_at=timezone.now(),
    )
    check_source(source)
    # Nobody signs in by this account: it has neither phone nor password, and is no member of staff.
    source.account = User.objects.create_user(f"{MACHINE}{key}", name=name[:40])
    source.save(force_insert=True)
    audit.record(AccessEvent.Kind.CONFIGURE, by, f"新建来源系统：{name}", obj=source, request=request)
    return source, secret


def check_source(source: Source) -> None:
    """Raise ValidationError, at its field, for what a source cannot be."""
    source.full_clean(exclude=["account"])
    if source.key in RESERVED:
        raise ValidationError({"key": f"“{source.key}”是平台自己用的标识，请换一个。"})
    if source.channel not in CHANNELS:
        raise ValidationError({"channel": "请选择外部系统的渠道。"})
    if not 1 <= source.per_minute <= MOST_PER_MINUTE:
        raise ValidationError({"per_minute": f"每分钟最多填 1 到 {MOST_PER_MINUTE} 的整数。"})


@transaction.atomic
def change_source(source: Source, by: User | None, *, request: Any = None) -> list[str]:
    """Save a source as it was changed. Returns what changed, in words, as the access log has it.

    The key by which reports are known stays. Raises ValidationError for what it cannot be.
    """
    before = Source.objects.select_for_update(of=("self",)).select_related("account").get(pk=source.pk)
    source.key = before.key
    check_source(source)
    told = [
        f"{Source._meta.get_field(name).verbose_name}：{_words(before, name)} → {_words(source, name)}"
        for name in ("name", "channel", "is_active", "per_minute")
        if getattr(before, name) != getattr(source, name)
    ]
    if not told:
        return []
    source.save(update_fields=["name", "channel", "is_active", "per_minute"])
    if before.name != source.name:
        before.account.name = source.name[:40]
        before.account.save(update_fields=["name"])
    words = f"修改来源系统 {source.key}：{'；'.join(told)}"
    audit.record(AccessEvent.Kind.CONFIGURE, by, words, obj=source, request=request)
    return told


def _words(source: Source, name: str) -> str:
    if name == "is_active":
        return "启用" if source.is_active else "停用"
    return source.get_channel_display() if name == "channel" else str(getattr(source, name))


@transaction.atomic
def renew_key(source: Source, by: User | None, reason: str, *, request: Any = None) -> str:
    """Give a source a new key and return it in clear, this once. The old one opens nothing from now on."""
    secret = secrets.token_urlsafe(32)
    source.key_digest, source.key_made_at = digest_of(secret), timezone.now()
    source.save(update_fields=["key_digest", "key_made_at"])
    audit.record(
        AccessEvent.Kind.CONFIGURE,
        by,
        f"生成新密钥：{source.name}",
        obj=source,
        reason=reason,
        request=request,
    )
    return secret


def find(key: str) -> Source | None:
    """Return the system whose key this is, whether or not it may send now."""
    if not key:
        return None
    return Source.objects.filter(key_digest=digest_of(key)).select_related("account").first()


def is_on(source: Source) -> bool:
    """Say whether a system may send now: its switch, and that of its account."""
    return source.is_active and source.account.is_active


def recognise(key: str) -> Source | None:
    """Return the system whose key this is, where it may send now."""
    source = find(key)
    return source if source is not None and is_on(source) else None


def allow(source: Source) -> bool:
    """Count one request of the system, and say whether it keeps to its rate in this minute."""
    return _count(f"incidents.source.{source.pk}") <= source.per_minute


def seconds_left() -> int:
    """Return how many seconds the present minute of the rates still has, at least one."""
    return max(1, 60 - int(time.time()) % 60)


@transaction.atomic
def _count(name: str) -> int:
    """Count up in this minute, in the cache that all processes share. Returns the number so far.

    The cache reads and writes; calls at once wait for each other, so that none counts the same number.
    """
    slot = f"{name}.{int(time.time() // 60)}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [slot])
    cache.add(slot, 0, timeout=120)
    try:
        return cache.incr(slot)
    except ValueError:  # thrown out of the cache in between
        return 1


def record(source: Source, answer: int, words: str, reference: str = "") -> None:
    """Write how a request of the system was answered. ``answer`` is the HTTP status; ``words`` hold no personal data.

    A system that goes on sending after it was told to stop (403, 429) is written down once a minute: the log never shrinks.
    """
    if answer in (403, 429):
        if _count(f"incidents.source.{source.pk}.{answer}") > 1:
            return
        words = f"{words}（本分钟内同样的不再记）"
    now = timezone.now()
    SourceCall.objects.create(
        source=source,
        at=now,
        answer=answer,
        words=words[:200],
        reference=reference if is_reference(reference) else "",
    )
    Source.objects.filter(pk=source.pk).update(last_used_at=now)
