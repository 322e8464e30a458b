"""Argilla's filters → SQL conditions over ``copydesk_docs d``, with bound parameters.

Ids are 32 hex digits in SQLite and dashed in filters; dates are ``YYYY-MM-DD HH:MM:SS.ffffff``
text; terms are always strings; metadata and multi-label values may be lists.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.search_engine import (
    AndFilter,
    Filter,
    FilterScope,
    MetadataFilterScope,
    RangeFilter,
    RecordFilterScope,
    ResponseFilterScope,
    SuggestionFilterScope,
    TermsFilter,
)

from embedded.argilla.dates import to_database_date

# Argilla's property → the column of copydesk_docs.
RECORD_COLUMNS = {
    "id": "record_id",
    "external_id": "external_id",
    "status": "status",
    "inserted_at": "inserted_at",
    "updated_at": "updated_at",
}
DATES = {"inserted_at", "updated_at"}
WHOLE = re.compile(r"-?\d{1,18}")


@dataclass
class Sql:
    """A condition and its parameters, in order."""

    text: str
    values: list[Any] = field(default_factory=list)


def hex_id(value: Any) -> str:
    """An id as SQLite holds it."""
    return str(value).replace("-", "").lower()


def plain(value: Any) -> str:
    """The value of an enumeration's member; the API passes its str(), with the class before it."""
    return str(getattr(value, "value", value)).rsplit(".", 1)[-1]


def to_condition(filter_: Filter, dataset_id: str, named: bool = False) -> Sql:
    """The SQL of a filter in a data set; UnprocessableEntityError where there can be none.

    ``named``: the filter stands beside one that names records by id.
    """
    if isinstance(filter_, AndFilter):
        named = named or any(_names_records(part) for part in filter_.filters)
        parts = [to_condition(part, dataset_id, named) for part in filter_.filters]
        text = " AND ".join(f"({part.text})" for part in parts) or "1"
        return Sql(text, [value for part in parts for value in part.values])
    scope = filter_.scope
    if isinstance(scope, RecordFilterScope):
        return _record(filter_, scope.property)
    if isinstance(scope, ResponseFilterScope) and not scope.question:
        return _response_status(filter_, scope, dataset_id, named)
    source = value_source(scope, dataset_id)
    tests = _value_tests(filter_)
    # A UNION, not an OR: each part is one range of the index.
    union = " UNION ALL ".join(f"SELECT v.doc {source.text} AND {test.text}" for test in tests)
    values = [value for test in tests for value in (*source.values, *test.values)]
    return Sql(f"d.doc IN ({union})", values)


def value_source(scope: FilterScope, dataset_id: str) -> Sql:
    """FROM and WHERE of the rows ``v`` (value, doc) that hold the scope's values."""
    if isinstance(scope, MetadataFilterScope):
        return _values(dataset_id, "metadata", scope.metadata_property)
    if isinstance(scope, SuggestionFilterScope):
        # Of no property, which the API lets pass, there are no values.
        return _values(dataset_id, plain(scope.property), scope.question)
    if isinstance(scope, ResponseFilterScope) and scope.question:
        source = _values(dataset_id, "answer", scope.question, "copydesk_answers")
        if scope.user is not None:
            source = Sql(
                f"{source.text} AND v.user_id = ?", [*source.values, hex_id(scope.user.id)]
            )
        return source
    raise UnprocessableEntityError(f"cannot filter or sort by {scope}")


def _values(dataset_id: str, kind: str, name: str, table: str = "copydesk_values") -> Sql:
    return Sql(
        f"FROM {table} v WHERE v.property = (SELECT p.id FROM copydesk_properties p "
        "WHERE p.dataset_id = ? AND p.kind = ? AND p.name = ?)",
        [dataset_id, kind, name],
    )


def _value_tests(filter_: TermsFilter | RangeFilter) -> list[Sql]:
    """Alternatives that a value may fulfil."""
    if isinstance(filter_, TermsFilter):
        values = [form for value in filter_.values for form in _forms(_term(value))]
        return [Sql(f"v.value IN ({_marks(values)})", values)]
    given = [("<=", filter_.le), (">=", filter_.ge)]
    bounds = [(sign, str(bound)) for sign, bound in given if bound is not None]
    # Terms compare as text, numbers as numbers; in SQLite's order numbers stand before all text.
    as_text = " AND ".join(["v.value >= ''", *(f"v.value {sign} ?" for sign, _ in bounds)])
    tests = [Sql(as_text, [bound for _, bound in bounds])]
    numbers = [number for _, bound in bounds if (number := _number(bound)) is not None]
    if len(numbers) == len(bounds):
        as_number = " AND ".join(["v.value < ''", *(f"v.value {sign} ?" for sign, _ in bounds)])
        tests.append(Sql(as_number, numbers))
    return tests


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _forms(term: str) -> list[str | float]:
    """A term as text and, where it is one, as the number that a rating or a size holds."""
    number = _number(term)
    if number is None:
        return [term]
    return [term, int(term) if WHOLE.fullmatch(term) else number]


