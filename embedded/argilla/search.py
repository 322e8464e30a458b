"""Records that fit a query: how many there are, and one page of them."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from argilla_server.search_engine import (
    Filter,
    Order,
    SearchResponseItem,
    SearchResponses,
    TextQuery,
)

from embedded.argilla.filters import Sql, to_condition
from embedded.argilla.sorting import is_downwards, random_order, sort_joins, walked_source
from embedded.argilla.text_search import Rank, to_rank, to_text_condition

# Below this share of the data set, sorting the hits is cheaper than walking an index past the rest.
WALK_MIN_SHARE = 0.02


# A record's id and its relevance, which a sorted page has not.
Row = tuple[str, float | None]


@dataclass(frozen=True, slots=True)
class Page:
    """Which of the hits are wanted, and in which order."""

    sort: Sequence[Order]
    offset: int
    limit: int
    user_id: Any = None


def condition(
    db: sqlite3.Connection, dataset_id: str, query: TextQuery | str | None, filter_: Filter | None
) -> Sql:
    """What ``copydesk_docs d`` must fulfil."""
    parts = [Sql("d.dataset_id = ?", [dataset_id])]
    if filter_ is not None:
        parts.append(to_condition(filter_, dataset_id))
    if query is not None:
        parts.append(to_text_condition(db, dataset_id, query))
    return Sql(
        " AND ".join(f"({part.text})" for part in parts),
        [value for part in parts for value in part.values],
    )


def find(
    db: sqlite3.Connection,
    dataset_id: str,
    query: TextQuery | str | None,
    filter_: Filter | None,
    page: Page,
) -> SearchResponses:
    """Sorted, else by relevance to the text, else at random for each user."""
    rank = None if page.sort or query is None else to_rank(db, dataset_id, query)
    # Where the ranked are all that fit, the text is asked once.
    text = None if rank is not None and rank.decides else query
    where = condition(db, dataset_id, text, filter_)
    total = _collect(db, where, rank)
    if page.offset >= total:
        return SearchResponses(items=[], total=total)
    rows = _sorted(db, dataset_id, page, total) if page.sort else _unsorted(db, page, rank)
    items = [SearchResponseItem(record_id=UUID(record), score=score) for record, score in rows]
    return SearchResponses(items=items, total=total)


def _collect(db: sqlite3.Connection, where: Sql, rank: Rank | None) -> int:
    """Put the hits into a table of this connection, once for counting and paging."""
    db.execute("CREATE TEMP TABLE IF NOT EXISTS hits (doc INTEGER PRIMARY KEY, rank REAL)")
    db.execute("DELETE FROM temp.hits")
    if rank is None:
        columns, tables, values = "d.doc, NULL", "copydesk_docs d", []
    else:
        columns, values = "d.doc, k.rank", rank.source.values
        ranked = f"({rank.source.text}) k"
        tables = (
            f"{ranked} CROSS JOIN copydesk_docs d ON d.doc = k.doc"
            if rank.decides
            else f"copydesk_docs d LEFT JOIN {ranked} ON k.doc = d.doc"
        )
    return db.execute(
        f"INSERT INTO temp.hits SELECT {columns} FROM {tables} WHERE {where.text}",
        [*values, *where.values],
    ).rowcount


def _unsorted(db: sqlite3.Connection, page: Page, rank: Rank | None) -> list[Row]:
    if rank is not None:
        order = Sql("h.rank IS NULL, h.rank, h.doc")
    else:
        order = random_order(page.user_id) if page.user_id else Sql("h.doc")
    score = "1.0" if rank is None else "-h.rank"
    docs = db.execute(
        f"SELECT h.doc, {score} FROM temp.hits h ORDER BY {order.text} LIMIT ? OFFSET ?",
        [*order.values, page.limit, page.offset],
    ).fetchall()
    return [(_record_id(db, doc), relevance) for doc, relevance in docs]


def _sorted(db: sqlite3.Connection, dataset_id: str, page: Page, total: int) -> list[Row]:
    source = walked_source(page.sort, dataset_id)
    if source is not None:
        size = "SELECT count(*) FROM copydesk_docs WHERE dataset_id = ?"
        (all_records,) = db.execute(size, [dataset_id]).fetchone()
        if total >= WALK_MIN_SHARE * all_records:
            return _walked(db, source, is_downwards(page.sort[0]), page)
    joins, order = sort_joins(page.sort, dataset_id)
    sql = (
        f"SELECT d.record_id, NULL FROM temp.hits h JOIN copydesk_docs d ON d.doc = h.doc "
        f"{joins.text} ORDER BY {order} LIMIT ? OFFSET ?"
    )
    return db.execute(sql, [*joins.values, page.limit, page.offset]).fetchall()


def _walked(db: sqlite3.Connection, source: Sql, downwards: bool, page: Page) -> list[Row]:
    """The page, read off the index of values; stops when it is full."""
    docs = islice(_in_order(db, source, downwards), page.offset, page.offset + page.limit)
    return [(_record_id(db, doc), None) for doc in docs]


def _record_id(db: sqlite3.Connection, doc: int) -> str:
    record: str = db.execute("SELECT record_id FROM copydesk_docs WHERE doc = ?", [doc]).fetchone()[
        0
    ]
    return record


def _in_order(db: sqlite3.Connection, source: Sql, downwards: bool) -> Iterator[int]:
    """Each hit once, at its first value, then those without a value."""
    direction = "DESC" if downwards else "ASC"
    from_, of_property = source.text.split(" WHERE ", 1)
    seen: set[int] = set()
    for (doc,) in db.execute(
        f"SELECT v.doc {from_} CROSS JOIN temp.hits h ON h.doc = v.doc "
        f"WHERE {of_property} ORDER BY v.value {direction}, v.doc",
        source.values,
    ):
        if doc not in seen:
            seen.add(doc)
            yield doc
    rest = f"SELECT doc FROM temp.hits WHERE doc NOT IN (SELECT v.doc {source.text}) ORDER BY doc"
    for (doc,) in db.execute(rest, source.values):
        yield doc
