"""What the tests try of every native function: its calls over chained frames, and what its CPython
twin makes of the same. A case puts both side by side; the code that runs and compares them knows no
function."""

from __future__ import annotations

import ast
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ptt.base import octets
from ptt.base.numbers import ADPCM_FRAME_BYTES
from ptt.media import adpcm, g722_tables, room_noise, samples, voice_period
from ptt.media.dsp import G722_STATE_SHORTS, IMA_STATE_INTS
from ptt.microphone import filters
from ptt.twins import g722
from ptt.twins import shaped as adpcm_shaped

from . import mpy, signals
from .machines import Machine, Program

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "firmware" / "native"
_GUARD = b"\xee" * 8  # before and behind what may be written
_AT = len(_GUARD)
_STEPS = adpcm._STEPS.tobytes()
MICROPHONE = ("high_pass", "amplify", "hiss")  # what a board with room has of `filters`


@dataclass(frozen=True)
class Case:
    """`prepare` adds buffers and calls to a program and tells what the buffers must hold after."""

    name: str  # as `ptt.media.dsp` calls it
    module: str  # of firmware/native
    prepare: Callable[[Program], dict[str, bytes]]
    calls_a_frame: int = 1


def load(
    case: Case, machine: Machine, build: Path, spoiled: Mapping[str, bytes] | None = None
) -> tuple[Program, mpy.Mpy]:
    """A program with the functions of `case`, out of the .mpy of a firmware build for `machine`;
    those in `spoiled` instead of the ones there."""
    module = mpy.read_mpy(build / "a" / "native" / f"{case.module}.mpy")
    assert module.architecture == machine.number
    names = viper_functions(SOURCES / f"{case.module}.py")
    assert len(names) == len(module.functions), "a viper function within another?"
    functions = {**dict(zip(names, module.functions, strict=True)), **(spoiled or {})}
    return Program(machine, functions, module.objects), module


def viper_functions(file: Path) -> list[str]:
    """In the order of the text, which is that of the .mpy."""
    return [
        node.name
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(word) == "micropython.viper" for word in node.decorator_list)
    ]


def _guarded(size: int) -> bytearray:
    return bytearray(_GUARD + bytes(size) + _GUARD)


def _ima_encode(program: Program) -> dict[str, bytes]:
    state = array("i", [0] * IMA_STATE_INTS)
    program.buffer("state", state.tobytes())
    program.buffer("steps", _STEPS)
    wanted = {}
    for n, pcm in enumerate(signals.frames()):
        out = _guarded(ADPCM_FRAME_BYTES)
        program.buffer(f"out{n}", bytes(out))
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.call("encode_frame", "state", f"pcm{n}", f"out{n}", _AT, "steps")
        adpcm.encode(state, pcm, out, _AT)
        wanted[f"out{n}"] = bytes(out)
    return {**wanted, "state": state.tobytes()}


def _ima_decode(program: Program) -> dict[str, bytes]:
    program.buffer("steps", _STEPS)
    encoder = adpcm.Encoder()
    coded = []
    for pcm in signals.frames():
        coded.append(bytearray(ADPCM_FRAME_BYTES))
        encoder.encode(pcm, coded[-1], 0)
    for n in range(16):
        coded.append(bytearray(signals.noise_bytes(ADPCM_FRAME_BYTES, n)))
        coded[-1][2] = (0, 88, 89, 200, 255, 44)[n % 6]
    wanted = {}
    for n, data in enumerate(coded):
        pcm = array("h", bytes(640))
        program.buffer(f"data{n}", _GUARD + data)
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.call("decode_frame", f"data{n}", _AT, f"pcm{n}", "steps")
        adpcm.decode(data, 0, pcm)
        wanted[f"pcm{n}"] = pcm.tobytes()
    return wanted


