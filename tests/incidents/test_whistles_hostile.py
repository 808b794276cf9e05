"""The forms of whistles and evaluations, as those who send them, with what nobody should type: words, nothing lost, no 500."""

from html import escape

import pytest
from django.urls import reverse

from tests import factories
from tests.cast import BACKEND
from tests.test_hostile_forms import HOSTILE, TELLING, forms_on, send


def desk(matter) -> list[str]:
    """Return the page of every action of a matter, its own page, its list and the page that makes a new one."""
    name = f"admin:incidents_{matter._meta.model_name}"
    return [
        *(reverse(f"{name}_do", args=[matter.pk, action]) for action in matter.flow.actions),
        reverse(f"{name}_change", args=[matter.pk]),
        reverse(f"{name}_export") if matter._meta.model_name != "evaluation" else reverse(f"{name}_add"),
        reverse(f"{name}_add") if matter._meta.model_name == "whistle" else reverse(f"{name}_changelist"),
    ]


@pytest.mark.parametrize("role", ["street_head", "district_head"])
def test_what_nobody_should_type(client, cast, role):
    code = factories.STREET if role == "street_head" else factories.DISTRICT
    person, made = factories.make_staff(role, code), [cast.whistle, cast.whistle.slips.get()]
    client.force_login(person, backend=BACKEND)
    client.raise_request_exception = False
    tried, faults = 0, []
    for url in [address for matter in (*made, cast.evaluation) for address in desk(matter)]:
        page = client.get(url)
        if page.status_code != 200:
            assert page.status_code < 500, url
            continue
        for form in forms_on(page.content.decode()):
            for value in HOSTILE.values():
                tried += 1
                response, text = send(client, url, form, **dict.fromkeys(form.typed, value))
                if response.status_code >= 500:
                    faults.append((url, value[:20]))
                for name, is_text in form.typed.items():
                    if value in TELLING and value in text:
                        faults.append((url, "not escaped", name))
                    elif (
                        value in TELLING
                        and is_text
                        and f'name="{name}"' in text
                        and escape(value) not in text
                    ):
                        faults.append((url, "lost", name))
    assert tried > 50 and not faults, faults
