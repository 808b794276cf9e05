"""The rhythm of the demo's mediation: what the first community's centre talked over each day and week, and bulletins of the months."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from demo.people import COMMUNITY
from demo.world import Calendar, Story, World, in_office
from governance.models import User
from mediation.flow import DISPUTES
from mediation.models import Centre, Dispute, Rhythm
from mediation.reports.rhythm import months
from mediation.services.rhythm import hold_review, issue, opening, own_centres

#: So many working days and weeks back.
DAYS, WEEKS = 8, 5
#: And so many months.
MONTHS = 3
POINTS = (
    "新登记的当天联系双方，先把意愿问清楚；到期的两件由主调解员今天回话。",
    "物业和邻里的放在一起看，请物业公司派人到场；老人参加的，请网格员上门接送。",
    "漏水的一件先止损再谈赔偿；停车的一件请楼门组长一起做工作。",
    "履行期快到的逐件打电话提醒；该回访的这两天完成。",
)
WEEKLY = (
    "本周重点是 A 级和超期的，每件定一名主调解员、一个时限；够不着的上送街道。",
    "轮值部门本周到场的事项提前排好；需要会诊的周三前把材料备齐。",
    "上周没谈拢的换人换法再谈一次；仍不成的书面告知其他途径，不拖。",
)
SAID = (
    "请主调解员三天内再约双方谈一次，把分歧写清楚。",
    "请网格员一起做工作，先稳住情绪。",
    "材料齐了就谈协议，履行期限写具体。",
)
DEMANDS = (
    "一、逐楼门再排查一遍，发现苗头的当天登记。二、超期的逐件说明原因、定下时限。三、履行到期的提前提醒，防止反复。",
    "一、邻里、物业纠纷多的社区，请物业和业委会参加周调度。二、涉及未成年人的优先办。三、用好轮值部门。",
    "一、A 级纠纷由主任包案。二、司法确认够条件的主动告知双方。三、回访不漏一户。",
)


def plan_rhythm(world: World, calendar: Calendar) -> None:
    """Put the reviews of the first community's centre and everybody's bulletins into the calendar."""
    director = next(iter(world.staff["mediation_director", COMMUNITY]), None)
    if director is None:
        return
    for back in range(DAYS):
        _plan(
            calendar,
            world,
            back,
            _review(director, Rhythm.DAY, POINTS[back % len(POINTS)], told=back % 3 == 0),
        )
    for back in range(1, WEEKS + 1):
        monday = world.now - timedelta(days=world.now.weekday() + 7 * back)
        at = in_office(monday.replace(hour=9, minute=30))
        calendar.begin(at, _review(director, Rhythm.WEEK, WEEKLY[back % len(WEEKLY)]))
    led = [
        code for code in (COMMUNITY, COMMUNITY[:9], COMMUNITY[:6]) if world.staff["mediation_director", code]
    ]
    firsts = months(world.now.date(), MONTHS)
    for place, code in enumerate(led):
        for back, first in enumerate(firsts):
            at = _after(first).replace(hour=9 + place)
            calendar.begin(
                in_office(at), _bulletin(world.staff["mediation_director", code][0], DEMANDS[back])
            )


def _plan(calendar: Calendar, world: World, back: int, story: Story) -> None:
    at = in_office((world.now - timedelta(days=back)).replace(hour=8, minute=40))
    if at <= world.now:
        calendar.begin(at, story)


def _after(first: date) -> datetime:
    """Return a moment on the second day of the month that follows."""
    following = (first + timedelta(days=32)).replace(day=2)
    return datetime.combine(following, time(), timezone.get_default_timezone())


def _review(director: User, rhythm: Rhythm, points: str, *, told: bool = False) -> Story:
    centre: Centre = own_centres(director, "add_review").get()
    today = timezone.localdate()
    if told:
        waiting = (
            Dispute.objects.restrict(director).ongoing().filter(status="mediating").order_by("due_at").first()
        )
        if waiting is not None:
            DISPUTES.run(waiting.pk, "deliberate", by=director, note=SAID[today.day % len(SAID)])
    period = rhythm.period(today)
    if not centre.reviews.filter(rhythm=rhythm, since=period.since).exists():
        hold_review(
            centre, rhythm, today, by=director, attendees="主任、调解员、社区民警、网格长", points=points
        )
    return
    yield


def _bulletin(director: User, demands: str) -> Story:
    centre = own_centres(director, "add_bulletin").get()
    month = months()[0]
    issue(centre, month, by=director, situation=opening(director, centre, month), demands=demands)
    return
    yield
