"""The rule once more, as naively as it can be said: loops over everything, no queries, none of the code under test.

What a role may do is read from the role table, because that table is the definition; how far a post reaches, and every
exception, is written out here a second time.
"""

from django.utils import timezone

from governance.roles import BY_KEY

#: What a relation to an order allows, written out by hand.
APPLICANT = {"view", "contact", "amend", "cancel", "confirm", "rate", "complain", "code"}
BENEFICIARY = APPLICANT - {"amend"}
PLACED_BY, PLACED_BY_WHILE_OPEN = {"view", "complain"}, {"contact", "amend", "cancel"}
LIVE_CLAIM = {"view", "claim", "answer"}
HELD_CLAIM = {"contact", "serve"}
SERVED_CLAIM = {"show"}
HALL = {"view", "claim"}

#: What a relation to an incident allows.
REPORTER = {"view", "contact", "supplement", "withdraw", "urge", "rate", "reopen"}
REPORTED_BY, REPORTED_BY_WHILE_OPEN = {"view", "supplement", "withdraw"}, {"contact"}
WORKER, WORKER_WHILE_OPEN = {"view", "handle"}, {"contact"}


def posts_today(world, user):
    """Return the person's posts whose term includes today."""
    today = timezone.localdate()
    return [
        p
        for p in world.posts
        if p.user_id == user.pk
        and p.valid_from <= today
        and (p.valid_until is None or today <= p.valid_until)
    ]


def by_post(world, user, permission, order) -> bool:
    """Say whether a post with this permission reaches the row."""
    return any(
        permission in BY_KEY[p.role_id].permissions
        and order.grid_id[: len(p.grid_id)] == p.grid_id
        and (p.unit_id is None or p.unit_id == order.unit_id)
        for p in posts_today(world, user)
    )


def may(world, user, action, order) -> bool:
    """Say whether the person may do the action with the order."""
    if not user.is_active:
        return False
    if user.may_elevate:
        return True
    if by_post(world, user, f"volunteers.{action}_order", order):
        return True
    if any(
        s.user_id == user.pk and s.object_pk == str(order.pk) and s.ended_at is None and action in s.actions
        for s in world.shares
    ):
        return True
    if (order.applicant_id == user.pk and action in APPLICANT) or (
        order.beneficiary_id == user.pk and action in BENEFICIARY
    ):
        return True
    if order.placed_by_id == user.pk and action in PLACED_BY:
        return True
    if order.placed_by_id == user.pk and action in PLACED_BY_WHILE_OPEN and order.closed_at is None:
        return True
    for claim in world.claims:
        if claim.order_id != order.pk or claim.volunteer.applicant_id != user.pk:
            continue
        if claim.status in ("invited", "held", "waiting", "offered", "served") and action in LIVE_CLAIM:
            return True
        if (
            claim.status == "held"
            and order.status in ("open", "assigned", "claimed", "serving")
            and action in HELD_CLAIM
        ):
            return True
        if claim.status == "served" and action in SERVED_CLAIM:
            return True
    if action in HALL and order.status in ("open", "claimed") and order.published_to:
        for p in posts_today(world, user):
            if "volunteers.seek_order" in BY_KEY[p.role_id].permissions and p.grid_id.startswith(
                order.published_to
            ):
                return True
    return False


def may_incident(world, user, action, incident) -> bool:
    """Say whether the person may do the action with the incident. Incidents are shared with nobody case by case."""
    if not user.is_active:
        return False
    if action == "count" or (action == "disclose" and incident.published_at is not None):
        return True
    if user.may_elevate or by_post(world, user, f"incidents.{action}_incident", incident):
        return True
    unfinished = incident.closed_at is None
    return (
        (incident.applicant_id == user.pk and action in REPORTER)
        or (incident.placed_by_id == user.pk and action in REPORTED_BY)
        or (incident.placed_by_id == user.pk and unfinished and action in REPORTED_BY_WHILE_OPEN)
        or (incident.worker_id == user.pk and action in WORKER)
        or (incident.worker_id == user.pk and unfinished and action in WORKER_WHILE_OPEN)
    )
