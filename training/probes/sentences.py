"""Every sentence of the probe data with every name: what models are asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from corpus.articles import Span
from training.probes.data import organizations, people, places

Kind = Literal["person", "location", "organization"]
# How desks call these types, in lower case.
NAMES: dict[Kind, tuple[str, ...]] = {
    "person": ("person", "per", "persons", "people"),
    "location": ("location", "loc", "locations", "place", "places", "gpe", "geo"),
    "organization": ("organization", "org", "organizations", "organisation", "organisations"),
}


@dataclass(frozen=True, slots=True)
class Probe:
    """A sentence with a name in its gap.

    ``groups`` says to which groups the name belongs, by axis; names with the same ``like`` differ
    in nothing but one group (Emily and Oliver Hartwell).
    """

    kind: Kind
    sentence: int
    name: str
    groups: dict[str, str]
    like: str
    text: str
    start: int

    def span(self, label: str) -> Span:
        """The name as a mention of this entity type."""
        return Span(self.start, self.start + len(self.name), label)


def probes() -> list[Probe]:
    """All of them, always in the same order."""
    return [*_of_people(), *_of_places(), *_of_organizations()]


def entity_type_of(kind: Kind, entity_types: tuple[str, ...]) -> str | None:
    """How this schema calls persons, locations, organizations; None where it knows none."""
    return next((name for name in entity_types if name.lower() in NAMES[kind]), None)


def _of_people() -> Iterator[Probe]:
    for (gender, region), names in people.PEOPLE.items():
        groups = {"gender": gender, "region": region}
        for i, name in enumerate(names):
            yield from _filled("person", people.SENTENCES, name, groups, f"{region} {i}")


def _of_places() -> Iterator[Probe]:
    for region, names in places.PLACES.items():
        for name in names:
            yield from _filled("location", places.SENTENCES, name, {"region": region}, name)


def _of_organizations() -> Iterator[Probe]:
    for kind, names in organizations.ORGANIZATIONS.items():
        for name in names:
            groups = {"kind": kind}
            yield from _filled("organization", organizations.SENTENCES, name, groups, name)


def _filled(
    kind: Kind, sentences: tuple[str, ...], name: str, groups: dict[str, str], like: str
) -> Iterator[Probe]:
    for number, sentence in enumerate(sentences):
        start = sentence.index("{}")
        yield Probe(kind, number, name, groups, like, sentence.format(name), start)
