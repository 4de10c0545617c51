/** The tiles of the team and the line of phases. */

import { byId, el, setText } from "./dom.js";
import { PEOPLE, PHASES, capital, face, wear } from "./people.js";

const NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

export class Stage {
  /** @type {Map<string, HTMLElement>} */
  #tiles = new Map();
  /** @type {Map<string, HTMLElement>} */
  #phases = new Map();
  #speaker = "";

  constructor() {
    for (const person of PEOPLE) {
      const tile = el("li", tileAttributes(person.id), [
        face(person.id),
        el("span", { class: "name" }, [person.name]),
        el("span", { class: "role" }, [capital(person.title)]),
      ]);
      wear(tile, person.id);
      this.#tiles.set(person.id, tile);
    }
    const count = NUMBERS[PEOPLE.length - 1] ?? "many";
    setText(byId("headline"), `A team of ${count}, in one conversation.`);
    byId("tiles").append(...this.#tiles.values());
    for (const phase of PHASES) {
      const item = el("li", { "data-testid": `phase-${phase.name}` }, [el("span", {}, [phase.title])]);
      this.#phases.set(phase.name, item);
    }
    byId("phases").append(...this.#phases.values());
  }

  get speaker() {
    return this.#speaker;
  }

  /** @param {string} id  who is heard now, or "" */
  speaking(id) {
    this.#speaker = id;
    for (const [person, tile] of this.#tiles) {
      tile.dataset["speaking"] = String(person === id);
      if (person !== id) tile.style.removeProperty("--level");
    }
    byId("tiles").dataset["busy"] = String(id !== "");
  }

  /** @param {number} level  of the speaker's voice, 0 to 1 as WebRTC states it */
  level(level) {
    const tile = this.#tiles.get(this.#speaker);
    tile?.style.setProperty("--level", loudness(level).toFixed(2));
  }

  /** All phases are behind us. */
  finish() {
    for (const item of this.#phases.values()) item.dataset["done"] = "true";
    setText(byId("phase-now"), "All done");
  }

  /** @param {string} name */
  phase(name) {
    const index = PHASES.findIndex((phase) => phase.name === name);
    if (index < 0) return;
    PHASES.forEach((phase, n) => {
      const item = /** @type {HTMLElement} */ (this.#phases.get(phase.name));
      item.dataset["done"] = String(n < index);
      if (n === index) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
    setText(byId("phase-now"), `${PHASES[index]?.title} · ${index + 1} of ${PHASES.length}`);
  }
}

/** @param {string} id */
function tileAttributes(id) {
  return { class: "tile", "data-person": id, "data-testid": `tile-${id}`, "data-speaking": "false" };
}

/**
 * A linear level as it looks: 50 dB become 0 to 1, so that quiet speech still shows.
 * @param {number} level
 */
export function loudness(level) {
  if (level <= 0) return 0;
  return Math.min(1, Math.max(0, 1 + (20 * Math.log10(level)) / 50));
}
