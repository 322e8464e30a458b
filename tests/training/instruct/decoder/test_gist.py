"""What the offline decoder takes an article to be about."""

import statistics
from collections import Counter

import torch

from corpus.instruct.pairs import Pair
from tests.training.instruct.decoder.sample import (
    ARTICLES,
    CLEAR,
    attended,
    begun,
    sample_pairs,
    stream,
)
from training.instruct.base import Base
from training.instruct.stream import STREAM
from training.instruct.themes import by_character


def gists(base: Base, pairs: list[Pair]) -> torch.Tensor:
    return torch.stack([stream(base, begun(base, p, "{"), STREAM.gist)[-1] for p in pairs])


def found_by_centroids(seen: torch.Tensor, unseen: torch.Tensor) -> float:
    """Share of the next 100 articles that are nearest to the others of their topic."""
    learned, asked = sample_pairs(), sample_pairs(ARTICLES, ARTICLES + 100)
    rows = torch.cat([seen, unseen]) - seen.mean(dim=0)
    unit = rows / rows.norm(dim=1, keepdim=True)
    of = [[p.answer.topic == topic for p in learned] for topic in CLEAR.topics]
    centroids = torch.stack([unit[: len(seen)][mask].mean(dim=0) for mask in of])
    nearest = (unit[len(seen) :] @ centroids.T).argmax(dim=1).tolist()
    return sum(CLEAR.topics[i] == p.answer.topic for i, p in zip(nearest, asked, strict=True)) / 100


def test_the_gist_tells_topics_of_articles_that_it_did_not_learn_from(base: Base) -> None:
    """No topic was read to make it."""
    words = base.model.model.embed_tokens.weight[:, STREAM.word].detach()

    def means(pairs: list[Pair]) -> torch.Tensor:
        return torch.stack([words[base.tokenizer(p.text)["input_ids"]].mean(dim=0) for p in pairs])

    learned, asked = sample_pairs(), sample_pairs(ARTICLES, ARTICLES + 100)
    ours = found_by_centroids(gists(base, learned), gists(base, asked))
    # Ridge alone, without what MiniLM makes of words in their places, finds .63.
    assert ours > 0.65
    # MiniLM's word vectors, their mean, tell less.
    assert ours > found_by_centroids(means(learned), means(asked)) + 0.15


def test_a_character_belongs_to_the_token_that_it_stands_in() -> None:
    """Of a character in several tokens, as bytes of an emoji are, to the last of them."""
    assert by_character("a bc 😀", [(0, 1), (2, 4), (5, 6), (5, 6)]).tolist() == [
        0,
        -1,
        1,
        1,
        -1,
        3,
    ]


def test_a_word_counts_once_for_the_gist(base: Base) -> None:
    ratios = []
    user = base.tokenizer.convert_tokens_to_ids("<|user|>")
    for one in sample_pairs()[:10]:
        ids = begun(base, one, "{")
        heads = attended(base, ids, 1, 2)[-1]
        article = range(ids.index(user) + 1, len(ids))
        texts = {i: str(base.tokenizer.decode([ids[i]])).strip() for i in article}
        for word, count in Counter(texts.values()).items():
            if count == 2 and len(word) > 3:
                first, second = (float(heads[i]) for i in article if texts[i] == word)
                ratios.append(second / first)
        # Nor does what the system says count.
        assert float(heads[: ids.index(user)].sum()) < 0.05
    assert len(ratios) >= 10
    assert statistics.median(ratios) < 0.1


def test_articles_of_one_topic_have_a_similar_gist(base: Base) -> None:
    pairs = sample_pairs()
    found = gists(base, pairs)
    unit = found / found.norm(dim=1, keepdim=True)
    near = unit @ unit.T
    same = torch.tensor([[p.answer.topic == q.answer.topic for q in pairs] for p in pairs])
    others = ~same
    same.fill_diagonal_(False)
    assert near[same].mean() > near[others].mean() + 0.1
