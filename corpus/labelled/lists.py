"""A cell of labels: one label, a list of them, or a list as JSON in a text, as CSV has it."""

import json
import re
from typing import Any

from corpus.labelled.cells import CellError, cell_shown, is_missing

RULE = 'a list of labels is JSON and names each, for example ["Sports"]'
# What can be nothing but a list, and is broken where it is no JSON.
LIST = re.compile(r"""\s*\[\s*["']""")


def labels_in(value: Any) -> Any:
    """The list that the cell holds, else the cell as it is: ``[sic] so`` is one label.

    Raises CellError for a list that is broken, and for one with an empty place (null).
    """
    found = _from_text(value) if isinstance(value, str) else value
    if isinstance(found, list) and any(item != "" and is_missing(item) for item in found):
        raise CellError(f"{cell_shown(value)} has an empty place", RULE)
    return found


def _from_text(text: str) -> Any:
    if not text.lstrip().startswith("["):
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        if LIST.match(text):
            raise CellError(f"{cell_shown(text)} is not JSON ({error})", RULE) from error
        return text
    return found
