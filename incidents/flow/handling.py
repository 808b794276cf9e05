"""What each action does to an incident. Every function runs inside the engine, with the incident's row locked."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from governance import files, intake, parameters, worktime
from governance.flow import AlreadyDone, Change, Refused
from governance.models import Unit, User
from governance.territory import GridLevel
from grids.models import Grid
from incidents.flow import clocks
from incidents.flow.assignees import units_over, workers_near
from incidents.models import Callback, Closing, Incident, IncidentPhoto, MinorClass
from incidents.models.incidents import DONE, IncidentStatus, Satisfaction

S = IncidentStatus
Stage = IncidentPhoto.Stage


# --- who -------------------------------------------------------------------------------------------------------------
def for_assignee(change: Change) -> None:
    """The guard of what only those do who have it in hand.

    Raises Refused for everyone else, whatever her posts.
    """
    if not change.matter.is_assignee(change.actor):
        raise Refused(f"这件事派给了{change.matter.assignee}，由承办人{change.action.label}。")


def is_assignee(incident: Incident, user: User) -> bool:
    """The ``ready`` that goes with ``for_assignee``."""
    return incident.is_assignee(user)


def by_another(change: Change) -> None:
    """The guard of a verification: never by whoever handled it.

    Raises Refused for her.
    """
    if not is_anothers(change.matter, change.actor):
        raise Refused("处置人不能核查自己的处置，请由他人核查。")


def is_anothers(incident: Incident, user: User) -> bool:
    """The ``ready`` that goes with ``by_another``: of a unit's people one may take it in and another do it; it is both's."""
    taken_in = incident.received_at
    return incident.handler_id != user.pk and not (
        taken_in and incident.steps.filter(action="receive", actor=user, at=taken_in).exists()
    )


# --- pictures --------------------------------------------------------------------------------------------------------
def keep_photos(change: Change, stage: str) -> None:
    """Keep the pictures that came with the action."""
    uploads, taken = change.data.get("photos") or [], change.data.get("captured_at")
    if uploads:
        clocks.check_captured(taken, change.now)
        files.attach(
            IncidentPhoto, uploads, by=change.actor, incident=change.matter, stage=stage, taken_at=taken
        )
        change.kept["photos"] = len(uploads)


# --- at the desk -----------------------------------------------------------------------------------------------------
def classify(change: Change) -> None:
    """Correct the class and the danger where the form says so."""
    incident: Incident = change.matter
    minor = change.data.get("minor_class")
    if minor is not None and minor.pk != incident.minor_class_id:
        if not isinstance(minor, MinorClass) or not minor.is_active:
            raise Refused("请选择启用的小类。", "minor_class")
        change.kept["was"] = incident.minor_class.code
        incident.minor_class, incident.title = minor, minor.name
    if "is_urgent" in change.data:
        incident.is_urgent = bool(change.data["is_urgent"])


def take_over(change: Change) -> None:
    """Note who received it first; she answers for it until somebody else has taken it in (首接负责)."""
    incident: Incident = change.matter
    if incident.accepted_at is None:
        incident.accepted_at, incident.first_receiver = change.now, change.actor
        if incident.minor_class.is_public and incident.published_at is None:
            incident.published_at = change.now


def accept(change: Change) -> None:
    """Accept it: classify, and take it over."""
    classify(change)
    take_over(change)


def assign(change: Change) -> None:
    """Give it to one grid worker or one unit, whose clock begins now."""
    incident: Incident = change.matter
    classify(change)
    take_over(change)
    worker, unit = change.data.get("worker"), change.data.get("unit")
    if (worker is None) == (unit is None):
        raise Refused("请选择派给哪位网格员或哪个单位。", "to")
    if worker is not None and not workers_near(incident.grid_id).filter(pk=worker.pk).exists():
        raise Refused("只能派给本社区在岗的网格员。", "to")
    if unit is not None and not units_over(incident.grid_id).filter(pk=unit.pk).exists():
        raise Refused("这个单位不在本区域内或已停用，请另选。", "to")
    put_in_hand(change, worker, unit)


def put_in_hand(change: Change, worker: User | None, unit: Unit | None) -> None:
    """Write whose it is and by when it must be taken in."""
    incident: Incident = change.matter
    incident.worker, incident.unit, incident.handler = worker, unit, None
    incident.dispatched_at, incident.received_at, incident.receive_told_at = change.now, None, None
    incident.receive_by = clocks.receive_by(change.now, incident)
    change.kept |= {"worker": worker.pk} if worker is not None else {"unit": unit.pk}
    change.told.append((incident.audience("assignee"), f"派给您：{incident.title}"))


def go_on_with(change: Change) -> None:
    """Let who takes over from a grid worker that leaves go on where she stands, with her deadline."""
    incident, leaving, taking = change.matter, change.data.get("leaving"), change.data.get("taking")
    if leaving is None or taking is None:
        raise Refused("请从工作移交里确认接手。")
    if incident.worker_id != leaving.pk:
        raise AlreadyDone
    if not workers_near(incident.grid_id).filter(pk=taking.pk).exists():
        raise Refused("接手人还没有到岗，不能接手在办的事件，请到岗以后再确认。")
    incident.worker = taking
    if incident.handler_id is not None:
        incident.handler = taking
    change.kept |= {"worker": taking.pk, "from": leaving.pk}
    if taking.pk != change.actor.pk:
        change.told.append(([taking], f"由您接着办：{incident.title}"))


def is_no_party(incident: Incident, user: User) -> bool:
    """The ``ready`` of a ruling: neither she nor a unit she handles things for has returned it."""
    units = {post.unit_id for post in user.posts_with("incidents.handle_incident")}
    names = [name[:60] for name in Unit.objects.filter(pk__in=units - {None}).values_list("name", flat=True)]
    returns = incident.steps.filter(action="return_back")
    return not returns.filter(Q(actor=user) | Q(data__assignee__in=names)).exists()


def by_no_party(change: Change) -> None:
    """The guard that goes with it. Raises Refused."""
    if not is_no_party(change.matter, change.actor):
        raise Refused("您或您的单位退回过这件事，请由其他裁定员指定。")


def designate(change: Change) -> None:
    """The arbiter names who handles it; this cannot be returned any more."""
    change.matter.designated = True
    assign(change)


def no_more_returns(change: Change) -> None:
    """The guard of an ordinary dispatch after too many returns."""
    if change.matter.status == S.DISPUTED:
        raise Refused("已多次退回，请由裁定员指定承办单位。")


def relocate(change: Change) -> None:
    """Move it to the place where it really is."""
    incident, grid = change.matter, change.data.get("grid")
    if not isinstance(grid, Grid) or grid.is_retired or grid.grid_level < GridLevel.COMMUNITY:
        raise Refused("请选择启用的社区或基础网格。", "grid")
    if grid.pk == incident.grid_id:
        raise AlreadyDone
    change.kept["from"] = incident.grid_id
    incident.grid, incident.entrance = grid, None
    incident.longitude = incident.latitude = None
    change.told.append((incident.audience("dispatchers"), f"转来：{incident.title}"))


def publish(change: Change) -> None:
    """Show it publicly: class, place to the community, progress, and words that name nobody."""
    words = (change.data.get("public_words") or "").strip()
    if len(words) > 200:
        raise Refused("公开说明不超过 200 字。", "public_words")
    change.matter.public_words = words
    change.matter.published_at = change.matter.published_at or change.now


def unpublish(change: Change) -> None:
    """Take it off the public pages."""
    change.matter.published_at, change.matter.public_words = None, ""


def release(incident: Incident) -> None:
    """Take it out of everybody's hands."""
    incident.worker = incident.unit = incident.handler = None
    incident.receive_by = incident.received_at = None
    incident.designated = False


