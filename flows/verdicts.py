"""What the gate decided, for people: on the terminal, as an artifact, in the table of rounds."""

from collections.abc import Sequence

from prefect.artifacts import create_markdown_artifact

from corpus.desk import Desk
from flows.gate import Judged
from publishing.manifest_parts import Estimate, ScoreDifference


def verdict_lines(judged: Judged) -> list[str]:
    """For the terminal; nothing of a model that was published before."""
    gate = judged.gate
    if gate is None or judged.is_published:
        return []
    head = f"Gate, {judged.repo_id}: {gate.verdict}"
    if gate.forced:
        head += ", and yet it goes out, as asked for"
    elif not judged.ships:
        head += f", {judged.published} stays" if judged.published else ", so it does not go out"
    return [head, *(f"  {reason}" for reason in gate.reasons)]


def show_verdicts(desk: Desk, judged: Sequence[Judged]) -> None:
    """Artifact: the verdicts with their figures, also where nothing ships."""
    parts = [part for one in judged for part in _markdown(one)]
    if parts:
        key = f"{desk.name}-gate".replace("_", "-")
        create_markdown_artifact(markdown="\n".join(parts), key=key)


def verdict_text(judged: Judged) -> str:
    """In a cell of the table of rounds."""
    gate = judged.gate
    if judged.is_published or gate is None:
        return f"{judged.published} is this model"
    difference = gate.overall.difference if gate.overall else None
    change = f": {gate.score} {_signed(difference)}" if difference else ""
    forced = " (published by hand)" if gate.forced else ""
    return f"{gate.verdict}{forced}{change}"


def _markdown(judged: Judged) -> list[str]:
    gate, head = judged.gate, verdict_lines(judged)[:1]
    if gate is None or not head:
        return []
    lines = [f"**{head[0]}**", "", *(f"- {reason}" for reason in gate.reasons), ""]
    shown = {gate.score: gate.overall, **{f"F1 of {k}": d for k, d in gate.labels.items()}}
    rows = [_markdown_row(name, d) for name, d in shown.items() if d is not None]
    if rows:
        lines += [f"| {gate.test_articles} test articles | {gate.against} | candidate |"]
        lines[-1] += " difference | support |"
        lines += ["| --- | ---: | ---: | ---: | ---: |", *rows, ""]
    return lines


def _markdown_row(name: str, d: ScoreDifference) -> str:
    safe = name.replace("|", "\\|")
    return f"| {safe} | {d.old:.3f} | {d.new:.3f} | {_signed(d.difference)} | {d.support} |"


def _signed(d: Estimate) -> str:
    return f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"
