"""Applying for mediation from a phone."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from governance import drafts
from governance.flow import NotYours
from governance.forms import check_photos, tell
from governance.models import Intake, User
from governance.views import SignedIn
from grids.places import Place, detour, noted, place_of, recalled
from mediation.forms.apply import ApplyForm
from mediation.models import Dispute
from mediation.services.registering import competent_centre, likely_repeats, register_dispute

#: So many of her own unfinished disputes are shown before she writes another.
MOST_MINE = 3


class Apply(SignedIn, View):
    """The form of an application."""

    def get(self, request: HttpRequest) -> HttpResponse:
        draft = drafts.take(request, request.path)
        typed = draft.dict() if draft is not None else {}
        # Where she is now says more than where she was when she went to choose.
        return self.page(ApplyForm(user=request.user, initial={**typed, "where": noted(self.place())}))

    def post(self, request: HttpRequest) -> HttpResponse:
        if away := detour(request):
            return away
        form = ApplyForm(request.POST, request.FILES, user=request.user)
        valid = form.is_valid()
        if self.place() is None:
            form.add_error(None, "请先选择纠纷发生在哪里。")
        elif valid and not self.repeats(form):
            dispute = self.send(form)
            if dispute is not None:
                return redirect(dispute)
        check_photos(form)
        return self.page(form, status=422)

    def repeats(self, form: ApplyForm) -> bool:
        """Say whether it looks like one of her own that she has not said to be another; the form then shows them."""
        cleaned = form.cleaned_data
        if cleaned["anew"] or self.is_known(cleaned["token"]):
            return False
        form.repeats = likely_repeats(
            self.request.user,
            phones=[party.phone for party in form.others()],
            code=self.place().grid.code,
            category=cleaned["category"],
            action="follow",
        )
        if form.repeats:
            form.add_error("anew", "您有相近的纠纷，请先看看。不是同一件的，打开“仍然申请”再提交。")
        return bool(form.repeats)

    def is_known(self, token: str) -> bool:
        """Say whether this very form was sent before: then it is answered as the first time."""
        user = self.request.user
        came = Intake.objects.restrict(user).filter(source="portal", source_id=f"{user.pk}:{token}")
        return bool(token) and came.exists()

    def send(self, form: ApplyForm) -> Dispute | None:
        """Register the dispute; None with the reason in the form when it was refused."""
        user: User = self.request.user
        place = self.place()
        try:
            dispute, new = register_dispute(
                by=user, grid=place.grid, entrance=place.entrance, **form.register_data()
            )
        except NotYours:
            form.add_error(None, "请用您自己的手机号登录后申请。")
            return None
        except ValidationError as error:
            tell(form, error)
            return None
        if not user.name:
            User.objects.restrict(user).filter(pk=user.pk, name="").update(name=form.cleaned_data["name"])
        said = "申请已提交。矛调中心会联系您和对方。" if new else "这一份申请刚才已经提交过了。"
        messages.success(self.request, said)
        return dispute

    def place(self) -> Place | None:
        """Return where it arose: of what is sent, the place that the form showed."""
        if not hasattr(self, "_place"):
            note = self.request.POST.get("where", "")
            self._place = recalled(self.request, note) if note else None
            self._place = self._place or place_of(self.request)
        return self._place

    def page(self, form: ApplyForm, status: int = 200) -> HttpResponse:
        place, user = self.place(), self.request.user
        mine = Dispute.objects.restrict(user, "follow").of_party(user).ongoing().for_page()
        context: dict[str, Any] = {
            "form": form,
            "where": place,
            "centre": competent_centre(place.grid.code) if place is not None else None,
            "mine": [] if form.is_bound else list(mine.order_by("-opened_at", "-pk")[:MOST_MINE]),
        }
        return render(self.request, "mediation/apply.html", context, status=status)
