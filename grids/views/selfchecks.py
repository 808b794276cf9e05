"""A shop's own safety check, by the code that hangs there and without an account; the same by a worker; and what is to be mended."""

from typing import Any

from allauth.core import ratelimit
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views import View
from django.views.decorators.http import require_POST, require_safe

from governance import drafts, intake, outbox, parameters
from governance.flow import NotYours
from governance.forms import check_photos, tell
from governance.slices import page_of
from governance.views import Kept, SignedIn
from grids import notice, qr
from grids.forms.patrols import MENDED, HazardForm, SelfCheckForm
from grids.models import ChecklistItem, Hazard, Premises, SelfCheck
from grids.reports.selfchecks import late_before
from grids.services import selfchecks

#: Kept in the session of who has just sent one: its key.
SENT = "grids.selfcheck"


class Checklist(View):
    """The page with the lines to answer, and what is done with the answers. Who may open it is the subclasses'."""

    template_name = "grids/selfcheck.html"
    premises: Premises

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        draft = drafts.take(request, request.path)
        return self.page(self.form(draft))

    def form(self, data: QueryDict | None) -> SelfCheckForm:
        """Return the form, bound where there is something."""
        items = list(ChecklistItem.objects.asked_of(self.premises))
        files = self.request.FILES if self.request.method == "POST" else None
        return SelfCheckForm(data, files, items=items)

    def page(self, form: SelfCheckForm, status: int = 200) -> HttpResponse:
        """Show the form."""
        context = {"premises": self.premises, "form": form, **self.besides()}
        return render(self.request, self.template_name, context, status=status)

    def besides(self) -> dict[str, Any]:
        """Return what a subclass shows besides."""
        return {}

    def record(self, form: SelfCheckForm, **options: Any) -> SelfCheck | None:
        """Keep what was answered; None with the reason in the form where it was refused."""
        try:
            check, _ = selfchecks.record_check(
                self.premises,
                form.answers(),
                checker=form.cleaned_data["checker"],
                **form.sent(),
                **options,
            )
        except ValidationError as error:
            tell(form, error)
            return None
        return check


class OwnCheck(Checklist):
    """By the code: whoever stands in the shop. Nothing of what was answered before is shown."""

    def dispatch(self, request: HttpRequest, token: str) -> HttpResponse:
        rows = Premises.objects.current().filter(token=token, grid__valid_until=None)
        found = rows.select_related("grid").defer("grid__boundary").first()
        if found is None:
            return render(request, "grids/unknown_premises.html", status=404)
        self.premises = found
        response = super().dispatch(request, token)
        add_never_cache_headers(response)
        return response

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Keep it, and lead on to what is to be mended."""
        form = self.form(request.POST)
        if form.is_valid():
            if not ratelimit.consume(request, action="selfcheck", key=token):
                form.add_error(None, "提交太频繁，请过一会儿再试。填好的内容都在。")
            elif (check := self.record(form)) is not None:
                request.session[SENT] = check.pk
                return redirect("selfcheck_sent", token=token)
        # Looking into pictures costs more than the rest of the page; for strangers there is an end to it.
        if ratelimit.consume(request, action="selfcheck_try"):
            for item in form.items:
                check_photos(form, f"photos_{item.pk}")
        return self.page(form, 422)

    def besides(self) -> dict[str, Any]:
        return {"community": notice.notice_of(self.premises.grid), "own": True}


@require_safe
def sent(request: HttpRequest, token: str) -> HttpResponse:
    """Say that it has arrived, and what is to be mended, to who has just sent it."""
    key = request.session.get(SENT)
    rows = SelfCheck.objects.filter(pk=key, premises__token=token) if isinstance(key, int) else None
    check = rows.select_related("premises").first() if rows is not None else None
    if check is None:
        return redirect("selfcheck", token=token)
    wrong = check.answers.filter(is_ok=False).select_related("item")
    days = parameters.value("selfcheck.days")
    context = {"check": check, "wrong": wrong, "token": token, "days": days}
    response = render(request, "grids/selfcheck_sent.html", context)
    add_never_cache_headers(response)
    return response


class WorkersCheck(Kept, SignedIn, Checklist):
    """By a worker or the secretary who is there: the same lines, in her name."""

    def dispatch(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.user.is_authenticated:
            if not request.user.has_perm("grids.add_selfcheck"):
                raise Http404
            rows = Premises.objects.restrict(request.user).current().select_related("grid")
            self.premises = get_object_or_404(rows.defer("grid__boundary"), pk=pk)
        return super().dispatch(request, pk)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Keep it, and go back to the list."""
        form = self.form(request.POST)
        if form.is_valid():
            check = self.record(form, by=request.user, checked_at=form.cleaned_data["captured_at"])
            if check is not None:
                said = f"已记下：{check.asked} 项，{check.wrong} 项不合格。"
                return self.carried_out(reverse("my_selfchecks"), said)
        for item in form.items:
            check_photos(form, f"photos_{item.pk}")
        return outbox.refused(form) if outbox.asked(request) else self.page(form, 422)


