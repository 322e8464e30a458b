"""Filters and sorts as clients send them, at random."""

from typing import Any

from hypothesis import strategies as st

from tests.embedded.engine_properties.schema import LABELS, Made
from tests.embedded.engine_properties.strategies import KINDS, SCORES, SIZES, WEIGHTS, Json

AGENT_TERMS = ("m:1", "M:1", "3", "nobody")
RECORD_SORTS = ("id", "external_id", "inserted_at", "updated_at", "status")


def bounds(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """One bound or both, in order; numbers may come as text."""
    one = st.one_of(
        st.builds(lambda n: {"ge": n}, numbers),
        st.builds(lambda n: {"le": n}, numbers),
        st.builds(lambda n: {"ge": str(n)}, numbers),
    )
    both = st.lists(numbers, min_size=2, max_size=2).map(
        lambda pair: {"ge": min(pair), "le": max(pair)}
    )
    return one | both


def terms(scope: Json, values: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    """A terms filter."""
    listed = st.lists(values, min_size=1, max_size=3)
    return st.builds(lambda v: {"type": "terms", "scope": scope, "values": v}, listed)


def ranged(scope: Json, numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """A range filter."""
    return st.builds(lambda b: {"type": "range", "scope": scope, **b}, bounds(numbers))


def filters(made: Made, ids: list[str], dates: list[str]) -> st.SearchStrategy[Json]:
    """One filter of any scope."""
    return st.one_of(
        metadata_filters(made),
        record_filters(ids, dates),
        suggestion_filters(made),
        response_filters(made),
    )


def metadata_filters(made: Made) -> st.SearchStrategy[Json]:
    """Of terms, whole numbers and numbers."""
    s = made.schema
    kind, size, weight = (
        {"entity": "metadata", "metadata_property": name} for name in (s.kind, s.size, s.weight)
    )
    return st.one_of(
        terms(kind, st.sampled_from([*KINDS, "absent"])),
        ranged(kind, st.sampled_from(KINDS)),
        terms(size, SIZES.map(str)),
        ranged(size, SIZES | st.sampled_from([0.5, -7.5])),
        terms(weight, WEIGHTS.map(str)),
        ranged(weight, WEIGHTS),
    )


def record_filters(ids: list[str], dates: list[str]) -> st.SearchStrategy[Json]:
    """Of a record's own properties."""
    scope = {name: {"entity": "record", "property": name} for name in RECORD_SORTS}
    return st.one_of(
        terms(scope["id"], st.sampled_from([*ids, "00000000-0000-0000-0000-000000000000"])),
        terms(scope["external_id"], st.sampled_from(["x0", "x1", "x2", "X1"])),
        terms(scope["status"], st.sampled_from(["pending", "completed"])),
        ranged(scope["inserted_at"], st.sampled_from(dates)),
        ranged(scope["updated_at"], st.sampled_from(dates)),
    )


def suggestion_filters(made: Made) -> st.SearchStrategy[Json]:
    """Of value, score, agent and type."""
    s = made.schema

    def scope(question: str, name: str) -> Json:
        return {"entity": "suggestion", "question": question, "property": name}

    asked = st.sampled_from(list(made.questions))
    return st.one_of(
        terms({"entity": "suggestion", "question": s.label}, st.sampled_from(LABELS)),
        terms(scope(s.labels, "value"), st.sampled_from(LABELS)),
        terms(scope(s.rating, "value"), st.integers(1, 5).map(str)),
        ranged(scope(s.rating, "value"), st.integers(1, 5)),
        asked.flatmap(lambda q: ranged(scope(q, "score"), SCORES)),
        asked.flatmap(lambda q: terms(scope(q, "agent"), st.sampled_from(AGENT_TERMS))),
        asked.flatmap(lambda q: terms(scope(q, "type"), st.sampled_from(["model", "human"]))),
    )


def response_filters(made: Made) -> st.SearchStrategy[Json]:
    """Of status and value."""
    s = made.schema
    status = {"entity": "response", "property": "status"}
    label, labels, rating = (
        {"entity": "response", "question": name} for name in (s.label, s.labels, s.rating)
    )
    return st.one_of(
        terms(status, st.sampled_from(["pending", "draft", "submitted", "discarded"])),
        terms(label, st.sampled_from(LABELS)),
        terms(labels, st.sampled_from(LABELS)),
        terms(rating, st.integers(1, 5).map(str)),
        ranged(rating, st.integers(1, 5)),
    )


def sort_scopes(made: Made) -> list[Json]:
    """All that the stock engine can sort by."""
    s = made.schema
    found = [{"entity": "record", "property": name} for name in RECORD_SORTS]
    found += [{"entity": "metadata", "metadata_property": name} for name in s.metadata()]
    found += [
        {"entity": "suggestion", "question": question, "property": "value"}
        for question in (s.label, s.labels, s.rating)
    ]
    found += [
        {"entity": "suggestion", "question": question, "property": name}
        for question in made.questions
        for name in ("score", "agent", "type")
    ]
    return [*found, {"entity": "response", "question": s.rating}]


def sorts(made: Made) -> st.SearchStrategy[list[Json]]:
    """One to three keys, upwards or downwards."""
    scope, order = st.sampled_from(sort_scopes(made)), st.sampled_from(["asc", "desc"])
    one = st.builds(lambda s, o: {"scope": s, "order": o}, scope, order)
    return st.lists(one, min_size=1, max_size=3)
