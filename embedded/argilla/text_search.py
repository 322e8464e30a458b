"""A parsed text query → SQL conditions over the FTS5 table of a data set."""

import sqlite3

from argilla_server.search_engine import TextQuery

from embedded.argilla.filters import Sql
from embedded.argilla.text_index import quoted, table_name
from embedded.argilla.text_query import Both, Leaf, Node, Not, leaves, operands, parse, within_edits

# Elasticsearch is asked by Argilla for at most so many variants of a fuzzy word.
FUZZY_EXPANSIONS = 10
# FTS5's parser takes no more; the order of hits is decided by the first words then.
RANKED_LEAVES = 50


def to_text_condition(
    db: sqlite3.Connection, dataset_id: str, query: TextQuery | str | None
) -> Sql:
    """The documents ``d`` whose text fits the query; every one without a query."""
    node, field = _parsed(query)
    if query is None:
        return Sql("1")
    if node is None:
        return Sql("0")
    return _condition(db, dataset_id, field, node)


def rank_source(
    db: sqlite3.Connection, dataset_id: str, query: TextQuery | str | None
) -> Sql | None:
    """A SELECT of doc and bm25 rank (lower is better); None without positive words."""
    node, field = _parsed(query)
    wanted = leaves(node) if node is not None else []
    if not wanted:
        return None
    matches = [_match(db, dataset_id, field, leaf) for leaf in wanted[:RANKED_LEAVES]]
    match = " OR ".join(f"({match})" for match in dict.fromkeys(matches))
    name = table_name(dataset_id)
    return Sql(
        f"SELECT rowid AS doc, bm25({name}) AS rank FROM search.{name} WHERE {name} MATCH ?",
        [match],
    )


def _parsed(query: TextQuery | str | None) -> tuple[Node | None, str | None]:
    if query is None:
        return None, None
    if isinstance(query, str):
        return parse(query), None
    return parse(query.q), query.field


def _condition(db: sqlite3.Connection, dataset_id: str, field: str | None, node: Node) -> Sql:
    if isinstance(node, Both):
        nodes, operator = operands(node)
        parts = [_condition(db, dataset_id, field, part) for part in nodes]
        text = f"({f' {operator} '.join(part.text for part in parts)})"
        return Sql(text, [value for part in parts for value in part.values])
    if isinstance(node, Not):
        inner = _condition(db, dataset_id, field, node.node)
        return Sql(f"NOT {inner.text}", inner.values)
    name = table_name(dataset_id)
    return Sql(
        f"d.doc IN (SELECT rowid FROM search.{name} WHERE {name} MATCH ?)",
        [_match(db, dataset_id, field, node)],
    )


def _match(db: sqlite3.Connection, dataset_id: str, field: str | None, leaf: Leaf) -> str:
    match = leaf.match
    if leaf.fuzzy:
        match = " OR ".join(_variants(db, dataset_id, leaf)) or match
    return match if field is None else f"{quoted(field)} : ({match})"


def _variants(db: sqlite3.Connection, dataset_id: str, leaf: Leaf) -> list[str]:
    vocabulary = f"words_{dataset_id}"
    db.execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{vocabulary} "
        f"USING fts5vocab('search', '{table_name(dataset_id)}', 'row')"
    )
    words = db.execute(
        f"SELECT term FROM temp.{vocabulary} WHERE length(term) BETWEEN ? AND ? ORDER BY doc DESC",
        (len(leaf.fuzzy) - leaf.edits, len(leaf.fuzzy) + leaf.edits),
    )
    found = (word for (word,) in words if within_edits(leaf.fuzzy, word, leaf.edits))
    return [f'"{word}"' for word, _ in zip(found, range(FUZZY_EXPANSIONS), strict=False)]
