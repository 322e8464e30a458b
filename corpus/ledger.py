"""The ledger: every answer once, append-only, behind one fsspec address.

Layout below the desk's folder: ``articles/*.parquet`` (one row per reviewed article),
``answers/*.parquet`` (one row per answer seen), ``simulated/*.parquet`` (whose answers to what
were simulated), ``guidelines/*.parquet``, ``splits/*.parquet``, and the notes ``cursor.json`` and
``pending.json``; ``corpus.moves`` adds its own kinds, ``corpus.secret`` the key of the pseudonyms.
``corpus.segments`` says how they are written.
"""

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from corpus.articles import Article, Split, Status
from corpus.ledger_rows import (
    MARK_COLUMNS,
    LedgerEntry,
    Mark,
    article_row,
    entry_row,
    row_article,
    row_entry,
    to_mark,
)
from corpus.segments import Segments
from corpus.statements import StatementKey, current_statements, new_statements, unrepeated

# Of so many articles answers are read by themselves, instead of all.
FEW = 1000


@contextmanager
def uncollected() -> Iterator[None]:
    """Make objects without looking for garbage among them: there is none, and it takes as long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Ledger(Segments):
    """One desk's ledger: the folder it lives in.

    Two writers that meet may append the same rows; they are read once.
    """

    def __init__(self, address: str, desk: str) -> None:
        super().__init__(address, desk)
        # Path of a segment → what was read of it; and all together, as of these paths.
        self._entries: dict[str, list[LedgerEntry]] = {}
        self._together: tuple[list[str], list[LedgerEntry]] = ([], [])
        self._current: dict[StatementKey, LedgerEntry] = {}
        self._marks: dict[str, list[Mark]] = {}

    def articles(self) -> dict[str, Article]:
        """Every article that ever had an answer, by id."""
        return {row["id"]: row_article(row) for row in self.rows("articles")}

    def stream_articles(self) -> Iterator[Article]:
        """The same, a batch of rows in memory at a time; one with a new licence comes twice."""
        yield from map(row_article, self.stream("articles"))

    def entries(self) -> list[LedgerEntry]:
        """Every answer ever seen, in the order of appending."""
        self._read_entries()
        return list(self._together[1])

    def current(self) -> dict[StatementKey, LedgerEntry]:
        """The answers that count now."""
        self._read_entries()
        return dict(self._current)

    def current_statuses(self) -> dict[StatementKey, Status]:
        """The status of each of them, without reading what they say."""
        paths = self.segments("answers")
        for path in paths:
            if not self._marks.get(path):
                with uncollected():
                    self._marks[path] = [to_mark(row) for row in self.rows_of(path, MARK_COLUMNS)]
        every = (mark for path in paths for mark in self._marks[path])
        return {key: mark.status for key, mark in current_statements(every).items()}

    def current_of(self, article_ids: Collection[str]) -> dict[StatementKey, LedgerEntry]:
        """The answers to these articles that count now."""
        rows = (
            row
            for path in self.segments("answers")
            for row in self.rows_with(path, "article_id", article_ids)
        )
        return current_statements(map(row_entry, rows))

    def _read_entries(self) -> None:
        """What was appended since the last time."""
        paths = self.segments("answers")
        unread = [path for path in paths if not self._entries.get(path)]
        for path in unread:
            rows = self.rows_of(path)
            with uncollected():
                self._entries[path] = [row_entry(row) for row in rows]
        if unread or paths != self._together[0]:
            every = (entry for path in paths for entry in self._entries[path])
            with uncollected():
                self._together = (paths, unrepeated(every))
                self._current = current_statements(self._together[1])

    def splits(self) -> dict[str, Split]:
        """The split of every article that has one; the first assignment counts forever."""
        found: dict[str, Split] = {}
        for row in self.rows("splits"):
            found.setdefault(row["id"], row["split"])
        return found

    def append_articles(self, articles: Iterable[Article]) -> int:
        """Append the articles not yet here, or here under another licence; returns how many."""
        # Segments of an earlier Copydesk have no licence.
        rows = self.rows("articles", columns=["id", "license"])
        known = {row["id"]: row.get("license", "") for row in rows}
        new = {a.id: a for a in articles if known.get(a.id) != a.license}
        self.append("articles", [article_row(a) for a in new.values()])
        return len(new)

    def append_entries(self, entries: Sequence[LedgerEntry]) -> int:
        """Append answers that are new or edited; returns how many that were."""
        articles = {entry.response.article_id for entry in entries}
        known = self.current_of(articles) if len(articles) <= FEW else self.current()
        new = new_statements(entries, known)
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
        held = {entry.response.article_id for entry in self.current().values()}
        return {entry.response.article_id for entry in self.entries()} - held

    def cursor(self) -> dict[str, Any]:
        """What the last complete pull saw; empty before the first."""
        found: dict[str, Any] = self.read_note("cursor", {})
        return found

    def set_cursor(self, cursor: Mapping[str, Any]) -> None:
        """Remember a complete pull. Called last, so that a killed pull is repeated."""
        self.write_note("cursor", dict(cursor))

    def elsewhere(self) -> set[StatementKey]:
        """Whose answers to what were given in an earlier Argilla data set, and not again since."""
        return {(article, annotator) for article, annotator in self.read_note("elsewhere", [])}

    def set_elsewhere(self, keys: Collection[StatementKey]) -> None:
        """Remember them: to a pull they look as if they had been deleted."""
        if keys or self.elsewhere():
            self.write_note("elsewhere", [list(key) for key in sorted(keys)])

    def pending(self) -> dict[str, str]:
        """Argilla's id → article id of the records without enough answers at the last full pull."""
        found: dict[str, str] = self.read_note("pending", {})
        return found

    def set_pending(self, records: Mapping[str, str]) -> None:
        """Remember them for the pulls of changes that follow."""
        self.write_note("pending", dict(records))
