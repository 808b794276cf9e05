"""Every page of ours as the person concerned finds it, a phone page in care mode too: axe-core finds nothing, nothing sticks out,
nothing is too small to press, and the browser has nothing to complain about. Of the desk's pages that are the same for every model
(history, why, export) those of a few models are opened.

What a page answers, what the browser complains about, what sticks out and what is too small is looked at on every page. axe-core goes over
a page by all its rules if the page shows a shape of something that no page before it has shown: a new attribute, a field without a
label, a heading after another (tests/browser/looks.js says what tells shapes apart, after what axe-core's rules read). It measures the
contrast of what wears a new dress, in the light and in the dark. In a thorough run (tests/thorough.py) it goes over every page whole.

What axe-core finds in the web admin's theme is listed by rule in ``THEME``, and only where the theme's own markup is at fault.
"""

from pathlib import Path

import pytest

from governance.admin import navigation
from tests.browser.pages import client_of, desk_pages, make_stage, phone_pages
from tests.browser.visitor import DESK, PHONE, Visitor
from tests.thorough import THOROUGH

pytestmark = pytest.mark.django_db(transaction=True)

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: The script that tells what shapes and dresses a page shows.
LOOKS = (Path(__file__).parent / "looks.js").read_text("utf-8")
LOOK = """([only, tags, without, colours, dresses]) => {
    if (typeof axe !== "object") return null;
    const worn = each => [...each.classList].filter(name => !/^(app|field|column|model)-/.test(name)).sort().join(" ");
    const fresh = new Set(dresses);
    const include = dresses ? [...document.querySelectorAll("body *")].filter(each =>
        fresh.has(`${worn(each.parentElement)} > ${each.localName} ${worn(each)}`)) : [document];
    return axe.run(without ? {include, exclude: [[without]]} : {include}, {
        resultTypes: ["violations"], runOnly: only ? {type: "rule", values: only} : {type: "tag", values: tags},
        rules: colours || only ? {} : {"color-contrast": {enabled: false}},
    }).then(found => found.violations.map(each => [each.id, each.nodes.map(node => node.html.slice(0, 160))]));
}"""

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

#: The menu, which is the same on every page of one person and has more elements than most of them: the first page shows it whole, the
#: others its first group alone.
MENU = "#nav-sidebar"
#: Whether the theme's search boxes stand; they are drawn after the page has loaded.
DRAWN = """() => [...document.querySelectorAll("select.admin-autocomplete")]
    .every(each => each.id.includes("__prefix__") || each.dataset.named)"""


def violations(
    visitor: Visitor,
    only: list[str] | None = None,
    without: str = "",
    colours: bool = True,
    dresses: list[str] | None = None,
) -> dict[str, list[str]]:
    """Return what axe-core finds on the present page: rule -> the elements. ``only``: these rules; ``without``: not in this element;
    ``colours``: their contrast too; ``dresses``: only in what wears these."""
    asked = [only, TAGS, without, colours, dresses]
    found = visitor.page.evaluate(LOOK, asked)
    if found is None:
        visitor.page.evaluate(AXE)
        found = visitor.page.evaluate(LOOK, asked)
    return dict(found)


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


class Seen:
    """What was looked at already, on the pages before."""

    def __init__(self) -> None:
        self._dresses: set[str] = set()
        self._shapes: set[str] = set()

    def new_on(self, visitor: Visitor, without: str) -> tuple[list[str], bool]:
        """Return which dresses are new on the present page, and whether a shape is; now they are known."""
        dresses, shapes = map(set, visitor.page.evaluate(LOOKS, without))
        new = sorted(dresses - self._dresses), not shapes <= self._shapes
        self._dresses |= dresses
        self._shapes |= shapes
        return new


