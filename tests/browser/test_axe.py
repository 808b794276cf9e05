"""axe-core finds nothing on any page of ours, as the person concerned, light, dark and in care mode.

What it finds in the web admin's theme is listed by rule in ``THEME``, and only where the theme's own markup is at fault.
"""

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

#: What care mode changes: sizes and colours; its one more landmark shows on every page of the gallery.
SIZES_AND_COLOURS = ["color-contrast", "target-size", "region"]
#: Nothing lies under the bar at the bottom, where axe-core would take a covered button for a small one.
TALL = {"width": PHONE["width"], "height": 9000}

#: rule -> where in the theme's own markup it is broken (the beginning of the element's HTML, or a part of it).
THEME: dict[str, tuple[str, ...]] = {
    # The bars under a list (its number of rows, its pages) and under a form (its buttons) lie outside every landmark.
    "region": ("px-4 lg:backdrop-blur-xs", 'id="submit-row"', "flex flex-col gap-3 mr-auto"),
}

#: Whether the theme's search boxes stand; they are drawn after the page has loaded.
DRAWN = """() => [...document.querySelectorAll("select.admin-autocomplete")]
    .every(each => each.id.includes("__prefix__") || each.dataset.named)"""


def violations(visitor: Visitor, only: list[str] | None = None) -> dict[str, list[str]]:
    """Return what axe-core finds on the present page: rule -> the elements. ``only``: these rules."""
    if not visitor.page.evaluate("typeof axe === 'object'"):
        visitor.page.evaluate(AXE)
    return dict(visitor.page.evaluate(LOOK, [only, TAGS]))


def look_at(
    visitor: Visitor,
    paths: list[str],
    rules: list[str] | None = None,
    known: dict[str, tuple[str, ...]] | None = None,
) -> list[str]:
    """Return a line for each element at fault on these pages, light and dark, less what is known."""
    lines: list[str] = []
    for path in paths:
        visitor.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        answer = visitor.page.goto(path)
        assert answer.status == 200, f"{answer.status} for {path}"
        visitor.page.wait_for_function(DRAWN)
        # The structure is the same in the dark; only colours differ.
        for scheme, only in (("light", rules), ("dark", ["color-contrast"])):
            visitor.page.emulate_media(color_scheme=scheme)
            for rule, elements in violations(visitor, only).items():
                parts = (known or {}).get(rule, ())
                lines += [
                    f"{path} ({scheme}) {rule}: {html}"
                    for html in elements
                    if not any(part in html for part in parts)
                ]
    return lines


def report(lines: list[str]) -> None:
    """Fail with what was found, line by line."""
    assert not lines, "\n".join([f"{len(lines)} violations:", *lines])


@pytest.mark.parametrize("rules", [None, SIZES_AND_COLOURS], ids=["standard", "care"])
@pytest.mark.parametrize("half", [0, 1], ids=["first", "second"])
def test_no_violation_on_any_phone_page(visit, live_server, half, rules):
    stage, lines = make_stage(), []
    for person, paths in list(phone_pages(stage).items())[half::2]:
        visitor = visit(TALL)
        if person != "anonymous":
            visitor.enter(client_of(stage, person))
        if rules:
            visitor.set(care="1")
        lines += look_at(visitor, paths, rules)
    report(lines)


def test_no_violation_when_dark_is_chosen_whatever_the_phone_prefers(visit, live_server):
    """The chosen theme has its own block in the style sheet; the gallery shows every part."""
    make_stage()
    for care in ({}, {"care": "1"}):
        visitor = visit(TALL)
        visitor.set(theme="dark", **care)
        visitor.open("/styleguide/?wrong=1")
        assert violations(visitor) == {}


@pytest.mark.parametrize("half", [0, 1], ids=["first", "second"])
def test_no_violation_on_any_page_of_the_desk_but_the_themes_own(visit, live_server, half):
    stage, lines = make_stage(), []
    for person, paths in desk_pages(stage).items():
        visitor = visit(DESK)
        visitor.enter(stage.cast.client(person))
        lines += look_at(visitor, paths[half::2], known=THEME)
    report(lines)
