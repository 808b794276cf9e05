"""Reporting: a resident's snapshot (随手拍), which needs no account, and a worker's report."""

from typing import Any

from allauth.core import ratelimit
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views import View
from django.views.decorators.http import require_safe

from governance import drafts
from governance.flow import NotYours
from governance.forms import check_photos, tell
from governance.models import User
from grids import geometry
from grids.models import Grid
from grids.places import Place, place_of
from incidents.forms.report import ReportForm
from incidents.likeness import similar, suggest_classes
from incidents.models import Incident
from incidents.services.reporting import report_incident

#: Kept in the session of somebody who has not signed in: what she has just reported.
SENT = "incidents.sent"


class Snapshot(View):
    """The form of a report. ``for=1`` is a worker's or the desk's; everyone may send the other one."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.for_others = request.GET.get("for") == "1"
        if self.for_others:
            if not request.user.is_authenticated:
                return redirect(f"{reverse('staff_login')}?{urlencode({'next': request.get_full_path()})}")
            if not request.user.has_perm("incidents.report_incident"):
                raise Http404
        response = super().dispatch(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def get(self, request: HttpRequest) -> HttpResponse:
        draft = drafts.take(request, request.path)
        return self.page(self.form(initial=draft.dict() if draft is not None else None))

    def post(self, request: HttpRequest) -> HttpResponse:
        if "change_place" in request.POST:
            drafts.keep(request, request.path)
            query = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{reverse('choose_place')}?{query}")
        form = self.form(request.POST)
        valid = form.is_valid()
        if valid:
            incident = self.send(form)
            if incident is not None:
                return self.after(incident)
        return self.page(form, status=422)

    def send(self, form: ReportForm) -> Incident | None:
        """Send the report; None with the reason in the form when it was refused."""
        request, user = self.request, self.request.user
        place = self.place()
        known = user.is_authenticated
        if not known and not ratelimit.consume(request, action="snapshot"):
            form.add_error(None, "您所在的网络上报太频繁，请过一会儿再试，或登录后上报。")
            return None
        try:
            incident, new = report_incident(
                by=user if known else User.objects.system(),
                channel="worker" if self.for_others else "resident",
                grid=place.grid if place else None,
                # A point that was just taken says more than the door one lives at.
                entrance=place.entrance if place and (place.scanned or not form.has_point) else None,
                **form.report_data(),
            )
        except NotYours:
            form.add_error(None, "这个位置不在您负责的范围内，请换成您负责的网格，或以居民身份上报。")
            return None
        except ValidationError as error:
            tell(form, error)
            return None
        if not new:
            messages.info(request, "这一条刚才已经提交过了。")
        return incident

    def after(self, incident: Incident) -> HttpResponse:
        """Lead to the incident's page; who has not signed in learns its number and how to follow it."""
        if self.request.user.is_authenticated:
            messages.success(self.request, "已上报，会有人尽快受理。")
            return redirect(incident)
        self.request.session[SENT] = {
            "number": incident.number,
            "title": incident.title,
            "phone": bool(incident.applicant_phone),
        }
        return redirect("snapshot_sent")

    def place(self) -> Place | None:
        """Return where the visitor is."""
        return place_of(self.request)

    def form(self, data: QueryDict | None = None, initial: dict[str, Any] | None = None) -> ReportForm:
        files = self.request.FILES if data is not None else None
        return ReportForm(data, files, user=self.request.user, for_others=self.for_others, initial=initial)

    def page(self, form: ReportForm, status: int = 200) -> HttpResponse:
        check_photos(form)
        place = self.place()
        context = {
            "form": form,
            "for_others": self.for_others,
            "where": place,
            "near": nearby(self.request, place.grid.code) if place and not form.is_bound else [],
        }
        return render(self.request, "incidents/report.html", context, status=status)


def nearby(request: HttpRequest, code: str, most: int = 3) -> list[Incident]:
    """Return the newest unfinished incidents of the community that concern no household, to look at before reporting."""
    rows = Incident.objects.restrict(request.user, "count").ongoing().filter(minor_class__is_public=True)
    return list(rows.filter(community_code=code[:12]).for_page().order_by("-opened_at", "-pk")[:most])


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """Say that it has arrived, under which number, and how to follow it."""
    told = request.session.get(SENT)
    if not told:
        return redirect("snapshot")
    return render(request, "incidents/sent.html", {"sent": told})


@require_safe
def look(request: HttpRequest) -> HttpResponse:
    """Say, while somebody is still writing, which class her words speak of and what alike was reported here already."""
    text = request.GET.get("description", "").replace("\0", "")[:500]
    form = ReportForm(user=request.user, for_others=False)
    chosen = next((m for m in form.minors if str(m.pk) == request.GET.get("minor_class")), None)
    suggested = suggest_classes(text, form.minors) if chosen is None else []
    place, point = place_of(request), _point(request)
    located = geometry.locate(*point) if point else None
    code = (
        place.entrance.grid_id
        if place and place.entrance and not point
        else located or (place and place.grid.code)
    )
    found = []
    minor = chosen or (suggested[0] if suggested else None)
    if code and minor is not None:
        rows = Incident.objects.restrict(request.user, "count").ongoing().filter(minor_class__is_public=True)
        found = similar(
            rows, code=code, minor_class=minor, description=text, point=point,
            entrance_id=place.entrance.pk if place and place.entrance and not point else None,
        )  # fmt: skip
    grid = Grid.objects.filter(code=located).only("name").first() if located else None
    context = {"suggested": suggested, "found": [each.incident for each in found], "located": grid}
    return render(request, "incidents/look.html", context)


def _point(request: HttpRequest) -> tuple[float, float] | None:
    try:
        point = float(request.GET.get("longitude", "")), float(request.GET.get("latitude", ""))
    except ValueError:
        return None
    return point if -180 <= point[0] <= 180 and -90 <= point[1] <= 90 else None
