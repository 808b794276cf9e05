"""The demo's screening: a campaign of the district over the last two months, in which most communities have reported, and a
handful of disputes that it found. What the reports say is made up and names nobody."""

import random
from datetime import timedelta

from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from demo.dispute_cases import CASES
from demo.dispute_files import register
from demo.people import COMMUNITY, DISTRICT, NEIGHBOUR
from demo.territory import MADE_UP
from demo.world import Calendar, Story, World, in_office
from governance import worktime
from mediation.models import Mediator, Screening, ScreeningReport

NAME = "双百排查"
FOCUS = (
    "家庭婚恋、邻里、物业、欠薪、租赁这几类多发的矛盾；独居老人、刚出院的、闹过几次的家庭多去看看。"
    "百分之百走到、百分之百登记，小事当场劝，劝不下来的登记调解。"
)
SINCE, UNTIL = -60, 12
#: The share of the communities that have reported, and how many of the first community's reports found a dispute.
REPORTED, FOUND = 0.87, 5
NOTES = (
    "楼道堆物，当场劝说清走。", "两家为停车位争了几句，已劝和。", "物业修灯慢，住户有意见，已催物业。", "外地租户多，讲了押金和租约怎么写。",
    "老人赡养的事儿女意见不一，先谈了一次。", "广场舞音量，和领队说好八点半结束。", "装修噪声，两家商定了时间。", "没有发现新的矛盾。",
    "底商油烟，店主答应装净化器。", "欠薪的苗头，已联系劳动监察。", "宠物不拴绳，逐户提醒。", "几户要为供暖去集体上访，请物业和热力当面答复。",
)  # fmt: skip


def load_screening(world: World) -> None:
    """Open the campaign, with the reports that mediators have written since."""
    officers = world.staff["justice_officer", DISTRICT]
    if not officers:
        return
    chance, opened = world.chance("screening"), world.at(world.day(SINCE), 9)
    screening = Screening(
        name=NAME, grid=world.grids[DISTRICT], since=world.day(SINCE), until=world.day(UNTIL), focus=FOCUS,
        opened_by=officers[0], opened_at=opened,
    )  # fmt: skip
    screening._history_date = opened
    screening._change_reason = MADE_UP
    screening.save()
    committees = dict(Mediator.objects.values_list("user", "committee"))
    reports = []
    for community in world.communities:
        people = world.staff["mediator", community]
        ours = community in (COMMUNITY, NEIGHBOUR)
        if not people or not ours and chance.random() > REPORTED:
            continue
        for _ in range(8 if community == COMMUNITY else chance.randrange(1, 5)):
            report = _report(world, chance, community, screening)
            report.reported_by = chance.choice(people)
            report.committee_id = committees.get(report.reported_by.pk)
            reports.append(report)
    bulk_create_with_history(reports, ScreeningReport, batch_size=1000, default_change_reason=MADE_UP)


def _report(world: World, chance: random.Random, community: str, screening: Screening) -> ScreeningReport:
    day = world.day(-1 - chance.randrange(-SINCE - 2))
    while not worktime.is_workday(day):
        day -= timedelta(days=1)
    day = max(day, screening.since)
    crimes, petitions = chance.random() < 0.06, chance.random() < 0.04
    report = ScreeningReport(
        grid=world.grids[chance.choice([community, *world.bases(community)])], seat=world.grids[community],
        screening=screening, day=day, times=chance.choice((1, 1, 1, 2, 3)), households=chance.randrange(6, 60),
        prevented=chance.choice((0, 0, 1, 1, 2, 3)), crime_cases=int(crimes), crime_people=2 * crimes,
        petition_cases=int(petitions), petition_people=chance.randrange(5, 18) * petitions,
        words=NOTES[-1] if petitions else chance.choice(NOTES[:-1]), reported_at=world.at(day, 16, chance.randrange(60)),
    )  # fmt: skip
    report._history_date = report.reported_at
    return report


def plan_screening(world: World, calendar: Calendar) -> None:
    """Put the disputes that were found into the calendar."""
    chance = world.chance("found")
    rows = ScreeningReport.objects.select_related("grid").order_by("day", "grid", "pk")
    here, elsewhere = (
        list(rows.filter(community_code=COMMUNITY)),
        list(rows.exclude(community_code=COMMUNITY)),
    )
    some = [
        *here[:: max(1, len(here) // FOUND)][:FOUND],
        *elsewhere[:: max(1, len(elsewhere) // FOUND)][:FOUND],
    ]
    for number, report in enumerate(some):
        if world.staff["mediation_director", report.community_code]:
            began = in_office(world.at(report.day, 17) + timedelta(hours=chance.uniform(14, 20)))
            story = found_story(world, random.Random(f"{world.seed}/found/{number}"), report)  # noqa: S311
            calendar.begin(began, story)


def found_story(world: World, chance: random.Random, report: ScreeningReport) -> Story:
    """Play one dispute that a mediator found: the committee offers to mediate, both are asked, most come to terms."""
    community = report.community_code
    category = chance.choice(("neighbours", "family", "housing", "damages"))
    case = chance.choice(CASES[category])
    file = register(
        world, chance, case, category, seat=community, base=report.grid_id, origin="initiative", found_in=report,
    )  # fmt: skip
    director = file.director
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(2, 26)))
    for party in file.dispute.disputants.all():
        file.run("record_consent", director, disputant=party, agreed=True, means="face")
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(1, 5)))
    file.run("accept", director)
    mediator = (
        Mediator.objects.in_office().filter(grid=community).exclude(user=director).order_by("pk").first()
    )
    if mediator is None or chance.random() < 0.2:
        return
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(1, 5)))
    file.run("assign", director, mediators=[mediator])
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(2, 30)))
    file.run("inform", mediator.user)
    yield in_office(timezone.now() + timedelta(days=chance.uniform(1, 6)))
    term = file.term(timezone.localdate() + timedelta(days=chance.randrange(3, 12)))
    file.run("conclude_orally", mediator.user, all_agree=True, **file.agreed(term))
