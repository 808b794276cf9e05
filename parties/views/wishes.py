"""Small wishes on the phone: making one, its page, the wall of those that wait, and what a member has claimed."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views import View

from governance import drafts, intake, masks
from governance.flow import NotYours, Stale
from governance.forms import tell
from governance.models import User
from governance.permissions import permitted_actions
from governance.views import FlowActionView, RestrictedDetail, RestrictedList, SignedIn, buttons, told
from grids.models import Grid
from grids.places import Place, detour, place_of
from parties.flow.wishes import WISHES
from parties.forms.wishes import WISH_FORMS, WishForm
from parties.models import MicroWish, WishStatus
from parties.services.wishes import open_wishes_for, place_wish

TONES = {
    WishStatus.ASKED: "info",
    WishStatus.RETURNED: "caution",
    WishStatus.PUBLISHED: "info",
    WishStatus.CLAIMED: "brand",
    WishStatus.FULFILLED: "good",
    WishStatus.REFUSED: "danger",
}
#: The action that stands at the bottom of the page, if it is offered: the first of these.
MAIN = ("claim", "amend", "thank", "publish")
#: Steps that a party member takes. Outside the party a reader learns that it was one, and no more.
OF_MEMBERS = frozenset({"claim", "assign_unit", "give_back", "take_back"})


class NewWish(SignedIn, View):
    """The form of a new wish; ``for=1``: written down for a resident, by who may do so somewhere."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.for_someone = request.GET.get("for") == "1"
        if self.for_someone and request.user.is_authenticated and not request.user.may("place", MicroWish):
            raise Http404

    def get(self, request: HttpRequest) -> HttpResponse:
        draft = drafts.take(request, request.path)
        typed = draft.dict() if draft is not None else None
        return self.page(self.form(initial=typed))

    def post(self, request: HttpRequest) -> HttpResponse:
        if away := detour(request):
            return away
        form, place = self.form(request.POST), place_of(request)
        valid = form.is_valid()
        if not self.for_someone and not request.user.phone:
            form.add_error(None, "这个账号没有手机号，认领的人联系不到您。请用手机号登录后再填。")
        elif place is None or not place.can_order:
            form.add_error(None, "请先选择地址，再提交。")
        elif valid:
            wish = self.place(form, place)
            if wish is not None:
                return redirect(wish)
        return self.page(form)

    def place(self, form: WishForm, place: Place) -> MicroWish | None:
        """Make the wish; None with the reason in the form when it was refused."""
        user: User = self.request.user
        try:
            wish, new = place_wish(by=user, grid=place.grid, entrance=place.entrance, **form.place_data())
        except NotYours:
            form.add_error(None, "这个地址不在您负责的社区（网格），不能代填。请换成您负责的地方。")
            return None
        except ValidationError as error:
            tell(form, error)
            return None
        if name := form.cleaned_data.get("my_name"):
            User.objects.restrict(user).filter(pk=user.pk, name="").update(name=name)
        words = "心愿已提交，社区审核后公布给党员认领。" if new else "这个心愿刚才已经提交过了。"
        messages.success(self.request, words)
        return wish

    def form(self, data: QueryDict | None = None, initial: dict[str, Any] | None = None) -> WishForm:
        return WishForm(data, user=self.request.user, for_someone=self.for_someone, initial=initial)

    def page(self, form: WishForm) -> HttpResponse:
        context = {"form": form, "for_someone": self.for_someone, "where": place_of(self.request)}
        return render(self.request, "parties/wish_new.html", context)


