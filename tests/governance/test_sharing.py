"""Shares, as a request reads them: once, and anew after each change."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from governance.sharing import SharesReadOnce, share, unshare
from tests import factories
from tests.cast import BACKEND
from volunteers.models import Order

pytestmark = pytest.mark.django_db
READS = 'FROM "guardian_userobjectpermission"'


def test_a_page_asks_once_of_which_types_rows_are_shared(client, secretary):
    client.force_login(secretary, backend=BACKEND)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse("admin:index")).status_code == 200
    assert sum(READS in each["sql"] for each in captured.captured_queries) == 1


def test_what_is_shared_while_a_request_is_answered_is_reached_in_it(secretary):
    far = factories.make_order(factories.FAR_BASE)
    reached = []

    def look() -> None:
        reached.append(Order.objects.restrict(secretary).filter(pk=far.pk).exists())

    def answer(request) -> None:
        look()
        share(far, secretary, ["view"], by=secretary, reason="会诊")
        look()
        unshare(far, secretary, by=secretary)
        look()

    SharesReadOnce(answer)(None)
    assert reached == [False, True, False]