def recall(change: Change) -> None:
    """Take it back from whoever has it, to dispatch it anew."""
    change.told.append((change.matter.audience("assignee"), f"已收回：{change.matter.title}"))
    release(change.matter)


def refer(change: Change) -> None:
    """Hand what is really another app's matter to that app, by the front door; both keep the link."""
    kind, _, choice = (change.data.get("to") or "").partition(":")
    if kind not in intake.kinds() or kind == "incident":
        raise Refused("请选择转到哪里。", "to")
    other = intake.refer(change.matter, kind, by=change.actor, choice=choice)
    change.kept["number"] = other.number
    change.matter.published_at = None


# --- in hand ---------------------------------------------------------------------------------------------------------
def receive(change: Change) -> None:
    """Take it in: from here on the handler answers for it."""
    change.matter.handler, change.matter.received_at = change.actor, change.now


def return_back(change: Change) -> None:
    """Give it back as not ours; after so many times the arbiter decides."""
    incident: Incident = change.matter
    if incident.designated:
        raise Refused("这件事由裁定员指定承办，不能再退回。")
    change.kept |= {"by": incident.unit_id or incident.worker_id, "assignee": incident.assignee[:60]}
    incident.returns += 1
    release(incident)
    disputed = incident.returns >= parameters.value("incidents.returns_most")
    change.status = S.DISPUTED if disputed else S.RETURNED
    if disputed:
        change.told.append((incident.audience("arbiters"), f"请裁定承办单位：{incident.title}"))


