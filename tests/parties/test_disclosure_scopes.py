"""Who reads what is disclosed: each scope, a random world against the rule said again in plain loops, and the residents' pages."""

import random
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance.appointments import appoint
from governance.explaining import explain
from governance.models import User
from governance.roles import BY_KEY
from governance.sharing import share
from parties.cards import shown_to
from parties.models import Disclosure, DisclosurePhoto, DisclosureStep, Organisation, PartyOrgType, Scope
from parties.models.disclosures import DisclosureStatus
from tests import factories, party
from tests.cast import BACKEND
from tests.party import disclose, make_disclosure
from tests.pictures import upload

pytestmark = pytest.mark.django_db
T = PartyOrgType


@pytest.fixture(autouse=True)
def tree(territory):
    return None


def enter(person: User) -> Client:
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client


def reads(person, item: Disclosure) -> bool:
    person = person if isinstance(person, AnonymousUser) else User.objects.get(pk=person.pk)
    found = Disclosure.objects.restrict(person).filter(pk=item.pk).exists()
    assert found == person.has_perm("parties.view_disclosure", item)
    return found


# --- each scope ---------------------------------------------------------------------------------------------------------
def test_each_scope_goes_as_far_as_it_says_and_no_further():
    committee = party.make_committee()
    branch, neighbour = (party.make_branch(parent=committee) for _ in range(2))
    far = party.make_branch(factories.FAR_BASE)
    people = SimpleNamespace(
        secretary=party.make_secretary(branch), neighbour=party.make_secretary(neighbour), far=party.make_secretary(far),
        leader=factories.make_staff("party_group_leader", factories.BASE, unit=party.make_group(branch).unit),
        community=factories.make_staff("community_secretary", factories.COMMUNITY),
        far_community=factories.make_staff("community_secretary", factories.FAR),
        district=party.make_officer(), resident=factories.make_user(), worker=factories.make_staff("grid_worker", factories.BASE),
        nobody=AnonymousUser(),
    )  # fmt: skip

    def readers(organisation, by, scope) -> set[str]:
        item = make_disclosure(organisation, by=by, scope=scope)
        insiders = {name for name, person in vars(people).items() if reads(person, item)}
        item = disclose(item, by=by)
        return {name for name, person in vars(people).items() if reads(person, item)} - insiders

    everyone = set(vars(people))
    posts = {"secretary", "neighbour", "far", "leader", "community", "far_community", "district"}
    above = {"secretary", "community", "district"}
    assert readers(branch, people.secretary, "society") == everyone - above
    assert readers(branch, people.secretary, "whole_party") == posts - above
    # The branch's own people: not the branch that shares its grid.
    assert readers(branch, people.secretary, "area") == {"leader"}
    assert readers(committee, people.community, "area") == {"secretary", "neighbour", "leader"}
    street = party.make_officer(factories.STREET)
    assert readers(committee.parent, street, "area") == {"community", "secretary", "neighbour", "leader"}


def test_why_somebody_reads_it_is_told():
    branch = party.make_branch()
    secretary = party.make_secretary(branch)
    leader = factories.make_staff("party_group_leader", factories.BASE, unit=party.make_group(branch).unit)
    item = disclose(make_disclosure(branch, by=secretary, scope="area"), by=secretary)
    assert [ground.text for ground in explain(leader, item)] == ["党务公开：本地区、本单位公开"]
    assert [ground.kind for ground in explain(secretary, item)] == ["post", "public"]


# --- the rule said again ------------------------------------------------------------------------------------------------
def chain(organisation: Organisation) -> list[int]:
    """The units from an organisation up to the street's committee."""
    units = []
    while organisation is not None:
        units.append(organisation.unit_id)
        organisation = organisation.parent
    return units


