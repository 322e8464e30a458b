"""The learning curve as a Prefect artifact."""

import base64

from prefect.artifacts import create_image_artifact, create_markdown_artifact

from flows.model_store import StoredModel


def show_training(desk_name: str, kind: str, stored: StoredModel) -> None:
    """The curve as a picture, and in words what it says."""
    facts = stored.training
    picture = base64.b64encode((stored.folder / "learning_curve.png").read_bytes()).decode()
    key = f"{desk_name}-{kind}".replace("_", "-")
    create_image_artifact(
        image_url=f"data:image/png;base64,{picture}",
        description=f"Learning curve of the {kind} model of {desk_name}. {facts['diagnosis']}",
        key=f"{key}-curve",
    )
    done = "Found from an earlier run" if stored.reused else f"Trained in {facts['seconds']:.0f} s"
    create_markdown_artifact(
        markdown=f"**{kind} model of {desk_name}.** {done}, {facts['examples']} examples, "
        f"seed {facts['seed']}, training key `{stored.key}`.\n\n{facts['diagnosis']}\n",
        key=f"{key}-training",
    )
