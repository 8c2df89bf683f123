"""People keep their ids over time, and one of them is meant."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import Box, at, faces_of, middles, steps

from aukit.ingest.matching import assign

FPS = 25.0


def ids_of(faces: Sequence[Any]) -> list[list[int]]:
    return [sorted(seen) for seen in faces]


@pytest.mark.parametrize("every", [1, 3, 5])
@pytest.mark.parametrize("hidden", [False, True], ids=["both seen", "one hidden while they overlap"])
def test_two_who_cross_keep_their_ids(every: int, hidden: bool) -> None:
    def script(now: float) -> list[Box]:
        one, two = at(100 + 150 * now), at(540 - 150 * now, 250)
        return [one] if hidden and abs(one[0] - two[0]) < 45 else [two, one]

    faces = faces_of(script, steps(74), every=every)
    assert {id_ for seen in faces for id_ in seen} == {0, 1}
    for id_, slope, start in ((0, -150, 540), (1, 150, 100)):
        found = middles(faces, id_)
        assert found[0] == start
        assert found[-1] is not None
        for now, where in zip(steps(74), found, strict=True):
            assert where is None or where == pytest.approx(start + slope * now, abs=1)


@given(st.data())
def test_people_who_walk_steadily_past_each_other_keep_their_ids(data: st.DataObject) -> None:
    """At any speed a person has, whoever is listed first, with a locator that trembles."""
    speeds = data.draw(st.lists(st.floats(-200, 200), min_size=2, max_size=4))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    rows = 60 + 100 * np.arange(len(speeds))

    def script(now: float) -> list[Box]:
        trembling = rng.normal(0, 1, len(speeds))
        people = [at(320 + v * (now - 1) + e, y) for v, e, y in zip(speeds, trembling, rows, strict=True)]
        return [people[place] for place in rng.permutation(len(people))]

    faces = faces_of(script, steps(50))
    assert all(len(seen) == len(speeds) for seen in faces)
    order = sorted(range(len(speeds)), key=lambda id_: faces[0][id_].box[1])
    for seen in faces:
        assert sorted(seen, key=lambda id_: seen[id_].box[1]) == order


@pytest.mark.parametrize(("away", "new"), [(0.2, False), (0.8, False), (1.2, True), (5.0, True)])
def test_who_is_away_for_less_than_a_second_comes_back_under_the_same_id(away: float, new: bool) -> None:
    faces = faces_of(lambda now: [] if 1 < now < 1 + away else [at(300)], steps(200))
    assert ids_of(faces)[0] == [0]
    assert ids_of(faces)[-1] == [int(new)]


def test_who_appears_far_off_is_somebody_new() -> None:
    faces = faces_of(lambda now: [at(100 if now < 1 else 500)], steps(50))
    assert ids_of(faces) == [[0]] * 25 + [[1]] * 25


def test_a_moving_camera_changes_nobody() -> None:
    """A row of people jumps by half the space between them: only all together show who is who."""
    faces = faces_of(lambda now: [at(x + 55 * (now >= 1)) for x in (100, 200, 300, 400)], steps(30))
    assert all(middles(faces, id_)[-1] == 155 + 100 * id_ for id_ in range(4))


def test_after_a_hole_in_time_everybody_is_new() -> None:
    assert ids_of(faces_of(lambda now: [at(300)], [0, 0.04, 60, 60.04])) == [[0], [0], [1], [1]]


@pytest.mark.parametrize("follow", ["largest", "central", "track"])
def test_the_one_who_is_meant_has_id_0_however_often_he_leaves(follow: str) -> None:
    faces = faces_of(lambda now: [at(300)] if now % 4 < 2 else [], steps(300), follow=follow)
    assert ids_of(faces) == [[0] if now % 4 < 2 else [] for now in steps(300)]


def test_the_largest_is_meant_and_the_most_central() -> None:
    def script(now: float) -> list[Box]:
        return [at(330, side=60), at(80, side=120)]

    assert set(middles(faces_of(script, steps(10), follow="largest"), 0)) == {80}
    assert set(middles(faces_of(script, steps(10), follow="track"), 0)) == {80}
    assert set(middles(faces_of(script, steps(10), follow="central"), 0)) == {330}


@pytest.mark.parametrize("follow", ["largest", "central"])
def test_two_who_are_alike_do_not_take_turns(follow: str) -> None:
    rng = np.random.default_rng(0)

    def script(now: float) -> list[Box]:
        return [at(x + rng.normal(0, 2), side=100 + rng.normal(0, 2)) for x in (220, 420)]

    found = np.array(middles(faces_of(script, steps(300), follow=follow), 0), float)
    assert (abs(found - found[0]) < 50).all()


def test_another_takes_over_after_a_quarter_of_a_second_and_one_picture_without_a_face() -> None:
    def script(now: float) -> list[Box]:
        return [at(150, side=100), at(450, side=90 if now < 1 else 120)]

    found = middles(faces_of(script, steps(60), follow="largest"), 0)
    # Last undisputed at 0.96 s; a quarter of a second later is between pictures 30 and 31.
    assert found == [150] * 31 + [None] + [450] * 28


def test_nobody_takes_over_for_a_moment() -> None:
    """The locator misses the largest face in some pictures."""

    def script(now: float) -> list[Box]:
        return [at(450, side=60), *([] if round(now * FPS) % 10 in (3, 4) else [at(150, side=120)])]

    found = middles(faces_of(script, steps(100), follow="largest"), 0)
    assert found == [None if number % 10 in (3, 4) else 150 for number in range(100)]


def test_when_the_largest_leaves_the_other_is_meant() -> None:
    def script(now: float) -> list[Box]:
        return [at(450, side=60), *([at(150, side=120)] if now < 1 else [])]

    found = middles(faces_of(script, steps(50), follow="largest"), 0)
    assert found == [150] * 25 + [None] * 6 + [450] * 19


def test_a_tracked_person_stays_meant_until_gone_for_a_second() -> None:
    def script(now: float) -> list[Box]:
        mine = [at(150 + 50 * now, side=100)] if now < 2 or 2.6 < now < 4 else []
        return [at(500, side=60 + 40 * now), *mine]

    found = middles(faces_of(script, steps(150), follow="track"), 0)
    for now, where in zip(steps(150), found, strict=True):
        if now < 2 or 2.6 < now < 4:
            assert where == pytest.approx(150 + 50 * now)
        else:
            assert where == (500 if now > 4.95 else None)


@given(
    costs=st.integers(0, 5).flatmap(
        lambda rows: st.integers(0, 5).flatmap(
            lambda columns: st.lists(
                st.lists(st.floats(0, 1) | st.just(np.inf), min_size=columns, max_size=columns),
                min_size=rows,
                max_size=rows,
            ).map(lambda table: np.array(table, float).reshape(rows, columns))
        )
    ),
    left_out=st.floats(0.1, 3),
)
def test_columns_are_shared_out_at_the_least_cost_of_all_ways(costs: np.ndarray, left_out: float) -> None:
    rows, columns = costs.shape
    found = assign(costs, left_out=left_out)
    taken = [column for column in found if column is not None]
    assert len(set(taken)) == len(taken)

    def total(choice: Sequence[int | None]) -> float:
        return sum(left_out if column is None else costs[row, column] for row, column in enumerate(choice))

    ways = permutations([*range(columns), *[None] * rows], rows)
    assert total(found) == pytest.approx(min(map(total, ways)))