def should_see(person, item: Disclosure, named: dict[int, set[int]]) -> bool:
    """Say by plain loops whether a person sees an item."""
    signed_in = person.is_authenticated
    if signed_in and not person.is_active:
        return False
    today, place = timezone.localdate(), item.organisation.grid_id
    posts = []
    for post in person.posts.all() if signed_in else []:
        if post.valid_from <= today and (post.valid_until is None or today <= post.valid_until):
            posts.append(post)
    over = item.public_until is not None and item.public_until <= timezone.now()
    out = item.status == "published" and not over
    if out and item.scope == "society":
        return True
    if person.pk in named.get(item.pk, ()):
        return True
    for post in posts:
        granted = BY_KEY[post.role_id].permissions
        own = post.unit_id is None or post.unit_id in chain(item.organisation)
        if "parties.view_disclosure" in granted and place.startswith(post.grid_id) and own:
            return True
        if not out or "parties.read_disclosure" not in granted:
            continue
        if item.scope == "whole_party" and post.grid_id[:6] == place[:6]:
            return True
        if item.scope == "area":
            if post.unit_id is None and post.grid_id.startswith(place):
                return True
            hers = Organisation.objects.filter(unit=post.unit_id).first() if post.unit_id else None
            if hers is not None and item.organisation.unit_id in chain(hers):
                return True
    return False


def random_world(chance: random.Random):
    """Make organisations, people with posts of all kinds, and items in all states and scopes."""
    organisations = []
    for code in (factories.COMMUNITY, factories.NEIGHBOUR, factories.FAR):
        committee = party.make_committee(code)
        organisations += [committee, committee.parent]
        base = factories.FAR_BASE if code == factories.FAR else f"{code}001"
        for _ in range(chance.randint(1, 2)):
            branch = party.make_branch(base, parent=committee)
            organisations += [branch, party.make_group(branch)]
    organisations = list({each.pk: each for each in organisations}.values())
    people, today = [AnonymousUser(), factories.make_user()], timezone.localdate()
    for _ in range(12):
        person = factories.make_user(staff=True)
        for _ in range(chance.randint(1, 2)):
            held = chance.choice(organisations)
            role, code, unit = chance.choice(
                [
                    ("party_branch_secretary", held.grid_id, held.unit),
                    ("party_group_leader", held.grid_id, held.unit),
                    ("community_secretary", held.grid_id[:12], None),
                    ("party_officer", held.grid_id[:9], None),
                    ("community_worker", held.grid_id[:12], None),
                ]
            )
            if len(code) not in [int(level) for level in BY_KEY[role].levels]:
                continue
            until = chance.choice([None, None, today, today - timedelta(days=1)])
            appoint(
                person,
                role,
                code,
                by=None,
                unit=unit,
                since=today - timedelta(days=9),
                until=until,
            )
        if chance.random() < 0.15:
            person.is_active = False
            person.save()
        people.append(User.objects.get(pk=person.pk))
    by, others = (
        factories.make_staff("party_officer", factories.DISTRICT),
        [factories.make_user() for _ in range(2)],
    )
    named, now = {}, timezone.now()
    for number, organisation in enumerate([each for each in organisations if each.kind != T.GROUP] * 3):
        item = make_disclosure(organisation, by=by, scope=chance.choice(["society", "whole_party", "area"]))
        status = chance.choice(["published"] * 6 + DisclosureStatus.values)
        scope = Scope.values[number % 4]
        Disclosure.objects.filter(pk=item.pk).update(
            status=status, scope=scope, proposed_by=by, reviewed_by=others[0], approved_by=others[1],
            public_from=now - timedelta(days=5), public_until=chance.choice([None, None, now - timedelta(days=1), now + timedelta(days=1)]),
        )  # fmt: skip
        if scope == "certain" and status == "published":
            named[item.pk] = {person.pk for person in chance.sample(people[1:], 2)}
            for key in named[item.pk]:
                share(item, User.objects.get(pk=key), ["view"], by=by, reason="党务公开")
    return people, named


@pytest.mark.parametrize("seed", [1, 20261128])
def test_a_random_world_agrees_with_the_rule_said_in_loops(seed):
    people, named = random_world(random.Random(seed))  # noqa: S311 a world, no secret
    items = list(Disclosure.objects.select_related("organisation"))
    seen = 0
    for person in people:
        expected = {item.pk for item in items if should_see(person, item, named)}
        found = set(Disclosure.objects.restrict(person).values_list("pk", flat=True))
        assert found == expected, person
        out = {item.pk for item in items if item.is_out}
        assert set(shown_to(person).values_list("pk", flat=True)) == expected & out
        seen += len(found)
        for item in items[::5]:
            assert person.has_perm("parties.view_disclosure", item) == (item.pk in expected)
    assert 0 < seen < len(items) * len(people)
    public = shown_to(AnonymousUser())
    assert {item.scope for item in public} == {"society"}


