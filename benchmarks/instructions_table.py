"""The section of docs/benchmarks.md about instruction models."""

from collections.abc import Mapping
from typing import Any

from benchmarks.tables import measured, missed

NAMES = {
    "json_validity": "valid JSON",
    "schema_validity": "keeps the schema",
    "topic_accuracy": "topic right",
    "entity_f1": "entity F1 (text and type)",
    "hallucinated": "entities not in the text",
    "named_nothing": "named none where there are some",
    "perplexity": "perplexity of right answers",
}
CPU_SECONDS, VALID, TOPIC, PERPLEXITY = 600, 0.98, 0.70, 0.1


def instructions_table(found: Mapping[str, Any]) -> list[str]:
    """A table a task: base, SFT, GRPO and, where they were trained, the classifiers."""
    lines = [measured(found, f"{found['threads']} threads of torch")]
    for run in found["runs"]:
        lines += ["", *_task(run)]
    return lines


def _task(run: Mapping[str, Any]) -> list[str]:
    scores = dict(run["scores"])
    if "classifiers" in run:
        scores["classifiers"] = run["classifiers"]["scores"]
    columns = [name for name in ("base", "sft", "grpo", "classifiers") if name in scores]
    heads = {"base": "base", "sft": "SFT", "grpo": "GRPO", "classifiers": "topic and entity model"}
    gained = run["grpo_difference"]
    return [
        f"**{run['task']}**, seed {run['seed']}: {run['examples']:,} articles, {run['steps']} "
        f"steps of {run['batch']}; {run['test']} test articles, the most frequent topic has "
        f"{run['majority']:.3f} of them. {_cpu(run)}",
        "",
        f"| | {' | '.join(heads[name] for name in columns)} |",
        f"| --- | {' | '.join('---:' for _ in columns)} |",
        *(
            _row(key, label, scores, columns, run)
            for key, label in NAMES.items()
            # What a task does not ask has no score of any model.
            if any(key in scores[name] for name in columns)
        ),
        "",
        f"GRPO against SFT, F1 of all that answers say, paired: {_interval(gained, signed=True)}. "
        f"{run['grpo_curve']}",
    ]


def _cpu(run: Mapping[str, Any]) -> str:
    sft = run["sft_cpu_seconds"]
    said = f"Base and SFT {sft:.0f} CPU s{missed(sft <= CPU_SECONDS)}, GRPO "
    said += f"{run['grpo_cpu_seconds']:.0f}"
    if "classifiers" in run:
        said += f", topic and entity model {run['classifiers']['cpu_seconds']:.0f}"
    return f"{said}."


def _row(
    key: str,
    label: str,
    scores: Mapping[str, Mapping[str, Any]],
    columns: list[str],
    run: Mapping[str, Any],
) -> str:
    cells = []
    for name in columns:
        value = scores[name].get(key)
        cell = "" if value is None else _interval(value)
        cells.append(cell + (_verdict(key, scores, run) if name == "sft" and value else ""))
    return f"| {label} | {' | '.join(cells)} |"


def _verdict(key: str, scores: Mapping[str, Mapping[str, Any]], run: Mapping[str, Any]) -> str:
    """Whether SFT reached what was wanted of it."""
    value = scores["sft"][key]
    if key in ("json_validity", "schema_validity"):
        return missed(value["value"] >= VALID)
    if key == "topic_accuracy":
        return missed(value["value"] >= TOPIC and value["low"] > run["majority"])
    if key == "perplexity":
        return missed(value["value"] <= PERPLEXITY * scores["base"]["perplexity"]["value"])
    return ""


def _interval(value: Mapping[str, float], signed: bool = False) -> str:
    form = "+.3f" if signed else ".3f"
    if value["value"] >= 1000:
        return f"{value['value']:,.0f}"
    low, high = (format(value[name], form) for name in ("low", "high"))
    return f"{value['value']:{form}} [{low}, {high}]"