def contacted(change: Change) -> None:
    """Note when the reporter was first spoken to: the rate of response counts it."""
    change.matter.responded_at = change.matter.responded_at or change.now


def handle(change: Change) -> None:
    """Say that it is done, with a picture where the class asks for one."""
    incident: Incident = change.matter
    if incident.minor_class.needs_photo and not change.data.get("photos"):
        raise Refused("这一类事件办结须有处置后的照片，请拍照上传。", "photos")
    keep_photos(change, Stage.HANDLED)
    incident.handled_at, incident.handled_due = change.now, incident.due_at
    if incident.paused_at is not None and incident.due_at is not None:
        left = worktime.between(incident.paused_at, incident.due_at)
        incident.handled_due = worktime.add(change.now, left)
    incident.handler = change.actor


def handle_oneself(change: Change) -> None:
    """A worker put right on the spot what she found: it goes to verification at once."""
    take_over(change)
    change.matter.worker, change.matter.unit = change.actor, None
    change.matter.received_at = change.now
    handle(change)
    change.matter.handled_due = None


def put_off(change: Change) -> None:
    """Put it on the list of what takes long (挂账), with a day on which it is looked at again."""
    day = change.data.get("until")
    if not isinstance(day, date) or not timezone.localdate() < day <= timezone.localdate() + timedelta(
        days=730
    ):
        raise Refused("请选择明天以后、两年以内的日期。", "until")
    change.matter.backlog_until = day
    change.kept["until"] = day.isoformat()


def take_up(change: Change) -> None:
    """Take it off that list."""
    change.matter.backlog_until = None


def supervise(change: Change) -> None:
    """Put it under supervision (督办)."""
    if change.matter.supervised_at is not None:
        raise AlreadyDone
    change.matter.supervised_at = change.now


def unsupervise(change: Change) -> None:
    """End the supervision."""
    change.matter.supervised_at = None


def ask_extension(change: Change) -> None:
    """Ask the desk for more time; only the desk gives it."""
    hours = change.data.get("hours")
    if not isinstance(hours, int) or not 1 <= hours <= 400:
        raise Refused("请填写需要延长的工作小时数，1 到 400。", "hours")
    change.kept["hours"] = hours


# --- the end ---------------------------------------------------------------------------------------------------------
def verify_pass(change: Change) -> None:
    """Find it done: it is closed, and a line of the figures is written."""
    incident: Incident = change.matter
    still_open = incident.parts.filter(closed_at=None).count()
    if still_open:
        raise Refused(f"还有 {still_open} 件拆分的事项没有办结，请等都办结后再结案。")
    keep_photos(change, Stage.VERIFIED)
    incident.reopen_until = change.now + timedelta(days=parameters.value("incidents.reopen_days"))
    incident.supervised_at = None
    change.after.append(write_closing)