# --- the residents' pages -----------------------------------------------------------------------------------------------
def test_residents_find_what_is_public_by_place_and_by_words():
    near, far = party.make_branch(), party.make_branch(factories.FAR_BASE)
    one, two = party.make_secretary(near), party.make_secretary(far)
    here = disclose(make_disclosure(near, by=one, title="党费公示"), by=one)
    there = disclose(make_disclosure(far, by=two, title="换届结果"), by=two)
    inner = [
        disclose(make_disclosure(near, by=one, scope=scope), by=one) for scope in ("whole_party", "area")
    ]
    visitor = Client()

    def listed(client, **query) -> list[Disclosure]:
        return client.get(reverse("disclosures"), query).context["rows"]

    assert listed(visitor) == [there, here]
    assert listed(visitor, **{"in": factories.COMMUNITY}) == [here] == listed(visitor, q="公示")
    assert listed(visitor, **{"in": factories.OTHER_STREET}) == [there]
    assert (
        listed(visitor, q="没有这样的词") == []
        and listed(visitor, q="换届", **{"in": factories.COMMUNITY}) == []
    )
    for asked in ({"in": "x"}, {"in": "999999999"}, {"q": "\x00"}, {"q": "公"}, {"page": "x"}):
        assert visitor.get(reverse("disclosures"), asked).status_code == 200
    assert listed(enter(factories.make_user())) == [there, here]
    for item in inner:
        assert visitor.get(item.get_absolute_url()).status_code == 404
    leader = factories.make_staff("party_group_leader", factories.BASE, unit=party.make_group(near).unit)
    text = enter(leader).get(reverse("disclosures")).content.decode()
    assert "在全区党内公开" in text and "在本地区、本单位公开" in text
    assert set(listed(enter(leader))) == {here, there, *inner}
    assert "在全区党内公开" in enter(leader).get(inner[0].get_absolute_url()).content.decode()


def test_a_draft_is_not_on_the_phone_even_of_its_writer():
    branch = party.make_branch()
    secretary = party.make_secretary(branch)
    item = make_disclosure(branch, by=secretary, photos=[upload("a.jpg")])
    client = enter(secretary)
    assert client.get(item.get_absolute_url()).status_code == 404
    assert client.get(reverse("disclosures")).context["rows"] == []
    assert client.get(item.photos.get().url).status_code == 200, "at her desk"
    assert Client().get(item.photos.get().url).status_code == 404
    assert not DisclosurePhoto.objects.restrict(AnonymousUser()).exists()


def test_the_home_page_has_a_line_only_where_there_is_something():
    branch = party.make_branch()
    secretary = party.make_secretary(branch)
    inner = disclose(make_disclosure(branch, by=secretary, scope="whole_party"), by=secretary)
    for client in (Client(), enter(secretary)):
        assert "党务公开" not in client.get("/").content.decode()
    item = disclose(make_disclosure(branch, by=secretary, title="党费公示"), by=secretary)
    visitor = Client()
    text = visitor.get("/").content.decode()
    assert "党费公示" in text and inner.title not in text
    visitor.get(reverse("in_grid", args=[factories.FAR]))
    assert "党费公示" not in visitor.get("/").content.decode(), "another street's"
    visitor.get(reverse("in_grid", args=[factories.COMMUNITY]))
    assert item.title in visitor.get("/").content.decode()


def test_hostile_words_stay_words():
    branch = party.make_branch()
    secretary = party.make_secretary(branch)
    evil = "<script>alert(1)</script>{{ 7 }}"
    item = disclose(make_disclosure(branch, by=secretary, title=evil, body=f"{evil}\n\n第二段"), by=secretary)
    desk = reverse("admin:parties_disclosure_change", args=[item.pk])
    for client, page in (
        (Client(), item.get_absolute_url()), (Client(), reverse("disclosures")), (Client(), "/"), (enter(secretary), desk),
    ):  # fmt: skip
        text = client.get(page).content.decode()
        assert "<script>alert(1)" not in text and "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 }}" in text, page
    assert Client().get(item.get_absolute_url()).content.decode().count("<p>") >= 2
    assert DisclosureStep.objects.restrict(AnonymousUser()).count() == 0
