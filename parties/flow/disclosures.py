"""The transition table of a disclosure: 提出 - 审核 - 审批 - 公开, each by another person, and what ends it.

The four steps are those of the regulation on the disclosure of party affairs (党务公开条例, 2017): proposed, reviewed for necessity,
accuracy and secrecy, approved, carried out.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from governance import files, sharing
from governance.flow import Action, AlreadyDone, Change, Flow, Refused, on_tick
from governance.models import User
from parties.models import Disclosure, DisclosurePhoto, DisclosureStatus, DisclosureStep, Member, Scope
from parties.models.disclosures import UNDER_WAY

S = DisclosureStatus
WRITABLE = frozenset({S.DRAFT, S.RETURNED})
#: The questions of a review, each with what is said where the answer is no.
QUESTIONS = {
    "necessary": ("必要性", "没有必要公开的，请返回选“退回”，写明理由。"),
    "accurate": ("准确性", "内容不准确的，请返回选“退回”，写明要改什么。"),
    "no_secret": ("保密和个人信息", "涉密或者泄露个人信息的，不能公开，请返回选“退回”，写明理由。"),
}
MOST_PHOTOS = 9
#: Something may be put off by so many days, and stay out for so long.
MOST_DAYS = 5 * 366


# --- who ---------------------------------------------------------------------------------------------------------------
def by_another_hand(change: Change) -> None:
    """The guard of a review. Raises Refused for those who had a hand in the words."""
    if not change.matter.is_reviewed_by(change.actor):
        raise Refused(f"起草、提出的人不能自己{change.action.label}，请由另一个人办理。")


def is_of_another(disclosure: Disclosure, user: User) -> bool:
    """The ``ready`` that goes with ``by_another_hand``."""
    return disclosure.is_reviewed_by(user)


def by_decider(change: Change) -> None:
    """The guard of an approval: whoever decides about the organisation, and neither wrote nor reviewed the item."""
    disclosure, actor = change.matter, change.actor
    if not disclosure.organisation.is_decided_by(actor):
        raise Refused(f"由“{disclosure.organisation}”的上级{change.action.label}。")
    if not disclosure.is_approved_by(actor):
        raise Refused(f"提出、审核过的人不能自己{change.action.label}，请由另一个人办理。")


def is_for_decider(disclosure: Disclosure, user: User) -> bool:
    """The ``ready`` that goes with ``by_decider``."""
    return disclosure.is_approved_by(user)


# --- the words ---------------------------------------------------------------------------------------------------------
def check_readers(scope: str, readers: Iterable[Member], by: User) -> list[Member]:
    """Return whom an item of this scope names. Raises Refused at ``readers`` for nobody, and for whom it cannot be opened to."""
    if scope != Scope.CERTAIN:
        return []
    keys = {member.pk for member in readers}
    if not keys:
        raise Refused("向特定人员公开的，请选择是哪些人。", "readers")
    found = list(Member.objects.restrict(by).on_roll().filter(pk__in=keys).exclude(user=None))
    if len(found) != len(keys):
        raise Refused("请只选在册的、已关联账号的党员。", "readers")
    return found


def revise(change: Change) -> None:
    """Mend the words, the scope and the pictures of what is not under review."""
    disclosure, data = change.matter, change.data
    readers = check_readers(data["scope"], data["readers"], change.actor)
    for name in ("title", "category", "scope", "body"):
        setattr(disclosure, name, data[name].strip())
    disclosure.clean_fields(exclude=["search_terms", "number"])
    disclosure.readers.set(readers)
    gone = [int(key) for key in data.get("gone") or ()]
    disclosure.photos.filter(pk__in=gone).delete()
    add_photos(disclosure, data.get("photos") or [], change.actor)


def add_photos(disclosure: Disclosure, uploads: list, by: User) -> None:
    """Store further pictures. Raises Refused at ``photos`` for too many, or ValidationError."""
    if not uploads:
        return
    if disclosure.photos.count() + len(uploads) > MOST_PHOTOS:
        raise Refused(f"一件最多 {MOST_PHOTOS} 张图片，请先去掉几张。", "photos")
    files.attach(DisclosurePhoto, uploads, by=by, disclosure=disclosure)


# --- the four steps ----------------------------------------------------------------------------------------------------
def propose(change: Change) -> None:
    """Put it forward; what was reviewed or approved before no longer counts."""
    disclosure = change.matter
    check_readers(disclosure.scope, disclosure.readers.all(), change.actor)
    disclosure.proposed_by, disclosure.proposed_at = change.actor, change.now
    disclosure.reviewed_by = disclosure.reviewed_at = disclosure.approved_by = disclosure.approved_at = None


def review(change: Change) -> None:
    """Pass it on, with an answer to each of the three questions."""
    for name, (_, words) in QUESTIONS.items():
        if change.data.get(name) is not True:
            raise Refused(words, name)
    change.kept |= dict.fromkeys(QUESTIONS, True)
    change.matter.reviewed_by, change.matter.reviewed_at = change.actor, change.now


def approve(change: Change) -> None:
    """Agree that it be disclosed."""
    change.matter.approved_by, change.matter.approved_at = change.actor, change.now


def midnight(day: date) -> datetime:
    """Return the moment at which a day begins."""
    return timezone.make_aware(datetime.combine(day, time()))


def publish(change: Change) -> None:
    """Disclose it from a day on, at once where that is today, and until a last day where there is one."""
    disclosure, today = change.matter, timezone.localdate(change.now)
    start, until = change.data.get("from_day") or today, change.data.get("until_day")
    most = today + timedelta(days=MOST_DAYS)
    if not isinstance(start, date) or not today <= start <= most:
        raise Refused("请填写今天或以后、五年以内的日期。", "from_day")
    if until is not None and (not isinstance(until, date) or not start <= until <= most):
        raise Refused("截止日期不能早于开始日期，也不能超过五年。", "until_day")
    disclosure.public_from = change.now if start == today else midnight(start)
    disclosure.public_until = midnight(until + timedelta(days=1)) if until else None
    change.kept |= {"from_day": start.isoformat(), "until_day": until.isoformat() if until else ""}
    if start == today:
        go_out(change)
    else:
        change.status = S.SCHEDULED


def go_out(change: Change) -> None:
    """Let it be seen: open it to those whom it names, and take the edition before it off."""
    disclosure: Disclosure = change.matter
    change.status = S.PUBLISHED
    if change.action.system and disclosure.public_from > change.now:
        raise AlreadyDone
    if disclosure.scope == Scope.CERTAIN:
        named = disclosure.audience("readers")
        for person in named:
            reason = f"党务公开 {disclosure.number}"
            sharing.share(disclosure, person, ["view"], by=change.actor, reason=reason)
        # Without the title: the notice stays when the item is withdrawn.
        change.told.append((named, f"{disclosure.organisation}有一件党务公开请您阅读"))
        change.kept["people"] = [person.pk for person in named]
    if disclosure.original_id:
        before = Disclosure.objects.filter(status=S.PUBLISHED).filter(pk=disclosure.original_id)
        before |= Disclosure.objects.filter(status=S.PUBLISHED, original=disclosure.original_id)
        for key in list(before.exclude(pk=disclosure.pk).values_list("pk", flat=True)):
            DISCLOSURES.run(key, "replace", by=User.objects.system(), note=disclosure.correction)


def take_back(change: Change) -> None:
    """Close it again to those whom it named."""
    sharing.unshare_all(change.matter, by=change.actor)


def expire(change: Change) -> None:
    """Note that its last day is over."""
    until = change.matter.public_until
    if until is None or until > change.now:
        raise AlreadyDone
    take_back(change)


# --- a correction ------------------------------------------------------------------------------------------------------
def correct(change: Change) -> None:
    """Begin the next edition, a draft with the same words and pictures. What is out stays out until that is published."""
    first = change.matter.original or change.matter
    if first.editions.filter(status__in=UNDER_WAY).exists():
        raise Refused("这一事项的更正正在办理，请先办完或取消。")
    if len(change.note) > 200:
        raise Refused("更正的原因不能超过 200 字。", "note")
    change.after.append(next_edition)


def next_edition(change: Change) -> Disclosure:
    """Return the draft of the next edition."""
    before: Disclosure = change.matter
    first = before.original or before
    taken = first.editions.exclude(status=S.DROPPED).values_list("edition", flat=True)
    draft = Disclosure(
        organisation=before.organisation,
        original=first,
        edition=max(taken, default=1) + 1,
        correction=change.note,
        channel=before.channel,
        placed_by=change.actor,
        **{name: getattr(before, name) for name in ("title", "category", "scope", "body")},
    )
    draft.stand()
    DISCLOSURES.open_matter(draft, by=change.actor, label="起草更正", note=change.note)
    draft.readers.set(before.readers.all())
    for photo in before.photos.all():
        copy = DisclosurePhoto(disclosure=draft, sha256=photo.sha256, uploaded_by=photo.uploaded_by)
        for name in ("image", "thumb"):
            with getattr(photo, name).open("rb") as stored:
                getattr(copy, name).save("x.jpg", ContentFile(stored.read(), "x.jpg"), save=False)
        copy.save()
    return draft


DISCLOSURES = Flow(
    Disclosure,
    DisclosureStep,
    S.DRAFT,
    [
        # --- the organisation ---
        Action(
            "propose",
            "提出公开",
            WRITABLE,
            S.PROPOSED,
            needs="keep",
            effect=propose,
            tell=("reviewers",),
            hint="交给另一个人审核；提出以后不能再改，要改的请审核人退回",
            news="请审核",
        ),
        Action("revise", "修改", WRITABLE, needs="keep", effect=revise),
        Action(
            "publish",
            "公开",
            frozenset({S.APPROVED}),
            S.PUBLISHED,
            outcomes=frozenset({S.SCHEDULED}),
            needs="keep",
            effect=publish,
            tell=("authors",),
            hint="选定从哪天公开、到哪天为止",
            news="已办理公开",
        ),
        # --- another person ---
        Action(
            "review",
            "审核通过",
            frozenset({S.PROPOSED}),
            S.REVIEWED,
            needs="review",
            guard=by_another_hand,
            effect=review,
            ready=is_of_another,
            reason=True,
            asks="审核意见",
            tell=("authors", "deciders"),
            hint="逐项核对必要性、准确性、保密和个人信息",
            news="审核通过，请审批",
        ),
        Action(
            "send_back",
            "退回",
            frozenset({S.PROPOSED}),
            S.RETURNED,
            needs="review",
            guard=by_another_hand,
            ready=is_of_another,
            reason=True,
            danger=True,
            tell=("authors",),
            news="审核退回",
        ),
        # --- the superior ---
        Action(
            "approve",
            "审批同意",
            frozenset({S.REVIEWED}),
            S.APPROVED,
            needs="approve",
            guard=by_decider,
            effect=approve,
            ready=is_for_decider,
            reason=True,
            asks="审批意见",
            tell=("authors",),
            hint="同意按这个范围公开",
            news="已审批，请办理公开",
        ),
        Action(
            "disapprove",
            "审批退回",
            frozenset({S.REVIEWED}),
            S.RETURNED,
            needs="approve",
            guard=by_decider,
            ready=is_for_decider,
            reason=True,
            danger=True,
            tell=("authors",),
            news="审批退回",
        ),
        # --- afterwards ---
        Action(
            "correct",
            "更正",
            frozenset({S.PUBLISHED}),
            needs="keep",
            effect=correct,
            reason=True,
            asks="更正的原因",
            hint="另起一版，重新审核、审批；新的一版公开时，这一版自动撤下。更正的原因会和新版一起公开",
        ),
        Action(
            "withdraw",
            "撤下",
            frozenset({S.PUBLISHED}),
            S.WITHDRAWN,
            needs="keep",
            effect=take_back,
            reason=True,
            danger=True,
            tell=("authors",),
            hint="马上谁都看不到",
            news="已撤下",
        ),
        Action(
            "drop",
            "取消",
            frozenset(UNDER_WAY),
            S.DROPPED,
            needs="keep",
            reason=True,
            danger=True,
            tell=("authors",),
            hint="不再公开这件事",
            news="已取消，不公开",
        ),
        # --- time ---
        Action(
            "begin",
            "到期公开",
            frozenset({S.SCHEDULED}),
            S.PUBLISHED,
            effect=go_out,
            tell=("authors",),
            news="已到公开日期，开始公开",
            system=True,
            hidden=True,
        ),
        Action(
            "expire",
            "公开期满",
            frozenset({S.PUBLISHED}),
            S.EXPIRED,
            effect=expire,
            tell=("authors",),
            news="公开期满，已撤下",
            system=True,
            hidden=True,
        ),
        Action(
            "replace",
            "由新的一版代替",
            frozenset({S.PUBLISHED}),
            S.REPLACED,
            effect=take_back,
            system=True,
            hidden=True,
        ),
    ],
    final=frozenset({S.PUBLISHED, S.EXPIRED, S.WITHDRAWN, S.REPLACED, S.DROPPED}),
)


@on_tick
def keep_days(now: datetime) -> int:
    """Begin and end what is out by its days; returns how many items changed."""
    system, done = User.objects.system(), 0
    due: list[tuple[str, Any]] = [
        ("expire", Disclosure.objects.filter(status=S.PUBLISHED, public_until__lte=now)),
        ("begin", Disclosure.objects.filter(status=S.SCHEDULED, public_from__lte=now)),
    ]
    for name, rows in due:
        for key in list(rows.order_by("pk").values_list("pk", flat=True)[:500]):
            DISCLOSURES.run(key, name, by=system)
            done += 1
    return done
