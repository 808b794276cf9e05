"""Every page of ours as the person concerned finds it, a phone page in care mode too: axe-core finds nothing, nothing sticks out,
nothing is too small to press, and the browser has nothing to complain about. Of the desk's pages that are the same for every model
(history, why, export) those of a few models are opened.

What axe-core finds in the web admin's theme is listed by rule in ``THEME``, and only where the theme's own markup is at fault.
"""

from pathlib import Path

import pytest

from tests.browser.pages import client_of, desk_pages, make_stage, phone_pages
from tests.browser.visitor import DESK, PHONE, Visitor
from tests.thorough import THOROUGH

pytestmark = pytest.mark.django_db(transaction=True)

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = """([only, tags, without, colours]) => axe.run(without ? {exclude: [[without]]} : document, {
    resultTypes: ["violations"], runOnly: only ? {type: "rule", values: only} : {type: "tag", values: tags},
    rules: colours || only ? {} : {"color-contrast": {enabled: false}},
}).then(found => found.violations.map(each => [each.id, each.nodes.map(node => node.html.slice(0, 160))]))"""

#: What care mode changes: sizes and colours; its one more landmark shows on every page of the gallery.
CONTRAST = "color-contrast"
SIZES_AND_COLOURS = [CONTRAST, "target-size", "region"]
#: What the server writes for care mode, but for the community's phone, of which tests/browser/test_frame.py knows.
CARE = "() => { document.documentElement.dataset.care = 'on'; document.body.dataset.weuiMode = 'care' }"
#: Nothing lies under the bar at the bottom, where axe-core would take a covered button for a small one.
TALL = {"width": PHONE["width"], "height": 9000}

#: rule -> where in the theme's own markup it is broken (the beginning of the element's HTML, or a part of it).
THEME: dict[str, tuple[str, ...]] = {
    # The bars under a list (its number of rows, its pages) and under a form (its buttons) lie outside every landmark.
    "region": ("px-4 lg:backdrop-blur-xs", 'id="submit-row"', "flex flex-col gap-3 mr-auto"),
}

#: The theme's menu, which is the same on every page of one person and has more elements than most of them.
MENU = "#nav-sidebar"
#: Every way in which an element of a page can have come by its colours: by its own classes and by those of what it lies in.
DRESSES = """() => {
    // The theme names columns and fields by their model's; no rule of a style sheet knows these names.
    const worn = each => (each.getAttribute("class") || "").replace(/\\b(field|column|model)-\\S+/g, "").trim();
    return [...new Set([...document.querySelectorAll("body *")].map(each =>
        `${worn(each.parentElement)} > ${each.localName} ${worn(each)}`))];
}"""

#: Whether the theme's search boxes stand; they are drawn after the page has loaded.
DRAWN = """() => [...document.querySelectorAll("select.admin-autocomplete")]
    .every(each => each.id.includes("__prefix__") || each.dataset.named)"""


def with_axe(visitor: Visitor) -> Visitor:
    """Let a visitor's browser bring axe-core to every page itself."""
    visitor.context.add_init_script(AXE)
    return visitor


def violations(
    visitor: Visitor, only: list[str] | None = None, without: str = "", colours: bool = True
) -> dict[str, list[str]]:
    """Return what axe-core finds on the present page: rule -> the elements. ``only``: these rules; ``without``: not in this element;
    ``colours``: their contrast too."""
    if not visitor.page.evaluate("typeof axe === 'object'"):
        visitor.page.evaluate(AXE)
    return dict(visitor.page.evaluate(LOOK, [only, TAGS, without, colours]))


#: What is wider than the screen, by its first words.
STICKING_OUT = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("main *, header *, .cg-bottom *")]
        .filter(each => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(".cg-tabs"))
        .map(each => each.outerHTML.slice(0, 120))"""

#: Main actions lower or narrower than so many pixels. A link in a sentence is as high as its line, and may be.
TOO_SMALL = """least => [...document.querySelectorAll(
        ".weui-btn, .cg-tile, .cg-card, a.weui-cell, button.weui-cell, .weui-tabbar__item, .cg-tabs a, .cg-choice, .cg-call a," +
        ".cg-input, .cg-bar__switch, .cg-bar__name, .cg-pick label, .cg-stars label, .cg-footer a, .cg-footer button")]
    .filter(each => each.checkVisibility())
    .map(each => [each, each.getBoundingClientRect()])
    .filter(([each, box]) => box.height > 0 && (box.height < least - 0.5 || box.width < 43.5))
    .map(([each, box]) => `${Math.round(box.width)} x ${Math.round(box.height)} ${each.outerHTML.slice(0, 100)}`)"""


class Wardrobe:
    """Whose colours were looked at already: they come by class alone, so a page that wears nothing new is passed over."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def is_new(self, visitor: Visitor) -> bool:
        """Return whether an element of the present page wears what none wore before; now it is known."""
        worn = set(visitor.page.evaluate(DRESSES))
        new = not worn <= self._seen
        self._seen |= worn
        return new


