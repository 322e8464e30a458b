"""Licences: the Hub's identifiers, and which of them let the text of an article be passed on."""

import re

# Of the Hub's identifiers, those that permit anybody to redistribute, also commercially and
# changed. A desk that may pass on more (a contract, a non-commercial project) says so itself.
OPEN_LICENSES = (
    "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0",
    "pddl", "odc-by", "odbl", "cdla-permissive-1.0", "cdla-permissive-2.0", "mit", "apache-2.0",
    "bsd-3-clause", "etalab-2.0", "unlicense",
)  # fmt: skip
# The Hub's others, in the order of its documentation ("Licenses"), "array" left out: it is none.
_OTHERS = """
openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0 bigcode-openrail-m
afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause-clear c-uda cc cc-by-nc-2.0 cc-by-nc-3.0
cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0
cc-by-nc-sa-4.0 cdla-sharing-1.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl gpl
gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc h-research intel-research lppl-1.3c ms-pl apple-ascl
apple-amlr mpl-2.0 openmdw-1.0 openmdw-1.1 openrail++ osl-3.0 postgresql ofl-1.1 ncsa zlib lgpl-lr
deepfloyd-if-license fair-noncommercial-research-license llama2 llama3 llama3.1 llama3.2 llama3.3
llama4 grok2-community gemma unknown other
"""
HUB_LICENSES = frozenset((*OPEN_LICENSES, *_OTHERS.split()))

# Feeds state Creative Commons licences by address: …/licenses/by-sa/4.0/, …/publicdomain/zero/1.0/
_CREATIVE_COMMONS = re.compile(
    r"^(?:https?://)?(?:www\.)?creativecommons\.org/"
    r"(?:licenses/(?P<kind>[a-z-]+)|publicdomain/(?P<zero>zero))/(?P<version>\d\.\d)(?:/|$)"
)


def license_id(text: str) -> str:
    """The identifier in a source's own spelling: "CC BY 4.0" and its address → "cc-by-4.0".

    A spelling that is not understood comes back as it is, and so is no open licence.
    """
    plain = text.strip().lower()
    address = _CREATIVE_COMMONS.match(plain)
    if address:
        return f"{'cc0' if address['zero'] else 'cc-' + address['kind']}-{address['version']}"
    return "-".join(plain.replace("_", " ").replace("-", " ").split())


def require_hub_license(license: str) -> str:
    """The licence, if the Hub has an identifier for it. Raises ValueError that names near ones."""
    if license in HUB_LICENSES:
        return license
    near = license_id(license)
    kin = near.split("-")[0] or "cc"
    known = [near] if near in HUB_LICENSES else sorted(i for i in HUB_LICENSES if i.startswith(kin))
    listed = ", ".join(known or OPEN_LICENSES)
    raise ValueError(
        f"{license!r} is no licence identifier of the Hub (near it: {listed}); for a licence "
        "without one write 'other' with license_name and license_link"
    )
