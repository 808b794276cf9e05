"""/healthz, the ticker and the worker: who shows itself to be alive, and what is said when someone does not."""

from datetime import timedelta

import pytest
from django.conf import settings as live
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from governance import flow, tasks
from governance.management.commands import tick
from governance.models import Heartbeat
from tests import factories

pytestmark = pytest.mark.django_db


def work_off_the_queue() -> None:
    """Carry out what waits, as the worker does, on this test's own connection."""
    worker = Worker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="test",
        excluded_queue_names=[],
    )
    while (waiting := DBTaskResult.objects.ready().get_locked()) is not None:
        waiting.claim(worker.worker_id)
        worker.run_task(waiting)


def test_a_fresh_portal_is_not_healthy_and_says_why(client):
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "worker": "never", "ticker": "never"}


def test_a_tick_and_a_worker_make_it_healthy(client):
    call_command("tick")
    assert client.get("/healthz").json()["worker"] == "never"
    work_off_the_queue()
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "worker": "ok", "ticker": "ok"}


@pytest.mark.parametrize("name", ["worker", "ticker"])
def test_an_old_heartbeat_is_late(client, name):
    tasks.beat_as("worker")
    tasks.beat_as("ticker")
    Heartbeat.objects.filter(name=name).update(at=timezone.now() - timedelta(seconds=live.HEALTH_SECONDS + 1))
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json()[name] == "late"


@pytest.mark.django_db(transaction=True)
def test_without_its_table_the_database_is_down(client):
    """The query itself fails, as it does when the server is away; the answer is 503, not an error page."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_heartbeat RENAME TO away")
    try:
        response = client.get("/healthz")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO governance_heartbeat")
    assert response.status_code == 503
    assert response.json() == {"database": "down", "worker": "unknown", "ticker": "unknown"}


def test_one_query_no_cache_no_post(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = client.get("/healthz")
    assert "no-store" in response["Cache-Control"]
    assert client.post("/healthz").status_code == 405


def test_a_worker_that_is_away_does_not_let_the_queue_grow():
    for _ in range(3):
        call_command("tick")
    assert DBTaskResult.objects.filter(task_path="governance.tasks.beat").count() == 1
    assert DBTaskResult.objects.filter(task_path="governance.tasks.tidy").count() == 1


def test_tidying_deletes_old_results_once_a_day():
    call_command("tick")
    work_off_the_queue()
    old = timezone.now() - timedelta(days=tasks.RESULT_DAYS + 1)
    DBTaskResult.objects.update(finished_at=old)
    call_command("tick")
    work_off_the_queue()
    assert DBTaskResult.objects.filter(finished_at=old).exists(), "it was tidied a moment ago"
    Heartbeat.objects.filter(name="tidy").update(at=timezone.now() - timedelta(days=2))
    call_command("tick")
    work_off_the_queue()
    assert not DBTaskResult.objects.filter(finished_at=old).exists()


def test_a_second_ticker_leaves_the_work_to_the_first(monkeypatch):
    runs = []
    monkeypatch.setattr(flow, "_tickers", [lambda now: runs.append(now) or 0])
    other = connection.copy()  # a second, real connection to the same database
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [tick.LOCK])
            assert tick.once() == {}
            assert runs == []
            cursor.execute("SELECT pg_advisory_unlock(%s)", [tick.LOCK])
    finally:
        other.close()
    tick.once()
    assert len(runs) == 1


def test_one_failing_ticker_does_not_stop_the_heartbeat(monkeypatch, client):
    def broken(now):
        raise RuntimeError("no")

    monkeypatch.setattr(flow, "_tickers", [broken])
    with pytest.raises(ExceptionGroup):
        tick.once()
    work_off_the_queue()
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("name", "age", "words"),
    [
        ("worker", timedelta(minutes=4), "正常"),
        ("worker", timedelta(minutes=6), "超过 5 分钟没有动静"),
        ("ticker", timedelta(minutes=6), "超过 5 分钟没有动静"),
        ("tidy", timedelta(hours=24, minutes=30), "正常"),
        ("tidy", timedelta(hours=26), "超过 25 小时没有动静"),
    ],
)
def test_the_desk_gives_each_machine_its_own_time(client, territory, name, age, words):
    client.force_login(
        factories.make_staff("system_administrator", factories.DISTRICT),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    Heartbeat.objects.create(name=name, at=timezone.now() - age)
    text = client.get(reverse("admin:governance_heartbeat_changelist")).content.decode()
    assert words in text and {"worker": "后台任务", "ticker": "定时任务", "tidy": "每日清理"}[name] in text
    assert f">{name}<" not in text


def test_the_desk_names_what_never_ran_and_counts_what_is_not_well(client, territory):
    client.force_login(
        factories.make_staff("system_administrator", factories.DISTRICT),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )

    def card() -> str:
        (found,) = [c for c in client.get(reverse("admin:index")).context["cards"] if c.label == "运行异常"]
        return found.count

    page = reverse("admin:governance_heartbeat_changelist")
    assert client.get(page).content.decode().count("从未运行") == 3 and card() == "3"
    for name in ("worker", "ticker", "tidy"):
        tasks.beat_as(name)
    assert "从未运行" not in client.get(page).content.decode() and card() == "0"
    Heartbeat.objects.filter(name="ticker").update(at=timezone.now() - timedelta(hours=1))
    assert card() == "1"
    assert client.get(reverse("admin:governance_heartbeat_change", args=["ticker"])).status_code == 200
