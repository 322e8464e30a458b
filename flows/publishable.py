"""Models that can be published now: trained and scored on what is reviewed."""

from corpus.desk import Desk
from corpus.review_state import Reviewed
from flows.instruction_base import base_repo
from flows.model_insight import current_insight
from flows.model_store import Kind, decoding_of, require_model
from flows.score_models import require_scores
from publishing.describe_model import Trained
from publishing.manifest_parts import Gate
from publishing.parts import ModelFiles
from publishing.predictions import read_predictions
from training.encoder import base_license, base_model_name


def ready_model(
    desk: Desk, review: Reviewed, kind: Kind, gate: Gate | None = None
) -> tuple[Trained, ModelFiles]:
    """The model with its scores; DeskError where either is not of what is reviewed now."""
    stored = require_model(desk, review.gold, kind)
    require_scores(desk, review, kind, stored)
    test, answers = stored.predictions("test"), kind == "instructions"
    encoder, training = desk.models.encoder, stored.training
    if answers:
        # The card tells how it was asked for its scores, not how it would have been by then.
        settings = training["settings"] | decoding_of(stored)
        training = training | {"settings": settings}
    trained = Trained(
        kind=kind,
        key=stored.key,
        base_model=base_repo(desk) if answers else base_model_name(encoder),
        base_license=base_license(desk.models.instructions.base if answers else encoder),
        training=training,
        scores=stored.read("scores.json"),
        predictions=read_predictions(test) if test.exists() else [],
        gate=gate,
        insight=current_insight(stored, review.gold),
    )
    files = ModelFiles(stored.model, stored.folder / "learning_curve.png", test.parent)
    return trained, files
