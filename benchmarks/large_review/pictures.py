"""Screenshots of the UI on the large data set: queue, search, bulk view, progress."""

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.results import say
from benchmarks.stories import PHRASE
from embedded.home import Home, read_json

WIDTH, HEIGHT = 1400, 900
# Animations of the UI, and requests that follow the first.
SETTLE_MS = 2500
COLOURS = 96


def take_pictures(home: Home, url: str, dataset_id: str, folder: Path) -> None:
    """Write large_queue.png, large_search.png, large_bulk.png and large_progress.png."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        say("No chromium on PATH: no pictures (make browser installs it)")
        return
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(60_000)
        _sign_in(page, home, url)
        address = f"{url}/dataset/{dataset_id}/annotation-mode"
        _queue(page, address, folder)
        _search(page, folder)
        _bulk(page, folder)
        _progress(page, address, folder)
        browser.close()


def _sign_in(page: Page, home: Home, url: str) -> None:
    user = read_json(home.accounts)["annotator-1"]
    page.goto(f"{url}/sign-in")
    page.fill("input[type=text]", user["username"])
    page.fill("input[type=password]", user["password"])
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "sign-in" not in address)


def _queue(page: Page, address: str, folder: Path) -> None:
    page.goto(address)
    page.wait_for_selector("p.span-annotation__field")
    _save(page, folder / "large_queue.png")


def _search(page: Page, folder: Path) -> None:
    page.click(".search-area__icon.--search")
    page.fill("input.search-area__input", f'"{PHRASE}"')
    with page.expect_response(lambda answer: "/records/search" in answer.url):
        page.press("input.search-area__input", "Enter")
    _save(page, folder / "large_search.png")


def _bulk(page: Page, folder: Path) -> None:
    with page.expect_response(lambda answer: "/records/search" in answer.url):
        page.click("[title='Switch to Bulk Mode'], [aria-label='Switch to Bulk Mode']")
    _save(page, folder / "large_bulk.png")


def _progress(page: Page, address: str, folder: Path) -> None:
    """The panel in the lower right corner: how far the team and this annotator are."""
    page.goto(address)
    page.locator(".panel__header", has_text="Submitted").first.click()
    _save(page, folder / "large_progress.png")


def _save(page: Page, file: Path) -> None:
    """In few colours: pictures are part of every clone."""
    # Away from what shows a tip under the pointer.
    page.mouse.move(WIDTH / 2, HEIGHT - 150)
    page.wait_for_timeout(SETTLE_MS)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    say(f"  {file}, {file.stat().st_size / 1000:.0f} kB")
