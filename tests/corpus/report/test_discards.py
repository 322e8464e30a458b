"""What was discarded, by whom, and what those articles have in common."""

from corpus.articles import Article
from corpus.report.discards import LISTED_ARTICLES, length_of, measure_discards, script_of
from tests.corpus.report.made import A, B, gone, material, said


def test_discards_by_who_and_by_what_the_articles_have_in_common() -> None:
    articles = {
        f"{n}": Article(f"{n}", ("дым " if n < 2 else "smoke ") * 60, source=f"s{n % 2}")
        for n in range(8)
    }
    found = measure_discards(
        material(
            *(said(f"{n}", A) for n in range(1, 8)),
            gone("0", A),
            gone("0", B),
            gone("1", B),
            said("2", B),
            articles=articles,
        ),
        1,
    )
    ada, bo = found.by_annotator
    assert (ada.name, ada.discarded, ada.handled) == (A, 1, 8)
    assert ada.share is not None and ada.share.value == 1 / 8
    assert (bo.discarded, bo.handled, bo.share) == (2, 3, None)
    assert [(s.name, s.discarded, s.handled) for s in found.by_source] == [
        ("s0", 2, 6),
        ("s1", 1, 5),
    ]
    assert [(s.name, s.discarded) for s in found.by_script] == [("Cyrillic", 3), ("Latin", 0)]
    assert [s.name for s in found.by_length] == ["200 to 499 characters"]
    assert (found.discarded, found.in_all) == (3, 2)
    assert [(a.id, a.annotators, a.submitted) for a in found.articles] == [
        ("0", (A, B), 0),
        ("1", (B,), 1),
    ]
    assert found.articles[0].title == ("дым " * 20)
    many = measure_discards(material(*(gone(f"{n}", A) for n in range(LISTED_ARTICLES + 7))), 1)
    assert (many.in_all, len(many.articles)) == (LISTED_ARTICLES + 7, LISTED_ARTICLES)


def test_lengths_sort_by_size_and_scripts_have_names() -> None:
    assert length_of(199) == "0 to 199 characters"
    assert length_of(200) == "200 to 499 characters"
    assert length_of(70_000) == "5000 and more characters"
    texts = {"a": 6000, "b": 100, "c": 700}
    articles = {i: Article(i, "x" * size) for i, size in texts.items()}
    found = measure_discards(material(*(said(i, A) for i in texts), articles=articles), 1)
    assert [share.name.split()[0] for share in found.by_length] == ["0", "500", "5000"]
    assert script_of("42 مرحبا!") == "Arabic"
    assert script_of("東京は晴れ東京") == "Cjk"
    assert script_of("12 !") == script_of("") == "none"
