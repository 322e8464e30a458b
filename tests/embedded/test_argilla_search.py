"""The embedded server's search engine, asked over HTTP as the UI asks it."""

import itertools
from typing import Any

import argilla as rg
import httpx
import pytest

from tests.running import ArgillaService

pytestmark = pytest.mark.services

TEXTS = {
    "r1": "The harbour bank cut its rates on Monday",
    "r2": "Harbour Rovers won the cup in extra time",
    "r3": "A bank holiday cup of tea, and nothing else",
    "r4": "Scientists don't agree on the 中文 harbours",
    "r5": "Café Ödland closed; emoji 👩‍🚀 before Obi\r\nsecond line",
}
SCORES = {"r1": 0.9, "r2": 0.2, "r3": 0.5}
SIZES = {"r1": 10, "r2": 2, "r4": 7}


@pytest.fixture(scope="module")
def client(argilla_service: ArgillaService) -> rg.Argilla:
    owner = argilla_service.credentials["owner"]["api_key"]
    return rg.Argilla(api_url=argilla_service.api_url, api_key=owner)


@pytest.fixture(scope="module")
def dataset(client: rg.Argilla, argilla_service: ArgillaService) -> rg.Dataset:
    settings = rg.Settings(
        fields=[
            rg.TextField(name="title", required=False, client=client),
            rg.TextField(name="text", client=client),
        ],
        questions=[rg.LabelQuestion(name="topic", labels=["a", "b"], client=client)],
        metadata=[
            rg.TermsMetadataProperty(name="kind", client=client),
            rg.IntegerMetadataProperty(name="size", client=client),
        ],
        vectors=[rg.VectorField(name="place", dimensions=2, _client=client)],
        distribution=rg.TaskDistribution(min_submitted=2),
    )
    made = rg.Dataset(
        name="search", workspace=argilla_service.workspace, settings=settings, client=client
    ).create()
    records = []
    for number, (name, text) in enumerate(TEXTS.items()):
        metadata: dict[str, Any] = {"kind": ["odd", "x"] if number % 2 else "even"}
        if name in SIZES:
            metadata["size"] = SIZES[name]
        score = SCORES.get(name)
        suggestions = [rg.Suggestion("topic", "a", score=score, agent="m:1")] if score else []
        records.append(
            rg.Record(
                id=name,
                fields={"title": "harbour" if name == "r3" else "", "text": text},
                metadata=metadata,
                suggestions=suggestions,
                vectors={"place": [1.0, float(number)]},
            )
        )
    made.records.log(records)
    return made


class Asker:
    """One user's searches in one data set, as the UI sends them."""

    def __init__(self, service: ArgillaService, dataset: rg.Dataset, user: str) -> None:
        headers = {"X-Argilla-Api-Key": service.credentials[user]["api_key"]}
        self.http = httpx.Client(base_url=service.api_url, headers=headers, timeout=30)
        self.base = f"/api/v1/me/datasets/{dataset.id}"
        self.ids = {str(r._server_id): r.id for r in dataset.records}

    def find(self, text: str | None = None, field: str | None = None, **body: Any) -> list[str]:
        """Names of the records found, in order."""
        return [name for name, _ in self.scored(text, field, **body)]

    def scored(
        self, text: str | None = None, field: str | None = None, **body: Any
    ) -> list[tuple[str, float | None]]:
        if text is not None:
            body["query"] = {"text": {"q": text, **({"field": field} if field else {})}}
        answer = self.http.post(f"{self.base}/records/search", json=body)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["total"] >= len(found["items"])
        return [(self.ids[i["record"]["id"]], i["query_score"]) for i in found["items"]]

    def respond(self, name: str, status: str, value: str = "a") -> None:
        record = next(server for server, known in self.ids.items() if known == name)
        values = {"topic": {"value": value}}
        item = {"record_id": record, "status": status, "values": values}
        answer = self.http.post("/api/v1/me/responses/bulk", json={"items": [item]})
        assert not answer.json()["items"][0].get("error"), answer.text


@pytest.fixture
def owner(argilla_service: ArgillaService, dataset: rg.Dataset) -> Asker:
    return Asker(argilla_service, dataset, "owner")


def terms(scope: dict[str, Any], *values: str) -> dict[str, Any]:
    return {"type": "terms", "scope": scope, "values": list(values)}


def both(*filters: dict[str, Any]) -> dict[str, Any]:
    return {"filters": {"and": list(filters)}}


def sort(scope: dict[str, Any], order: str) -> dict[str, Any]:
    return {"sort": [{"scope": scope, "order": order}]}


