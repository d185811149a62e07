"""The engine that leads in a term, with all that listens to it at this host."""

from __future__ import annotations

import os
import secrets

from pressel.transport.udp import address_of, engine_now_ms
from ptt.leader.leader import Leader

from .bursts import Bursts
from .desk.recordings import Recordings
from .desk.venue_settings import VenueSettings
from .ear import Ear
from .packed_address import packed, unpacked
from .recoder import Recoder
from .registry_watch import RegistryWatch
from .resend.guests import Guests
from .resend.resend import Resend
from .watchers import Watchers


class NewLeader:
    """`ear` is None where microphones are not judged."""

    def __init__(
        self,
        watch: RegistryWatch,
        guests: Guests,
        settings: VenueSettings,
        bursts: Bursts,
        recordings: Recordings,
        resend: Resend,
        ear: Ear | None,
    ) -> None:
        self._watch = watch
        self._guests = guests
        self._settings = settings
        self._bursts = bursts
        self._recordings = recordings
        self._resend = resend
        self._ear = ear

    def make(self, term: int) -> Leader:
        self._watch.lead(term)
        guests = self._guests
        settings = self._settings.kept
        leader = Leader(term, secrets.randbits(32), guests, os.urandom, settings, roster=guests)
        leader.bytes_of, leader.address_of = packed, unpacked
        leader.voice.multicast.address_of = address_of
        self._bursts.follow(leader)
        leader.groups.coding.recoder = Recoder(leader.keys)
        recorder = self._recordings.recorder
        recorder.follow(leader)
        if self._ear is not None:
            self._ear.follow(leader)
        leader.groups.watch = Watchers(self._bursts, recorder, is_apart=self._resend.is_its)
        directory = self._watch.directory
        leader.keep_devices(directory.version, directory.records(), engine_now_ms())
        return leader
