// Talking from the page. The button is a badge's: held, it talks; let go, it ends. A page that loses
// the focus lets go, and a key that repeats presses once.
"use strict";

(() => {
  const box = document.getElementById("talk");
  const on = document.getElementById("talk-on");
  const press = document.getElementById("talk-press");
  const groups = document.getElementById("talk-groups");
  const group = document.getElementById("talk-group");
  const words = document.getElementById("talk-words");
  if (!box || !window.AudioWorkletNode || !window.WebSocket) return;
  box.hidden = false;

  const TAIL_MS = 100; // sound that was still on its way from the microphone at the release
  const STATES = ["ready", "asking", "waiting", "talking", "searching"];
  let line = null;
  let sound = null;
  let stream = null;
  let speaker = null;
  let isHeld = false;
  let presses = 0; // each has a number: what is told of one may come when the next has begun
  let sendsUntil = 0;

  const say = (text) => { words.textContent = text; };

  function show(state) {
    box.classList.remove(...STATES);
    if (state) box.classList.add(state);
  }

  function tell(what) {
    if (line && line.readyState === WebSocket.OPEN) line.send(JSON.stringify(what));
  }

  function hold() {
    if (isHeld || !line) return;
    isHeld = true;
    presses += 1;
    press.setAttribute("aria-pressed", "true");
    sound.resume();
    tell({ do: "press", press: presses });
  }

  function letGo() {
    if (!isHeld) return;
    isHeld = false;
    sendsUntil = performance.now() + TAIL_MS;
    press.setAttribute("aria-pressed", "false");
    tell({ do: "release" });
  }

  function heard(frame) {
    if (line && line.readyState === WebSocket.OPEN && (isHeld || performance.now() < sendsUntil)) {
      line.send(frame);
    }
  }

  function take(event) {
    if (typeof event.data !== "string") {
      speaker.port.postMessage(event.data, [event.data]);
      return;
    }
    const told = JSON.parse(event.data);
    if (told.groups) {
      group.replaceChildren(...told.groups.map((number) => new Option(String(number), number)));
      groups.hidden = told.groups.length < 2;
      return;
    }
    if (told.is) show(told.is);
    if (told.over === presses) letGo();
    say(told.words.charAt(0).toUpperCase() + told.words.slice(1));
  }

  async function openSound() {
    sound = new AudioContext({ latencyHint: "interactive" });
    await sound.audioWorklet.addModule("/static/talk-sound.js");
    speaker = new AudioWorkletNode(sound, "speaker", { numberOfInputs: 0, outputChannelCount: [1] });
    speaker.connect(sound.destination);
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
      const microphone = new AudioWorkletNode(sound, "microphone", { numberOfOutputs: 0 });
      microphone.port.onmessage = (event) => heard(event.data);
      sound.createMediaStreamSource(stream).connect(microphone);
      return true;
    } catch {
      closeMicrophone();
      return false; // no microphone, or it was not allowed: listening works
    }
  }

  // The browser shows its microphone as open for as long as anything holds it.
  function closeMicrophone() {
    if (stream) for (const track of stream.getTracks()) track.stop();
    stream = null;
  }

  function closeSound() {
    closeMicrophone();
    if (sound) sound.close();
    sound = null;
  }

  async function begin() {
    on.disabled = true;
    say("Opening …");
    let hasMicrophone = false;
    try {
      hasMicrophone = await openSound();
    } catch {
      closeSound();
      on.disabled = false;
      say("This browser opens no sound; load the page again.");
      return;
    }
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    line = new WebSocket(`${scheme}//${location.host}/talk`);
    line.binaryType = "arraybuffer";
    line.onmessage = take;
    line.onopen = () => {
      on.hidden = true;
      press.hidden = !hasMicrophone;
      if (hasMicrophone) press.focus();
      else say("Listening. This browser gives no microphone, so it cannot talk.");
    };
    line.onclose = (event) => {
      letGo();
      line = null;
      closeSound();
      show("");
      on.disabled = false;
      on.hidden = false;
      press.hidden = groups.hidden = true;
      say(event.reason || "The console does not answer; try again.");
    };
  }

  on.addEventListener("click", begin);
  group.addEventListener("change", () => tell({ do: "group", group: Number(group.value) }));
  press.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    press.setPointerCapture(event.pointerId);
    hold();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) press.addEventListener(end, letGo);
  press.addEventListener("contextmenu", (event) => event.preventDefault());
  press.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) hold();
  });
  press.addEventListener("keyup", (event) => {
    if (event.key === " " || event.key === "Enter") letGo();
  });
  press.addEventListener("blur", letGo);
  window.addEventListener("blur", letGo);
  document.addEventListener("visibilitychange", () => { if (document.hidden) letGo(); });
})();
