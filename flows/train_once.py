"""A training that was done is found again; one that was killed goes on.

A killed one leaves its checkpoints under the key of its training, from which the next run goes on.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold
from corpus.splits import leaks
from flows.model_store import (
    UNFINISHED,
    Kind,
    StoredModel,
    kind_folder,
    require_model,
    trained_model,
    training_key,
)
from training.results import TrainedModel

# Long after any training here has ended.
ABANDONED_SECONDS = 24 * 3600
# One that was killed before a holiday still goes on after it.
CHECKPOINTS = "checkpoints"
CHECKPOINTS_SECONDS = 7 * ABANDONED_SECONDS


def train_once(
    desk: Desk, gold: Gold, kind: Kind, train: Callable[[Path], TrainedModel]
) -> StoredModel:
    """Train into a new folder, unless this key was trained before.

    ``train`` gets the folder of the model to be. What it keeps beside that outlives a killed run,
    and is there when the same is trained again.
    """
    refuse_leaks(gold)
    folder = kind_folder(desk, kind) / training_key(desk, gold, kind)
    found = trained_model(folder)
    if found is not None:
        return found
    folder.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder.parent)
    with _unfinished(folder) as unfinished:
        trained = train(unfinished / "model")
        return _keep(trained, unfinished, folder) or require_model(desk, gold, kind)


def _keep(trained: TrainedModel, unfinished: Path, folder: Path) -> StoredModel | None:
    """Give the folder its name; None where another run, which trained the same, was first."""
    shutil.move(trained.curve_png, unfinished / "learning_curve.png")
    facts = asdict(trained)
    del facts["folder"], facts["curve_png"]
    StoredModel(unfinished, folder.name, reused=False, training=facts).write("training.json", facts)
    try:
        unfinished.rename(folder)
    except OSError:
        shutil.rmtree(unfinished)
        return None
    return StoredModel(folder, folder.name, reused=False, training=facts)


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """The folder to train in, the same one again after a kill.

    Of two runs that train the same at this moment the second gets a folder of its own.
    """
    mine = folder.with_name(f"{folder.name}{UNFINISHED}")
    mine.mkdir(exist_ok=True)
    lock = os.open(mine, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=UNFINISHED, dir=mine.parent))
    else:
        yield mine
    finally:
        os.close(lock)


def checkpoints_folder(desk: Desk, gold: Gold, kind: Kind) -> Path:
    """Where a training that was killed left what the next one with the same key goes on from."""
    return kind_folder(desk, kind) / CHECKPOINTS / training_key(desk, gold, kind)


def remove_abandoned(folder: Path) -> None:
    """What killed trainings left behind and nobody went on with."""
    unfinished = ((left, ABANDONED_SECONDS) for left in folder.glob(f"*{UNFINISHED}"))
    checkpoints = ((left, CHECKPOINTS_SECONDS) for left in folder.glob(f"{CHECKPOINTS}/*"))
    for left, seconds in (*unfinished, *checkpoints):
        if time.time() - left.stat().st_mtime > seconds:
            shutil.rmtree(left, ignore_errors=True)


def refuse_leaks(gold: Gold) -> None:
    """A near-duplicate in two splits stops training: its scores would be too good."""
    found = leaks(
        [r.article for r in gold.reviewed], {r.article.id: r.split for r in gold.reviewed}
    )
    if found:
        raise DeskError(
            f"{len(found)} near-duplicate pairs stand in different splits, the first: "
            f"{found[0][0]} and {found[0][1]}.",
            "Discard one article of each pair in Argilla, then run copydesk pull --full.",
        )
