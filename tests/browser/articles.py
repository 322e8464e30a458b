"""The articles of the shared data set: one word of the title finds each, and is its id."""

from collections.abc import Sequence
from dataclasses import dataclass

from corpus.articles import Article, Prediction, ScoredSpan

PLAIN = "Commander Ada Obi reached the Kestrel station today with Jean-Luc Okafor of Obi Mining."


@dataclass(frozen=True)
class Loaded:
    """An article and the suggestions that annotators see with it."""

    article: Article
    prediction: Prediction | None


def loaded(
    word: str,
    text: str = PLAIN,
    topic: str | None = None,
    spans: Sequence[tuple[str, str]] = (),
    source: str = "wire",
    score: float = 0.9,
) -> Loaded:
    """An article; ``spans`` are suggested mentions with their entity types, each a first one."""
    article = Article(word, text, f"{word} writes from Kestrel", source)
    if topic is None and not spans:
        return Loaded(article, None)
    starts = [(text.index(mention), len(mention), label) for mention, label in spans]
    scored = tuple(ScoredSpan(at, at + size, label, 0.8) for at, size, label in starts)
    return Loaded(article, Prediction(word, topic, score, "test:model", scored, "test:model"))


EMOJI = {
    "zwj": "👩‍🚀🚀 Commander Ada Obi reached the Kestrel station.",
    "flags": "🇳🇿🇿🇼 In Aotearoa the 🏴󠁧󠁢󠁷󠁬󠁳󠁿 side met Ada Obi.",
    "keycap": "1️⃣ 👍🏽 First came Ada Obi, then the rest.",
    "ending": "🚀🚀🚀 The station welcomes Ada Obi",
    "accents": "Cafe\u0301 owner Zoe\u0301 Pe\u0301rez met Ada Obi at noon.",
}
HEBREW = "🚀👩‍🚀 ראש הממשלה דוד לוי נפגש עם שרה כהן בירושלים אתמול."
ARABIC = "التقى الرئيس أحمد منصور وزيرة الخارجية ليلى حداد في القاهرة يوم الأحد."
MIXED = "The Haifa daily הארץ wrote that דוד לוי met Ada Obi in حلب today."
CHINESE = "王小明昨天在北京会见了李华。"
WINDOWS = "First line.\r\n\r\nSecond 🚀 line.\r\nThen Ada Obi came.\r\nBob Ray left."
MARKUP = (
    'AT&amp;T says <b>3 < 4</b> &copy <img src=x onerror="window.ran = true"> '
    "of R&D: Ada Obi leads it."
)
LONG = "".join(
    f"Part {n} tells of the harbour, the 🚢 and the crew, who saw nobody.\n" for n in range(500)
)
LONG += "At last Ada Obi of Kestrel spoke to the crew."

ARTICLES: dict[str, Loaded] = {
    one.article.id: one
    for one in (
        loaded("mousetopic"),
        loaded("digittopic"),
        loaded("dragged"),
        loaded("doubleclicked"),
        loaded("backward"),
        loaded("characters"),
        loaded("typedigit"),
        *(loaded(name, text) for name, text in EMOJI.items()),
        loaded("hebrew", HEBREW),
        loaded("arabic", ARABIC),
        loaded("mixed", MIXED),
        loaded("sloppy", HEBREW),
        loaded("surname", EMOJI["accents"]),
        loaded("halfname", EMOJI["accents"]),
        loaded("chinese", CHINESE),
        loaded("windows", WINDOWS, spans=[("Bob Ray", "person")]),
        loaded("markup", MARKUP),
        loaded("longread", LONG, spans=[("Kestrel", "organization")]),
        loaded("accepted", topic="World", spans=[("Ada Obi", "person"), ("Kestrel", "location")]),
        loaded("relabelled", topic="World", spans=[("Ada Obi", "person")]),
        loaded("unmarked", topic="World", spans=[("Ada Obi", "person"), ("today", "event")]),
        loaded("retyped", topic="World", spans=[("Kestrel", "person")]),
        loaded("drafted", topic="World", spans=[("Ada Obi", "person")]),
        loaded("discarded", topic="World", spans=[("Ada Obi", "person")]),
        loaded("linked"),
        loaded("together", topic="World", spans=[("Ada Obi", "person")]),
        *(
            loaded(
                f"bulk{n}",
                f"{PLAIN} So says Bulk{n} of Kestrel.",
                topic="World",
                spans=[("Ada Obi", "person"), (f"Bulk{n}", "organization")],
                source="bulk",
            )
            for n in range(4)
        ),
        *(
            loaded(f"sorted{n}", topic="World", source="sorted", score=score)
            for n, score in enumerate((0.9, 0.3, 0.6))
        ),
        loaded("filtered", source="filtered"),
        *(loaded(f"near{n}", source="near") for n in range(3)),
    )
}
VECTORS: dict[str, tuple[float, float, float]] = {
    "near0": (1.0, 0.0, 0.0),
    "near1": (0.0, 1.0, 0.0),
    "near2": (0.9, 0.1, 0.0),
}
