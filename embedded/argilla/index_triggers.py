"""SQL that fills the index tables: once from what is there, then by trigger for each change."""

import re

FILTERED_QUESTIONS = "('label_selection', 'multi_label_selection', 'rating')"
DOC = "(SELECT doc FROM copydesk_docs WHERE record_id = {row}.record_id)"

METADATA_PROPERTY = """
INSERT INTO copydesk_properties (dataset_id, kind, name, type, owner)
SELECT {row}.dataset_id, 'metadata', {row}.name, json_extract({row}.settings, '$.type'), {row}.id
{source} WHERE true
ON CONFLICT DO NOTHING
"""
QUESTION_PROPERTIES = (
    """
INSERT INTO copydesk_properties (dataset_id, kind, name, type, owner)
SELECT {row}.dataset_id, k.value, {row}.name, json_extract({row}.settings, '$.type'), {row}.id
FROM {source} json_each('["score", "agent", "type", "value", "answer"]') k
WHERE k.value IN ('score', 'agent', 'type')
   OR json_extract({row}.settings, '$.type') IN """
    + FILTERED_QUESTIONS
    + """
ON CONFLICT DO NOTHING
"""
)
DOC_ROW = """
INSERT INTO copydesk_docs (record_id, dataset_id, status, external_id, inserted_at, updated_at)
SELECT {row}.id, {row}.dataset_id, {row}.status, {row}.external_id, {row}.inserted_at,
    {row}.updated_at {source}
"""
# json.dumps writes Infinity, which SQLite refuses to read: json_valid keeps such a row writable.
# As Elasticsearch's mapping does, it takes "00003" of an integer property for the number 3.
METADATA_VALUES = """
SELECT p.id AS property, CASE p.type WHEN 'terms' THEN CAST(v.value AS TEXT)
    WHEN 'integer' THEN CAST(v.value AS INTEGER) ELSE CAST(v.value AS REAL) END AS value, d.doc
FROM {source} copydesk_docs d
JOIN json_each(CASE WHEN json_valid({row}.metadata) THEN {row}.metadata END) m
JOIN copydesk_properties p ON p.dataset_id = d.dataset_id AND p.kind = 'metadata' AND p.name = m.key
JOIN json_each(CASE m.type WHEN 'array' THEN m.value WHEN 'object' THEN '[]' WHEN 'null' THEN '[]'
    WHEN 'true' THEN '["true"]' WHEN 'false' THEN '["false"]' ELSE json_array(m.value) END) v
WHERE d.record_id = {row}.id AND v.type NOT IN ('null', 'object', 'array')
"""
SUGGESTION_VALUES = """
SELECT p.id AS property, v.value AS value, d.doc
FROM {source} copydesk_docs d
JOIN copydesk_properties p ON p.owner = {row}.question_id
    AND p.kind IN ('score', 'agent', 'type', 'value')
JOIN json_each(CASE
    WHEN p.kind = 'value' AND json_valid({row}.value) THEN {row}.value
    WHEN p.kind = 'score' AND json_valid({row}.score) THEN {row}.score
    WHEN p.kind = 'agent' THEN json_array({row}.agent)
    WHEN p.kind = 'type' THEN json_array({row}.type) END) v
WHERE d.record_id = {row}.record_id AND v.type NOT IN ('null', 'object', 'array')
"""
RESPONSE_ROW = """
INSERT INTO copydesk_responses (dataset_id, user_id, status, doc)
SELECT d.dataset_id, {row}.user_id, {row}.status, d.doc
FROM {source} copydesk_docs d WHERE d.record_id = {row}.record_id
ON CONFLICT DO NOTHING
"""
ANSWER_VALUES = """
SELECT p.id AS property, v.value AS value, d.doc, {row}.user_id
FROM {source} copydesk_docs d
JOIN json_each(CASE WHEN json_valid({row}."values") THEN {row}."values" END) a
JOIN copydesk_properties p ON p.dataset_id = d.dataset_id AND p.kind = 'answer' AND p.name = a.key
JOIN json_each(CASE a.type WHEN 'object' THEN a.value END, '$.value') v
WHERE d.record_id = {row}.record_id AND v.type NOT IN ('null', 'object', 'array')
"""


def _of(sql: str, row: str, table: str = "") -> str:
    """The statement for one row of a trigger, or for every row of a table."""
    source = f"{table} {row}," if table else ""
    return sql.format(row=row, source=source)


def _add(target: str, values: str) -> str:
    # OR IGNORE would be overruled by the conflict clause of the statement that fires the trigger.
    return f"INSERT INTO copydesk_{target} {values} ON CONFLICT DO NOTHING"


