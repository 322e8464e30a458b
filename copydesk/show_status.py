"""The tables of `copydesk status`."""

from collections.abc import Mapping, Sequence

from embedded.home import Home
from embedded.status import NEVER_STARTED, ManagerStatus, ProgramStatus

DATA = {
    "argilla_database": "Argilla database",
    "search_index": "search index",
    "redis": "Redis",
    "hub": "Hub",
    "prefect": "Prefect",
    "desk_state": "desk state",
    "models": "trained models",
    "logs": "logs",
    "other": "other",
    "total": "total",
}
Row = tuple[str, ...]


def show_status(
    home: Home,
    manager: ManagerStatus,
    programs: Sequence[ProgramStatus],
    sizes: Mapping[str, int],
) -> None:
    """Programs, what is wrong with them, and data sizes."""
    if manager.state == NEVER_STARTED:
        names = ", ".join(program.name for program in programs)
        print(f"{manager.problem}\nIt will run {names}, and build the search index again.")
    else:
        _show_programs(manager, programs)
    data = [(label, size_text(sizes[key])) for key, label in DATA.items()]
    print(f"\nDATA in {home.root}")
    print("\n".join(_aligned(data, right=(1,))))


def _show_programs(manager: ManagerStatus, programs: Sequence[ProgramStatus]) -> None:
    head = ("PROGRAM", "STATE", "HEALTH", "PID", "PORT", "MEMORY", "UPTIME", "RESTARTS")
    rows = [head, *(_row(program) for program in programs), _manager_row(manager)]
    print("\n".join(_aligned(rows, right=(3, 4, 5, 6, 7))))
    problems = [(p.name, p.problem) for p in programs if p.problem and manager.pid]
    if manager.problem:
        problems.append(("manager", manager.problem))
    for name, problem in problems:
        print(f"\n{name}: {problem}")


def size_text(size_bytes: int) -> str:
    """Bytes as people read them, in powers of ten."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def duration_text(seconds: int) -> str:
    """Two units at most: 42 s, 3 min 5 s, 2 h 3 min, 5 d 2 h."""
    steps = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for unit, length in steps:
        count, seconds = divmod(seconds, length)
        if count or parts:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def _row(program: ProgramStatus) -> Row:
    running = program.pid > 0
    return (
        program.name,
        program.state.lower(),
        "ok" if program.healthy else "not ok",
        str(program.pid) if running else "-",
        str(program.port) if program.port else "socket" if program.socket else "-",
        f"{program.memory_mb:.0f} MB" if running else "-",
        duration_text(program.uptime_seconds) if running else "-",
        str(program.restarts),
    )


def _manager_row(manager: ManagerStatus) -> Row:
    running = manager.pid > 0
    return (
        "manager",
        manager.state,
        "ok" if manager.healthy else "not ok",
        str(manager.pid) if running else "-",
        "socket",
        f"{manager.memory_mb:.0f} MB" if running else "-",
        duration_text(manager.uptime_seconds) if running else "-",
        str(manager.restarts),
    )


def _aligned(rows: Sequence[Row], right: Sequence[int]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
