"""One made-up report, rendered once for all tests that only look at it."""

from __future__ import annotations

import pytest

from misid.report import Report
from misid.report.write import render
from tests.report.pages import Page
from tests.report.sample import sample_report


@pytest.fixture(scope="session")
def report() -> Report:
    return sample_report()


@pytest.fixture(scope="session")
def files(report: Report) -> dict[str, bytes]:
    return render(report)


@pytest.fixture(scope="session")
def html(files: dict[str, bytes]) -> str:
    return files["report.html"].decode()


@pytest.fixture(scope="session")
def page(html: str) -> Page:
    return Page(html)