def _take(target: str, values: str) -> str:
    # Column by column: SQLite looks a row of values up by its first column only, and would read
    # all values of a property for each that goes. All that a record's row has given goes together.
    names = ("property", "value", "doc", *(("user_id",) if target == "answers" else ()))
    tests = " AND ".join(f"{name} IN (SELECT {name} FROM ({values}))" for name in names)
    return f"DELETE FROM copydesk_{target} WHERE {tests}"


def _trigger(name: str, event: str, *statements: str, when: str = "AFTER") -> str:
    body = ";\n".join(statement.strip() for statement in statements)
    return f"CREATE TRIGGER copydesk_{name} {when} {event} BEGIN\n{body};\nEND"


FILL = (
    METADATA_PROPERTY.format(row="x", source="FROM metadata_properties x"),
    _of(QUESTION_PROPERTIES, "x", "questions"),
    DOC_ROW.format(row="x", source="FROM records x ORDER BY x.inserted_at, x.rowid"),
    _add("values", _of(METADATA_VALUES, "x", "records")),
    _add("values", _of(SUGGESTION_VALUES, "x", "suggestions")),
    _of(RESPONSE_ROW, "x", "responses"),
    _add("answers", _of(ANSWER_VALUES, "x", "responses")),
)

_OLD_RESPONSE = f"""DELETE FROM copydesk_responses
WHERE dataset_id = (SELECT dataset_id FROM copydesk_docs WHERE record_id = OLD.record_id)
AND user_id = OLD.user_id AND status = OLD.status AND doc = {DOC.format(row="OLD")}"""
# For a property or question that comes, or comes to another data set, when records are there.
_ITS_METADATA = f"""{METADATA_VALUES.format(row="x", source="records x,")}
AND x.dataset_id = NEW.dataset_id AND p.owner = NEW.id"""
_ITS_SUGGESTIONS = f"""{SUGGESTION_VALUES.format(row="x", source="suggestions x,")}
AND x.question_id = NEW.id"""
_ITS_ANSWERS = f"""{ANSWER_VALUES.format(row="x", source="responses x,")}
AND d.dataset_id = NEW.dataset_id AND p.owner = NEW.id"""
_OF_ITS_RESPONSES = f"""{ANSWER_VALUES.format(row="x", source="responses x,")}
AND x.record_id = NEW.id"""
_FORGET = (
    "DELETE FROM copydesk_values WHERE property IN "
    "(SELECT id FROM copydesk_properties WHERE owner = OLD.id)",
    "DELETE FROM copydesk_answers WHERE property IN "
    "(SELECT id FROM copydesk_properties WHERE owner = OLD.id)",
    "DELETE FROM copydesk_properties WHERE owner = OLD.id",
)
# A new title or one more label changes nothing here, and would cost a data set's whole index.
_IS_ANOTHER = """WHEN OLD.dataset_id <> NEW.dataset_id OR OLD.name <> NEW.name
OR json_extract(OLD.settings, '$.type') <> json_extract(NEW.settings, '$.type')"""
_NEW_VERSION = """UPDATE copydesk_docs SET version = version + 1
WHERE record_id = {row}.record_id"""

