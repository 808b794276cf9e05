"""A sweep on the phone: where one runs, the doors of a grid, and what is filled in at a door, without network too."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views import View

from governance import drafts, masks, outbox
from governance.flow import FlowError, NotYours
from governance.forms import check_photos, tell
from governance.permissions import RestrictedQuerySet
from governance.templatetags.ui import cn_short
from governance.views import Kept, SignedIn
from grids import questionnaire
from grids.forms.sweeps import AnswerForm
from grids.models import Grid, Sweep, SweepTarget
from grids.models.sweeps import Outcome
from grids.reports.sweeps import Counts, coverage
from grids.services import sweeps as services
from grids.sweep_cards import answers_sweeps

#: Doors on one page, sweeps on the list, grids of one sweep on it.
MOST_DOORS, MOST_SWEEPS, MOST_GRIDS = 800, 20, 200


class MySweeps(SignedIn, View):
    """The sweeps that run where the person goes from door to door, with the grids in which she does."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not answers_sweeps(request):
            raise Http404
        rows = Sweep.objects.restrict(request.user).answered_by(request.user)
        sweeps = list(
            rows.select_related("grid").defer("grid__boundary").order_by("deadline", "pk")[:MOST_SWEEPS]
        )
        reached = SweepTarget.objects.restrict(request.user, "answer")
        lines = [(sweep, coverage(reached.filter(sweep=sweep))) for sweep in sweeps]
        codes = {code for _, counts in lines for code in counts}
        names = dict(Grid.objects.filter(code__in=codes).values_list("code", "name"))
        shown = [
            {
                "sweep": sweep,
                "grids": [
                    {
                        "name": names.get(code, code),
                        "counts": counts,
                        "url": reverse("sweep_grid", args=[sweep.number, code]),
                    }
                    for code, counts in sorted(found.items())[:MOST_GRIDS]
                ],
            }
            for sweep, found in lines
        ]
        return render(request, "grids/my_sweeps.html", {"lines": shown, "works": True})


my_sweeps = MySweeps.as_view()


class AtTheDoors(SignedIn):
    """What the pages of one grid of one sweep share. 404 for whoever does not answer there."""

    @cached_property
    def targets(self) -> RestrictedQuerySet:
        """The doors of this grid within reach."""
        rows = SweepTarget.objects.restrict(self.request.user, "answer")
        return rows.filter(sweep__number=self.kwargs["number"], grid=self.kwargs["code"])

    @property
    def address(self) -> str:
        return reverse("sweep_grid", args=[self.kwargs["number"], self.kwargs["code"]])

    def target(self, key: Any) -> SweepTarget | None:
        """Return a door of this grid, None for what is none."""
        text = str(key or "")
        if not (text.isascii() and text.isdecimal() and len(text) < 18):
            return None
        return self.targets.select_related("sweep", "done_by", "taken_by").filter(pk=int(text)).first()


