"""The faults a publish is put through, as one table: for the tests, and for docs/publishing.md."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.publishing.fault_proxy import Answer, Fault

COMMIT, TAG = r"/commit/main", r"/api/datasets/[^/]+/[^/]+/tag/"
REPOSITORY = r"/api/datasets/[^/]+/[^/?]+(\?|$)"
LOST = Answer(0)
# The client's patience in the tests, and a silence that is longer.
ANSWER_SECONDS, SILENCE_SECONDS = 2.0, 3.0


@dataclass(frozen=True)
class Case:
    """``happens`` is what a reader of the documentation is told; "succeeds" counts as published.

    ``attempts`` of the commit are seen by the Hub or the proxy.
    """

    name: str
    happens: str
    make: Callable[[Callable[[], None]], list[Fault]]
    succeeds: bool = True
    attempts: int = 1


def _once(method: str, path: str, answer: Answer | None, **more: object) -> list[Fault]:
    return [Fault(method, path, answer, **more)]  # type: ignore[arg-type]


def _soon() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


CASES = [
    Case("500 before the commit", "sent again",
         lambda _: _once("POST", COMMIT, Answer(500)), attempts=2),
    Case("503 after the commit", "head is read again, nothing is sent twice",
         lambda _: _once("POST", COMMIT, Answer(503), forward="all")),
    Case("connection lost before the commit", "sent again",
         lambda _: _once("POST", COMMIT, LOST), attempts=2),
    Case("connection lost in the middle of the commit", "the Hub drops the half; sent again",
         lambda _: _once("POST", COMMIT, LOST, forward="half"), attempts=2),
    Case("answer to the commit lost", "head is read again, nothing is sent twice",
         lambda _: _once("POST", COMMIT, LOST, forward="all")),
    Case("no answer to the commit, which never arrived", "the client gives up waiting; sent again",
         lambda _: _once("POST", COMMIT, LOST, delay_seconds=SILENCE_SECONDS), attempts=2),
    Case("no answer to the commit, which arrived", "head is read again, nothing is sent twice",
         lambda _: _once("POST", COMMIT, LOST, forward="all", delay_seconds=SILENCE_SECONDS)),
    Case("somebody else commits in between (412)", "compared and merged anew, theirs stays",
         lambda other: [Fault("POST", COMMIT, None, before=other)], attempts=2),
    Case("429 with Retry-After in seconds", "waits as long as asked",
         lambda _: _once("POST", COMMIT, Answer(429, {"Retry-After": "1"})), attempts=2),
    Case("429 with Retry-After as a date", "waits until then",
         lambda _: _once("POST", COMMIT, Answer(429, {"Retry-After": _soon()})), attempts=2),
    Case("504 when the repository is made", "asked again",
         lambda _: _once("POST", "/api/repos/create", Answer(504))),
    Case("answer lost when the repository is made", "asked again, it is there",
         lambda _: _once("POST", "/api/repos/create", LOST, forward="all")),
    Case("500 while head is read", "read again",
         lambda _: _once("GET", r"/tree/", Answer(500))),
    Case("connection lost while uploads are announced", "announced again",
         lambda _: _once("POST", "/preupload/", LOST)),
    Case("a large file's upload breaks off", "the client sends it again",
         lambda _: _once("PUT", "/lfs-objects/", LOST, forward="half")),
    Case("a large file's signed address runs out (403)", "a new one is asked for",
         lambda _: _once("PUT", "/lfs-objects/", Answer(403))),
    Case("the repository is not found once although it is there (404)", "asked again",
         lambda _: _once("GET", REPOSITORY, Answer(404, {"X-Error-Code": "RepoNotFound"}))),
    Case("the last card is not found once although it is there (404)", "asked again",
         lambda _: _once("HEAD", r"README\.md", Answer(404, {"X-Error-Code": "EntryNotFound"}))),
    Case("an empty page instead of an answer to the commit, which never arrived", "sent again",
         lambda _: _once("POST", COMMIT, Answer(200)), attempts=2),
    Case("an empty page instead of an answer to the commit, which arrived",
         "head is read again, nothing is sent twice",
         lambda _: _once("POST", COMMIT, Answer(200), forward="all")),
    Case("524 of a proxy after the commit", "head is read again, nothing is sent twice",
         lambda _: _once("POST", COMMIT, Answer(524), forward="all")),
    Case("500 when the tag is set", "the commit stands; the tag is set next",
         lambda _: _once("POST", TAG, Answer(500))),
    Case("answer to the tag lost", "the tag is found, no second one is set",
         lambda _: _once("POST", TAG, LOST, forward="all")),
    Case("the Hub fails for good at the commit", "gives up and says so; the old version stays",
         lambda _: [Fault("POST", COMMIT, Answer(503), times=99)], succeeds=False, attempts=4),
    Case("no room on the Hub's disk (507)", "says so at once; the old version stays",
         lambda _: [Fault("POST", COMMIT, Answer(507), times=99)], succeeds=False),
    Case("no room for a large file (507)", "says so at once; the old version stays",
         lambda _: [Fault("PUT", "/lfs-objects/", Answer(507), times=99)],
         succeeds=False, attempts=0),
    Case("a large file is always refused", "gives up and says so; the old version stays",
         lambda _: [Fault("PUT", "/lfs-objects/", Answer(403), times=99)],
         succeeds=False, attempts=0),
    Case("the repository can never be made", "gives up and says so; the old version stays",
         lambda _: [Fault("POST", "/api/repos/create", Answer(503), times=99)],
         succeeds=False, attempts=0),
    Case("the last card cannot be read", "says so: the notes in it are not lost",
         lambda _: [Fault("HEAD", r"README\.md", Answer(501), times=99)],
         succeeds=False, attempts=0),
    Case("the last manifest cannot be read", "says so; the old version stays",
         lambda _: [Fault("HEAD", r"manifest\.json", Answer(501), times=99)],
         succeeds=False, attempts=0),
    Case("the Hub is gone", "says so; the old version stays",
         lambda _: [Fault("GET", "", LOST, times=99), Fault("POST", "", LOST, times=99)],
         succeeds=False, attempts=0),
]  # fmt: skip

# The publishing process is killed (kill -9) when the proxy sees this request.
KILLS = {
    "before the repository is made": ("POST", "/api/repos/create", "nothing"),
    "while a large file is sent": ("PUT", "/lfs-objects/", "half"),
    "after the large files": ("POST", COMMIT, "nothing"),
    "after the commit landed": ("POST", COMMIT, "all"),
    "after the tag was set": ("POST", TAG, "all"),
}

# Only after these does the next publish send the large file; else it has arrived.
UPLOAD_MISSING = {"before the repository is made", "while a large file is sent"}


def fault_table() -> str:
    """The table of docs/publishing.md."""
    rows = [f"| {case.name} | {case.happens} | nothing |" for case in CASES]
    rows += [
        f"| `kill -9` of the publishing process {when} | the next publish finishes it | nothing |"
        for when in KILLS
    ]
    return "\n".join(["| Fault | What happens | Lost or doubled |", "| --- | --- | --- |", *rows])
