"""What one process measures of whole pages: a request through every middleware, the view and the template."""

from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks import cast
from benchmarks.statements import clock
from volunteers.models import Order

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
_clients: dict[str, Client] = {}


def prepare() -> None:
    """Collect the static files, as a deployment does: pages name them by their contents. Again when one has changed."""
    collected, ours = settings.STATIC_ROOT / "staticfiles.json", settings.BASE_DIR / "static"
    changed = max(each.stat().st_mtime for each in ours.rglob("*"))
    if not collected.exists() or collected.stat().st_mtime < changed:
        call_command("collectstatic", interactive=False, verbosity=0)


def address_of(key: str, page: str) -> str:
    """Return the address of a page by its name here; it is the same for everyone."""
    orders = reverse("admin:volunteers_order_changelist")
    return {
        "desk": lambda: reverse("admin:index"),
        "order list": lambda: orders,
        "order list, unfinished": lambda: f"{orders}?status=ongoing",
        "order list, red": lambda: f"{orders}?light=red",
        "order list, search": lambda: f"{orders}?q=就医",
        "claim hall": lambda: reverse("order_hall"),
        "my claims": lambda: reverse("my_claims"),
        "my matters": lambda: reverse("my_matters"),
        "my matters, done": lambda: f"{reverse('my_matters')}?done=1",
        "team orders": lambda: reverse("team_orders"),
    }[page]()


class Pages:
    """The measured pages of one app: ``address_of(key, page)`` gives a page's address by its name here, ``mark`` is what is counted
    in it to see that the rows are there. An address is looked up once, for finding it is no part of the page."""

    def __init__(self, address_of: Callable[[str, str], str], mark: bytes) -> None:
        self.address_of, self.mark = cache(address_of), mark

    def fetch(self, key: str, page: str) -> tuple[float, int, int]:
        """Fetch a page as a member of the cast. Returns milliseconds, its size in bytes, and how often the mark stands in it."""
        return visit(key, self.address_of(key, page), self.mark)

    def queries(self, key: str, page: str) -> tuple[int, float]:
        """Return how many statements a page sends, and how many milliseconds the slowest one took."""
        sent = statements(key, self.address_of(key, page))
        return len(sent), sent[0][0] if sent else 0.0

    def slowest(self, key: str, page: str, count: int = 5) -> list[tuple[float, str]]:
        """Return the slowest statements of a page, for finding out why."""
        return statements(key, self.address_of(key, page))[:count]


def visit(key: str, address: str, mark: bytes) -> tuple[float, int, int]:
    """Fetch an address as a member of the cast; "" is somebody who has not signed in. Returns milliseconds, the answer's size in
    bytes, and how often ``mark`` stands in it.

    Raises RuntimeError when the answer is no page.
    """
    if key not in _clients:
        _clients[key] = Client()
        if key:
            _clients[key].force_login(cast.person(key), backend=BACKEND)
        ContentType.objects.get_for_model(Order)
    began = clock()
    answer = _clients[key].get(address)
    content = answer.getvalue()
    took = (clock() - began) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{address} as {key}: {answer.status_code} {answer.headers.get('Location', '')}")
    return took, len(content), content.count(mark)


def statements(key: str, address: str) -> list[tuple[float, str]]:
    """Return the statements that a page sends once everything is warm, the slowest first: milliseconds and words."""
    visit(key, address, b"")
    with CaptureQueriesContext(connection) as captured:
        visit(key, address, b"")
    sent = sorted(captured.captured_queries, key=lambda each: -float(each["time"]))
    return [(float(each["time"]) * 1000, each["sql"]) for each in sent]


_PAGES = Pages(address_of, b"DD-")
fetch, queries, slowest = _PAGES.fetch, _PAGES.queries, _PAGES.slowest
