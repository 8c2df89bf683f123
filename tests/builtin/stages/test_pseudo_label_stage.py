"""Labels from a teacher: what it says of each training frame, on the scale, beside what is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from aukit.builtin.params.stages import PseudoLabelParams
from aukit.builtin.stages.pseudo_label import PseudoLabelStage
from aukit.clips.clipset import ClipSet
from aukit.contracts.run import StageResult
from aukit.errors import ComponentError, UsageError
from aukit.testing.checks.stage import check_stage
from aukit.training.context import Context
from aukit.training.model import AUModel, build_model

Make = Callable[..., Context]


def params(**changes: Any) -> PseudoLabelParams:
    return PseudoLabelParams.from_table({"data": "faces", "window": 1, "stride": 1, **changes})


def off_the_scale(model: AUModel) -> AUModel:
    """The model with predictions from below 0 to above 5."""
    with torch.no_grad():
        model.head.linear.weight.mul_(150)
        model.head.linear.bias.fill_(4)
    return model


def said_frame_by_frame(model: AUModel, clips: ClipSet) -> dict[str, NDArray[np.float64]]:
    """Predictions of windows of one frame, each computed alone."""
    model.eval()
    found = {}
    with torch.no_grad():
        for clip in clips.clips:
            frames = torch.from_numpy(clip.read(0, clip.length)).permute(0, 3, 1, 2).float() / 255
            found[clip.id] = np.stack([model(one[None, None])[0][0, 0].double().numpy() for one in frames])
    return found


def some_labels(clips: ClipSet, rows: slice) -> ClipSet:
    mask = {clip.id: np.zeros(clip.labels.shape, bool) for clip in clips.clips}
    for chosen in mask.values():
        chosen[rows, 0] = True
    return clips.masked(mask)


@pytest.mark.parametrize(
    "changes", [{}, {"values": "rounded"}, {"keep_labels": False}, {"window": 5, "stride": 2}]
)
def test_contract(changes: dict[str, Any]) -> None:
    check_stage(lambda: PseudoLabelStage(params(**changes)))


@pytest.mark.parametrize("values", ["continuous", "rounded"])
@pytest.mark.parametrize("keep", [True, False])
def test_labels_are_the_predictions_on_the_scale_and_what_is_known(
    context: Make, values: str, keep: bool
) -> None:
    ctx = context()
    train = some_labels(ctx.clips("train"), slice(3, 9, 2))
    ctx = context(train=train, model=off_the_scale(ctx.model))
    raw = said_frame_by_frame(ctx.model, train)
    everything = np.concatenate(list(raw.values()))
    assert everything.min() < 0 and everything.max() > 5
    result = PseudoLabelStage(params(values=values, keep_labels=keep)).run(ctx)
    assert result.labels.keys() == raw.keys()
    levels = np.arange(6)
    for clip in train.clips:
        due = np.minimum(np.maximum(raw[clip.id], 0.0), 5.0)
        if values == "rounded":
            due = levels[np.abs(raw[clip.id][..., None] - levels).argmin(axis=-1)].astype(float)
        if keep:
            due[3:9:2, 0] = clip.labels[3:9:2, 0]
        np.testing.assert_allclose(result.labels[clip.id], due, atol=2e-4)
        assert result.labels[clip.id].dtype == np.float32
    cells, kept = 4 * 40 * 2, 4 * 3 if keep else 0
    assert result.metrics == {
        "labelled_frames": 160.0,
        "pseudo_labels": float(cells - kept),
        "kept_labels": float(kept),
    }


def test_halves_are_rounded_up() -> None:
    stage = PseudoLabelStage(params(values="rounded"))
    given = np.array([[-3.0, 0.49, 0.5, 1.5, 2.5, 4.5, 7.0, np.nan]], np.float32)
    np.testing.assert_array_equal(stage._levels(given), [[0, 0, 1, 2, 3, 5, 5, np.nan]])


def test_frames_without_a_face_get_no_label(context: Make) -> None:
    clips = context().clips("train")
    cut = replace(
        clips, clips=tuple(replace(clip, segments=((0, 10), (15, clip.length))) for clip in clips.clips)
    )
    stage = PseudoLabelStage(params())
    result = stage.run(context(train=cut.unlabelled()))
    for labels in result.labels.values():
        assert np.isnan(labels[10:15]).all()
        assert np.isfinite(np.delete(labels, slice(10, 15), axis=0)).all()
    assert result.metrics["labelled_frames"] == 4 * 35
    seen = stage.preview(context(train=cut)).labels
    assert all(np.array_equal(np.isnan(seen[clip]), np.isnan(own)) for clip, own in result.labels.items())


def test_the_model_is_left_as_it_was(context: Make) -> None:
    ctx = context()
    before = {name: value.clone() for name, value in ctx.model.state_dict().items()}
    result = PseudoLabelStage(params()).run(ctx)
    assert result.model is ctx.model
    assert all(torch.equal(value, before[name]) for name, value in ctx.model.state_dict().items())


def test_the_model_of_an_earlier_stage_predicts(context: Make) -> None:
    ctx = context()
    earlier = build_model(ctx._parts, ctx.model.aus, 77)
    ctx = context(results={"finetune": StageResult(model=earlier)}, train=ctx.clips("train").unlabelled())
    result = PseudoLabelStage(params(start="finetune")).run(ctx)
    for clip, due in said_frame_by_frame(earlier, ctx.clips("train")).items():
        np.testing.assert_allclose(result.labels[clip], np.clip(due, 0, 5), atol=1e-4)


def test_the_state_is_zero_at_the_start_of_each_window(context: Make) -> None:
    """With a window of three frames at stride 2, a label comes from the frame itself, two and four before it."""
    ctx = context()
    clip = ctx.clips("train").clips[0]
    result = PseudoLabelStage(params(window=3, stride=2, keep_labels=False)).run(ctx)
    frames = torch.from_numpy(clip.read(0, clip.length)).permute(0, 3, 1, 2).float() / 255
    ctx.model.eval()
    with torch.no_grad():
        due = ctx.model(frames[None, [16, 18, 20]])[0][0, -1]
    np.testing.assert_allclose(result.labels[clip.id][20], due.clamp(0, 5), atol=1e-5)


def test_unknown_names(context: Make) -> None:
    ctx = context(results={"finetune": StageResult(model=None)})
    with pytest.raises(UsageError, match="labels from the model of `finetun`") as caught:
        PseudoLabelStage(params(start="finetun")).check(ctx)
    assert "`finetune`" in caught.value.hint
    with pytest.raises(ValidationError, match="give one of them"):
        params(start="finetune", teacher="runs/r18")
    with pytest.raises(ComponentError, match="its parameters do not name"):
        ctx.model_of("runs/r18")


def test_it_names_its_teacher_and_sees_labels_where_it_keeps_them() -> None:
    assert params(teacher="runs/r18").runs() == ("runs/r18",)
    assert params().runs() == ()
    assert params().sees_labels()
    assert not params(keep_labels=False).sees_labels()
