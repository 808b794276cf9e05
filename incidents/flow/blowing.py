"""What each action does to a whistle and the slips of it. Every function runs inside the engine, with the whistle's row locked;
a slip that somebody is just working on is not waited for."""

from collections.abc import Iterable
from typing import Any

from django.db import OperationalError, transaction

from governance import files, notices
from governance.flow import AlreadyDone, Change, Refused
from governance.models import Unit, User
from incidents.flow import whistle_clocks
from incidents.models import (
    Colour,
    Round,
    SlipStatus,
    Whistle,
    WhistlePhoto,
    WhistleSituation,
    WhistleSlip,
    WhistleStatus,
)
from incidents.models.whistles import UNANSWERED, departments_over

S = WhistleStatus
Part = WhistleSlip.Part
#: Departments that one whistle calls, at most.
MOST_UNITS = 15


# --- what is called for ------------------------------------------------------------------------------------------------
def describe(whistle: Whistle, data: dict[str, Any]) -> list[Unit]:
    """Put situation, colour and departments from ``data`` into the whistle, with the situation's own where a choice was left
    open. Returns the assisting departments, who are to be kept once the whistle is saved.

    Raises Refused at the field it concerns.
    """
    situation = data.get("situation") or (whistle.situation if whistle.situation_id else None)
    if not isinstance(situation, WhistleSituation) or not situation.is_active:
        raise Refused("请选择启用的情形。", "situation")
    whistle.situation, whistle.title = situation, situation.name
    colour = data.get("colour") or situation.colour
    if colour not in Colour.values:
        raise Refused("请选择红色、黄色或蓝色。", "colour")
    whistle.colour = colour
    lead, assisting = data.get("lead") or situation.lead, list(data.get("assisting") or [])
    if lead is None:
        raise Refused("这个情形没有默认的牵头部门，请选择。", "lead")
    whistle.unit = lead
    assisting = [unit for unit in dict.fromkeys(assisting) if unit != lead]
    check_departments(whistle.grid_id, [lead, *assisting])
    return assisting


def check_departments(code: str, units: Iterable[Unit]) -> None:
    """Raise Refused unless all of these are active departments that a street here may call."""
    wanted = {unit.pk: unit for unit in units}
    if len(wanted) > MOST_UNITS:
        raise Refused(f"一次最多吹 {MOST_UNITS} 个部门。", "assisting")
    known = set(departments_over(code).filter(pk__in=wanted).values_list("pk", flat=True))
    strange = [unit.name for key, unit in wanted.items() if key not in known]
    if strange:
        raise Refused(f"{'、'.join(strange)}不在本区域内或已停用，请另选。", "lead")


def keep_photos(change: Change, stage: str) -> None:
    """Keep the pictures that came with the action."""
    uploads = change.data.get("photos") or []
    if uploads:
        files.attach(WhistlePhoto, uploads, by=change.actor, whistle=change.matter, stage=stage)
        change.kept["photos"] = len(uploads)


# --- blowing -----------------------------------------------------------------------------------------------------------
def blow(change: Change) -> None:
    """Blow: the departments get their slips, or, on a second whistle, the district's heads the call."""
    whistle: Whistle = change.matter
    whistle.blown_at, whistle.blown_by = change.now, change.actor
    if whistle.round == Round.SECOND:
        change.status = S.CALLED
        change.told.append((whistle.audience("answerers"), f"二次哨，请报到：{whistle.title}"))
        return
    if "situation" in change.data:
        assisting = describe(whistle, change.data)
    else:
        assisting = list(whistle.assisting.all())
        check_departments(whistle.grid_id, [whistle.unit, *assisting])
    change.status = S.BLOWN
    change.kept["colour"] = whistle.colour
    whistle.unit_ids = sorted({whistle.unit_id, *(unit.pk for unit in assisting)})

    def send(done: Change) -> None:
        whistle.assisting.set(assisting)
        send_slips(done, [(whistle.unit, Part.LEAD), *((unit, Part.ASSIST) for unit in assisting)])
        tell_raisers(whistle, "街道已吹哨，请相关部门来办")

    change.after.append(send)


