"""How a care plan is told at the desk: its colour, how it stands, who answers for it, and what has happened."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from governance import masks
from governance.templatetags import ui
from grids.models import CareAlarm, CarePlan, CareStep, CareVisit

#: Lines of the timeline.
MOST_LINES = 60


def names_of(plan: CarePlan) -> str:
    """Return who answers for a plan of the list with ``carers_now``."""
    return "、".join(masks.person(each.user) for each in plan.carers_now)


def colour_words(plan: CarePlan) -> str:
    """Return a plan's colour as a dot and in words. No chip: it is how often, not how urgent."""
    return format_html(
        '<span class="cg-dot cg-dot_{}"></span>{} · {}',
        plan.colour,
        plan.get_colour_display(),
        plan.frequency,
    )


def state_chip(plan: CarePlan) -> str:
    """Return how a plan stands, in words."""
    if plan.ended_on is not None:
        return ui.chip(f"{date_format(plan.ended_on)} 结束")
    if plan.days_late:
        return ui.chip(plan.late_words, "danger")
    today = plan.due_on == timezone.localdate()
    return ui.chip("今天到期", "caution") if today else ui.chip(plan.due_words, "good")


def timeline(plan: CarePlan, user: Any) -> list[dict[str, Any]]:
    """Return the newest of what happened to a plan: look-ins, presses of a button, changes. Three statements."""
    lines = [
        {
            "at": visit.visited_at,
            "label": f"探视：{visit.get_outcome_display()}",
            "who": f"{masks.person(visit.by)} · {visit.get_way_display()}",
            "words": "、".join(visit.items),
            "note": visit.note,
        }
        for visit in CareVisit.objects.restrict(user).filter(plan=plan).select_related("by")[:MOST_LINES]
    ]
    lines += [
        {
            "at": step.at,
            "label": step.get_kind_display(),
            "who": masks.person(step.by),
            "words": step.words,
            "note": step.reason,
        }
        for step in CareStep.objects.restrict(user).filter(plan=plan).select_related("by")[:MOST_LINES]
    ]
    alarms = (
        CareAlarm.objects.restrict(user).filter(plan=plan).select_related("device", "content_type", "first")
    )
    lines += [
        {
            "at": alarm.at,
            "label": "求助" if alarm.first_id is None else "又按了一次",
            "who": f"设备 {alarm.device.serial}",
            "words": f"通知了 {alarm.rung} 人" if alarm.first_id is None else "",
            "note": "" if alarm.number or alarm.first_id else "没有开成事件，请手工上报。",
            "number": alarm.number,
            "url": desk_url(alarm),
            "alarm": True,
        }
        for alarm in alarms[:MOST_LINES]
    ]
    return sorted(lines, key=lambda line: line["at"], reverse=True)[:MOST_LINES]


def desk_url(alarm: CareAlarm) -> str:
    """Return where the incident of a press is found at the desk; empty for none."""
    if alarm.content_type is None:
        return ""
    kind = alarm.content_type
    return reverse(f"admin:{kind.app_label}_{kind.model}_change", args=[alarm.object_id])
