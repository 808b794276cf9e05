"""What branches look after: firms, social organisations, shops, and hub households."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.constraints import sentence
from governance.flow import Refused
from governance.models import User
from governance.permissions import look_again
from governance.territory import GridLevel
from parties.models import CoveredUnit, HubHousehold, PartyOrgType


@transaction.atomic
def keep_covered(covered: CoveredUnit, *, by: User) -> CoveredUnit:
    """Save a firm, social organisation or shop, new or mended. Raises Refused at the field it concerns, OutOfReach or ValidationError."""
    new = covered.pk is None
    if covered.grid.is_retired or covered.grid.grid_level < GridLevel.COMMUNITY:
        raise Refused("请选择在用的社区或基础网格。", "grid")
    organisation = covered.organisation
    if organisation is not None:
        if organisation.is_ended or organisation.kind == PartyOrgType.GROUP:
            raise Refused("请选择一个在用的党支部、党总支或党委。", "organisation")
        if not covered.grid_id.startswith(organisation.grid_id):
            raise Refused(
                f"这里不在“{organisation.name}”的范围（{organisation.grid}）里，请换一个。", "organisation"
            )
        covered.since = covered.since or timezone.localdate()
    else:
        covered.since = None
    covered.full_clean(exclude=["grid", "organisation", "units"], validate_constraints=False)
    try:
        with transaction.atomic():
            covered.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "与已登记的单位冲突，请检查。", "name") from error
    look_again(by, covered, "add" if new else "change")
    return covered


@transaction.atomic
def keep_hub(hub: HubHousehold, *, by: User) -> HubHousehold:
    """Save a hub household, new or mended. Raises Refused at the field it concerns, OutOfReach or ValidationError."""
    new = hub.pk is None
    if new and hub.organisation.is_ended:
        raise Refused("这个党组织已经撤销，请另选。", "organisation")
    if new and not by.may("contact", hub.member):
        # Her name stands at the door from now on; whoever makes it so knows it.
        raise Refused("您看不到这名党员的姓名，请由她的支部或社区登记。", "member")
    if new and not (hub.member.is_on_roll and hub.organisation.unit_id in hub.member.units):
        raise Refused("请选择这个党组织名册上的党员。", "member")
    if hub.entrance_id and not hub.entrance.grid_id.startswith(hub.organisation.grid_id):
        raise Refused("这个楼门不在党组织的范围里，请另选。", "entrance")
    hub.stand()
    hub.full_clean(
        exclude=["grid", "organisation", "member", "entrance", "units"], validate_constraints=False
    )
    try:
        with transaction.atomic():
            hub.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "与已登记的党员中心户冲突。", "member") from error
    look_again(by, hub, "add" if new else "change")
    return hub
