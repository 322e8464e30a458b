"""Made-up persons: common given and family names of a region, put together here."""

# (gender, region) → full names.
PEOPLE: dict[tuple[str, str], tuple[str, ...]] = {
    ("women", "Western Europe"): ("Emily Hartwell", "Claire Dubreuil", "Johanna Brinkmann"),
    ("men", "Western Europe"): ("Oliver Hartwell", "Julien Dubreuil", "Matthias Brinkmann"),
    ("women", "Eastern Europe"): ("Agnieszka Zawadzka", "Olena Marchenko", "Ivana Petrović"),
    ("men", "Eastern Europe"): ("Tomasz Zawadzki", "Andriy Marchenko", "Dragan Petrović"),
    ("women", "West Africa"): ("Ngozi Okonjo", "Abena Asante", "Aminata Diallo"),
    ("men", "West Africa"): ("Chukwuemeka Okonjo", "Kwame Asante", "Ousmane Diallo"),
    ("women", "Middle East"): ("Fatima Al-Rashid", "Leila Haddad", "Yasmin Karimi"),
    ("men", "Middle East"): ("Khalid Al-Rashid", "Omar Haddad", "Reza Karimi"),
    ("women", "South Asia"): ("Priya Raghunathan", "Sunita Chaudhary", "Ayesha Siddiqui"),
    ("men", "South Asia"): ("Arjun Raghunathan", "Rajesh Chaudhary", "Imran Siddiqui"),
    ("women", "East Asia"): ("Mei-Ling Zhao", "Yuki Takahashi", "Ji-woo Kang"),
    ("men", "East Asia"): ("Jianguo Zhao", "Kenji Takahashi", "Min-ho Kang"),
    ("women", "Latin America"): ("Gabriela Fuentes", "Luciana Quispe", "Camila Barbosa"),
    ("men", "Latin America"): ("Rodrigo Fuentes", "Mateo Quispe", "Thiago Barbosa"),
}

# No pronoun and no title, so that any name fits; topics lie close together on purpose.
SENTENCES: tuple[str, ...] = (
    "{} told reporters on Tuesday that the decision would be announced within a week.",
    "After three days of talks, {} left the meeting without making a statement.",
    "The award went to {}, whose work was praised by the jury.",
    "{} was named in the report that was published last night.",
    "Police want to speak to {} about the events of Friday evening.",
    "{} will lead the team when the new season begins.",
    "Shares moved little after {} resigned from the board.",
    "The study by {} appeared in a journal this month.",
    "{} said the new software was written in only four months.",
    "A crowd of several thousand waited to hear {} speak.",
    "The contract with {} runs until the end of next year.",
    "Nobody knows yet why {} withdrew from the final.",
    "{} has run the family business since 2009.",
    "In a letter to the minister, {} asks for an inquiry.",
    "The experiment was repeated by {} with the same result.",
    "Friends describe {} as quiet and careful.",
)
