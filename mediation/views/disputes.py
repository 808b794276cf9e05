"""A dispute's page on a phone: for its parties the part that is theirs, for its mediator the file."""

from governance.views import RestrictedDetail, SignedIn
from mediation.models import Dispute


class DisputePage(SignedIn, RestrictedDetail):
    """One dispute."""

    model = Dispute
    template_name = "mediation/dispute.html"
