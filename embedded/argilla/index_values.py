"""SQL of what each row of Argilla's tables gives to the index tables, and of filling them once."""

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


def of(sql: str, row: str, table: str = "") -> str:
    """The statement for one row of a trigger, or for every row of a table."""
    source = f"{table} {row}," if table else ""
    return sql.format(row=row, source=source)


def add(target: str, values: str) -> str:
    """Put values into an index table."""
    # OR IGNORE would be overruled by the conflict clause of the statement that fires the trigger.
    return f"INSERT INTO copydesk_{target} {values} ON CONFLICT DO NOTHING"


def take(target: str, values: str) -> str:
    """Take values out of an index table."""
    # Column by column: SQLite looks a row of values up by its first column only, and would read
    # all values of a property for each that goes. All that a record's row has given goes together.
    names = ("property", "value", "doc", *(("user_id",) if target == "answers" else ()))
    tests = " AND ".join(f"{name} IN (SELECT {name} FROM ({values}))" for name in names)
    return f"DELETE FROM copydesk_{target} WHERE {tests}"


FILL = (
    METADATA_PROPERTY.format(row="x", source="FROM metadata_properties x"),
    of(QUESTION_PROPERTIES, "x", "questions"),
    DOC_ROW.format(row="x", source="FROM records x ORDER BY x.inserted_at, x.rowid"),
    add("values", of(METADATA_VALUES, "x", "records")),
    add("values", of(SUGGESTION_VALUES, "x", "suggestions")),
    of(RESPONSE_ROW, "x", "responses"),
    add("answers", of(ANSWER_VALUES, "x", "responses")),
)
