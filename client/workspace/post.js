/** The drafted post: edit it, then approve or reject exactly what is shown. */

import { copyButton } from "../copy.js";
import { el, setText, show } from "../dom.js";
import { nameOf, workerOf } from "../people.js";
import { Progress } from "./progress.js";
import { PostPicture } from "./post-picture.js";
import { outcome, Publishing } from "./publishing.js";
import { emptyOf } from "./research.js";
import { asLinkedInCounts, POST_MAX, tooMany } from "../writing.js";

const UNSAVED = ["You changed the text. Save the change first; then it can be approved."];
const UNSAVED_ALT = ["You changed the description. Save it first; then the post can be approved."];

/**
 * @typedef {object} PostActions
 * @property {(text: string) => Promise<string>} edit  returns what went wrong, or ""
 * @property {(approval: string, decision: "approve" | "reject") => Promise<string>} decide  the same
 * @property {(alt: string) => Promise<string>} describe  the same, of the picture's description
 * @property {(picture: import("./post-picture.js").Wish) => Promise<string>} picture  the same
 * @property {(job: string) => void} cancel
 * @property {import("./publishing.js").PublishingActions} account
 * @property {(address: string) => string} asset  the address with which an image is fetched
 */

export class PostPanel {
  element = el("div", { class: "stack" });
  progress;
  publishing;
  #actions;
  #empty = emptyOf("post", (who) => `${who} drafts a post with a picture. Nothing is published without your approval.`);
  #draft = el("div", { class: "stack", hidden: "" });
  #picture;
  #by = el("p", { class: "fine", "data-testid": "post-text-by" });
  #text = el("textarea", { rows: "8", "aria-label": "Text of the post", "data-testid": "post-text" });
  #save = el("button", { type: "button", "data-testid": "post-save" }, ["Save the change"]);
  #approve = el("button", { type: "button", class: "primary", "data-testid": "approve" }, ["Approve"]);
  #reject = el("button", { type: "button", "data-testid": "reject" }, ["Reject"]);
  #status = el("p", { class: "label", role: "status", "data-testid": "post-status" });
  #copy = copyButton(() => this.#text.value, "post-copy");
  /** What is the matter, as long as nothing is being changed. @type {Array<Node | string>} */
  #told = [];
  /** @type {Array<Node | string>} */
  #shown = [];
  #saved = "";
  #approval = "";
  #busy = false;
  #frozen = false;
  #decided = false;