@pytest.mark.parametrize(
    ("query", "field", "wanted"),
    [
        ("bank", None, {"r1", "r3"}),
        ("BANK cup", None, {"r3"}),
        ("harbour", None, {"r1", "r2", "r3"}),
        ("harbour", "text", {"r1", "r2"}),
        ("harbour*", None, {"r1", "r2", "r3", "r4"}),
        ('"bank holiday"', None, {"r3"}),
        ('"holiday bank"', None, set()),
        ("bank -holiday", None, {"r1"}),
        ("-bank", None, {"r2", "r4", "r5"}),
        ("rovers | holiday", None, {"r2", "r3"}),
        ("(rovers | holiday) +cup", None, {"r2", "r3"}),
        ("harbuor~2", None, {"r1", "r2", "r3"}),
        ('"bank rates"~3', None, {"r1"}),
        ("don't", None, {"r4"}),
        ("文", None, {"r4"}),
        ("ödland", None, {"r5"}),
        ("Odland", None, set()),
        ("👩‍🚀 obi", None, {"r5"}),
    ],
)
def test_text_queries(owner: Asker, query: str, field: str | None, wanted: set[str]) -> None:
    assert set(owner.find(query, field)) == wanted


@pytest.mark.parametrize(
    "query",
    [
        '"unbalanced', "((a", "a))", '"', "\\", "*", "-", "+ | -", "a AND b OR NOT c", "NEAR(a b)",
        "text:bank", "a^2", "'; DROP TABLE records; --", "%", "~3", "a~99999", '""', " ", "\u0000x",
        "(" * 200 + "a" + ")" * 200, "(" * 3000, "(a " * 3000, "-(a " * 300,
        " ".join(f"word{i}" for i in range(2000)), " | ".join(f"word{i}" for i in range(2000)),
        " ".join(f"a{i} | b{i}" for i in range(300)), "bank " * 400, '"a""b"', "{a b}", "ﷺ", "a\nb",
    ],
)  # fmt: skip
def test_no_query_is_an_error(owner: Asker, query: str) -> None:
    owner.find(query)


def test_long_queries_still_find(owner: Asker) -> None:
    pasted = " ".join(["the harbour bank cut its rates on monday"] * 50)
    assert set(owner.find(pasted)) == {"r1"}
    assert set(owner.find(" | ".join(["nobody"] * 200 + ["rovers"]))) == {"r2"}
    # Too deep for SQLite: read as a list of its words.
    assert set(owner.find("(bank " * 100 + "cut")) == {"r1"}


def test_relevance_and_scores(owner: Asker) -> None:
    ranked = owner.scored("cup | harbour | rovers")
    assert ranked[0][0] == "r2"
    values = [score for _, score in ranked]
    assert values == sorted(values, key=lambda score: -(score or 0))
    assert {score for _, score in owner.scored()} == {1.0}
    by_size = sort({"entity": "metadata", "metadata_property": "size"}, "asc")
    assert {score for _, score in owner.scored(**by_size)} == {None}


def test_filters(owner: Asker) -> None:
    kind = {"entity": "metadata", "metadata_property": "kind"}
    size = {"entity": "metadata", "metadata_property": "size"}
    score = {"entity": "suggestion", "question": "topic", "property": "score"}
    value = {"entity": "suggestion", "question": "topic"}
    assert set(owner.find(**both(terms(kind, "odd")))) == {"r2", "r4"}
    assert set(owner.find(**both(terms(kind, "x", "even")))) == set(TEXTS)
    ranged = {"type": "range", "scope": size, "ge": 3, "le": 10}
    assert set(owner.find(**both(ranged))) == {"r1", "r4"}
    assert owner.find(**both(ranged, terms(kind, "odd"))) == ["r4"]
    assert set(owner.find(**both({"type": "range", "scope": score, "ge": 0.4}))) == {"r1", "r3"}
    assert set(owner.find(**both(terms(value, "a")))) == set(SCORES)
    agent = {"entity": "suggestion", "question": "topic", "property": "agent"}
    assert set(owner.find(**both(terms(agent, "m:1")))) == set(SCORES)
    assert owner.find("bank", **both(ranged)) == ["r1"]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_missing_values_sort_last(owner: Asker, order: str) -> None:
    size = {"entity": "metadata", "metadata_property": "size"}
    found = owner.find(**sort(size, order))
    wanted = sorted(SIZES, key=SIZES.__getitem__, reverse=order == "desc")
    assert found[:3] == wanted
    score = {"entity": "suggestion", "question": "topic", "property": "score"}
    wanted = sorted(SCORES, key=SCORES.__getitem__, reverse=order == "desc")
    assert owner.find(**sort(score, order))[:3] == wanted