TRIGGERS = (
    _trigger(
        "metadata_property_in",
        "INSERT ON metadata_properties",
        METADATA_PROPERTY.format(row="NEW", source=""),
        _add("values", _ITS_METADATA),
    ),
    _trigger(
        "metadata_property_changed",
        f"UPDATE OF dataset_id, name, settings ON metadata_properties {_IS_ANOTHER}",
        *_FORGET,
        METADATA_PROPERTY.format(row="NEW", source=""),
        _add("values", _ITS_METADATA),
    ),
    _trigger("question_in", "INSERT ON questions", _of(QUESTION_PROPERTIES, "NEW")),
    _trigger(
        "question_changed",
        f"UPDATE OF dataset_id, name, settings ON questions {_IS_ANOTHER}",
        *_FORGET,
        _of(QUESTION_PROPERTIES, "NEW"),
        _add("values", _ITS_SUGGESTIONS),
        _add("answers", _ITS_ANSWERS),
    ),
    _trigger("metadata_property_out", "DELETE ON metadata_properties", *_FORGET),
    _trigger("question_out", "DELETE ON questions", *_FORGET),
    # Before its records are deleted one by one, which then find nothing left to do.
    _trigger(
        "dataset_out",
        "DELETE ON datasets",
        *(
            f"DELETE FROM copydesk_{table} WHERE property IN "
            "(SELECT id FROM copydesk_properties WHERE dataset_id = OLD.id)"
            for table in ("values", "answers")
        ),
        *(
            f"DELETE FROM copydesk_{table} WHERE dataset_id = OLD.id"
            for table in ("responses", "properties", "docs")
        ),
        when="BEFORE",
    ),
    _trigger(
        "record_in",
        "INSERT ON records",
        DOC_ROW.format(row="NEW", source=""),
        _add("values", _of(METADATA_VALUES, "NEW")),
    ),
    _trigger(
        "record_changed",
        "UPDATE OF status, external_id, updated_at ON records",
        "UPDATE copydesk_docs SET status = NEW.status, external_id = NEW.external_id, "
        "updated_at = NEW.updated_at WHERE record_id = NEW.id",
    ),
    _trigger(
        "record_text",
        "UPDATE OF fields ON records WHEN OLD.fields IS NOT NEW.fields",
        "UPDATE copydesk_docs SET version = version + 1 WHERE record_id = NEW.id",
    ),
    _trigger(
        "record_metadata",
        "UPDATE OF metadata ON records WHEN OLD.metadata IS NOT NEW.metadata",
        _take("values", _of(METADATA_VALUES, "OLD")),
        _add("values", _of(METADATA_VALUES, "NEW")),
    ),
    _trigger(
        "record_moved",
        "UPDATE OF dataset_id ON records WHEN OLD.dataset_id <> NEW.dataset_id",
        _take("values", _of(METADATA_VALUES, "OLD")),
        _take("answers", _OF_ITS_RESPONSES),
        "UPDATE copydesk_responses SET dataset_id = NEW.dataset_id WHERE dataset_id = "
        "OLD.dataset_id AND doc = (SELECT doc FROM copydesk_docs WHERE record_id = NEW.id)",
        "UPDATE copydesk_docs SET dataset_id = NEW.dataset_id WHERE record_id = NEW.id",
        _add("values", _of(METADATA_VALUES, "NEW")),
        _add("answers", _OF_ITS_RESPONSES),
    ),
    # Last of all: the triggers of what is deleted with a record still look its number up.
    _trigger(
        "record_out",
        "DELETE ON records",
        _take("values", _of(METADATA_VALUES, "OLD")),
        "DELETE FROM copydesk_docs WHERE record_id = OLD.id",
    ),
    _trigger(
        "suggestion_in",
        "INSERT ON suggestions",
        _add("values", _of(SUGGESTION_VALUES, "NEW")),
    ),
    _trigger(
        "suggestion_changed",
        # Logging a record again sets what it says again.
        "UPDATE ON suggestions WHEN (OLD.value, OLD.score, OLD.agent, OLD.type, OLD.record_id, "
        "OLD.question_id) IS NOT (NEW.value, NEW.score, NEW.agent, NEW.type, NEW.record_id, "
        "NEW.question_id)",
        _take("values", _of(SUGGESTION_VALUES, "OLD")),
        _add("values", _of(SUGGESTION_VALUES, "NEW")),
    ),
    _trigger(
        "suggestion_out",
        "DELETE ON suggestions",
        _take("values", _of(SUGGESTION_VALUES, "OLD")),
    ),
    _trigger(
        "response_in",
        "INSERT ON responses",
        _of(RESPONSE_ROW, "NEW"),
        _add("answers", _of(ANSWER_VALUES, "NEW")),
    ),
    _trigger(
        "response_changed",
        "UPDATE ON responses",
        _OLD_RESPONSE,
        _take("answers", _of(ANSWER_VALUES, "OLD")),
        _of(RESPONSE_ROW, "NEW"),
        _add("answers", _of(ANSWER_VALUES, "NEW")),
    ),
    _trigger(
        "response_out",
        "DELETE ON responses",
        _OLD_RESPONSE,
        _take("answers", _of(ANSWER_VALUES, "OLD")),
    ),
    _trigger("vector_in", "INSERT ON vectors", _NEW_VERSION.format(row="NEW")),
    _trigger(
        "vector_changed",
        "UPDATE ON vectors WHEN OLD.value IS NOT NEW.value",
        _NEW_VERSION.format(row="NEW"),
    ),
    _trigger("vector_out", "DELETE ON vectors", _NEW_VERSION.format(row="OLD")),
)
NAMES = tuple(re.match(r"CREATE TRIGGER (\w+)", sql)[1] for sql in TRIGGERS)  # type: ignore[index]
