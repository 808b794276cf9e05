"""The pages that belong to no single app: home, my matters, notices, pictures, a look at masked data, and the ways by which
matters come in."""

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from governance import audit, home, intake, masks, mine, offline
from governance.models import Intake, Notice, Photo
from governance.models.matters import Channel
from governance.views.bases import RestrictedList, SignedIn


@require_safe
@never_cache
def front(request: HttpRequest) -> HttpResponse:
    """The home page: where I am, what I can do here, whom I can call."""
    cards = home.cards(request)
    return render(
        request,
        "governance/home.html",
        {
            "first": [card for card in cards if card[0] <= home.FIRST],
            "above": [card for card in cards if home.FIRST < card[0] < 0],
            "below": [card for card in cards if card[0] >= 0],
            "tiles": home.tiles(request),
            "unread": unread(request),
            "works": offline.works(request),
        },
    )


def unread(request: HttpRequest) -> int:
    """Return how many notices the visitor has not read; 100 stands for more than 99."""
    if not request.user.is_authenticated:
        return 0
    rows = Notice.objects.restrict(request.user).filter(recipient=request.user, read_at=None)
    return rows[:100].count()


class MyMatters(SignedIn, View):
    """Everything the person asked for, across the apps."""

    def get(self, request: HttpRequest) -> HttpResponse:
        finished = request.GET.get("done") == "1"
        page = mine.newest(request.user, finished=finished, number=request.GET.get("page") or 1)
        return render(request, "governance/my_matters.html", {"page": page, "finished": finished})


class Notices(SignedIn, RestrictedList):
    """What the portal told the person, newest first."""

    model = Notice
    template_name = "governance/notices.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(recipient=self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(unread=unread(self.request), **kwargs)


class NoticeOpen(SignedIn, View):
    """Marks a notice as read and leads to what it is about."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        rows = Notice.objects.restrict(request.user).filter(recipient=request.user)
        notice = get_object_or_404(rows, pk=pk)
        if notice.read_at is None:
            notice.read_at = timezone.now()
            notice.save(update_fields=["read_at"])
        if notice.url and url_has_allowed_host_and_scheme(notice.url, allowed_hosts=None):
            return HttpResponseRedirect(notice.url)
        return redirect("notices")


class NoticesRead(SignedIn, View):
    """Marks all of the person's notices as read."""

    def post(self, request: HttpRequest) -> HttpResponse:
        rows = Notice.objects.restrict(request.user, "change").filter(recipient=request.user, read_at=None)
        rows.update(read_at=timezone.now())
        return redirect("notices")


@require_safe
def photo(request: HttpRequest, app: str, model: str, token: str, size: str) -> HttpResponse:
    """Serve one picture to whoever may see what it belongs to; to others it does not exist."""
    try:
        kind = apps.get_model(app, model)
    except LookupError:
        raise Http404 from None
    if not issubclass(kind, Photo):
        raise Http404
    found = get_object_or_404(kind.objects.restrict(request.user), token=token)
    stored = found.thumb if size == "thumb" else found.image
    try:
        opened = stored.open("rb")
    except OSError:
        raise Http404 from None
    response = FileResponse(opened, content_type="image/jpeg")
    response["Content-Disposition"] = "inline"
    response["Cache-Control"] = "private, max-age=3600" if kind.may_be_kept else "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_safe
@never_cache
def whose(request: HttpRequest) -> HttpResponse:
    """Tell a phone's outbox, before it sends, who is signed in (null for nobody) and today's token against forgery."""
    return JsonResponse({"account": request.user.pk, "token": get_token(request)})


class Reveal(SignedIn, View):
    """Shows one masked value once, to those who may and say why; the look is logged."""

    def post(self, request: HttpRequest, app: str, model: str, pk: int, field: str) -> HttpResponse:
        try:
            kind = apps.get_model(app, model)
        except LookupError:
            raise Http404 from None
        if field not in getattr(kind, "masked", {}) or not hasattr(kind.objects, "restrict"):
            raise Http404
        row = get_object_or_404(kind.objects.restrict(request.user), pk=pk)
        context = {
            "what": kind._meta.get_field(field).verbose_name,
            "masked": masks.shown(row, field),
            "row": row,
            "id": f"reveal_{field}",
            "reveal_url": reverse("reveal", args=[app, model, pk, field]),
            "reason": request.POST.get("reason", "")[:200],
        }
        status = 200
        try:
            if "\0" in context["reason"]:
                raise ValidationError({"reason": "理由里有不能使用的字符。"})
            context["value"] = str(
                audit.reveal(row, field, by=request.user, reason=context["reason"], request=request)
            )
        except PermissionDenied:
            raise Http404 from None
        except ValidationError as error:
            context["problem"], status = " ".join(error.messages), 422
        # A swap takes the place of the element; htmx swaps answers of success only.
        if request.headers.get("HX-Request") == "true":
            return render(request, "governance/revealed.html", context)
        return render(request, "governance/reveal.html", context, status=status)


#: How many days the channels page looks back.
CHANNEL_DAYS = 30


class Channels(SignedIn, View):
    """By which ways matters come in, and how many in the last days, for those who watch over the place."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("governance.view_intake"):
            raise Http404
        since = timezone.now() - timedelta(days=CHANNEL_DAYS)
        found = Intake.objects.restrict(request.user).filter(received_at__gte=since)
        counted = found.order_by().values_list("channel", "kind").annotate(number=Count("pk"))
        names, by_way = intake.kinds(), {}
        for channel, kind, number in counted:
            by_way.setdefault(channel, []).append((names.get(kind, kind), number))
        most = max((sum(n for _, n in kinds) for kinds in by_way.values()), default=0)
        ways = [
            {
                "label": channel.label,
                "kinds": by_way.get(channel.value, []),
                "number": sum(number for _, number in by_way.get(channel.value, [])),
            }
            for channel in Channel
        ]
        context = {"ways": ways, "most": most, "days": CHANNEL_DAYS, "kinds": names}
        return render(request, "governance/channels.html", context)
