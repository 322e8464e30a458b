"""Licences of articles: which of them let their text be passed on."""

# Of the Hub's identifiers, those that permit anybody to redistribute, also commercially and
# changed. A desk that may pass on more (a contract, a non-commercial project) says so itself.
OPEN_LICENSES = (
    "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0",
    "pddl", "odc-by", "odbl", "cdla-permissive-1.0", "cdla-permissive-2.0", "mit", "apache-2.0",
    "bsd-3-clause", "etalab-2.0", "unlicense", "public-domain",
)  # fmt: skip


def license_id(text: str) -> str:
    """The identifier in a source's own spelling: "CC BY 4.0" → "cc-by-4.0"."""
    return "-".join(text.lower().replace("_", " ").replace("-", " ").split())
