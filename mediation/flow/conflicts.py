"""When a mediator may not mediate between these parties: she is one of them, stands near to one, or once stood against one."""

from mediation.models import Disputant, Dispute, Mediator, Relation


def conflicts(dispute: Dispute, mediator: Mediator) -> list[str]:
    """Return, in sentences, why a mediator must stand back from a dispute; none when she need not."""
    parties = list(dispute.disputants.all())
    reasons = []
    if any(is_same(party, mediator.user) for party in parties):
        reasons.append(f"{mediator}是本案当事人。")
    if any(lives_with(party, mediator.user) for party in parties):
        reasons.append(f"{mediator}与当事人同户居住。")
    for relation in mediator.relations.all():
        if any(names(relation, party) for party in parties):
            near = "利害" if relation.kind == Relation.Kind.INTEREST else relation.get_kind_display()
            reasons.append(f"{mediator}与当事人有{near}关系。")
    if stood_against(mediator, parties):
        # In the same words: that the two had a dispute is secret too.
        reasons.append(f"{mediator}与当事人有利害关系。")
    return list(dict.fromkeys(reasons))


def is_same(party: Disputant, user) -> bool:
    """Say whether a party is this person."""
    return party.user_id == user.pk or bool(party.phone and party.phone == user.phone)


def lives_with(party: Disputant, user) -> bool:
    """Say whether a party has the person's own door and room."""
    if party.user_id is None or party.user_id == user.pk:
        return False
    other = party.user
    return bool(user.entrance_id and user.address) and (
        (other.entrance_id, other.address.strip()) == (user.entrance_id, user.address.strip())
    )


def names(relation: Relation, party: Disputant) -> bool:
    """Say whether a declared relation names a party: by the phone where both have one, else by the name."""
    if relation.phone and party.phone:
        return relation.phone == party.phone
    return relation.name == party.name


def stood_against(mediator: Mediator, parties: list[Disputant]) -> bool:
    """Say whether the mediator was herself a party to an earlier dispute with one of these people on another side."""
    hers = {
        (row.dispute_id, row.side)
        for row in Disputant.objects.filter(user=mediator.user_id).only("dispute", "side")
    }
    if not hers:
        return False
    users = [party.user_id for party in parties if party.user_id]
    phones = [party.phone for party in parties if party.phone]
    others = Disputant.objects.filter(dispute__in=[dispute for dispute, _ in hers]).exclude(
        user=mediator.user_id
    )
    return any(
        (row.user_id in users or row.phone in phones) and (row.dispute_id, row.side) not in hers
        for row in others.only("dispute", "side", "user", "phone")
    )
