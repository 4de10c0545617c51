/** Where an approved post goes: the LinkedIn account, and what became of a publication. */

import { el, setText, show } from "../dom.js";

/**
 * @typedef {import("../wire.js").Messages["account.changed"]} Account
 * @typedef {object} PublishingActions
 * @property {() => string} connect  the address where a sign-in begins
 * @property {() => Promise<string>} disconnect  returns what went wrong, or ""
 */

const POPUP = "popup,width=560,height=720";
const OWN_PAGE = "https://www.linkedin.com/in/me/recent-activity/all/";

export class Publishing {
  element = el("div", { class: "publishing" });
  #actions;
  #failure = el("p", { class: "failure", role: "alert", hidden: "", "data-testid": "post-failure" });
  #account = el("div", { class: "account", hidden: "", "data-testid": "account" });
  #as = el("p", { class: "fine", "data-testid": "account-as" });
  #connect = el("a", { class: "button", target: "_blank", "data-testid": "connect" }, ["Connect LinkedIn"]);
  #disconnect = el("button", { type: "button", class: "quiet", "data-testid": "disconnect" }, ["Disconnect"]);
  #offered = false;

  /** @param {PublishingActions} actions */
  constructor(actions) {
    this.#actions = actions;
    this.#account.append(this.#as, this.#connect, this.#disconnect);
    this.element.append(this.#failure, this.#account);
    this.#connect.onclick = (event) => this.#signIn(event);
    this.#disconnect.onclick = () => this.#forget();
  }

  /** @param {Account} account */
  changed({ connected, name, expires_ms, author }) {
    this.#offered = true;
    const where = author === "organisation" ? "for your organisation" : "on your page";
    setText(this.#as, connected
      ? `LinkedIn: ${name}, ${where}, until ${day(expires_ms)}`
      : "Not connected: an approved post is saved as a draft.");
    this.#account.dataset["connected"] = String(connected);
    this.#connect.href = this.#actions.connect();
    show(this.#connect, !connected);
    show(this.#disconnect, connected);
    show(this.#account, true);
  }

  /** A publication came to this. @param {string} status @param {string} reason */
  ended(status, reason) {
    const failed = status === "failed";
    show(this.#failure, failed);
    setText(this.#failure, failed ? `Not published: ${reason || "no reason was given"}.` : "");
  }

  /** @param {boolean} open  whether anything can still be published */
  allow(open) {
    show(this.#account, open && this.#offered);
  }

  /** In a window of its own, so that the conversation goes on; where there are none, in a tab. @param {MouseEvent} event */
  #signIn(event) {
    if (window.open(this.#connect.href, "linkedin", POPUP)) event.preventDefault();
  }

  async #forget() {
    this.#disconnect.disabled = true;
    const wrong = await this.#actions.disconnect();
    this.#disconnect.disabled = false;
    if (wrong) setText(this.#as, wrong);
  }
}

/** @param {number} ms  since 1970 */
function day(ms) {
  return new Date(ms).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/**
 * What became of the post, in words.
 * @param {string} status @param {string} url @param {string} reason
 * @returns {Array<Node | string>}
 */
export function outcome(status, url, reason) {
  if (status === "published") {
    return url ? ["Published. ", link(url, "See it there"), "."] : ["Published. ", link(OWN_PAGE, "See your page"), "."];
  }
  if (status === "draft") return [`Saved as a draft: ${reason || "it was not published"}.`];
  if (status === "rejected") return ["Rejected. Nothing is published; the text stays yours to copy."];
  if (status === "expired") return ["Nobody approved it in time. Nothing was published; the text stays here to copy."];
  if (status === "failed") return ["Nothing was published. The text stays here to copy."];
  const why = reason ? ` (${reason})` : "";
  return [`It is not known whether the post went out${why}. Please look at `, link(OWN_PAGE, "your page"), "."];
}

/** @param {string} url @param {string} text */
function link(url, text) {
  const href = new URL(url, location.origin).href;
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, [text]);
}
