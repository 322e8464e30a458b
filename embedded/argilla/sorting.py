"""Argilla's sort orders → SQL. Records without a value come last, whichever the direction."""

import hashlib
from collections.abc import Sequence
from typing import Any

from argilla_server.search_engine import Order, RecordFilterScope, ResponseFilterScope

from embedded.argilla.filters import RECORD_COLUMNS, Sql, value_source

# A prime near 2**31: products of two smaller numbers stay inside SQLite's 64-bit integers.
PRIME = 2_147_483_629


def to_order_by(orders: Sequence[Order]) -> Sql:
    """The ORDER BY of these orders; ties keep the order of insertion."""
    texts: list[str] = []
    values: list[Any] = []
    for order in orders:
        direction = "DESC" if str(getattr(order.order, "value", order.order)) == "desc" else "ASC"
        expression = _expression(order, direction)
        texts.append(f"{expression.text} IS NULL, {expression.text} {direction}")
        values += [*expression.values, *expression.values]
    return Sql(", ".join([*texts, "r.inserted_at", "r.id"]), values)


def random_order(user_id: Any) -> Sql:
    """An order that looks random, differs from user to user and stays for each of them.

    Annotators who start at different records answer more of them before they overlap.
    """
    digest = hashlib.sha256(str(user_id).encode()).digest()
    factor = int.from_bytes(digest[:4], "big") % (PRIME - 1) + 1
    offset = int.from_bytes(digest[4:8], "big") % PRIME
    return Sql("(r.rowid * ? + ?) % ?", [factor, offset, PRIME])


def _expression(order: Order, direction: str) -> Sql:
    scope = order.scope
    if isinstance(scope, RecordFilterScope):
        name = str(getattr(scope.property, "value", scope.property)).rsplit(".", 1)[-1]
        if name not in RECORD_COLUMNS:
            raise ValueError(f"a record has no property {name!r} to sort by")
        return Sql(f"r.{name}")
    if isinstance(scope, ResponseFilterScope):
        function = "avg"
    else:
        # Of a list, Elasticsearch takes the smallest value upwards and the largest downwards.
        function = "max" if direction == "DESC" else "min"
    source = value_source(scope)
    inner = source.text.replace("SELECT v.value", f"SELECT {function}(v.value)", 1)
    return Sql(f"({inner})", source.values)