def send_slips(change: Change, called: Iterable[tuple[Unit, str]]) -> None:
    """Give each department its slip, whose clock begins now."""
    whistle: Whistle = change.matter
    for unit, part in called:
        WhistleSlip.flow.open_matter(
            WhistleSlip(
                grid=whistle.grid,
                title=whistle.title,
                description=whistle.description,
                channel=whistle.channel,
                placed_by=change.actor,
                whistle=whistle,
                unit=unit,
                part=part,
                report_by=whistle_clocks.report_by(change.now, whistle.colour),
                settle_by=whistle_clocks.settle_by(change.now, whistle.colour),
            ),
            by=change.actor,
            label="吹哨",
            note=f"{whistle.get_colour_display()}响应，{Part(part).label}。",
            tell=("department",),
            clock=whistle_clocks.REPORT,
        )


def call_more(change: Change) -> None:
    """Call further departments, or another one to lead where the leading one was released."""
    whistle: Whistle = change.matter
    units = [unit for unit in dict.fromkeys(change.data.get("units") or []) if isinstance(unit, Unit)]
    if not units:
        raise Refused("请选择要增派的部门。", "units")
    check_departments(whistle.grid_id, units)
    living = list(whistle.slips.ongoing())
    there = {slip.unit_id for slip in living}
    known = [unit.name for unit in units if unit.pk in there]
    if known:
        raise Refused(f"{'、'.join(known)}已经有哨单。", "units")
    if len(there) + len(units) > MOST_UNITS:
        raise Refused(f"一次最多吹 {MOST_UNITS} 个部门。", "units")
    led = any(slip.part == Part.LEAD for slip in living)
    if not led:
        whistle.unit = units[0]
    called = [(unit, Part.LEAD if not led and unit == units[0] else Part.ASSIST) for unit in units]
    whistle.unit_ids = sorted({*whistle.unit_ids, *(unit.pk for unit in units)})
    change.kept["units"] = [unit.name for unit in units]
    change.note = change.note or f"增派{'、'.join(unit.name for unit in units)}。"
    change.after.append(lambda done: send_slips(done, called))
    change.after.append(lambda done: whistle.assisting.add(*(u for u, part in called if part == Part.ASSIST)))


def answer(change: Change) -> None:
    """A head of the district reports in to a second whistle, and may name departments who then get slips of it."""
    whistle: Whistle = change.matter
    whistle.answered_at, whistle.answered_by = change.now, change.actor
    lead, assisting = change.data.get("lead"), list(change.data.get("assisting") or [])
    if lead is None and assisting:
        raise Refused("请选择由哪个部门牵头。", "lead")
    change.told.append((whistle.audience("verifiers"), f"区级领导已报到：{whistle.title}"))
    if lead is None:
        change.status = S.VERIFYING
        return
    assisting = [unit for unit in dict.fromkeys(assisting) if unit != lead]
    check_departments(whistle.grid_id, [lead, *assisting])
    whistle.unit, change.status = lead, S.BLOWN
    whistle.unit_ids = sorted({*whistle.unit_ids, lead.pk, *(unit.pk for unit in assisting)})
    change.after.append(
        lambda done: send_slips(done, [(lead, Part.LEAD), *((unit, Part.ASSIST) for unit in assisting)])
    )
    change.after.append(lambda done: whistle.assisting.set(assisting))


# --- the departments have answered ---------------------------------------------------------------------------------------
def gather(change: Change) -> None:
    """Go on to the verification once no department is left to answer, and at least one did."""
    living = change.matter.slips.ongoing()
    if (
        living.filter(status__in=UNANSWERED).exists()
        or not living.filter(status=SlipStatus.FED_BACK).exists()
    ):
        raise AlreadyDone


def gather_if_all_answered(key: int) -> None:
    """Ask the whistle to go on, from a slip whose own change is saved. Two last answers at once wait for each other here, so
    that the later one sees the earlier."""
    Whistle.objects.select_for_update().get(pk=key)
    if Whistle.objects.filter(pk=key, status=S.BLOWN).exists():
        Whistle.flow.run(key, "gather", by=User.objects.system())


# --- verifying -----------------------------------------------------------------------------------------------------------
def slips_of(whistle: Whistle, *states: str) -> list[WhistleSlip]:
    """Return the whistle's slips in these states, locked; raises Refused where somebody is just working on one."""
    try:
        with transaction.atomic():
            rows = whistle.slips.filter(status__in=states).select_for_update(of=("self",), nowait=True)
            return list(rows.select_related("unit").order_by("pk"))
    except OperationalError as busy:
        raise Refused("有部门正在办理哨单，请过一会儿再试。") from busy


