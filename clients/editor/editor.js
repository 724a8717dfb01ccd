// The editor of a rule file: what is typed is checked by the server, which also completes it and says how to mend it.
// It stands in place of the text field of the form, and fills that before the form is sent.
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { foldGutter, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { forceLinting, linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

const DELAY = 400;

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "#0b5394" },
  { tag: tags.comment, color: "#55656e", fontStyle: "italic" },
  { tag: tags.string, color: "#7a3e00" },
  { tag: tags.content, color: "#16252d" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "#55656e" },
]);

function mount(field) {
  const form = field.form;
  const problems = document.getElementById("problems-card");
  const decision = document.getElementById("cursor-card");
  let waits = Promise.resolve();
  let shown = 0;
  let rests;

  // One question at a time, so that a fast typist fills no queue: the last text waits for the answer before.
  function ask(what, more) {
    const asked = waits.then(async () => {
      const body = new URLSearchParams({
        proof: form.elements.proof.value, file: form.elements.file.value, text: view.state.doc.toString(), ...more,
      });
      const answer = await fetch(form.dataset[what], { method: "POST", body, credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    });
    waits = asked.catch(() => undefined);
    return asked;
  }

  function offset(state, line, column) {
    const at = state.doc.line(Math.max(1, Math.min(line, state.doc.lines)));
    return Math.min(at.from + points(at.text, column - 1), at.to);
  }

  // Columns count characters; positions here count UTF-16.
  function points(text, count) {
    return Array.from(text).slice(0, count).join("").length;
  }

  function diagnostic(state, each) {
    const from = offset(state, each.line, each.column);
    const to = Math.max(from, offset(state, each.end_line, each.end_column));
    return {
      from, to, severity: each.severity, message: each.message, source: each.code,
      actions: each.edits.map((edit) => ({
        name: "Write " + edit.text,
        apply(target) {
          const state = target.state;
          target.dispatch({ changes: {
            from: offset(state, edit.line, edit.column), to: offset(state, edit.end_line, edit.end_column),
            insert: edit.text,
          } });
          target.focus();
        },
      })),
    };
  }

  async function check(target) {
    const state = target.state;
    let told;
    try {
      told = await ask("check", { line: String(lineOf(state)) });
    } catch (error) {
      problems.querySelector("h2").textContent = "Not checked: the server did not answer";
      return [];
    }
    if (target.state.doc !== state.doc) return [];
    list(told, state);
    decide(told, state);
    return told.here.map((each) => diagnostic(state, each));
  }

  function list(told, state) {
    problems.querySelector("h2").textContent = told.said;
    const items = document.createElement("ul");
    items.className = "findings";
    told.here.forEach((each) => {
      const item = document.createElement("li");
      const pill = document.createElement("span");
      pill.className = "pill " + (each.severity === "error" ? "bad" : "warn");
      pill.textContent = each.severity;
      const place = document.createElement("button");
      place.type = "button";
      place.className = "go";
      place.textContent = "line " + each.line + ", column " + each.column;
      place.addEventListener("click", () => go(offset(view.state, each.line, each.column)));
      item.append(pill, " ", place, ": " + each.message);
      diagnostic(state, each).actions.forEach((action) => {
        const fix = document.createElement("button");
        fix.type = "button";
        fix.className = "button second small";
        fix.textContent = action.name;
        fix.addEventListener("click", () => action.apply(view));
        item.append(" ", fix);
      });
      items.append(item);
    });
    const others = document.createElement("p");
    others.textContent = told.elsewhere;
    problems.querySelector("[data-live]").replaceChildren(items, others);
  }

  function lineOf(state) {
    return state.doc.lineAt(state.selection.main.head).number;
  }

  // The part comes from the server as the page without script has it: its texts are escaped there.
  function decide(told, state) {
    shown = lineOf(state);
    decision.querySelector("h2").textContent = "At the cursor";
    decision.querySelector("[data-live]").innerHTML = told.decision;
  }

  // A cursor that moves asks for the decision in its line; what is typed is checked anyway.
  function moved(update) {
    if (update.docChanged || !update.selectionSet) return;
    clearTimeout(rests);
    rests = setTimeout(async () => {
      const state = view.state;
      if (lineOf(state) === shown) return;
      try {
        const told = await ask("check", { line: String(lineOf(state)) });
        if (view.state.doc === state.doc) decide(told, state);
      } catch (error) {
        decision.querySelector("h2").textContent = "Not decided: the server did not answer";
      }
    }, DELAY);
  }

  function go(at) {
    view.dispatch({ selection: { anchor: at }, scrollIntoView: true });
    view.focus();
  }

  async function complete(context) {
    const word = context.matchBefore(/[\w.$-]*/);
    if (!context.explicit && (!word || word.from === word.to)) return null;
    const line = context.state.doc.lineAt(context.pos);
    const column = Array.from(line.text.slice(0, word.from - line.from)).length + 1;
    try {
      const told = await ask("complete", { line: String(line.number), column: String(column) });
      const options = told.options.map((each) => ({ label: each.text, detail: each.about, type: each.kind,
        apply: each.kind === "property" ? each.text + ": " : each.text }));
      return options.length ? { from: word.from, options, validFor: /^[\w.$-]*$/ } : null;
    } catch (error) {
      return null;
    }
  }

  const view = new EditorView({
    state: EditorState.create({
      doc: field.value,
      extensions: [
        lineNumbers(), foldGutter(), lintGutter(), history(), drawSelection(), highlightActiveLine(),
        highlightActiveLineGutter(), indentUnit.of("  "), yaml(), syntaxHighlighting(colours),
        linter(check, { delay: DELAY }), autocompletion({ override: [complete] }),
        EditorState.readOnly.of(field.readOnly), EditorView.updateListener.of(moved),
        EditorView.contentAttributes.of({
          "aria-label": field.dataset.label, "aria-describedby": "editor-keys", tabindex: "0",
        }),
        EditorView.cspNonce.of(field.dataset.nonce),
        keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...completionKeymap, ...lintKeymap]),
      ],
    }),
  });
  field.before(view.dom);
  field.hidden = true;
  form.querySelector(".at-line").hidden = true;
  form.addEventListener("submit", () => { field.value = view.state.doc.toString(); });
  document.getElementById("editor-keys").hidden = false;
  const named = Number(form.elements.line.value);
  if (named) {
    go(offset(view.state, named, 1));
    view.dispatch({ effects: EditorView.scrollIntoView(view.state.selection.main.head, { y: "center" }) });
  }
  forceLinting(view);
}

const field = document.querySelector("textarea[data-nonce]");
if (field) mount(field);
