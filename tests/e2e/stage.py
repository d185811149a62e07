"""A venue of real processes for a test: its words, its people, and a verdict on what was heard."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy.signal import butter, correlate, sosfiltfilt
from tests.e2e.command import until

from pressel.audio.speech import RECORDINGS
from pressel.audio.wav import RATE_HZ, read_speech
from pressel.demo.actor import Actor, Said
from pressel.demo.script import Turn, as_burst
from pressel.demo.speeches import Speech
from pressel.demo.venue import STATE, LeaderProcess, run_badges, run_leader
from pressel.node import control
from pressel.node.leader_state import LeaderState
from pressel.registry.device import KEY_BYTES
from pressel.report.make import measure
from pressel.report.run import BadgeRun, BurstRun, ListenerFrames, RunData
from pressel.report.timeline import Pcm, PcmTimeline
from pressel.soft.credential import Credential, register

Spoken = tuple[Said, Speech]

# Opus takes away what lies below voices, and a room's rumble may be louder than the first word.
_VOICE_HZ_MIN = 150
_VOICE = butter(2, _VOICE_HZ_MIN, "highpass", fs=RATE_HZ, output="sos")
_LAG_MS = 100.0  # given to a recording whose own time is unknown
ADOPTED_S = 2  # whoever has just been registered hears a talker once that has changed keys
PLAYED_S = 0.3  # what was heard last still waits in the speaker when the badge says so


def words(which: int = 1, seconds: float | None = None) -> Speech:
    """One of the recordings that ship, or its beginning."""
    recording = RECORDINGS[which]
    pcm = read_speech(recording.path)
    return Speech(pcm if seconds is None else pcm[: int(seconds * RATE_HZ)], recording.text)


@contextlib.asynccontextmanager
async def venue(
    work: Path, names: Sequence[str] = ("A", "B", "C")
) -> AsyncIterator[tuple[LeaderProcess, list[Actor]]]:
    async with run_leader(work) as leader, run_badges(names, leader.address, work) as actors:
        yield leader, actors


def own(work: Path, number: int, name: str, *states: str) -> tuple[str, str]:
    """The option that makes a soft badge a device that the leader's registry knows by `name`; in a
    cluster, the registries of the hosts in the folders `states`."""
    credential = Credential(bytes((0x50, 0, 0, 0, 0, 0, 0, number)), secrets.token_bytes(KEY_BYTES))
    for state in states or (STATE,):
        register(credential, name, work / state)
    file = work / f"own-{number}.json"
    content = {"device": credential.device.hex(), "key": credential.key.hex()}
    file.write_text(json.dumps(content))
    return "--credential", str(file)


async def keep_talking(actor: Actor) -> None:
    """A quarter of a second of silence into the microphone of whoever holds the floor."""
    await actor.badge.speak(np.zeros(RATE_HZ // 4, np.int16))
    await asyncio.sleep(0.25)


async def ask(leader: LeaderProcess) -> LeaderState:
    answer = await asyncio.to_thread(control.ask, leader.control, "status")
    return LeaderState.model_validate(answer)


async def reported(leader: LeaderProcess, event: str, **fields: object) -> None:
    """Wait until the leader has reported `event` with these fields."""

    def is_there() -> bool:
        return any(
            each["event"] == event and fields.items() <= each.items() for each in leader.events
        )

    await until(is_there, f"the leader's {event} {fields}; it told {leader.events[-5:]}")


async def heard_by(said: Said, *listeners: Actor) -> None:
    """Wait until each listener has heard the burst to its end."""
    for listener in listeners:
        await listener.wait_for("heard", lambda value: value[1] == said.lease, said.t_press_ms)
    await asyncio.sleep(PLAYED_S)


def faults(bursts: Sequence[Spoken], actors: Sequence[Actor]) -> list[str]:
    """What the report calls wrong in these bursts at these badges, except lateness.

    To be called when the badges have ended: until then their recordings lack the newest sound.
    """
    run = RunData(
        title="A test",
        speech_source="",
        started_at=datetime.now(UTC),
        badges=tuple(_badge_run(actor) for actor in actors),
        bursts=tuple(as_burst(Turn(said, speech), actors) for said, speech in bursts),
    )
    failures = measure(run, scored=False).verdict.failures
    return [failure.text for failure in failures if failure.kind == "correctness"]


def _badge_run(actor: Actor) -> BadgeRun:
    mic, speaker = actor.badge.microphone, actor.badge.speaker
    return BadgeRun(
        actor.name, PcmTimeline(mic.t0_ms, mic.pcm), PcmTimeline(speaker.t0_ms, speaker.pcm)
    )


def faults_in(recording: Pcm, speech: Speech) -> list[str]:
    """What is wrong with `speech` in a recording of which only the sound is known, not its time."""
    recording, said = _voice_of(recording), _voice_of(speech.pcm)
    likeness = correlate(recording.astype(np.float64), said.astype(np.float64), "valid")
    found_ms = float(np.argmax(likeness)) / RATE_HZ * 1000
    spoken = PcmTimeline(_LAG_MS, np.concatenate((np.zeros(RATE_HZ, np.int16), said)))
    first_ms = spoken.t0_ms + 1000
    last_ms = spoken.end_ms
    run = RunData(
        title="A recording",
        speech_source="",
        started_at=datetime.now(UTC),
        badges=(
            BadgeRun("talker", spoken, PcmTimeline(0.0, np.zeros(0, np.int16))),
            BadgeRun(
                "listener",
                PcmTimeline(0.0, np.zeros(0, np.int16)),
                PcmTimeline(first_ms + _LAG_MS - found_ms, recording),
            ),
        ),
        bursts=(
            BurstRun(
                talker="talker",
                t_press_ms=first_ms,
                t_granted_ms=first_ms,
                t_release_ms=last_ms,
                first_ms=first_ms,
                last_ms=last_ms,
                frames_sent=0,
                listeners=(ListenerFrames("listener", 1),),
            ),
        ),
    )
    failures = measure(run, scored=False).verdict.failures
    return [each.text for each in failures if each.kind == "correctness"]


def _voice_of(pcm: Pcm) -> Pcm:
    """Without what lies below voices; nothing moves in time."""
    filtered = sosfiltfilt(_VOICE, pcm.astype(np.float64))
    return np.clip(np.round(filtered), -32_768, 32_767).astype(np.int16)
