"""Callers of the API: strangers, and people with a token or a session."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from governance.accounts.tokens import issue_by_phone, issue_for_system
from governance.models import User
from tests import factories


def client_of(user: User | None) -> APIClient:
    """Return a client that carries a token of the user; a stranger's for None."""
    client = APIClient()
    if user is not None:
        if user.is_staff:
            token, _ = issue_for_system(user, "测试", 1)
        else:
            token, _ = issue_by_phone(user, "测试")
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


@pytest.fixture
def api() -> Callable[[User | None], APIClient]:
    return client_of


@pytest.fixture
def resident(territory) -> User:
    return factories.make_user("李奶奶")
