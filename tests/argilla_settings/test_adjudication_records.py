"""What adjudicators read: counts and words, and no text of an article that becomes Markdown."""

import html
import re
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from argilla_settings.adjudication import ANSWERS, NEEDED, OPEN
from argilla_settings.adjudication_records import (
    LONG_CHARACTERS,
    escape,
    to_markdown,
    to_tally_record,
)
from argilla_settings.shown_text import to_shown
from corpus.adjudication import Tally
from corpus.articles import Article, Span

TEXT = "Ada met Ada in <b>Rome</b>."
ADA, ADA_AGAIN, ROME = Span(0, 3, "person"), Span(8, 11, "person"), Span(15, 26, "location")
TALLY = Tally(
    article=Article("a", TEXT, title="A title"),
    blind=True,
    chose=3,
    looked=3,
    topics={"Sci/Tech": 1, "Sports": 1, "World": 1},
    marks={ADA: 3, ADA_AGAIN: 1, ROME: 2},
    topic=None,
    spans=(ADA, ROME),
)
TOLD = r"""**Topic (open)**, of 3 answers:

- Sci\/Tech: 1
- Sports: 1
- World: 1

**Entities**, marked by how many of 3:

- location: \<b\>Rome\<\/b\> (2)
- person: Ada [no. 1] (3), Ada [no. 2] (1)"""


def shown(markdown: str) -> str:
    """What a reader of CommonMark with GitHub's tables and links sees, as HTML."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return str(parser.render(markdown))


def test_the_record_tells_counts_and_suggests() -> None:
    record = to_tally_record(TALLY)
    assert record.id == "a"
    assert dict(record.fields) == {"title": "A title", "text": to_shown(TEXT), ANSWERS: TOLD}
    assert dict(record.metadata) == {NEEDED: "yes", OPEN: "topic", "blind": "yes"}
    suggested = {s.question_name: s for s in record.suggestions}
    assert suggested["topic"].value in TALLY.topics and suggested["topic"].score == 0.3333
    assert {s.agent for s in suggested.values()} == {"most-frequent"}
    assert [(v["start"], v["end"]) for v in suggested["entities"].value] == [(0, 3), (15, 26)]
    assert "<b>" not in shown(TOLD) and "&lt;b&gt;Rome&lt;/b&gt; (2)" in shown(TOLD)


def test_what_is_open_is_named() -> None:
    both = replace(TALLY, spans=None)
    assert to_tally_record(both).metadata[OPEN] == "topic and entities"
    spans = replace(TALLY, topic="World", spans=None, marks={})
    assert to_tally_record(spans).metadata[OPEN] == "entities"
    assert to_markdown(spans).endswith("**Entities (open)**, marked by how many of 3:\n\n- nothing")
    assert "Entities" not in to_markdown(replace(TALLY, looked=0, marks={}, spans=None))
    assert "Topic" not in to_markdown(replace(TALLY, chose=0, topics={}))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip))
@example("<script>alert(1)</script>")
@example("[here](javascript:alert(1)) ![x](http://e.x/p.png) <http://e.x> www.e.x a@e.x")
@example("| a | b |\n|---|---|\n| 1 | 2 |")
@example("1. one\n- two\n# three\n> four\n```\nfive\n    six")
@example("&amp; &#60; \\* $x$ ~~no~~ **b** _i_ `code` \\")
def test_words_of_an_article_mean_themselves(words: str) -> None:
    line = escape(words)
    assert "\n" not in line
    found = shown(f"- person: {line} (2)")
    inner = re.fullmatch(r"<ul>\n<li>person: (.*) \(2\)</li>\n</ul>\n", found, re.DOTALL)
    assert inner and "<" not in inner[1]
    said = " ".join(words.split())
    expected = said if len(said) <= LONG_CHARACTERS else f"{said[: LONG_CHARACTERS - 1]}…"
    assert html.unescape(inner[1]) == expected