def _term(value: Any) -> str:
    return str(getattr(value, "value", value))


def _names_records(filter_: Filter) -> bool:
    return (
        isinstance(filter_, TermsFilter)
        and isinstance(filter_.scope, RecordFilterScope)
        and plain(filter_.scope.property) == "id"
    )


def _response_status(
    filter_: TermsFilter | RangeFilter, scope: ResponseFilterScope, dataset_id: str, named: bool
) -> Sql:
    if scope.property != "status" or not isinstance(filter_, TermsFilter):
        raise UnprocessableEntityError(
            f"cannot filter responses by `{scope.property}`; name a question, or the status"
        )
    statuses = [_term(value) for value in filter_.values]
    answered = [status for status in statuses if status != "pending"]
    if not statuses and scope.user is None:
        return Sql("1")
    has_response = _has_named_response if named else _has_response
    alternatives = []
    if "pending" in statuses:
        any_ = has_response(scope, dataset_id, [])
        alternatives.append(Sql(f"NOT {any_.text}", any_.values))
    if answered or not statuses:
        alternatives.append(has_response(scope, dataset_id, answered))
    return Sql(
        " OR ".join(part.text for part in alternatives),
        [value for part in alternatives for value in part.values],
    )


def _has_response(scope: ResponseFilterScope, dataset_id: str, statuses: list[str]) -> Sql:
    """Of any status where none is given. All responses of the data set are listed, once."""
    source = response_source(scope, dataset_id)
    among = f" AND v.status IN ({_marks(statuses)})" if statuses else ""
    return Sql(f"d.doc IN (SELECT v.doc {source.text}{among})", [*source.values, *statuses])


def _has_named_response(scope: ResponseFilterScope, _: str, statuses: list[str]) -> Sql:
    """The same, asked of each record by itself: of a few, that is less than to list all responses.

    Argilla's own table has an index of the record, and ours has none.
    """
    text, values = "SELECT 1 FROM responses r WHERE r.record_id = d.record_id", []
    if scope.user is not None:
        text, values = f"{text} AND r.user_id = ?", [hex_id(scope.user.id)]
    if statuses:
        text, values = f"{text} AND r.status IN ({_marks(statuses)})", [*values, *statuses]
    return Sql(f"EXISTS ({text})", values)


def response_source(scope: ResponseFilterScope, dataset_id: str) -> Sql:
    """FROM and WHERE of the rows ``v`` (status, doc) of the scope's responses."""
    text, values = "FROM copydesk_responses v WHERE v.dataset_id = ?", [dataset_id]
    if scope.user is not None:
        text, values = f"{text} AND v.user_id = ?", [*values, hex_id(scope.user.id)]
    return Sql(text, values)


def record_column(name: Any) -> str:
    """The column of a record's property; raises UnprocessableEntityError where there is none."""
    column = RECORD_COLUMNS.get(plain(name))
    if column is None:
        raise UnprocessableEntityError(f"cannot filter or sort records by `{plain(name)}`")
    return f"d.{column}"


def _record(filter_: TermsFilter | RangeFilter, name: str) -> Sql:
    column = record_column(name)
    if isinstance(filter_, TermsFilter):
        values = [hex_id(v) if plain(name) == "id" else _term(v) for v in filter_.values]
        if plain(name) in DATES:
            values = [to_database_date(value, end=False) for value in values]
        return Sql(f"{column} IN ({_marks(values)})", values)
    tests, bounds = [], []
    for sign, bound in ((">=", filter_.ge), ("<=", filter_.le)):
        if bound is not None:
            tests.append(f"{column} {sign} ?")
            as_date = plain(name) in DATES
            bounds.append(to_database_date(bound, sign == "<=") if as_date else bound)
    return Sql(" AND ".join(tests) or f"{column} IS NOT NULL", bounds)


def _marks(values: list[Any]) -> str:
    return ", ".join("?" * len(values))
