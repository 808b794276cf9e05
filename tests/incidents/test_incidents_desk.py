"""An incident's page at the desk: which button stands out, what the timeline and the pictures say, what lies beside a form."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from incidents.flow import INCIDENTS
from tests import factories
from tests.cast import BACKEND
from tests.pictures import jpeg
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


def page(client, user, incident):
    client.force_login(user, backend=BACKEND)
    answer = client.get(reverse("admin:incidents_incident_change", args=[incident.pk]))
    assert answer.status_code == 200
    return answer


def main(answer) -> list[str]:
    return [button.label for button in answer.context["actions"] if getattr(button, "main", False)]


def test_what_moves_an_incident_on_stands_out_and_nothing_else(client, secretary, worker):
    incident = factories.make_incident(applicant_phone=factories.make_phone())
    answer = page(client, secretary, incident)
    assert main(answer) == ["派遣"] == [answer.context["actions"][0].label]
    incident = factories.dispatch(incident, by=secretary, to=worker)
    # The secretary waits; merging or taking back is nothing that a page asks for.
    assert main(page(client, secretary, incident)) == []
    incident = INCIDENTS.run(incident, "receive", by=worker)
    assert main(page(client, worker, incident)) == ["处置完成"]
    photos = SimpleUploadedFile("a.jpg", jpeg())
    incident = INCIDENTS.run(incident, "handle", by=worker, note="清走了", photos=[photos])
    answer = page(client, secretary, incident)
    assert main(answer) == ["核查通过"] and "<span>处置" in answer.content.decode()
    incident = INCIDENTS.run(incident, "verify_pass", by=secretary)
    answer = page(client, secretary, incident)
    assert main(answer) == ["回访"] and "已结案" in answer.content.decode()


def test_a_page_says_to_whom_it_was_sent(client, secretary, worker):
    unit = factories.make_unit()
    officer = factories.make_staff("department_officer", factories.DISTRICT, unit=unit)
    resident = factories.make_user("李奶奶")
    incident = factories.dispatch(factories.make_incident(by=resident), by=secretary, to=unit)
    incident = INCIDENTS.run(incident, "return_back", by=officer, note="不属于本单位职责")
    incident = factories.dispatch(incident, by=secretary, to=worker)
    at_desk = [step.label for step in page(client, secretary, incident).context["steps"]]
    assert at_desk[:3] == [f"派遣给{worker}", "退回", f"派遣给{unit}"]
    client.force_login(resident, backend=BACKEND)
    on_phone = client.get(incident.get_absolute_url()).content.decode()
    assert f"派遣给{unit}" in on_phone and "接收时限" not in on_phone
    client.force_login(worker, backend=BACKEND)
    assert "接收时限" in client.get(incident.get_absolute_url()).content.decode()


def test_whoever_decides_has_the_matter_before_her(client, secretary, worker):
    photos = SimpleUploadedFile("a.jpg", jpeg())
    incident = factories.dispatch(
        factories.make_incident(description="楼下有一堆垃圾"), by=secretary, to=worker
    )
    incident = INCIDENTS.run(incident, "receive", by=worker)
    incident = INCIDENTS.run(incident, "handle", by=worker, note="清走了，扫干净了", photos=[photos])
    client.force_login(secretary, backend=BACKEND)
    answer = client.get(reverse("admin:incidents_incident_do", args=[incident.pk, "verify_pass"]))
    text = answer.content.decode()
    assert "楼下有一堆垃圾" in text and "清走了，扫干净了" in text and incident.photos.get().thumb_url in text


def test_who_has_tasks_finds_them_at_the_bottom_of_every_page(client, worker):
    client.force_login(worker, backend=BACKEND)
    bar = client.get(reverse("home")).content.decode().partition("weui-tabbar")[2]
    assert reverse("my_work") in bar and reverse("wall") not in bar
    officer = factories.make_staff("department_officer", factories.DISTRICT, unit=factories.make_unit())
    client.force_login(officer, backend=BACKEND)
    assert reverse("my_work") in client.get(reverse("home")).content.decode()
    # Who does not report by a post is not sent to a form that would not open.
    assert f"{reverse('snapshot')}?for=1" not in client.get(reverse("my_work")).content.decode()
    client.force_login(factories.make_user("李奶奶"), backend=BACKEND)
    bar = client.get(reverse("home")).content.decode().partition("weui-tabbar")[2]
    assert reverse("wall") in bar and reverse("my_work") not in bar
