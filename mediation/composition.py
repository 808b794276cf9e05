"""What the law asks of a committee and its mediators, as hints: nothing is refused for them, whoever keeps the register decides.

The articles are the People's Mediation Law's (人民调解法), save the filing of changes, which local rules ask for within days
that differ (the parameter ``mediation.filing_days``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from governance import parameters
from governance.models import User
from governance.templatetags.ui import cn_date
from mediation.models import Committee, Mediator, Member

LEAST, MOST = 3, 9
YEARS = 3
#: So many days before a term ends, the next one is to be prepared.
SOON = timedelta(days=60)

SIZE = "第八条：由委员三至九人组成"
DIRECTOR = "第八条：设主任一人"
WOMAN = "第八条：应当有妇女成员"
MINORITY = "第八条：多民族居住的地区应当有人数较少民族的成员"
TERM = "第九条：每届任期三年"
NOTICE = "第十条：组成人员和变动情况通报所在地基层人民法院"
MEDIATOR = "第十三条：调解员由委员和聘任的人员担任"
FILING = "变动备案，期限由各地规定"


@dataclass(frozen=True)
class Hint:
    """What is to be looked at, and by which article; ``late`` when its time has passed."""

    text: str
    article: str
    late: bool = False


def of_members(committee: Committee, members: Iterable[Member]) -> list[Hint]:
    """Return what the composition of a committee lacks."""
    members, hints = list(members), []
    if not LEAST <= len(members) <= MOST:
        hints.append(Hint(f"现有委员 {len(members)} 人。", SIZE))
    if not any(member.duty == Member.Duty.DIRECTOR for member in members):
        hints.append(Hint("还没有主任。", DIRECTOR))
    if not any(member.is_woman for member in members):
        hints.append(Hint("没有妇女委员。", WOMAN))
    if committee.is_mixed and not any(member.is_minority for member in members):
        hints.append(Hint("没有人数较少民族的委员。", MINORITY))
    return hints


def of_term(committee: Committee, today: date) -> list[Hint]:
    """Return what is to be said of a committee's term."""
    hints, since, until = [], committee.term_from, committee.term_until
    if until > years_later(since, YEARS):
        hints.append(Hint("本届任期超过三年。", TERM))
    if until < today:
        hints.append(Hint(f"本届已于 {cn_date(until)} 届满，请换届。", TERM, late=True))
    elif until - today <= SOON:
        hints.append(Hint(f"本届 {cn_date(until)} 届满，请准备换届。", TERM))
    return hints


def member_changes() -> QuerySet:
    """Return the lines of history that say who became, stopped being or is now differently a member."""
    return Member.history.all()


def mediator_changes() -> QuerySet:
    """Return the lines of history that say which mediators came or went."""
    return Mediator.history.filter(Q(history_type="+") | Q(is_active=False))


def with_changes(committees: QuerySet) -> QuerySet:
    """Return the committees, each with ``changed``: whether somebody joined or left since the court was last told."""
    since = {"committee_id": OuterRef("pk"), "history_date__date__gt": OuterRef("notified_on")}
    changed = (Exists(rows.filter(**since)) for rows in (member_changes(), mediator_changes()))
    return committees.annotate(changed=next(changed) | next(changed))


def unfiled(committee: Committee) -> list[tuple[date, str]]:
    """Return who joined or left since the court was last told, the earliest first: (day, words)."""
    since = {"committee_id": committee.pk, "history_date__date__gt": committee.notified_on}
    signs = {"+": "增加", "-": "减少", "~": "变更"}
    found = [
        (row.history_date, f"{signs[row.history_type]}委员{row.name}")
        for row in member_changes().filter(**since)
    ] + [
        (row.history_date, f"{'增加' if row.is_active else '减少'}调解员{row.user}")
        for row in mediator_changes().filter(**since).select_related("user")
    ]
    return [(timezone.localdate(at), words) for at, words in sorted(found)]


def of_notice(committee: Committee, today: date) -> list[Hint]:
    """Return whether the court knows the committee, and what has changed in it since it was told."""
    if committee.notified_on is None:
        return [Hint("还没有通报法院。", NOTICE)]
    changes = unfiled(committee)
    if not changes:
        return []
    due = changes[0][0] + timedelta(days=parameters.value("mediation.filing_days"))
    words = "、".join(dict.fromkeys(said for _, said in changes))
    late = due < today
    by = f"已超过 {cn_date(due)}，请尽快" if late else f"请在 {cn_date(due)} 以前"
    return [Hint(f"通报以后有变动：{words}。{by}报备案、通报法院，再更新通报日期。", FILING, late)]


def of_committee(committee: Committee, members: Iterable[Member], today: date) -> list[Hint]:
    """Return everything that is to be looked at in a committee."""
    return [*of_members(committee, members), *of_term(committee, today), *of_notice(committee, today)]


def of_mediator(mediator: Mediator, today: date) -> list[Hint]:
    """Return what is to be looked at in a line of the register."""
    hints = []
    if mediator.until is not None and mediator.until < today:
        hints.append(Hint(f"聘期已于 {cn_date(mediator.until)} 届满，不能再接案。", MEDIATOR, late=True))
    elif mediator.until is not None and mediator.until - today <= SOON:
        hints.append(Hint(f"聘期 {cn_date(mediator.until)} 届满，请办理续聘。", MEDIATOR))
    if not holds_post(mediator.user, mediator.grid_id):
        hints.append(Hint("这个账号在这里没有调解员岗位，看不到交办的卷宗，请安全管理员任命。", MEDIATOR))
    if not mediator.specialities:
        hints.append(Hint("没有填专长类别，居民选调解员时看不到。", MEDIATOR))
    return hints


def holds_post(user: User, code: str) -> bool:
    """Say whether an account holds a post that lets it have files at a node."""
    return any(code.startswith(post.code) for post in user.posts_with("mediation.view_dispute"))


def years_later(day: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def count_of(committee: Committee, today: date) -> int:
    """Return how many hints a committee of ``with_changes`` has, members fetched along."""
    told = committee.notified_on is not None and not committee.changed
    members = committee.members.all()
    return len(of_members(committee, members)) + len(of_term(committee, today)) + (not told)
