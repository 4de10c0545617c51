/** The team and the phases, as the page names them. */

/** @typedef {{id: string, name: string, role: string}} Person */

/** @type {readonly Person[]} */
export const PEOPLE = [
  { id: "marcus", name: "Marcus", role: "Project manager" },
  { id: "sarah", name: "Sarah", role: "Business analyst" },
  { id: "maya", name: "Maya", role: "Research" },
  { id: "alex", name: "Alex", role: "Developer" },
  { id: "sophie", name: "Sophie", role: "Marketing" },
];

/** @param {string} id */
export function nameOf(id) {
  return PEOPLE.find((person) => person.id === id)?.name ?? id;
}

/** @typedef {"brief" | "research" | "build" | "post" | "summary"} Tab */

/** @type {ReadonlyArray<{id: string, name: string, tab: Tab}>} */
export const PHASES = [
  { id: "greeting", name: "Welcome", tab: "brief" },
  { id: "interview", name: "Interview", tab: "brief" },
  { id: "ideation_prep", name: "Research", tab: "research" },
  { id: "ideation", name: "Ideas", tab: "research" },
  { id: "showcase", name: "Website", tab: "build" },
  { id: "marketing", name: "Post", tab: "post" },
  { id: "closing", name: "Goodbye", tab: "summary" },
];
