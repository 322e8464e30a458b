"""Clusters of the queue: the same whatever the order, and of what is alike."""

import numpy as np

from training.order.clusters import clusters


def test_what_is_alike_is_one_cluster_in_whatever_order_it_comes() -> None:
    generator = np.random.default_rng(0)
    centres = np.eye(3, 8) * 10
    vectors = np.concatenate([c + generator.normal(size=(10, 8)) * 0.1 for c in centres])
    ids = [f"a{n:02}" for n in range(30)]
    found = clusters(ids, vectors, seed=1)
    groups = [{found[i] for i in ids[start : start + 10]} for start in (0, 10, 20)]
    assert [len(group) for group in groups] == [1, 1, 1]
    assert len(set.union(*groups)) == 3
    turned = generator.permutation(30)
    assert clusters([ids[n] for n in turned], vectors[turned], seed=1) == found


def test_few_articles_and_equal_ones() -> None:
    assert clusters([], np.empty((0, 4)), seed=1) == {}
    assert clusters(["a"], np.ones((1, 4)), seed=1) == {"a": 0}
    same = clusters([f"{n}" for n in range(40)], np.ones((40, 4)), seed=1)
    assert len(set(same.values())) == 1
