"""How sure a model is that an answer is not right.

Of an answer that the model learned from, too: what it cannot learn although it saw it is often
a slip (Northcutt, Jiang and Chuang 2021).
"""

from collections.abc import Collection, Mapping

from corpus.articles import ScoredSpan, Span

# Of a span that the model does not see; how sure it is of nothing is not known.
MISSED = 0.5


def topic_doubt(gold: str, predicted: str, score: float) -> float:
    """The probability of another topic than the gold one; 0 where both are the same."""
    return 0.0 if gold == predicted else score


def topics_doubt(
    gold: Collection[str], predicted: Collection[str], probabilities: Mapping[str, float]
) -> float:
    """Of several topics, the largest probability that one which both differ in is not as gold has
    it; 0 where both are the same.
    """
    more = [probabilities[topic] for topic in set(predicted) - set(gold)]
    # A topic without an example has no probability.
    less = [1 - probabilities.get(topic, 0.0) for topic in set(gold) - set(predicted)]
    return max([*more, *less], default=0.0)


def span_doubt(gold: Collection[Span], predicted: Collection[ScoredSpan]) -> float:
    """The largest probability of a span that gold does not have, or MISSED for one it has alone."""
    there, said = set(gold), {span.span() for span in predicted}
    others = [span.score for span in predicted if span.span() not in there]
    return max([*others, *([MISSED] if there - said else [])], default=0.0)
