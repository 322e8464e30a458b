"""What annotators take for each other."""

from corpus.articles import Span
from corpus.report.confusion import Habit, LabelPair, counterpart, span_confusion, topic_confusion
from tests.corpus.report.made import ADA, BO, BOAT, TOPICS, A, B, C, material, said


def test_pairs_of_topics() -> None:
    found = topic_confusion(
        material(
            *(said("x", who, topic) for who, topic in ((A, "World"), (B, "World"), (C, "Sports"))),
            *(said("y", who, topic) for who, topic in ((A, "Sports"), (B, "Gone"))),
            said("z", A, "Sports"),
        ),
        TOPICS,
    )
    assert found.labels == ("World", "Sports", "Gone")
    assert found.counts == ((2, 2, 0), (2, 0, 1), (0, 1, 0))
    assert (found.pairs, found.differing) == (4, 3)
    assert found.confused == (LabelPair("World", "Sports", 2), LabelPair("Sports", "Gone", 1))
    assert Habit(C, "Sports", "World", 2) in found.habits
    assert topic_confusion(material(), TOPICS).pairs == 0


def test_what_another_has_in_the_place_of_a_mark() -> None:
    others = {ADA, BO, Span(20, 25, "place")}
    assert counterpart(ADA, others) == ("same", "person")
    assert counterpart(Span(0, 3, "place"), others) == ("type", "person")
    assert counterpart(BOAT, others) == ("boundaries", "person")
    assert counterpart(Span(21, 30, "person"), others) == ("both", "place")
    assert counterpart(Span(40, 44, "person"), others) == ("missed", "")
    # The type decides before the place in the text does.
    assert counterpart(Span(0, 9, "person"), {Span(0, 2, "place"), BO})[0] == "boundaries"


def test_spans_side_by_side() -> None:
    found = span_confusion(
        material(
            said("x", A, spans=(ADA, BOAT)),
            said("x", B, spans=(Span(0, 3, "place"), BO, Span(20, 25, "place"))),
            said("y", A, spans=None),
            said("y", B, spans=(ADA,)),
        ),
        ["person", "place"],
    )
    assert found.counts == ((2, 1, 0), (1, 0, 1))
    assert found.marks == 5
    person, place = found.types
    assert (person.marks, person.same, person.type, person.boundaries) == (3, 0, 1, 2)
    assert (place.type, place.both, place.missed) == (1, 0, 1)
    ada, bo = found.annotators
    assert (ada.marks, ada.missed, bo.marks, bo.missed) == (2, 0, 3, 1)
    assert found.lacking == {A: 1, B: 0}
