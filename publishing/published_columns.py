"""What readers of a published version count on: its column of topics, its class numbers."""

from collections.abc import Sequence

from corpus.desk import Desk
from corpus.errors import DeskError


def refuse_other_columns(desk: Desk, published_several: bool | None) -> None:
    """DeskError where readers of a published version would miss its column of topics."""
    if published_several is None or published_several == desk.labels.several_topics:
        return
    there, here = ("topics", "topic") if published_several else ("topic", "topics")
    raise DeskError(
        f"{desk.publish.dataset} is published with a column {there!r}, and would have {here!r} "
        f"instead: labels.several_topics is {str(desk.labels.several_topics).lower()} now.",
        "Name another repository in publish.dataset, then run copydesk publish.",
    )


def refuse_changed_classes(desk: Desk, topics: Sequence[str], entities: Sequence[str]) -> None:
    """DeskError where class numbers of a published version would mean something else now."""
    for key, old, new in (
        ("topics", topics, list(desk.labels.topics)),
        ("entities", entities, list(desk.labels.entities)),
    ):
        for number, label in enumerate(old):
            if new[number : number + 1] == [label]:
                continue
            there = f"is number {new.index(label)}" if label in new else "is gone"
            raise DeskError(
                f"{desk.publish.dataset} is published with {label!r} as number {number} of its "
                f"{key}, in labels.{key} of the desk it {there}: class numbers would change their "
                "meaning. New labels may only follow the published ones.",
                f"Restore the order {', '.join(old)} in labels.{key}, or name another repository "
                "in publish.dataset, then run copydesk publish.",
            )
