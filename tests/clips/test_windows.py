"""Windows: inside segments, each span once an epoch, functions of the seed and the step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aukit.clips.clipset import Clip, ClipSet
from aukit.clips.windows import LabelPlan, SpanPlan, Window, frame_stride, spans
from aukit.errors import DataError

MakeClip = Callable[..., Clip]
MakeSet = Callable[..., ClipSet]
MakeRng = Callable[..., Callable[..., np.random.Generator]]

LENGTHS = st.lists(st.lists(st.integers(1, 90), min_size=1, max_size=3), min_size=1, max_size=6)
"""For each clip, the lengths of its runs; one frame is lost between two of them."""


def make_clips(clip: MakeClip, clipset: MakeSet, lengths: list[list[int]], labels: float = np.nan) -> ClipSet:
    clips = []
    for number, runs in enumerate(lengths):
        starts = np.cumsum([0, *(run + 1 for run in runs[:-1])])
        segments = tuple((int(start), int(start) + run) for start, run in zip(starts, runs, strict=True))
        values = np.full((segments[-1][1], 1), labels, np.float32)
        clips.append(clip(f"v{number}", f"p{number // 2}", segments, labels=values))
    return clipset(*clips)


def inside(clips: ClipSet, window: Window) -> bool:
    return any(a <= window.start and window.last < b for a, b in clips.clips[window.clip].segments)


def test_a_stride_is_frames_or_seconds() -> None:
    assert frame_stride(20, 2) == 2
    assert [frame_stride(fps, 0.1) for fps in (5, 20, 25, 30, 60)] == [1, 2, 2, 3, 6]
    assert frame_stride(20, 1.0) == 20
    assert Window(0, 5, 3, 2).last == 9
    assert list(range(20))[Window(0, 5, 3, 2).rows] == [5, 7, 9]


def test_the_papers_spans() -> None:
    """15 frames at stride 2 take 30 frames: 1.2 M frames are 40,000 such spans."""
    table = spans([(0, 300), (301, 360), (361, 390), (391, 419)], 15, 2)
    assert table[:, 0].tolist() == [*range(0, 300, 30), 301, 361]  # 59 hold one, 29 just the window, 28 none
    assert (table[:, 1] <= table[:, 0]).all()
    assert (table[:, 0] <= table[:, 2]).all()


@given(LENGTHS, st.integers(1, 8), st.integers(1, 4))
def test_spans_stay_in_their_run_and_near_their_place(
    clip: MakeClip, clipset: MakeSet, lengths: list[list[int]], frames: int, stride: int
) -> None:
    for one in make_clips(clip, clipset, lengths).clips:
        table = spans(one.segments, frames, stride)
        needed = (frames - 1) * stride + 1
        assert len(table) == sum(
            max((b - a) // (frames * stride), int(b - a >= needed)) for a, b in one.segments
        )
        for start, low, high in table:
            a, b = next(run for run in one.segments if run[0] <= start < run[1])
            assert a <= low <= start <= high <= b - needed
            assert high - low <= frames * stride


@given(
    lengths=LENGTHS,
    frames=st.integers(1, 8),
    stride=st.integers(1, 4),
    batch=st.integers(1, 9),
    people=st.none() | st.integers(1, 4),
    seed=st.integers(0, 999),
)
def test_an_epoch_has_each_span_once_inside_its_segment(
    clip: MakeClip,
    clipset: MakeSet,
    rng: MakeRng,
    lengths: list[list[int]],
    frames: int,
    stride: int,
    batch: int,
    people: int | None,
    seed: int,
) -> None:
    clips = make_clips(clip, clipset, lengths)
    assume(any(b - a >= (frames - 1) * stride + 1 for one in clips.clips for a, b in one.segments))
    plan = SpanPlan(clips, frames=frames, stride=stride, batch=batch, people=people, rng=rng(seed))
    for epoch in (0, 3):
        windows = [
            w for step in range(plan.steps_per_epoch) for w in plan(epoch * plan.steps_per_epoch + step)
        ]
        assert all(inside(clips, window) for window in windows)
        assert len(windows) == (len(plan) // batch * batch or len(plan))
        order, starts = plan._epoch(epoch)
        assert sorted(order.tolist()) == list(range(len(plan)))
        assert [window.start for window in windows] == starts[order[: len(windows)]].tolist()
        assert ((plan.spans[:, 1] <= starts) & (starts <= plan.spans[:, 2])).all()


def test_epochs_and_seeds_differ_and_steps_do_not_depend_on_history(
    clip: MakeClip, clipset: MakeSet, rng: MakeRng
) -> None:
    clips = make_clips(clip, clipset, [[600], [600]])

    def plan(seed: int) -> SpanPlan:
        return SpanPlan(clips, frames=15, stride=2, batch=4, people=1, rng=rng(seed))

    whole = [plan(0)(step) for step in range(30)]
    late = plan(0)
    assert [late(step) for step in reversed(range(30))] == whole[::-1]
    assert whole[:10] != whole[10:20]
    assert plan(1)(0) != whole[0]


def test_without_randomness_the_order_is_fixed(clip: MakeClip, clipset: MakeSet) -> None:
    plan = SpanPlan(make_clips(clip, clipset, [[100], [70]]), frames=15, stride=2, batch=2)
    assert [(w.clip, w.start) for step in range(2) for w in plan(step)] == [(0, 0), (0, 30), (0, 60), (1, 0)]
    assert plan(2) == plan(0)


@pytest.mark.parametrize("people", [1, 2, 3])
def test_a_batch_comes_from_few_people(clip: MakeClip, clipset: MakeSet, rng: MakeRng, people: int) -> None:
    clips = make_clips(clip, clipset, [[600]] * 12)  # six people, 40 spans each
    plan = SpanPlan(clips, frames=15, stride=2, batch=6, people=people, rng=rng(0))
    found = [Counter(clips.clips[w.clip].subject for w in plan(step)) for step in range(plan.steps_per_epoch)]
    early = found[: len(found) * 3 // 4]
    assert all(set(counts.values()) == {6 // people} and len(counts) == people for counts in early)
    assert {one for counts in found for one in counts} == {f"p{number}" for number in range(6)}
    assert max(len(counts) for counts in found) <= people + 2
    free = SpanPlan(clips, frames=15, stride=2, batch=6, rng=rng(0))
    assert any(len({clips.clips[w.clip].subject for w in free(step)}) > 3 for step in range(10))


def test_jitter_reaches_all_starts_evenly(clip: MakeClip, clipset: MakeSet, rng: MakeRng) -> None:
    clips = make_clips(clip, clipset, [[90]])
    plan = SpanPlan(clips, frames=15, stride=2, batch=3, rng=rng(0))
    starts = [w.start for step in range(600) for w in plan(step)]
    hits = np.bincount(starts, minlength=62)
    assert set(np.flatnonzero(hits)) == set(range(62))
    middle = hits[16:45] / 600
    assert np.abs(middle - 1 / 31).max() < 0.04


def test_seconds_give_each_clip_its_own_stride(clip: MakeClip, clipset: MakeSet, rng: MakeRng) -> None:
    clips = clipset(clip("slow", "a", ((0, 300),), fps=20), clip("fast", "b", ((0, 900),), fps=60))
    plan = SpanPlan(clips, frames=15, stride=0.1, batch=2, rng=rng(0))
    assert {(w.clip, w.stride) for step in range(10) for w in plan(step)} == {(0, 2), (1, 6)}
    assert len(plan) == 20


def test_dense_windows_have_a_label_at_every_frame(clip: MakeClip, clipset: MakeSet, rng: MakeRng) -> None:
    labels = np.zeros((200, 1), np.float32)
    labels[60:63] = np.nan
    clips = clipset(clip("a", "a", ((0, 100), (101, 200)), labels=labels), clip("b", "b", ((0, 200),)))
    plan = SpanPlan(clips, frames=10, stride=2, batch=1, labelled=True, rng=rng(0))
    for step in range(3 * plan.steps_per_epoch):
        (window,) = plan(step)
        assert window.clip == 0
        assert inside(clips, window)
        assert not np.isnan(clips.clips[0].labels[window.rows]).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"stride": 2},
            "a window of 30 frames at stride 2 frames is longer than every video: the longest run",
        ),
        ({"stride": 0.1}, "at stride 0.1 s is longer"),
        ({"stride": 1, "labelled": True}, "there is no labelled run"),
    ],
)
def test_a_window_longer_than_every_video(
    clip: MakeClip, clipset: MakeSet, options: dict[str, object], message: str
) -> None:
    clips = make_clips(clip, clipset, [[58, 40], [30]])
    with pytest.raises(DataError, match=message) as caught:
        SpanPlan(clips, frames=30, batch=2, **options)
    assert "58 frames" in caught.value.message or "labelled" in options
    assert caught.value.hint == "ask for fewer frames or a smaller stride"


@given(
    lengths=LENGTHS,
    frames=st.integers(1, 8),
    stride=st.integers(1, 4),
    batch=st.integers(1, 9),
    shortest=st.integers(1, 9),
    seed=st.integers(0, 999),
)
def test_label_windows_end_at_each_labelled_frame_once_an_epoch(
    clip: MakeClip,
    clipset: MakeSet,
    rng: MakeRng,
    lengths: list[list[int]],
    frames: int,
    stride: int,
    batch: int,
    shortest: int,
    seed: int,
) -> None:
    clips = make_clips(clip, clipset, lengths, labels=1.0)
    wanted = {(n, t) for n, one in enumerate(clips.clips) for a, b in one.segments for t in range(a, b)}
    plan = LabelPlan(clips, frames=frames, stride=stride, batch=batch, shortest=shortest, rng=rng(seed))
    assert len(plan) == len(wanted)
    assert all(len(plan(step)) == batch for step in range(3))
    windows = [w for step in range(2 * plan.steps_per_epoch + 1) for w in plan(step)][: 2 * len(wanted)]
    for epoch in (windows[: len(wanted)], windows[len(wanted) :]):
        assert {(w.clip, w.last) for w in epoch} == wanted
    for window in windows:
        a, _ = next(run for run in clips.clips[window.clip].segments if run[0] <= window.last < run[1])
        there = (window.last - a) // stride + 1
        assert min(shortest, frames, there) <= window.frames <= min(frames, there)
        assert inside(clips, window)


def test_the_length_of_a_label_window_is_uniform(clip: MakeClip, clipset: MakeSet, rng: MakeRng) -> None:
    labels = np.full((200, 1), np.nan, np.float32)
    labels[[9, 150]] = 2.0  # at stride 2 the first has 5 frames to look back on, the second more than 15
    plan = LabelPlan(
        clipset(clip("a", "a", ((0, 200),), labels=labels)), frames=15, stride=2, batch=2, rng=rng(0)
    )
    windows = [w for step in range(3000) for w in plan(step)]
    for frame, longest in ((9, 5), (150, 15)):
        lengths = np.bincount([w.frames for w in windows if w.last == frame], minlength=longest + 1)
        assert lengths[0] == 0
        assert len(lengths) == longest + 1
        assert np.abs(lengths[1:] / 3000 - 1 / longest).max() < 5 * np.sqrt(1 / longest / 3000)


def test_label_windows_without_randomness_are_the_longest(clip: MakeClip, clipset: MakeSet) -> None:
    clips = make_clips(clip, clipset, [[5]], labels=1.0)
    assert [w.frames for w in LabelPlan(clips, frames=3, stride=1, batch=5)(0)] == [1, 2, 3, 3, 3]


def test_no_labels_no_plan(clip: MakeClip, clipset: MakeSet) -> None:
    lost = np.full((9, 1), np.nan, np.float32)
    lost[8] = 1.0  # labelled, but without a face
    with pytest.raises(DataError, match="no frame is labelled"):
        LabelPlan(clipset(clip("a", "a", ((0, 8),), labels=lost)), frames=3, stride=1, batch=2)
