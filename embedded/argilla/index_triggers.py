"""SQL of the triggers that keep the index tables up with each change of Argilla's."""

import re

from embedded.argilla.index_values import (
    ANSWER_VALUES,
    DOC,
    DOC_ROW,
    METADATA_PROPERTY,
    METADATA_VALUES,
    QUESTION_PROPERTIES,
    RESPONSE_ROW,
    SUGGESTION_VALUES,
    add,
    of,
    take,
)


def _trigger(name: str, event: str, *statements: str, when: str = "AFTER") -> str:
    body = ";\n".join(statement.strip() for statement in statements)
    return f"CREATE TRIGGER copydesk_{name} {when} {event} BEGIN\n{body};\nEND"


def _kept_up(
    name: str, table: str, change: str, old: tuple[str, ...], new: tuple[str, ...]
) -> tuple[str, ...]:
    """``new`` with a row that comes, ``old`` with one that goes, both with one that changes."""
    return (
        _trigger(f"{name}_in", f"INSERT ON {table}", *new),
        _trigger(f"{name}_changed", f"UPDATE {change}", *old, *new),
        _trigger(f"{name}_out", f"DELETE ON {table}", *old),
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
    *_kept_up(
        "metadata_property",
        "metadata_properties",
        f"OF dataset_id, name, settings ON metadata_properties {_IS_ANOTHER}",
        old=_FORGET,
        new=(METADATA_PROPERTY.format(row="NEW", source=""), add("values", _ITS_METADATA)),
    ),
    _trigger("question_in", "INSERT ON questions", of(QUESTION_PROPERTIES, "NEW")),
    _trigger(
        "question_changed",
        f"UPDATE OF dataset_id, name, settings ON questions {_IS_ANOTHER}",
        *_FORGET,
        of(QUESTION_PROPERTIES, "NEW"),
        add("values", _ITS_SUGGESTIONS),
        add("answers", _ITS_ANSWERS),
    ),
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
        add("values", of(METADATA_VALUES, "NEW")),
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
        take("values", of(METADATA_VALUES, "OLD")),
        add("values", of(METADATA_VALUES, "NEW")),
    ),
    _trigger(
        "record_moved",
        "UPDATE OF dataset_id ON records WHEN OLD.dataset_id <> NEW.dataset_id",
        take("values", of(METADATA_VALUES, "OLD")),
        take("answers", _OF_ITS_RESPONSES),
        "UPDATE copydesk_responses SET dataset_id = NEW.dataset_id WHERE dataset_id = "
        "OLD.dataset_id AND doc = (SELECT doc FROM copydesk_docs WHERE record_id = NEW.id)",
        "UPDATE copydesk_docs SET dataset_id = NEW.dataset_id WHERE record_id = NEW.id",
        add("values", of(METADATA_VALUES, "NEW")),
        add("answers", _OF_ITS_RESPONSES),
    ),
    # Last of all: the triggers of what is deleted with a record still look its number up.
    _trigger(
        "record_out",
        "DELETE ON records",
        take("values", of(METADATA_VALUES, "OLD")),
        "DELETE FROM copydesk_docs WHERE record_id = OLD.id",
    ),
    *_kept_up(
        "suggestion",
        "suggestions",
        # Logging a record again sets what it says again.
        "ON suggestions WHEN (OLD.value, OLD.score, OLD.agent, OLD.type, OLD.record_id, "
        "OLD.question_id) IS NOT (NEW.value, NEW.score, NEW.agent, NEW.type, NEW.record_id, "
        "NEW.question_id)",
        old=(take("values", of(SUGGESTION_VALUES, "OLD")),),
        new=(add("values", of(SUGGESTION_VALUES, "NEW")),),
    ),
    *_kept_up(
        "response",
        "responses",
        "ON responses",
        old=(_OLD_RESPONSE, take("answers", of(ANSWER_VALUES, "OLD"))),
        new=(of(RESPONSE_ROW, "NEW"), add("answers", of(ANSWER_VALUES, "NEW"))),
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
