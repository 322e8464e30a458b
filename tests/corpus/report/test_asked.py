"""What annotators answered besides: means, how often each number, and the latest texts."""

from dataclasses import replace
from datetime import timedelta

from corpus.articles import Article
from corpus.ledger_rows import LedgerEntry, entry_row, row_entry
from corpus.report.asked import LISTED_TEXTS, measure_asked
from corpus.report.discards import measure_discards
from corpus.settings.questions import RatingAsked, TextAsked
from tests.corpus.report.made import MONDAY, A, B, gone, material, said

QUESTIONS = {
    "quality": RatingAsked(type="rating", title="How good?", values=[0, 1, 2]),
    "note": TextAsked(type="text", title="Anything?"),
}


def with_answers(entry: LedgerEntry, **also: str | int) -> LedgerEntry:
    return replace(entry, response=replace(entry.response, also=tuple(also.items())))


def test_ratings_and_texts_of_answers_and_discards() -> None:
    entries = [with_answers(said(f"{n}", A), quality=n % 3) for n in range(6)]
    entries += [with_answers(said("0", B), quality=2, note=" Why? "), said("1", B)]
    entries.append(with_answers(gone("9", B, MONDAY + timedelta(hours=1)), note="An advert"))
    titled = {"0": Article("0", "text", "A  story")}
    quality, note = measure_asked(material(*entries, articles=titled), QUESTIONS, 1)
    assert (quality.answers, quality.given) == (7, 9)
    assert quality.mean is not None and round(quality.mean.value, 4) == round(8 / 7, 4)
    assert quality.mean.low < quality.mean.value < quality.mean.high
    assert [(r.value, r.answers) for r in quality.ratings] == [(0, 2), (1, 2), (2, 3)]
    assert [(w.name, w.answers, w.mean is None) for w in quality.annotators] == [
        (A, 6, False),
        (B, 1, True),
    ]
    assert [(t.text, t.article, t.discarded) for t in note.texts] == [
        ("An advert", "", True),
        ("Why?", "A story", False),
    ]


def test_a_discard_comes_with_any_text_and_lists_end() -> None:
    many = [with_answers(said(f"{n}", A), note=f"note {n}") for n in range(LISTED_TEXTS + 5)]
    discards = [
        with_answers(gone("x", A), note="spam", headline="Ten dead"),
        with_answers(gone("y", A), note=" \n"),
    ]
    found = material(*many, *discards)
    (_, note) = measure_asked(found, QUESTIONS, 1)
    assert (note.answers, len(note.texts)) == (LISTED_TEXTS + 7, LISTED_TEXTS)
    measured = measure_discards(found, 1)
    assert (measured.discarded, measured.with_text) == (2, 1)
    assert {a.id: a.written for a in measured.articles} == {"x": ("spam", "Ten dead"), "y": ()}


def test_the_ledger_gives_back_what_was_said() -> None:
    entry = with_answers(said("a", A), quality=0, note='"Ł", 🚀\n')
    assert row_entry(entry_row(entry)) == entry
    earlier = {k: v for k, v in entry_row(said("a", A)).items() if k not in ("also", "topics")}
    assert row_entry(earlier).response.also == ()
