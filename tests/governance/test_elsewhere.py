"""Ending one's own sessions on other devices."""

import pytest
from django.test import Client
from django.urls import reverse

from governance.models import AccessEvent
from tests import factories
from tests.cast import BACKEND

pytestmark = pytest.mark.django_db


def signed_in(user, *, by_phone: bool = False) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    client.get(reverse("privacy"))
    return client


@pytest.mark.parametrize("staff", [False, True], ids=["resident", "staff"])
def test_all_other_sessions_end_and_this_one_goes_on(territory, staff):
    user = factories.make_staff("grid_worker", factories.BASE) if staff else factories.make_user()
    here, lost, older = (signed_in(user) for _ in range(3))
    stranger = signed_in(factories.make_user())
    page = reverse("me")
    assert all(client.get(page).status_code == 200 for client in (here, lost, older, stranger))
    assert "退出其他设备" in here.get(page).content.decode()
    assert here.get(reverse("me_elsewhere")).status_code == 200 and lost.get(page).status_code == 200
    assert here.post(reverse("me_elsewhere")).url == page
    assert "都已退出" in here.get(page).content.decode()
    assert lost.get(page).status_code == older.get(page).status_code == 302
    assert lost.get("/api/v1/me/").status_code in (401, 403, 404)
    assert stranger.get(page).status_code == 200
    event = AccessEvent.objects.latest("pk")
    assert (event.kind, event.actor) == (AccessEvent.Kind.LOGOUT, user) and "其他设备" in event.summary
    # Who signs in afterwards is let in, and a second time ends these too.
    again = signed_in(type(user).objects.get(pk=user.pk))
    assert again.get(page).status_code == 200
    here.post(reverse("me_elsewhere"))
    assert again.get(page).status_code == 302 and here.get(page).status_code == 200


def test_nobody_ends_sessions_without_being_signed_in(territory):
    assert Client().post(reverse("me_elsewhere")).status_code == 302
    assert not AccessEvent.objects.exists()
