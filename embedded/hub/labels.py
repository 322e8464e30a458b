"""How often each label occurs in Parquet files, for the bars beside a preview."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded.hub.features import (
    LABEL_KEYS,
    class_names,
    features_of,
    inner_feature,
    open_parquet,
    worded,
)

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

ROWS_COUNTED = 200_000
LABELS_SHOWN = 12
_BATCH_ROWS = 8192


@dataclass(frozen=True, slots=True)
class Bar:
    """One label; `percent` of the most frequent one of its column."""

    label: str
    count: int
    percent: float


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """The most frequent labels of a column; `hidden` are those not shown."""

    name: str
    bars: tuple[Bar, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """`rows` were counted of the `total` that the files have."""

    columns: tuple[LabelColumn, ...]
    rows: int
    total: int


def count_labels(sources: Iterable[Path | bytes]) -> LabelCounts:
    """Counts class labels and labels of spans in the first ROWS_COUNTED rows or a few more.

    Only the columns of labels are read. Raises pyarrow's ArrowInvalid for what is no Parquet.
    """
    counts: dict[str, Counter[str]] = {}
    rows = total = 0
    for source in sources:
        file = open_parquet(source)
        total += file.metadata.num_rows
        features = features_of(file.schema_arrow.metadata)
        columns = _label_columns(file, features)
        for batch in file.iter_batches(_BATCH_ROWS, columns=columns) if columns else ():
            if rows >= ROWS_COUNTED:
                break
            rows += batch.num_rows
            for name in batch.schema.names:
                found = _occurrences(batch.column(name), features.get(name))
                counts.setdefault(name, Counter()).update(found)
    shown = tuple(_column(name, counter) for name, counter in counts.items() if counter)
    return LabelCounts(shown, rows, total)


def _label_columns(file: "ParquetFile", features: Mapping[str, Any]) -> list[str]:
    """Paths of the columns: class labels, and of "spans" the one part that is the label."""
    paths = [file.schema.column(index).path for index in range(len(file.schema))]
    spans = [path for path in paths if path.startswith("spans.")]
    of_spans = [path for key in LABEL_KEYS for path in spans if path.endswith(f".{key}")]
    return [path for path in paths if class_names(features.get(path))] + of_spans[:1]


def _occurrences(column: Any, feature: Any) -> dict[str, int]:
    """Counts of a column: plain, or a list of structs of which only the label was read."""
    import pyarrow as pa

    if isinstance(column, pa.ListArray | pa.LargeListArray):
        column, feature = column.flatten(), inner_feature(feature)
    if isinstance(column, pa.StructArray):
        key = column.type.field(0).name
        column = column.field(0)
        feature = feature.get(key) if isinstance(feature, dict) else None
    pairs = column.drop_null().value_counts().to_pylist()
    return {str(worded(pair["values"], feature)): pair["counts"] for pair in pairs}


def _column(name: str, counter: Counter[str]) -> LabelColumn:
    greatest = max(counter.values())
    bars = tuple(
        Bar(label, count, round(100 * count / greatest, 1))
        for label, count in counter.most_common(LABELS_SHOWN)
    )
    return LabelColumn(name, bars, len(counter) - len(bars))
