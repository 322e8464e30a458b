"""How good predictions are: scores with intervals, comparisons of two models, the gate."""

from training.evaluation.entities import EntityScores, micro_f1, score_entities
from training.evaluation.scores import LabelScores
from training.evaluation.topics import TopicScores, score_topics

__all__ = [
    "EntityScores",
    "LabelScores",
    "TopicScores",
    "micro_f1",
    "score_entities",
    "score_topics",
]
