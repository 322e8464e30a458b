"""The cards of what would be published now, without asking any service."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus.desk import Desk
from corpus.review_state import read_reviewed
from flows.gate import stored_gate
from flows.model_store import desk_kinds, require_model
from flows.publishable import ready_model
from publishing.changes import Labelled
from publishing.hub import Published
from publishing.parts import Part, dataset_part, model_part

NOT_YET = "of the next publish"


def local_parts(desk: Desk, folder: Path) -> Iterator[Part]:
    """The data set, then each model; DeskError where one is not trained or scored."""
    review = read_reviewed(desk)
    data = Published(desk.publish.dataset, "dataset", NOT_YET, "next", "", changed=True)
    yield dataset_part(desk, review, folder / "data", _nothing)
    for kind in desk_kinds(desk):
        gate = stored_gate(require_model(desk, review.gold, kind))
        trained, files = ready_model(desk, review, kind, gate)
        yield model_part(desk, review, trained, files, data, folder / kind)


def _nothing(revision: str, names: Sequence[str]) -> dict[str, Labelled]:
    return {}
