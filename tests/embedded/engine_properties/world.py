"""A data set with records at random, changed at random, and what is asked of it."""

from typing import Any

from hypothesis import strategies as st

from tests.embedded.engine_properties.oracle import Oracle
from tests.embedded.engine_properties.schema import Made
from tests.embedded.engine_properties.server import USERS, Server, read_database
from tests.embedded.engine_properties.strategies import Json, change, record, response
from tests.embedded.engine_properties.text_oracle import TextOracle


class World:
    """One data set on the server; ``oracle`` is made anew after every change."""

    def __init__(self, server: Server, made: Made, data: st.DataObject) -> None:
        self.server = server
        self.made = made
        self.data = data
        self.base = f"datasets/{made.id}"
        self.oracle = Oracle(made)

    def fill(self) -> None:
        """Log records in place of those of the last example."""
        self.delete(list(self.oracle.documents))
        user_ids = [str(user.id) for user in self.server.users.values()]
        bodies = self.data.draw(st.lists(record(self.made, user_ids), min_size=1, max_size=7))
        named = self.data.draw(st.integers(0, len(bodies)))
        for number, body in enumerate(bodies[:named]):
            body["external_id"] = f"x{number}"
        self.server.call("POST", f"{self.base}/records/bulk", {"items": bodies})
        self.look()

    def look(self) -> None:
        """Read what the tables hold now."""
        self.oracle = Oracle(self.made)
        self.texts = TextOracle(self.made.schema, list(self.oracle.documents.values()))

    def change(self) -> None:
        """Log again, answer, take back or delete."""
        for step in self.data.draw(st.lists(st.sampled_from(CHANGES), max_size=4)):
            ids = list(self.oracle.documents)
            if ids:
                step(self, self.data.draw(st.sampled_from(ids)))
                self.look()

    def log_again(self, record_id: str) -> None:
        """Change parts of a record."""
        body = {"id": record_id, **self.data.draw(change(self.made))}
        self.server.call("PUT", f"{self.base}/records/bulk", {"items": [body]})

    def answer(self, record_id: str) -> None:
        """One user answers a record, perhaps anew."""
        user = self.data.draw(st.sampled_from(USERS))
        body = {"record_id": record_id, **self.data.draw(response(self.made))}
        done = self.server.call("POST", "me/responses/bulk", {"items": [body]}, user)
        assert not done["items"][0]["error"], done

    def take_back(self, record_id: str) -> None:
        """Delete an answer and a suggestion."""
        found = read_database("SELECT id FROM responses WHERE record_id = ?", _hex(record_id))
        for row in found[:1]:
            self.server.call("DELETE", f"responses/{row['id']}")
        found = read_database("SELECT id FROM suggestions WHERE record_id = ?", _hex(record_id))
        for row in found[:1]:
            self.server.call("DELETE", f"records/{record_id}/suggestions?ids={row['id']}")

    def forget(self, record_id: str) -> None:
        """Delete a record."""
        self.delete([record_id])

    def delete(self, record_ids: list[str]) -> None:
        """Delete records."""
        if record_ids:
            self.server.call("DELETE", f"{self.base}/records?ids={','.join(record_ids)}")

    def search(self, body: Json, user: str | None, page: str = "limit=100") -> Json:
        """Ask as the UI does for a user, or for all users."""
        base = f"me/{self.base}" if user else self.base
        found: Json = self.server.call(
            "POST", f"{base}/records/search?{page}", body, user or "owner"
        )
        return found

    def ids(self, body: Json, user: str | None, page: str = "limit=100") -> list[str]:
        """Ids found, in order; the total must fit."""
        found = self.search(body, user, page)
        ids = [item["record"]["id"] for item in found["items"]]
        assert len(ids) == len(set(ids))
        assert found["total"] >= len(ids)
        if page == "limit=100":
            assert found["total"] == len(ids)
        return ids

    def user_id(self, user: str | None) -> str | None:
        """Whose answers count for this user's questions."""
        return str(self.server.users[user].id) if user else None


CHANGES: list[Any] = [World.log_again, World.answer, World.take_back, World.forget]


def _hex(record_id: str) -> str:
    return record_id.replace("-", "")
