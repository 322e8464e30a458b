"""Places by region: cities and countries."""

PLACES: dict[str, tuple[str, ...]] = {
    "Western Europe": ("Lyon", "Manchester", "Belgium", "Rotterdam"),
    "Eastern Europe": ("Kraków", "Odesa", "Slovakia", "Plovdiv"),
    "West Africa": ("Kumasi", "Dakar", "Togo", "Ibadan"),
    "Middle East": ("Amman", "Basra", "Oman", "Isfahan"),
    "South Asia": ("Pune", "Lahore", "Nepal", "Chittagong"),
    "East Asia": ("Busan", "Chengdu", "Mongolia", "Sapporo"),
    "Latin America": ("Medellín", "Rosario", "Paraguay", "Guadalajara"),
}

SENTENCES: tuple[str, ...] = (
    "The conference in {} ended a day earlier than planned.",
    "Heavy rain closed schools in {} on Monday.",
    "A new laboratory opens in {} next spring.",
    "The company will move two hundred jobs to {} by the summer.",
    "The match in {} was watched by a small crowd.",
    "Voters in {} go to the polls on Sunday.",
    "Prices in {} rose faster than expected.",
    "A delegation from {} arrived late on Thursday.",
    "The bridge in {} has been closed for repairs.",
    "Researchers in {} tested the device for a year.",
)
