"""What creates is carried out once for each key, also when two requests arrive together."""

import threading

import pytest
from django.db import connection

from governance.models import IdempotencyKey
from tests import factories
from tests.api.conftest import client_of
from tests.api.test_order_round import new_order
from volunteers.models import Order


@pytest.mark.django_db
def test_the_same_request_gets_the_same_order(api, resident):
    item, client, soon = factories.make_item(), api(resident), factories.tomorrow().isoformat()
    until = factories.tomorrow(11).isoformat()
    body = {"wanted_from": soon, "wanted_until": until}
    first, again = new_order(client, item, **body), new_order(client, item, **body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "Idempotency-Replayed" not in first and again["Idempotency-Replayed"] == "true"
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_a_key_belongs_to_one_request_of_one_person(api, resident):
    item = factories.make_item()
    assert new_order(api(resident), item).status_code == 201
    other = new_order(api(resident), item, address="502 室")
    assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "idempotency_mismatch")
    assert new_order(api(factories.make_user()), item).status_code == 201, (
        "another person's key is another key"
    )


@pytest.mark.django_db
def test_after_a_refusal_the_key_serves_for_the_mended_request(api, resident):
    item, client = factories.make_item(), api(resident)
    refused = new_order(client, item, wanted_until="2020-01-01T00:00:00Z")
    assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (400, "wanted_until")
    assert not IdempotencyKey.objects.exists()
    assert new_order(client, item).status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "short", "有汉字的幂等键", "x" * 65])
def test_a_key_is_asked_for_in_words(api, resident, key):
    answer = new_order(api(resident), factories.make_item(), key.encode().decode("latin-1"))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "Idempotency-Key"


@pytest.mark.django_db(transaction=True)
def test_requests_that_arrive_together_create_once(resident):
    item, soon = factories.make_item(), factories.tomorrow()
    body = {"wanted_from": soon.isoformat(), "wanted_until": factories.tomorrow(11).isoformat()}
    clients = [client_of(resident) for _ in range(6)]
    start, answers = threading.Barrier(len(clients)), []

    def send(client):
        try:
            start.wait()
            answers.append(new_order(client, item, **body))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * len(clients)
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert Order.objects.count() == 1
