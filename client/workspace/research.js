/** What Maya found, with where it comes from. */

import { el, webAddress } from "../dom.js";
import { face, nameOf, workerOf } from "../people.js";
import { Progress } from "./progress.js";

/** @typedef {import("../wire.js").Research} Research */

export class ResearchPanel {
  element = el("div", { class: "stack" });
  progress;
  #result = el("div", { class: "stack", "data-testid": "research" });

  #asset;

  /**
   * @param {(job: string) => void} cancel
   * @param {(address: string) => string} asset  the address with which a picture is fetched
   */
  constructor(cancel, asset) {
    this.#asset = asset;
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
    const sites = research.sites ?? [];
    const basis = basisOf(research);
    if (basis) parts.push(el("p", { class: "label", "data-testid": "basis" }, [basis]));
    if (research.headline) parts.push(el("p", { class: "headline" }, [research.headline]));
    parts.push(...list("Sites", "seen-sites", sites.filter((site) => !site.reason).map((site) => this.#site(site))));
    parts.push(...list("Not read", "unread-sites", sites.filter((site) => site.reason).map(unread)));
    const findings = (research.findings ?? []).map(finding);
    if (findings.length > 0) parts.push(el("ul", { class: "findings" }, findings));
    parts.push(...chips("Words that matter", research.keywords));
    this.#result.replaceChildren(...parts);
  }

  /** @param {import("../wire.js").FoundSite} site */
  #site(site) {
    const host = hostOf(site);
    const title = site.title || host;
    const parts = [el("h4", {}, [link(site.url ?? "", title)]), el("p", { class: "fine" }, [site.named ? `${host}, named by you` : host])];
    if (site.summary) parts.push(el("p", {}, [site.summary]));
    const headings = (site.headings ?? []).filter((heading) => heading !== title);
    if (headings.length > 0) parts.push(el("p", { class: "fine" }, [`Headings: ${headings.join(" · ")}`]));
    if (site.picture) {
      const alt = `The top of the page at ${host}`;
      parts.unshift(el("img", { src: this.#asset(site.picture), alt, width: "1200", height: "800", loading: "lazy", decoding: "async" }));
    }
    return el("li", { class: "finding" }, parts);
  }
}

/** What it rests on. @param {Research} research */
function basisOf({ offline, provider, because, sites = [] }) {
  const read = sites.filter((site) => !site.reason).length;
  const opened = read === 0 ? "No site was opened." : `${read} of ${sites.length} ${sites.length === 1 ? "site was" : "sites were"} read.`;
  if (offline) return `From the built-in catalogue. ${because || "No search provider is connected."} ${opened}`;
  return provider ? `Searched with ${provider}. ${opened}` : "";
}

/** @param {import("../wire.js").FoundSite} site */
function hostOf({ url }) {
  const address = webAddress(url ?? "");
  return address ? new URL(address).hostname.replace(/^www\./, "") : url ?? "";
}

/** @param {string} title @param {string} name @param {HTMLElement[]} items */
function list(title, name, items) {
  if (items.length === 0) return [];
  return [el("section", {}, [el("h3", {}, [title]), el("ul", { class: name, "data-testid": name }, items)])];
}

/** @param {import("../wire.js").FoundSite} site */
function unread(site) {
  const named = site.named ? " (named by you)" : "";
  return el("li", {}, [link(site.url ?? "", hostOf(site)), `${named}: ${site.reason}`]);
}

/** @param {import("../wire.js").Finding} found */
function finding({ title, text, source }) {
  const parts = [el("h3", {}, [title ?? ""]), el("p", {}, [text ?? ""])];
  if (source) parts.push(el("p", { class: "fine" }, ["Source: ", link(source, source)]));
  return el("li", { class: "finding" }, parts);
}

/** A link where it is a web address, else the text alone. @param {string} url @param {string} text @returns {Node | string} */
function link(url, text) {
  const address = webAddress(url);
  if (!address) return text;
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, [text]);
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