def _ima_encode_shaped(program: Program) -> dict[str, bytes]:
    """Its three steps as the wrapper calls them, with the same working memory all along."""
    twin = adpcm_shaped
    state = array("i", [0] * IMA_STATE_INTS)
    program.buffer("state", state.tobytes())
    program.buffer("steps", _STEPS)
    program.buffer("noisy", twin._GAMMA_NOISY.tobytes())
    program.buffer("clean", twin._GAMMA_CLEAN.tobytes())
    room = array("i", (0, 0))
    for name in ("line", "correlation", "generators", "coefficients", "work", "errors", "trace"):
        program.buffer(name, bytes(len(memoryview(getattr(twin, f"_{name}")).cast("B"))))
    wanted = {}
    for n, pcm in enumerate(signals.frames()):
        peak = max(abs(sample) for sample in pcm)
        out = _guarded(ADPCM_FRAME_BYTES)
        program.buffer(f"out{n}", bytes(out))
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.call("autocorrelate", f"pcm{n}", "line", "correlation")
        gamma = "noisy" if room_noise.follow(room, 0, peak) else "clean"
        program.call("whiten", "correlation", "generators", gamma, "coefficients")
        program.call(
            "search", "state", f"pcm{n}", f"out{n}", _AT, peak, "coefficients", "steps",
            "work", "errors", "trace",
        )  # fmt: skip
        twin.encode(state, pcm, out, _AT)
        wanted[f"out{n}"] = bytes(out)
    state[18:] = array("i", (0, 0))  # the room's, which the wrapper follows
    wanted["state"] = state.tobytes()
    wanted["correlation"] = twin._correlation.tobytes()
    wanted["coefficients"] = twin._coefficients.tobytes()
    return wanted


def _g722_encode(program: Program) -> dict[str, bytes]:
    state = array("h", bytes(2 * G722_STATE_SHORTS))
    program.buffer("state", state.tobytes())
    program.buffer("tables", g722_tables.TABLES.tobytes())
    wanted = {}
    for n, pcm in enumerate(signals.frames()):
        out = _guarded(g722.FRAME_BYTES)
        program.buffer(f"out{n}", bytes(out))
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.call("code_frame", "state", f"pcm{n}", f"out{n}", _AT, "tables", 0)
        g722.encode(state, pcm, out, _AT)
        wanted[f"out{n}"] = bytes(out)
    return {**wanted, "state": state.tobytes()}


def _g722_decode(program: Program) -> dict[str, bytes]:
    state, coder = (array("h", bytes(2 * G722_STATE_SHORTS)) for _ in range(2))
    program.buffer("state", state.tobytes())
    program.buffer("tables", g722_tables.TABLES.tobytes())
    coded = [bytearray(signals.noise_bytes(g722.FRAME_BYTES, n)) for n in range(4)]
    for frame in signals.frames():
        coded.append(bytearray(g722.FRAME_BYTES))
        g722.encode(coder, frame, coded[-1], 0)
    wanted = {}
    for n, data in enumerate(coded):
        pcm = array("h", bytes(640))
        program.buffer(f"data{n}", _GUARD + data)
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.call("code_frame", "state", f"pcm{n}", f"data{n}", _AT, "tables", 1)
        g722.decode(state, data, 0, pcm)
        wanted[f"pcm{n}"] = pcm.tobytes()
    return {**wanted, "state": state.tobytes()}


def _gain(program: Program) -> dict[str, bytes]:
    wanted = {}
    for n, frame in enumerate(signals.frames()):
        pcm, gain_q8 = array("h", frame), (0, 100, 256, 1024, 4096)[n % 5]
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.call("gain_frame", f"pcm{n}", len(pcm), gain_q8)
        samples.gain(pcm, gain_q8)
        wanted[f"pcm{n}"] = pcm.tobytes()
    return wanted


def _mix_tone(program: Program) -> dict[str, bytes]:
    phase = array("i", [0])
    program.buffer("phase", phase.tobytes())
    wanted = {}
    for n, frame in enumerate(signals.frames()):
        pcm, step, level_q15 = array("h", frame), 1801 * n, (32767, 3000)[n % 2]
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.call("mix_tone_frame", "phase", f"pcm{n}", len(pcm), step, level_q15)
        samples.mix_tone(phase, pcm, step, level_q15)
        wanted[f"pcm{n}"] = pcm.tobytes()
    return {**wanted, "phase": phase.tobytes()}


def _centre(program: Program) -> dict[str, bytes]:
    state = array("i", [0])
    program.buffer("state", state.tobytes())
    wanted = {}
    for n, frame in enumerate(signals.frames()):
        pcm = array("h", frame)
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.call("centre_frame", "state", f"pcm{n}", len(pcm))
        samples.centre(state, pcm)
        wanted[f"pcm{n}"] = pcm.tobytes()
    return {**wanted, "state": state.tobytes()}


