"""Made-up organizations by kind."""

ORGANIZATIONS: dict[str, tuple[str, ...]] = {
    "companies": ("Brightwell Systems", "Halden Motors", "Norvik Foods", "Corran Pharma Inc."),
    "universities": (
        "University of Westmere", "Aldgate College", "Karlsund Institute of Technology",
        "Port Ansel University",
    ),
    "clubs": ("Westmere United", "Real Ansel", "Halden Rovers FC", "Karlsund Bears"),
    "authorities": (
        "Ministry of Transport", "Westmere City Council", "Federal Aviation Office",
        "National Health Board",
    ),
    "charities": (
        "Open Hands Foundation", "Doctors for Westmere", "Clean Rivers Trust", "Shelter Now",
    ),
}  # fmt: skip

SENTENCES: tuple[str, ...] = (
    "{} declined to comment on the report.",
    "The letter was sent to {} on Wednesday.",
    "A spokesperson for {} confirmed the figures.",
    "Last year {} moved into a new building.",
    "The court ruled in favour of {} on Monday.",
    "The agreement with {} was signed in March.",
    "Critics say that {} acted too late.",
    "In a statement, {} promised to answer within a month.",
)
