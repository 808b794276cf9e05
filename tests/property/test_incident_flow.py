"""An incident under any sequence of actions by any people: whatever is tried, in whatever order, the books stay right."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance import flow as engine
from governance.flow import FlowError
from incidents.flow import INCIDENTS
from incidents.models import Callback, Closing, Incident
from incidents.models.incidents import DONE
from tests import factories
from tests.pictures import jpeg
from tests.thorough import measure
from volunteers.models import Order

pytestmark = pytest.mark.django_db

#: (which of the two incidents; what: a number picks an offered action, a name is tried offered or not; who; a number for the data).
#: People by their place in the cast: 0 the reporter, 1 the secretary, 2 the worker, 3 the department, 4 the street, 5 the arbiter.
moves = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1]),
        st.integers(0, 19) | st.integers(0, 19) | st.sampled_from([*sorted(INCIDENTS.actions), "tick"]),
        st.integers(0, 5),
        st.integers(0, 4),
    ),
    min_size=8,
    max_size=40,
)


class _Undo(Exception):
    pass


@settings(max_examples=measure(8, 25), deadline=None, suppress_health_check=list(HealthCheck))
@given(moves=moves)
def test_the_books_stay_right(territory, moves):
    try:
        with transaction.atomic():
            play(moves)
            raise _Undo
    except _Undo:
        pass


def play(moves):
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    worker = factories.make_staff("grid_worker", factories.BASE)
    unit = factories.make_unit()
    officer = factories.make_staff("department_officer", factories.DISTRICT, unit=unit)
    street = factories.make_staff("street_officer", factories.STREET)
    arbiter = factories.make_staff("arbiter", factories.DISTRICT)
    item = factories.make_item()
    minor, other = factories.make_minor(), factories.make_minor(needs_photo=True)
    reporter = factories.make_user()
    pair = [factories.make_incident(by=reporter, minor_class=kind) for kind in (minor, other)]
    cast = [reporter, secretary, worker, officer, street, arbiter]
    for which, name, who, number in moves:
        incident = Incident.objects.get(pk=pair[which].pk)
        if isinstance(name, int):
            offered = [
                a.name
                for a in INCIDENTS.available(incident, cast[who])
                if a.name not in ("reject", "refer", "withdraw", "relocate")
            ]
            if not offered:
                continue
            name = offered[name % len(offered)]
        if name == "tick":
            engine.tick(timezone.now() + timedelta(hours=number * 5))
        else:
            data = {
                "worker": worker if number % 2 else None, "unit": None if number % 2 else unit, "solved": number > 2,
                "satisfaction": number, "reached": number > 1, "counted": number != 3, "hours": number * 3,
                "until": timezone.localdate() + timedelta(days=number), "lead": pair[1 - which], "to": f"order:{item.code}",
                "parts": [(minor, "一件")] * number, "grid": None, "public_words": "已在处理",
                "photos": [SimpleUploadedFile("a.jpg", jpeg())] if number == 4 else [],
            }  # fmt: skip
            with suppress(FlowError), transaction.atomic():
                INCIDENTS.run(
                    incident,
                    name,
                    by=cast[who],
                    note="演练",
                    version=incident.version if number else None,
                    **data,
                )
    for row in Incident.objects.all():
        assert_books(row)


def assert_books(incident):
    steps = list(incident.steps.all())
    names = [step.action for step in steps]
    assert incident.version == len(steps) == steps[-1].seq
    assert steps[-1].to_status == incident.status
    assert (incident.closed_at is not None) == (incident.status in INCIDENTS.final)
    if incident.closed_at is not None:
        assert incident.due_at is None
    assert Closing.objects.filter(incident=incident).count() == names.count("verify_pass")
    assert Callback.objects.filter(incident=incident).count() == names.count("rate") + names.count(
        "call_back"
    )
    assert (incident.merged_into_id is not None) == (incident.status == "merged")
    assert not (incident.unit_id and incident.worker_id)
    if incident.status in ("reported", "accepted", "returned", "disputed", "merged"):
        assert incident.unit_id is None and incident.worker_id is None, (
            "nobody holds what is back at the desk"
        )
    if incident.status in ("handling", "handled", "backlog") or incident.status in DONE:
        assert incident.handler_id is not None
    if incident.status in DONE:
        assert not incident.parts.filter(closed_at=None).exists()
    if incident.accepted_at is not None and incident.status not in ("reported", "rejected", "withdrawn"):
        assert incident.first_receiver_id is not None
    if incident.status == "referred":
        assert Order.objects.count() >= 1
    counted = Callback.objects.filter(incident=incident, reached=True, counted=True)
    assert counted.count() <= max(1, names.count("verify_pass"))
    if incident.merged_into_id:
        assert incident.merged_into.status != "merged", "a lead is nobody's copy"
