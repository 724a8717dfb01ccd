// The strip of a page that stays open: which release answers by now, and whether the session is over.
(function () {
  "use strict";
  var EVERY = 2000;
  var strip = document.querySelector("[data-strip-of]");
  if (!strip) return;
  var address = strip.dataset.address + "?of=" + encodeURIComponent(strip.dataset.stripOf);
  var waiting = 0;

  function part(within, name) {
    return within.querySelector('[data-strip="' + name + '"]');
  }

  // A part is left alone where it stays the same: it may hold the focus, and news are said once.
  function put(name, made) {
    var there = part(strip, name);
    if (there.innerHTML.trim() !== made.innerHTML.trim()) there.replaceChildren.apply(there, made.childNodes);
  }

  function show(text) {
    var made = new DOMParser().parseFromString(text, "text/html");
    put("now", part(made, "now"));
    put("news", part(made, "news"));
  }

  function over() {
    var made = document.createElement("div");
    made.append(document.getElementById("session-over").content.cloneNode(true));
    put("news", made);
  }

  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(ask, EVERY);
  }

  function ask() {
    if (document.hidden) return;
    fetch(address, { credentials: "same-origin", redirect: "manual" }).then(function (answer) {
      if (answer.type === "opaqueredirect") over();
      else if (answer.ok) return answer.text().then(show);
    }).catch(function () {}).then(later);
  }

  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) {
      clearTimeout(waiting);
      ask();
    }
  });
  later();
})();
