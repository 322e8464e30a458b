"""Which gold topics are probably wrong: confident learning (Northcutt, Jiang and Chuang 2021).

A model is too kind to a label that it learned from, so the probabilities are those of a model that
did not see the text: cross-validated logistic regression on embeddings of the frozen encoder.
cleanlab ranks by the margin between the given topic and the most probable other one, after it has
taken from each topic the mean confidence in it, so that a topic of which the model is never sure
is not suspected everywhere. How many are wrong it estimates as well: also where all labels are
right, another topic is more probable here and there.
"""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

METHOD = "cleanlab, on cross-validated logistic regression on embeddings of the frozen base model"
FOLDS = 5
# Of the head (C). Shrunk more than for the best accuracy: of wrong labels it learns less.
STRENGTH = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class LabelDoubts:
    """Doubt of each given topic, in [0, 1]: (texts,); ``wrong`` of them are probably wrong."""

    doubts: np.ndarray
    wrong: int

    def suspects(self) -> list[int]:
        """Positions of the most doubtful ones, as many as are estimated to be wrong."""
        order = np.argsort(-self.doubts, kind="stable")[: self.wrong]
        return [int(i) for i in order]


def doubt_labels(vectors: np.ndarray, given: Sequence[str], seed: int) -> LabelDoubts:
    """``vectors`` are (texts, dimensions), ``given`` a topic each.

    0 for topics with fewer than FOLDS texts, of which too little could be learned, and everywhere
    where fewer than two topics are left.
    """
    found = np.zeros(len(given))
    times = Counter(given)
    topics = sorted(topic for topic, count in times.items() if count >= FOLDS)
    if len(topics) < 2:
        return LabelDoubts(found, 0)
    # They take a CPU second to import.
    from cleanlab.count import num_label_issues
    from cleanlab.rank import get_label_quality_scores

    judged = [i for i, topic in enumerate(given) if topic in topics]
    labels = np.array([topics.index(given[i]) for i in judged])
    unseen = unseen_probabilities(vectors[judged], labels, seed)
    quality = get_label_quality_scores(
        labels, unseen, method="normalized_margin", adjust_pred_probs=True
    )
    found[judged] = np.clip(1 - quality, 0, 1)
    return LabelDoubts(found, int(num_label_issues(labels, unseen)))


def unseen_probabilities(vectors: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """Of each label (texts, labels), by the head that did not learn from the text.

    ``labels`` are numbers from 0 on, each at least FOLDS times.
    """
    found = np.zeros((len(labels), int(labels.max()) + 1))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    # Matrices this small gain nothing from threads.
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        for learned, asked in folds.split(vectors, labels):
            head = LogisticRegression(C=STRENGTH, max_iter=300)
            found[asked] = head.fit(vectors[learned], labels[learned]).predict_proba(vectors[asked])
    return found
