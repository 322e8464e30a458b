"""Marking a span with the mouse, at the places where its characters stand on the page."""

from dataclasses import dataclass

from playwright.sync_api import Page

# The points where a mention begins and ends, by its first and last grapheme; in a line that runs
# from right to left it begins at the right.
POINTS = """([mention, nth]) => {
    const node = document.querySelector('p[class^=span-annotation__field]').firstChild;
    let at = node.textContent.indexOf(mention);
    for (let i = 0; i < nth; i++) at = node.textContent.indexOf(mention, at + 1);
    if (at < 0) return null;
    const box = (from, to) => {
        const range = document.createRange();
        range.setStart(node, from);
        range.setEnd(node, to);
        const rects = range.getClientRects();
        return rects[rects.length - 1];
    };
    const parts = [...new Intl.Segmenter().segment(mention)];
    const last = parts[parts.length - 1];
    const first = box(at, at + parts[0].segment.length);
    const end = box(at + last.index, at + mention.length);
    const middle = box(at, at + mention.length);
    const leftward = parts.length > 1
        ? first.y === end.y && first.x > end.x
        : /[\\u0590-\\u08ff]/.test(mention);
    const edge = (r, right) => ({x: right ? r.right - 1 : r.x + 1, y: r.y + r.height / 2});
    return {
        begin: edge(first, leftward),
        end: edge(end, !leftward),
        middle: {x: middle.x + middle.width / 2, y: middle.y + middle.height / 2},
    };
}"""
BADGES = "document.querySelectorAll('.span-entity__container').length"


@dataclass(frozen=True)
class Points:
    """Where a mention begins and ends on the page, and its middle, in pixels of the window."""

    begin: dict[str, float]
    end: dict[str, float]
    middle: dict[str, float]


def points(page: Page, mention: str, nth: int = 0) -> Points:
    """Of the nth occurrence of a mention, counted from 0."""
    found = page.evaluate(POINTS, [mention, nth])
    assert found, f"{mention!r} does not stand in the article"
    return Points(**found)


def drag(page: Page, mention: str, nth: int = 0, backward: bool = False) -> None:
    """Over a mention: the UI completes the words at its edges."""
    _drag(page, mention, nth, backward, characters=False)


def drag_characters(page: Page, mention: str, nth: int = 0, backward: bool = False) -> None:
    """The same with Shift held: exactly these characters."""
    _drag(page, mention, nth, backward, characters=True)


def double_click(page: Page, word: str, nth: int = 0) -> None:
    """On a word."""
    there = page.evaluate(BADGES)
    page.mouse.dblclick(**points(page, word, nth).middle)
    _wait_for_more(page, there)


def _drag(page: Page, mention: str, nth: int, backward: bool, characters: bool) -> None:
    there, at = page.evaluate(BADGES), points(page, mention, nth)
    begin, end = (at.end, at.begin) if backward else (at.begin, at.end)
    page.mouse.move(**begin)
    page.mouse.down()
    if characters:
        page.keyboard.down("Shift")
    page.mouse.move(**end, steps=8)
    page.mouse.up()
    if characters:
        page.keyboard.up("Shift")
    _wait_for_more(page, there)


def _wait_for_more(page: Page, before: int) -> None:
    page.wait_for_function(f"before => {BADGES} > before", arg=before)


def scroll_to(page: Page, mention: str) -> None:
    """Turn the wheel over the article until a mention is in the middle of the window."""
    size = page.viewport_size or {"width": 0, "height": 0}
    page.locator("p[class^=span-annotation__field]").hover(position={"x": 50, "y": 50})
    page.mouse.wheel(0, points(page, mention).middle["y"] - size["height"] / 2)
    page.wait_for_function(
        f"""mention => {{
            const {{x, y}} = ({POINTS})([mention, 0]).middle;
            const there = document.elementFromPoint(x, y);
            return there && there.matches('p[class^=span-annotation__field]');
        }}""",
        arg=mention,
    )
