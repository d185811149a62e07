// The models of the hardware under a clock that only moves when told.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Lines } from '../../../host/pressel/virtual/runtime/control.mjs';
import { Histogram } from '../../../host/pressel/virtual/runtime/histogram.mjs';
import { Microphone } from '../../../host/pressel/virtual/runtime/microphone.mjs';
import { Pins } from '../../../host/pressel/virtual/runtime/pins.mjs';
import { Speaker } from '../../../host/pressel/virtual/runtime/speaker.mjs';
import { Steps } from '../../../host/pressel/virtual/runtime/steps.mjs';

const T0 = 1000.25;

class FakeClock {
  t = T0;
  timers = [];
  now() { return this.t; }
  at(t, action) {
    const timer = { t, action };
    this.timers.push(timer);
    return timer;
  }
  cancel(timer) { this.timers = this.timers.filter((other) => other !== timer); }
  /** Moves to `t` and runs what became due, `late` ms after it was. */
  move(t, late = 0) {
    this.t = t + late;
    const due = this.timers.filter((timer) => timer.t <= t);
    this.timers = this.timers.filter((timer) => timer.t > t);
    due.forEach(({ action }) => action());
  }
}

class Tape {
  samples = [];
  append(block) { this.samples.push(...block); }
}

const bytes = (samples) => new Uint8Array(Int16Array.from(samples).buffer);
const ramp = (count, first = 1) => Array.from({ length: count }, (_, i) => first + i);

function microphone(ibufBytes = 8192) {
  const clock = new FakeClock();
  const tape = new Tape();
  return { clock, tape, device: new Microphone({ clock, ibufBytes, rate: 16000, timeline: tape }) };
}

function speaker(ibufBytes = 2048) {
  const clock = new FakeClock();
  const tape = new Tape();
  return { clock, tape, device: new Speaker({ clock, ibufBytes, rate: 16000, timeline: tape }) };
}

function read(device, count) {
  const target = new Uint8Array(count * 2);
  const got = device.read(target);
  return [...new Int16Array(target.buffer, 0, got / 2)];
}

test('microphone: a block can be read when it has ended, not before', () => {
  const { clock, device } = microphone();
  clock.t = T0 + 15.99;
  assert.equal(device.readable, false);
  assert.deepEqual(read(device, 32), []);
  clock.t = T0 + 16;
  assert.equal(device.readable, true);
  assert.equal(read(device, 320).length, 256);
  assert.deepEqual(read(device, 32), []);
});

test('microphone: speech lies in the blocks at the time that was told', () => {
  const { clock, tape, device } = microphone();
  const { first_t, last_t } = device.speak(Int16Array.from(ramp(300)), T0 + 20.01);
  assert.equal(first_t, T0 + 20.0625); // the next sample of the clock
  assert.equal(last_t, first_t + 299 / 16);
  clock.t = T0 + 48;
  const heard = read(device, 768);
  clock.t = T0 + 64;
  heard.push(...read(device, 256));
  const at = (first_t - T0) * 16;
  assert.deepEqual(heard, [...Array(at).fill(0), ...ramp(300), ...Array(1024 - at - 300).fill(0)]);
  assert.deepEqual(tape.samples, heard);
});

test('microphone: speech asked for too late begins now', () => {
  const { clock, device } = microphone();
  clock.t = T0 + 100;
  assert.equal(device.speak(Int16Array.of(1), T0).first_t, T0 + 100);
});

test('microphone: two sounds add up and do not wrap', () => {
  const { clock, device } = microphone();
  device.speak(Int16Array.of(30000, -30000, 5), T0);
  device.speak(Int16Array.of(30000, -30000, 6), T0);
  clock.t = T0 + 16;
  assert.deepEqual(read(device, 3), [32767, -32768, 11]);
});

test('microphone: a late reader loses the oldest, the tape does not', () => {
  const { clock, tape, device } = microphone(8192); // four blocks, of which one is being filled
  device.speak(Int16Array.from(ramp(6 * 256)), T0);
  clock.t = T0 + 6 * 16 + 5;
  assert.deepEqual(read(device, 2), [769, 770]);
  assert.equal(device.lostSamples, 768);
  assert.equal(read(device, 4096).length, 3 * 256 - 2);
  assert.equal(tape.samples.length, 6 * 256);
});

test('speaker: silence until something is written, sound from the next block on', () => {
  const { clock, tape, device } = speaker();
  clock.t = T0 + 20;
  assert.equal(device.write(bytes(ramp(320))), 640);
  clock.t = T0 + 80;
  device.advance();
  const expected = [...Array(512).fill(0), ...ramp(320).slice(0, 256), ...Array(512).fill(0)];
  assert.deepEqual(tape.samples, expected);
  assert.equal(device.underruns, 1); // 320 is not a multiple of 256
});

