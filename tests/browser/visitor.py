"""A person with a browser of her own: what she opens, taps, types and reads, and what the browser complains about meanwhile.

Controls are found as a person finds them, by the words on them. Nothing here knows an address beyond the one a person would
scan or type.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Response, expect

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}

#: Milliseconds that a page may take on a busy machine.
PATIENCE = 20_000


class Visitor:
    """One person's browser. ``options`` are those of playwright's ``new_context``."""

    def __init__(self, browser: Browser, address: str, size: dict[str, int], **options: Any) -> None:
        self.address = address
        self.context = browser.new_context(
            base_url=address, viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", **options
        )
        self.context.set_default_timeout(PATIENCE)
        #: What the console said and what was thrown: errors, warnings and refusals of the security policy.
        self.complaints: list[str] = []
        #: Everything that came from the network since ``note_answers``.
        self.answers: list[Response] = []
        #: How often something was pressed.
        self.taps = 0
        self.page = self.context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.path}: {error}"))

    def note_answers(self) -> None:
        """Keep what comes from the network from now on; a page is thirty files, of each of which the browser would tell."""
        self.page.on("response", lambda answer: self.answers.append(answer))

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{self.path}: {message.text}")

    @property
    def path(self) -> str:
        """The address without its host."""
        return self.page.url.removeprefix(self.address)

    def open(self, path: str) -> Page:
        """Type an address, or scan one."""
        self.page.goto(path)
        return self.page

    def enter(self, client: Any) -> None:
        """Take over the session of a signed-in test client, where signing in is not what is tested."""
        session = client.cookies["sessionid"].value
        self.context.add_cookies([{"name": "sessionid", "value": session, "url": self.address}])

    def set(self, **cookies: str) -> None:
        """Choose care mode (``care="1"``) or a theme, as the switches do."""
        self.context.add_cookies(
            [{"name": name, "value": value, "url": self.address} for name, value in cookies.items()]
        )

    # --- doing -------------------------------------------------------------------------------------------------------
    def button(self, words: str) -> Locator:
        """Return the button with exactly these words; one that screen readers do not see does not count."""
        return self.page.get_by_role("button", name=words, exact=True)

    def press(self, words: str) -> None:
        """Press a button."""
        self.taps += 1
        self.button(words).click()

    def follow(self, words: str) -> None:
        """Follow the first link that has these words in it."""
        self.taps += 1
        self.page.get_by_role("link", name=words).first.click()

    def fill(self, label: str, text: str) -> None:
        """Type into the field with this label; the word 选填 or 必填 behind a label does not matter."""
        self.page.get_by_label(re.compile(f"^{re.escape(label)}( *选填| *[^ ]*必填)?$")).fill(text)

    def choose(self, words: str) -> None:
        """Pick one of several, as a finger does: on its words."""
        self.taps += 1
        self.page.locator("label").filter(has_text=words).first.click()

    def attach(self, path: Path) -> None:
        """Choose a picture from the album."""
        self.page.get_by_label("从相册选择").set_input_files(path)

    def sign_in_by_phone(self, phone: str) -> None:
        """Sign in on the page that asks for a phone, with the code that the demo shows in place of a text message."""
        self.fill("手机号", phone)
        self.press("获取验证码")
        self.reads("填写验证码")
        self.fill("短信验证码", self.page.locator("[data-demo-code]").inner_text())
        self.press("登录")

    def sign_in_as_staff(self, name: str, password: str, code: Callable[[], str]) -> None:
        """Sign in on the staff's page with password and the code that ``code`` reads off the app."""
        self.fill("登录名", name)
        self.fill("密码", password)
        self.press("下一步")
        self.reads("填写动态验证码")
        self.fill("动态验证码", code())
        self.press("登录")

    # --- reading -----------------------------------------------------------------------------------------------------
    def reads(self, *texts: str) -> None:
        """See that each text stands on the page, waiting for the page if need be."""
        for text in texts:
            shown = self.page.get_by_text(text).filter(visible=True)
            expect(shown.first, f"{text!r} on {self.path}").to_be_visible(timeout=PATIENCE)

    def does_not_read(self, *texts: str) -> None:
        """See that none of the texts stands on the page as it is now."""
        for text in texts:
            expect(self.page.locator("body"), self.path).not_to_contain_text(text)

    def close(self) -> None:
        """Close the browser window."""
        self.context.close()
