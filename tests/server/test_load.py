"""Short loads in the tests; those of `tests/load` are the long ones."""

import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "load"))
import run as load  # noqa: E402
import stores  # noqa: E402


def test_a_short_load_changes_no_text_and_leaves_nothing():
    figures, wrong = load.run(num_clients=40, seconds=4, seed=random.randrange(1 << 30), threads=1,
                              num_cases=8)
    print(figures)
    assert wrong == [], (figures, wrong)
    assert figures["completed"] > 0 and figures["cancelled"] > 0


def test_writers_and_readers_of_vector_stores_lose_nothing_and_find_nothing_deleted():
    figures, wrong = stores.run(num_writers=6, num_readers=6, seconds=4, seed=random.randrange(1 << 30),
                                embedding_model="none")
    print(figures)
    assert wrong == [], (figures, wrong)
    assert figures["written"] > 0 and figures["searches"] > 0
