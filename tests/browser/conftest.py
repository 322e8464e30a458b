"""One browser, one Argilla data set and one sign-in per annotator, for all tests of this folder.

Every test has articles of its own, so that none depends on what another one answered.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.desk import ReviewDesk, load_desk
from tests.browser.pictures import take
from tests.browser.signing_in import sign_in
from tests.running import ArgillaService

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HERE = Path(__file__).parent
WIDTH, HEIGHT = 1400, 1000
TIMEOUT_MS = 30_000
# A new page of somebody: annotator-1, annotator-2 or annotator-3.
PageOf = Callable[[str], Page]
Picture = Callable[[Page, str, int], None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here need the services and a browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.services)
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                reason = "no chromium on PATH: run make browser as root, or install it"
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where pictures of the UI are written; without it none are taken."""
    parser.addoption("--pictures", type=Path, help="folder for pictures of the UI")


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Picture:
    """Takes a picture of a page, if pictures are wanted: its name, and its height in pixels."""
    folder: Path | None = request.config.getoption("--pictures", default=None)

    def keep(page: Page, name: str, height: int) -> None:
        if folder is not None:
            take(page, folder / name, height)

    return keep


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        expect.set_options(timeout=TIMEOUT_MS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def context_of(
    browser: Browser, argilla_service: ArgillaService
) -> Iterator[Callable[[str], BrowserContext]]:
    """The browser context of an annotator, signed in at first use."""
    contexts: dict[str, BrowserContext] = {}

    def find(annotator: str) -> BrowserContext:
        if annotator not in contexts:
            made = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
            made.set_default_timeout(TIMEOUT_MS)
            contexts[annotator] = made
            with made.new_page() as page:
                sign_in(page, argilla_service, annotator)
        return contexts[annotator]

    yield find
    for context in contexts.values():
        context.close()


@pytest.fixture
def page_of(context_of: Callable[[str], BrowserContext]) -> Iterator[PageOf]:
    """New pages of annotators who are signed in."""
    with ExitStack() as pages:
        yield lambda annotator: pages.enter_context(context_of(annotator).new_page())


@pytest.fixture
def page(page_of: PageOf) -> Page:
    """A page of the first annotator."""
    return page_of("annotator-1")


@pytest.fixture(scope="session")
def desk(argilla_service: ArgillaService) -> ReviewDesk:
    """The data set that these tests share."""
    return load_desk()