def write_closing(change: Change) -> None:
    """Write the closing's line of the figures."""
    incident: Incident = change.matter
    Closing.objects.create(
        incident=incident,
        grid_id=incident.grid_id,
        at=change.now,
        opened_at=incident.opened_at,
        handled_at=incident.handled_at,
        due_at=incident.handled_due,
        on_time=incident.handled_due is None or incident.handled_at <= incident.handled_due,
        minor_class=incident.minor_class,
        unit_id=incident.unit_id,
        worker_id=incident.worker_id,
        channel=incident.channel,
        verified_by=change.actor,
    )


def verify_fail(change: Change) -> None:
    """Find it not done: back to whoever handled it."""
    keep_photos(change, Stage.VERIFIED)
    change.matter.rework += 1
    change.matter.handled_at = change.matter.handled_due = None
    change.told.append((change.matter.audience("assignee"), f"核查不通过：{change.matter.title}"))


def may_reopen(incident: Incident, user: User) -> bool:
    """The ``ready`` of opening it again: within the set time, for whoever reported it or may verify it."""
    return incident.reopen_until is not None and incident.reopen_until > timezone.now()


def reopen(change: Change) -> None:
    """Open it again: to whoever had it, or to the desk."""
    incident: Incident = change.matter
    if not may_reopen(incident, change.actor):
        days = parameters.value("incidents.reopen_days")
        raise Refused(f"结案已超过 {days} 天，不能重新办理；如又发生，请重新上报。")
    incident.reopened += 1
    incident.handled_at = incident.handled_due = incident.reopen_until = None
    incident.solved = incident.satisfaction = None
    incident.rating_words = ""
    if incident.unit_id is not None and incident.unit.is_active:
        put_in_hand(change, None, incident.unit)
    elif (
        incident.worker_id is not None
        and workers_near(incident.grid_id).filter(pk=incident.worker_id).exists()
    ):
        put_in_hand(change, incident.worker, None)
    else:
        release(incident)
    change.status = S.DISPATCHED if incident.unit_id or incident.worker_id else S.ACCEPTED


def can_rate(incident: Incident, user: User) -> bool:
    """The ``ready`` of the reporter's answer: hers is closed, or the one it was merged into is; once.

    Nobody says how well she handled what she reported herself.
    """
    if incident.satisfaction is not None or not is_anothers(incident, user):
        return False
    return incident.status == S.CLOSED or (
        incident.status == S.MERGED and incident.merged_into.status in DONE
    )


def judges_her_own(incident: Incident, user: User) -> bool:
    """Say whether a reporter's answer is about her own office's work: kept, and no part of any figure."""
    lead = incident.merged_into if incident.merged_into_id else incident
    return (
        lead.handler_id == user.pk
        or lead.is_assignee(user)
        or lead.closings.filter(verified_by=user).exists()
    )


def rate(change: Change) -> None:
    """Keep the reporter's answer, and count it among the calls back."""
    incident: Incident = change.matter
    if not is_anothers(incident, change.actor):
        raise Refused("这件事是您自己处置的，不用评价。")
    if not can_rate(incident, change.actor):
        raise Refused("现在还不能评价。")
    _answer(change.data)
    if len(change.note) > 500:
        raise Refused("评价不超过 500 字。", "note")
    incident.solved, incident.satisfaction = change.data["solved"], int(change.data["satisfaction"])
    incident.rating_words = change.note
    change.kept |= {"solved": incident.solved, "satisfaction": incident.satisfaction}
    change.status = S.MERGED if incident.status == S.MERGED else S.RATED
    counted = not _was_asked(incident) and not judges_her_own(incident, change.actor)
    change.after.append(lambda done: write_callback(done, reached=True, counted=counted, words=done.note))


