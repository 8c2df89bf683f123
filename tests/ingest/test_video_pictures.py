"""Videos become pictures: every frame, in order, upright, at the container's times."""

from __future__ import annotations

import os
import pickle
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from aukit.contracts.data import Recording
from aukit.errors import DataError, MissingExtraError
from aukit.ingest.video import is_video, pictures, probe
from aukit.testing.video import write_video

SHARED = Path(os.environ.get("AUKIT_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


def recording(path: Path, **facts: Any) -> Recording:
    return Recording(video="v", subject="s", path=path, **facts)


def greys(count: int = 8, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """Frames that differ enough to be told apart after any codec."""
    return [np.full((height, width, 3), 20 + 200 * number // count, np.uint8) for number in range(count)]


def corners(height: int = 48, width: int = 64) -> np.ndarray:
    """Red at the top left, green at the top right, blue at the bottom left, white at the bottom right."""
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[: height // 2, : width // 2] = (255, 0, 0)
    picture[: height // 2, width // 2 :] = (0, 255, 0)
    picture[height // 2 :, : width // 2] = (0, 0, 255)
    return picture


def seen_corners(picture: np.ndarray) -> list[str]:
    """The colours of the four quarters, in reading order."""
    names = {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue", (1, 1, 1): "white"}
    height, width = picture.shape[:2]
    places = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [names[tuple(int(value > 127) for value in picture[place])] for place in places]


def decoded(path: Path) -> int:
    with av.open(str(path)) as file:
        return sum(1 for _ in file.decode(video=0))


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.mp4", {}),
        ("a.mp4", {"options": {"bf": "3", "g": "12"}}),
        ("a.mp4", {"pixels": "yuv420p10le"}),
        ("a.mp4", {"codec": "mpeg4", "audio": True}),
        ("a.mov", {"codec": "libx265", "options": {"x265-params": "log-level=none"}}),
        ("a.mkv", {"codec": "ffv1", "pixels": "gray"}),
        ("a.mkv", {"codec": "ffv1", "pixels": "yuva420p"}),
        ("a.avi", {"codec": "mpeg4", "options": {"bf": "2"}}),
        ("a.avi", {"codec": "mjpeg", "pixels": "yuvj420p"}),
        ("a.webm", {"codec": "libvpx"}),
        ("a.ts", {}),
        ("a.gif", {"codec": "gif", "pixels": "rgb8"}),
    ],
)
def test_every_frame_comes_once_in_order_and_at_its_time(tmp_path, name, how):
    path = write_video(tmp_path / name, greys(), fps=20, **how)
    found = list(pictures(recording(path, first_frame=1)))
    assert len(found) == decoded(path) == 8
    assert [picture.index for picture in found] == list(range(1, 9))
    np.testing.assert_allclose([picture.seconds for picture in found], np.arange(8) / 20, atol=0.006)
    for picture, sent in zip(found, greys(), strict=True):
        assert picture.pixels.dtype == np.uint8 and picture.pixels.shape == (48, 64, 3)
        assert picture.pixels.flags.c_contiguous
        assert abs(picture.pixels.mean() - sent.mean()) < 10


def test_pixels_are_exact_where_the_codec_is(tmp_path):
    sent = np.random.default_rng(0).integers(0, 256, (5, 47, 63, 3)).astype(np.uint8)
    path = write_video(tmp_path / "odd.mkv", sent, codec="ffv1", pixels="bgr0")
    for threads in (1, 2):
        found = [picture.pixels for picture in pictures(recording(path), threads=threads)]
        np.testing.assert_array_equal(found, sent)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_a_variable_frame_rate_keeps_its_times(tmp_path, name):
    times = [0, 33, 67, 500, 540, 1200, 1201, 1300]
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    path = write_video(tmp_path / name, greys(), times=times, codec=codec)
    found = [picture.seconds for picture in pictures(recording(path))]
    np.testing.assert_allclose(found, np.array(times) / 1000, atol=1e-6)


def test_time_begins_with_the_first_picture(tmp_path):
    path = write_video(tmp_path / "late.mkv", greys(3), times=[700, 740, 800])
    assert [round(picture.seconds, 6) for picture in pictures(recording(path))] == [0, 0.04, 0.1]
    assert probe(path).start == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        (0, ["red", "green", "blue", "white"]),
        (90, ["green", "white", "red", "blue"]),
        (180, ["white", "blue", "green", "red"]),
        (270, ["blue", "red", "white", "green"]),
        (-90, ["blue", "red", "white", "green"]),
    ],
)
@pytest.mark.parametrize("name", ["phone.mp4", "phone.mov"])
def test_a_phones_pictures_come_upright(tmp_path, name, rotation, expected):
    path = write_video(tmp_path / name, [corners()] * 2, rotation=rotation)
    first = next(pictures(recording(path))).pixels
    assert seen_corners(first) == expected
    facts = probe(path)
    assert (facts.height, facts.width) == first.shape[:2]
    assert facts.rotation == rotation % 360


def test_times_that_do_not_rise_are_mended_and_told(tmp_path):
    frames, times = greys(6), [0, 40, 40, 80, 120, 160]
    path = tmp_path / "twice.mkv"
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for pixels, time in zip(frames, times, strict=True):
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                packet.pts = packet.dts = time
                packet.time_base = Fraction(1, 1000)
                file.mux(packet)
    notes: list[str] = []
    found = [round(picture.seconds, 6) for picture in pictures(recording(path), on_note=notes.append)]
    assert found == [0, 0.04, 0.044, 0.08, 0.12, 0.16]
    assert notes == ["1 of 6 times did not rise and were moved behind their predecessors"]


def test_joined_recordings_go_on_in_time(tmp_path):
    once = write_video(tmp_path / "once.ts", greys(50), options={"g": "10"}).read_bytes()
    path = tmp_path / "joined.ts"
    path.write_bytes(2 * once)
    notes: list[str] = []
    found = [picture.seconds for picture in pictures(recording(path), on_note=notes.append)]
    np.testing.assert_allclose(found, np.arange(100) / 25, atol=1e-4)
    assert notes and notes[0].startswith("1 of 100 times did not rise")


def test_facts_of_a_video(tmp_path):
    path = write_video(tmp_path / "a.mp4", greys(10), fps=25, audio=True)
    facts = probe(path)
    assert (facts.width, facts.height, facts.fps, facts.frames) == (64, 48, 25.0, 10)
    assert (facts.seconds, facts.codec, facts.audio, facts.rotation, facts.start) == (
        0.4,
        "h264",
        True,
        0,
        0.0,
    )
    assert not probe(write_video(tmp_path / "b.mkv", greys(3), codec="ffv1")).audio


def test_a_videos_name_tells_it(tmp_path):
    assert is_video(Path("a.MP4")) and is_video(Path("b/c.mkv"))
    assert not is_video(Path("a.csv")) and not is_video(Path("mp4"))


@given(size=st.tuples(st.integers(2, 40), st.integers(2, 40)), count=st.integers(1, 5))
def test_any_size_comes_as_it_was(tmp_path_factory, size, count):
    path = tmp_path_factory.mktemp("size") / "a.mkv"
    sent = np.random.default_rng(count).integers(0, 256, (count, *size, 3)).astype(np.uint8)
    write_video(path, sent, codec="ffv1", pixels="bgr0")
    np.testing.assert_array_equal([picture.pixels for picture in pictures(recording(path))], sent)


def stills(folder: Path, names: list[str]) -> tuple[tuple[int, Path], ...]:
    return tuple((int(Path(name).stem), folder / name) for name in names)


def test_still_pictures_lie_at_their_numbers(tmp_path):
    names = ["0003.png", "0004.jpg", "0007.png"]
    for number, name in enumerate(names):
        Image.fromarray(greys()[number]).save(tmp_path / name)
    found = list(pictures(recording(tmp_path, pictures=stills(tmp_path, names), fps=20.0)))
    assert [picture.index for picture in found] == [3, 4, 7]
    assert [picture.seconds for picture in found] == [0.0, 0.05, 0.2]
    assert [round(picture.pixels.mean()) for picture in found] == [round(grey.mean()) for grey in greys()[:3]]


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, ["red", "green", "blue", "white"]),
        (3, ["white", "blue", "green", "red"]),
        (6, ["blue", "red", "white", "green"]),
        (8, ["green", "white", "red", "blue"]),
    ],
)
def test_still_pictures_come_upright(tmp_path, orientation, expected):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(corners()).save(tmp_path / "1.png", exif=exif)
    (found,) = pictures(recording(tmp_path, pictures=stills(tmp_path, ["1.png"]), fps=1.0))
    assert seen_corners(found.pixels) == expected


def test_still_pictures_of_any_kind_become_colour(tmp_path):
    grey = np.arange(0, 65_536, 16, dtype=np.uint16).reshape(64, 64)
    Image.fromarray(grey).save(tmp_path / "1.png")
    Image.fromarray((grey >> 8).astype(np.uint8)).save(tmp_path / "2.png")
    Image.new("RGBA", (64, 64), (10, 20, 30, 40)).save(tmp_path / "3.png")
    Image.new("P", (64, 64)).save(tmp_path / "4.png")
    names = ["1.png", "2.png", "3.png", "4.png"]
    found = [
        picture.pixels
        for picture in pictures(recording(tmp_path, pictures=stills(tmp_path, names), fps=25.0))
    ]
    assert all(pixels.shape == (64, 64, 3) and pixels.dtype == np.uint8 for pixels in found)
    assert np.abs(found[0].astype(int) - found[1]).max() <= 1
    assert found[2][0, 0].tolist() == [10, 20, 30]


def test_a_damaged_or_missing_picture_is_named(tmp_path):
    Image.fromarray(corners()).save(tmp_path / "1.png")
    data = (tmp_path / "1.png").read_bytes()
    (tmp_path / "2.png").write_bytes(data[: len(data) // 2])
    (tmp_path / "3.png").write_text("no picture")
    for name, sentence in [("2.png", "damaged"), ("3.png", "not a picture"), ("4.png", "no such picture")]:
        source = recording(tmp_path, pictures=stills(tmp_path, ["1.png", name]), fps=25.0)
        found = pictures(source)
        assert next(found).index == 1
        with pytest.raises(DataError, match=sentence) as caught:
            next(found)
        assert caught.value.where == str(tmp_path / name)
    with pytest.raises(DataError, match="frame rate"):
        next(pictures(recording(tmp_path, pictures=stills(tmp_path, ["1.png"]))))


def test_without_pyav_the_extra_is_named(tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.mp4", greys(1))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError) as caught:
        next(pictures(recording(path)))
    assert caught.value.hint == "pip install 'aukit[video]'"


def test_an_error_can_come_back_from_another_process(tmp_path):
    with pytest.raises(DataError) as caught:
        next(pictures(recording(tmp_path / "none.mp4")))
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  (our own bytes, as a worker sends them)
    assert (str(copy), copy.hint) == (str(caught.value), caught.value.hint)


@pytest.mark.skipif(not (SHARED / "real-videos").is_dir(), reason="real videos are not here")
def test_real_videos_give_as_many_pictures_as_pyav_counts():
    hevc = SHARED / "real-videos" / "pyfeat_face_noface.mov"
    found = [picture.seconds for picture in pictures(recording(hevc))]
    assert len(found) == decoded(hevc) == 169
    assert np.ptp(np.diff(found)) > 0.01  # the frame rate varies
    assert probe(hevc).codec == "hevc"
