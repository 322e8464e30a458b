"""Data sets on the Hub, through the datasets library."""

from collections.abc import Iterator

from corpus.errors import DeskError
from corpus.settings.source import SourceSettings
from corpus.sources.rows import Row


def read_hub_rows(source: SourceSettings) -> Iterator[tuple[int, Row]]:
    """Rows of every split, numbered from 1 through all of them, with class numbers as names.

    The column ``split`` is added where the data set has none of that name.
    Needs HF_ENDPOINT (and HF_TOKEN for private data sets) to be set before datasets is imported.
    """
    from datasets import ClassLabel, load_dataset

    try:
        splits = load_dataset(source.path, source.config, revision=source.revision)
    except Exception as error:
        raise DeskError(
            f"Data set {source.path!r} cannot be loaded from the Hub: {_first_line(error)}",
            "Check the name, source.config, HF_ENDPOINT and HF_TOKEN; copydesk doctor tests them.",
        ) from error
    number = 0
    for split, rows in splits.items():
        names = {k: f for k, f in rows.features.items() if isinstance(f, ClassLabel)}
        for row in rows:
            number += 1
            named = {k: _class_name(names[k], v) if k in names else v for k, v in row.items()}
            yield number, {"split": split, **named}


def _class_name(feature: object, value: int | None) -> str | None:
    if value is None or value < 0:
        return None
    return str(feature.int2str(value))  # type: ignore[attr-defined]


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
