"""What keeps the roll of members true to the tree: moving a member, and carrying rows along when an organisation gets another
place. Used by flows and services; asks no permission."""

from django.apps import apps
from django.utils import timezone

from governance.flow import Refused
from parties.member_posts import settle_posts
from parties.models import CoveredUnit, Member, OfOrganisation, Organisation, Transfer


def check_out_of_office(member: Member) -> None:
    """Raise Refused for a member who still holds a duty where she is."""
    held = member.duties.in_office().filter(organisation=member.organisation_id).first()
    if held is not None:
        raise Refused(f"还担任{held}，请先免去职务再转。", "member")


def move_member(member: Member, target: Organisation, *, document: str = "") -> Member:
    """Put a member on another organisation's roll as of today. Raises Refused for one who still holds a duty."""
    if member.organisation_id == target.pk:
        return member
    check_out_of_office(member)
    origin = member.organisation
    member.organisation, member.group = target, None
    member.since, member.came_from = timezone.localdate(), origin.name[:120]
    if document:
        member._change_reason = f"组织关系转接 {document}"
    member.save()
    settle_posts(member.user, by=None, reason=f"组织关系转接 {document}".strip())
    return member


def rows_of(organisations: list[Organisation]):
    """Yield, model by model, the rows that belong to these organisations."""
    for model in apps.get_app_config("parties").get_models():
        if issubclass(model, OfOrganisation):
            yield model.objects.filter(organisation__in=organisations).select_related("organisation")


def carry_along(top: Organisation, *, old: list[int]) -> None:
    """After an organisation got another path than ``old``: give everything below it, and every row of theirs, the new one.

    ``top`` is saved already. Saves what changed, organisation by organisation from above.
    """
    below = list(Organisation.objects.filter(units__contains=[top.unit_id]).exclude(pk=top.pk))
    for each in sorted(below, key=lambda each: len(each.units)):
        each.units = top.units + each.units[len(old) :]
    Organisation.objects.bulk_update(below, ["units"])
    everything = [top, *below]
    for rows in rows_of(everything):
        several = list(rows.select_related("group") if rows.model is Member else rows)
        for row in several:
            row.stand()
        rows.model.objects.bulk_update(several, ["grid", "units"], batch_size=500)
    # Where the organisation now lies in another community, its members' posts follow.
    for member in (
        Member.objects.on_roll().filter(organisation__in=everything).exclude(user=None).select_related("user")
    ):
        settle_posts(member.user, by=None, reason="党组织调整")
    covered = list(CoveredUnit.objects.filter(organisation__in=everything).select_related("organisation"))
    for row in covered:
        row.units = row.organisation.units
    CoveredUnit.objects.bulk_update(covered, ["units"], batch_size=500)
    paths = {each.pk: each.units for each in everything}
    for side, column in (("origin_id", "units"), ("target_id", "to_units")):
        passing = list(Transfer.objects.filter(**{f"{side}__in": list(paths)}))
        for transfer in passing:
            setattr(transfer, column, paths[getattr(transfer, side)])
        Transfer.objects.bulk_update(passing, [column], batch_size=500)
