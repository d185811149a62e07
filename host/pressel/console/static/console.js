// What pages do by themselves: find a name in a list, and ask before what cannot be taken back.
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

// The stream replaces rows; those that are not wanted stay away.
const live = document.getElementById("live");
if (live) new MutationObserver(sift).observe(live, { childList: true, subtree: true });
