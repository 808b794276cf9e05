"""One action on many rows: first a page that shows the rows and binds their keys and versions as the person sees them,
then a report that says of each row whether it was done, skipped or refused, and why. Every row is a transaction of its
own, so that one refusal undoes nothing else."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from governance.admin.actions import dress
from governance.flow import Action, FlowError, NotYours, Stale
from governance.forms import ActionForm

#: Rows that one bulk action takes.
MOST_ROWS = 200


@dataclass(frozen=True)
class Outcome:
    """What became of one row: ``done``, ``skipped`` or ``refused``, in words."""

    kind: str
    number: str
    title: str
    words: str
    url: str = ""

    LABELS = {"done": "已办理", "skipped": "已跳过", "refused": "未办理"}

    @property
    def label(self) -> str:
        return self.LABELS[self.kind]


def _form(admin: Any, request: HttpRequest, action: Action, rows: list, data: Any = None) -> ActionForm:
    # The first row stands for all where a form looks at its matter; the engine checks each row by itself.
    make = admin.form_of_action(action.name)
    form = make(data, matter=rows[0], action=action, user=request.user, request=request)
    for name in form.of_one:
        del form.fields[name]
    return dress(form)


def _action_of(admin: Any, request: HttpRequest, name: str) -> Action:
    action = admin.model.flow.actions.get(name) if name in admin.bulk_actions else None
    if action is None or not request.user.may(action.permission, admin.model):
        raise Http404
    return action


def choose_page(admin: Any, request: HttpRequest, rows: QuerySet, name: str) -> HttpResponse | None:
    """Show the rows that were ticked in the list, with the form of the action. None leads back to the list."""
    action = _action_of(admin, request, name)
    chosen = list(rows.select_related("grid")[: MOST_ROWS + 1])
    if len(chosen) > MOST_ROWS:
        admin.message_user(request, f"一次最多办理 {MOST_ROWS} 条，请少选一些。", level="error")
        return None
    return _page(admin, request, action, _form(admin, request, action, chosen), chosen) if chosen else None


def _page(admin: Any, request: HttpRequest, action: Action, form: ActionForm, rows: list) -> HttpResponse:
    request.current_app = admin.admin_site.name
    context = {
        **admin.admin_site.each_context(request),
        "title": f"批量{action.label}",
        "opts": admin.model._meta,
        "action": action,
        "rows": rows,
        "form": form,
        "media": admin.media + form.media,
        "apply": admin.link(None, "bulk", action.name),
        "back": admin.link(None, "changelist"),
    }
    return TemplateResponse(request, "governance/desk_bulk.html", context)


def apply_page(admin: Any, request: HttpRequest, name: str) -> HttpResponse:
    """Carry the action out on the rows that the page bound (POST), and report each."""
    action = _action_of(admin, request, name)
    back = HttpResponseRedirect(admin.link(None, "changelist"))
    if request.method != "POST":
        return back
    seen = bound_rows(request.POST.getlist("row"))
    if not seen:
        admin.message_user(request, "没有选中任何一条。", level="warning")
        return back
    if len(seen) > MOST_ROWS:
        admin.message_user(request, f"一次最多办理 {MOST_ROWS} 条，请少选一些。", level="error")
        return back
    reached = admin.get_queryset(request).select_related("grid").in_bulk(list(seen))
    if not reached:
        admin.message_user(request, "所选的记录都不在您的管辖范围内。", level="warning")
        return back
    form = _form(admin, request, action, list(reached.values()), request.POST)
    if not form.is_valid():
        for row in reached.values():
            row.version = seen[row.pk]  # the versions stay those that were seen
        return _page(admin, request, action, form, list(reached.values()))
    outcomes = [_one(admin, request, action, form, reached.get(key), key, seen[key]) for key in seen]
    request.current_app = admin.admin_site.name
    counts = {kind: sum(o.kind == kind for o in outcomes) for kind in Outcome.LABELS}
    context = {
        **admin.admin_site.each_context(request),
        "title": f"批量{action.label}的结果",
        "opts": admin.model._meta,
        "action": action,
        "outcomes": sorted(outcomes, key=lambda o: ["refused", "skipped", "done"].index(o.kind)),
        "counts": counts,
        "back": admin.link(None, "changelist"),
    }
    return TemplateResponse(request, "governance/desk_bulk_report.html", context)


def bound_rows(texts: list[str]) -> dict[int, int]:
    """Read ``key:version`` pairs; what is not a pair of numbers is left out."""
    seen = {}
    for text in texts[: MOST_ROWS + 1]:
        key, _, version = text.partition(":")
        if all(part.isascii() and part.isdigit() and len(part) <= 15 for part in (key, version)):
            seen[int(key)] = int(version)
    return seen


def _one(admin, request, action: Action, form: ActionForm, matter, key: int, version: int) -> Outcome:
    if matter is None:
        return Outcome("refused", str(key), "", "没有这条记录，或不在您的管辖范围内。")
    named = {"number": matter.number, "title": matter.title, "url": admin.link(matter)}
    try:
        ran = matter.flow.run(
            matter,
            action.name,
            by=request.user,
            version=version,
            note=form.cleaned_data.get("note", ""),
            **form.flow_data(),
        )
    except NotYours:
        return Outcome("refused", words="您没有办理这一步的权限。", **named)
    except Stale as stale:
        return Outcome("skipped", words="".join(stale.messages), **named)
    except FlowError as refusal:
        return Outcome("refused", words="".join(refusal.messages), **named)
    if ran.version == matter.version:
        return Outcome("skipped", words=f"此前已经办过，现在是“{ran.get_status_display()}”。", **named)
    return Outcome("done", words=f"现在是“{ran.get_status_display()}”。", **named)
