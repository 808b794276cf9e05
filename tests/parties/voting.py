"""What the tests of elections begin with: a branch with those who vote, and elections made ready for the ballot."""

from datetime import timedelta
from types import SimpleNamespace

from django.utils import timezone

from parties.models import Election
from tests import factories, party

TODAY = timezone.localdate
DAY = timedelta(days=1)


def electorate() -> SimpleNamespace:
    """A branch of five full members with its secretary, whose term ends in a hundred days; another branch of the same grid."""
    committee = party.make_committee()
    branch, other = party.make_branch(parent=committee), party.make_branch(parent=committee)
    branch.term_from, branch.term_until = TODAY() - 1700 * DAY, TODAY() + 100 * DAY
    branch.save()
    own = party.make_secretary(branch)
    world = SimpleNamespace(
        committee=committee,
        branch=branch,
        own=own,
        neighbour=party.make_secretary(other),
        superior=factories.make_staff("community_secretary", factories.COMMUNITY),
        officer=party.make_officer(factories.STREET),
        head=branch.officers.get().member,
    )
    world.members = [party.make_member(branch, by=own) for _ in range(4)]
    return world


def ready(here, **fields) -> Election:
    """An election of a secretary, two standing: the one in office and the first of the members."""
    election = party.make_election(here.branch, by=here.own, **fields)
    return party.make_ready(
        election, own=here.own, superior=here.superior, members=[here.head, here.members[0]]
    )


def committee_of_three(here) -> Election:
    election = party.make_election(here.branch, by=here.own, has_committee=True, seats=3)
    return party.make_ready(
        election, own=here.own, superior=here.superior, members=[here.head, *here.members[:3]]
    )
