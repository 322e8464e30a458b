"""Pictures for docs/review.md: pytest tests/browser --pictures docs/images"""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

COLOURS = 96
# Animations of the UI.
SETTLE_MS = 1500


def take(page: Page, file: Path, height: int) -> None:
    """The upper part of the window, in few colours: pictures are part of every clone."""
    # Away from what shows a tip under the pointer.
    page.mouse.move(500, 5)
    page.wait_for_timeout(SETTLE_MS)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    cropped = image.crop((0, 0, image.width, height))
    cropped.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