def faults(
    visitor: Visitor,
    rules: list[str] | None = None,
    known: dict[str, tuple[str, ...]] | None = None,
    *,
    seen: Seen | None = None,
    without: str = "",
    size: dict[str, int] | None = None,
) -> list[str]:
    """Return a line for each element of the present page that axe-core finds at fault, less what is ``known``: by all rules or by
    ``rules``. With ``seen``, the shapes and the dresses that are new to it, and the colours in the dark as well. ``without``: the menu,
    when it was looked at before. ``size``: that of the screen which axe-core sees."""
    if not visitor.page.evaluate(DRAWN):
        visitor.page.wait_for_function(DRAWN)
    dresses, shapes, whole = None, True, THOROUGH or seen is None
    if not whole:
        dresses, shapes = seen.new_on(visitor, without)
    looks: list[tuple[str, list[str] | None, bool, list[str] | None]] = []
    if whole or (shapes and dresses):
        looks.append(("light", rules, True, None))
    elif shapes:
        looks.append(("light", [each for each in rules if each != CONTRAST] if rules else None, False, None))
    elif dresses:
        looks.append(("light", [CONTRAST], True, dresses))
    # Shapes are the same in the dark. Care mode in the dark is looked at on the gallery, which has every part.
    if seen is not None and rules is None and (whole or dresses):
        looks.append(("dark", [CONTRAST], True, dresses))
    if looks and size:
        visitor.page.set_viewport_size(size)
    lines: list[str] = []
    for scheme, only, colours, worn in looks:
        visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for rule, elements in violations(visitor, only, without, colours, worn).items():
            parts = (known or {}).get(rule, ())
            lines += [
                f"{visitor.path} ({scheme}) {rule}: {html}"
                for html in elements
                if not any(part in html for part in parts)
            ]
    if looks and looks[-1][0] == "dark":
        visitor.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return lines


def in_light(visitor: Visitor) -> Visitor:
    """Let a visitor prefer the light theme and nothing that moves."""
    visitor.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return visitor


def open_well(visitor: Visitor, path: str) -> None:
    """Open a page, and see that there is one."""
    answer = visitor.page.goto(path)
    assert answer.status == 200, f"{answer.status} for {path}"


def report(lines: list[str]) -> None:
    """Fail with what was found, line by line."""
    assert not lines, "\n".join([f"{len(lines)} faults:", *lines])


def phone_faults(visitor: Visitor, path: str, seen: Seen, *, care: bool = False) -> list[str]:
    """Return a line for everything that is wrong with the present phone page, as it stands or with care mode switched on in it."""
    mode, least = (f"{path} in care mode", 60) if care else (path, 44)
    if visitor.page.viewport_size != PHONE:
        visitor.page.set_viewport_size(PHONE)
    if care:
        visitor.page.evaluate(CARE)
    lines = [f"{mode} sticks out: {html}" for html in visitor.page.evaluate(STICKING_OUT)]
    lines += [
        f"{mode} too small: {told}"
        for told in visitor.page.evaluate(TOO_SMALL, least)
        # A tab is 52 px high whatever the mode: four of them have to stand side by side.
        if "weui-tabbar__item" not in told or not care
    ]
    return lines + faults(visitor, SIZES_AND_COLOURS if care else None, seen=seen, size=TALL)


