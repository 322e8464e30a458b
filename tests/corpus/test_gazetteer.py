"""Names of reviewed articles, found in new ones; against a plain search where there is one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.articles import Article, ReviewedArticle, Span, Split
from corpus.gazetteer import Gazetteer, build_gazetteer, reviewed_gazetteer

Marked = tuple[str, list[Span]]


def marked(text: str, **names: str) -> Marked:
    """All places of each name, with underscores for its blanks."""
    spans = [
        Span(m.start(), m.end(), label)
        for name, label in names.items()
        for m in re.finditer(re.escape(name.replace("_", " ")), text)
    ]
    return text, spans


def found(gazetteer: Gazetteer, text: str) -> list[tuple[str, str]]:
    return [(text[s.start : s.end], s.label) for s in gazetteer.spans_of(text)]


def test_the_longest_name_at_a_place_and_whole_words_only() -> None:
    gazetteer = build_gazetteer(
        [
            marked("He left New York for York.", York="location"),
            marked("New York won.", New_York="location"),
            marked("The New York Times said so.", New_York_Times="organization"),
            marked("Ann ran.", Ann="person"),
        ]
    )
    text = "The New York Times of New York and York; Annual Ann."
    assert found(gazetteer, text) == [
        ("New York Times", "organization"),
        ("New York", "location"),
        ("York", "location"),
        ("Ann", "person"),
    ]


def test_upper_and_lower_case_make_other_names() -> None:
    gazetteer = build_gazetteer([marked("The US told us.", US="location")])
    assert found(gazetteer, "They told us that the US left. Us?") == [("US", "location")]


def test_the_type_is_that_of_most_marks_or_the_name_is_left_out() -> None:
    most = [marked("Paris.", Paris="location")] * 3 + [marked("Paris.", Paris="person")] * 2
    assert found(build_gazetteer(most), "Paris") == [("Paris", "location")]
    assert found(build_gazetteer(most[1:]), "Paris") == []


def test_words_that_mostly_stand_unmarked_are_no_name() -> None:
    rare = [marked("Apple said so.", Apple="organization"), marked("Apple pie. Apple tart.")]
    gazetteer = build_gazetteer(rare)
    assert found(gazetteer, "Apple") == []
    often = [marked("Apple said so.", Apple="organization")] * 6 + rare[1:]
    (span,) = build_gazetteer(often).spans_of("An Apple")
    # Six of eight, with one right and one wrong beside them.
    assert span.score == pytest.approx(7 / 10)


def test_what_stands_within_a_longer_name_does_not_count_against_it() -> None:
    texts = [marked("Ford Motor Company.", Ford_Motor_Company="organization")] * 3
    gazetteer = build_gazetteer([*texts, marked("Ford spoke.", Ford="person")])
    names = {name.text: name for name in gazetteer.names}
    assert (names["Ford"].marked, names["Ford"].seen) == (1, 1)


def test_white_space_of_any_kind_but_no_empty_line_within_a_name() -> None:
    gazetteer = build_gazetteer([marked("Ada Obi ran.", Ada_Obi="person")])
    for blank in (" ", "\u00a0", "\n", "\r\n", "  "):
        assert found(gazetteer, f"é: Ada{blank}Obi") == [(f"Ada{blank}Obi", "person")]
    assert found(gazetteer, "Ada\n\nObi") == found(gazetteer, "é Ada\r\n\r\nObi") == []
    assert found(gazetteer, "AdaObi") == []


def test_scripts_without_blanks_characters_of_several_code_points_and_emoji() -> None:
    gazetteer = build_gazetteer(
        [
            marked("他在北京工作", 北京="location"),
            marked("هو من القاهرة.", القاهرة="location"),
            marked("Jose ran.", Jose="person"),
            marked("AT&T, U.S.", **{"AT&T": "organization", "U.S.": "location"}),
        ]
    )
    assert found(gazetteer, "我爱北京天安门") == [("北京", "location")]
    assert found(gazetteer, "🚀👩‍🚀 في القاهرة") == [("القاهرة", "location")]
    # Another name: its last letter has an accent of its own.
    assert found(gazetteer, "Jose\u0301 ran") == []
    assert found(gazetteer, "🚀U.S. and AT&T") == [("U.S.", "location"), ("AT&T", "organization")]


def test_marks_that_cut_words_are_no_names() -> None:
    gazetteer = build_gazetteer([("Annual", [Span(0, 3, "person")]), ("x", [Span(0, 9, "person")])])
    assert gazetteer.names == ()
    assert gazetteer.spans_of("Ann") == build_gazetteer([]).spans_of("Ann") == ()


def test_the_digest_names_what_is_known() -> None:
    texts = [marked("Ada ran.", Ada="person"), marked("Bo ran.", Bo="person")]
    one, other = build_gazetteer(texts), build_gazetteer(texts[::-1])
    assert re.fullmatch("[0-9a-f]{12}", one.digest)
    assert one.digest == other.digest != build_gazetteer(texts * 2).digest


def test_names_of_the_test_split_and_of_unresolved_articles_stay_out() -> None:
    def reviewed(name: str, split: Split, resolved: bool = True) -> ReviewedArticle:
        spans = (Span(0, len(name), "person"),) if resolved else None
        return ReviewedArticle(Article(name, f"{name} ran."), None, spans, "x", 1, 1, False, split)

    gold = [reviewed("Ada", "train"), reviewed("Bo", "test"), reviewed("Cy", "validation")]
    gazetteer = reviewed_gazetteer([*gold, reviewed("Di", "train", resolved=False)])
    assert [name.text for name in gazetteer.names] == ["Ada", "Cy"]


WORDS = ["Ada", "Obi", "New", "York", "ran"]
names = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)


@given(st.sets(names, min_size=1, max_size=5), st.lists(st.sampled_from(WORDS), max_size=14))
def test_a_regular_expression_finds_the_same(known: set[str], words: list[str]) -> None:
    gazetteer = build_gazetteer((name, [Span(0, len(name), "person")]) for name in known)
    kept = sorted((n.text for n in gazetteer.names), key=len, reverse=True)
    text = " ".join(words)
    wanted = [m.span() for m in re.finditer(rf"\b(?:{'|'.join(kept)})\b", text)] if kept else []
    assert [(s.start, s.end) for s in gazetteer.spans_of(text)] == wanted


def test_ten_thousand_names_in_a_long_article() -> None:
    texts = [marked(f"N{i} Obi ran.", **{f"N{i} Obi": "person"}) for i in range(10_000)]
    gazetteer = build_gazetteer((t, [Span(0, s[0].end, "person")]) for t, s in texts)
    article = "नमस\u094dते 👩‍🚀 and N77 Obi; " * 2500
    assert len(article) > 50_000
    spans = gazetteer.spans_of(article)
    assert len(spans) == 2500
    assert article[spans[-1].start : spans[-1].end] == "N77 Obi"
