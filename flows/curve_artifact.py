"""The learning curve as a Prefect artifact."""

import base64

from prefect.artifacts import create_image_artifact, create_markdown_artifact

from flows.model_store import StoredModel
from publishing.parts import REWARDS_PICTURE

PICTURES = (
    ("learning_curve.png", "curve", "Learning curve"),
    (REWARDS_PICTURE, "rewards", "Rewards during GRPO"),
)


def show_training(desk_name: str, kind: str, stored: StoredModel) -> None:
    """The curve as a picture, and in words what it says."""
    facts = stored.training
    key = f"{desk_name}-{kind}".replace("_", "-")
    for name, what, said in PICTURES:
        if (stored.folder / name).exists():
            picture = base64.b64encode((stored.folder / name).read_bytes()).decode()
            create_image_artifact(
                image_url=f"data:image/png;base64,{picture}",
                description=f"{said} of the {kind} model of {desk_name}. {facts['diagnosis']}",
                key=f"{key}-{what}",
            )
    done = "Found from an earlier run" if stored.reused else f"Trained in {facts['seconds']:.0f} s"
    create_markdown_artifact(
        markdown=f"**{kind} model of {desk_name}.** {done}, {facts['examples']} examples, "
        f"seed {facts['seed']}, training key `{stored.key}`.\n\n{facts['diagnosis']}\n",
        key=f"{key}-training",
    )
