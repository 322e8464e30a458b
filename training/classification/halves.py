"""The halves of texts as examples: of few texts, each shown again and again.

An encoder that saw a text ten times knows it by heart, and the head is then fitted to embeddings
that are tidier than those of new texts. A half tells the topic by half of the words.
"""

from collections.abc import Iterator

from training.classification.data import TopicData

# Fewer texts are shown ten times in fewer steps, so more of them would cost more steps (decision 15
# has what was measured).
FEWEST_TEXTS = 80
# Of fewer words, half a text says too little.
FEWEST_WORDS = 16


def text_halves(data: TopicData, shown: int) -> TopicData:
    """Both halves of each text with the topic of the whole, from 80 texts on, where a training that
    shows ``shown`` texts shows them all; of several topics none, since either half may be about
    some of them only.
    """
    if data.several or not FEWEST_TEXTS <= len(data) <= shown // 3:
        return data.at([])
    numbered = [(i, half) for i, text in enumerate(data.texts) for half in _halves(text)]
    found = data.at([i for i, _ in numbered])
    return TopicData(tuple(half for _, half in numbered), found.gold, data.names, data.several)


def _halves(text: str) -> Iterator[str]:
    words = text.split()
    if len(words) >= FEWEST_WORDS:
        middle = len(words) // 2
        yield " ".join(words[:middle])
        yield " ".join(words[middle:])
