/** The team and the phases, as the server has them: one registry feeds its voices and this page. */

import { el, icon } from "./dom.js";
import { shadesOf } from "./colour.js";

/**
 * @typedef {{id: string, name: string, title: string, accent: string, jobs: string[]}} Person
 *   jobs: the kinds of work that they do
 * @typedef {{name: string, title: string, speakers: string[]}} Phase
 * @typedef {"brief" | "research" | "build" | "post" | "summary"} Tab
 */

/** Who has a portrait in drawings.svg; anybody else shows an initial. */
const DRAWN = new Set(["marcus", "sarah", "maya", "alex", "sophie"]);

/** @type {Record<string, Tab>} phase → what of the workspace it fills; a phase unknown to the page fills none */
const TABS = {
  greeting: "brief",
  interview: "brief",
  ideation_prep: "research",
  ideation: "research",
  showcase: "build",
  marketing: "post",
  closing: "summary",
};

/** @type {{people: Person[], phases: Phase[]}} */
const team = await load();

export const PEOPLE = team.people;
export const PHASES = team.phases;

async function load() {
  const response = await fetch("/team", { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`the team is not to be had: ${response.status}`);
  return response.json();
}

/** @param {string} id @returns {Person | undefined} */
export function personOf(id) {
  return PEOPLE.find((person) => person.id === id);
}

/** @param {string} id */
export function nameOf(id) {
  return personOf(id)?.name ?? id;
}

/** Who does this kind of work. @param {string} job @returns {string} an id, "" when nobody does */
export function workerOf(job) {
  return PEOPLE.find((person) => person.jobs.includes(job))?.id ?? "";
}

/** Who speaks first in a phase. @param {string} phase @returns {string} an id, "" when nobody does */
export function hostOf(phase) {
  return PHASES.find(({ name }) => name === phase)?.speakers[0] ?? "";
}

/** The tab that a phase fills, or null. @param {string} phase @returns {Tab | null} */
export function tabOf(phase) {
  return TABS[phase] ?? null;
}

/** A title as it begins a line. @param {string} title */
export function capital(title) {
  return title.charAt(0).toUpperCase() + title.slice(1);
}

/**
 * Lends an element a person's colours: `--accent` and `--accent-paper` are made of them (style.css).
 * @param {HTMLElement} element @param {string} id  "" or somebody unknown takes them away
 */
export function wear(element, id) {
  const person = personOf(id);
  element.toggleAttribute("data-worn", person !== undefined);
  if (!person) return;
  const shades = shadesOf(person.accent);
  element.style.setProperty("--on-light", shades.onLight);
  element.style.setProperty("--on-dark", shades.onDark);
  element.style.setProperty("--paper-light", shades.paperLight);
  element.style.setProperty("--paper-dark", shades.paperDark);
}

/** A round portrait, or an initial for somebody who was never drawn. @param {string} id */
export function face(id) {
  const initial = () => el("span", { class: "portrait initial", "aria-hidden": "true" }, [nameOf(id).charAt(0)]);
  const element = el("span", { class: "face" }, [DRAWN.has(id) ? icon(id, "portrait") : initial()]);
  wear(element, id);
  return element;
}
