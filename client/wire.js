/**
 * The messages of the wire, as the server sends them, and the inbox that receives them.
 *
 * They arrive twice, over the data channel (the prompt ones) and as server-sent events (all of
 * them), so the inbox delivers each `seq` once and keeps states from going backwards.
 *
 * @typedef {{text: string, start_ms: number, end_ms: number}} Word  ms of the turn's audible time
 * @typedef {{n: number, key: string, title: string, question: string, text: string,
 *   status: "pending" | "answered" | "unanswered" | "optional", source: string, hint: string}} Answer
 * @typedef {{answers: Answer[], optional: Answer[]}} Brief  `optional`: what nobody asks for
 * @typedef {{title: string, text: string, source: string}} Finding
 * @typedef {{url?: string, title?: string, summary?: string, headings?: string[], named?: boolean,
 *   reason?: string, picture?: string}} FoundSite  `reason`: why it was not read; `picture`: its address
 * @typedef {{provider?: string, offline?: boolean, because?: string, trade?: string, headline?: string,
 *   findings?: Finding[], keywords?: string[], sites?: FoundSite[]}} Research
 * @typedef {{pages?: {title: string, path: string}[], palette?: Record<string, string>,
 *   files?: number, bytes?: number, seconds?: number, because?: string}} Site  `because`: why it is plain
 * @typedef {Record<string, unknown>} Summary
 * @typedef {{part: string, ms: number}} TurnPart  one step of a turn's way to the ear, after the one before
 *
 * @typedef {{
 *   "session.state": {state: string, reason: string},
 *   "phase.entered": {phase: string, index: number, of: number},
 *   "turn.started": {turn: string, speaker: string, act: string, rtp_timestamp: number},
 *   "caption": {turn: string, speaker: string, text: string, rtp_timestamp: number,
 *     start_ms: number, end_ms: number, words?: Word[]},
 *   "turn.ended": {turn: string, speaker: string, text: string, heard_ms: number, interrupted: boolean},
 *   "question.asked": {question: string, title: string, text: string, n: number, of: number},
 *   "human.listening": {listening: boolean},
 *   "human.speaking": {speaking: boolean},
 *   "human.said": {text: string, question: string, confidence: number, typed: boolean},
 *   "brief.updated": {brief: Brief, changed: string},
 *   "job.started": {job: string, kind: string, title: string},
 *   "job.progress": {job: string, kind: string, percent: number, message: string},
 *   "job.log": {job: string, kind: string, first: number, lines: string[]},
 *   "job.finished": {job: string, kind: string},
 *   "job.failed": {job: string, kind: string, code: string, reason: string},
 *   "research.ready": {research: Research},
 *   "site.building": {url: string, live: boolean},
 *   "site.ready": {url: string, site: Site},
 *   "post.drafted": {text: string, image: string, alt: string, text_by?: string, picture_by?: string,
 *     text_because?: string, because?: string},
 *   "approval.requested": {approval: string, action: string, payload: Record<string, unknown>,
 *     hash: string, expires_ms: number},
 *   "approval.resolved": {approval: string, decision: string},
 *   "post.published": {status: string, url: string, reason: string, code?: string},
 *   "account.changed": {connected: boolean, name: string, expires_ms: number, author: string},
 *   "recording.changed": {on: boolean, reason: string, recorded_ms: number},
 *   "metrics.turn": {turn: string, speaker: string, requested_to_first_audio_ms: number | null,
 *     ready_before_ms: number | null, pause_ms: number | null, after: string, whole_ms: number | null,
 *     parts: TurnPart[]},
 *   "error": {code: string, message: string},
 *   "session.completed": {summary: Summary},
 * }} Messages  wire type → its `data`
 */

/** @typedef {"channel" | "stream"} Route  how a message came */

/**
 * The questions that are asked and those that nobody asks, with their answers.
 * @param {Brief} brief
 */
export function everything(brief) {
  return [...brief.answers, ...brief.optional];
}

/** Messages that state how things are: an older one must not undo a newer one. */
const STATES = new Set([
  "session.state",
  "phase.entered",
  "question.asked",
  "human.listening",
  "human.speaking",
  "brief.updated",
  "site.building",
  "post.drafted",
  "recording.changed",
  "account.changed",
]);

/** @typedef {{seq: number, at_ms: number, route: Route}} Envelope */

export class Inbox {
  /** @type {Map<string, Array<(data: any, envelope: Envelope) => void>>} */
  #handlers = new Map();
  /** @type {Set<number>} Seqs above the watermark that came already. */
  #seen = new Set();
  /** @type {Map<string, number>} */
  #newest = new Map();
  #watermark = 0;

  /** The highest seq up to which nothing is missing: the stream carries everything, in order. */
  get watermark() {
    return this.#watermark;
  }

  /**
   * @template {keyof Messages} T
   * @param {T} type
   * @param {(data: Messages[T], envelope: Envelope) => void} handler
   */
  on(type, handler) {
    const handlers = this.#handlers.get(type) ?? [];
    handlers.push(handler);
    this.#handlers.set(type, handlers);
  }

  /**
   * Takes one envelope as JSON text; what is not an envelope is dropped.
   * @param {string} text
   * @param {Route} route
   */
  receive(text, route) {
    const message = parse(text);
    if (!message) return;
    const seq = message.seq;
    const repeated = seq > 0 && (seq <= this.#watermark || this.#seen.has(seq));
    if (seq > 0) this.#remember(seq, route);
    if (repeated || this.#isStale(message.type, seq)) return;
    const envelope = { seq, at_ms: message.at_ms, route };
    for (const handler of this.#handlers.get(message.type) ?? []) handler(message.data, envelope);
  }

  /** @param {number} seq @param {Route} route */
  #remember(seq, route) {
    this.#seen.add(seq);
    if (route !== "stream" || seq <= this.#watermark) return;
    this.#watermark = seq;
    for (const old of this.#seen) if (old <= seq) this.#seen.delete(old);
  }

  /** @param {string} type @param {number} seq */
  #isStale(type, seq) {
    if (!STATES.has(type) || seq <= 0) return false;
    if (seq < (this.#newest.get(type) ?? 0)) return true;
    this.#newest.set(type, seq);
    return false;
  }
}

/**
 * @param {string} text
 * @returns {{seq: number, at_ms: number, type: string, data: unknown} | null}
 */
function parse(text) {
  try {
    const message = JSON.parse(text);
    if (typeof message?.type !== "string") return null;
    return {
      seq: Number(message.seq) || 0,
      at_ms: Number(message.at_ms) || 0,
      type: message.type,
      data: message.data ?? {},
    };
  } catch {
    return null;
  }
}
