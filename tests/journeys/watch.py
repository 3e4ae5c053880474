"""What a page must not do while a journey drives it: write errors to the console, break the content security policy,
weigh too much, or be closed to somebody."""

import gzip
import html
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urljoin

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

_AXE = Axe()
_PATIENCE = 15.0
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

_REPORT_CSP = """
document.addEventListener("securitypolicyviolation", event => console.error(
  `CSP: ${event.violatedDirective} refused ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`));
"""

# After the page's own listeners: a part is used once it has its fields and the focus is where it belongs.
_RENEWED = """part => {
  window.renewed = false;
  document.addEventListener("htmx:after:swap", () => { window.renewed ||= !part.isConnected; });
}"""


@dataclass
class Watch:
    """The problems of one page, and the bytes that travelled for it."""

    page: Page
    problems: list[str] = field(default_factory=list)
    bytes_by_kind: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    expected: tuple[str, ...] = ()
    _kinds: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        session = self.page.context.new_cdp_session(self.page)
        session.on("Network.responseReceived", self._response)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(part in message.text for part in self.expected):
            self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _response(self, event: dict[str, Any]) -> None:
        self._kinds[event["requestId"]] = event["type"]

    def _finished(self, event: dict[str, Any]) -> None:
        self.bytes_by_kind[self._kinds.get(event["requestId"], "Other")] += int(event["encodedDataLength"])

    def assert_framed(self, selector: str, *words: str) -> None:
        """The first such frame has loaded a document with these words.

        Its address is asked, not the frame: one that is not loaded yet never answers, past every timeout.
        """
        until = time.monotonic() + _PATIENCE
        while True:
            source = self.page.locator(selector).first
            expect(source).to_be_visible()
            address = urljoin(self.page.url, source.get_attribute("src"))
            text = html.unescape(self.page.request.get(address).text())
            if any(each.url == address for each in self.page.frames) and all(word in text for word in words):
                return
            assert time.monotonic() < until, (address, words, text)
            self.page.wait_for_timeout(100)

    @contextmanager
    def renewing(self, selector: str) -> Iterator[None]:
        """What is done within makes the page fetch this part anew; goes on when the new one stands."""
        self.page.locator(selector).evaluate(_RENEWED)
        yield
        self.page.wait_for_function("() => window.renewed")

    @contextmanager
    def expecting(self, *parts: str) -> Iterator[None]:
        """Console messages that hold one of ``parts`` are meant, such as the browser's own note of a 422."""
        self.expected += parts
        yield
        self.page.wait_for_timeout(50)
        self.expected = self.expected[: -len(parts)]

    @property
    def transferred(self) -> int:
        """Bytes over the wire since the page was opened or :meth:`reset`, headers included; the cache costs nothing."""
        return sum(self.bytes_by_kind.values())

    def reset(self) -> None:
        """Count from here."""
        self.bytes_by_kind.clear()

    def html_gz(self) -> int:
        """The size of the page's own HTML, compressed."""
        response = self.page.request.get(self.page.url)
        return len(gzip.compress(response.body(), 6))

    def assert_accessible(self, *, include: str = "", without: Iterable[str] = (), rules: tuple[str, ...] = ()) -> None:
        """No violation of WCAG 2.2 AA or of axe's best practice, in the page as it stands (menus and dialogs open).

        ``rules`` narrows it to some rules.
        """
        options: dict[str, Any] = {
            "runOnly": {"type": "rule", "values": rules} if rules else {"type": "tag", "values": AXE_TAGS},
            # What passes is tried as well, and not described node by node.
            "resultTypes": ["violations"],
            "rules": {rule: {"enabled": False} for rule in without},
        }
        # What a sticky bar covers at one scroll position is free at another; axe would call it too small to touch.
        self.page.evaluate(_LAY_FLAT)
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(_AXE.axe_script)
        violations = self.page.evaluate(
            "([within, options]) => axe.run(within ?? document, options).then(found => found.violations)",
            [{"include": [[include]]} if include else None, options],
        )
        self.page.evaluate("document.adoptedStyleSheets = []")
        told = [
            f"{one['id']} ({one['impact']}): {one['help']}\n"
            + "\n".join(f"    {node['target']} {node['html'][:160]}\n    {_why(node)}" for node in one["nodes"][:6])
            for one in violations
        ]
        assert not violations, f"{self.page.url}\n" + "\n".join(told)

    def wear(self, scheme: Literal["light", "dark"]) -> None:
        """Show the page as it stands in other colours, with every change of colour at its end."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.evaluate(_SETTLE)

    def assert_fits(self) -> None:
        """Nothing is wider than the window, and no text is cut off without a way to reach it."""
        wide = self.page.evaluate(_TOO_WIDE)
        assert not wide, f"{self.page.url} scrolls sideways: {json.dumps(wide, indent=1, ensure_ascii=False)}"

    def assert_calm(self) -> None:
        """No console error, no policy report, no script error so far."""
        assert not self.problems, "\n".join(self.problems)


def _why(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for check in node["any"] + node["all"] + node["none"])[:300]


_LAY_FLAT = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".topbar, .sidebar, .bottombar, .bulk-bar { position: static !important; }");
  document.adoptedStyleSheets = [sheet];
}"""

_SETTLE = """() => {
  // An inherited colour changes level by level: when it has arrived above, it sets out below.
  for (let round = 0; round < 100; round++) {
    const moving = document.getAnimations();
    if (!moving.length) return;
    moving.forEach(animation => animation.finish());
  }
  throw new Error("The page does not come to rest.");
}"""

_TOO_WIDE = """async () => {
  await document.fonts.ready;
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  const held = element => element.closest("[data-scrolls], .table-scroll, .tabs, pre, .sr-only, .skip");
  return [...document.body.querySelectorAll("*")]
    .filter(element => element.getBoundingClientRect().right > page.clientWidth + 1 && !held(element))
    .slice(0, 6).map(element => element.outerHTML.slice(0, 160));
}"""


def watched(context: BrowserContext) -> Watch:
    """A new page of ``context`` under watch."""
    page = context.new_page()
    page.add_init_script(_REPORT_CSP)
    return Watch(page)
