"""What a student cannot rule out."""

import numpy as np
import pytest

from engine.inference.specification import Requirement
from engine.screening.narrowing import FirstPass, Scored, may_meet, next_rows, sample_of
from engine.screening.student import SURE, Margins, covering
from engine.settings.properties import Property

ROWS, TOP = 20_000, 300


class Answers:
    """What an ensemble says of many rows, and a student that is farther off where they are high."""

    def __init__(self, seed: int, scale: float = 1.0) -> None:
        random = np.random.default_rng(seed)
        self.ensemble = random.normal(size=ROWS)
        noise = random.normal(size=ROWS) * 0.1 * scale
        # As networks do, it draws what is extreme towards the middle.
        self.student = self.ensemble * 0.9 + noise

    def margins(self) -> Margins:
        """Those of a student that was held to these answers."""
        return Margins(["Tg"], self.ensemble[:, None], self.student[:, None])

    def first(self, margins: Margins) -> FirstPass:
        """The first pass over these rows."""
        return FirstPass(
            [Property(name="Tg", title="Tg")],
            self.student[:, None],
            np.ones(ROWS, dtype=bool),
            margins,
        )

    def found(self, first: FirstPass, by: Requirement) -> tuple[np.ndarray, np.ndarray]:
        """The rows that are found to be the best, and which were scored."""
        sign = 1 if by.direction == "high" else -1
        done, scored = np.zeros(ROWS, dtype=bool), Scored.none()
        while len(rows := next_rows(first, by, TOP, first.readable, done, scored)):
            assert not done[rows].any()
            done[rows] = True
            own = np.flatnonzero(done)
            best = own[np.argsort(-sign * self.ensemble[own])[:TOP]]
            scored = Scored(best, self.ensemble[best])
        return scored.rows, done


@pytest.fixture
def margins() -> Margins:
    return Answers(1).margins()


@pytest.mark.parametrize("direction", ["high", "low"])
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_the_best_are_found_and_most_rows_are_ruled_out(
    margins: Margins, direction: str, seed: int
) -> None:
    answers = Answers(seed)
    by = Requirement(name="Tg", direction=direction)
    found, done = answers.found(answers.first(margins), by)
    sign = 1 if direction == "high" else -1
    true = np.argsort(-sign * answers.ensemble)[:TOP]
    assert np.isin(true, found).mean() >= 0.99
    assert done.mean() < 0.1


@pytest.mark.parametrize(("low", "high"), [(1.0, None), (None, -1.5), (0.2, 0.4), (2.5, None)])
def test_what_meets_a_requirement_is_not_ruled_out(margins: Margins, low, high) -> None:
    answers = Answers(5)
    keep = Requirement(name="Tg", low=low, high=high)
    may = may_meet(answers.first(margins), [keep])
    met = np.array([keep.met_by(value) for value in answers.ensemble])
    assert may[met].mean() >= 0.99
    assert may.sum() < met.sum() + 0.25 * ROWS


def test_a_file_on_which_the_student_is_farther_off_has_wider_margins(margins: Margins) -> None:
    farther = Answers(6, scale=4)
    by = Requirement(name="Tg", direction="high")
    true = np.argsort(-farther.ensemble)[:TOP]
    sample = sample_of(np.ones(ROWS, dtype=bool))
    own = margins.for_file(
        ["Tg"], farther.student[sample][:, None], farther.ensemble[sample][:, None]
    )
    assert own.factors["Tg"] > 1.5
    found, _ = farther.found(farther.first(own), by)
    assert np.isin(true, found).mean() >= 0.99
    alike = Answers(7)
    same = margins.for_file(["Tg"], alike.student[:, None], alike.ensemble[:, None])
    assert 1 <= same.factors["Tg"] < 1.05


def test_what_the_student_cannot_judge_is_scored(margins: Margins) -> None:
    answers = Answers(8)
    answers.student[::100] = np.nan
    first = answers.first(margins)
    assert may_meet(first, [Requirement(name="Tg", low=9.0)])[::100].all()
    _, done = answers.found(first, Requirement(name="Tg", direction="low"))
    assert done[::100].all()


def test_what_cannot_be_read_is_neither_sampled_nor_scored(margins: Margins) -> None:
    answers = Answers(9)
    first = answers.first(margins)
    first.readable[: ROWS // 2] = False
    assert sample_of(first.readable).min() >= ROWS // 2
    assert len(sample_of(np.zeros(5, dtype=bool))) == 0
    _, done = answers.found(first, Requirement(name="Tg", direction="high"))
    assert not done[: ROWS // 2].any()


def test_fewer_rows_than_are_wanted_are_all_found(margins: Margins) -> None:
    answers = Answers(10)
    first = answers.first(margins)
    first.readable[100:] = False
    found, _ = answers.found(first, Requirement(name="Tg", direction="high"))
    assert sorted(found) == [*range(100)]


def test_a_margin_covers_what_it_promises() -> None:
    random = np.random.default_rng(0)
    exceeded = [
        (random.normal(size=2000) > covering(random.normal(size=7999))).mean() for _ in range(200)
    ]
    assert 0.8 * (1 - SURE) < np.mean(exceeded) < 1.2 * (1 - SURE)
    assert covering(np.full(50, -1.0)) == 0
    assert covering(np.array([0.1, 3.0, 0.2])) == 3.0
