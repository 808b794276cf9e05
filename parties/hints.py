"""What the regulations ask of an organisation, as hints with their source: nothing is refused for them, because each of them knows
exceptions that the superior may approve.

支部条例: 中国共产党支部工作条例（试行） (2018). 任期意见: the opinion of 2018-07 on the terms of base organisations. 选举条例: the regulation
on elections in base organisations (2020).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from governance.templatetags.ui import cn_date
from parties.models import HEAD, Member, Officer, Organisation, PartyOrgType

BRANCH_LEAST, BRANCH_MOST = 3, 50
COMMITTEE_FROM = 100
SEATS_FROM, SEATS_LEAST, SEATS_MOST = 7, 3, 7
GROUP_LEAST = 3
#: A superior reminds of the end of a term half a year ahead.
SOON = timedelta(days=183)
TEMPORARY = timedelta(days=183)

FORMED = "支部条例：正式党员 3 人以上的单位成立支部，不足 3 人的成立联合支部"
SIZE = "支部条例：支部党员一般不超过 50 人"
GENERAL = "党章和有关规定：50 人以上可设党总支，100 人以上可设党委"
COUNCIL = "支部条例：正式党员 7 人以上的支部设支委会，3 至 5 人，一般不超过 7 人"
HEADED = "支部条例：支部设书记，必要时设副书记；党小组设组长"
GROUPED = "通行做法：党小组一般不少于 3 人"
TERM = "任期意见：村和社区的党委、总支、支部每届 5 年，其他总支、支部 3 年"
REMINDED = "通行做法：届满前半年由上级提醒"
PASSING = "支部条例：临时组建的机构期限在半年以上的，一般成立支部"


@dataclass(frozen=True)
class Hint:
    """What is to be looked at, and by which rule; ``late`` when its time has passed."""

    text: str
    article: str
    late: bool = False


@dataclass(frozen=True)
class Size:
    """How many an organisation has: members on its roll, full ones among them, in its committee, whether somebody leads it."""

    members: int
    full: int
    seats: int
    headed: bool


def with_sizes(organisations: QuerySet) -> QuerySet:
    """Return the organisations, each with ``members_count``, ``full_count``, ``seats`` and ``headed``. One statement.

    A group counts those in it; everything else those on its own roll.
    """

    def number(rows: QuerySet, key: str) -> Coalesce:
        counted = rows.order_by().values(key).annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(counted, output_field=IntegerField()), 0)

    own = Member.objects.on_roll().filter(organisation=OuterRef("pk"))
    grouped = Member.objects.on_roll().filter(group=OuterRef("pk"))
    duties = Officer.objects.in_office().filter(organisation=OuterRef("pk"))
    return organisations.annotate(
        members_count=number(own, "organisation") + number(grouped, "group"),
        full_count=number(own.filter(stage=Member.Stage.FULL), "organisation"),
        seats=number(duties, "organisation"),
        headed=Exists(duties.filter(duty__in=["secretary", "leader"])),
    )


def size_of(organisation: Organisation) -> Size:
    """Return the sizes of an organisation of ``with_sizes``."""
    return Size(organisation.members_count, organisation.full_count, organisation.seats, organisation.headed)


def of_size(kind: int, form: str, size: Size) -> list[Hint]:
    """Return what is to be said of how many an organisation has."""
    hints = []
    if kind == PartyOrgType.GROUP and size.members < GROUP_LEAST:
        hints.append(Hint(f"现有 {size.members} 人。", GROUPED))
    if kind == PartyOrgType.BRANCH:
        if size.full < BRANCH_LEAST:
            hints.append(Hint(f"正式党员 {size.full} 人，不足 {BRANCH_LEAST} 人。", FORMED))
        if size.members >= COMMITTEE_FROM:
            hints.append(Hint(f"党员 {size.members} 人，可以报请设党委。", GENERAL))
        elif size.members > BRANCH_MOST:
            hints.append(Hint(f"党员 {size.members} 人，超过 {BRANCH_MOST} 人，可以报请设党总支。", SIZE))
        if size.full >= SEATS_FROM and not SEATS_LEAST <= size.seats <= SEATS_MOST:
            hints.append(Hint(f"正式党员 {size.full} 人，班子 {size.seats} 人。", COUNCIL))
    if kind != PartyOrgType.STREET_COMMITTEE and not size.headed:
        hints.append(Hint(f"还没有{HEAD[PartyOrgType(kind)].label}。", HEADED))
    return hints


def of_term(organisation: Organisation, today: date) -> list[Hint]:
    """Return what is to be said of the present term."""
    if organisation.kind in (PartyOrgType.GROUP, PartyOrgType.STREET_COMMITTEE):
        return []
    until = organisation.term_until
    if until is None:
        return [Hint("还没有填本届的起止日期。", TERM)]
    hints = []
    if until < today:
        hints.append(Hint(f"本届已于 {cn_date(until)} 届满，请换届。", TERM, late=True))
    elif until - today <= SOON:
        hints.append(Hint(f"本届 {cn_date(until)} 届满，请准备换届。", REMINDED))
    return hints


def of_organisation(organisation: Organisation, today: date | None = None) -> list[Hint]:
    """Return everything that is to be looked at in an organisation of ``with_sizes``; nothing once it has ended."""
    today = today or timezone.localdate()
    if organisation.ended_on is not None:
        return []
    hints = of_size(organisation.kind, organisation.form, size_of(organisation))
    hints += of_term(organisation, today)
    if organisation.form == "temporary" and organisation.established_on + TEMPORARY < today:
        hints.append(Hint(f"临时党支部成立于 {cn_date(organisation.established_on)}，已超过半年。", PASSING))
    return hints


def lacking(today: date | None = None) -> Q:
    """Return the condition, on rows of ``with_sizes``, under which an organisation has a hint."""
    today = today or timezone.localdate()
    branch, group = Q(kind=PartyOrgType.BRANCH), Q(kind=PartyOrgType.GROUP)
    termed = ~group & ~Q(kind=PartyOrgType.STREET_COMMITTEE)
    return (
        (group & Q(members_count__lt=GROUP_LEAST))
        | (branch & (Q(full_count__lt=BRANCH_LEAST) | Q(members_count__gt=BRANCH_MOST)))
        | (branch & Q(full_count__gte=SEATS_FROM) & (Q(seats__lt=SEATS_LEAST) | Q(seats__gt=SEATS_MOST)))
        | (Q(headed=False) & ~Q(kind=PartyOrgType.STREET_COMMITTEE))
        | (termed & (Q(term_until=None) | Q(term_until__lte=today + SOON)))
        | Q(form="temporary", established_on__lt=today - TEMPORARY)
    )


#: How many a joint committee usually has, by the kind of its organisation: fewest and most, each customary, none a regulation's.
JOINT = {
    PartyOrgType.STREET_COMMITTEE: (3, 5), PartyOrgType.COMMITTEE: (3, 5), PartyOrgType.GENERAL_BRANCH: (2, 3),
    PartyOrgType.BRANCH: (1, 2),
}  # fmt: skip
JOINT_MOST = 11
JOINT_SIZE = "通行做法：街道、社区党委的兼职委员 3 至 5 名，党总支 2 至 3 名，党支部 1 至 2 名；也有 7 至 9 名、委员会共 9 至 11 人的"
JOINT_ODD = "通行做法：委员总数（专职加兼职）一般为单数"
JOINT_WAY = "通行做法：单位推荐，社区党员会议通过，街道批准，区委组织部备案"


def of_joint(kind: int, number: int, seats: int, unfiled: int, *, standing: bool = True) -> list[Hint]:
    """Return what is to be looked at in a joint committee: ``number`` part-time members, ``seats`` in the organisation's own
    committee (0 where none are entered), ``unfiled`` of the part-time members without all four days; ``standing``: whether the
    organisation still does."""
    hints = []
    if not standing:
        hints.append(Hint("所属的党组织已经撤销或合并，请撤销或另设。", "一个党组织设一个", late=True))
    least, most = JOINT[PartyOrgType(kind)]
    if number < least:
        hints.append(Hint(f"兼职委员 {number} 名，少于 {least} 名。", JOINT_SIZE))
    elif number > JOINT_MOST:
        hints.append(Hint(f"兼职委员 {number} 名，多于 {JOINT_MOST} 名。", JOINT_SIZE))
    elif number > most:
        hints.append(Hint(f"兼职委员 {number} 名，多于通常的 {most} 名。", JOINT_SIZE))
    if seats and (seats + number) % 2 == 0:
        hints.append(Hint(f"专职 {seats} 名加兼职 {number} 名，共 {seats + number} 名，是双数。", JOINT_ODD))
    if unfiled:
        hints.append(Hint(f"{unfiled} 名兼职委员的推荐、通过、批准、备案日期没有填齐。", JOINT_WAY))
    return hints
