/** The tabs beside the room. They follow the team unless the human holds one. */

import { button, byId, el, setText, show } from "../dom.js";

/** @typedef {import("../people.js").Tab} Tab */

/** @type {ReadonlyArray<[Tab, string]>} */
const TABS = [
  ["brief", "Brief"],
  ["research", "Research"],
  ["build", "Build"],
  ["post", "Post"],
  ["summary", "Summary"],
];

export class Workspace {
  #root = byId("workspace");
  /** @type {Map<Tab, {tab: HTMLElement, panel: HTMLElement}>} */
  #tabs = new Map();
  /** @type {Tab} */
  #shown = "brief";
  /** @type {Tab} */
  #team = "brief";
  #held = false;
  #over = false;
  #raised = false; // the sheet came up by itself, and goes down by itself

  /** @param {Record<Tab, HTMLElement>} contents */
  constructor(contents) {
    for (const [id, title] of TABS) this.#add(id, title, contents[id]);
    byId("tabs").onkeydown = (event) => this.#onKey(event);
    button("follow").onclick = () => this.#release();
    button("sheet").onclick = () => {
      this.#raised = false;
      this.open(this.#root.dataset["open"] !== "true");
    };
    this.#show("brief");
  }

  reveal() {
    show(this.#root, true);
  }

  /**
   * The team works on this now.
   * @param {Tab} tab
   * @param {boolean} [raise]  whether the sheet of a phone comes up: something is there to see or decide.
   *   It goes down again when the team moves on, so that the room is seen
   */
  follow(tab, raise = false) {
    const movedOn = tab !== this.#team;
    this.#team = tab;
    if (this.#writing()) this.#held = true;
    if (!this.#held) this.#show(tab);
    if (this.#held && this.#shown === tab) this.#held = this.#writing();
    this.#refresh();
    if (this.#held) return;
    if (raise && this.#root.dataset["open"] !== "true") {
      this.#raised = true;
      this.open(true);
    } else if (!raise && movedOn && this.#raised) {
      this.#raised = false;
      this.open(false);
    }
  }

  /** The session is over: what came of it is shown, and nobody is to be followed any more. @param {Tab} tab */
  finish(tab) {
    this.#team = tab;
    this.#held = false;
    this.#show(tab);
    this.open(true);
    this.#over = true;
  }

  /** The human goes there. @param {Tab} tab */
  go(tab) {
    this.#held = tab !== this.#team && !this.#over;
    this.#raised = false;
    this.#show(tab);
    this.open(true);
  }

  /** @param {boolean} open  the sheet on a phone; beside the room it is always open */
  open(open) {
    this.#root.dataset["open"] = String(open);
    button("sheet").setAttribute("aria-expanded", String(open));
  }

  /** @param {string} text  a word on the sheet's handle, beside the brief */
  note(text) {
    setText(byId("sheet-note"), text);
  }

  /** @param {Tab} id @param {string} title @param {HTMLElement} content */
  #add(id, title, content) {
    const tab = el("button", {
      type: "button",
      role: "tab",
      id: `tab-${id}`,
      "aria-controls": `panel-${id}`,
      "data-testid": `tab-${id}`,
    }, [title]);
    tab.onclick = () => this.go(id);
    const heading = el("h2", { class: "visually-hidden" }, [title]);
    const attributes = { role: "tabpanel", id: `panel-${id}`, "aria-labelledby": `tab-${id}`, tabindex: "-1" };
    const panel = el("div", attributes, [heading, content]);
    this.#tabs.set(id, { tab, panel });
    byId("tabs").append(tab);
    byId("panels").append(panel);
  }

  /** @param {Tab} id */
  #show(id) {
    if (id !== this.#shown) byId("panels").scrollTop = 0; // else it begins where the one before was left
    this.#shown = id;
    for (const [name, { tab, panel }] of this.#tabs) {
      tab.setAttribute("aria-selected", String(name === id));
      tab.tabIndex = name === id ? 0 : -1;
      show(panel, name === id);
    }
    this.#tabs.get(id)?.tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    show(byId("sheet-note"), id === "brief");
    setText(byId("sheet-title"), titleOf(id));
    this.#refresh();
  }

  #refresh() {
    for (const [name, { tab }] of this.#tabs) tab.dataset["team"] = String(name === this.#team && this.#held);
    show(button("follow"), this.#held && this.#shown !== this.#team);
    setText(button("follow"), `The team is at ${titleOf(this.#team)}. Follow`);
  }

  #release() {
    this.#held = false;
    this.#show(this.#team);
    this.#tabs.get(this.#team)?.tab.focus();
  }

  /** Whether the human is writing in the panel that is shown. */
  #writing() {
    const active = document.activeElement;
    return active instanceof HTMLTextAreaElement && !active.readOnly && this.#root.contains(active);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = TABS.findIndex(([name]) => name === this.#shown);
    const next = TABS[(at + step + TABS.length) % TABS.length]?.[0];
    if (!next) return;
    this.go(next);
    this.#tabs.get(next)?.tab.focus();
  }
}

/** @param {Tab} id */
function titleOf(id) {
  return TABS.find(([name]) => name === id)?.[1] ?? "";
}
