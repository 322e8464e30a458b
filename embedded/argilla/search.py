"""Records that fit a query: how many there are, and one page of them."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from embedded.argilla.text_search import rank_source, to_text_condition

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
    where = condition(db, dataset_id, query, filter_)
    count = f"SELECT count(*) FROM copydesk_docs d WHERE {where.text}"
    (total,) = db.execute(count, where.values).fetchone()
    if page.offset >= total:
        return SearchResponses(items=[], total=total)
    rows = (
        _sorted(db, dataset_id, where, page, total)
        if page.sort
        else _ranked(db, dataset_id, where, page, query)
    )
    items = [SearchResponseItem(record_id=UUID(record), score=score) for record, score in rows]
    return SearchResponses(items=items, total=total)


def _ranked(
    db: sqlite3.Connection,
    dataset_id: str,
    where: Sql,
    page: Page,
    query: TextQuery | str | None,
) -> list[Row]:
    rank = rank_source(db, dataset_id, query) if query is not None else None
    if rank is not None:
        sql = (
            f"SELECT d.record_id, -k.rank FROM copydesk_docs d LEFT JOIN ({rank.text}) k "
            f"ON k.doc = d.doc WHERE {where.text} ORDER BY k.rank IS NULL, k.rank, d.doc"
        )
        values = [*rank.values, *where.values]
    else:
        order = random_order(page.user_id) if page.user_id else Sql("d.doc")
        sql = (
            f"SELECT d.record_id, 1.0 FROM copydesk_docs d WHERE {where.text} ORDER BY {order.text}"
        )
        values = [*where.values, *order.values]
    return db.execute(f"{sql} LIMIT ? OFFSET ?", [*values, page.limit, page.offset]).fetchall()


def _sorted(
    db: sqlite3.Connection, dataset_id: str, where: Sql, page: Page, total: int
) -> list[Row]:
    source = walked_source(page.sort, dataset_id)
    size = "SELECT count(*) FROM copydesk_docs WHERE dataset_id = ?"
    if source is not None:
        (all_records,) = db.execute(size, [dataset_id]).fetchone()
        if total >= WALK_MIN_SHARE * all_records:
            return _walked(db, source, is_downwards(page.sort[0]), where, page)
    hits = Sql(f"SELECT d.doc FROM copydesk_docs d WHERE {where.text}", where.values)
    joins, order = sort_joins(page.sort, dataset_id, hits)
    sql = (
        f"SELECT d.record_id, NULL FROM copydesk_docs d {joins.text} WHERE {where.text} "
        f"ORDER BY {order} LIMIT ? OFFSET ?"
    )
    return db.execute(sql, [*joins.values, *where.values, page.limit, page.offset]).fetchall()


def _walked(
    db: sqlite3.Connection, source: Sql, downwards: bool, where: Sql, page: Page
) -> list[Row]:
    """The page, read off the index of values; stops when it is full."""
    found: list[Row] = []
    for number, record in enumerate(_in_order(db, source, downwards, where)):
        if number >= page.offset:
            found.append((record, None))
        if len(found) == page.limit:
            break
    return found


def _in_order(db: sqlite3.Connection, source: Sql, downwards: bool, where: Sql) -> Iterator[str]:
    """Each hit once, at its first value, then those without a value."""
    direction = "DESC" if downwards else "ASC"
    from_, of_property = source.text.split(" WHERE ", 1)
    seen: set[int] = set()
    for doc, record in db.execute(
        f"SELECT v.doc, d.record_id {from_} CROSS JOIN copydesk_docs d ON d.doc = v.doc "
        f"WHERE {of_property} AND {where.text} ORDER BY v.value {direction}, v.doc",
        [*source.values, *where.values],
    ):
        if doc not in seen:
            seen.add(doc)
            yield record
    without = f"d.doc NOT IN (SELECT v.doc {source.text})"
    for (record,) in db.execute(
        f"SELECT d.record_id FROM copydesk_docs d WHERE {where.text} AND {without} ORDER BY d.doc",
        [*where.values, *source.values],
    ):
        yield record
