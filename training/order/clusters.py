"""Clusters of texts by k-means on the vectors of the frozen encoder."""

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from corpus.order.queue import Neighbourhood

# A page of ten that goes through the clusters in turn is ten different things; few articles make
# clusters of ten.
MOST, LEAST_MEMBERS = 50, 10


def neighbourhoods(
    ids: Sequence[str], vectors: np.ndarray, seed: int
) -> dict[str, Neighbourhood]:
    """Article id → its cluster; ``vectors`` are (articles, dimensions), in the order of ``ids``.

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
        distances = means.fit_transform(vectors[order])
    nearest = distances.argmin(axis=1)
    return {
        ids[n]: Neighbourhood(int(cluster), float(row[cluster]))
        for n, cluster, row in zip(order, nearest, distances, strict=True)
    }
