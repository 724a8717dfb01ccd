// How far an impact is, where there is script: events change the words, and the card is loaded anew at the end.
(function () {
  "use strict";
  function follow(card) {
    var source = new EventSource(card.dataset.events);
    source.onmessage = function (event) {
      var told = JSON.parse(event.data);
      if (!told.live) {
        source.close();
        renew();
        return;
      }
      card.querySelector("progress").max = told.total || 1;
      card.querySelector("progress").value = told.done;
      card.querySelector("#impact-progress").textContent = told.words;
    };
  }

  function renew() {
    fetch(location.href, { credentials: "same-origin" }).then(function (answer) {
      return answer.text();
    }).then(function (text) {
      var card = new DOMParser().parseFromString(text, "text/html").getElementById("impact");
      if (card) document.getElementById("impact").replaceWith(card);
    });
  }

  document.querySelectorAll("[data-events]").forEach(follow);
})();
