"""Reporting: a resident's snapshot (随手拍), which needs no account, and a worker's report."""

from collections import Counter
from datetime import timedelta
from typing import Any

from allauth.core import ratelimit
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views import View
from django.views.decorators.http import require_safe

from governance import drafts, outbox
from governance.flow import NotYours
from governance.forms import check_photos, tell
from governance.models import User
from governance.views import Kept
from grids import geometry
from grids.models import Grid
from grids.needs import Found, found_in
from grids.places import Place, detour, noted, place_of, recalled
from incidents.forms.report import ReportForm
from incidents.likeness import similar, suggest_classes
from incidents.models import Incident
from incidents.services.reporting import report_incident

#: Kept in the session of somebody who has not signed in: what she has just reported.
SENT = "incidents.sent"
#: How many days, and how many reports, tell which classes a place reports most.
LATELY, MOST_COUNTED = timedelta(days=30), 300


class Snapshot(Kept, View):
    """The form of a report. ``for=1`` is a worker's or the desk's; everyone may send the other one. It may begin with what a look-in found
    (grids/needs.py)."""

    found: Found | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.for_others = request.GET.get("for") == "1"
        if self.for_others:
            if not request.user.is_authenticated:
                if outbox.asked(request):
                    return outbox.signed_out()
                return redirect(f"{reverse('staff_login')}?{urlencode({'next': request.get_full_path()})}")
            if not request.user.has_perm("incidents.report_incident"):
                raise Http404
        response = super().dispatch(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def get(self, request: HttpRequest) -> HttpResponse:
        draft = drafts.take(request, request.path)
        typed = draft.dict() if draft is not None else {}
        # Where something was typed, that goes before, and another place may have been chosen.
        if draft is None and self.for_others and (found := found_in(request)):
            self.found, typed = found, {"description": found.words, "spot": found.room}
        return self.page(self.form(initial={**typed, "where": noted(self.place())}))

    def post(self, request: HttpRequest) -> HttpResponse:
        if away := detour(request):
            return away
        form = self.form(request.POST)
        valid = form.is_valid()
        if valid:
            incident = self.send(form)
            if incident is not None:
                return self.after(incident)
        # Looking into pictures costs more than the rest of the page; for strangers there is an end to it.
        if request.user.is_authenticated or ratelimit.consume(request, action="snapshot_try"):
            check_photos(form)
        return outbox.refused(form) if outbox.asked(request) else self.page(form, status=422)

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
        self.new = new
        return incident

    def after(self, incident: Incident) -> HttpResponse:
        """Lead to the incident's page; who has not signed in learns its number and how to follow it."""
        if self.request.user.is_authenticated:
            said = "已上报，会有人尽快受理。" if self.new else "这一条刚才已经提交过了。"
            return self.carried_out(incident.get_absolute_url(), said)
        self.request.session[SENT] = {
            "number": incident.number,
            "title": incident.title,
            "phone": bool(incident.applicant_phone),
            "community": incident.grid_id[:12],
        }
        return redirect("snapshot_sent")

    def place(self) -> Place | None:
        """Return where the visitor is: of what is sent, where she was when she wrote it."""
        if not hasattr(self, "_place"):
            note = self.request.POST.get("where", "")
            self._place = recalled(self.request, note) if note else None
            self._place = self._place or (self.found.place if self.found else place_of(self.request))
        return self._place

    def form(self, data: QueryDict | None = None, initial: dict[str, Any] | None = None) -> ReportForm:
        files, place = self.request.FILES if data is not None else None, self.place()
        return ReportForm(
            data,
            files,
            user=self.request.user,
            for_others=self.for_others,
            often=most_reported(self.request, place.grid.code) if place else (),
            initial=initial,
        )

    def page(self, form: ReportForm, status: int = 200) -> HttpResponse:
        place = self.place()
        context = {
            "form": form,
            "for_others": self.for_others,
            "works": self.for_others,
            "where": place,
            "no_place": form.is_bound and place is None and not form.has_point,
            "near": nearby(self.request, place.grid.code) if place and not form.is_bound else [],
        }
        return render(self.request, "incidents/report.html", context, status=status)


def most_reported(request: HttpRequest, code: str) -> list[int]:
    """Return the keys of the minor classes that were reported in this community lately, the most frequent first."""
    rows = Incident.objects.restrict(request.user, "count").filter(community_code=code[:12])
    lately = rows.filter(opened_at__gte=timezone.now() - LATELY).order_by("-opened_at", "-pk")
    counted = Counter(lately.values_list("minor_class", flat=True)[:MOST_COUNTED])
    return [key for key, _ in counted.most_common()]


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
    community = Grid.objects.filter(code=told.get("community", "")).only("name", "phone").first()
    return render(request, "incidents/sent.html", {"sent": told, "community": community})


@require_safe
def look(request: HttpRequest) -> HttpResponse:
    """Say, while somebody is still writing, which class her words speak of and what alike was reported here already."""
    text = request.GET.get("description", "").replace("\0", "")[:500]
    form = ReportForm(user=request.user, for_others=False)
    wanted = request.GET.get("minor_class") or request.GET.get("quick")
    chosen = next((m for m in form.minors if str(m.pk) == wanted), None)
    suggested = suggest_classes(text, form.minors) if chosen is None else []
    place, point = recalled(request, request.GET.get("where", "")) or place_of(request), _point(request)
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
        # Others' words are not compared: who may not read them could guess at them, two characters at a time.
        found = similar(
            rows, code=code, minor_class=minor, point=point,
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
