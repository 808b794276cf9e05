"""Taking a report down at the desk: somebody calls or comes by, a hotline or a higher level hands it down, people write it in
public. What is likely the same thing is shown before it is sent, and nothing that was typed is lost over it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from governance.admin.verbs import verb_page
from governance.flow import NotYours
from governance.forms import check_photos
from governance.permissions import rule_of
from grids.models import Entrance
from incidents.admin.forms import DeskIncidentForm
from incidents.likeness import Likeness, similar
from incidents.models import Incident
from incidents.services.reporting import report_incident


def doors(user: Any) -> QuerySet[Entrance]:
    """Return the doors where a person may report by a post."""
    rows = Entrance.objects.filter(grid__valid_until=None)
    if user.is_superuser:
        return rows
    nodes = [(p.code, None) for p in user.posts_with("incidents.report_incident")]
    return rows.filter(rule_of(Entrance).nodes_q(nodes)) if nodes else rows.none()


def alike(user: Any, given: dict[str, Any]) -> list[Likeness]:
    """Return what the person sees already that may be the same thing as what she is writing down."""
    door, grid, minor = given.get("entrance"), given.get("grid"), given.get("minor_class")
    if minor is None or (door is None and grid is None):
        return []
    return similar(
        Incident.objects.restrict(user).ongoing(),
        code=door.grid_id if door is not None else grid.pk,
        minor_class=minor,
        description=given.get("description") or "",
        spot=given.get("spot") or "",
        entrance_id=door.pk if door is not None else None,
    )


def take_down(admin: Any, request: HttpRequest) -> HttpResponse:
    """Show the form, show what is alike, and report."""
    if not admin.has_add_permission(request):
        raise Http404
    sent = request.method == "POST"
    form = DeskIncidentForm(
        request.POST if sent else None,
        request.FILES if sent else None,
        admin=admin,
        request=request,
    )
    shown: dict[str, Any] = {"alike_url": admin.link(None, "alike"), "found": []}

    def run(given: dict[str, Any]) -> HttpResponse:
        found = alike(request.user, given)
        seen = set(request.POST.getlist("seen"))
        if any(str(each.incident.pk) not in seen for each in found):
            shown.update(found=lines(admin, found), button="仍要登记")
            again = "照片要重新选择。" if given["photos"] else ""
            raise ValidationError(
                f"可能已经登记过，还没有提交。请看下面相似的事件，不是同一件再点“仍要登记”。{again}"
            )
        try:
            incident, new = report_incident(by=request.user, **form.report_data())
        except NotYours:
            raise ValidationError({"grid": "这个地点不在您的管辖范围内，请重新选择。"}) from None
        return answer(admin, request, incident, new)

    if sent and form.is_valid() is False:
        check_photos(form)
    return verb_page(
        admin,
        request,
        title="登记事件",
        form=form,
        run=run,
        done="",
        back=admin.link(None, "changelist"),
        hint="居民打电话、到社区来，热线和上级转来，网上看到的，都在这里登记；登记后照常受理、派遣。",
        button="登记",
        template="incidents/desk_intake.html",
        extra=shown,
    )


def answer(admin: Any, request: HttpRequest, incident: Incident, new: bool) -> HttpResponse:
    """Lead to the incident, or say why not when its number was taken in before at a place out of reach."""
    if not Incident.objects.restrict(request.user).filter(pk=incident.pk).exists():
        admin.message_user(request, "这个编号以前已登记，由别处办理，不在您的管辖范围内。", messages.WARNING)
        return HttpResponseRedirect(admin.link(None, "changelist"))
    if new:
        admin.message_user(request, "已登记，请继续受理和派遣。")
    elif not request.POST.get("number"):
        admin.message_user(request, "这一件刚才已经登记过了。", messages.WARNING)
    else:
        admin.message_user(request, "这个编号以前已登记，这就是那一件；没有重复登记。", messages.WARNING)
    return HttpResponseRedirect(admin.link(incident))


def lines(admin: Any, found: list[Likeness]) -> list[dict[str, Any]]:
    """Return what the page says of the incidents that are alike."""
    return [
        {
            "pk": each.incident.pk,
            "url": admin.link(each.incident),
            "title": each.incident.title,
            "number": each.incident.number,
            "where": each.incident.where,
            "words": each.incident.description[:80],
            "status": each.incident.get_status_display(),
            "tone": admin.tones.get(each.incident.status, "quiet"),
            "at": each.incident.opened_at,
            "reasons": "、".join(each.reasons),
        }
        for each in found
    ]


def alike_part(admin: Any, request: HttpRequest) -> HttpResponse:
    """Answer, while somebody is still writing, with what is alike so far."""
    if not admin.has_add_permission(request):
        raise Http404
    form = DeskIncidentForm(request.GET, admin=admin, request=request)
    form.is_valid()
    found = lines(admin, alike(request.user, form.cleaned_data))
    return render(request, "incidents/desk_alike.html", {"found": found})