def _high_pass(program: Program) -> dict[str, bytes]:
    """What lies below voices is taken away, left in, and in between."""
    state = array("i", [0] * filters.STATE_INTS)
    wanted = {}
    for n, frame in enumerate(signals.frames()):
        pcm = array("h", frame)
        if n % 5 == 2:
            state[filters.LEFT_IN] = filters.LEFT_IN_ALL - state[filters.LEFT_IN]
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.buffer(f"state{n}", state.tobytes())
        program.call("high_pass_frame", f"pcm{n}", 0, 0, f"state{n}")
        filters.high_pass(state, pcm)
        wanted[f"pcm{n}"] = pcm.tobytes()
        wanted[f"state{n}"] = state.tobytes()
    return wanted


def _amplify(program: Program) -> dict[str, bytes]:
    wanted = {}
    for n, frame in enumerate(signals.frames()):
        pcm = array("h", frame)
        begin, end, shift = (
            (4096, 4096, 8), (0, 32767, 8), (32767, 0, 5), (32767, 32767, 8), (4100, 4090, 5),
        )[n % 5]  # fmt: skip
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.call("amplify_frame", f"pcm{n}", 0, begin, end - begin, shift)
        filters.amplify(pcm, begin, end, shift)
        wanted[f"pcm{n}"] = pcm.tobytes()
    return wanted


def _hiss(program: Program) -> dict[str, bytes]:
    state = array("i", (1, 0))
    program.buffer("state", state.tobytes())
    wanted = {}
    for n, mean in enumerate((1, 77, 1200, 28_672, 28_672)):
        pcm = array("h", bytes(640))
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.call("hiss_frame", f"pcm{n}", 0, 0, "state", 3 * mean)
        filters.hiss(state, pcm, mean)
        wanted[f"pcm{n}"] = pcm.tobytes()
    return {**wanted, "state": state.tobytes()}


def _fade(program: Program) -> dict[str, bytes]:
    wanted = {}
    for n, frame in enumerate(signals.frames()):
        pcm, shift = array("h", frame), (0, 1, 3, 15, 16, 40)[n % 6]
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.call("fade_frame", f"pcm{n}", len(pcm), shift)
        samples.fade(pcm, shift)
        wanted[f"pcm{n}"] = pcm.tobytes()
    return wanted


def _slip(program: Program) -> dict[str, bytes]:
    wanted = {}
    for n, pcm in enumerate(signals.frames()):
        count, out_count = ((320, 319), (320, 321), (319, 320), (2, 2))[n % 4]
        out = array("h", [-1] * 330)
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.buffer(f"out{n}", out.tobytes())
        step = ((count - 1) << 15) // (out_count - 1)
        program.call("slip_frame", f"pcm{n}", count, f"out{n}", out_count, step)
        samples.slip(pcm, count, out, out_count)
        wanted[f"out{n}"] = out.tobytes()
    return wanted


def _two_frames(n: int) -> array[int]:
    frames = list(signals.frames())
    return frames[n % len(frames)] + frames[(n + 1) % len(frames)]


def _period(program: Program) -> dict[str, bytes]:
    """Its two searches as the wrapper calls them."""
    wanted = {}
    for n in range(len(list(signals.frames()))):
        pcm = _two_frames(n)
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.buffer(f"coarse{n}", bytes(4))
        program.buffer(f"fine{n}", bytes(4))
        coarse = voice_period._nearest(pcm, 512, 40, 256, 4)
        fine = voice_period.period(pcm, 512)
        program.call("nearest", f"coarse{n}", f"pcm{n}", 512, 40, 256, 4)
        first, last = max(40, coarse - 3), min(256, coarse + 3)
        program.call("nearest", f"fine{n}", f"pcm{n}", 512, first, last, 1)
        wanted[f"coarse{n}"] = array("i", [coarse]).tobytes()
        wanted[f"fine{n}"] = array("i", [fine]).tobytes()
    return wanted


