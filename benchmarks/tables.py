"""Markdown tables of the results files."""

from collections.abc import Mapping
from typing import Any


def logging_table(found: Mapping[str, Any]) -> list[str]:
    """Medians of both launchers for each client, and their ratios."""
    lines = [
        measured(found, f"{found['records']:,} records a turn, {found['rounds']} rounds"),
        "",
        "| client | | ours | stock | ratio | wanted |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for client, values in found["clients"].items():
        for key, title, ratio, wanted in (
            ("server_cpu", "server CPU s per 1,000 records", "cpu_ratio", "≤ .167"),
            ("records_per_second", "records per second", "speed_ratio", "≥ 5"),
            ("client_cpu", "client CPU s per 1,000 records", "", ""),
        ):
            ours, stock = values[f"ours_{key}"], values[f"stock_{key}"]
            shown = f"{values[ratio]:.3g}" + missed(values[f"{ratio}_met"]) if ratio else ""
            lines.append(f"| {client} | {title} | {ours:.4g} | {stock:.4g} | {shown} | {wanted} |")
    return lines


def large_table(found: Mapping[str, Any]) -> list[str]:
    """Each question's latency; then load, memory, disk and restart."""
    lines = [
        measured(found, f"{found['repetitions']} repetitions, asked in turn"),
        "",
        "| the UI asks for | hits | median ms | p95 ms | server CPU ms | wanted |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in found["questions"]:
        hits = "" if row["total"] is None else f"{row['total']:,}"
        wanted = "< 250" + missed(row["met"]) if row["required"] else ""
        lines.append(
            f"| {row['name']} | {hits} | {row['median']:.0f} | {row['p95']:.0f} "
            f"| {row['cpu_ms']} | {wanted} |"
        )
    memory, loaded = found["memory_mb"], found["memory_mb_after_load"]
    files = {name: mb for name, mb in found["files_mb"].items() if mb >= 1}
    return [
        *lines,
        "",
        "| | |",
        "| --- | ---: |",
        f"| records, of them with a vector of 384 | {found['records']:,}, {found['vectors']:,} |",
        *_loading(found),
        f"| answers of three annotators | {found['answers']:,} |",
        f"| memory of the server after the load | {loaded['now']:.0f} MB |",
        f"| memory of the server after all questions (wanted: < 500 MB) "
        f"| {memory['now']:.0f} MB{missed(memory['now'] < 500)}, "
        f"at its highest {memory['peak']:.0f} MB |",
        *(f"| {name} | {mb:.0f} MB |" for name, mb in files.items()),
        f"| from `kill -9` of the server until it answers again | {found['restart_seconds']} s |",
    ]


def _loading(found: Mapping[str, Any]) -> list[str]:
    """Nothing where the data was there already."""
    count, seconds = found["loaded_now"], found["load_seconds"]
    return [f"| loading {count:,} of them | {seconds} s |"] if count else []


def annotators_table(found: Mapping[str, Any]) -> list[str]:
    """Both shifts side by side."""
    shifts = list(found["shifts"].values())
    rows: list[tuple[str, Any]] = [
        ("answers acknowledged", lambda s: s["acknowledged"]),
        ("answers lost, doubled, of another value", _faulty_answers),
        ("errors", lambda s: len(s["faults"])),
        ("answering: median, p95, max ms", lambda s: _latency(s["answering_ms"])),
        ("fetching ten records: median, p95, max ms", lambda s: _latency(s["fetching_ms"])),
        ("records logged meanwhile", lambda s: s["records_logged"]),
        ("records there, found by their text", lambda s: f"{s['records']}, {s['searchable']}"),
        ("seconds without the server", lambda s: s["down_seconds"] or "none"),
        ("requests sent again", lambda s: s["requests_sent_again"]),
        ("answers that had arrived without acknowledgement", lambda s: s["answers_found_there"]),
    ]
    return [
        measured(found, f"{found['annotators']} annotators, {found['seconds']:.0f} s a shift"),
        "",
        "| | undisturbed | `kill -9` of the server |",
        "| --- | ---: | ---: |",
        *(f"| {title} | {' | '.join(str(value(s)) for s in shifts)} |" for title, value in rows),
    ]


def hub_table(found: Mapping[str, Any]) -> list[str]:
    """Medians of each case, and the greatest memory of the server in any round."""
    cases, most = found["cases"], found["memory_at_most_mb"]
    rows = [
        *(_transfer(f"{name}, {found['large_mb']} MB", cases[name]) for name in ("LFS", "Xet")),
        *(
            (
                f"{name}, {found['large_mb']} MB: stored by then, sent by the next publish",
                f"{case['stored_mb']:.0f}, {case['sent_by_the_next_mb']:.0f} MB",
            )
            for name, case in cases.items()
            if "stored_mb" in case
        ),
        ("1,500 small files in one commit", f"{cases['small files']['seconds']:.2f} s"),
        ("listing them", f"{cases['small files']['list_seconds']:.2f} s"),
        ("8 writers × 5 commits, each with a parent check", f"{cases['writers']['seconds']:.1f} s"),
        ("commits refused (412) and tried again, at most", f"{cases['writers']['refused']:.0f}"),
        ("commits lost", f"{cases['writers']['lost']:.0f}"),
        (
            f"slowest page of a data set of one Parquet file, {found['large_mb']} MB",
            f"{cases['pages']['slowest_page_seconds']:.2f} s",
        ),
        *(
            (
                f"peak memory of the server: {name} (wanted: < {most} MB)",
                f"{case['peak_mb']:.0f} MB{missed(case['peak_mb'] < most)}",
            )
            for name, case in cases.items()
        ),
    ]
    return [
        measured(found, f"medians of {found['rounds']} rounds"),
        "",
        "| | |",
        "| --- | ---: |",
        *(f"| {title} | {value} |" for title, value in rows),
    ]


def _transfer(title: str, case: Mapping[str, float]) -> tuple[str, str]:
    return (
        f"{title}: up, down (reading, hashing and writing it in one process)",
        f"{case['upload_mb_s']:.0f}, {case['download_mb_s']:.0f} "
        f"({case['yardstick_mb_s']:.0f}) MB/s",
    )


def _faulty_answers(shift: Mapping[str, Any]) -> str:
    return ", ".join(str(shift[key]) for key in ("lost", "doubled", "other_value"))


def _latency(spread: Mapping[str, float]) -> str:
    return f"{spread['median']:.0f}, {spread['p95']:.0f}, {spread['max']:.0f}"


def measured(found: Mapping[str, Any], how: str) -> str:
    """When, with which code, and how a table was measured."""
    code = f"`{found['revision']}`" + (" with changes" if found["changed_code"] else "")
    return (
        f"Measured on {found['measured_at'][:10]} at revision {code}: {how}. {found['cores']} "
        f"cores, Python {found['python']}, load average {found['load_average']} before."
    )


def missed(met: bool) -> str:
    """What is said behind a figure that misses what is wanted."""
    return "" if met else " (missed)"
