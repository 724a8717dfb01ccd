// <camcover-estimate plan="..." therapy="...">: what care would cost, in a page of another site.
// docs/pages.md has its attributes and events. Its words come from the service in the reader's language.
(function () {
  "use strict";
  var ATTRIBUTES = ["plan", "therapy", "visits", "charge", "lang", "tier", "practitioner", "condition", "first"];
  var MOST_VISITS = 60, DAYS_BETWEEN = 7, DEFAULT_VISITS = "6";
  // A classic script knows its own address, which is that of the service. A module does not.
  var service = new URL("..", document.currentScript.src);
  var catalogs = null;

  var sheet = new CSSStyleSheet();
  sheet.replaceSync(
    ":host{display:block;font:inherit;color:inherit}:host([hidden]),[hidden]{display:none}" +
    ".box{border:1px solid currentColor;border-inline-start:.4rem solid var(--camcover-accent,#0a5c5c);" +
    "border-radius:.5rem;padding:1rem;overflow-wrap:anywhere}" +
    "p{margin:0 0 .5rem}.total strong{display:block;font-size:2em;line-height:1.2;font-variant-numeric:tabular-nums}" +
    ".small{font-size:.875em}details{margin-top:.5rem}summary{cursor:pointer;min-height:24px}" +
    "ul{margin:.5rem 0 0;padding-inline-start:1.25rem}" +
    "button{font:inherit;min-height:2.5rem;padding:.25rem 1rem;cursor:pointer}"
  );

  // The words of all languages, asked for once a page; after a failure they are asked for again.
  function words() {
    catalogs = catalogs || fetch(new URL("embed/camcover-estimate.json", service), { credentials: "omit" })
      .then(function (answer) {
        if (!answer.ok) throw new Error("no words: " + answer.status);
        return answer.json();
      })
      .catch(function (error) { catalogs = null; throw error; });
    return catalogs;
  }

  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, function (all, name) { return name in values ? String(values[name]) : all; });
  }

  // Whole cents of dollars as an attribute has them (120, 120.5, 120.50); null where they are none.
  function centsOf(text) {
    var found = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text.trim());
    return found ? Number(found[1]) * 100 + Number((found[2] || "0").padEnd(2, "0")) : null;
  }

  function today() {
    var now = new Date();
    return [now.getFullYear(), now.getMonth() + 1, now.getDate()]
      .map(function (part) { return String(part).padStart(2, "0"); }).join("-");
  }

  function element(name, text, kind) {
    var made = document.createElement(name);
    if (text) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  }

  class CamcoverEstimate extends HTMLElement {
    static get observedAttributes() { return ATTRIBUTES; }

    constructor() {
      super();
      this.attachShadow({ mode: "open" });
      this.shadowRoot.adoptedStyleSheets = [sheet];
      this.asked = null;
      this.isDue = false;
      // Until there is something to say, the page's own content of the element is shown.
      this.box = element("div", "", "box");
      this.box.setAttribute("role", "group");
      this.said = element("p", "", "total");
      this.said.setAttribute("role", "status");
      this.said.setAttribute("aria-live", "polite");
      this.said.setAttribute("aria-atomic", "true");
      this.more = element("div");
      this.box.append(this.said, this.more);
      this.box.hidden = true;
      this.own = document.createElement("slot");
      this.shadowRoot.append(this.box, this.own);
    }

    connectedCallback() { this.plan(); }
    attributeChangedCallback(name, before, after) { if (before !== after) this.plan(); }
    disconnectedCallback() { if (this.asked) this.asked.abort(); }

    // Ask once, however many attributes change together.
    plan() {
      var self = this;
      if (this.isDue || !this.isConnected) return;
      this.isDue = true;
      queueMicrotask(function () {
        self.isDue = false;
        if (self.isConnected) self.ask();
      });
    }

    // What is asked: a request of POST /v1/estimates, or the id of the words that say what is wrong.
    request(tag) {
      var item = { sessions: Number(this.given("visits", DEFAULT_VISITS)), every_days: DAYS_BETWEEN };
      var charge = this.given("charge");
      item.therapy = this.given("therapy");
      if (!this.given("plan") || !item.therapy) return { fault: "web-element-not-set" };
      if (!Number.isInteger(item.sessions) || item.sessions < 1 || item.sessions > MOST_VISITS)
        return { fault: "web-error-visits" };
      if (charge) {
        item.charge_cents = centsOf(charge);
        if (item.charge_cents === null) return { fault: "web-error-amount" };
      }
      item.start_date = this.given("first", today());
      if (this.given("tier")) item.tier = this.given("tier");
      if (this.given("practitioner")) item.practitioner = this.given("practitioner");
      if (this.given("condition")) item.conditions = [this.given("condition")];
      return { body: { plan_id: this.given("plan"), items: [item], language: tag } };
    }

    given(name, otherwise) { return (this.getAttribute(name) || "").trim() || otherwise || ""; }

    ask() {
      var self = this, asked = new AbortController(), known = null;
      if (this.asked) this.asked.abort();
      this.asked = asked;
      words().then(function (all) {
        if (asked.signal.aborted) return null;
        var near = self.closest("[lang]");
        var tag = (near ? near.getAttribute("lang") : "").toLowerCase().split("-")[0];
        known = Object.prototype.hasOwnProperty.call(all, tag) ? tag : "en";
        var say = all[known], wanted = self.request(known);
        self.box.lang = known;
        if (wanted.fault) return self.fault(say, wanted.fault, null);
        self.show(say, [say["web-element-wait"]], []);
        return fetch(new URL("v1/estimates", service), {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(wanted.body),
          credentials: "omit",
          signal: asked.signal
        }).then(function (answer) {
          return answer.json().then(function (found) {
            if (asked.signal.aborted) return;
            if (answer.ok) self.answered(say, known, found);
            else self.fault(say, self.wordOf(answer.status), found);
          });
        }).catch(function (error) {
          if (!asked.signal.aborted) self.fault(say, "web-element-failed", { message: String(error) });
        });
      }).catch(function (error) {
        // Without words there is nothing to say: the page's own content stays.
        if (asked.signal.aborted) return;
        self.tell("camcover:fault", { word: "web-element-failed", refusal: { message: String(error) } });
      });
    }

    wordOf(status) {
      if (status === 429 || status === 503 || status === 504) return "web-busy";
      return status === 400 || status === 404 ? "web-element-refused" : "web-element-failed";
    }

    answered(say, tag, estimate) {
      var money = new Intl.NumberFormat(tag + "-US", { style: "currency", currency: "USD" });
      var dollars = function (cents) { return money.format(cents / 100); };
      var covered = estimate.lines.filter(function (line) { return line.covered; }).length;
      var range = estimate.range, more = [], notices = element("ul", "", "small"), details = element("details");
      more.push(element("p", filled(say["web-covered-of"], { covered: covered, visits: estimate.lines.length })));
      more.push(element("p", range.low_cents === range.high_cents ? say["web-exact"] :
        filled(say["web-range"], { low: dollars(range.low_cents), high: dollars(range.high_cents) })));
      if (say.unreviewed) more.push(element("p", say.unreviewed, "small"));
      estimate.notices.forEach(function (notice, place) {
        if (place === 0) more.push(element("p", notice.text, "small"));
        else notices.append(element("li", notice.text));
      });
      if (notices.childElementCount) {
        details.append(element("summary", say["web-know"]), notices);
        more.push(details);
      }
      this.show(say, [say["web-you-would-pay"] + " ", element("strong", dollars(estimate.totals.patient_cents))], more);
      this.tell("camcover:estimate", estimate);
    }

    fault(say, word, refusal) {
      var self = this, again = element("button", say["web-element-again"]);
      again.type = "button";
      again.addEventListener("click", function () { self.ask(); });
      this.show(say, [say[word]], word === "web-busy" || word === "web-element-failed" ? [again] : []);
      this.tell("camcover:fault", { word: word, refusal: refusal });
    }

    show(say, said, more) {
      this.box.setAttribute("aria-label", say["web-embed-title"]);
      this.said.replaceChildren.apply(this.said, said);
      this.more.replaceChildren.apply(this.more, more);
      this.box.hidden = false;
      this.own.hidden = true;
    }

    tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail: detail, bubbles: true, composed: true })); }
  }

  if (!customElements.get("camcover-estimate")) customElements.define("camcover-estimate", CamcoverEstimate);
})();
