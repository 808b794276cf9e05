"""The demo's whistles (吹哨报到) and an evaluation of departments: a dozen of several streets, some long closed, some in hand, one
that a department lets wait, one whose objection the arbiter decides, one blown a second time, one that is proposed only.

Written down act by act, so that whoever tries the demo finds them whatever the seed.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from demo import whistle_words as words
from demo.people import COMMUNITY, DISTRICT, NEIGHBOUR, STREET
from demo.scenes import picture
from demo.territory import streets_in_play
from demo.world import Calendar, Story, World, in_office, work_ago
from governance.models import User
from incidents.flow import EVALUATIONS, SLIPS, WHISTLES
from incidents.models import Incident, Whistle, WhistleSituation, WhistleSlip
from incidents.services.evaluation import give_felt_score, open_evaluation
from incidents.services.situations import load_situations, read_default
from incidents.services.whistles import blow_whistle, propose_whistle

#: How far it has come: each takes in what stands before it.
PROPOSED, BLOWN, ARRIVED, TAKEN_ON, FED_BACK, CLOSED = range(6)


@dataclass(frozen=True)
class Plan:
    """One whistle: its situation, its words (place in the list), when (days back, or office hours back where ``hours``), the
    departments besides the leading one, how far it has come, and which of them does what else."""

    situation: str
    words: int
    back: float
    others: tuple[str, ...] = ()
    reached: int = CLOSED
    hours: bool = False
    silent: str = ""
    objecting: str = ""
    failing: str = ""
    lead: str = ""
    elsewhere: int = 0


PLANS = (
    Plan("A05", 0, 118, elsewhere=1),
    Plan("C03", 3, 96, ("jiaojing", "shichang")),
    Plan("E04", 5, 81, ("yingji",), elsewhere=2),
    Plan("A04", 8, 66, ("zhujian",), elsewhere=3),
    Plan("B02", 7, 52, ("zhujian",)),
    Plan("E03", 10, 38, ("yingji",), elsewhere=4),
    Plan("B05", 2, 16, failing="shuiwu"),
    Plan("D04", 9, 12, ("shichang", "ranqi"), ARRIVED, hours=True, silent="shichang"),
    Plan("A03", 11, 7, reached=BLOWN, hours=True, objecting="zhujian"),
    Plan("C09", 6, 30, ("gongan",), FED_BACK, hours=True),
    Plan("C01", 1, 5, reached=TAKEN_ON, hours=True),
    Plan("D03", 4, 1.5, reached=PROPOSED, hours=True, lead="chengguan"),
)


def plan_whistles(world: World, calendar: Calendar) -> None:
    """Load the situations, and put whistles and the evaluation into the calendar."""
    load_situations(read_default())
    situations = {row.code: row for row in WhistleSituation.objects.select_related("lead")}
    others = [street for street in streets_in_play(world) if street != STREET]
    for serial, plan in enumerate(PLANS):
        street = others[plan.elsewhere % len(others)] if plan.elsewhere and others else STREET
        begun = (
            work_ago(world.now, plan.back)
            if plan.hours
            else world.at(world.day(-int(plan.back)), 9, 20 + serial)
        )
        calendar.begin(in_office(begun), _whistle(world, plan, situations[plan.situation], street, serial))
    calendar.begin(work_ago(world.now, 20), _evaluation(world))


def _whistle(world: World, plan: Plan, situation: WhistleSituation, street: str, serial: int) -> Story:
    chance = world.chance(f"whistle {serial}")
    head, officer = world.staff["street_head", street][0], world.staff["street_officer", street][0]
    lead = world.units[plan.lead] if plan.lead else situation.lead
    behind = Incident.objects.filter(street_code=street, minor_class__unit=lead).order_by("-opened_at")[:2]
    what: dict[str, Any] = {
        "situation": situation, "grid": world.grids[street], "description": words.WHISTLE_WORDS[plan.words], "lead": lead,
        "assisting": [world.units[code] for code in plan.others], "incidents": list(behind),
    }  # fmt: skip
    if plan.reached == PROPOSED:
        what["grid"] = world.grids[COMMUNITY]
        propose_whistle(by=world.people["secretary"], **what)
        return
    whistle = blow_whistle(by=head, **what)
    for slip in WhistleSlip.objects.filter(whistle=whistle).select_related("unit").order_by("pk"):
        yield from _slip(world, plan, slip, chance)
    if plan.reached < CLOSED:
        return
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(1, 6)))
    proof = [picture("0203", street, after=True)]
    if not plan.failing:
        WHISTLES.run(whistle.pk, "verify_pass", by=officer, note="到现场看过，问题已解决。", photos=proof)
        return
    WHISTLES.run(
        whistle.pk, "verify_fail", by=officer, note="疏通后第三天又外溢，根子没有解决。", photos=proof,
        failed=[world.units[plan.failing]],
    )  # fmt: skip
    yield in_office(timezone.now() + timedelta(hours=3))
    WHISTLES.run(whistle.pk, "blow_again", by=head, note="涉及主管道改造，需要区里统筹。")
    second = Whistle.objects.get(parent=whistle.pk)
    yield in_office(timezone.now() + timedelta(hours=5))
    answering = world.staff["district_head", DISTRICT][0]
    WHISTLES.run(
        second.pk, "answer", by=answering, note="由水务部门牵头改造管段，住建部门配合，一周内进场。",
        lead=world.units["shuiwu"], assisting=[world.units["zhujian"]],
    )  # fmt: skip
    for slip in WhistleSlip.objects.filter(whistle=second).select_related("unit").order_by("pk"):
        yield from _slip(world, Plan(plan.situation, plan.words, 0, reached=TAKEN_ON), slip, chance)


def _slip(world: World, plan: Plan, slip: WhistleSlip, chance: Any) -> Story:
    """Let one department answer as the plan says."""
    code = slip.unit.code
    by: User = chance.choice(world.officers[code]) if code != "chengguan" else world.people["department"]
    if code == plan.silent or (plan.reached == BLOWN and code != plan.objecting):
        return
    yield timezone.now() + timedelta(minutes=chance.randint(6, 20))
    SLIPS.run(slip.pk, "receive", by=by)
    if code == plan.objecting:
        yield in_office(timezone.now() + timedelta(minutes=40))
        SLIPS.run(slip.pk, "object", by=by, note=words.OBJECTION[0])
        return
    yield timezone.now() + timedelta(minutes=chance.randint(4, 9))
    SLIPS.run(slip.pk, "arrive", by=by, who=by.name, on_site=True, note=chance.choice(words.REPORT_IN))
    if plan.reached < TAKEN_ON:
        return
    yield timezone.now() + timedelta(minutes=chance.randint(5, 30))
    SLIPS.run(slip.pk, "take_on", by=by)
    if plan.reached < FED_BACK:
        return
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(1, 9)))
    SLIPS.run(slip.pk, "feed_back", by=by, note=words.FEEDBACK[_FEEDBACK[plan.words]])


#: Which feedback fits which whistle.
_FEEDBACK = {0: 5, 1: 1, 2: 0, 3: 4, 4: 2, 5: 5, 6: 6, 7: 7, 8: 3, 9: 4, 10: 5, 11: 7}


def _evaluation(world: World) -> Story:
    """The street evaluates the departments: the communities are giving their points, the demo secretary has not yet."""
    officer = world.people["officer"]
    departments = [
        world.units[code]
        for code in ("chengguan", "zhujian", "shuiwu", "jiaojing", "shichang", "gongre", "xiaofang")
    ]
    evaluation = open_evaluation(
        by=officer,
        street=world.grids[STREET],
        period_from=world.day(-130),
        period_until=world.day(-9),
        units=departments,
    )
    yield timezone.now() + timedelta(minutes=20)
    EVALUATIONS.run(evaluation.pk, "start", by=officer)
    chance = world.chance("evaluation")
    others = [c for c in world.communities if c.startswith(STREET) and c not in (COMMUNITY, NEIGHBOUR)]
    for community in [NEIGHBOUR, *others[:4]]:
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(0.5, 2)))
        secretary = world.staff["community_secretary", community][0]
        given = []
        for unit in departments:
            points = chance.choice((72, 84, 86, 88, 90, 92, 95))
            given.append((unit, points, chance.choice(words.DEDUCTION[:2]) if points < 80 else ""))
        give_felt_score(evaluation, by=secretary, given=given)
