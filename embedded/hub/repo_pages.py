"""Pages of one repository: its card, files, history and single commits."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from dulwich.objects import Commit
from dulwich.repo import Repo
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from embedded.hub.card import tags_of
from embedded.hub.changes import changed_files
from embedded.hub.data_preview import Wanted, content_of, data_preview, table_of
from embedded.hub.errors import entry_not_found
from embedded.hub.git_read import (
    Entry,
    commit_author,
    commit_description,
    commit_time,
    commit_title,
    find_entry,
    history,
    last_commits,
    read_blob,
    read_folder,
    read_revision,
    references,
)
from embedded.hub.names import PROPOSALS, RepoId
from embedded.hub.render import markdown_html, page
from embedded.hub.routing import Call
from embedded.hub.summaries import card_of
from embedded.hub.usage import facts, models_trained_on, snippet

TEXT_MAX_BYTES = 512 * 1024
RENDERED_MAX_CHARACTERS = 200_000
_FILTER = re.compile(r"f\[(.+)\]\[value\]")
COMMITS_SHOWN = 100
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")


@dataclass(frozen=True, slots=True)
class CommitLine:
    """A commit as the pages show it; `tags` are the git tags that point at it."""

    sha: str
    title: str
    description: str
    author: str
    time: str
    tags: tuple[str, ...] = ()


def repo_page(call: Call) -> Response:
    """The card, a preview of the data, and what one wants to know at a glance."""
    repo_id = call.readable_repo()
    with call.hub.store.opened(repo_id) as repo:
        commit = read_revision(repo, "main")
        card = card_of(repo, commit)
        entries = [e for e in read_folder(repo, commit, "", True) if not e.is_folder]
        preview = None
        if repo_id.kind == "datasets":
            query = call.request.query_params
            # The Hub's own addresses of a row are /viewer/<config>/<split>?row=<n>,
            # or /viewer/<config>/<split>?f[<column>][value]='<text>'.
            wanted = Wanted(
                call.params.get("config") or query.get("config"),
                call.params.get("split") or query.get("split"),
                call.number("row", 0, 2**31),
                _where(query.items()),
            )
            preview = data_preview(call.hub.blobs, repo, entries, card.metadata, wanted)
        values = _frame(call, repo_id, repo, commit, "main", "card")
    return page(
        "card.html",
        **values,
        card_html=_card_html(card.body, repo_id),
        card_errors=card.errors,
        chips=tags_of(card.metadata),
        facts=facts(call, card.metadata),
        trained_here=models_trained_on(call, repo_id) if repo_id.kind == "datasets" else [],
        snippet=snippet(repo_id, card.metadata, values["git_tags"]),
        file_count=len(entries),
        total_bytes=sum(entry.size for entry in entries),
        preview=preview,
    )


def _card_html(text: str, repo_id: RepoId) -> Markup | None:
    """None for one that is too long: a page of a megabyte takes the renderer half a minute."""
    if len(text) > RENDERED_MAX_CHARACTERS:
        return None
    return markdown_html(text, repo_id.url_path, "main")


def _where(query: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Column and value of a filter; texts stand between quotes."""
    for key, value in query:
        if found := _FILTER.fullmatch(key):
            quoted = len(value) > 1 and value[0] == value[-1] == "'"
            return found[1], value[1:-1].replace("''", "'") if quoted else value
    return None


def tree_page(call: Call) -> Response:
    repo_id, revision = call.readable_repo(), call.params["revision"]
    path = call.params.get("path", "").strip("/")
    with call.hub.store.opened(repo_id) as repo:
        commit = read_revision(repo, revision)
        entries = sorted(read_folder(repo, commit, path), key=lambda e: (not e.is_folder, e.path))
        lasts = last_commits(repo, commit, entries)
        values = _frame(call, repo_id, repo, commit, revision, "files")
    lines = {name: _line(last) for name, last in lasts.items()}
    return page("tree.html", **values, entries=entries, lasts=lines, crumbs=_crumbs(path))


