"""What predictions are compared with: two transformers.pipeline of the same two models."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel, pipeline
from transformers.modeling_outputs import SequenceClassifierOutput

from corpus.articles import Span
from training.classification.models import SetFitTopics
from training.entities.predict import EntityModel, whole_mention
from training.entities.schemes import tag_runs, viterbi


class PooledTopics(PreTrainedModel):  # type: ignore[no-untyped-call]
    """A SetFit model as a plain sequence classifier: its body, and its head as one layer."""

    def __init__(self, topics: SetFitTopics) -> None:
        body = topics.model.model_body
        config = type(body[0].auto_model.config).from_dict(body[0].auto_model.config.to_dict())
        config.id2label = dict(enumerate(topics.topics))
        config.label2id = {name: i for i, name in enumerate(topics.topics)}
        super().__init__(config)
        self.body = body
        self.normalize = topics.model.normalize_embeddings
        weights, bias = topics.model.model_head.coef_, topics.model.model_head.intercept_
        if len(weights) == 1:
            # Of two topics scikit-learn keeps the second alone.
            weights, bias = (np.concatenate([0 * part, part]) for part in (weights, bias))
        self.head = nn.Linear(weights.shape[1], weights.shape[0])
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(weights))
            self.head.bias.copy_(torch.from_numpy(bias))

    def forward(self, input_ids: Any, attention_mask: Any, **_: Any) -> SequenceClassifierOutput:
        """Logits of the topics."""
        features = self.body({"input_ids": input_ids, "attention_mask": attention_mask})
        vectors = features["sentence_embedding"]
        if self.normalize:
            vectors = nn.functional.normalize(vectors, dim=-1)
        return SequenceClassifierOutput(logits=self.head(vectors))


def topic_pipeline(topics: SetFitTopics) -> Any:
    """With its defaults: one text at a time."""
    body = topics.model.model_body
    body.tokenizer.model_max_length = body.max_seq_length
    model: Any = PooledTopics(topics)
    make: Any = pipeline
    return make("text-classification", model=model.eval(), tokenizer=body.tokenizer)


def entity_pipeline(entities: EntityModel) -> Any:
    """With its defaults: one text at a time, a tag for each token."""
    return pipeline("token-classification", model=entities.model, tokenizer=entities.tokenizer)


def decoded(tagger: Any, text: str, tags: Sequence[str]) -> tuple[Span, ...]:
    """The spans of the pipeline's own logits, decoded as entity models here decode.

    The default pipeline takes the best tag of each token, also where I-x follows O.
    """
    spans: list[Span] = []
    for inputs in tagger.preprocess(text, **tagger._preprocess_params):
        offsets = np.asarray(inputs.pop("offset_mapping")[0])
        special = np.asarray(inputs.pop("special_tokens_mask")[0], dtype=bool)
        inputs = {k: v for k, v in inputs.items() if isinstance(v, torch.Tensor)}
        with torch.no_grad():
            logits = tagger.model(**inputs).logits[0]
        values = torch.log_softmax(logits, dim=-1).numpy()[~special]
        for first, after, label in tag_runs(viterbi(values, tags), tags):
            start, end = offsets[~special][first][0], offsets[~special][after - 1][1]
            spans.append(Span(*whole_mention(text, int(start), int(end)), label))
    return tuple(spans)
