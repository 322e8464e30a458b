"""Clusters of texts by k-means on the vectors of the frozen encoder."""

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

# Clusters in turn make a page of ten different things; of few articles a cluster has about ten.
MOST, LEAST_MEMBERS = 50, 10


def clusters(ids: Sequence[str], vectors: np.ndarray, seed: int) -> dict[str, int]:
    """Article id → number of its cluster; ``vectors`` are (articles, dimensions), as ``ids``.

    The same ids, vectors and seed make the same clusters, in whatever order they are given.
    """
    if not ids:
        return {}
    order = sorted(range(len(ids)), key=lambda n: ids[n])
    means = KMeans(
        n_clusters=min(MOST, max(1, len(ids) // LEAST_MEMBERS)), n_init=1, random_state=seed
    )
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        # Fewer different texts than clusters: some stay empty.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = means.fit_predict(vectors[order])
    return {ids[n]: int(cluster) for n, cluster in zip(order, found, strict=True)}