def proposal_page(call: Call) -> Response:
    """Where clients send people after they proposed a change: to its commits."""
    reference = f"{PROPOSALS}{call.params['number']}"
    return RedirectResponse(f"{call.readable_repo().url_path}/commits/{quote(reference, safe='')}")


def blob_page(call: Call) -> Response:
    """One file: Parquet as a table, images as such, markdown rendered, text with its lines."""
    repo_id, revision = call.readable_repo(), call.params["revision"]
    path = call.params["path"]
    with call.hub.store.opened(repo_id) as repo:
        commit = read_revision(repo, revision)
        entry = find_entry(repo, commit, path)
        if entry is None or entry.is_folder:
            raise entry_not_found(path)
        is_parquet = path.endswith(".parquet")
        table = table_of(content_of(call.hub.blobs, repo, entry), path) if is_parquet else None
        text = _text(repo, entry)
        values = _frame(call, repo_id, repo, commit, revision, "files")
        last = _line(last_commits(repo, commit, [entry])[path])
    folder = str(PurePosixPath(path).parent).strip(".")
    is_short = text is not None and len(text) <= RENDERED_MAX_CHARACTERS
    is_markdown = path.lower().endswith(".md") and is_short
    html = markdown_html(text or "", repo_id.url_path, revision, folder) if is_markdown else None
    is_image = path.lower().endswith(IMAGES)
    return page(
        "blob.html",
        **values,
        entry=entry,
        last=last,
        crumbs=_crumbs(path),
        table=table,
        html=html,
        text=None if is_image else text,
        is_image=is_image,
    )


def commits_page(call: Call) -> Response:
    repo_id, revision = call.readable_repo(), call.params["revision"]
    with call.hub.store.opened(repo_id) as repo:
        commit = read_revision(repo, revision)
        tags = _tags_by_commit(repo)
        lines = [_line(item, tags) for item in history(repo, commit)]
        values = _frame(call, repo_id, repo, commit, revision, "commits")
    shown = lines[:COMMITS_SHOWN]
    return page("commits.html", **values, lines=shown, hidden=len(lines) - len(shown))


def commit_page(call: Call) -> Response:
    """What one commit changed, with the differences of text files."""
    repo_id, revision = call.readable_repo(), call.params["revision"]
    with call.hub.store.opened(repo_id) as repo:
        commit = read_revision(repo, revision)
        changes = changed_files(repo, commit)
        line = _line(commit, _tags_by_commit(repo))
        values = _frame(call, repo_id, repo, commit, revision, "commits")
    return page("commit.html", **values, line=line, changes=changes)


def _frame(
    call: Call, repo_id: RepoId, repo: Repo, commit: Commit, revision: str, tab: str
) -> dict[str, Any]:
    """Values of the head that all pages of a repository share."""
    return {
        "repo": repo_id,
        "account": call.account,
        "private": call.hub.store.settings(repo_id).private,
        "base_url": call.base_url,
        "revision": revision,
        "head": _line(commit),
        "branches": [name for name, _ in references(repo, "refs/heads/")],
        "git_tags": [name for name, _ in references(repo, "refs/tags/")],
        "tab": tab,
    }


def _line(commit: Commit, tags: dict[str, list[str]] | None = None) -> CommitLine:
    sha = commit.id.decode()
    return CommitLine(
        sha,
        commit_title(commit),
        commit_description(commit),
        commit_author(commit),
        commit_time(commit),
        tuple((tags or {}).get(sha, ())),
    )


def _tags_by_commit(repo: Repo) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {}
    for name, commit in references(repo, "refs/tags/"):
        tags.setdefault(commit.id.decode(), []).append(name)
    return tags


def _crumbs(path: str) -> list[tuple[str, str]]:
    """(name, path) of every folder on the way, the last one included."""
    parts = [part for part in path.split("/") if part]
    return [(part, "/".join(parts[: i + 1])) for i, part in enumerate(parts)]


def _text(repo: Repo, entry: Entry) -> str | None:
    """The text of an ordinary file of modest size, None for anything else."""
    if entry.pointer is not None or entry.size > TEXT_MAX_BYTES:
        return None
    content = read_blob(repo, entry.oid)
    return None if b"\0" in content else content.decode("utf-8", "replace")
