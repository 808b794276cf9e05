"""What of a demo district must be the same for one seed."""

from governance.models import Post, User
from grids.models import Entrance, Grid
from incidents.models import Callback, Closing, CommunityScore, Incident, IncidentPhoto, WhistleSlip
from mediation.models import Dispute
from volunteers.models import Claim, Order, Showcase, ShowcasePhoto, Volunteer


def fingerprint() -> list:
    """Everything about a district that must be the same for one seed: no keys, no secrets."""
    return [
        list(User.objects.order_by("username").values_list("username", "name", "phone", "date_joined")),
        list(Grid.objects.order_by("code").values_list("code", "name", "phone", "boundary")),
        list(
            Entrance.objects.order_by("token").values_list("token", "grid", "building__name", "longitude", "latitude")
        ),
        list(
            Post.objects.order_by("user__username", "role", "grid", "valid_from").values_list(
                "user__username", "role", "grid", "valid_from", "valid_until"
            )
        ),
        list(
            Volunteer.objects.order_by("number").values_list(
                "number", "applicant_name", "status", "birth_date", "free_times", "reach"
            )
        ),
        list(
            Order.objects.order_by("number").values_list(
                "number", "title", "status", "wanted_from", "due_at", "taken", "rating", "rating_words", "applicant_name"
            )
        ),
        list(
            Order.objects.order_by("number", "steps__seq").values_list(
                "number", "steps__action", "steps__at", "steps__actor__username", "steps__note"
            )
        ),
        list(
            Claim.objects.order_by("order__number", "volunteer__number", "created_at", "status").values_list(
                "order__number", "volunteer__number", "status", "half_hours"
            )
        ),
        list(
            Dispute.objects.order_by("number", "steps__seq").values_list(
                "number", "status", "case_number", "steps__action", "steps__at", "steps__actor__username", "steps__note"
            )
        ),
        list(Showcase.objects.order_by("number").values_list("number", "title", "status", "volunteer__number")),
        list(
            Incident.objects.order_by("number").values_list(
                "number", "title", "description", "spot", "longitude", "status", "due_at", "unit__code", "worker__username",
                "applicant_name",
            )
        ),
        list(
            Incident.objects.order_by("number", "steps__seq").values_list(
                "number", "steps__action", "steps__at", "steps__actor__username", "steps__note"
            )
        ),
        list(Closing.objects.order_by("incident__number", "at").values_list("incident__number", "at", "on_time")),
        list(Callback.objects.order_by("incident__number", "at").values_list("incident__number", "satisfaction", "words")),
        list(IncidentPhoto.objects.order_by("incident__number", "pk").values_list("incident__number", "stage", "sha256")),
        list(WhistleSlip.objects.order_by("number").values_list("number", "unit__code", "status", "arrived_at", "feedback")),
        list(CommunityScore.objects.order_by("grid", "unit__code").values_list("grid", "unit__code", "points", "words")),
        list(ShowcasePhoto.objects.order_by("showcase__number", "pk").values_list("showcase__number", "sha256")),
    ]  # fmt: skip
