"""The page of one action of a transition table, the same for every kind of matter: it shows the action's form, runs it by
the flow, and says what came of it. An app names its flow and the forms of its actions, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views import View

from governance import drafts, outbox
from governance.flow import Action, Flow, NotYours, Stale
from governance.forms import ActionForm, tell
from governance.models import Matter
from governance.permissions import permitted_actions
from governance.views.bases import Kept, SignedIn


@dataclass(frozen=True)
class Button:
    """One action as a page offers it: a link to its form, or a form of its own when there is nothing to fill in."""

    action: Action
    url: str
    bare: bool
    #: Whether a phone keeps its form for where there is no network.
    kept: bool = False

    @property
    def name(self) -> str:
        return self.action.name


class FlowActionView(Kept, SignedIn, View):
    """Shows and runs one action on one matter. 404 for what is out of reach or not hers to do."""

    flow: Flow
    #: action name -> its form; the others get the plain one.
    forms: Mapping[str, type[ActionForm]] = {}
    template_name = "governance/action.html"
    #: action name -> template, where the plain one will not do.
    templates: Mapping[str, str] = {}
    #: The rule's actions of which one must be allowed on a matter for its page to be there.
    sees: tuple[str, ...] = ("view",)
    #: The address of this very page, and where to go when the matter is out of reach afterwards.
    address = ""
    fallback = "home"
    #: action name -> what is said when it is done.
    done: Mapping[str, str] = {}
    #: The actions whose form a phone keeps while it has no network.
    kept: frozenset[str] = frozenset()

    @classmethod
    def form_class(cls, name: str) -> type[ActionForm]:
        """Return the form of an action."""
        return cls.forms.get(name, ActionForm)

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.name = kwargs["action"]
        self.action = self.flow.actions.get(self.name)
        if self.action is None or self.action.system or self.action.hidden:
            raise Http404

    def find(self) -> Matter | None:
        """Return the matter, if the visitor may see it."""
        for action in self.sees:
            rows = self.flow.model.objects.restrict(self.request.user, action)
            rows = rows.for_page() if hasattr(rows, "for_page") else rows
            if found := rows.filter(number=self.kwargs["number"]).first():
                return found
        return None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        matter = self.find()
        if matter is None:
            raise Http404
        if self.action not in self.flow.available(matter, request.user):
            return self.not_now(matter)
        draft = drafts.take(request, request.path)
        if draft is not None:
            draft["version"] = str(matter.version)
        return self.page(matter, self.form(matter, draft))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        matter = self.find()
        if matter is None:
            if self.was_mine():
                return self.carried_out(reverse(self.fallback), self.sentence)
            raise Http404
        form = self.form(matter, request.POST)
        if not form.is_valid():
            if not self.is_hers(matter):
                raise Http404
            return self.again(matter, form)
        try:
            self.perform(matter, form)
        except NotYours:
            raise Http404 from None
        except Stale as stale:
            return self.stale(stale)
        except ValidationError as error:
            tell(form, error)
            return self.again(matter, form)
        return self.carried_out(self.next_page(matter), self.sentence)

    @property
    def sentence(self) -> str:
        """What is said when it is done."""
        return self.done.get(self.name) or f"已办理：{self.action.label}。"

    def perform(self, matter: Matter, form: ActionForm) -> None:
        """Carry the action out. An app overrides it where a service does more than the flow alone."""
        cleaned = form.cleaned_data
        self.flow.run(
            matter,
            self.name,
            by=self.request.user,
            version=cleaned["version"],
            note=cleaned.get("note", ""),
            **form.flow_data(),
        )

    def form(self, matter: Matter, data: QueryDict | None = None) -> ActionForm:
        """Return the action's form, bound where ``data`` is given."""
        return self.form_class(self.name)(
            data,
            self.request.FILES if data is not None else None,
            matter=matter,
            action=self.action,
            user=self.request.user,
            request=self.request,
        )

    def page(self, matter: Matter, form: ActionForm, changed: Stale | None = None) -> HttpResponse:
        """Show the form."""
        template = self.templates.get(self.name, self.template_name)
        context = {
            "matter": matter,
            "action": self.action,
            "form": form,
            "changed": changed,
            "kept": self.name in self.kept,
            **self.besides(matter),
        }
        return render(self.request, template, context)

    def besides(self, matter: Matter) -> dict[str, Any]:
        """Return what a template of an action's own shows besides."""
        return {}

    def again(self, matter: Matter, form: ActionForm) -> HttpResponse:
        """Show what was refused: at its field, or, for a bare button, on the matter's page."""
        if outbox.asked(self.request):
            return outbox.refused(form)
        if form.is_bare:
            problems = [text for texts in form.errors.values() for text in texts]
            messages.error(self.request, " ".join(problems))
            return HttpResponseRedirect(self.next_page(matter))
        return self.page(matter, form)

    def stale(self, stale: Stale) -> HttpResponse:
        """Show what has changed, with everything that was typed still there."""
        matter = self.find()
        if outbox.asked(self.request):
            offered = matter is not None and self.action in self.flow.available(matter, self.request.user)
            return outbox.stale(
                stale,
                by=self.request.user,
                version=matter.version if offered else None,
                url=reverse(self.fallback) if matter is None else self.next_page(matter),
            )
        if matter is None:
            messages.warning(self.request, stale.messages[0])
            return HttpResponseRedirect(reverse(self.fallback))
        data = self.request.POST.copy()
        data["version"] = str(matter.version)
        form = self.form(matter, data)
        if form.is_bare or self.action not in self.flow.available(matter, self.request.user):
            messages.warning(self.request, stale.messages[0])
            return HttpResponseRedirect(self.next_page(matter))
        form.is_valid()
        return self.page(matter, form, stale)

    def not_now(self, matter: Matter) -> HttpResponse:
        """Answer for an action that the table does not offer: 404 when it is not hers, a word when it is not the time."""
        if not self.is_hers(matter):
            raise Http404
        messages.warning(
            self.request, f"“{matter.get_status_display()}”的事项现在不能办理“{self.action.label}”。"
        )
        return HttpResponseRedirect(self.next_page(matter))

    def is_hers(self, matter: Matter) -> bool:
        """Whether the rule allows the visitor this action on this matter at all, whatever its state."""
        needed = self.action.permission
        return needed in permitted_actions(self.request.user, matter, {needed})

    def was_mine(self) -> bool:
        """Whether this very request was carried out before, by her, and took the matter out of her reach."""
        try:
            version = int(self.request.POST.get("version", ""))
        except ValueError:
            return False
        return self.flow.step._base_manager.filter(
            matter__number=self.kwargs["number"],
            action=self.name,
            actor=self.request.user,
            seen_version=version,
        ).exists()

    def next_page(self, matter: Matter) -> str:
        """Return the matter's page, or the fallback when the action took it out of reach."""
        rows = self.flow.model.objects
        reached = any(
            rows.restrict(self.request.user, action).filter(pk=matter.pk).exists() for action in self.sees
        )
        return matter.get_absolute_url() if reached else reverse(self.fallback)


def buttons(view: type[FlowActionView], matter: Matter, user: Any) -> list[Button]:
    """Return the actions that the table offers this person on this matter now, in the table's order."""
    return [
        Button(
            action,
            reverse(view.address, args=[matter.number, action.name]),
            view.form_class(action.name) is ActionForm and not action.reason,
            action.name in view.kept,
        )
        for action in view.flow.available(matter, user)
        if not action.hidden
    ]
