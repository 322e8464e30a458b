"""The table of routes."""

import secrets
from pathlib import Path

from embedded.hub import (
    account_api,
    discussions,
    pages,
    repo_api,
    repo_pages,
    resolve_api,
    tree_api,
    upload_api,
    xet_api,
)
from embedded.hub.accounts import Accounts
from embedded.hub.blobs import BlobStore, Signer
from embedded.hub.hub import Hub
from embedded.hub.routing import Route, Router
from embedded.hub.store import open_store

GET, POST, PUT, DELETE = ("GET",), ("POST",), ("PUT",), ("DELETE",)
REPO = "/api/{kind}/{namespace}/{name}"

API_ROUTES = [
    Route(GET, "/healthz", account_api.health),
    Route(GET, "/api/whoami-v2", account_api.whoami),
    Route(POST, "/api/repos/create", repo_api.create_repo),
    Route(DELETE, "/api/repos/delete", repo_api.delete_repo),
    Route(POST, "/api/repos/move", repo_api.move_repo),
    Route(GET, "/api/settings/repositories", repo_api.list_own_repos),
    Route(GET, "/api/organizations/{namespace}/settings/repositories", repo_api.list_own_repos),
    Route(POST, "/api/validate-yaml", repo_api.validate_yaml),
    Route(GET, "/api/{kind}", repo_api.list_repos),
    Route(GET, REPO, repo_api.repo_info),
    Route(GET, REPO + "/revision/{revision}", repo_api.repo_info),
    Route(PUT, REPO + "/settings", repo_api.change_settings),
    Route(GET, REPO + "/auth-check", repo_api.auth_check),
    Route(GET, REPO + "/auth-check/write", repo_api.auth_check_write),
    Route(GET, REPO + "/tree/{revision}", tree_api.list_tree),
    Route(GET, REPO + "/tree/{revision}/{path...}", tree_api.list_tree),
    Route(POST, REPO + "/paths-info/{revision}", tree_api.paths_info),
    Route(GET, REPO + "/commits/{revision}", tree_api.list_commits),
    Route(GET, REPO + "/refs", tree_api.list_refs),
    Route(POST, REPO + "/branch/{revision}", tree_api.add_branch),
    Route(DELETE, REPO + "/branch/{revision}", tree_api.remove_branch),
    Route(POST, REPO + "/tag/{revision}", tree_api.add_tag),
    Route(DELETE, REPO + "/tag/{revision}", tree_api.remove_tag),
    Route(POST, REPO + "/discussions", discussions.open_discussion),
    Route(GET, REPO + "/discussions", discussions.list_discussions),
    Route(GET, REPO + "/discussions/{number}", discussions.discussion_details),
    Route(POST, REPO + "/super-squash/{revision}", tree_api.super_squash),
    Route(POST, REPO + "/preupload/{revision}", upload_api.preupload),
    Route(POST, REPO + "/commit/{revision}", upload_api.commit, streams=True),
    Route(GET, REPO + "/xet-write-token/{revision}", xet_api.write_token),
    Route(POST, "/v1/xorb-grants/{prefix}/{hash}", xet_api.grant_xorb, signed=True),
    Route(POST, "/v1/xorbs/{prefix}/{hash}", xet_api.put_xorb, streams=True, signed=True),
    Route(POST, "/v1/shards", xet_api.put_shard, streams=True, signed=True),
    Route(PUT, "/lfs-objects/{sha256}", upload_api.lfs_put, streams=True, signed=True),
]
PAGE_ROUTES = [
    Route(GET, "/", pages.home),
    Route(GET, "/login", pages.login),
    Route(GET, "/static/style.css", pages.stylesheet),
    Route(GET, "/{kind}", pages.home),
    Route(GET, "/{namespace}", pages.home),
]


def _repo_routes(prefix: str) -> list[Route]:
    repo = prefix + "/{namespace}/{name}"
    return [
        Route(POST, repo + "/info/lfs/objects/batch", upload_api.lfs_batch),
        Route(POST, repo + "/info/lfs/verify", upload_api.lfs_verify),
        Route(GET, repo + "/resolve/{revision}/{path...}", resolve_api.resolve),
        Route(GET, repo + "/tree/{revision}", repo_pages.tree_page),
        Route(GET, repo + "/tree/{revision}/{path...}", repo_pages.tree_page),
        Route(GET, repo + "/blob/{revision}/{path...}", repo_pages.blob_page),
        Route(GET, repo + "/commits/{revision}", repo_pages.commits_page),
        Route(GET, repo + "/commit/{revision}", repo_pages.commit_page),
        Route(GET, repo + "/viewer/{config}/{split}", repo_pages.repo_page),
        Route(GET, repo + "/discussions/{number}", repo_pages.proposal_page),
        Route(GET, repo, repo_pages.repo_page),
    ]


def build_app(root: Path, accounts: Accounts) -> Router:
    """The ASGI application over the repositories below `root`."""
    hub = Hub(
        store=open_store(root),
        blobs=BlobStore(root / "lfs", root / "incoming"),
        accounts=accounts,
        signer=Signer(secrets.token_bytes(32)),
    )
    repo_routes = _repo_routes("/{kind}") + _repo_routes("")
    return Router(hub, API_ROUTES + PAGE_ROUTES + repo_routes, pages.error_page)
