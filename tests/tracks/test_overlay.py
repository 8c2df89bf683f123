"""The overlay: the original's frames, times, length and sound; the face in sight; marks where something is not real."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aukit.contracts.tracks import Tracks
from aukit.errors import DataError, UsageError
from aukit.tracks import drawing
from aukit.tracks.overlay import write_overlay
from aukit.tracks.panel import Shape
from aukit.tracks.scroll import Scroll, Series
from aukit.tracks.tracks_file import TracksFile

av = pytest.importorskip("av")

from aukit.testing.video import write_video  # noqa: E402

AUS = ("AU01", "AU04", "AU12", "AU25")


def pictures(count: int, width: int = 320, height: int = 240) -> list[Any]:
    """A ramp that tells its own number by its brightness."""
    return [np.full((height, width, 3), 40 + 4 * number, np.uint8) for number in range(count)]


def tracks(seconds: list[float], *, faces: int = 1, lost: tuple[int, ...] = ()) -> Tracks:
    """Boxes in the middle; `lost` frames have a row without a face."""
    rows = [
        (frame, face if frame not in lost else -1, second)
        for frame, second in enumerate(seconds)
        for face in range(faces if frame not in lost else 1)
    ]
    frame, face, time = (np.array(column) for column in zip(*rows, strict=True))
    there = face >= 0
    values = np.stack([2 + 2 * np.sin(time + au) for au in range(len(AUS))], axis=1)
    box = np.stack([80 + 100 * face, 60 + 0 * face, 160 + 100 * face, 150 + 0 * face], axis=1)
    return Tracks(
        frame=frame,
        face_id=face,
        timestamp=time.astype(np.float64),
        confidence=np.where(there, 0.9, 0).astype(np.float32),
        success=there,
        box=np.where(there[:, None], box, np.nan).astype(np.float32),
        pose=np.full((len(frame), 3), np.nan, np.float32),
        intensity=np.where(there[:, None], values, np.nan).astype(np.float32),
    )


def file_of(one: Tracks, **facts: Any) -> TracksFile:
    return TracksFile(path=Path("clip.csv"), kind="aukit", aus=AUS, videos={"clip": one}, **facts)


def streams(path: Path) -> dict[str, Any]:
    """Times in seconds, durations of the last packets, codecs, and the size."""
    with av.open(str(path)) as source:
        video = source.streams.video[0]
        found: dict[str, Any] = {
            "size": (video.width, video.height),
            "codec": video.codec_context.name,
            "pixels": video.codec_context.pix_fmt,
            "seconds": float(video.duration * video.time_base),
            "sound": [stream.codec_context.name for stream in source.streams.audio],
        }
        frames = list(source.decode(video))
        found["times"] = [float(frame.pts * frame.time_base) for frame in frames]
        found["first"] = frames[0].to_ndarray(format="rgb24")
        found["middle"] = frames[len(frames) // 2].to_ndarray(format="rgb24")
    return found


def sound_packets(path: Path) -> list[tuple[float, bytes]]:
    with av.open(str(path)) as source:
        stream = source.streams.audio[0]
        return [
            (float(packet.pts * packet.time_base), bytes(packet))
            for packet in source.demux(stream)
            if packet.dts is not None
        ]


def test_a_variable_frame_rate_stays_one_and_the_sound_is_copied(tmp_path: Path) -> None:
    times = [0, 40, 95, 130, 260, 300, 340, 380, 520, 560]
    video = write_video(tmp_path / "clip.mp4", pictures(10), times=times, audio=True, options={"bf": "0"})
    seconds = [time / 1000 for time in times]
    done = write_overlay(video, file_of(tracks(seconds, lost=(3,))), tmp_path / "out.mp4")
    assert (done.frames, done.sound, done.notes) == (10, "copied", ())
    found, was = streams(done.path), streams(video)
    np.testing.assert_allclose(found["times"], was["times"], atol=2e-5)
    np.testing.assert_allclose(found["seconds"], was["seconds"], atol=1e-3)
    assert (found["codec"], found["pixels"], found["sound"]) == ("h264", "yuv420p", ["aac"])
    assert sound_packets(done.path) == sound_packets(video)
    assert list(tmp_path.iterdir()) != [] and not list(tmp_path.glob(".*"))


def test_sound_that_mp4_cannot_hold_is_encoded(tmp_path: Path) -> None:
    video = tmp_path / "clip.mkv"
    with av.open(str(video), "w") as file:
        picture, tone = (
            file.add_stream("mpeg4", rate=25),
            file.add_stream("pcm_s16le", rate=16_000, layout="mono"),
        )
        picture.width, picture.height, picture.pix_fmt = 320, 240, "yuv420p"
        for one in pictures(25):
            file.mux(picture.encode(av.VideoFrame.from_ndarray(one, format="rgb24")))
        file.mux(picture.encode())
        wave = (8000 * np.sin(np.arange(16_000) / 6)).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
        frame.rate, frame.pts = 16_000, 0
        file.mux(tone.encode(frame))
        file.mux(tone.encode())
    done = write_overlay(video, file_of(tracks([n / 25 for n in range(25)])), tmp_path / "out.mp4")
    assert done.sound == "encoded as AAC"
    found = streams(done.path)
    assert found["sound"] == ["aac"] and len(found["times"]) == 25
    with av.open(str(done.path)) as source:
        stream = source.streams.audio[0]
        assert float(stream.duration * stream.time_base) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(("width", "height"), [(320, 240), (160, 120), (98, 130), (640, 360), (480, 480)])
def test_the_picture_is_whole_and_the_panel_beside_or_below_it(
    tmp_path: Path, width: int, height: int
) -> None:
    video = write_video(tmp_path / "clip.mp4", pictures(6, width, height))
    done = write_overlay(
        video, file_of(tracks([n / 25 for n in range(6)], lost=tuple(range(6)))), tmp_path / "o.mp4"
    )
    found, shape = streams(done.path), Shape.of(width, height, len(AUS), banner=False)
    assert found["size"] == (shape.width, shape.height)
    assert shape.width % 2 == shape.height % 2 == 0
    wide, high = shape.picture
    assert min(wide, high) >= 360 and wide == shape.enlarge * width and high == shape.enlarge * height
    # No face, so nothing is drawn over the picture: it is as bright all over as it was.
    middle = found["middle"][4 : high - 4, 4 : wide - 4].astype(int)
    assert np.abs(middle - (40 + 4 * 3)).max() <= 6


def test_a_turned_video_is_drawn_upright(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mp4", pictures(4, 320, 240), rotation=90)
    done = write_overlay(video, file_of(tracks([n / 25 for n in range(4)])), tmp_path / "o.mp4")
    shape = Shape.of(240, 320, len(AUS), banner=False)
    assert streams(done.path)["size"] == (shape.width, shape.height)


def test_the_box_is_where_the_face_is_and_the_bar_as_long_as_the_value(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mp4", pictures(4, 480, 480))
    one = tracks([n / 25 for n in range(4)])
    one.intensity[:] = np.float32([5, 0, 2.5, 1])
    picture = streams(write_overlay(video, file_of(one), tmp_path / "o.mp4", crf=1).path)["first"].astype(int)
    blue = (picture[..., 2] - picture[..., 0]) > 60
    assert blue[58:64, 90:150].any() and blue[145:152, 90:150].any()  # upper and lower edge of the box
    shape = Shape.of(480, 480, len(AUS), banner=False)
    bars = blue[:, 480 + 100 : 480 + 260]
    rows = [bars[y : y + shape.row].any(axis=0).sum() for y in range(76, 76 + 4 * shape.row, shape.row)]
    assert rows[1] <= 2
    assert rows[2] / rows[0] == pytest.approx(0.5, abs=0.05) and rows[3] / rows[0] == pytest.approx(
        0.2, abs=0.05
    )


def test_a_mark_stands_on_every_frame_where_the_model_is_not_real(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mp4", pictures(4))
    one = tracks([n / 25 for n in range(4)])
    marked = write_overlay(video, file_of(one, model_origin="synthetic"), tmp_path / "a.mp4")
    plain = write_overlay(video, file_of(one, origin="real", model_origin="real"), tmp_path / "b.mp4")
    first, second = streams(marked.path), streams(plain.path)
    assert first["size"][1] > second["size"][1]
    band = first["middle"][3:6, 3:40].reshape(-1, 3).astype(int)
    assert np.abs(band - drawing.LOUD).max() < 16


def test_several_faces_have_their_own_colours(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mp4", pictures(4, 640, 480))
    done = write_overlay(
        video, file_of(tracks([n / 25 for n in range(4)], faces=2)), tmp_path / "o.mp4", crf=1
    )
    picture = streams(done.path)["middle"].astype(int)
    for face in range(2):
        edge = picture[60:62, 95 + 100 * face : 150 + 100 * face].reshape(-1, 3)
        assert np.abs(edge - drawing.FACES[face]).min(axis=0).max() < 40


def test_a_video_that_breaks_off_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.avi", pictures(40), codec="mpeg4", options={"g": "1"})
    cut = tmp_path / "clip.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    done = write_overlay(cut, file_of(tracks([n / 25 for n in range(40)])), tmp_path / "o.mp4")
    assert 0 < done.frames < 40 and len(streams(done.path)["times"]) == done.frames
    assert any("truncated" in note or "damaged" in note for note in done.notes)
    assert any("rows up to frame 40" in note for note in done.notes)


def test_what_cannot_be_drawn_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mp4", pictures(4))
    one = file_of(tracks([0.0]))
    with pytest.raises(UsageError, match=r"new \.mp4"):
        write_overlay(video, one, video)
    with pytest.raises(UsageError, match=r"new \.mp4"):
        write_overlay(video, one, tmp_path / "o.avi")
    with pytest.raises(UsageError, match="no tracks of AU99"):
        write_overlay(video, one, tmp_path / "o.mp4", aus=["AU99"])
    (tmp_path / "bad.mp4").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="not a video"):
        write_overlay(tmp_path / "bad.mp4", one, tmp_path / "o.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.mp4", "clip.mp4"]


def test_tracks_scroll_without_seams_and_show_nothing_of_the_future() -> None:
    seconds = np.arange(3000) / 30
    values = (2.5 + 2.5 * np.sin(seconds))[:, None].astype(np.float32)
    series = [Series(seconds=seconds, values=values, colour=(255, 0, 0))]
    scroll = Scroll(series, [0], [(4, 60)], width=200, seconds=5.0)
    # Each column shows one moment, wherever the window stands.
    early, late = scroll.until(40.0), scroll.until(41.0)
    np.testing.assert_array_equal(early[:, 40:], late[:, :-40])
    cut = Scroll(
        [replace(series[0], seconds=seconds[:1201], values=values[:1201])],
        [0],
        [(4, 60)],
        width=200,
        seconds=5.0,
    )
    np.testing.assert_array_equal(cut.until(40.0)[:, :196], early[:, :196])


def test_gaps_stay_gaps() -> None:
    seconds = np.arange(300) / 30
    values = np.full((300, 1), 3.0, np.float32)
    values[120:180] = np.nan
    shown = Scroll(
        [Series(seconds=seconds, values=values, colour=(255, 0, 0))], [0], [(0, 60)], width=300, seconds=10
    ).until(10.0)
    red = (shown[..., 0].astype(int) - shown[..., 1] > 60).any(axis=0)
    assert red[:118].all() and not red[122:178].any() and red[182:298].all()
