"""Boxes made elsewhere reach the right picture of the right video, or an error says why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aukit.contracts.data import Face, Recording
from aukit.contracts.faces import FaceRules, Picture
from aukit.errors import DataError
from aukit.hosting.build import build
from aukit.ingest.faces import find_faces
from aukit.ingest.video import pictures
from aukit.testing import check_component
from aukit.testing.video import face_video

PIXELS = np.zeros((100, 200, 3), np.uint8)


def written(path: Path, content: Any) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return str(path)


def seen(locator: Any, index: int, seconds: float | None = None) -> list[Face]:
    return locator.locate(
        Picture(pixels=PIXELS, index=index, seconds=index / 25 if seconds is None else seconds)
    )


LAYOUTS = {
    "corners.csv": "frame,x0,y0,x1,y1,score\n0,10,20,40,60,0.9\n2,11,21,41,61,0.8\n",
    "sizes.csv": "Frame; X; Y; W; H; Score\n0;10;20;30;40;0.9\n2;11;21;30;40;0.8\n",
    "sides.csv": "left,top,right,bottom,frame,confidence\n10,20,40,60,0,.9\n11,21,41,61,2.0,8e-1\n",
    "time.csv": "timestamp,x1,y1,x2,y2,score\n0,10,20,40,60,0.9\n0.08,11,21,41,61,0.8\n",
    "blank.csv": "frame,face_id,x0,y0,x1,y1,score\n0,7,10,20,40,60,0.9\n\n1,,,,,,\n2,7,11,21,41,61,0.8\n",
    "objects.json": [
        {"frame": 0, "box": [10, 20, 40, 60], "score": 0.9},
        {"frame": 1, "box": None},
        {"frame": 2, "x": 11, "y": 21, "width": 30, "height": 40, "confidence": 0.8},
    ],
    "frames.json": {"0": [[10, 20, 40, 60, 0.9]], "1": [], "2": [11, 21, 41, 61, 0.8]},
    "turns.json": [[[10, 20, 40, 60, 0.9]], None, [{"bbox": [11, 21, 41, 61], "score": 0.8}]],
    "video.json": {"video.mp4": {"0": [[10, 20, 40, 60, 0.9]], "2": [[11, 21, 41, 61, 0.8]]}},
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_says_the_same(tmp_path, name):
    file = written(tmp_path / name, LAYOUTS[name])
    locator = build("locator", "boxes", file=file)
    locator.start("video" if name == "video.json" else Path(name).stem, 0)
    assert seen(locator, 0) == [Face(box=(10, 20, 40, 60), score=0.9)]
    assert seen(locator, 1) == []
    assert seen(locator, 2) == [Face(box=(11, 21, 41, 61), score=0.8)]
    assert seen(locator, 3) == []


def test_several_faces_come_best_first_and_without_scores_are_sure(tmp_path):
    file = written(tmp_path / "v.csv", "frame,x0,y0,x1,y1\n0,1,1,5,5\n0,2,2,6,6\n")
    locator = build("locator", "boxes", file=file)
    assert locator.whole is True
    locator.start("v", 0)
    assert [face.score for face in seen(locator, 0)] == [1, 1]
    file = written(tmp_path / "w.json", [[[1, 1, 5, 5, 0.2], [2, 2, 6, 6, 0.7]]])
    locator = build("locator", "boxes", file=file)
    locator.start("w", 0)
    assert [face.score for face in seen(locator, 0)] == [0.7, 0.2]


@pytest.mark.parametrize(("base", "first"), [(None, 0), (0, 1), (1, 0), (1, 1), (7, 3)])
def test_frames_count_from_where_they_are_said_to(tmp_path, base, first):
    """`base` is the file's number of the first picture, `first` the recording's own."""
    file = written(tmp_path / "v.csv", f"frame,x0,y0,x1,y1\n{(base or 0) + 4},1,1,5,5\n")
    locator = build("locator", "boxes", file=file, **({} if base is None else {"base": base}))
    locator.start("v", first)
    assert [index for index in range(first, first + 9) if seen(locator, index)] == [first + 4]


def test_a_frame_before_the_base_is_an_error(tmp_path):
    file = written(tmp_path / "v.csv", "frame,x0,y0,x1,y1\n1,1,1,5,5\n0,1,1,5,5\n")
    with pytest.raises(DataError, match="there is no frame 0 where frames count from 1") as caught:
        build("locator", "boxes", file=file, base=1)
    assert caught.value.where == f"{file}:3" and "`base`" in caught.value.hint


def test_times_mean_the_nearest_picture_and_no_other(tmp_path):
    rows = "".join(f"{frame / 60:.3f},{frame},0,{frame + 5},9\n" for frame in range(40) if frame != 20)
    file = written(tmp_path / "v.csv", "time,x0,y0,x1,y1\n" + rows)
    locator = build("locator", "boxes", file=file)
    locator.start("v", 0)
    for frame in range(45):
        found = [face.box[0] for face in seen(locator, frame, frame / 60)]
        assert found == ([frame] if frame < 40 and frame != 20 else [])


def openface(rows: int = 3, *, space: bool = True) -> str:
    """As OpenFace writes: spaces behind commas, frames from 1, points in the picture and in space."""
    points = [f"{axis}_{number}" for axis in "xyXYZ" for number in range(68)]
    header = ["frame", "face_id", "timestamp", "confidence", "success", *points, "AU01_r"]
    lines = [header]
    for row in range(rows):
        x = [str(100 + number + 5 * row) for number in range(68)]
        y = [str(200 - number) for number in range(68)]
        success = str(int(row != 1))
        lines.append([str(row + 1), "0", f"{row / 30:.3f}", "0.98", success, *x, *y, *["9"] * 204, "0.5"])
    return "\n".join((", " if space else ",").join(line) for line in lines) + "\n"


@pytest.mark.parametrize("space", [True, False])
def test_openfaces_landmarks_give_boxes_and_five_points(tmp_path, space):
    file = written(tmp_path / "clip.csv", openface(space=space))
    locator = build("locator", "boxes", file=file)
    locator.start("clip.avi", 0)
    (face,) = locator.locate(Picture(pixels=np.zeros((400, 400, 3), np.uint8), seconds=0, index=0))
    assert face.box == (100, 133, 167, 200) and face.score == 0.98
    # Eyes are the means of points 36-41 and 42-47, then the nose tip 30 and the mouth's corners 48 and 54.
    assert face.points == ((138.5, 161.5), (144.5, 155.5), (130, 170), (148, 152), (154, 146))
    assert seen(locator, 1) == []
    assert locator.locate(Picture(pixels=np.zeros((400, 400, 3), np.uint8), seconds=0, index=2))


def test_openface_without_landmarks_says_how_to_get_them(tmp_path):
    file = written(tmp_path / "v.csv", "frame, timestamp, confidence, success, AU01_r\n1, 0, 0.9, 1, 0.2\n")
    with pytest.raises(DataError, match="68 points") as caught:
        build("locator", "boxes", file=file)
    assert "-2Dfp" in caught.value.hint


def test_a_file_for_many_videos_gives_each_its_own(tmp_path):
    rows = (
        "video,frame,x0,y0,x1,y1\na/clip.mp4,0,1,1,5,5\nb\\clip.mp4,0,2,2,6,6\nother,0,3,3,7,7\nbare,0,,,,\n"
    )
    locator = build("locator", "boxes", file=written(tmp_path / "all.csv", rows))
    for video, left in [
        ("a/clip", 1),
        ("b/clip.mp4", 2),
        ("deep/down/other", 3),
        ("OTHER", 3),
        ("a/clip", 1),
    ]:
        locator.start(video, 0)
        assert [face.box[0] for face in seen(locator, 0)] == [left]
    locator.start("bare", 0)
    assert seen(locator, 0) == []
    with pytest.raises(DataError, match="several videos may be `clip`"):
        locator.start("clip", 0)
    with pytest.raises(DataError, match="no boxes of the video `othar`") as caught:
        locator.start("othar", 0)
    assert "`other`" in caught.value.hint


def test_a_folder_has_a_file_for_each_video(tmp_path):
    for number, name in enumerate(["a/clip.csv", "clip.v2.csv"]):
        written(tmp_path / name, f"frame,x0,y0,x1,y1\n0,{number},0,9,9\n")
    written(tmp_path / "third.json", [[[2, 0, 9, 9]]])
    locator = build("locator", "boxes", file=str(tmp_path))
    for left, video in enumerate(["a/clip", "deep/clip.v2.mp4", "third"]):
        locator.start(video, 0)
        assert [face.box[0] for face in seen(locator, 0)] == [left]
    with pytest.raises(DataError, match="no boxes of the video `b/clip`"):
        locator.start("b/clip", 0)
    with pytest.raises(DataError, match="no boxes"):
        locator.start("", 0)


def test_a_file_of_one_video_is_not_taken_for_another(tmp_path):
    file = written(tmp_path / "mine.csv", "frame,x0,y0,x1,y1\n0,1,1,5,5\n")
    locator = build("locator", "boxes", file=file)
    locator.start("folder/Mine.mp4", 0)
    assert seen(locator, 0)
    with pytest.raises(DataError, match="does not say that its boxes are of `yours`") as caught:
        locator.start("yours", 0)
    assert "a column `video`" in caught.value.hint


def test_a_box_outside_the_picture_names_its_line(tmp_path):
    file = written(tmp_path / "v.csv", "frame,x0,y0,x1,y1\n0,-5,-5,50,50\n1,500,20,560,90\n")
    locator = build("locator", "boxes", file=file)
    locator.start("v", 0)
    assert seen(locator, 0)[0].box == (-5, -5, 50, 50)  # partly outside is as it should be
    with pytest.raises(DataError, match="outside the picture of 200 × 100 pixels") as caught:
        seen(locator, 1)
    assert caught.value.where == f"{file}:3"


def test_it_keeps_its_contract_with_a_face_to_find(tmp_path):
    file = written(tmp_path / "v.csv", openface())
    pixels = np.zeros((400, 400, 3), np.uint8)
    check_component("locator/boxes", options={"frame": pixels, "video": "v"}, file=file)


def test_boxes_of_every_fifth_picture_drive_a_reduced_search(tmp_path):
    """The locator sees whole pictures, so its boxes need no rescaling, whatever `detect_size` is."""
    path = face_video(tmp_path / "v.mp4", frames=11, size=(640, 480))
    rows = [f"{frame},{100 + frame},50,{300 + frame},250" for frame in (0, 5, 10)]
    file = written(tmp_path / "boxes" / "v.csv", "\n".join(["frame,x0,y0,x1,y1", *rows]))
    locator = build("locator", "boxes", file=str(Path(file).parent))
    rules = FaceRules(every=5, detect_size=160, smooth=0)
    source = pictures(Recording(video="v", subject="s", path=path, first_frame=1))
    found = list(find_faces(source, locator, rules, video="v"))
    np.testing.assert_allclose([faces[0].box[0] for _, faces in found], 100 + np.arange(11), atol=1e-9)
