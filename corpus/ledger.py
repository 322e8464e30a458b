"""The ledger: every answer once, append-only, behind one fsspec address.

Layout below the desk's folder: ``articles/*.parquet`` (one row per reviewed article),
``answers/*.parquet`` (one row per answer seen), ``simulated/*.parquet`` (whose answers to what
were simulated), ``guidelines/*.parquet``, ``splits/*.parquet`` and ``cursor.json``;
``corpus.moves`` adds its own kinds, ``corpus.secret`` the key of the pseudonyms.
A segment is written under another name first and then moved, so a killed writer leaves no
half segment; a second run finds what is missing and appends it.
"""

import copy
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from corpus.articles import Article, Split
from corpus.errors import DeskError
from corpus.ledger_rows import LedgerEntry, article_row, entry_row, row_article, row_entry
from corpus.statements import StatementKey, current_statements, new_statements, unrepeated

STREAMED_ROWS = 500


class Ledger:
    """One desk's ledger: the folder it lives in.

    Two writers that meet may append the same rows; they are read once.
    """

    def __init__(self, address: str, desk: str) -> None:
        try:
            self.fs, root = fsspec.core.url_to_fs(address)
            self.root = f"{root.rstrip('/')}/{desk}"
            self.fs.makedirs(self.root, exist_ok=True)
        except OSError as error:
            raise DeskError(
                f"State {address!r} cannot be written: {error.strerror or error}.",
                "Set `state:` of the desk (or COPYDESK_HOME) to a folder you may write to.",
            ) from error
        except (ImportError, ValueError) as error:
            raise DeskError(
                f"State {address!r} cannot be opened: {error}.",
                "Install what its scheme needs (s3fs for s3://), or set `state:` to a folder.",
            ) from error

    def beside(self, suffix: str) -> "Ledger":
        """The ledger of what belongs to this desk and has an Argilla data set of its own."""
        other = copy.copy(self)
        other.root = f"{self.root}{suffix}"
        return other

    def articles(self) -> dict[str, Article]:
        """Every article that ever had an answer, by id."""
        return {row["id"]: row_article(row) for row in self.rows("articles")}

    def stream_articles(self) -> Iterator[Article]:
        """The same, a batch of rows in memory at a time; one with a new licence comes twice."""
        for path in self._segments("articles"):
            with self.fs.open(path, "rb") as file:
                for batch in pq.ParquetFile(file).iter_batches(STREAMED_ROWS):
                    yield from map(row_article, batch.to_pylist())

    def entries(self) -> list[LedgerEntry]:
        """Every answer ever seen, in the order of appending."""
        return unrepeated(row_entry(row) for row in self.rows("answers"))

    def splits(self) -> dict[str, Split]:
        """The split of every article that has one; the first assignment counts forever."""
        found: dict[str, Split] = {}
        for row in self.rows("splits"):
            found.setdefault(row["id"], row["split"])
        return found

    def append_articles(self, articles: Iterable[Article]) -> int:
        """Append the articles not yet here, or here under another licence; returns how many."""
        known = {a.id: a.license for a in self.articles().values()}
        new = {a.id: a for a in articles if known.get(a.id) != a.license}
        self.append("articles", [article_row(a) for a in new.values()])
        return len(new)

    def append_entries(self, entries: Sequence[LedgerEntry]) -> int:
        """Append answers that are new or edited; returns how many that were."""
        new = new_statements(entries, current_statements(self.entries()))
        self.append("answers", [entry_row(entry) for entry in new])
        return len(new)

    def append_splits(self, splits: Mapping[str, Split]) -> int:
        """Append splits of articles that had none; returns how many that were."""
        known = self.splits()
        rows = [{"id": i, "split": s} for i, s in sorted(splits.items()) if i not in known]
        self.append("splits", rows)
        return len(rows)

    def simulated(self) -> set[StatementKey]:
        """The answers that simulated reviewers gave."""
        return {(row["article_id"], row["annotator"]) for row in self.rows("simulated")}

    def append_simulated(self, keys: Iterable[StatementKey]) -> None:
        """Note answers as simulated, before they are given: a kill in between says too much,
        never too little.
        """
        known = self.simulated()
        rows = [{"article_id": a, "annotator": b} for a, b in sorted(set(keys) - known)]
        self.append("simulated", rows)

    def guidelines(self) -> dict[str, str]:
        """The texts annotators read, by revision, in the order of first use."""
        return {row["revision"]: row["text"] for row in self.rows("guidelines")}

    def append_guidelines(self, revision: str, text: str) -> None:
        """Remember what a revision says; Argilla itself keeps only the last."""
        if revision not in self.guidelines():
            self.append("guidelines", [{"revision": revision, "text": text}])

    def withdrawn(self) -> set[str]:
        """Articles that were answered, and whose answers were all deleted in Argilla."""
        entries = self.entries()
        held = {entry.response.article_id for entry in current_statements(entries).values()}
        return {entry.response.article_id for entry in entries} - held

    def cursor(self) -> dict[str, Any]:
        """What the last complete pull saw; empty before the first."""
        path = f"{self.root}/cursor.json"
        if not self.fs.exists(path):
            return {}
        found: dict[str, Any] = json.loads(self.fs.cat_file(path))
        return found

    def set_cursor(self, cursor: Mapping[str, Any]) -> None:
        """Remember a complete pull. Called last, so that a killed pull is repeated."""
        self._write(f"{self.root}/cursor.json", json.dumps(dict(cursor), sort_keys=True).encode())

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Every row of this kind, in the order of appending."""
        rows: list[dict[str, Any]] = []
        for path in self._segments(kind):
            with self.fs.open(path, "rb") as file:
                rows += pq.read_table(file).to_pylist()
        return rows

    def _segments(self, kind: str) -> list[str]:
        self.fs.invalidate_cache()
        return sorted(self.fs.glob(f"{self.root}/{kind}/*.parquet"))

    def append(self, kind: str, rows: list[dict[str, Any]]) -> None:
        """Append rows as one segment; nothing for no rows."""
        if not rows:
            return
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(rows), sink)
        data = sink.getvalue().to_pybytes()
        number = len(self._segments(kind))
        name = f"{number:06d}-{hashlib.sha256(data).hexdigest()[:12]}.parquet"
        self._write(f"{self.root}/{kind}/{name}", data)

    def _write(self, path: str, data: bytes) -> None:
        self.fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        unfinished = f"{path}.unfinished"
        self.fs.pipe_file(unfinished, data)
        self.fs.mv(unfinished, path)
