"""What is read, and where the source keeps it."""

from typing import Literal

from pydantic import Field, model_validator

from corpus.settings.part import DeskPart


class Columns(DeskPart):
    """Where the source keeps what: a column's name, or its position (from 0) without a header."""

    text: str | int | list[str | int] = Field("text", description="one column, or several joined")
    title: str | int | None = Field(None, description="the headline")
    topic: str | int | None = Field(None, description="the source's own topic, or a list of them")
    spans: str | int | None = Field(None, description="list of {start, end, label}, in code points")
    published_at: str | int | None = Field(None, description="date, or date and time")
    split: str | int | None = Field(None, description="the source's own train, test, …")
    license: str | int | None = Field(
        None, description="the licence of each article; one without is published without text"
    )


class SourceSettings(DeskPart):
    """What is read, and how the source's labels are called here."""

    path: str = Field(description="csv, jsonl or parquet file, or a Hub data set 'owner/name'")
    format: Literal["auto", "csv", "jsonl", "parquet", "hub"] = Field(
        "auto", description="auto: by the ending of the path"
    )
    config: str | None = Field(None, description="configuration of a Hub data set")
    revision: str | None = Field(None, description="revision of a Hub data set")
    header: bool = Field(True, description="false for a csv without a header row")
    columns: Columns = Columns()
    encoding: str = Field("utf-8", description="of a csv or jsonl file")
    delimiter: str = Field(",", min_length=1, max_length=1, description="of a csv file")
    topic_values: dict[str, str | None] = Field(
        default_factory=dict, description="the source's topic → topic of this desk; null: no topic"
    )
    entity_values: dict[str, str | None] = Field(
        default_factory=dict, description="the source's span label → entity type; null: dropped"
    )
    review_splits: list[str] | None = Field(
        None, description="source splits that are reviewed; left out: all"
    )
    benchmark_split: str | None = Field(
        None, description="source split whose own labels score the models; never reviewed"
    )
    limit: int | None = Field(None, ge=1, description="at most so many articles in a load")
    license: str = Field("", description="the licence of all its articles, if they share one")
    suggest_labels: bool = Field(
        True, description="show the source's labels as suggestions; false keeps them as gold only"
    )

    @model_validator(mode="after")
    def benchmark_is_not_reviewed(self) -> "SourceSettings":
        """A split that scores models must not be what they learn from."""
        if self.benchmark_split and self.benchmark_split in (self.review_splits or []):
            raise ValueError(f"benchmark_split {self.benchmark_split!r} is also in review_splits")
        if self.benchmark_split and self.columns.split is None:
            raise ValueError("benchmark_split needs columns.split")
        return self

    @model_validator(mode="after")
    def one_word_about_licences(self) -> "SourceSettings":
        """An empty cell of a licence column must not be taken for the licence of all."""
        if self.license and self.columns.license is not None:
            raise ValueError(
                f"license {self.license!r} and columns.license {self.columns.license!r} are both "
                "set: keep the first if all articles share it, else the second"
            )
        return self
