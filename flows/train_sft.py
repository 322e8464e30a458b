"""train_sft: reviewed articles → chats → a LoRA adapter, scored, judged and published."""

from dataclasses import dataclass

from prefect import flow
from pydantic import Field

from corpus.desk import Desk
from corpus.review_state import Reviewed, read_reviewed
from flows.curve_artifact import show_training
from flows.desk_run import DeskRun
from flows.gate import Judged, judge_model
from flows.grpo_choice import keep_better
from flows.instruction_base import (
    base_weights,
    publish_base,
    require_one_topic,
    require_public_base,
    require_repo,
    warn_of_other_labels,
)
from flows.instruction_training import require_sft_alone, train, tune, with_grpo
from flows.model_store import StoredModel
from flows.publish import publish_dataset, publish_model
from flows.publish import show as show_published
from flows.row_scores import ModelScores
from flows.score_answers import require_same_base, score_instructions
from flows.score_tables import show as show_scores
from flows.verdicts import show_verdicts
from publishing.hub import Published


class TrainSft(DeskRun):
    """Without ``publish`` the adapter stays here, scored and judged."""

    publish: bool = Field(True, description="publish what the gate lets through")
    force_model: bool = Field(False, description="publish it whatever the gate says")


@dataclass(frozen=True, slots=True)
class SftReport:
    """``items``: what is on the Hub now, the data set first; empty where nothing went out."""

    stored: StoredModel
    scores: ModelScores
    judged: Judged
    items: list[Published]


@flow(name="train_sft")
def train_sft(config: TrainSft) -> SftReport:
    """Train on the reviewed articles, score, judge, publish; running it twice changes nothing."""
    desk = config.read()
    require_one_topic(desk)
    require_repo(desk)
    require_sft_alone(desk)
    if config.publish:
        require_public_base(desk)
    warn_of_other_labels(desk)
    review = read_reviewed(desk)
    stored, scores = _trained(desk, review)
    show_training(desk.name, "instructions", stored)
    show_scores(desk, [scores])
    judged = judge_model(desk, review.gold, "instructions", config.force_model)
    show_verdicts(desk, [judged])
    if not (config.publish and judged.ships):
        return SftReport(stored, scores, judged, [])
    # The Hub may have another base by now than the one that was scored.
    require_same_base(stored, base_weights(desk, review.gold))
    data = publish_dataset(desk, review)
    # Before the adapter, which is nothing without it.
    base = publish_base(desk, review)
    # Another machine may have published its own meanwhile.
    require_same_base(stored, base_weights(desk, review.gold))
    items = [data, *base, publish_model(desk, review, judged, data)]
    show_published(desk, items)
    return SftReport(stored, scores, judged, items)


def _trained(desk: Desk, review: Reviewed) -> tuple[StoredModel, ModelScores]:
    """SFT, and with the desk's one switch GRPO from there, kept unless it may be worse."""
    grpo = desk.models.instructions.grpo
    if not grpo.enabled:
        stored = train(desk, review.gold)
        return stored, score_instructions(desk, review, stored)
    before = with_grpo(desk, enabled=False)
    sft = train(before, review.gold, desk.models.instructions)
    score_instructions(before, review, sft)
    tuned = tune(desk, review.gold, sft)
    scores = score_instructions(desk, review, tuned, sft)
    if keep_better(desk, sft, tuned, scores.test):
        return tuned, scores
    return sft, score_instructions(before, review, sft)
