"""The pages for what went wrong: they stand without a database, say what was kept, and are open to everybody."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from playwright.sync_api import Route

from tests.journeys.conftest import OpenBrowser

CODES = ["403", "404", "500", "503"]


@pytest.mark.parametrize("language", ["en", "nb", "da", "nl"])
@pytest.mark.parametrize("code", CODES)
def test_stands_without_database_and_request(code: str, language: str) -> None:
    # Without the db fixture any query would raise.
    with translation.override(language):
        text = render_to_string(f"errors/{code}.html")
    assert f'lang="{language}"' in text
    assert "<h1>" in text
    assert "<c-" not in text


def test_a_refusal_names_who_can() -> None:
    request: Any = RequestFactory().get("/b/fjordstuen/imports/")
    request.user = SimpleNamespace(is_authenticated=True, theme="dark")
    request.business = SimpleNamespace(name="Fjordstuen Hotell", slug="fjordstuen")
    request.member = SimpleNamespace(get_role_display="Reception", can=lambda capability: False)
    colleague = SimpleNamespace(user="Ola <Hansen>", get_role_display="Admin")
    context = {"capability": "import files", "roles": ["Admin", "Owner"], "colleagues": [colleague]}
    text = render_to_string("errors/403.html", {**context, "request": request})
    assert "Your role does not let you import files" in text
    assert "Ola &lt;Hansen&gt;" in text
    assert "Reception" in text
    assert 'href="/b/fjordstuen/"' in text
    assert 'data-theme="dark"' in text
    alone = render_to_string("errors/403.html", {**context, "request": request, "colleagues": []})
    assert "Admin, Owner" in alone


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_is_open_to_everybody(visit: OpenBrowser, dark: bool, width: int) -> None:
    watch = visit("/styleguide/", dark=dark, width=width)
    pages = {f"/sample-{code}": render_to_string(f"errors/{code}.html") for code in CODES}

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/html", body=pages[urlsplit(route.request.url).path])

    watch.page.route("**/sample-*", answer)
    for path in pages:
        watch.page.goto(path)
        watch.assert_accessible()
        watch.assert_fits()


def test_an_address_that_is_not_there(visit: OpenBrowser) -> None:
    watch = visit("/styleguide/")
    with watch.expecting("404"):
        response = watch.page.goto("/nothing/here/")
    assert response is not None
    assert response.status == 404
    assert "nothing at this address" in watch.page.locator("h1").inner_text()
