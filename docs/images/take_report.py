"""Take annotator_report.png: .venv/bin/python docs/images/take_report.py

The review on it is made up: three people with known noise and pace, and new guidelines.
"""

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.reported_review import Asked, make_reported
from corpus.desk import read_desk
from corpus.report.measure import measure_report, to_json
from corpus.sources.read import read_articles
from publishing.review_report.page import report_html

HERE = Path(__file__).parent
WIDTH = 900
COLOURS = 128
# Where sections begin, and where the first matrix and the chart of agreement over time end.
PLACES = """() => {
    const end = query => {
        const element = document.querySelector(query);
        return Math.round(element.getBoundingClientRect().bottom + scrollY);
    };
    const sections = [...document.querySelectorAll('h2')].map(h => [h.innerText, h.offsetTop]);
    return [Object.fromEntries(sections),
            {matrix: end('.matrix'), chart: end('figure[aria-label^="Agreement by"]')}];
}"""


def main() -> None:
    """Summary, confusion and drift, below each other."""
    desk = read_desk("desk.yaml")
    articles = read_articles(desk.source, desk.labels).articles
    asked = Asked(articles, list(desk.labels.topics), list(desk.labels.entities))
    report = to_json(measure_report(desk, make_reported(asked, records=500)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_text(report_html(report), encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 900})
        page.goto(file.as_uri())
        whole = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        tops, ends = page.evaluate(PLACES)
        browser.close()
    parts = [
        whole.crop((0, 0, WIDTH, tops["Speed"] - 20)),
        whole.crop((0, tops["Confusion between annotators"] - 20, WIDTH, ends["matrix"] + 10)),
        whole.crop((0, tops["Guidelines and drift"] - 30, WIDTH, ends["chart"] + 20)),
    ]
    picture = Image.new("RGB", (WIDTH, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        picture.paste(part, (0, top))
        top += part.height
    small = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(HERE / "annotator_report.png", optimize=True)


if __name__ == "__main__":
    main()
