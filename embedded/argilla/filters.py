"""Argilla's filters → SQL conditions over ``records r``, with bound parameters.

Ids are 32 hex digits in SQLite and dashed in filters; dates are ``YYYY-MM-DD HH:MM:SS.ffffff``
text; terms are always strings; metadata and multi-label values may be lists.
"""

import re
from dataclasses import dataclass, field
from typing import Any

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

RECORD_COLUMNS = {"id", "external_id", "status", "inserted_at", "updated_at"}
DATES = {"inserted_at", "updated_at"}
DATE_ONLY = re.compile(r"^\d{4}-\d\d-\d\d$")


@dataclass
class Sql:
    """A condition and its parameters, in order."""

    text: str
    values: list[Any] = field(default_factory=list)


def hex_id(value: Any) -> str:
    """An id as SQLite holds it."""
    return str(value).replace("-", "").lower()


def json_path(name: str) -> str:
    """The JSON path of a key of any name."""
    escaped = name.replace('"', '\\"')
    return f'$."{escaped}"'


def to_condition(filter_: Filter) -> Sql:
    """The SQL of a filter. Raises ValueError for a scope that cannot be filtered."""
    if isinstance(filter_, AndFilter):
        parts = [to_condition(part) for part in filter_.filters]
        return Sql(
            " AND ".join(f"({part.text})" for part in parts) or "1",
            [value for part in parts for value in part.values],
        )
    scope = filter_.scope
    if isinstance(scope, ResponseFilterScope):
        return _response(filter_, scope)
    if isinstance(scope, RecordFilterScope):
        return _record(filter_, scope.property)
    source = value_source(scope)
    test = _value_test(filter_)
    return Sql(f"EXISTS ({source.text} AND {test.text})", [*source.values, *test.values])


def value_source(scope: FilterScope) -> Sql:
    """A SELECT of ``v.value`` over all values of the scope in record ``r``, ending in a WHERE."""
    if isinstance(scope, MetadataFilterScope):
        return Sql(
            "SELECT v.value FROM json_each(r.metadata, ?) v WHERE v.value IS NOT NULL",
            [json_path(scope.metadata_property)],
        )
    if isinstance(scope, SuggestionFilterScope):
        return _suggestion_source(scope)
    if isinstance(scope, ResponseFilterScope) and scope.question:
        return _response_source(scope)
    raise ValueError(f"cannot filter or sort by {scope}")


def _suggestion_source(scope: SuggestionFilterScope) -> Sql:
    joined = "FROM suggestions s JOIN questions q ON q.id = s.question_id"
    where = "WHERE s.record_id = r.id AND q.name = ?"
    # The API passes the enumeration's str(), which may read "SuggestionProperty.value".
    name = scope.property.rsplit(".", 1)[-1]
    if name in ("value", "score"):
        return Sql(
            f"SELECT v.value {joined} JOIN json_each(s.{name}) v {where} "
            "AND v.type NOT IN ('null', 'object')",
            [scope.question],
        )
    if name in ("agent", "type"):
        return Sql(
            f"SELECT v.value {joined} JOIN json_each(json_array(s.{name})) v {where}",
            [scope.question],
        )
    raise ValueError(f"a suggestion has no property {scope.property!r}")


def _response_source(scope: ResponseFilterScope) -> Sql:
    values: list[Any] = [json_path(scope.question or "") + ".value"]
    text = (
        'SELECT v.value FROM responses p JOIN json_each(p."values", ?) v '
        "WHERE p.record_id = r.id AND v.type NOT IN ('null', 'object')"
    )
    if scope.user is not None:
        text += " AND p.user_id = ?"
        values.append(hex_id(scope.user.id))
    return Sql(text, values)


def _value_test(filter_: TermsFilter | RangeFilter) -> Sql:
    if isinstance(filter_, TermsFilter):
        values = [_term(value) for value in filter_.values]
        return Sql(f"{_as_text('v.value')} IN ({_marks(values)})", values)
    bounds = [("<=", filter_.le), (">=", filter_.ge)]
    tests = [(sign, bound) for sign, bound in bounds if bound is not None]
    text = " AND ".join(f"v.value {sign} ?" for sign, _ in tests) or "1"
    return Sql(f"typeof(v.value) <> 'text' AND {text}", [bound for _, bound in tests])


def _as_text(expression: str) -> str:
    # 2.0 and "2" are the same term to Elasticsearch's numeric fields.
    whole = f"{expression} = CAST({expression} AS INTEGER)"
    return (
        f"CASE WHEN typeof({expression}) = 'real' AND {whole} "
        f"THEN CAST(CAST({expression} AS INTEGER) AS TEXT) ELSE CAST({expression} AS TEXT) END"
    )


def _term(value: Any) -> str:
    return str(getattr(value, "value", value))


def _response(filter_: TermsFilter | RangeFilter, scope: ResponseFilterScope) -> Sql:
    if scope.question:
        source, test = value_source(scope), _value_test(filter_)
        return Sql(f"EXISTS ({source.text} AND {test.text})", [*source.values, *test.values])
    if scope.property != "status" or not isinstance(filter_, TermsFilter):
        raise ValueError(f"cannot filter responses by {scope.property!r}")
    statuses = [_term(value) for value in filter_.values]
    answered = [status for status in statuses if status != "pending"]
    owner, owner_values = "", []
    if scope.user is not None:
        owner, owner_values = " AND p.user_id = ?", [hex_id(scope.user.id)]
    alternatives = []
    if "pending" in statuses:
        alternatives.append(
            Sql(
                f"NOT EXISTS (SELECT 1 FROM responses p WHERE p.record_id = r.id{owner})",
                list(owner_values),
            )
        )
    if answered or not statuses:
        among = f" AND p.status IN ({_marks(answered)})" if answered else ""
        alternatives.append(
            Sql(
                f"EXISTS (SELECT 1 FROM responses p WHERE p.record_id = r.id{among}{owner})",
                [*answered, *owner_values],
            )
        )
    if not statuses and scope.user is None:
        return Sql("1")
    return Sql(
        " OR ".join(part.text for part in alternatives),
        [value for part in alternatives for value in part.values],
    )


def _record(filter_: TermsFilter | RangeFilter, name: str) -> Sql:
    name = str(getattr(name, "value", name)).rsplit(".", 1)[-1]
    if name not in RECORD_COLUMNS:
        raise ValueError(f"a record has no property {name!r} to filter by")
    if isinstance(filter_, TermsFilter):
        values = [hex_id(v) if name == "id" else _term(v) for v in filter_.values]
        return Sql(f"r.{name} IN ({_marks(values)})", values)
    convert = to_database_date if name in DATES else lambda value, _: value
    tests, values = [], []
    for sign, bound in ((">=", filter_.ge), ("<=", filter_.le)):
        if bound is not None:
            tests.append(f"r.{name} {sign} ?")
            values.append(convert(bound, sign == "<="))
    return Sql(" AND ".join(tests) or "1", values)


def to_database_date(value: Any, end_of_day: bool) -> str:
    """A date of a filter as SQLite's text; a date alone, as an upper bound, means its end."""
    text = str(value)
    if DATE_ONLY.match(text):
        return f"{text} 23:59:59.999999" if end_of_day else f"{text} 00:00:00.000000"
    text = text.replace("T", " ").removesuffix("Z")
    text = re.sub(r"[+-]\d\d:\d\d$", "", text)
    return text if "." in text else f"{text}.{'999999' if end_of_day else '000000'}"


def _marks(values: list[Any]) -> str:
    return ", ".join("?" * len(values))
