"""Take the pictures of the README: make demo, then .venv/bin/python docs/images/take.py

Pending records with suggestions come from a second desk, "newsroom", on the same articles.
"""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
HOME = Path(os.environ.get("COPYDESK_HOME") or ".copydesk")
LOAD = ["load", "--set", "name=newsroom", "--skip", "200", "--limit", "24"]
WIDTH = 1400


def main() -> None:
    """Write argilla.png, dataset_card.png and model_card.png beside this file."""
    copydesk = Path(sys.executable).with_name("copydesk")
    loaded = subprocess.run([copydesk, *LOAD], capture_output=True, text=True, check=True)
    records = loaded.stdout.rsplit("Review them: ", 1)[1].strip()
    exports = subprocess.run([copydesk, "env"], capture_output=True, text=True, check=True).stdout
    places = dict(line.removeprefix("export ").split("=", 1) for line in exports.splitlines())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 900})
        page.set_default_timeout(60_000)
        sign_in(page, places["ARGILLA_API_URL"])
        take_argilla(page, records)
        hub = places["HF_ENDPOINT"]
        take_card(page, f"{hub}/datasets/copydesk/sample-news", "dataset_card.png")
        take_card(page, f"{hub}/copydesk/sample-news-topics", "model_card.png")
        browser.close()


def sign_in(page: Page, url: str) -> None:
    """As the first annotator."""
    user = json.loads((HOME / "argilla-accounts.json").read_text())["annotator-1"]
    page.goto(f"{url}/sign-in")
    page.fill("input[type=text]", user["username"])
    page.fill("input[type=password]", user["password"])
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "sign-in" not in address)


def take_argilla(page: Page, records: str) -> None:
    """The first pending record with suggestions, as an annotator sees it."""
    page.goto(records)
    page.wait_for_timeout(6000)
    # Blind records show none, and may come first.
    for _ in range(10):
        if page.locator(".span-entity__text").count():
            break
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(3000)
    page.wait_for_selector(".span-entity__text")
    save(page.screenshot(), "argilla.png", height=640)


def take_card(page: Page, url: str, name: str) -> None:
    """The page of a repository on the Hub."""
    page.goto(url)
    page.wait_for_timeout(1500)
    save(page.screenshot(full_page=True), name, height=2000)


def save(png: bytes, name: str, height: int) -> None:
    """The upper part of a screenshot, in few colours: pictures are part of every clone."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    cropped = image.crop((0, 0, image.width, min(height, image.height)))
    cropped.quantize(128, dither=Image.Dither.NONE).save(HERE / name, optimize=True)


if __name__ == "__main__":
    main()
