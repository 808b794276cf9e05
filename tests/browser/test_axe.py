"""axe-core finds nothing on any page of ours, as the person concerned, light, dark and in care mode.

What it finds in the web admin's theme is listed by rule in ``THEME``, and only where the theme's own markup is at fault.
"""

from collections import defaultdict
from pathlib import Path

import pytest

from tests.browser.pages import client_of, desk_pages, make_stage, phone_pages
from tests.browser.visitor import DESK, PHONE, Visitor

pytestmark = pytest.mark.django_db(transaction=True)

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = """([only, tags]) => axe.run(document, {
    resultTypes: ["violations"], runOnly: only ? {type: "rule", values: only} : {type: "tag", values: tags},
}).then(found => found.violations.map(each => [each.id, each.nodes.map(node => node.html.slice(0, 160))]))"""

#: rule -> where in the theme's own markup it is broken (the beginning of the element's HTML, or a part of it).
THEME: dict[str, tuple[str, ...]] = {}


def violations(visitor: Visitor, only: list[str] | None = None) -> dict[str, list[str]]:
    """Return what axe-core finds on the present page: rule -> the elements. ``only``: these rules."""
    if not visitor.page.evaluate("typeof axe === 'object'"):
        visitor.page.evaluate(AXE)
    return dict(visitor.page.evaluate(LOOK, [only, TAGS]))


def look_at(visitor: Visitor, paths: list[str], known: dict[str, tuple[str, ...]]) -> dict[str, dict]:
    """Return what is found on each page, light and dark, less what is known."""
    found: dict[str, dict] = defaultdict(dict)
    for path in paths:
        visitor.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        answer = visitor.page.goto(path)
        assert answer.status == 200, f"{answer.status} for {path}"
        # The structure is the same in the dark; only colours differ.
        for scheme, only in (("light", None), ("dark", ["color-contrast"])):
            visitor.page.emulate_media(color_scheme=scheme)
            for rule, elements in violations(visitor, only).items():
                ours = [html for html in elements if not any(part in html for part in known.get(rule, ()))]
                if ours:
                    found[f"{path} ({scheme})"][rule] = ours
    return found


@pytest.mark.parametrize("care", ["", "1"], ids=["standard", "care"])
@pytest.mark.parametrize("half", [0, 1], ids=["first", "second"])
def test_no_violation_on_any_phone_page(visit, live_server, half, care):
    stage, found = make_stage(), {}
    for person, paths in list(phone_pages(stage).items())[half::2]:
        visitor = visit(PHONE)
        if person != "anonymous":
            visitor.enter(client_of(stage, person))
        if care:
            visitor.set(care="1")
        found |= look_at(visitor, paths, {})
    assert found == {}


def test_no_violation_when_dark_is_chosen_whatever_the_phone_prefers(phone, live_server):
    """The chosen theme has its own block in the style sheet; the gallery shows every part."""
    make_stage()
    for care in ("", "1"):
        phone.context.clear_cookies()
        phone.set(theme="dark", **({"care": care} if care else {}))
        phone.open("/styleguide/?wrong=1")
        assert violations(phone) == {}


@pytest.mark.parametrize("half", [0, 1], ids=["first", "second"])
def test_no_violation_on_any_page_of_the_desk_but_the_themes_own(visit, live_server, half):
    stage, found = make_stage(), {}
    for person, paths in desk_pages(stage).items():
        visitor = visit(DESK)
        visitor.enter(stage.cast.client(person))
        found |= look_at(visitor, paths[half::2], THEME)
    assert found == {}
