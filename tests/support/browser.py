"""Chromium for tests of the page: what it complains about is collected, so that a test can ask for silence."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.support.until import until

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None
)
"""Its build without windows where there is one: it is the one that Playwright's own headless browser is, and takes a third less."""
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Tab:
    """An open page: `complaints` are console errors and uncaught exceptions, `hosts` what it spoke to."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        """What the Content-Security-Policy refused."""
        found: list[str] = self.page.evaluate("window.violations")
        return found

    def text(self, selector: str) -> str:
        """The text of the one element."""
        return self.page.locator(selector).inner_text()

    def number(self, selector: str) -> int | None:
        """A figure as the page writes it in English; None while it is not known."""
        text = self.text(selector).replace(",", "")
        return int(text) if text.isdigit() else None

    def live(self) -> None:
        """Wait until the archive's figures stand and the stream runs."""
        until(lambda: self.number("#total") is not None, "the archive's figures are shown")
        until(lambda: self.page.get_attribute("#status", "data-state") == "live", "the stream is live")

    def listed(self) -> list[str]:
        """Ids of the mentions in the ticker, newest first."""
        found: list[str] = self.page.eval_on_selector_all(
            "#ticker > li", "rows => rows.map(row => row.dataset.id)"
        )
        return found

    def overflow(self) -> int:
        """How many pixels the document is wider than the window."""
        found: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return found


@contextmanager
def tab(browser: Browser, url: str, **context: Any) -> Iterator[Tab]:
    """A tab in a context of its own; English on a desk unless said otherwise."""
    settings: dict[str, Any] = {"viewport": {"width": 1360, "height": 860}, "locale": "en-GB", **context}
    own = browser.new_context(**settings)
    own.add_init_script(_VIOLATIONS)
    own.set_default_timeout(120_000)
    opened = Tab(own.new_page())
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            opened.complaints.append(message.text)

    def asked(request: Request) -> None:
        opened.hosts.add(urlsplit(request.url).netloc)
        opened.requests.append(request.url)

    opened.page.on("console", said)
    opened.page.on("request", asked)
    try:
        opened.page.goto(url)
        yield opened
    finally:
        own.close()
