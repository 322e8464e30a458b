"""The section of docs/benchmarks.md about entity models."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.tables import measured, missed

OVER_CRF, OVER_PLAIN = 0.08, 0.03


def entities_table(found: Mapping[str, Any]) -> list[str]:
    """Mean and spread over the seeds, CPU seconds, both beside the references."""
    by_method: dict[str, list[Mapping[str, Any]]] = {}
    for run in found["runs"]:
        by_method.setdefault(run["method"], []).append(run)
    means = {method: _mean(runs, "f1") for method, runs in by_method.items()}
    plain_cpu = _mean(by_method[_plain(means)], "cpu_seconds")
    seeds = sorted({run["seed"] for run in found["runs"]})
    how = (
        f"{found['sentences']:,} training sentences, {found['test']:,} test sentences, seeds "
        f"{', '.join(map(str, seeds))}, {found['threads']} threads of torch"
    )
    return [
        measured(found, how),
        "",
        "| method | F1: mean (each seed) | over the CRF | over plain | CPU s | of plain's "
        "| plain pipeline: F1, same spans |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(
            _row(method, runs, means, plain_cpu)
            for method, runs in sorted(by_method.items(), key=lambda item: means[item[0]])
        ),
    ]


def _row(
    method: str, runs: Sequence[Mapping[str, Any]], means: Mapping[str, float], plain_cpu: float
) -> str:
    cpu = _mean(runs, "cpu_seconds")
    over_crf, over_plain = (means[method] - means[name] for name in ("crf", _plain(means)))
    wanted = method == "ours"
    each = ", ".join(f"{run['f1']:.3f}" for run in runs)
    cells = [
        method,
        f"{means[method]:.3f} ({each})",
        f"{over_crf:+.3f}" + (missed(over_crf >= OVER_CRF) if wanted else ""),
        f"{over_plain:+.3f}" + (missed(over_plain >= OVER_PLAIN) if wanted else ""),
        f"{cpu:.0f}",
        f"{cpu / plain_cpu:.2f}" + (missed(cpu <= plain_cpu) if wanted else ""),
        _pipeline(runs),
    ]
    return f"| {' | '.join(cells)} |"


def _plain(means: Mapping[str, float]) -> str:
    """The plain fine-tuning that counts; the cheaper one where only that was measured."""
    return "plain" if "plain" in means else "plain, padded to the batch"


def _pipeline(runs: Sequence[Mapping[str, Any]]) -> str:
    if runs[0]["pipeline_f1"] is None:
        return ""
    return f"{_mean(runs, 'pipeline_f1'):.3f}, {_mean(runs, 'pipeline_same_spans'):.1%}"


def _mean(runs: Sequence[Mapping[str, Any]], name: str) -> float:
    return float(statistics.mean(run[name] for run in runs))