def test_without_sort_each_user_has_a_random_order_that_stays(
    argilla_service: ArgillaService, dataset: rg.Dataset
) -> None:
    users = ["owner", "admin", "annotator-1", "annotator-2", "annotator-3"]
    orders = [Asker(argilla_service, dataset, user).find() for user in users]
    again = [Asker(argilla_service, dataset, user).find() for user in users]
    assert orders == again
    assert len({tuple(order) for order in orders}) > 1
    assert all(sorted(order) == sorted(TEXTS) for order in orders)


def test_queues_and_progress(argilla_service: ArgillaService, dataset: rg.Dataset) -> None:
    first = Asker(argilla_service, dataset, "annotator-1")
    second = Asker(argilla_service, dataset, "annotator-2")
    first.respond("r1", "submitted", "a")
    first.respond("r2", "discarded")
    first.respond("r3", "draft")
    second.respond("r1", "submitted", "b")
    status = {"entity": "response", "property": "status"}

    record_id = {"entity": "record", "property": "id"}

    def queue(user: Asker, *statuses: str) -> set[str]:
        found = set(user.find(**both(terms(status, *statuses))))
        # Beside ids the engine asks each record for its answers.
        for some in (list(user.ids), list(user.ids)[1:3]):
            named = user.find(**both(terms(status, *statuses), terms(record_id, *some)))
            assert set(named) == found & {user.ids[one] for one in some}
        return found

    assert queue(first, "pending") == {"r4", "r5"}
    assert queue(first, "submitted") == {"r1"}
    assert queue(first, "draft", "pending") == {"r3", "r4", "r5"}
    assert queue(first, "discarded") == {"r2"}
    assert queue(second, "pending") == {"r2", "r3", "r4", "r5"}
    everybody = Asker(argilla_service, dataset, "owner")
    everybody.base = everybody.base.replace("/me/", "/")
    assert queue(everybody, "submitted") == {"r1"}
    assert queue(everybody, "draft", "discarded") == {"r2", "r3"}
    assert queue(everybody, "pending", "draft") == {"r3", "r4", "r5"}
    answer = {"entity": "response", "question": "topic"}
    assert second.find(**both(terms(answer, "b"))) == ["r1"]
    assert first.find(**both(terms(answer, "b"))) == []
    progress = dataset.progress()
    assert (progress["total"], progress["completed"], progress["pending"]) == (5, 1, 4)
    mine = first.http.get(f"{first.base}/metrics").json()["responses"]
    del mine["total"]
    assert mine == {"submitted": 1, "discarded": 1, "draft": 1, "pending": 2}


def test_metadata_metrics(client: rg.Argilla, dataset: rg.Dataset, owner: Asker) -> None:
    properties = owner.http.get(f"{owner.base}/metadata-properties").json()["items"]
    metrics = {
        p["name"]: owner.http.get(f"/api/v1/metadata-properties/{p['id']}/metrics").json()
        for p in properties
    }
    assert {v["term"]: v["count"] for v in metrics["kind"]["values"]} == {
        "even": 3,
        "odd": 2,
        "x": 2,
    }
    assert (metrics["size"]["min"], metrics["size"]["max"]) == (2, 10)


def test_similarity(owner: Asker) -> None:
    def near(**vector: Any) -> list[str]:
        return owner.find(query={"vector": {"name": "place", "max_results": 10, **vector}})

    assert near(value=[1.0, 0.0])[0] == "r1"
    assert near(value=[1.0, 0.0], order="least_similar")[0] == "r5"
    record = next(server for server, name in owner.ids.items() if name == "r3")
    found = near(record_id=record)
    assert "r3" not in found
    assert set(found) == set(TEXTS) - {"r3"}


def test_updates_and_deletions_are_searched(
    client: rg.Argilla, argilla_service: ArgillaService
) -> None:
    settings = rg.Settings(
        fields=[rg.TextField(name="text", client=client)],
        questions=[rg.LabelQuestion(name="topic", labels=["a", "b"], client=client)],
    )
    name = "search-updates"
    made = rg.Dataset(
        name=name, workspace=argilla_service.workspace, settings=settings, client=client
    ).create()
    made.records.log([rg.Record(id=n, fields={"text": f"old {n}"}) for n in ("a", "b")])
    made.records.log([rg.Record(id="a", fields={"text": "new a"})])

    def count(word: str) -> int:
        return len(list(made.records(rg.Query(query=word))))

    assert [count(word) for word in ("old", "new", "a", "b")] == [1, 1, 1, 1]
    made.records.delete([r for r in made.records if r.id == "b"])
    assert [count(word) for word in ("old", "new")] == [0, 1]
    made.delete()
    assert client.datasets(name="search", workspace=argilla_service.workspace) is not None
    names = itertools.chain(d.name for d in client.datasets)
    assert name not in names