def may_call_back(incident: Incident, user: User) -> bool:
    """The ``ready`` of a call back: there is a number, and neither end of the line is whoever handled or reported it."""
    return bool(incident.applicant_phone) and incident.applicant_id != user.pk and is_anothers(incident, user)


def call_back(change: Change) -> None:
    """Keep what the reporter said on the phone, asked by somebody else than whoever handled or reported it."""
    data = change.data
    if change.matter.applicant_id == change.actor.pk:
        raise Refused("这件事是您自己报的，请由他人回访。")
    if not is_anothers(change.matter, change.actor):
        raise Refused("处置人不能回访自己办的事，请由他人回访。")
    if not isinstance(data.get("reached"), bool):
        raise Refused("请选择是否联系上。", "reached")
    if data["reached"]:
        _answer(data)
    else:
        data["solved"] = data["satisfaction"] = None
    counted = data.get("counted", True)
    if not counted and not change.note:
        raise Refused("不纳入考核的，请写明原因。", "note")
    if counted and data["reached"] and _was_asked(change.matter):
        raise Refused("这次结案已有纳入考核的回访或评价，请改为不纳入考核。", "counted")
    change.kept |= {"reached": data["reached"], "counted": counted}
    change.after.append(
        lambda done: write_callback(done, reached=data["reached"], counted=counted, words=done.note)
    )


def _answer(data: dict[str, Any]) -> None:
    if not isinstance(data.get("solved"), bool):
        raise Refused("请选择是否解决。", "solved")
    if data.get("satisfaction") not in Satisfaction.values:
        raise Refused("请选择满意度。", "satisfaction")


def _was_asked(incident: Incident) -> bool:
    """Say whether the reporter has answered, so that it counts, since the last closing."""
    rows = incident.callbacks.filter(reached=True, counted=True)
    last = incident.closings.order_by("-at").values_list("at", flat=True).first()
    return rows.filter(at__gte=last).exists() if last else rows.exists()


def write_callback(change: Change, *, reached: bool, counted: bool, words: str) -> None:
    """Write the line of the figures."""
    incident: Incident = change.matter
    lead = incident.merged_into if incident.merged_into_id else incident
    Callback.objects.create(
        incident=incident,
        grid_id=incident.grid_id,
        at=change.now,
        by=change.actor,
        reached=reached,
        solved=change.data["solved"],
        satisfaction=change.data["satisfaction"],
        counted=counted,
        words=words[:500],
        minor_class=incident.minor_class,
        unit_id=lead.unit_id,
        channel=incident.channel,
    )


# --- the reporter ------------------------------------------------------------------------------------------------------
def supplement(change: Change) -> None:
    """Add words and pictures to what was reported."""
    if not change.note and not change.data.get("photos"):
        raise Refused("请写补充说明，或补照片。", "note")
    if change.matter.photos.count() + len(change.data.get("photos") or []) > 30:
        raise Refused("这件事的照片已经很多，请只写说明。", "photos")
    keep_photos(change, Stage.REPORTED)


def urge(change: Change) -> None:
    """Remind whoever has it, once in a day."""
    last = change.matter.steps.filter(action="urge").order_by("-seq").values_list("at", flat=True).first()
    if last is not None and change.now - last < timedelta(hours=24):
        raise Refused("24 小时内已经催办过，请耐心等待。")
    who = "assignee" if change.matter.assignee else "dispatchers"
    change.told.append((change.matter.audience(who), f"催办：{change.matter.title}"))


# --- time --------------------------------------------------------------------------------------------------------------
def tell_unreceived(change: Change) -> None:
    """Say that nobody took it in within the time for it."""
    if change.matter.receive_told_at is not None:
        raise AlreadyDone
    change.matter.receive_told_at = change.now
    change.note = f"{change.matter.assignee}未在时限内接收。"
    change.told += [
        (change.matter.audience("assignee"), f"请尽快接收：{change.matter.title}"),
        (change.matter.audience("dispatchers"), f"接收超时：{change.matter.title}"),
    ]
