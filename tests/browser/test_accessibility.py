"""axe finds nothing, on any page, in either theme."""

from __future__ import annotations

import pytest

from .accessibility import violations
from .conftest import NewPage
from .pages import SIGNED_IN, SIGNED_OUT, STAFF, THEMES


@pytest.mark.parametrize("theme", THEMES)
def test_signed_out_pages_have_no_violation(new_page: NewPage, theme: str) -> None:
    page = new_page(color_scheme=theme)

    for path in SIGNED_OUT:
        page.goto(path)
        assert (path, violations(page)) == (path, [])


@pytest.mark.parametrize("theme", THEMES)
def test_signed_in_pages_have_no_violation(new_page: NewPage, theme: str) -> None:
    page = new_page("alice", color_scheme=theme)

    for path in SIGNED_IN:
        page.goto(path)
        assert (path, violations(page)) == (path, [])


@pytest.mark.parametrize("theme", THEMES)
def test_staff_pages_have_no_violation(new_page: NewPage, theme: str) -> None:
    page = new_page("admin", color_scheme=theme)

    for path in STAFF:
        page.goto(path)
        assert (path, violations(page)) == (path, [])