def verified(change: Change) -> list[WhistleSlip]:
    """Keep who looked, the reason and the pictures; returns the slips that are decided with it."""
    whistle: Whistle = change.matter
    left = whistle.slips.filter(status__in=UNANSWERED).count()
    if left:
        raise Refused(f"还有 {left} 个部门没有反馈，不能核实。")
    if not change.data.get("photos"):
        raise Refused("请上传现场核实的照片。", "photos")
    keep_photos(change, WhistlePhoto.Stage.VERIFIED)
    whistle.verified_at, whistle.verified_by = change.now, change.actor
    whistle.result = change.note
    return slips_of(whistle, SlipStatus.FED_BACK)


def verify_pass(change: Change) -> None:
    """Find it settled: each department's part is accepted, and those who raised it are told."""
    for slip in verified(change):
        decide(change, slip, passed=True)
    change.after.append(lambda done: tell_raisers(done.matter, "街道吹哨的事已办结", done.note))


def verify_fail(change: Change) -> None:
    """Find it not settled, by the fault of the departments that ``failed`` names."""
    whistle: Whistle = change.matter
    slips = verified(change)
    failed = {unit.pk for unit in change.data.get("failed") or []}
    if slips and not failed & {slip.unit_id for slip in slips}:
        raise Refused("请选择哪些部门没有办到位。", "failed")
    for slip in slips:
        decide(change, slip, passed=slip.unit_id not in failed)
    change.kept["failed"] = [slip.unit.name for slip in slips if slip.unit_id in failed]
    if whistle.round == Round.SECOND:
        change.status = S.CALLED
        change.told.append((whistle.audience("answerers"), f"核实未通过，请再报到：{whistle.title}"))
    else:
        change.status = S.FAILED


def decide(change: Change, slip: WhistleSlip, *, passed: bool) -> None:
    """Write the street's word on one department's part."""
    name = "accept_result" if passed else "fail_result"
    change.after.append(lambda done: WhistleSlip.flow.run(slip.pk, name, by=done.actor, note=done.note))


def blow_again(change: Change) -> None:
    """Blow the second whistle, to the district's heads; the first one is over with it."""
    change.after.append(open_second)


def open_second(change: Change) -> None:
    """Open the second whistle of a first one, and blow it."""
    first: Whistle = change.matter
    second = Whistle.flow.open_matter(
        Whistle(
            grid=first.grid,
            title=first.title,
            description=f"{change.note}\n\n一次哨 {first.number}：{first.description}"[:2000],
            channel=first.channel,
            placed_by=first.placed_by,
            round=Round.SECOND,
            parent_id=first.pk,
            situation=first.situation,
            colour=first.colour,
            unit=first.unit,
        ),
        by=change.actor,
        label="起草",
    )
    second.incidents.set(first.incidents.all())
    Whistle.flow.run(second, "blow", by=change.actor)


# --- giving up -----------------------------------------------------------------------------------------------------------
def is_proposer(whistle: Whistle, user: User) -> bool:
    """The ``ready`` of taking one's proposal back."""
    return whistle.placed_by_id == user.pk


def for_proposer(change: Change) -> None:
    """The guard that goes with it."""
    if not is_proposer(change.matter, change.actor):
        raise Refused("由提请人撤回。")


def withdraw(change: Change) -> None:
    """Take the whistle back: no department has to come any more."""
    for slip in slips_of(change.matter, *UNANSWERED, SlipStatus.FED_BACK):
        change.after.append(
            lambda done, slip=slip: WhistleSlip.flow.run(slip.pk, "withdraw", by=done.actor, note=done.note)
        )
    change.after.append(lambda done: tell_raisers(done.matter, "街道撤回了吹哨"))


# --- those who raised it -------------------------------------------------------------------------------------------------
def tell_raisers(whistle: Whistle, news: str, words: str = "") -> None:
    """Tell those who reported the incidents behind the whistle, each under the number of her own; no department's people are
    named."""
    for incident in whistle.incidents.select_related("minor_class", "applicant").with_place()[:200]:
        for raised in (incident, *incident.echoes()):
            people = {p.pk: p for p in (*raised.audience("applicant"), *raised.audience("reporter"))}
            notices.tell_of(raised, people.values(), f"{raised.title}：{news}", note=words[:200])
            if not raised.applicant_id:
                notices.text_of(raised, news)