class SweepTake(AtTheDoors, View):
    """Opens a door's form, and has the door in hand for some minutes. A GET leads back to the list."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not self.targets.exists():
            raise Http404
        return HttpResponseRedirect(self.address)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        target = self.target(request.POST.get("target"))
        if target is None:
            raise Http404
        held = services.take(target, by=request.user)
        if outbox.asked(request):
            return JsonResponse(
                {"said": told_of(held) if held is not None else "", "outcome": target.outcome}
            )
        return HttpResponseRedirect(f"{self.address}?t={target.pk}#fill")


def told_of(target: SweepTarget) -> str:
    """Return in words why a door is not free."""
    if not target.sweep.is_running:
        return "这次排查已经结束。"
    if not target.is_still:
        return f"{cn_short(target.done_at)} 已由{masks.person(target.done_by)}查过。"
    return f"正在由{masks.person(target.taken_by)}办理。"


class SweepGrid(Kept, AtTheDoors, View):
    """The doors of a grid with the form of the one that is open; taking in what was found there."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        target = self.target(request.GET.get("t"))
        draft = drafts.take(request, request.path)
        form = AnswerForm(draft, sweep=self.sweep, target=target) if draft is not None else None
        return self.page(target or self.target((draft or {}).get("target")), form)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = AnswerForm(request.POST, request.FILES, sweep=self.sweep)
        valid = form.is_valid()
        target = self.target(request.POST.get("target"))
        if target is None and "target" not in form.errors:
            raise Http404
        if valid:
            try:
                came = services.answer(target, by=request.user, **form.answer_data())
            except NotYours:
                raise Http404 from None
            except (FlowError, ValidationError) as error:
                tell(form, error)
            else:
                return self.clashed(came) if came.is_clash else self.taken(came)
        check_photos(form)
        if outbox.asked(request):
            return outbox.refused(form)
        return self.page(target, form, status=422)

    @cached_property
    def sweep(self) -> Sweep:
        """The sweep, of which the person answers something in this grid. Raises Http404."""
        rows = Sweep.objects.filter(pk__in=self.targets.values("sweep")[:1])
        found = rows.select_related("grid").defer("grid__boundary", "search_terms").first()
        if found is None:
            raise Http404
        return found

    @cached_property
    def grid(self) -> Grid:
        return Grid.objects.defer("boundary").get(pk=self.kwargs["code"])

    # --- what came of it ------------------------------------------------------------------------------------------------
    def taken(self, came: services.Answered) -> HttpResponse:
        """Say that it is in, and open the next door."""
        following = services.next_after(came.target, by=self.request.user)
        said = f"{came.target.name}已记下。" + ("" if following else "这个网格都去过了。")
        url = f"{self.address}?t={following}#fill" if following else self.address
        if not outbox.asked(self.request):
            if following:
                services.take(SweepTarget(pk=following), by=self.request.user)
            messages.success(self.request, said)
            return HttpResponseRedirect(url)
        counts = coverage(self.targets).get(self.kwargs["code"], Counts())
        return JsonResponse(
            {
                "state": "done",
                "url": url,
                "said": said,
                "next": following,
                "left": counts.left,
                "percent": counts.percent,
                "finding": came.target.is_finding,
            }
        )

    def clashed(self, came: services.Answered) -> HttpResponse:
        """Say that somebody else was quicker, with both versions."""
        target = came.target
        mine = next(
            (each for each in reversed(target.earlier or []) if each.get("by") == self.request.user.pk), None
        )
        said = f"{told_of(target)}您填的没有覆盖它，已经留存，供社区核对。"
        versions = [version_words(self.sweep, masks.person(target.done_by), target_version(target))]
        if mine is not None:
            versions.append(version_words(self.sweep, "您", mine))
        url = f"{self.address}?t={target.pk}#fill"
        if outbox.asked(self.request):
            return outbox.clash(said, versions, url=url)
        messages.warning(self.request, said)
        return self.page(target, versions=versions, status=409)

    # --- the page -------------------------------------------------------------------------------------------------------
    def page(
        self,
        target: SweepTarget | None,
        form: AnswerForm | None = None,
        *,
        versions: list[str] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """Show the doors, and the form of the one that is open."""
        now, user, sweep = timezone.now(), self.request.user, self.sweep
        doors = list(self.targets.select_related("taken_by").order_by("position")[:MOST_DOORS])
        groups: list[dict[str, Any]] = []
        for door in doors:
            if not groups or groups[-1]["place"] != door.place:
                groups.append({"place": door.place, "doors": []})
            door.is_held = door.is_still and door.is_held_from(user, now)
            groups[-1]["doors"].append(door)
        mine = target is not None and target.done_by_id == user.pk
        opens = target is not None and sweep.is_running and (
            (target.is_still and not target.is_held_from(user, now)) or mine
        )  # fmt: skip
        context = {
            "sweep": sweep,
            "grid": self.grid,
            "counts": coverage(self.targets).get(self.kwargs["code"], Counts()),
            "groups": groups,
            "more": len(doors) == MOST_DOORS,
            "target": target,
            "opens": opens,
            "why_not": told_of(target) if target is not None and not opens else "",
            "said": questionnaire.in_words(sweep.form, target.answers) if target is not None else [],
            "versions": versions or [],
            "form": form or AnswerForm(sweep=sweep, target=target),
            "rules": json.dumps(questionnaire.phone_rules(sweep.form), ensure_ascii=False),
            "pictured": mine and opens and services.has_photos(target),
            "works": True,
            "Outcome": Outcome,
        }
        return render(self.request, "grids/sweep_grid.html", context, status=status)


def target_version(target: SweepTarget) -> dict[str, Any]:
    """Return what holds of a target, as an earlier version is kept."""
    return {
        "at": target.done_at,
        "outcome": target.outcome,
        "answers": target.answers,
        "words": target.words,
    }


def version_words(sweep: Sweep, who: str, version: dict[str, Any]) -> str:
    """Return one version of an answer in a line."""
    at = version["at"]
    at = timezone.datetime.fromisoformat(at) if isinstance(at, str) else at
    said = [dict(Outcome.choices).get(version["outcome"], "")]
    said += [f"{label}：{text}" for label, text, _ in questionnaire.in_words(sweep.form, version["answers"])]
    if version["words"]:
        said.append(version["words"])
    return f"{cn_short(at)} {who}：{'；'.join(said)}"
