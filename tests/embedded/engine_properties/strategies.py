"""Records, answers, filters and sorts as clients send them, at random."""

from typing import Any

from hypothesis import strategies as st

from tests.embedded.engine_properties.schema import LABELS, ROLES, Made
from tests.embedded.engine_properties.texts import texts

Json = dict[str, Any]
STATUSES = ("draft", "submitted", "discarded")
KINDS = ("a", "b", "A b", "3", "é'\"", "true")
SCORES = st.sampled_from([0.0, 0.1, 0.125, 0.5, 0.75, 1.0])
WEIGHTS = st.sampled_from([-1.5, 0.0, 0.1, 0.125, 3.0, 1e6, 120020.13, -149.13])
SIZES = st.sampled_from([-7, 0, 1, 3, 10, 2**40])
AGENTS = st.none() | st.sampled_from(["m:1", "M:1", "repo/x@1".replace("@", ":"), "3"])


def sometimes(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value or None."""
    return st.none() | strategy


def messages() -> st.SearchStrategy[Any]:
    """A chat."""
    message = st.fixed_dictionaries(
        {"role": st.sampled_from(ROLES), "content": texts().filter(bool)}
    )
    return st.lists(message, min_size=1, max_size=3)


def record_fields(made: Made) -> st.SearchStrategy[Json]:
    """All fields; some of them empty or absent."""
    s = made.schema
    custom = st.fixed_dictionaries(
        {"a": texts(), "b": st.sampled_from([100, [1, "cup"], {"c": 3}])}
    )
    image = st.just("https://host/bank.png")
    return st.fixed_dictionaries(
        {s.text: texts().map(lambda text: text or "it")},
        optional={
            s.title: sometimes(texts()),
            s.image: sometimes(image),
            s.chat: sometimes(messages()),
            s.custom: sometimes(custom),
        },
    )


def metadata(made: Made) -> st.SearchStrategy[Json]:
    """Metadata with lists, numbers among the terms, and missing values."""
    s = made.schema
    term = st.sampled_from(KINDS)
    kind = term | st.lists(term, max_size=3) | st.sampled_from([True, 3])
    return st.fixed_dictionaries(
        {},
        optional={s.kind: sometimes(kind), s.size: sometimes(SIZES), s.weight: sometimes(WEIGHTS)},
    )


def answer(made: Made) -> st.SearchStrategy[Json]:
    """Values for some questions, in the shape of suggestions."""
    s = made.schema
    label = st.sampled_from(LABELS)
    labels = st.lists(label, min_size=1, max_size=3, unique=True)
    ranking = st.permutations(LABELS).map(
        lambda order: [{"value": v, "rank": i + 1} for i, v in enumerate(order)]
    )
    span = st.sampled_from([[], [{"label": LABELS[0], "start": 0, "end": 1}]])
    return st.fixed_dictionaries(
        {s.label: label},
        optional={
            s.labels: labels,
            s.rating: st.integers(1, 5),
            s.ranking: ranking,
            s.comment: texts().filter(bool),
            s.span: span,
        },
    )


@st.composite
def suggestions(draw: st.DrawFn, made: Made) -> list[Json]:
    """Suggestions with one score or a list of them, or none."""
    found = []
    for name, value in draw(answer(made)).items():
        if not draw(st.booleans()):
            continue
        many = isinstance(value, list)
        scores = st.lists(SCORES, min_size=len(value), max_size=len(value)) if many else SCORES
        score = draw(sometimes(scores)) if value else None
        kind = draw(st.sampled_from([None, "model", "human"]))
        body = {"question_id": made.questions[name], "value": value, "score": score}
        found.append({**body, "agent": draw(AGENTS), "type": kind})
    return found


def response(made: Made) -> st.SearchStrategy[Json]:
    """A user's answer; drafts and discarded ones may be empty."""
    whole = answer(made).map(lambda values: {n: {"value": v} for n, v in values.items()})
    return st.sampled_from(STATUSES).flatmap(
        lambda status: st.fixed_dictionaries(
            {
                "status": st.just(status),
                "values": whole if status == "submitted" else whole | st.just({}),
            }
        )
    )


def vector() -> st.SearchStrategy[list[float]]:
    """Two numbers, not both zero."""
    number = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0])
    return st.lists(number, min_size=2, max_size=2).filter(any)


@st.composite
def record(draw: st.DrawFn, made: Made, user_ids: list[str]) -> Json:
    """A record with everything that can be logged with it."""
    users = draw(st.lists(st.sampled_from(user_ids), unique=True, max_size=3))
    return {
        "fields": draw(record_fields(made)),
        "metadata": draw(sometimes(metadata(made))),
        "suggestions": draw(suggestions(made)),
        "responses": [{**draw(response(made)), "user_id": user} for user in users],
        "vectors": draw(
            st.sampled_from([{}]) | st.builds(lambda v: {made.schema.place: v}, vector())
        ),
    }


@st.composite
def change(draw: st.DrawFn, made: Made) -> Json:
    """Some parts of a record, to be logged again."""
    parts: Json = {}
    if draw(st.booleans()):
        parts["fields"] = draw(record_fields(made))
    if draw(st.booleans()):
        parts["metadata"] = draw(metadata(made))
    if draw(st.booleans()):
        parts["suggestions"] = draw(suggestions(made))
    if draw(st.booleans()):
        parts["vectors"] = {made.schema.place: draw(vector())}
    return parts