class MySelfChecks(SignedIn, View):
    """A worker's list: what is still to be mended in her grid's shops, and which shops are late."""

    TABS = (("hazards", "待整改"), ("late", "该自查"))

    def get(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.has_perm("grids.change_hazard"):
            raise Http404
        tab = request.GET.get("tab") if request.GET.get("tab") in dict(self.TABS) else "hazards"
        hazards = Hazard.objects.restrict(user, "change").unmended()
        late = Premises.objects.restrict(user).check_late(late_before())
        counts = {"hazards": hazards.order_by()[:100].count(), "late": late.order_by()[:100].count()}
        if tab == "late":
            rows = late.oldest_check_first().select_related("grid", "entrance__building")
        else:
            rows = hazards.select_related("premises", "grid")
        page = page_of(rows.defer("grid__boundary"), request.GET.get("page"), 30)
        context = {
            "tab": tab,
            "tabs": [
                {"key": key, "word": word, "count": counts[key], "here": key == tab}
                for key, word in self.TABS
            ],
            "page": page,
            "rows": page.object_list,
        }
        return render(request, "grids/my_selfchecks.html", context)


class HazardLook(Kept, SignedIn, View):
    """A worker looks again: it has been mended, or it is passed on."""

    def dispatch(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.user.is_authenticated:
            rows = Hazard.objects.restrict(request.user, "change").select_related(
                "premises__entrance__building", "grid", "item", "answer", "mended_by", "content_type"
            )
            rows = rows.defer("grid__boundary").prefetch_related("answer__photos")
            self.hazard = get_object_or_404(rows, pk=pk)
        return super().dispatch(request, pk)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.form(drafts.take(request, request.path)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Note it, and go back to the list."""
        form = self.form(request.POST)
        if form.is_valid():
            cleaned = form.cleaned_data
            try:
                if cleaned["result"] == MENDED:
                    selfchecks.mend(self.hazard, by=request.user, words=cleaned["words"])
                    said = "已记下：整改好了。"
                else:
                    found = selfchecks.pass_on(
                        self.hazard,
                        by=request.user,
                        to=cleaned["to"],
                        words=cleaned["words"],
                        photos=cleaned["photos"],
                    )
                    said = f"已上报：{found.number}。"
            except NotYours:
                raise Http404 from None
            except ValidationError as error:
                tell(form, error)
            else:
                return self.carried_out(reverse("my_selfchecks"), said)
        check_photos(form)
        return outbox.refused(form) if outbox.asked(request) else self.page(form, 422)

    def form(self, data: QueryDict | None) -> HazardForm:
        """Return the form, bound where there is something. What was passed on already is not passed on again."""
        open_still = self.hazard.content_type_id is None
        groups = intake.findings(self.request.user, seen=True) if open_still else []
        files = self.request.FILES if self.request.method == "POST" else None
        return HazardForm(data, files, groups=groups)

    def page(self, form: HazardForm, status: int = 200) -> HttpResponse:
        """Show what was found, and the form while it is open."""
        matter = self.hazard.matter
        reached = matter is not None and self.request.user.may("view", matter)
        context = {"hazard": self.hazard, "form": form, "matter": matter if reached else None}
        return render(self.request, "grids/hazard.html", context, status=status)


@require_safe
def premises_qr(request: HttpRequest, pk: int) -> HttpResponse:
    """One shop's QR code on an A4 sheet; only for those who keep its entry."""
    rows = Premises.objects.restrict(request.user, "change").current().select_related("grid")
    premises = get_object_or_404(rows.defer("grid__boundary"), pk=pk)
    context = {
        "premises": premises,
        "notice": notice.notice_of(premises.grid),
        "qr": qr.premises_qr_svg(premises),
        "address": qr.premises_url(premises),
        "days": parameters.value("selfcheck.days"),
    }
    response = render(request, "grids/premises_qr.html", context)
    add_never_cache_headers(response)
    return response


@require_POST
def renew_premises(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a shop a new code; the one that hangs there stops working."""
    premises = get_object_or_404(Premises.objects.restrict(request.user, "change"), pk=pk)
    selfchecks.renew_code(premises, by=request.user)
    messages.success(request, "已换新二维码，原来张贴的那张已经失效，请打印并更换。")
    return redirect("premises_qr", pk=pk)
