"""What the desk's instruction model writes about articles that people shall correct."""

import json
import logging
from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from corpus.articles import Article
from corpus.desk import Desk
from corpus.gold import Gold
from corpus.instruct.opinions import (
    Generation,
    answers_ledger,
    append_generations,
    read_generations,
)
from corpus.instruct.pairs import unanswered_pair
from corpus.ledger import Ledger
from corpus.review_state import desk_questions, open_ledger
from flows.instruction_base import base_weights, open_base, require_one_topic
from flows.model_store import (
    UNFINISHED,
    StoredModel,
    decoding_of,
    kept_model,
    kind_folder,
    require_model,
    stored_model,
)
from flows.score_answers import require_same_base

log = logging.getLogger("flows.generations")
# Kept together, so that a load that is killed loses no more.
AT_ONCE = 32


def newest_model(desk: Desk, gold: Gold) -> StoredModel:
    """The instruction model of what is reviewed now, else the one trained last.

    Gold changes with every pull and models are trained once a week; what people correct is of use
    all the same. Whether the gate let it through does not matter. DeskError where there is none.
    """
    require_one_topic(desk)
    found = stored_model(desk, gold, "instructions")
    if found is not None:
        return found
    trained = [
        file
        for file in kind_folder(desk, "instructions").glob("*/training.json")
        if not file.parent.name.endswith(UNFINISHED)
    ]
    if not trained:
        return require_model(desk, gold, "instructions")
    last = max(trained, key=lambda file: file.stat().st_mtime)
    log.info("gold is newer than every model; the last one answers (%s)", last.parent.name)
    training = json.loads(last.read_text(encoding="utf-8"))
    return kept_model(StoredModel(last.parent, last.parent.name, reused=True, training=training))


@task(cache_policy=NO_CACHE)
def answer(desk: Desk, gold: Gold, stored: StoredModel, articles: Sequence[Article]) -> None:
    """Ask the model what it has not answered yet."""
    ledger = answers_ledger(open_ledger(desk))
    known = {g.article_id for g in read_generations(ledger).values() if g.model == stored.key}
    write_generations(desk, gold, stored, [a for a in articles if a.id not in known], ledger)


def write_generations(
    desk: Desk, gold: Gold, stored: StoredModel, articles: Sequence[Article], ledger: Ledger
) -> None:
    """Let the model answer, and keep what it wrote in the ledger of answers."""
    if not articles:
        return
    # peft and transformers take seconds to import; answers that are kept need neither.
    from training.instruct.adapter import load_adapter
    from training.instruct.ask import write_answers

    require_same_base(stored, base_weights(desk, gold))
    base = open_base(desk, gold)
    model = load_adapter(stored.model, base)
    # As it was scored, whatever the desk says by now.
    settings = desk.models.instructions.model_copy(update=decoding_of(stored))
    ledger.append_articles(articles)
    for start in range(0, len(articles), AT_ONCE):
        pairs = [unanswered_pair(a, desk_questions(desk)) for a in articles[start:][:AT_ONCE]]
        written = write_answers(model, base, pairs, settings)
        append_generations(
            ledger,
            [
                Generation(pair.id, stored.key, pair.phrasing, text)
                for pair, text in zip(pairs, written, strict=True)
            ],
        )
        log.info("answers written: %d of %d", start + len(pairs), len(articles))
