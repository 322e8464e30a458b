"""A parsed text query → SQL over the FTS5 table of a data set.

Elasticsearch asks each leaf of all fields, so a query without negation is one FTS5 expression; a
negation, and a phrase whose words may be moved, are conditions of their own.
"""

import json
import sqlite3
from dataclasses import dataclass, field

from argilla_server.search_engine import TextQuery

from embedded.argilla import text_nodes as tree
from embedded.argilla.filters import Sql
from embedded.argilla.text_fuzzy import sloppy_matches, variants, vocabulary
from embedded.argilla.text_index import field_columns, has_table, is_ready, table_name
from embedded.argilla.text_query import parse

# The order of hits is decided by so many of the query's words.
RANKED_LEAVES = 50
NOTHING = Sql("0")
# The characters that may stand in a word, of those that are ASCII.
IN_WORD = set("abcdefghijklmnopqrstuvwxyz0123456789_.:,;'")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a query is asked: a data set's FTS5 table and the columns of the fields meant."""

    db: sqlite3.Connection
    dataset_id: str
    columns: tuple[str, ...]
    words: list[str] = field(default_factory=list)

    def vocabulary(self) -> list[str]:
        """The data set's words, read once for all fuzzy words of a query."""
        if not self.words:
            self.words.extend(vocabulary(self.db, self.dataset_id))
        return self.words


@dataclass(frozen=True, slots=True)
class Rank:
    """A SELECT of doc and bm25 rank (lower is better); ``decides`` if no other doc fits."""

    source: Sql
    decides: bool


def to_text_condition(db: sqlite3.Connection, dataset_id: str, query: TextQuery | str) -> Sql:
    """The documents ``d`` whose text fits the query."""
    node, place = _read(db, dataset_id, query)
    return NOTHING if node is None or not place.columns else _condition(place, node)


def to_rank(db: sqlite3.Connection, dataset_id: str, query: TextQuery | str) -> Rank | None:
    """How well documents fit the query; None where it has no word to rank by."""
    node, place = _read(db, dataset_id, query)
    if node is None or not place.columns:
        return None
    wanted = tree.positive_leaves(node)
    match = _expression(place, node) if len(wanted) <= RANKED_LEAVES else None
    decides = bool(match)
    if not match:
        found = [part for leaf in wanted[:RANKED_LEAVES] if (part := _match(place, leaf))]
        match = " OR ".join(f"({part})" for part in dict.fromkeys(found))
    if not match:
        return None
    name = table_name(dataset_id)
    sql = f"SELECT rowid AS doc, bm25({name}) AS rank FROM search.{name} WHERE {name} MATCH ?"
    return Rank(Sql(sql, [match]), decides)


def _read(
    db: sqlite3.Connection, dataset_id: str, query: TextQuery | str
) -> tuple[tree.Node | None, Place]:
    query = TextQuery(q=query) if isinstance(query, str) else query
    if not has_table(db, dataset_id) and not is_ready(db, dataset_id):
        # A draft has no records, and no table to search them in.
        return None, Place(db, dataset_id, ())
    columns = field_columns(db, dataset_id, query.field)
    return parse(query.q), Place(db, dataset_id, tuple(columns))


def _condition(place: Place, node: tree.Node) -> Sql:
    if isinstance(node, tree.Everything):
        return Sql("1")
    if isinstance(node, tree.Not):
        inner = _condition(place, node.node)
        return Sql(f"NOT {inner.text}", inner.values)
    if isinstance(node, tree.Phrase) and node.slop:
        docs = json.dumps(sloppy_matches(place.db, place.dataset_id, place.columns, node))
        return Sql("d.doc IN (SELECT value FROM json_each(?))", [docs])
    whole = _expression(place, node)
    if whole is not None:
        name = table_name(place.dataset_id)
        sql = f"d.doc IN (SELECT rowid FROM search.{name} WHERE {name} MATCH ?)"
        return Sql(sql, [whole]) if whole else NOTHING
    nodes, operator = tree.operands(node) if isinstance(node, tree.Both) else ([node], "AND")
    parts = [_condition(place, part) for part in nodes]
    text = f"({f' {operator} '.join(part.text for part in parts)})"
    return Sql(text, [value for part in parts for value in part.values])


def _expression(place: Place, node: tree.Node) -> str | None:
    """All of it as one FTS5 expression: empty where nothing can match, None where none says it."""
    if not isinstance(node, tree.Both):
        sloppy = isinstance(node, tree.Phrase) and node.slop
        special = sloppy or isinstance(node, tree.Everything | tree.Not)
        return None if special else _match(place, node)  # type: ignore[arg-type]
    nodes, operator = tree.operands(node)
    parts = [_expression(place, part) for part in nodes]
    if None in parts:
        return None
    if operator == "AND":
        return " AND ".join(f"({part})" for part in parts) if all(parts) else ""
    return " OR ".join(f"({part})" for part in parts if part)


def _match(place: Place, leaf: tree.Leaf) -> str:
    """The FTS5 expression of a leaf; empty where nothing can match."""
    match: list[str]
    if isinstance(leaf, tree.Words):
        match = [_quote(word) for word in leaf.words]
        if len(match) > 1 and len(place.columns) > 1:
            each = " AND ".join(match)
            return " OR ".join(f"{{{column}}} : ({each})" for column in place.columns)
        return _in(place, " AND ".join(match))
    if isinstance(leaf, tree.Phrase):
        return _in(place, _quote(" ".join(leaf.words)))
    if isinstance(leaf, tree.Prefix):
        # It is not cut into words: what no word contains begins none.
        fits = all(sign in IN_WORD or not sign.isascii() for sign in leaf.start)
        return _in(place, f"{_quote(leaf.start)} *") if fits else ""
    if isinstance(leaf, tree.Fuzzy):
        near = variants(place.vocabulary(), leaf)
        return _in(place, " OR ".join(_quote(word) for word in near)) if near else ""
    return ""


def _in(place: Place, match: str) -> str:
    return f"{{{' '.join(place.columns)}}} : ({match})"


def _quote(text: str) -> str:
    escaped = text.replace('"', '""').replace("\x00", " ")
    return f'"{escaped}"'
