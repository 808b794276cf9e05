"""Every form of an election, in each state, with what nobody should type: an answer in words, nothing lost, no 500."""

from html import escape

import pytest
from django.urls import reverse

from governance.models import User
from parties.flow import ELECTIONS
from parties.models import Election
from tests import factories, party
from tests.cast import Cast
from tests.test_hostile_forms import HOSTILE, TELLING, forms_on, send

pytestmark = pytest.mark.django_db
#: What breaks numbers, keys, days and markup; the rest is tried on every other page already.
TYPED = [HOSTILE[name] for name in ("markup", "NUL", "numbers", "far date")]


def test_every_form_of_an_election_answers_whatever_is_typed(territory):
    branch = party.make_branch(parent=party.make_committee())
    own, superior = (
        party.make_secretary(branch),
        factories.make_staff("community_secretary", factories.COMMUNITY),
    )
    members = [party.make_member(branch, by=own) for _ in range(4)]
    branch.term_from, branch.term_until = branch.established_on, factories.tomorrow().date()
    branch.save()
    add, tried = reverse("admin:parties_election_add"), set()

    def attack(person: User, url: str, name: str) -> None:
        client = Cast(people={"she": person}).client("she")
        client.raise_request_exception = False
        page = client.get(url)
        assert page.status_code < 500, url
        for form in forms_on(page.content.decode()):
            tried.add(name)
            for value in TYPED:
                response, text = send(client, url, form, **dict.fromkeys(form.typed, value))
                assert response.status_code < 500, (url, value)
                if value in TELLING and response.status_code == 200:
                    assert value not in text, url
                    assert escape(value) in text or not any(form.typed.values()), url

    def attack_all(election: Election) -> None:
        election = Election.objects.get(pk=election.pk)
        for person in (own, superior):
            for action in ELECTIONS.available(election, User.objects.get(pk=person.pk)):
                if action.name not in tried:
                    attack(
                        person,
                        reverse("admin:parties_election_do", args=[election.pk, action.name]),
                        action.name,
                    )

    attack(own, f"{add}?organisation={HOSTILE['sql']}", "add")
    election = party.make_election(branch, by=own, has_committee=True, seats=3)
    attack_all(election)
    party.take(election, "ask_shift", own, asked_day=factories.tomorrow().date(), note="忙")
    party.take(election, "request", own, note="请示")
    attack_all(election)
    party.take(election, "approve_request", superior)
    for member in members:
        party.take(election, "nominate", own, member=member, note="好")
    party.take(election, "leave_out", own, member=branch.officers.get().member, reason="away")
    attack_all(election)
    party.take(election, "propose", own)
    attack_all(election)
    party.take(election, "approve_candidates", superior)
    attack_all(election)
    election = party.ballot(election, own, [4, 3, 2, 2], everybody=4)
    attack_all(election)
    party.take(election, "fewer", own, note="同意", consent=True)
    attack_all(election)
    keys = election.candidates.filter(elected=True).order_by("pk").values_list("pk", flat=True)
    offices = dict(zip(keys, ("secretary", "deputy"), strict=True))
    party.take(election, "divide", own, offices=offices, committee_attended=2, secretary_votes=2)
    attack_all(election)
    party.take(election, "report", own)
    attack_all(election)
    assert tried >= set(ELECTIONS.actions) - {"remind"}, set(ELECTIONS.actions) - tried