def faults(
    visitor: Visitor,
    rules: list[str] | None = None,
    known: dict[str, tuple[str, ...]] | None = None,
    *,
    wardrobe: Wardrobe | None = None,
    without: str = "",
) -> list[str]:
    """Return a line for each element of the present page that axe-core finds at fault, less what is ``known``: by all rules or by
    ``rules``; with a ``wardrobe``, the colours where they are new to it, then in the dark as well. ``without``: the menu, when it was
    looked at before."""
    if not visitor.page.evaluate(DRAWN):
        visitor.page.wait_for_function(DRAWN)
    lines: list[str] = []
    new = THOROUGH or wardrobe is None or wardrobe.is_new(visitor)
    # The structure is the same in the dark; only colours differ. Care mode in the dark is looked at on the gallery, which has every part.
    looks = [("light", rules if new or rules is None else [each for each in rules if each != CONTRAST])]
    if new and wardrobe is not None and rules is None:
        looks.append(("dark", [CONTRAST]))
    for scheme, only in looks:
        if scheme == "dark":
            visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for rule, elements in violations(visitor, only, without, new).items():
            parts = (known or {}).get(rule, ())
            lines += [
                f"{visitor.path} ({scheme}) {rule}: {html}"
                for html in elements
                if not any(part in html for part in parts)
            ]
    return lines


def open_light(visitor: Visitor, path: str) -> None:
    """Open a page in the light theme."""
    visitor.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    answer = visitor.page.goto(path)
    assert answer.status == 200, f"{answer.status} for {path}"


def report(lines: list[str]) -> None:
    """Fail with what was found, line by line."""
    assert not lines, "\n".join([f"{len(lines)} faults:", *lines])


def phone_faults(
    visitor: Visitor, path: str, wardrobe: Wardrobe | None = None, *, care: bool = False
) -> list[str]:
    """Return a line for everything that is wrong with the present phone page, as it stands or with care mode switched on in it."""
    mode, least = (f"{path} in care mode", 60) if care else (path, 44)
    visitor.page.set_viewport_size(PHONE)
    if care:
        visitor.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        visitor.page.evaluate(CARE)
    lines = [f"{mode} sticks out: {html}" for html in visitor.page.evaluate(STICKING_OUT)]
    lines += [
        f"{mode} too small: {told}"
        for told in visitor.page.evaluate(TOO_SMALL, least)
        # A tab is 52 px high whatever the mode: four of them have to stand side by side.
        if "weui-tabbar__item" not in told or not care
    ]
    visitor.page.set_viewport_size(TALL)
    return lines + faults(visitor, SIZES_AND_COLOURS if care else None, wardrobe=wardrobe)


@pytest.mark.parametrize("half", [0, 1], ids=["first", "second"])
def test_every_phone_page(visit, live_server, half):
    stage, lines, wardrobe, care = make_stage(), [], Wardrobe(), Wardrobe()
    for person, paths in list(phone_pages(stage).items())[half::2]:
        visitor = with_axe(visit(PHONE))
        if person != "anonymous":
            visitor.enter(client_of(stage, person))
        for path in paths:
            open_light(visitor, path)
            lines += phone_faults(visitor, path, wardrobe)
            lines += phone_faults(visitor, path, care, care=True)
        lines += visitor.complaints
    report(lines)


@pytest.mark.parametrize("half", [0, 1], ids=["first", "second"])
def test_every_page_of_the_desk(visit, live_server, half):
    stage, lines, wardrobe = make_stage(), [], Wardrobe()
    for person, paths in desk_pages(stage, half).items():
        visitor = with_axe(visit(DESK))
        visitor.enter(stage.cast.client(person))
        for path in paths:
            visitor.page.set_viewport_size(DESK)
            open_light(visitor, path)
            menu = MENU if path != paths[0] else ""
            lines += faults(visitor, known=THEME, wardrobe=wardrobe, without=menu)
            for size in (DESK, PHONE):
                visitor.page.set_viewport_size(size)
                if visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    lines.append(f"{path} sticks out at {size['width']} pixels")
        lines += visitor.complaints
    report(lines)


def test_no_violation_when_dark_is_chosen_whatever_the_phone_prefers(visit, live_server):
    """The chosen theme has its own block in the style sheet; the gallery shows every part."""
    make_stage()
    for care in ({}, {"care": "1"}):
        visitor = visit(TALL)
        visitor.set(theme="dark", **care)
        visitor.open("/styleguide/?wrong=1")
        assert violations(visitor) == {}
