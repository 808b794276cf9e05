"""A phone whose network is cut and comes back."""

from tests.browser.visitor import Visitor


def kept(visitor: Visitor, address: str) -> None:
    """Wait until the phone keeps this page, and is answered from what it keeps."""
    found = visitor.page.evaluate(
        """async (address) => {
            for (let tries = 0; tries < 200; tries++) {
                if (navigator.serviceWorker.controller && await caches.match(address, {ignoreVary: true})) return true;
                await new Promise((again) => setTimeout(again, 100)); } }""",
        address,
    )
    assert found, f"{address} is not kept"


def back_online(visitor: Visitor) -> None:
    """Give the network back, with the event that a phone fires and the emulation sometimes forgets."""
    visitor.context.set_offline(False)
    visitor.page.evaluate("dispatchEvent(new Event('online'))")
