"""How good predictions are: scores with intervals, comparisons of two models, the gate."""

from training.evaluation.entities import EntityScores, micro_f1, score_entities
from training.evaluation.scores import LabelScores
from training.evaluation.topics import TopicScores, TopicSetScores, score_topic_sets, score_topics

__all__ = [
    "EntityScores",
    "LabelScores",
    "TopicScores",
    "TopicSetScores",
    "micro_f1",
    "score_entities",
    "score_topic_sets",
    "score_topics",
]
