"""`copydesk users`: accounts and workspaces of the embedded Argilla."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from embedded.errors import ServiceError
from embedded.home import Home, default_home

if TYPE_CHECKING:
    from embedded.users import Secrets, UserRow

users = typer.Typer(
    name="users",
    help="Accounts and workspaces of the embedded Argilla; the server may run or not.",
    no_args_is_help=True,
)

DEFAULT_WORKSPACE = "copydesk"

NameArgument = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
NamesArgument = Annotated[list[str], typer.Argument(metavar="NAME…", show_default=False)]
WorkspaceOption = Annotated[
    list[str] | None, typer.Option("--workspace", "-w", help="An existing workspace; repeatable.")
]
DeskOption = Annotated[
    Path | None,
    typer.Option("--desk", help="The workspace of this desk, which is made if it is missing."),
]
ShowOption = Annotated[bool, typer.Option("--show", help="Print the new secrets, once.")]


@users.command()
def add(
    name: NameArgument,
    role: Annotated[str, typer.Option(help="owner, admin or annotator.")] = "annotator",
    workspace: WorkspaceOption = None,
    desk: DeskOption = None,
    show: ShowOption = False,
) -> None:
    """A new account with random password and API key; without a workspace, in `copydesk`."""
    from embedded.users import add_user

    home = _own_home()
    places = _workspaces(workspace, desk) or [DEFAULT_WORKSPACE]
    made = add_user(home, name, role, places, make_workspaces=desk is not None)
    print(f"{role} {name} was added to workspace {', '.join(places)}, and sees every desk in it.")
    _say_where(home, made, show)


@users.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Accounts, roles, workspaces, answers; never a password or key."""
    from embedded.users import list_users

    rows = list_users(_own_home())
    if as_json:
        print(json.dumps([_as_dict(row) for row in rows], indent=2))
        return
    print(f"{'name':24} {'role':10} {'answers':>8}  workspaces")
    for row in rows:
        places = "all" if row.role == "owner" else ", ".join(row.workspaces) or "none"
        print(f"{row.username:24} {row.role:10} {row.answers:8}  {places}")


@users.command()
def rotate(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", show_default=False)] = None,
    key: Annotated[bool, typer.Option("--key", help="Only the API key.")] = False,
    password: Annotated[bool, typer.Option("--password", help="Only the password.")] = False,
    all_sessions: Annotated[
        bool, typer.Option("--all-sessions", help="Sign everybody out: a new secret key.")
    ] = False,
    show: ShowOption = False,
) -> None:
    """New secrets; the old ones and the account's open sessions end at once."""
    from embedded.users import end_all_sessions, rotate_user

    home = _own_home()
    if name is None and not all_sessions:
        raise ServiceError("Whose secrets?", "copydesk users rotate NAME, or --all-sessions")
    if all_sessions:
        end_all_sessions(home)
        print("Everybody must sign in again. API keys stay as they are.")
    if name is not None:
        wanted = {"password": password, "api_key": key}
        what = [kind for kind, asked in wanted.items() if asked] or list(wanted)
        made = rotate_user(home, name, what)
        print(f"{name} has a new {' and '.join(what).replace('api_key', 'API key')}.")
        _say_where(home, made, show, what)
        if name == "owner" and "api_key" in what and "ARGILLA_API_KEY" in os.environ:
            print('This shell holds the old key: eval "$(copydesk env)"')


@users.command()
def remove(
    name: NameArgument,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete their answers in Argilla too.")
    ] = False,
    keep_answers: Annotated[
        bool, typer.Option("--keep-answers", help="Lock the account instead, and keep them.")
    ] = False,
) -> None:
    """Remove an account. One with answers needs --keep-answers or --yes."""
    from embedded.users import remove_user

    if yes and keep_answers:
        raise ServiceError("--yes deletes answers, --keep-answers keeps them.", "Give one of them.")
    kept = remove_user(_own_home(), name, "keep" if keep_answers else "delete" if yes else "refuse")
    if keep_answers:
        print(f"{name} is locked: no password or key fits any more. {kept} answers stay.")
    else:
        print(f"{name} was removed.")


@users.command()
def assign(
    names: NamesArgument, workspace: WorkspaceOption = None, desk: DeskOption = None
) -> None:
    """Let accounts work in a workspace, or in a desk's."""
    from embedded.users import assign_users

    places = _require_places(workspace, desk)
    assign_users(_own_home(), names, places, make_workspaces=desk is not None)
    print(f"{', '.join(names)} may work in {', '.join(places)}.")


@users.command()
def unassign(
    names: NamesArgument, workspace: WorkspaceOption = None, desk: DeskOption = None
) -> None:
    """Take accounts out of a workspace; their answers stay."""
    from embedded.users import unassign_users

    places = _require_places(workspace, desk)
    unassign_users(_own_home(), names, places)
    print(f"{', '.join(names)} may no longer work in {', '.join(places)}.")


def _own_home() -> Home:
    """The home whose server this manages; refuses where Argilla is somebody else's."""
    from embedded.services import is_users_own

    home = default_home()
    if is_users_own(home, "argilla"):
        raise ServiceError(
            f"ARGILLA_API_URL names another server ({os.environ['ARGILLA_API_URL']}); "
            f"copydesk users manages only the embedded one of {home.root}.",
            "Unset ARGILLA_API_URL, or manage that server's users with its own tools.",
        )
    return home


def _workspaces(workspace: list[str] | None, desk: Path | None) -> list[str]:
    if desk is None:
        return list(workspace or ())
    from corpus.desk import read_desk

    return [*(workspace or ()), read_desk(desk).workspace]


def _require_places(workspace: list[str] | None, desk: Path | None) -> list[str]:
    places = _workspaces(workspace, desk)
    if not places:
        raise ServiceError("Which workspace?", "Pass --workspace NAME or --desk FILE.")
    return places


def _say_where(
    home: Home, made: "Secrets", show: bool, what_changed: Sequence[str] = ("password", "api_key")
) -> None:
    from embedded.services import exports

    if url := exports(home).get("ARGILLA_API_URL"):
        print(f"Sign in  {url}/sign-in")
    print(f"Secrets  {home.accounts}")
    if show:
        for what, label in (("password", "password"), ("api_key", "API key")):
            if what in what_changed and (value := getattr(made, what)):
                print(f"{label:8} {value}")


def _as_dict(row: "UserRow") -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__slots__}
