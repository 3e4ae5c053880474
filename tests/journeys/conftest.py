"""Debian's Chromium for the journeys. Every page a journey opens is watched, and judged when the journey ends."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright
from playwright.sync_api import Error as BrowserError

from tests.journeys.watch import Watch, watched

# Playwright's synchronous interface runs an event loop in this thread; Django would refuse the ORM beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# Patience costs nothing where all is well, and a busy machine is not a defect.
expect.set_options(timeout=15_000)

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.flaky(reruns=1))


class OpenBrowser(Protocol):
    """What the ``visit`` fixture gives."""

    def __call__(
        self,
        path: str = "/",
        *,
        user: Any = None,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        touch: bool = False,
        javascript: bool = True,
        language: str = "en",
        text: int = 100,
    ) -> Watch: ...


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole run; contexts keep the journeys apart."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "The browser tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(live_server: Any, chromium: Browser) -> Iterator[OpenBrowser]:
    """Open a path of the running site: ``visit("/b/fjordstuen/guests/", user=kari, width=390, dark=True)``.

    ``user`` is signed in beforehand, ``text`` is the text size in percent, ``language`` what the browser asks for. When
    the test ends, every page must have been free of console errors and policy reports.
    """
    watches: list[Watch] = []
    contexts: list[BrowserContext] = []

    def opened(
        path: str = "/",
        *,
        user: Any = None,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        touch: bool = False,
        javascript: bool = True,
        language: str = "en",
        text: int = 100,
    ) -> Watch:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            has_touch=touch,
            java_script_enabled=javascript,
            locale=language,
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        if user is not None:
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": session_of(user), "url": live_server.url}]
            )
        watch = watched(context)
        watches.append(watch)
        watch.page.goto(path, wait_until="load")
        if javascript:
            # Without its doctype first a page is laid out by the rules of 1998.
            assert watch.page.evaluate("document.compatMode") == "CSS1Compat", path
        if text != 100:
            watch.page.evaluate("size => { document.documentElement.style.fontSize = `${size}%`; }", text)
        return watch

    yield opened
    for watch in watches:
        watch.assert_calm()
    for context in contexts:
        # A page still waiting for the server would hold the tables that the next test empties.
        with suppress(BrowserError):
            context.close()


def session_of(user: Any) -> str:
    """The cookie of a new session for ``user``, without the sign-in page."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def without_script(visit: OpenBrowser) -> Callable[..., Watch]:
    """The same with scripts switched off."""

    def opened(path: str, **options: Any) -> Watch:
        return visit(path, javascript=False, **options)

    return opened