#: A page with nothing wrong, and what may be wrong with one like it: where it goes, its markup, the rule that finds it.
SOUND = """<!doctype html><html lang="zh"><head><title>页</title><meta name="viewport" content="width=device-width"></head><body><main>
<h1>标题</h1><section aria-label="段"><h2>小标题</h2><p>文字</p><ul><li>一</li></ul><label>姓名 <input></label> <button>好</button>
<table><tr><th>列</th></tr><tr><td>值</td></tr></table></section></main></body></html>"""
WRONG = (
    ("</section>", "<input type='text'>", "label"),
    ("</section>", "<button></button>", "button-name"),
    ("</section>", "<a href='/'></a>", "link-name"),
    ("</section>", "<img src='data:,' width='9' height='9'>", "image-alt"),
    ("</section>", "<p class='pale' style='color: #eee'>淡色的字</p>", "color-contrast"),
    ("</section>", "<ul><p>不是项</p></ul>", "list"),
    ("</section>", "<li>孤零零</li>", "listitem"),
    ("</section>", "<table><tr><th></th></tr><tr><td>值</td></tr></table>", "empty-table-header"),
    ("</section>", "<div role='buton'>按</div>", "aria-roles"),
    ("</section>", "<div role='checkbox' tabindex='0' aria-label='选'></div>", "aria-required-attr"),
    ("</section>", "<div aria-hidden='true'><a href='/'>藏</a></div>", "aria-hidden-focus"),
    ("</section>", "<button>外<a href='/'>内</a></button>", "nested-interactive"),
    ("</section>", "<p tabindex='3'>先</p>", "tabindex"),
    ("</section>", "<h5>跳级</h5>", "heading-order"),
    ("</section>", "<h2></h2>", "empty-heading"),
    ("</section>", "<div style='height: 20px; overflow: auto'><p style='height: 99px'>长</p></div>", "scrollable-region-focusable"),
    ("</main>", "<section aria-label='段'><p>又</p></section>", "landmark-unique"),
    ("</body>", "<p>在外面</p>", "region"),
    ("</body>", "<main><p>又一处</p></main>", "landmark-no-duplicate-main"),
)  # fmt: skip


def test_what_is_wrong_is_found_on_a_page_like_one_before(visit):
    """Where the pages before were sound, so that only what is new on this one is looked at."""
    visitor, missed = in_light(visit(DESK)), []
    for end, markup, rule in WRONG:
        seen = Seen()
        for content in (SOUND, SOUND.replace(end, markup + end)):
            visitor.page.set_content(content)
            found = faults(visitor, seen=seen)
        if not any(f" {rule}: " in line for line in found):
            missed.append((rule, found))
    assert not missed
    visitor.page.set_content(SOUND)
    assert not faults(visitor, seen=Seen())


def test_every_phone_page(visit, live_server):
    stage, lines, seen, seen_with_care = make_stage(), [], Seen(), Seen()
    for person, paths in phone_pages(stage).items():
        visitor = in_light(visit(PHONE))
        if person != "anonymous":
            visitor.enter(client_of(stage, person))
        for path in paths:
            open_well(visitor, path)
            lines += phone_faults(visitor, path, seen)
            lines += phone_faults(visitor, path, seen_with_care, care=True)
        lines += visitor.complaints
        visitor.close()
    report(lines)


def test_every_page_of_the_desk(visit, live_server, monkeypatch):
    stage, lines, seen = make_stage(), [], Seen()
    menu, whole_menu = navigation.navigation, True
    monkeypatch.setattr(navigation, "navigation", lambda request: menu(request)[: None if whole_menu else 1])
    for person, paths in desk_pages(stage).items():
        visitor, sizes = in_light(visit(DESK)), [DESK, PHONE]
        visitor.enter(stage.cast.client(person))
        for path in paths:
            whole_menu = THOROUGH or path == paths[0]
            open_well(visitor, path)
            for size in sizes:
                # The next page opens at the size at which this one was left.
                if visitor.page.viewport_size != size:
                    visitor.page.set_viewport_size(size)
                if visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    lines.append(f"{path} sticks out at {size['width']} pixels")
                if size is DESK:
                    lines += faults(visitor, known=THEME, seen=seen, without="" if whole_menu else MENU)
            sizes.reverse()
        lines += visitor.complaints
        visitor.close()
    report(lines)


def test_no_violation_when_dark_is_chosen_whatever_the_phone_prefers(visit, live_server):
    """The chosen theme has its own block in the style sheet; the gallery shows every part."""
    make_stage()
    for care in ({}, {"care": "1"}):
        visitor = visit(TALL)
        visitor.set(theme="dark", **care)
        visitor.open("/styleguide/?wrong=1")
        assert violations(visitor) == {}
