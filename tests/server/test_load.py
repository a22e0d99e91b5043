"""A short load in the tests; `tests/load/run.py` is the long one."""

import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "load"))
import run as load  # noqa: E402


def test_a_short_load_changes_no_text_and_leaves_nothing():
    figures, wrong = load.run(num_clients=40, seconds=4, seed=random.randrange(1 << 30), threads=1,
                              num_cases=8)
    print(figures)
    assert wrong == [], (figures, wrong)
    assert figures["completed"] > 0 and figures["cancelled"] > 0
