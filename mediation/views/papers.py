"""A file's documents as they are handed over, and pictures on their way into it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View

from governance.exports import as_file
from governance.flow import NotYours
from governance.permissions import permitted_actions
from governance.sheets import DOCX
from governance.views import SignedIn
from mediation.flow import DISPUTES
from mediation.forms.papers import ScanForm
from mediation.models import Dispute
from mediation.services.papers import take_out


class _OfFile(SignedIn, View):
    """Something of one file. 404 for whoever reaches neither the file nor, as a party, her part of it."""

    actions = frozenset({"view"})

    def dispute(self) -> Dispute:
        """Return the dispute that the address names.

        Raises Http404.
        """
        dispute = Dispute.objects.filter(number=self.kwargs["number"]).first()
        if dispute is None or not permitted_actions(self.request.user, dispute, self.actions):
            raise Http404
        return dispute

    def back(self, dispute: Dispute) -> HttpResponse:
        """Lead back to where she came from."""
        here = self.request.POST.get("next") or self.request.headers.get("Referer", "")
        if not url_has_allowed_host_and_scheme(here, allowed_hosts={self.request.get_host()}):
            at_desk = self.request.user.is_staff
            here = dispute.get_desk_url() if at_desk else dispute.get_absolute_url()
        return HttpResponseRedirect(here)

    def say(self, error: ValidationError) -> None:
        """Tell what was refused."""
        messages.error(self.request, " ".join(error.messages))


class PaperView(_OfFile):
    """One document of a file, as a Word file."""

    actions = frozenset({"view", "follow"})

    def get(self, request: HttpRequest, number: str, kind: str) -> HttpResponse:
        dispute = self.dispute()
        try:
            taken = take_out(dispute, kind, by=request.user, request=request)
        except NotYours:
            raise Http404 from None
        except ValidationError as refusal:
            self.say(refusal)
            return self.back(dispute)
        return as_file(taken.filename, taken.content, DOCX)


class ScanView(_OfFile):
    """Takes pictures into the file."""

    actions = frozenset({"record"})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        dispute = self.dispute()
        form = ScanForm(request.POST, request.FILES)
        if not form.is_valid():
            self.say(ValidationError([text for texts in form.errors.values() for text in texts]))
            return self.back(dispute)
        try:
            DISPUTES.run(dispute, "scan", by=request.user, **form.cleaned_data)
        except NotYours:
            raise Http404 from None
        except ValidationError as refusal:
            self.say(refusal)
        else:
            messages.success(request, f"已入卷：{len(form.cleaned_data['photos'])} 张。")
        return self.back(dispute)
