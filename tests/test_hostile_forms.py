"""Every form of every page, as those who may send it first, with what nobody should type: an answer in words, nothing lost, no 500.

The pages are found in the resolver and their forms in the HTML, so that a new form is tried without being named here.

Everything is typed into a form that has a field of a new name, and into that field alone; where all its fields are known from forms before
it, the markup is typed, which tells whether what is shown again is escaped and kept. A field for files is given all that is
wrong under a new name, and one wrong file elsewhere. A thorough run (tests/thorough.py) takes every field for new. The pages are
drawn without their menu, which has no form, and the page that says "not found" is not drawn.
"""

import copy
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import NoReverseMatch, reverse

from incidents.flow import EVALUATIONS, INCIDENTS, SLIPS, WHISTLES
from parties.flow import MEETINGS
from tests.addresses import arguments, names
from tests.matrix import openers
from tests.thorough import THOROUGH
from volunteers.flow import ORDERS, REGISTRATION, SHOWCASES

#: Who sends forms. A page is tried as the first of the public who finds a form on it and as the first of the staff: the same form
#: is the same code for those after them. Those who keep case files, with their many fields, come first for these.
PUBLIC = ("anonymous", "resident", "helper")
STAFF = ("secretary", "branch_secretary", "department", "system_administrator", "security_administrator")
KEEPERS = ("director", "mediator")
SENDERS = (*PUBLIC, *STAFF, *KEEPERS)
#: What is typed, by name. The megabyte is beyond every field and every default limit of a form but the request's own.
HOSTILE = {
    "nothing": "",
    "spaces": " \u3000\t",
    "markup": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7|add:7 }}",
    "sql": "'; DROP TABLE governance_user; --%_\\",
    "emoji and right-to-left": "👵🏽👨‍👩‍👧‍👦 \u202eabc\u202c \u200b\ufeff ٣٤",
    "NUL": "张\x00三",
    "lone surrogate": "\\ud800 &#0; %00",
    "numbers": "-99999999999999999999999999999999",
    "float": "1e309",
    "date": "0000-00-00T99:99",
    "far date": "99999-12-31",
    "long": "长" * 5000,
    "a megabyte": "大" * 350_000,
}
#: Values short and plain enough that a field which is shown again must show them.
TELLING = (HOSTILE["markup"], HOSTILE["sql"])
#: Their forms end the session or belong to the demo alone.
LEFT_OUT = {"account_logout", "api-schema"}
#: How many answers are looked at, at least: about half of today's, so that a parser which finds nothing does not pass.
TRIED = 1200
#: The fields of a second party, of further terms and of further pictures are those of the first under another name.
AGAIN = re.compile(r"[bc]_|term_[2-9]_|other[2-9]|photos_[2-9]|photos_1.")
WRONG_FILES = (
    ("a.jpg", b"GIF89a\x01\x00"), ("b.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 64), ("c.jpg.exe", b"MZ"), ("d.jpg", b""),
)  # fmt: skip


@dataclass
class Form:
    """One form as the page shows it: where it goes, what it holds, what can be typed."""

    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    #: What can be filled in, and those of them that are lines or boxes of text, where what was typed is shown again.
    typed: dict[str, bool] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class Forms(HTMLParser):
    """Collects the forms that are sent by POST."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = self._area = ""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form" and (given.get("method") or "").lower() == "post":
            self._form = Form(given.get("action") or "")
            self.forms.append(self._form)
        name, form = given.get("name"), self._form
        if form is None:
            return
        if tag == "option" and self._select and "selected" in given:
            form.values.setdefault(self._select, []).append(given.get("value") or "")
        # A formset's empty row is what its script copies; nobody types into it.
        if not name or "disabled" in given or "__prefix__" in name:
            return
        kind = given.get("type") or "text"
        if tag == "select":
            self._select = name
            form.typed[name] = False
        elif tag == "textarea":
            self._area = name
            form.values[name] = [""]
            form.typed[name] = True
        elif tag in ("input", "button") and kind == "file":
            form.files.append(name)
        elif tag == "input" and (kind not in ("checkbox", "radio") or "checked" in given):
            form.values.setdefault(name, []).append(given.get("value") or "")
            if name != "csrfmiddlewaretoken":
                form.typed[name] = kind in ("text", "tel", "search", "email")
        elif tag == "input":
            form.typed[name] = False

    def handle_data(self, data):
        if self._area:
            self._form.values[self._area][0] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""


def forms_on(html: str) -> list[Form]:
    """Return the forms of a page, those that only switch the theme or sign out left out."""
    parser = Forms()
    parser.feed(html)
    return [form for form in parser.forms if form.typed or form.files]


def pages(cast) -> list[tuple[str, str, str]]:
    """Return the address of every page, and of every action of every flow, in the cast's world, each with its name, and the one that the
    permission matrix knows it by: pages of one name have the same form, which is tried on the first of them that shows it."""
    found = []
    for name in sorted(set(names()) - LEFT_OUT):
        if not name.startswith("api-"):
            try:
                url = reverse(name, args=arguments(name, cast))
                found.append((url, url, name))
            except NoReverseMatch:
                continue
    for flow, row, page in (
        (ORDERS, cast.order, "order_action"),
        (REGISTRATION, cast.registration, "volunteer_action"),
        (SHOWCASES, cast.reviewed, "showcase_action"),
        *((INCIDENTS, row, "incident_action") for row in (cast.incident, *cast.incidents)),
        (WHISTLES, cast.whistle, ""),
        (SLIPS, cast.whistle.slips.get(), ""),
        (EVALUATIONS, cast.evaluation, ""),
        (MEETINGS, cast.meeting, ""),
    ):
        desk = f"admin:{flow.model._meta.app_label}_{flow.model._meta.model_name}_do"
        for action in flow.actions:
            found.append((reverse(desk, args=[row.pk, action]), f"{desk} {action}", ""))
            if page:
                found.append((reverse(page, args=[row.number, action]), f"{page} {action}", ""))
    chosen = reverse("order_new") + f"?item={cast.order.item.code}"
    plan = reverse("admin:grids_careplan_add") + f"?resident={cast.care.resident_id}"
    return sorted({*found, (chosen, chosen, ""), (plan, plan, "")})


def send(client, url: str, form: Form, /, **instead):
    """Send a form, some of its fields with another content, and undo what it did."""
    body = {name: values if len(values) != 1 else values[0] for name, values in form.values.items()}
    body |= instead
    signed_in = copy.deepcopy(client.cookies)
    with transaction.atomic():
        response = client.post(form.action or url, body)
        is_page = not response.streaming and "text/html" in response.get("Content-Type", "")
        text = response.content.decode() if is_page else ""
        transaction.set_rollback(True)
    client.cookies = signed_in
    return response, text


def trials(form: Form, new: Collection[str]) -> Iterator[dict]:
    """Yield what is typed into a form. The same fields stand in many forms: everything is typed into one that has ``new`` fields, and
    into each of these alone; what tells most into the others."""
    typed = any(name in form.typed for name in new)
    for value in HOSTILE.values() if typed else TELLING[:1] if form.typed else ():
        # Three megabytes are more than a request may hold; more of them prove nothing.
        yield dict.fromkeys(list(form.typed)[:3] if value == HOSTILE["a megabyte"] else form.typed, value)
    for index, name in enumerate(form.typed):
        if name in new and not AGAIN.match(name):
            yield {name: TELLING[0] if form.typed[name] else list(HOSTILE.values())[index % len(HOSTILE)]}
    for name in form.files:
        for title, content in WRONG_FILES if name in new and not AGAIN.match(name) else WRONG_FILES[:1]:
            yield {name: SimpleUploadedFile(title, content, content_type="image/jpeg")}


def faults_of(form: Form, url: str, instead: dict, response, text: str) -> Iterator[tuple]:
    """Yield what is wrong with the answer to a form that was sent."""
    if response.status_code >= 500:
        yield url, response.status_code, {name: str(value)[:40] for name, value in instead.items()}
    # A page that shows a masked column, once, is an answer and not the form again.
    shown = response.status_code == 200 and "/reveal/" not in form.action
    for name, value in instead.items():
        if value not in TELLING:
            continue
        if value in text:
            yield url, "not escaped", name
        elif shown and form.typed.get(name) and f'name="{name}"' in text and escape(value) not in text:
            yield url, "lost", name


def client_of(cast, person: str):
    """Return this person's browser, which has been here before."""
    client = cast.client(person)
    client.raise_request_exception = False
    client.get(reverse("privacy"))
    return client


def forms_of(client, urls: list[str]) -> tuple[str, list[Form]]:
    """Return the first of several pages of one kind that shows a form, with its forms."""
    for url in urls:
        page = client.get(url)
        if page.status_code == 200 and not page.streaming and "text/html" in page["Content-Type"]:
            forms = forms_on(page.content.decode())
            if forms:
                return url, forms
        else:
            assert page.status_code < 500 or url == reverse("healthz"), url
    return "", []


def test_every_form_answers_whatever_is_typed(cast, bare_desk):
    clients = {person: client_of(cast, person) for person in SENDERS}
    kinds: dict[str, list[str]] = {}
    known: dict[str, str] = {}
    for url, kind, name in pages(cast):
        kinds.setdefault(kind, []).append(url)
        known[kind] = name
    tried, faults, typed, done = 0, [], set(), set()
    for name in sorted(kinds):
        desk = kinds[name][0].startswith("/admin/")
        staff = (*KEEPERS, *STAFF) if "mediation" in kinds[name][0] else (*STAFF, *KEEPERS)
        for people in (staff,) if desk else (PUBLIC, staff):
            # Who gets no page, as the matrix knows, finds no form.
            people = openers(known[name], people)
            found = ((clients[person], *forms_of(clients[person], kinds[name])) for person in people)
            client, url, forms = next((each for each in found if each[2]), (None, "", []))
            for form in forms:
                fields = (*sorted(form.typed), *form.files)
                sent_to = (people, form.action or url, fields)
                if sent_to in done:
                    # A switch that stands on every page.
                    continue
                done.add(sent_to)
                new = fields if THOROUGH else tuple(each for each in fields if each not in typed)
                typed.update(fields)
                for instead in trials(form, new):
                    tried += 1
                    faults += faults_of(form, url, instead, *send(client, url, form, **instead))
    assert tried >= TRIED, tried
    assert not faults, "\n".join(map(str, faults))
