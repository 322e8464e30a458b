"""Clusters of the queue: the same whatever the order, and of what is alike."""

import numpy as np

from training.order.clusters import neighbourhoods


def test_what_is_alike_is_one_cluster_in_whatever_order_it_comes() -> None:
    generator = np.random.default_rng(0)
    centres = np.eye(3, 8) * 10
    vectors = np.concatenate([c + generator.normal(size=(10, 8)) * 0.1 for c in centres])
    ids = [f"a{n:02}" for n in range(30)]
    found = neighbourhoods(ids, vectors, seed=1)
    groups = [{found[i].cluster for i in ids[start : start + 10]} for start in (0, 10, 20)]
    assert [len(group) for group in groups] == [1, 1, 1]
    assert len(set.union(*groups)) == 3
    turned = generator.permutation(30)
    assert neighbourhoods([ids[n] for n in turned], vectors[turned], seed=1) == found
    middle = vectors[:10].mean(axis=0)
    distances = {i: float(np.linalg.norm(v - middle)) for i, v in zip(ids, vectors[:10], strict=False)}
    assert min(distances, key=lambda i: distances[i]) == min(
        ids[:10], key=lambda i: found[i].distance
    )


def test_few_articles_and_equal_ones() -> None:
    assert neighbourhoods([], np.empty((0, 4)), seed=1) == {}
    (one,) = neighbourhoods(["a"], np.ones((1, 4)), seed=1).values()
    assert (one.cluster, one.distance) == (0, 0.0)
    same = neighbourhoods([f"{n}" for n in range(40)], np.ones((40, 4)), seed=1)
    assert {n.distance for n in same.values()} == {0.0}
