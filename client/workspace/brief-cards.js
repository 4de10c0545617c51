/** Six cards, what was understood, each correctable where it stands, and one for what nobody asks. */

import { el, setText, show } from "../dom.js";
import { everything } from "../wire.js";
import { WORDS_MAX, tooMany } from "../writing.js";

/** @typedef {import("../wire.js").Answer} Answer */
/** @typedef {import("../wire.js").Brief} Brief */

/** Shown until the server tells its own questions. @type {ReadonlyArray<[string, string]>} */
const KEYS = [
  ["name", "Business name"],
  ["offer", "What you offer"],
  ["audience", "Who it is for"],
  ["difference", "What makes you special"],
  ["pages", "Pages of the site"],
  ["style", "Look and feel"],
  ["contact", "Contact"],
];

/** @type {Record<string, string>} */
const PLACEHOLDERS = { unanswered: "You can still write it here", optional: "Write it here, or say it later" };

/** What is said in the end of a card that stayed empty. @type {Record<string, string>} */
const LEFT = { pending: "not asked", optional: "left out" };

const SOURCES = { voice: "heard", typed: "typed", corrected: "corrected", given: "given" };

class Card {
  element;
  #title = el("h3");
  #status = el("span", { class: "status" });
  #question = el("p", { class: "fine" });
  #hint;
  #text;
  #save;
  #revert = el("button", { type: "button", class: "quiet" }, ["Undo"]);
  #actions;
  #problem = el("p", { class: "problem", role: "alert", hidden: "" });
  #saved = "";
  #wrong = ""; // why it could not be saved
  #frozen = false;
  #optional = false; // it may be left empty, and has several lines
  #correct;
  #key;

  /**
   * @param {string} key @param {string} title
   * @param {(key: string, text: string) => Promise<string>} correct  returns what went wrong, or ""
   */
  constructor(key, title, correct) {
    this.#key = key;
    this.#correct = correct;
    this.#hint = el("p", { class: "fine", id: `hint-${key}` });
    this.#text = el("textarea", { rows: "1", readonly: "", "data-testid": `card-edit-${key}` });
    this.#save = el("button", { type: "button", class: "primary small", "data-testid": `card-save-${key}` }, ["Save"]);
    this.#actions = el("div", { class: "card-actions", hidden: "" }, [this.#save, this.#revert]);
    const head = el("div", { class: "card-head" }, [this.#title, this.#status]);
    const parts = [head, this.#question, this.#hint, this.#text, this.#actions, this.#problem];
    this.element = el("li", { class: "card", "data-testid": `card-${key}`, "data-status": "pending" }, parts);
    this.#name(title);
    setText(this.#status, "to come");
    this.#text.oninput = () => this.#refresh();
    this.#text.onkeydown = (event) => this.#onKey(event);
    this.#save.onclick = () => this.#submit();
    this.#revert.onclick = () => this.#undo();
  }

  get dirty() {
    return this.#text.value.trim() !== this.#saved;
  }

  /** @param {Answer} answer */
  update(answer) {
    const editing = this.dirty;
    this.#saved = answer.text;
    this.#name(answer.title);
    setText(this.#question, answer.question);
    setText(this.#hint, answer.hint);
    if (answer.hint) this.#text.setAttribute("aria-describedby", this.#hint.id);
    this.#optional = answer.n === 0;
    this.element.dataset["status"] = answer.status;
    if (answer.status !== "pending") this.#text.readOnly = false;
    this.#text.placeholder = PLACEHOLDERS[answer.status] ?? "";
    setText(this.#status, statusText(answer));
    if (!editing) this.#text.value = answer.text;
    this.#refresh();
  }

  /** @param {boolean} open  whether Sarah asks this one now */
  open(open) {
    this.element.dataset["open"] = String(open);
    if (open) setText(this.#status, "asked now");
    if (open && this.element.dataset["status"] === "pending") this.#text.placeholder = "Say it, or write it here";
    if (open) this.#text.readOnly = false;
  }

  /** @param {boolean} keep  what was not saved yet can still be copied */
  freeze(keep) {
    this.#frozen = true;
    if (keep) this.#refresh();
    else this.#undo();
    this.#text.readOnly = true;
    this.element.dataset["open"] = "false";
    const left = LEFT[this.element.dataset["status"] ?? ""];
    if (left) setText(this.#status, left);
    if (!keep) this.#text.placeholder = "";
  }

  focus() {
    this.#text.focus();
    this.#text.select();
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} title */
  #name(title) {
    setText(this.#title, title);
    this.#text.setAttribute("aria-label", `Your answer: ${title}`);
    this.#save.setAttribute("aria-label", `Save: ${title}`);
  }

  #refresh() {
    show(this.#actions, this.dirty && !this.#frozen);
    const long = this.#frozen ? "" : tooMany(this.#text.value, WORDS_MAX);
    this.#text.setAttribute("aria-invalid", String(long !== ""));
    this.#save.disabled = long !== "" || (!this.#optional && this.#text.value.trim() === "");
    this.#tell(long || this.#wrong);
  }

  /** @param {string} problem */
  #tell(problem) {
    setText(this.#problem, problem);
    show(this.#problem, problem !== "");
  }

  #undo() {
    this.#text.value = this.#saved;
    this.#wrong = "";
    this.#refresh();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (this.#frozen) return;
    if (event.key === "Escape") this.#undo();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (this.#optional && !event.ctrlKey && !event.metaKey) return; // the next line
    event.preventDefault();
    if (this.dirty && !this.#save.disabled) this.#submit();
  }

  async #submit() {
    const text = this.#text.value.trim();
    this.#save.disabled = true;
    this.#wrong = await this.#correct(this.#key, text);
    if (!this.#wrong) this.#saved = text;
    this.#refresh();
  }
}

export class BriefCards {
  element = el("ol", { class: "cards" });
  /** @type {Map<string, Card>} */
  #cards = new Map();
  #open = "";
  /** @type {Brief | null} */
  #brief = null;

  /** @param {(key: string, text: string) => Promise<string>} correct */
  constructor(correct) {
    for (const [key, title] of KEYS) {
      const card = new Card(key, title, correct);
      this.#cards.set(key, card);
      this.element.append(card.element);
    }
  }

  /** Whether no brief was shown yet. */
  get empty() {
    return this.#brief === null;
  }

  /** How many of the questions have an answer. */
  get answered() {
    return this.#brief?.answers.filter((answer) => answer.status === "answered").length ?? 0;
  }

  /** @param {Brief} brief */
  update(brief) {
    this.#brief = brief;
    for (const answer of everything(brief)) this.#cards.get(answer.key)?.update(answer);
    const open = brief.answers.find((answer) => answer.key === this.#open);
    if (open && open.status !== "pending") this.#open = "";
    this.#mark();
  }

  /** @param {string} key  the question that is asked now, or "" */
  ask(key) {
    this.#open = key;
    this.#mark();
  }

  /** @param {string} key */
  edit(key) {
    this.#cards.get(key)?.focus();
  }

  /** The session is over: nothing can be corrected any more. @param {{keep?: boolean}} [how]  as in the post's panel */
  freeze({ keep = false } = {}) {
    for (const card of this.#cards.values()) card.freeze(keep);
  }

  #mark() {
    for (const [key, card] of this.#cards) card.open(key === this.#open);
  }
}

/** @param {Answer} answer */
function statusText({ status, source }) {
  if (status === "pending") return "to come";
  if (status === "unanswered") return "not answered";
  if (status === "optional") return "optional";
  return SOURCES[/** @type {keyof typeof SOURCES} */ (source)] ?? "answered";
}
