// Plays a recording in the page, but never over somebody who talks: the console tells whether anybody
// does, and until it has, nothing is heard. Without this file a recording is downloaded.
"use strict";

(() => {
  const words = document.getElementById("replay-words");
  if (!words || !window.AudioContext || !window.EventSource) return;

  let context = null;
  let source = null;
  let button = null;
  let isTalked = null; // null: not known
  const floors = new EventSource("/floors");

  function say(text) {
    words.hidden = !text;
    words.textContent = text;
  }

  function end() {
    if (source) {
      source.onended = null;
      source.stop();
    }
    if (button) {
      button.textContent = "Play";
      button.setAttribute("aria-pressed", "false");
    }
    source = button = null;
    say("");
  }

  function yieldToTalk() {
    if (!source) return;
    if (isTalked === false) {
      context.resume();
      say("");
    } else {
      context.suspend();
      say(isTalked ? "Somebody talks; it goes on afterwards." : "The console does not say whether somebody talks.");
    }
  }

  floors.onmessage = (event) => { isTalked = event.data === "talk"; yieldToTalk(); };
  floors.onerror = () => { isTalked = null; yieldToTalk(); };
  window.addEventListener("pagehide", () => floors.close());

  async function play(form) {
    const own = form.querySelector("button");
    const isOn = own === button;
    end();
    if (isOn) return;
    context = context || new AudioContext();
    context.suspend(); // nothing is heard before it is known that nobody talks
    own.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (!answer.ok || answer.redirected) throw new Error("It cannot be played; load the page anew.");
      const node = context.createBufferSource();
      node.buffer = await context.decodeAudioData(await answer.arrayBuffer());
      node.connect(context.destination);
      node.onended = end;
      source = node;
      button = own;
      own.textContent = "Stop";
      own.setAttribute("aria-pressed", "true");
      node.start();
      yieldToTalk();
    } catch (error) {
      say(error.message);
    } finally {
      own.disabled = false;
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-replay]")) return;
    event.preventDefault();
    play(event.target);
  });
})();
