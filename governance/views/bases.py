"""The base classes of pages: whatever a page shows comes through the permission rule, and what is out of reach does not
exist (404, never 403)."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import add_never_cache_headers
from django.views.generic import DetailView, ListView

from governance import drafts, outbox, uploads
from governance.slices import Slice, page_of


class SignedIn:
    """A page for people who are signed in. Whoever is not is asked to sign in first and comes back; what she had typed
    when her session ended is kept for her return."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            if request.method == "POST":
                drafts.keep(request, request.path)
            return redirect_to_login(request.get_full_path())
        response = super().dispatch(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response


class Kept:
    """A form that a phone may keep while it has no network: sent from there, it is answered in JSON (governance/outbox.py).
    Stands before ``SignedIn``."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and outbox.asked(request):
            if not outbox.is_owners(request):
                return outbox.signed_out()
            try:
                uploads.put_among_files(request)
            except uploads.Missing:
                return outbox.incomplete()
        return super().dispatch(request, *args, **kwargs)

    def carried_out(self, url: str, sentence: str) -> HttpResponse:
        """Say that it is done, and lead on to ``url``."""
        if not outbox.is_later(self.request):
            messages.success(self.request, sentence)
        return outbox.done(url, sentence) if outbox.asked(self.request) else HttpResponseRedirect(url)


class Restricted:
    """What a page shows: the rows of ``model`` with which the visitor may do ``action``."""

    model: Any = None
    action = "view"

    def get_queryset(self) -> Any:
        """Return the rows within reach."""
        return self.model.objects.restrict(self.request.user, self.action)


class RestrictedDetail(Restricted, DetailView):
    """The page of one row, found by its number; 404 when it is out of reach."""

    slug_field = slug_url_kwarg = "number"


class RestrictedList(Restricted, ListView):
    """A page of rows, never counted. ``page`` in the template is a ``Slice``."""

    size = 20

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page()
        return {"page": page, "rows": page.object_list, "view": self, **kwargs}

    def page(self) -> Slice:
        """Return the page that the address asks for."""
        return page_of(self.object_list, self.request.GET.get("page"), self.size)
