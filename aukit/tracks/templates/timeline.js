"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

// One entry a face: `frames` and `times` (seconds) of its rows, and for each AU its intensities, NaN where there is none.
const faces = data.faces.map((face, place) => {
  const values = new Float32Array(bytes(face.values));
  const rows = values.length / data.aus.length;
  return {
    id: face.id,
    colour: `--face-${place % 6}`,
    shown: true,
    frames: new Uint32Array(bytes(face.frames)),
    times: Float64Array.from(new Uint32Array(bytes(face.times)), (tick) => tick / data.ticks),
    tracks: data.aus.map((_, au) => values.subarray(au * rows, (au + 1) * rows)),
  };
});
const allFrames = new Uint32Array(bytes(data.frames));
const allTimes = Float64Array.from(new Uint32Array(bytes(data.times)), (tick) => tick / data.ticks);
const end = allTimes.length ? allTimes[allTimes.length - 1] : 0;

let at = 0; // which of all frames the cursor is on
let chosen = 0; // which AU
let view = [0, Math.max(end, 1e-3)]; // seconds that are seen
let playing = false;
const video = $("video");

// The first row at or after a time, in sorted times.
function after(times, time) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1; else high = middle;
  }
  return low;
}
function nearest(times, time) {
  const next = Math.min(after(times, time), times.length - 1);
  return next > 0 && time - times[next - 1] < times[next] - time ? next - 1 : Math.max(next, 0);
}
function clock(seconds) {
  const minutes = Math.floor(seconds / 60 + 1e-9), hours = Math.floor(minutes / 60);
  const rest = (seconds - minutes * 60).toFixed(2).padStart(5, "0");
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
const minus = (text) => (Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−"));
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

function valueAt(face, au) {
  const row = after(face.frames, allFrames[at]);
  const value = row < face.frames.length && face.frames[row] === allFrames[at] ? face.tracks[au][row] : NaN;
  return Number.isNaN(value) ? null : value;
}

// The highest frame of each stretch in which an AU is at 1 or more, of all shown faces, in order of time.
function peaks(au) {
  const found = [];
  for (const face of faces) {
    if (!face.shown) continue;
    let best = -1;
    const track = face.tracks[au];
    for (let row = 0; row <= track.length; row++) {
      if (row < track.length && track[row] >= 1) {
        if (best < 0 || track[row] > track[best]) best = row;
      } else if (best >= 0) {
        found.push(face.times[best]);
        best = -1;
      }
    }
  }
  return found.sort((a, b) => a - b);
}

// ---- the rows
$("rows").classList.toggle("many", faces.length > 2);
$("rows").classList.toggle("unjudged", data.aus.every((au) => !au.verdict));
const rows = data.aus.map((au, place) => {
  const row = document.createElement("div");
  row.className = "row";
  row.innerHTML = '<div class="au"><b></b><small></small></div><div class="value"></div><canvas></canvas><div class="verdict"></div>';
  row.querySelector("b").textContent = au.au;
  row.querySelector("small").textContent = au.name;
  const verdict = row.querySelector(".verdict");
  if (au.verdict) {
    const word = document.createElement("b");
    word.textContent = au.verdict;
    word.className = au.verdict.replace(" ", "-");
    verdict.append(word, au.icc === null ? "" : `ICC ${minus(au.icc.toFixed(2))}`);
    verdict.title = au.reason;
  }
  const value = row.querySelector(".value");
  for (const face of faces) {
    const span = document.createElement("span");
    span.style.setProperty("--face", `var(${face.colour})`);
    value.append(span);
  }
  $("rows").append(row);
  row.addEventListener("pointerdown", () => choose(place));
  return { row, canvas: row.querySelector("canvas"), spans: [...value.children] };
});
const cursor = document.createElement("div");
cursor.className = "cursor";
$("rows").append(cursor);

function fit(canvas) {
  const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(box.width * ratio));
  canvas.height = Math.max(1, Math.round(box.height * ratio));
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return [pen, box.width, box.height];
}
const x = (time, width) => ((time - view[0]) / (view[1] - view[0])) * width;

function drawRow(au) {
  const [pen, width, height] = fit(rows[au].canvas);
  const y = (value) => height - 5 - (Math.min(Math.max(value, -0.2), 5.2) / 5) * (height - 10);
  pen.fillStyle = colour("--card");
  pen.fillRect(0, 3, width, height - 6);
  pen.fillStyle = colour("--line");
  for (let level = 0; level <= 5; level++) pen.fillRect(0, Math.round(y(level)), width, level ? 0.5 : 1);
  for (const face of faces) if (face.shown) drawTrack(pen, face, au, width, y);
}

// A line where there is room for each frame; else, a stroke from the least to the greatest value in each pixel.
function drawTrack(pen, face, au, width, y) {
  const { times } = face, track = face.tracks[au];
  const first = Math.max(after(times, view[0]) - 1, 0), last = Math.min(after(times, view[1]) + 1, times.length);
  pen.strokeStyle = colour(face.colour);
  pen.fillStyle = pen.strokeStyle;
  pen.lineJoin = "round";
  pen.lineWidth = 1.5;
  pen.beginPath();
  const dense = last - first > 2 * width;
  let before = -1, pixel = -1, low = 0, high = 0;
  const flush = () => {
    if (pixel < 0) return;
    pen.moveTo(pixel, y(low) + 0.5);
    pen.lineTo(pixel, y(high) - 0.5);
  };
  for (let row = first; row < last; row++) {
    const value = track[row];
    if (Number.isNaN(value)) { before = -1; continue; }
    const here = x(times[row], width);
    if (dense) {
      if (Math.round(here) !== pixel) {
        flush();
        // The stroke goes on from the last value, so neighbours touch.
        low = high = before >= 0 && times[row] - times[before] <= data.gap ? track[before] : value;
        pixel = Math.max(Math.round(here), 0);
      }
      low = Math.min(low, value);
      high = Math.max(high, value);
    } else if (before >= 0 && times[row] - times[before] <= data.gap) {
      pen.lineTo(here, y(value));
    } else {
      pen.moveTo(here, y(value));
      pen.fillRect(here - 0.75, y(value) - 0.75, 1.5, 1.5);
    }
    before = row;
  }
  if (dense) flush();
  pen.stroke();
}

function drawAxis() {
  const [pen, width] = fit($("axis"));
  const span = view[1] - view[0], steps = [0.04, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
  const step = steps.find((one) => (one / span) * width > 80) || 7200;
  pen.fillStyle = colour("--muted");
  pen.font = `11px ${colour("--font")}`;
  pen.textAlign = "center";
  for (let tick = Math.ceil(view[0] / step); tick * step <= view[1]; tick++) {
    const here = x(tick * step, width);
    pen.fillRect(here, 0, 1, 4);
    pen.fillText(step < 1 ? clock(tick * step) : clock(tick * step).slice(0, -3), Math.min(Math.max(here, 21), width - 21), 16);
  }
}
function draw() {
  rows.forEach((_, au) => drawRow(au));
  drawAxis();
  point();
}

// ---- the cursor
function point() {
  const time = allTimes.length ? allTimes[at] : 0;
  $("time").textContent = clock(time);
  $("frame").textContent = allFrames.length ? `frame ${allFrames[at] + 1} of ${data.last + 1}` : "no frames";
  rows.forEach(({ spans }, au) => faces.forEach((face, place) => {
    const value = face.shown ? valueAt(face, au) : null;
    spans[place].hidden = !face.shown;
    spans[place].textContent = value === null ? "–" : minus(value.toFixed(2));
  }));
  const box = rows.length ? rows[0].canvas.getBoundingClientRect() : { left: 0, width: 1 };
  const left = box.left - $("rows").getBoundingClientRect().left + x(time, box.width);
  cursor.hidden = time < view[0] || time > view[1];
  cursor.style.left = `${left}px`;
}
function go(place, seek = true) {
  at = Math.min(Math.max(place, 0), Math.max(allTimes.length - 1, 0));
  const time = allTimes[at] || 0, span = view[1] - view[0];
  if (time < view[0] || time > view[1]) look(time - span / 2, time + span / 2); else point();
  // A little later than the frame's time: a player then shows this frame, not the one before.
  if (seek && video.readyState) video.currentTime = time + 1e-3;
}
function look(from, to) {
  const whole = Math.max(end, 1e-3), span = Math.min(Math.max(to - from, 0.2), whole);
  const start = Math.min(Math.max(from, 0), whole - span);
  view = [start, start + span];
  draw();
}
function zoom(factor, around = allTimes[at] || 0) {
  look(around - (around - view[0]) * factor, around + (view[1] - around) * factor);
}
function choose(au) {
  chosen = au;
  rows.forEach(({ row }, place) => row.classList.toggle("chosen", place === au));
  const count = peaks(au).length;
  $("peaks").textContent = `${data.aus[au].au}: ${count} ${count === 1 ? "peak" : "peaks"} (the highest frame of each stretch at 1 or more)`;
}
function jump(direction) {
  const time = allTimes[at], found = peaks(chosen);
  const next = direction > 0 ? found.find((one) => one > time + 1e-6) : found.reverse().find((one) => one < time - 1e-6);
  if (next !== undefined) go(nearest(allTimes, next));
}
function play() {
  playing = !playing;
  $("play").textContent = playing ? "pause" : "play";
  const withVideo = !video.hidden && video.readyState > 0;
  if (withVideo) { if (playing) video.play(); else video.pause(); return; }
  let last = performance.now(), time = allTimes[at] || 0;
  const tick = (now) => {
    if (!playing) return;
    time += (now - last) / 1000;
    last = now;
    go(nearest(allTimes, time), false);
    if (time >= end) play(); else requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

// ---- what the user does
function timeAt(event) {
  const box = rows[0].canvas.getBoundingClientRect();
  return view[0] + ((event.clientX - box.left) / box.width) * (view[1] - view[0]);
}
let dragging = false;
$("rows").addEventListener("pointerdown", (event) => {
  if (!rows.length || event.clientX < rows[0].canvas.getBoundingClientRect().left) return;
  dragging = true;
  go(nearest(allTimes, timeAt(event)));
});
window.addEventListener("pointermove", (event) => { if (dragging) go(nearest(allTimes, timeAt(event))); });
window.addEventListener("pointerup", () => { dragging = false; });
$("rows").addEventListener("wheel", (event) => {
  if (!rows.length || !(event.ctrlKey || event.shiftKey || event.deltaX)) return;
  event.preventDefault();
  const span = view[1] - view[0], move = ((event.deltaX || event.deltaY) / 800) * span;
  if (event.ctrlKey) zoom(Math.exp(event.deltaY / 300), timeAt(event)); else look(view[0] + move, view[1] + move);
}, { passive: false });
const KEYS = {
  ArrowLeft: (event) => (event.shiftKey ? go(nearest(allTimes, allTimes[at] - 1)) : go(at - 1)),
  ArrowRight: (event) => (event.shiftKey ? go(nearest(allTimes, allTimes[at] + 1)) : go(at + 1)),
  ArrowUp: () => jump(-1), "[": () => jump(-1),
  ArrowDown: () => jump(1), "]": () => jump(1),
  Home: () => go(0), End: () => go(allTimes.length - 1),
  " ": () => play(), "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: () => look(0, end),
};
window.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
  if (event.target instanceof HTMLButtonElement && event.key === " ") return;
  event.preventDefault();
  KEYS[event.key](event);
});
$("play").onclick = play;
$("previous").onclick = () => jump(-1);
$("next").onclick = () => jump(1);
$("closer").onclick = () => zoom(0.5);
$("wider").onclick = () => zoom(2);
$("all").onclick = () => look(0, end);
for (const face of faces.length > 1 ? faces : []) {
  const button = document.createElement("button");
  button.className = "face";
  button.textContent = `face ${face.id}`;
  button.style.setProperty("--face", `var(${face.colour})`);
  button.setAttribute("aria-pressed", "true");
  button.onclick = () => {
    face.shown = !face.shown;
    button.setAttribute("aria-pressed", String(face.shown));
    choose(chosen);
    draw();
  };
  $("faces").append(button);
}

// ---- the video
if (data.video) {
  video.src = data.video;
  video.hidden = false;
  video.addEventListener("error", () => { video.hidden = true; $("missing").hidden = false; draw(); });
  video.addEventListener("loadedmetadata", () => { draw(); go(at); });
  const follow = () => {
    if (!video.paused || document.activeElement === video) go(nearest(allTimes, video.currentTime), false);
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(follow);
  };
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(follow); else video.addEventListener("timeupdate", follow);
  video.addEventListener("play", () => { playing = true; $("play").textContent = "pause"; });
  video.addEventListener("pause", () => { playing = false; $("play").textContent = "play"; });
}

$("title").textContent = data.title;
$("facts").textContent = data.facts;
$("about").textContent = data.about;
$("mark").textContent = data.mark;
$("mark").hidden = !data.mark;
new ResizeObserver(draw).observe($("rows"));
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
if (rows.length) choose(0);
// A page can be opened at a time: timeline.html#12.5
go(nearest(allTimes, parseFloat(location.hash.slice(1)) || 0));
