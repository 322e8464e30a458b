"""A data set that exists asks what its desk asks now, as far as Argilla allows.

Argilla lets the words of a question be changed, the order of its labels, and overlaps be allowed.
It does not let questions be added to or taken from a data set that people can open, nor their
type, their labels, or the numbers of a rating be changed (argilla_server 2.8,
``validators/questions.py``). A text or rating that nobody must answer may stay where the desk does
not ask it any more.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import argilla as rg

from argilla_settings.questions import Question
from argilla_settings.rest import Row, send

log = logging.getLogger(__name__)

ASKED_FOR = {
    "label_selection": "one label",
    "multi_label_selection": "several labels",
    "ranking": "a ranking",
    "rating": "a rating",
    "span": "spans",
    "text": "a text",
}
# Nobody has to answer these, and no gold is made of them: they harm nobody who is not interested.
MAY_STAY = ("text", "rating")


def change_questions(
    client: rg.Argilla,
    dataset: rg.Dataset,
    there: Mapping[str, Row],
    wanted: Mapping[str, Row],
) -> None:
    """Let the data set's questions follow the wanted ones, after ``cannot_follow`` named nothing.

    Both are rows of REST by name.
    """
    for name in sorted(there.keys() - wanted.keys()):
        log.warning(
            "the desk does not ask %r any more; the question stays in %r, and its answers in the "
            "ledger",
            name,
            dataset.name,
        )
    for name, row in wanted.items():
        change = _change(there[name], row)
        if change:
            send(client, "PATCH", f"questions/{there[name]['id']}", change)
            log.warning(
                "question %r of %r follows the desk: other %s",
                name,
                dataset.name,
                ", ".join(_changed(there[name], change)),
            )


def question_row(question: Question) -> Row:
    """A question as REST sends it."""
    row: Row = question.api_model().model_dump(mode="json")
    return row


def cannot_follow(there: Mapping[str, Row], wanted: Mapping[str, Row]) -> Iterator[str]:
    """What Argilla refuses to change, a sentence each."""
    for name in sorted(wanted.keys() - there.keys()):
        yield f"{name!r} is a new question"
    for name in sorted(there.keys() - wanted.keys()):
        if there[name]["required"] or there[name]["settings"]["type"] not in MAY_STAY:
            yield f"{name!r} is asked no more"
    for name in sorted(wanted.keys() & there.keys()):
        yield from _cannot_change(name, there[name], wanted[name])


def _cannot_change(name: str, old: Row, new: Row) -> Iterator[str]:
    if old["settings"]["type"] != new["settings"]["type"]:
        was, now = (ASKED_FOR[row["settings"]["type"]] for row in (old, new))
        yield f"{name!r} asked for {was}, now for {now}"
        return
    gone, added = _values(old) - _values(new), _values(new) - _values(old)
    if gone or added:
        yield f"{name!r} {_listed('loses', gone)}{' and ' if gone and added else ''}" + _listed(
            "gets", added
        )
    if old["required"] != new["required"]:
        yield f"{name!r} is {'' if new['required'] else 'not '}required now"
    field = old["settings"].get("field")
    if field != new["settings"].get("field"):
        yield f"spans of {name!r} are marked in the field {field!r}"
    if _overlapping(old) and not _overlapping(new):
        yield f"spans of {name!r} must not overlap any more"


def _change(old: Row, new: Row) -> Row:
    """The body of a PATCH; empty where nothing differs."""
    change: Row = {
        key: new[key] for key in ("title", "description") if (old[key] or "") != (new[key] or "")
    }
    settings = {
        key: value
        for key, value in new["settings"].items()
        if key in ("options", "visible_options", "allow_overlapping")
        and value is not None
        and _plain(old["settings"].get(key)) != _plain(value)
    }
    # The numbers of a rating have no order of their own, and Argilla takes no change of them.
    if settings and new["settings"]["type"] != "rating":
        change["settings"] = {"type": new["settings"]["type"], **settings, **_kept(new)}
    return change


def _changed(old: Row, change: Row) -> list[str]:
    """The names of what differs, for people."""
    differing = [k for k, v in change.get("settings", {}).items() if v != old["settings"].get(k)]
    return sorted({*change, *differing} - {"settings"})


def _kept(new: Row) -> Row:
    """What Argilla takes for switched off where it is not sent."""
    kept = "allow_overlapping"
    return {kept: new["settings"][kept]} if kept in new["settings"] else {}


def _plain(value: Any) -> Any:
    """Options by value and text; the server adds a description that nobody gave."""
    if isinstance(value, list):
        return [(option["value"], option.get("text")) for option in value]
    return value


def _values(row: Row) -> set[Any]:
    return {option["value"] for option in row["settings"].get("options") or ()}


def _overlapping(row: Row) -> bool:
    return bool(row["settings"].get("allow_overlapping"))


def _listed(verb: str, values: set[Any]) -> str:
    return f"{verb} {', '.join(map(repr, sorted(values)))}" if values else ""
