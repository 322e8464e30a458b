"""What all chats of a desk have in common, each a token of the offline decoder's own.

In the words' tokens a fifth of a chat is the system's message, and most of an answer is
``", "type": "`` and the like: each a chance to go astray, and a token to train and to write. So
what stands around names and types is one token wherever nothing is left to decide, and a topic is
one with what stands before it.
"""

from typing import NamedTuple

from corpus.instruct.answers import Answer, Mention, Questions, to_json
from corpus.instruct.phrasings import system_prompt

# Stand for a name and for a type, in no JSON of ours.
NAME, KIND = "§", "¤"


class Frames(NamedTuple):
    """``system``: the message of the system. ``topics``: an answer's beginning, one for each topic.
    Then what stands before the first name (``first``), instead of any (``none``), between a name
    and its type (``kind``), between a type and the next name (``more``), and behind the last type
    (``end``); empty where it is not asked.
    """

    system: str
    topics: tuple[str, ...]
    first: str = ""
    none: str = ""
    kind: str = ""
    more: str = ""
    end: str = ""

    def all(self) -> list[str]:
        """Every one that there is."""
        return [self.system, *self.topics, *filter(None, self[2:])]


def frames_of(questions: Questions) -> Frames:
    """Of the chats about these questions, with answers as ``to_json`` writes them."""
    system = system_prompt(questions)
    topics = tuple(to_json(Answer(topic, None))[:-1] for topic in questions.topics)
    if not questions.types:
        return Frames(system, topics)
    topic = next(iter(questions.topics), None)
    behind = len(topics[0]) if topics else 0
    named = to_json(Answer(topic, (Mention(NAME, KIND),) * 2))[behind:]
    first, between, last = named.split(NAME)
    kind, more = between.split(KIND)
    return Frames(
        system,
        topics,
        first=first,
        none=to_json(Answer(topic, ()))[behind:],
        kind=kind,
        more=more,
        end=last.split(KIND)[1],
    )
