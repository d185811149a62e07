// What pages do by themselves: find a name in a list, ask before what cannot be taken back, and
// read a file into a field.
// Everything else is drawn by the console; without this file all of it still works.
"use strict";

function sift() {
  for (const field of document.querySelectorAll("input[data-find]")) {
    const wanted = field.value.trim().toLowerCase();
    for (const row of document.querySelectorAll(`[data-${field.dataset.find}]`)) {
      row.hidden = wanted !== "" && !row.dataset[field.dataset.find].includes(wanted);
    }
  }
}

document.addEventListener("input", (event) => {
  if (event.target.matches("input[data-find]")) sift();
});

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.ask;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A file is read here and sent as text: the console takes no files.
const FILE_BYTES_MAX = 16384; // what a form may have
for (const field of document.querySelectorAll("input[data-into]")) {
  field.closest("label").hidden = false;
  field.addEventListener("change", async () => {
    const [file] = field.files;
    if (!file) return;
    if (file.size > FILE_BYTES_MAX) window.alert("That is too large for a file of settings.");
    else document.getElementById(field.dataset.into).value = await file.text();
  });
}

// The stream replaces rows; those that are not wanted stay away.
const live = document.getElementById("live");
if (live) new MutationObserver(sift).observe(live, { childList: true, subtree: true });

// Some browsers take the focus from an element that moves to another place.
let held = null;
document.addEventListener("htmx:before:swap", () => { held = document.activeElement; });
document.addEventListener("htmx:after:swap", () => {
  if (held?.isConnected && document.activeElement === document.body) held.focus({ preventScroll: true });
});

// A host with a wrong clock dates everything wrongly; whoever looks has a clock, too.
const CLOCK_OFF_S = 120; // a form that was long on its way; nobody cares about less
const clock = document.getElementById("clock");
if (clock) {
  const off_s = Number(clock.dataset.now) - Date.now() / 1000;
  const size_s = Math.abs(off_s);
  if (size_s > CLOCK_OFF_S) {
    const size = size_s < 5400 ? `${Math.round(size_s / 60)} minutes`
      : size_s < 129600 ? `${Math.round(size_s / 3600)} hours` : `${Math.round(size_s / 86400)} days`;
    clock.textContent = `The host's clock is ${size} ${off_s > 0 ? "ahead of" : "behind"} this `
      + "computer's; one of them is wrong. On the host: timedatectl.";
    clock.hidden = false;
  }
}
