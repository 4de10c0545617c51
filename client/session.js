/** The session: created once, kept in this tab (a reload resumes it, a new tab is a new one). */

/**
 * @typedef {{id: string, token: string, whip: string, events: string, ice_servers: RTCIceServer[],
 *   spoken?: boolean, over?: string}} Ticket
 *   spoken: the human takes part by voice, so a reload takes the microphone again; over: how it ended, if this tab saw it
 */

const KEY = "moentreprise.session";

/** A request that was refused or never arrived. `status` is 0 when the server was not reached. */
export class RequestError extends Error {
  /** @param {number} status @param {string} message @param {string} code  of the server's closed list */
  constructor(status, message, code = "") {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export class Session {
  #ticket;

  /** @param {Ticket} ticket */
  constructor(ticket) {
    this.#ticket = ticket;
  }

  /**
   * Opens a new session; with `answers` (six of them) the interview is skipped.
   * @param {string[] | null} answers
   */
  static async create(answers) {
    const body = answers ? { answers } : {};
    const response = await request("POST", "/sessions", { body });
    const ticket = /** @type {Ticket} */ (await response.json());
    const session = new Session(ticket);
    session.spoken = false;
    return session;
  }

  /** The session that this tab held before a reload, or null. */
  static resume() {
    const text = sessionStorage.getItem(KEY);
    if (!text) return null;
    try {
      return new Session(/** @type {Ticket} */ (JSON.parse(text)));
    } catch {
      return null;
    }
  }

  static forget() {
    sessionStorage.removeItem(KEY);
  }

  get spoken() {
    return this.#ticket.spoken === true;
  }

  /** Kept in this tab with the ticket. */
  set spoken(spoken) {
    this.#ticket.spoken = spoken;
    this.#keep();
  }

  /** How it ended, as far as this tab saw it; "" while it did not. */
  get over() {
    return this.#ticket.over ?? "";
  }

  set over(reason) {
    this.#ticket.over = reason;
    if (sessionStorage.getItem(KEY)) this.#keep(); // else it was forgotten
  }

  #keep() {
    sessionStorage.setItem(KEY, JSON.stringify(this.#ticket));
  }

  get id() {
    return this.#ticket.id;
  }

  get token() {
    return this.#ticket.token;
  }

  get whip() {
    return this.#ticket.whip;
  }

  get events() {
    return this.#ticket.events;
  }

  /** @returns {RTCIceServer[]} */
  get iceServers() {
    return this.#ticket.ice_servers ?? [];
  }

  /** The session as the server holds it. @returns {Promise<{state?: string, brief?: import("./wire.js").Brief | null}>} */
  async state() {
    return (await this.#call("GET", "")).json();
  }

  /** What was really done so far. @returns {Promise<Record<string, unknown>>} */
  async summary() {
    return (await this.#call("GET", "/summary")).json();
  }

  /** A file of this session, whole. @param {string} address  as `file` or `withToken` made it */
  async download(address) {
    const response = await request("GET", address);
    return response.blob().catch(() => {
      throw unreached(); // cut on the way
    });
  }

  /** The human's words, typed. @param {string} text */
  async say(text) {
    await this.#call("POST", "/messages", { text });
  }

  /** @param {string} key @param {string} text */
  async correct(key, text) {
    await this.#call("PATCH", "/brief", { [key]: text });
  }

  /** @param {string} text */
  async editPost(text) {
    await this.#call("PATCH", "/post", { text });
  }

  /** What the post's picture shows. @param {string} alt */
  async describePicture(alt) {
    await this.#call("PATCH", "/post", { alt });
  }

  /** Another picture, or none. @param {"another" | "card" | "none"} picture */
  async changePicture(picture) {
    await this.#call("PATCH", "/post", { picture });
  }

  /** @param {string} approval @param {"approve" | "reject"} decision */
  async decide(approval, decision) {
    await this.#call("POST", `/approvals/${encodeURIComponent(approval)}`, { decision });
  }

  /** Both sides are recorded, or not any more. @param {boolean} on */
  async record(on) {
    await this.#call("PUT", "/recording", { on });
  }

  /** @param {string} job */
  async cancel(job) {
    await this.#call("POST", `/jobs/${encodeURIComponent(job)}/cancel`);
  }

  /** The address where a sign-in with LinkedIn begins, for a window of its own. */
  get signIn() {
    return `/oauth/linkedin/start?token=${encodeURIComponent(this.token)}`;
  }

  /** The LinkedIn account is forgotten. */
  async disconnect() {
    await this.#call("DELETE", "/linkedin");
  }

  async stop() {
    await this.#call("DELETE", "");
  }

  async deleteData() {
    await this.#call("DELETE", "/data");
  }

  /** The address of a file of this session. @param {string} name */
  file(name) {
    return this.withToken(`/sessions/${encodeURIComponent(this.id)}/${name}`);
  }

  /**
   * An address that a browser fetches by itself (an image, a download) carries the token as a
   * parameter, for headers cannot be set there. Foreign addresses and previews go unchanged.
   * @param {string} address
   */
  withToken(address) {
    const url = new URL(address, location.origin);
    const ours = url.origin === location.origin && url.pathname.startsWith("/sessions/");
    if (ours && !url.searchParams.has("token")) url.searchParams.set("token", this.token);
    return url.href;
  }

  /** @param {string} method @param {string} path @param {object} [body] */
  #call(method, path, body) {
    const address = `/sessions/${encodeURIComponent(this.id)}${path}`;
    return request(method, address, { body, token: this.token });
  }
}

/**
 * @param {string} method
 * @param {string} address
 * @param {{body?: object, token?: string}} [options]
 * @returns {Promise<Response>} a successful response; anything else throws RequestError
 */
async function request(method, address, { body, token } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (token) headers["Authorization"] = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(address, { method, headers, body: body ? JSON.stringify(body) : null });
  } catch {
    throw unreached();
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

function unreached() {
  return new RequestError(0, "The server was not reached.");
}

/** A problem+json answer (RFC 9457) as an error. @param {Response} response */
export async function refusal(response) {
  try {
    const problem = await response.json();
    const message = problem.detail || problem.title || response.statusText;
    return new RequestError(response.status, String(message), String(problem.code ?? ""));
  } catch {
    return new RequestError(response.status, `The server answered ${response.status}.`);
  }
}