test('speaker: keeps a block that is full in part until the rest comes', () => {
  const { clock, tape, device } = speaker();
  device.write(bytes(ramp(320)));
  clock.t = T0 + 160;
  device.write(bytes(Array(192).fill(-1)));
  clock.t = T0 + 192;
  device.advance();
  assert.deepEqual(tape.samples.slice(11 * 256), [...ramp(320).slice(256), ...Array(192).fill(-1)]);
  assert.equal(device.underruns, 1);
});

test('speaker: a classic chip swaps neighbouring samples', () => {
  const clock = new FakeClock();
  const tape = new Tape();
  const device = new Speaker({ clock, ibufBytes: 4096, rate: 16000, timeline: tape, isSwapped: true });
  clock.t = T0 + 1;
  device.advance();
  device.write(bytes(ramp(256)));
  clock.t = T0 + 32;
  device.advance();
  const swapped = ramp(256).map((_, n) => ramp(256)[n ^ 1]);
  assert.deepEqual(tape.samples, [...Array(256).fill(0), ...swapped]);
});

test('speaker: takes what fits beside the block that plays', () => {
  const { clock, device } = speaker(2048); // four blocks
  assert.equal(device.write(bytes(ramp(1000))), 768 * 2);
  assert.equal(device.writable, false);
  assert.equal(device.write(bytes([1])), 0);
  clock.t = T0 + 16;
  assert.equal(device.writable, true);
  assert.equal(device.write(bytes(ramp(1000))), 256 * 2);
});

test('speaker: what is written in time plays without a seam', () => {
  const { clock, tape, device } = speaker();
  const sound = ramp(3200);
  for (let i = 0; i < 10; i += 1) {
    clock.t = T0 + i * 20;
    assert.equal(device.write(bytes(sound.slice(i * 320, (i + 1) * 320))), 640);
    if (i === 0) assert.equal(device.write(bytes(Array(64).fill(-1))), 128); // some start
  }
  clock.t = T0 + 16 * 16;
  device.advance();
  const heard = tape.samples.slice(256);
  const written = [...ramp(320), ...Array(64).fill(-1), ...sound.slice(320)];
  assert.deepEqual(heard.slice(0, 3072), written.slice(0, 3072)); // twelve blocks are full
});

test('pins: an edge reaches the handler that asked for it', () => {
  const pins = new Pins();
  const told = [];
  pins.interrupt = (pin) => told.push([pin, pins.bridge().pin_level(pin)]);
  pins.bridge().pin_rest(9, 1);
  pins.bridge().pin_trigger(9, 2); // falling
  for (const level of [0, 0, 1, 0]) pins.set(9, level);
  pins.set(10, 1);
  assert.deepEqual(told, [[9, 0], [9, 0]]);
});

test('pins: a level set before the firmware looks is kept', () => {
  const pins = new Pins();
  pins.set(9, 0);
  pins.bridge().pin_rest(9, 1);
  assert.equal(pins.bridge().pin_level(9), 0);
});

test('steps: sleep as long as the step said, a datagram ends it', () => {
  const clock = new FakeClock();
  const times = [];
  const steps = new Steps({
    clock, step: () => (times.push(clock.t - T0), 10), failed: assert.fail,
  });
  steps.start();
  clock.move(T0);
  clock.move(T0 + 9);
  clock.move(T0 + 10);
  clock.t = T0 + 12;
  steps.hasten();
  steps.hasten();
  clock.move(T0 + 12);
  clock.move(T0 + 20);
  clock.move(T0 + 22, 3); // the machine was 3 ms late
  assert.deepEqual(times, [0, 10, 12, 25]);
  assert.equal(steps.stats().steps, 4);
  assert.equal(steps.stats().lag_ms_max, 3);
});

test('steps: the last one is the one that failed', () => {
  const clock = new FakeClock();
  const failures = [];
  const step = () => { throw new Error('no'); };
  new Steps({ clock, step, failed: ({ message }) => failures.push(message) }).start();
  clock.move(T0);
  assert.deepEqual(failures, ['no']);
  assert.equal(clock.timers.length, 0);
});

test('histogram: quantiles are upper edges, the maximum is exact', () => {
  const histogram = new Histogram();
  assert.equal(histogram.quantile(0.95), 0);
  for (let i = 0; i < 95; i += 1) histogram.add(0.99);
  for (let i = 0; i < 5; i += 1) histogram.add(500.5);
  assert.equal(histogram.quantile(0.95), 1);
  assert.equal(histogram.quantile(0.96), 500.5);
  assert.equal(histogram.max, 500.5);
});

test('lines: bytes become lines, of UTF-8 and whatever their cut', () => {
  const told = [];
  const lines = new Lines((line) => told.push(line));
  const text = Buffer.from('één\r\n\ntwo\nrest');
  for (const byte of text) lines.write([byte]);
  assert.deepEqual(told, ['één', '', 'two']);
  lines.close();
  assert.deepEqual(told.at(-1), 'rest');
});
