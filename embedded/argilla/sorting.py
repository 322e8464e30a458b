"""Argilla's sort orders → SQL. Records without a value come last, whichever the direction.

Of several values Elasticsearch takes the smallest upwards and the largest downwards, and of
answers the average; ties keep the order in which records were logged.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from argilla_server.search_engine import Order, RecordFilterScope, ResponseFilterScope

from embedded.argilla.filters import Sql, plain, record_column, response_source, value_source

# A prime near 2**31: products of two smaller numbers stay inside SQLite's 64-bit integers.
PRIME = 2_147_483_629


def random_order(user_id: Any) -> Sql:
    """An order that looks random, differs from user to user and stays for each of them.

    Annotators who start at different records answer more of them before they overlap.
    """
    digest = hashlib.sha256(str(user_id).encode()).digest()
    factor = int.from_bytes(digest[:4], "big") % (PRIME - 1) + 1
    offset = int.from_bytes(digest[4:8], "big") % PRIME
    return Sql("(h.doc * ? + ?) % ?", [factor, offset, PRIME])


def is_downwards(order: Order) -> bool:
    """Whether the largest come first."""
    return plain(order.order) == "desc"


def walked_source(orders: Sequence[Order], dataset_id: str) -> Sql | None:
    """Rows ``v`` of the one value that is sorted by, where an index holds them in that order."""
    if len(orders) != 1 or isinstance(orders[0].scope, RecordFilterScope | ResponseFilterScope):
        return None
    return value_source(orders[0].scope, dataset_id)


def sort_joins(orders: Sequence[Order], dataset_id: str) -> tuple[Sql, str]:
    """Joins that bring the values that ``temp.hits h`` are sorted by, and the ORDER BY."""
    joins, values, terms = [], [], []
    for number, order in enumerate(orders):
        direction = "DESC" if is_downwards(order) else "ASC"
        if isinstance(order.scope, RecordFilterScope):
            column = record_column(order.scope.property)
        else:
            column = f"s{number}.value"
            source = _aggregated(order, dataset_id)
            joins.append(
                f"LEFT JOIN (SELECT v.doc, {source.text} AND v.doc IN (SELECT doc FROM temp.hits) "
                f"GROUP BY v.doc) s{number} ON s{number}.doc = h.doc"
            )
            values += source.values
        terms.append(f"{column} IS NULL, {column} {direction}")
    return Sql(" ".join(joins), values), ", ".join([*terms, "h.doc"])


def _aggregated(order: Order, dataset_id: str) -> Sql:
    scope = order.scope
    extreme = "max" if is_downwards(order) else "min"
    if isinstance(scope, ResponseFilterScope):
        if not scope.question:
            source = response_source(scope, dataset_id)
            return Sql(f"{extreme}(v.status) AS value {source.text}", source.values)
        source = value_source(scope, dataset_id)
        # Ratings have an average; labels have none and stand in their order.
        # Elasticsearch rounds the average of whole numbers to a whole number.
        average = f"CASE WHEN typeof(min(v.value)) = 'text' THEN {extreme}(v.value) "
        average += "ELSE CAST(avg(v.value) + 0.5 AS INTEGER) END"
        return Sql(f"{average} AS value {source.text}", source.values)
    source = value_source(scope, dataset_id)
    return Sql(f"{extreme}(v.value) AS value {source.text}", source.values)