def _repeat(program: Program) -> dict[str, bytes]:
    wanted = {}
    for n in range(len(list(signals.frames()))):
        past, pcm = _two_frames(n), array("h", bytes(640))
        program.buffer(f"past{n}", past.tobytes())
        program.buffer(f"pcm{n}", pcm.tobytes())
        lag, phase = (40, 255, 256, 97)[n % 4], (0, 1, 320, 4000)[n % 4]
        gain, slope = ((16384, -7), (9024, -18), (16384, 0), (300, -20))[n // 2 % 4]
        start = len(past) - lag
        step = 0 if phase else past[-1] - past[start - 1]
        program.call(
            "repeat_frame", f"past{n}", start, lag, phase % lag, f"pcm{n}", gain, slope,
            step, 4096 // ((lag >> 2) + 1),
        )  # fmt: skip
        voice_period.repeat(past, lag, phase, pcm, gain, slope)
        wanted[f"pcm{n}"] = pcm.tobytes()
    return wanted


def _blend(program: Program) -> dict[str, bytes]:
    wanted = {}
    for n, frame in enumerate(signals.frames()):
        pcm, source, count = array("h", frame), _two_frames(n + 3), (1, 16, 40, 256)[n % 4]
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.buffer(f"source{n}", source.tobytes())
        program.call(
            "blend_samples", f"pcm{n}", 64, f"source{n}", 7 * n, count, 4096 // (count + 1)
        )
        voice_period.blend(pcm, 64, source, 7 * n, count)
        wanted[f"pcm{n}"] = pcm.tobytes()
    return wanted


def _move(program: Program) -> dict[str, bytes]:
    wanted = {}
    for n in range(4):
        pcm, (to, at, count) = (
            _two_frames(n),
            ((0, 320, 320), (0, 1, 639), (5, 9, 0), (639, 0, 1))[n],
        )
        program.buffer(f"pcm{n}", pcm.tobytes())
        program.call("move_samples", f"pcm{n}", to, f"pcm{n}", at, count)
        voice_period.move(pcm, to, pcm, at, count)
        wanted[f"pcm{n}"] = pcm.tobytes()
    return wanted


def _swap(program: Program) -> dict[str, bytes]:
    wanted = {}
    for n, pcm in enumerate(signals.frames()):
        count = (320, 319, 2, 1)[n % 4]
        pcm = pcm[0:count]
        program.buffer(f"pcm{n}", pcm.tobytes() + _GUARD)
        program.call("swap_samples", f"pcm{n}", count)
        samples.swap(pcm)
        wanted[f"pcm{n}"] = pcm.tobytes() + _GUARD
    return wanted


def _bytes_case(native: str, twin: Callable[..., None]) -> Callable[[Program], dict[str, bytes]]:
    def prepare(program: Program) -> dict[str, bytes]:
        target = bytearray(signals.noise_bytes(200, 1))
        source = signals.noise_bytes(200, 2)
        program.buffer("target", bytes(target))
        program.buffer("source", source)
        for at, start, count in ((0, 0, 164), (36, 30, 164), (5, 9, 0), (199, 0, 1), (0, 199, 1)):
            program.call(native, "target", at, "source", start, count)
            twin(target, at, source, start, count)
        return {"target": bytes(target), "source": source}

    return prepare


CASES = (
    Case("ima_encode", "ima", _ima_encode),
    Case("ima_decode", "ima", _ima_decode),
    Case("ima_encode_shaped", "shaped", _ima_encode_shaped, 3),
    Case("g722_encode", "g722", _g722_encode),
    Case("g722_decode", "g722", _g722_decode),
    Case("centre", "samples", _centre),
    Case("gain", "samples", _gain),
    Case("mix_tone", "samples", _mix_tone),
    Case("fade", "samples", _fade),
    Case("slip", "samples", _slip),
    Case("period", "voice_period", _period, 2),
    Case("repeat", "voice_period", _repeat),
    Case("blend", "voice_period", _blend),
    Case("move", "voice_period", _move),
    Case("high_pass", "microphone", _high_pass),
    Case("amplify", "microphone", _amplify),
    Case("hiss", "microphone", _hiss),
    Case("swap", "samples", _swap),
    Case("copy", "octets", _bytes_case("copy_bytes", octets.copy)),
    Case("xor", "octets", _bytes_case("xor_bytes", octets.xor)),
)
