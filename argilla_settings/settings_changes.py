"""A data set that exists has the fields, metadata and questions of its desk, or all that differs is
said before anything is changed.

It may be one that somebody else made under the desk's name.
"""

from collections.abc import Iterator, Mapping, Sequence

import argilla as rg

from argilla_settings.question_changes import cannot_follow, change_questions, question_row
from argilla_settings.rest import Row, read, read_items
from corpus.errors import DeskError


def follow_settings(client: rg.Argilla, dataset: rg.Dataset, wanted: rg.Settings) -> None:
    """Let the data set follow these settings; guidelines and distribution are not looked at.

    Raises DeskError where that takes another data set.
    """
    asked = _named(client, f"datasets/{dataset.id}/questions")
    fields = _named(client, f"datasets/{dataset.id}/fields")
    metadata = _named(client, f"me/datasets/{dataset.id}/metadata-properties")
    questions = {question.name: question_row(question) for question in wanted.questions}
    fixed = [
        *_other_fields(fields, wanted.fields),
        *_other_metadata(metadata, wanted.metadata, fields.keys() | asked.keys()),
        *cannot_follow(asked, questions),
    ]
    if fixed:
        raise _needs_another(client, dataset, fixed)
    for item in wanted.metadata:
        if item.name not in metadata:
            item.dataset = dataset
            dataset.settings.metadata.add(item.create())
    change_questions(client, dataset, asked, questions)


def _named(client: rg.Argilla, path: str) -> dict[str, Row]:
    return {row["name"]: row for row in read_items(client, path)}


def _other_fields(there: Mapping[str, Row], wanted: Sequence[rg.TextField]) -> Iterator[str]:
    """What records of the desk would not fit, a sentence each; more fields may be left empty."""
    names = {field.name for field in wanted}
    for name in sorted(names - there.keys()):
        yield f"it has no field {name!r}"
    for name in sorted(names & there.keys()):
        kind = there[name]["settings"]["type"]
        if kind != "text":
            yield f"its field {name!r} is of type {kind}, not text"
    for name in sorted(there.keys() - names):
        if there[name]["required"]:
            yield f"its field {name!r}, which must not be empty, is none of the desk's"


def _other_metadata(
    there: Mapping[str, Row], wanted: Sequence[rg.TermsMetadataProperty], taken: set[str]
) -> Iterator[str]:
    """Metadata that cannot be added or do not take the desk's values, a sentence each."""
    for item in wanted:
        row = item.api_model().model_dump(mode="json")["settings"]
        here = there[item.name]["settings"] if item.name in there else None
        if here is None and item.name in taken:
            yield f"its {item.name!r} is a field or a question, not metadata"
        elif here is not None and here["type"] != row["type"]:
            yield f"its metadata {item.name!r} are of type {here['type']}, not {row['type']}"
        elif here is not None and here.get("values"):
            yield f"its metadata {item.name!r} take only {', '.join(map(repr, here['values']))}"


def _needs_another(client: rg.Argilla, dataset: rg.Dataset, fixed: Sequence[str]) -> DeskError:
    done = _progress(client, dataset)
    return DeskError(
        f"The desk asks otherwise than its Argilla data set {dataset.name!r}: {'; '.join(fixed)}. "
        f"Argilla cannot change that in a data set that people work on ({done}). Nothing was "
        "changed.",
        "Restore the desk's labels and questions. Or, with the desk as it was, run copydesk pull, "
        "so that every answer is in the ledger of this name; then change it, give the desk a new "
        "`name:` and run copydesk load: it makes a new data set to be reviewed anew, and this one "
        "stays with its answers.",
    )


def _progress(client: rg.Argilla, dataset: rg.Dataset) -> str:
    """How much stands in it, for people."""
    progress = read(client, f"datasets/{dataset.id}/progress")
    total: int = progress["total"]
    records = "record" if total == 1 else "records"
    return f"{total} {records}, {progress['completed']} completed"
