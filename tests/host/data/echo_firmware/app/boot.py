"""Firmware for tests of the virtual badge: echoes datagrams, plays what it hears, reports edges."""

import json
import select
import socket
import time

import network
from machine import I2S, Pin

from .commands import COMMANDS

_STEP_MS = 5


def build():
    with open("board.json") as file:
        board = json.load(file)
    with open("config.json") as file:
        config = json.load(file)
    if config.get("fail"):
        raise RuntimeError("told to fail")
    return Echo(board, config)


class Echo:
    def __init__(self, board, config):
        self.wlan = network.WLAN(network.STA_IF)
        self.wlan.active(True)
        self.wlan.connect("venue", "secret")
        self.wlan.config(pm=self.wlan.PM_NONE)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(("0.0.0.0", 0))
        self.host = tuple(config["host"])
        self.microphone = None
        if not config.get("deaf"):
            self.open_sound(board)
        self.button = Pin(board["button"]["pin"], Pin.IN, Pin.PULL_UP)
        self.button.irq(self.on_edge, Pin.IRQ_FALLING | Pin.IRQ_RISING)
        self.piece = memoryview(bytearray(64))
        self.is_held = False  # a piece that the speaker did not take yet
        self.was_heard = False
        self.greeted = False

    def open_sound(self, board):
        self.microphone = _port(board["microphone"], I2S.RX, 8192)
        self.speaker = _port(board["speaker"], I2S.TX, 2048)
        poller = select.poll()
        poller.register(self.microphone, select.POLLIN)
        poller.register(self.speaker, select.POLLOUT)
        poller.poll(0)  # from now on they do not block

    def step(self, now_ms):
        if not self.greeted and self.wlan.isconnected():
            self.greeted = True
            self.socket.sendto(b"hello", self.host)
        self.answer()
        if self.microphone:
            self.loop_sound(now_ms)
        return _STEP_MS

    def answer(self):
        while True:
            try:
                data, source = self.socket.recvfrom(1200)
            except OSError as error:
                assert error.errno == 11
                return
            words = data.decode().split()
            if words and words[0] == "nap":  # a step that takes long
                self.socket.sendto(b"napping", source)
                time.sleep_ms(int(words[1]))
            elif words and words[0] in COMMANDS:
                text = COMMANDS[words[0]](words)
                self.socket.sendto(text.encode(), source)
            else:
                self.socket.sendto(data, source)

    def loop_sound(self, now_ms):
        while True:
            if not self.is_held and not self.microphone.readinto(self.piece):
                return
            if not self.was_heard and any(self.piece):
                self.was_heard = True
                print(json.dumps({"heard": now_ms}))
            self.is_held = self.speaker.write(self.piece) == 0
            if self.is_held:
                return

    def on_edge(self, pin):
        print(json.dumps({"level": pin.value()}))


def _port(facts, mode, buffer_bytes):
    return I2S(
        facts["id"],
        sck=Pin(facts["sck"]),
        ws=Pin(facts["ws"]),
        sd=Pin(facts["sd"]),
        mode=mode,
        bits=16,
        format=I2S.MONO,
        rate=16000,
        ibuf=buffer_bytes,
    )
