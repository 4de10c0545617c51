/** What Maya found, with where it comes from. */

import { el, webAddress } from "../dom.js";
import { face, nameOf, workerOf } from "../people.js";
import { Progress } from "./progress.js";

/** @typedef {import("../wire.js").Research} Research */

export class ResearchPanel {
  element = el("div", { class: "stack" });
  progress;
  #result = el("div", { class: "stack", "data-testid": "research" });

  /** @param {(job: string) => void} cancel */
  constructor(cancel) {
    this.progress = new Progress("research", cancel);
    this.#result.append(emptyOf("research", (who) => `${who} looks at your market after the interview.`));
    this.element.append(this.progress.element, this.#result);
  }

  started() {
    this.#result.replaceChildren();
  }

  /** @param {Research} research */
  show(research) {
    const parts = [];
    if (research.offline) {
      parts.push(el("p", { class: "label", "data-testid": "offline" }, [
        "From the built-in catalogue: no search provider is connected, so nothing was looked up on the web.",
      ]));
    }
    if (research.headline) parts.push(el("p", { class: "headline" }, [research.headline]));
    const findings = (research.findings ?? []).map(finding);
    if (findings.length > 0) parts.push(el("ul", { class: "findings" }, findings));
    parts.push(...chips("Words that matter", research.keywords), ...chips("Sites that you named", research.sites));
    this.#result.replaceChildren(...parts);
  }
}

/** @param {import("../wire.js").Finding} found */
function finding({ title, text, source }) {
  const parts = [el("h3", {}, [title ?? ""]), el("p", {}, [text ?? ""])];
  if (source) parts.push(el("p", { class: "fine" }, ["Source: ", sourceNode(source)]));
  return el("li", { class: "finding" }, parts);
}

/** @param {string} source @returns {Node | string} */
function sourceNode(source) {
  const address = webAddress(source);
  if (!address) return source;
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, [source]);
}

/** @param {string} title @param {string[] | undefined} words */
function chips(title, words) {
  if (!words || words.length === 0) return [];
  const items = words.map((word) => el("li", {}, [word]));
  return [el("div", {}, [el("h3", {}, [title]), el("ul", { class: "chips" }, items)])];
}

/**
 * What a panel shows before there is anything: who will fill it.
 * @param {string} person @param {string} text
 */
export function empty(person, text) {
  return el("div", { class: "empty" }, [face(person), el("p", {}, [text])]);
}

/**
 * The same, of whoever does this kind of work.
 * @param {string} job @param {(name: string) => string} text
 */
export function emptyOf(job, text) {
  const person = workerOf(job);
  return empty(person, text(nameOf(person) || "The team"));
}