  /** @param {PostActions} actions */
  constructor(actions) {
    this.#actions = actions;
    this.publishing = new Publishing(actions.account);
    this.progress = new Progress("post", actions.cancel);
    this.#status.id = "post-status";
    this.#approve.setAttribute("aria-describedby", this.#status.id);
    const buttons = el("div", { class: "buttons" }, [this.#save, this.#approve, this.#reject]);
    this.#picture = new PostPicture(actions, () => this.#refresh());
    this.#draft.append(this.#picture.element, this.#text, this.#by, el("div", { class: "buttons" }, [this.#copy]), el("div", { class: "approval" }, [this.#status, buttons]));
    this.element.append(this.#empty, this.progress.element, this.#draft);
    this.#status.before(this.publishing.element);
    this.#text.oninput = () => this.#refresh();
    this.#save.onclick = () => this.#edit();
    this.#approve.onclick = () => this.#decide("approve");
    this.#reject.onclick = () => this.#decide("reject");
    this.#refresh();
  }

  started() {
    show(this.#empty, false);
  }

  get #dirty() {
    return this.#text.value.trim() !== this.#saved.trim();
  }

  /** Another picture is being made, or not any more. @param {boolean} drawing */
  draws(drawing) {
    this.#picture.draws(drawing);
    if (drawing && !this.#approval) this.#told = [`Another picture is being made. ${author()} asks for your approval when it is there.`];
    this.#refresh();
  }

  /** @param {import("../wire.js").Messages["post.drafted"]} post */
  drafted({ text, text_by = "", text_because = "", ...drawn }) {
    show(this.#empty, false);
    show(this.#draft, true);
    const editing = this.#dirty;
    this.#saved = text;
    if (!editing) this.#text.value = text;
    setText(this.#by, [WRITTEN[text_by] ?? "", text_because].filter(Boolean).join(" "));
    this.#picture.show(drawn);
    if (!this.#approval) this.#told = [`A draft. ${author()} will ask for your approval.`];
    this.#refresh();
  }

  /** @param {{approval: string, action: string, payload: Record<string, unknown>}} request */
  requested({ approval, payload }) {
    this.#approval = approval;
    this.#busy = false;
    const text = payload["text"];
    if (typeof text === "string" && text !== this.#saved) {
      if (!this.#dirty) this.#text.value = text;
      this.#saved = text;
    }
    this.#told = [`${author()} asks for your approval. Exactly this text and picture will be used.`];
    this.#refresh();
  }

  /** @param {{approval: string, decision: string}} resolved */
  resolved({ approval, decision }) {
    if (approval !== this.#approval) return;
    this.#approval = "";
    this.#busy = false;
    this.#decided ||= decision === "approve" || decision === "reject";
    this.#told = [OUTCOMES[decision] ?? ""];
    this.#refresh();
  }

  /** @param {{status: string, url: string, reason: string}} published */
  published({ status, url, reason }) {
    this.publishing.ended(status, reason);
    this.#approval = "";
    this.element.dataset["status"] = status;
    this.#told = outcome(status, url, reason);
    this.#refresh();
  }

  /** The session is over. @param {{keep?: boolean}} [how]  keep: what was not saved yet can still be copied */
  freeze({ keep = false } = {}) {
    this.#frozen = true;
    this.#approval = "";
    if (!keep) this.#text.value = this.#saved;
    this.#refresh();
  }

  #refresh() {
    this.publishing.allow(!this.#frozen);
    const done = this.#frozen || this.#decided || this.element.dataset["status"] !== undefined;
    this.#picture?.allow(!done);
    const dirty = this.#dirty;
    const described = this.#picture?.dirty ?? false;
    const open = this.#approval !== "" && !this.#frozen;
    show(this.#approve, open);
    show(this.#reject, open);
    show(this.#save, dirty && !this.#frozen);
    this.#text.readOnly = done;
    this.#approve.disabled = this.#busy || dirty || described;
    this.#reject.disabled = this.#busy;
    const long = this.#frozen ? "" : tooMany(asLinkedInCounts(this.#text.value), POST_MAX);
    this.#text.setAttribute("aria-invalid", String(long !== ""));
    this.#save.disabled = this.#busy || long !== "" || this.#text.value.trim() === "";
    this.#say(long ? [long] : open && dirty ? UNSAVED : open && described ? UNSAVED_ALT : this.#told);
  }

  /** Written only when it differs: it is a live region. @param {Array<Node | string>} words */
  #say(words) {
    if (words.length === this.#shown.length && words.every((word, n) => word === this.#shown[n])) return;
    this.#shown = words;
    this.#status.replaceChildren(...words);
  }

  async #edit() {
    this.#busy = true;
    this.#refresh();
    const text = this.#text.value.trim();
    const wrong = await this.#actions.edit(text);
    this.#busy = false;
    if (!wrong) this.#saved = text;
    this.#refresh();
    if (wrong) this.#say([wrong]);
  }

  /** @param {"approve" | "reject"} decision */
  async #decide(decision) {
    if (this.#busy || !this.#approval) return;
    this.#busy = true;
    this.#refresh();
    const wrong = await this.#actions.decide(this.#approval, decision);
    if (!wrong) return; // approval.resolved tells the rest
    this.#busy = false;
    this.#refresh();
    this.#say([wrong]);
  }
}

function author() {
  return nameOf(workerOf("post")) || "The team";
}

/** @type {Record<string, string>} */
const WRITTEN = {
  model: "Drafted by a text model from your brief and site.",
  template: "Drafted here from your brief and site.",
};

/** @type {Record<string, string>} */
const OUTCOMES = {
  approve: `Approved. ${author()} takes it from here.`,
  reject: "Rejected. Nothing is published; the text stays yours to copy.",
  superseded: `The draft was changed. ${author()} asks again for the new version.`,
  expired: "The time for this approval has passed. Nothing was published; the text stays here to copy.",
};
