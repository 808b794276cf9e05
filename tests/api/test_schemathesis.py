"""Hostile requests made from the OpenAPI description, as a stranger, a resident and a secretary, against the real database:
no server error, and every answer as described."""

import re
from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as conformance

from governance.api.throttles import SigningIn, Strangers
from governance.wsgi import application
from tests import factories
from tests.api.conftest import client_of
from tests.thorough import measure

CHECKS = [
    checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
]
EXAMPLES = measure(2, 6)


@pytest.fixture
def world(transactional_db, secretary, monkeypatch):
    """Something of each kind to be found, and no limit on how often one may ask."""
    for throttle in (Strangers, SigningIn):
        monkeypatch.setattr(throttle, "allow_request", lambda *asked: True)
    resident = factories.make_user("李奶奶")
    item = factories.make_item()
    order = factories.open_order(factories.make_order(by=resident, item=item), by=secretary)
    volunteer = factories.make_volunteer(approved_by=secretary)
    entrance = factories.make_entrance()
    incident = factories.make_incident(by=resident)
    known = {
        "number": {
            "orders": order.number,
            "volunteers": volunteer.number,
            "showcases": "SD-120106001002-20261122-0001",
            "incidents": incident.number,
        },
        "code": {"grids": factories.COMMUNITY, "items": item.code, "classes": incident.minor_class.code},
        "token": {"entrances": entrance.token},
        "id": {"notices": str(resident.notices.first().pk), "auth": "1"},
    }
    return {"resident": resident, "secretary": secretary, "known": known}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["stranger", "resident", "secretary"])
def test_hostile_requests(world, who):
    user = world.get(who)
    headers = {}
    if user is not None:
        headers["Authorization"] = client_of(user)._credentials["HTTP_AUTHORIZATION"]
    schema = schemathesis.openapi.from_wsgi(
        "/api/v1/schema/", application, headers={"Accept": "application/json"}
    )
    failures, sent = [], Counter()
    for result in schema.get_all_operations():
        operation = result.ok()
        try:
            attack(operation, headers, world["known"], sent)
        except BaseException as failure:  # a group of failures is no Exception; all of them are told together
            if isinstance(failure, KeyboardInterrupt):
                raise
            failures.append(f"{operation.label}: {str(failure)[:1500]}")
    assert not failures, "\n\n".join(failures)
    assert len(sent) > 100
    assert sum(sent.values()) > (EXAMPLES - 1) * len(sent)


def attack(operation: Any, headers: dict[str, str], known: dict[str, dict[str, str]], sent: Counter) -> None:
    """Send well-formed and malformed requests to one operation; every other one names a row that is there."""
    kind = re.match(r"/api/v1/([a-z]+)/", operation.path).group(1)
    strategy = operation.as_strategy(generation_mode=GenerationMode.POSITIVE) | operation.as_strategy(
        generation_mode=GenerationMode.NEGATIVE
    )

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def ask(case):
        sent[operation.label] += 1
        if sent[operation.label] % 2:
            for name in case.path_parameters or {}:
                if found := known.get(name, {}).get(kind):
                    case.path_parameters[name] = found
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS, headers=headers)

    ask()
