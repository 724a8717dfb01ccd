// What pages do beyond their forms where there is script: steppers, one polite announcement, focus on faults.
(function () {
  "use strict";
  // A field that changes the whole form asks by its own "change"; the form need not ask besides.
  document.addEventListener("input", function (event) {
    if (event.target.matches("[data-whole]")) event.stopPropagation();
  }, true);

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button[data-step]");
    if (!button) return;
    var field = button.parentElement.querySelector("input");
    var visits = parseInt(field.value, 10);
    if (isNaN(visits)) return;
    event.preventDefault();
    field.value = String(Math.min(60, Math.max(1, visits + Number(button.dataset.step))));
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // The result is said once typing has paused, so that keys of one number are not told one by one.
  var QUIET = 1000;
  var waiting = 0;

  function sayLater() {
    clearTimeout(waiting);
    waiting = setTimeout(say, QUIET);
  }

  function say() {
    waiting = 0;
    var total = document.getElementById("total");
    var faults = document.getElementById("faults");
    var text = faults ? faults.querySelector("h2").textContent : total ? total.textContent : "";
    document.getElementById("said").textContent = text.replace(/\s+/g, " ").trim();
  }

  document.addEventListener("htmx:after:swap", sayLater);
  document.addEventListener("input", function () {
    if (waiting) sayLater();
  });
})();
