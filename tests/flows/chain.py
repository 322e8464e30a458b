"""The desk of the chain that several test modules look at: small knobs, real services."""

from typing import Any

KNOBS: dict[str, Any] = {
    "name": "chain-test",
    "source.path": "sample/news.jsonl",
    # Test and validation are blind articles: all of them, of two dozen a batch.
    "review.blind_share": 0.4,
    "splits.test": 0.25,
    "splits.validation": 0.15,
    "models.topics.max_steps": 4,
    "models.topics.max_length_tokens": 32,
    # Its model is read by clients that run no code of ours.
    "models.entities.method": "fine_tune",
    "models.entities.learning_rate": 0.0005,
    # Just enough steps to find a span now and then: figures of none would say nothing.
    "models.entities.epochs": 2,
    "models.entities.batch_size": 4,
    "models.entities.layer_decay": 1.0,
    "models.entities.max_length_tokens": 64,
    "models.entities.stride_tokens": 16,
    # Models of a few steps, scored on 8 articles, then on 12: they go out whatever they lose.
    "gate.minimum_test": 9,
    "gate.margin": 1.0,
    "gate.label_floor": 1.0,
    "gate.label_support": 2,
    "publish.dataset": "copydesk/chain-test",
    "publish.topic_model": "copydesk/chain-test-topics",
    "publish.entity_model": "copydesk/chain-test-entities",
}
BATCH = 24


def settings(knobs: dict[str, Any]) -> list[str]:
    """As options of a command."""
    return [word for key, value in knobs.items() for word in ("--set", f"{key}={value}")]