class ForMembers(SignedIn):
    """A page for those who may look for wishes somewhere; for others it does not exist."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and not request.user.may("seek", MicroWish):
            raise Http404
        return super().dispatch(request, *args, **kwargs)


class Wall(ForMembers, RestrictedList):
    """The wishes that the member may claim, the longest waiting first."""

    model = MicroWish
    template_name = "parties/wish_wall.html"

    def get_queryset(self) -> Any:
        return open_wishes_for(self.request.user)


class Claimed(ForMembers, RestrictedList):
    """What the member has claimed: what is to be done, and what is done."""

    model = MicroWish
    template_name = "parties/my_wishes.html"

    def get_queryset(self) -> Any:
        self.past = self.request.GET.get("past") == "1"
        rows = super().get_queryset().filter(claimer=self.request.user).with_place()
        return rows.filter(status=WishStatus.FULFILLED if self.past else WishStatus.CLAIMED)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(past=self.past, **kwargs)


class WishPage(SignedIn, RestrictedDetail):
    """A wish, as far as the visitor may read it."""

    model = MicroWish
    template_name = "parties/wish.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("pairing", "organisation").with_place()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wish, user = self.object, self.request.user
        allowed = permitted_actions(user, wish, {"contact", "review", "thank", "serve"})
        contact, desk = "contact" in allowed, "review" in allowed
        own = "thank" in allowed or wish.placed_by_id == user.pk
        mine = wish.claimer_id == user.pk
        in_hand = wish.status in (WishStatus.CLAIMED, WishStatus.FULFILLED)
        offered = buttons(WishActionView, wish, user)
        main = next((b for name in MAIN for b in offered if b.name == name), None)
        return super().get_context_data(
            **kwargs,
            wish=wish,
            tone=TONES.get(wish.status, "quiet"),
            shown={name: masks.shown(wish, name, clear=contact) for name in wish.masked},
            contact=contact,
            own=own,
            mine=mine,
            # The resident's own words are for her, the desk, and whoever has it in hand.
            words=wish.description if contact or desk else "",
            became=[row.matter for row in intake.referred_to(wish, user)][-1:] if in_hand else [],
            steps=self.timeline() if own or desk or mine else [],
            first=main,
            others=[button for button in offered if button is not main],
            community=Grid.objects.filter(code=wish.grid_id[:12]).only("name", "phone").first(),
        )

    def timeline(self) -> list[dict[str, Any]]:
        """What happened, newest first; of those who claim, residents learn that they are members of the party."""
        user = self.request.user
        steps = WISHES.timeline(self.object, user)
        lines = told(steps, user, lambda step: None)
        for step, line in zip(steps, lines, strict=True):
            if step.action in OF_MEMBERS and step.actor_id != user.pk:
                line |= {"actor": "党员" if step.action in ("claim", "give_back") else "社区", "capacity": ""}
        return lines


class WishActionView(FlowActionView):
    """One action on one wish."""

    flow = WISHES
    forms = WISH_FORMS
    address = "wish_action"
    fallback = "wish_wall"
    done = {
        "claim": "认领成功，谢谢您。",
        "give_back": "已退回，会公布给其他党员。",
        "withdraw": "已撤回这个心愿。",
        "thank": "谢谢，已转告认领的党员。",
        "amend": "已提交，社区会重新审核。",
    }

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Http404:
            if self.name == "claim" and self.was_taken():
                messages.warning(request, "这个心愿刚刚被别人认领了，看看别的心愿。")
                return redirect("wish_wall")
            raise

    def stale(self, stale: Stale) -> HttpResponse:
        """Say what has changed; of those who claim, again no more than that they are members."""
        if not self.request.user.may("review", MicroWish):
            for step in stale.steps:
                if step.action in OF_MEMBERS:
                    step.actor = User(name="党员", is_staff=True)
        return super().stale(Stale(stale.steps))

    def was_taken(self) -> bool:
        """Whether the wish was published to this member and somebody else has claimed it since."""
        user = self.request.user
        if not user.is_authenticated:
            return False
        held = {
            post.code[:length]
            for post in user.posts_with("parties.seek_microwish")
            for length in (6, 9, 12, 15)
        }
        return MicroWish.objects.filter(
            number=self.kwargs["number"], status=WishStatus.CLAIMED, published_to__in=held
        ).exists()
