"""What blind records would have been suggested goes into the ledger, and nowhere else."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from argilla_settings.suggestions import as_shown
from corpus.articles import Article, Prediction
from corpus.desk import Desk
from corpus.review_state import open_ledger
from corpus.suggestions.hidden import append_hidden


def keep_hidden(desk: Desk, blind: Sequence[Article], predictions: Mapping[str, Prediction]) -> int:
    """Note it before the records are logged: what is logged is never predicted again. Returns how
    many predictions are new.
    """
    hidden = [as_shown(predictions[a.id]) for a in blind if a.id in predictions]
    return append_hidden(open_ledger(desk), hidden, datetime.now(UTC))
