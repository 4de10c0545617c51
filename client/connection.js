/**
 * Keeps the page and the session together: one peer at a time, the event stream, and the sign of
 * life once a second. The policy is in reconnect.js; the timers are here.
 */

import { GRACE_MS, delayMs, onConnectionState, onStatus } from "./reconnect.js";
import { RequestError } from "./session.js";
import { readEvents } from "./stream.js";
import { Whip } from "./whip.js";

/** @typedef {import("./human-state.js").Link} Link */

const CONNECT_MS = 12_000; // an attempt that takes longer is given up
const PLAYOUT_MS = 1000;
const FRESH_MS = 500; // older than this, nothing is sounding

export class Connection {
  #session;
  #inbox;
  #speaker;
  #microphone;
  #onChange;
  /** @type {Whip | null} */
  #whip = null;
  /** @type {Link} */
  #link = "connecting";
  #attempts = 0;
  #timer = 0;
  #beat = 0;
  #settled = false;
  #stream = new AbortController();
  /** @type {{jitterBufferMs: number | null, rttMs: number | null}} */
  figures = { jitterBufferMs: null, rttMs: null };

  /**
   * @param {{session: import("./session.js").Session, inbox: import("./wire.js").Inbox,
   *   speaker: import("./speaker.js").Speaker, microphone: import("./microphone.js").Microphone}} parts
   * @param {() => void} onChange  the link or the count of attempts changed
   */
  constructor({ session, inbox, speaker, microphone }, onChange) {
    this.#session = session;
    this.#inbox = inbox;
    this.#speaker = speaker;
    this.#microphone = microphone;
    this.#onChange = onChange;
  }

  get link() {
    return this.#link;
  }

  get attempts() {
    return this.#attempts;
  }

  get pc() {
    return this.#whip?.pc ?? null;
  }

  /** @param {boolean} over  the session has ended: its events are all that there is to have */
  start(over) {
    this.#follow();
    if (over) return;
    this.#beat = window.setInterval(() => this.#signOfLife(), PLAYOUT_MS);
    this.#attempt();
  }

  /** A new peer now: the microphone changed, the network came back, or the human takes the session back. */
  renew() {
    if (this.#settled || this.#link === "ended" || this.#link === "gone") return;
    this.#drop();
    this.#set(this.#link === "live" || this.#link === "connecting" ? this.#link : "reconnecting");
    this.#attempt();
  }

  /** @param {object} message  over the data channel; false when it is closed */
  send(message) {
    return this.#whip?.send(message) ?? false;
  }

  /** The page goes away: the peer with it, the session never. */
  hangUp() {
    this.#drop();
    this.#stream.abort();
    clearInterval(this.#beat);
  }

  /** The session is over, but its last word may still sound: nothing is connected anew. */
  settle() {
    this.#settled = true;
  }

  /** The session is over: everything is closed, and stays so. */
  end() {
    this.#settled = true;
    this.hangUp();
    this.#speaker.detach();
    this.#set("ended");
  }

  /** @param {boolean} [tell]  whether the server is told; not where it ended the peer itself */
  #drop(tell = !this.#settled) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#whip?.close(tell);
    this.#whip = null;
  }

  async #attempt() {
    clearTimeout(this.#timer);
    const options = {
      iceServers: this.#session.iceServers,
      token: this.#session.token,
      microphone: this.#microphone.track,
    };
    /** @type {Whip} */
    const whip = new Whip(options, {
      state: (state) => this.#current(whip) && this.#onState(state),
      message: (text) => this.#current(whip) && this.#inbox.receive(text, "channel"),
      open: () => this.#current(whip) && this.#onOpen(),
      closed: () => this.#current(whip) && this.#retry(),
      track: (receiver, stream) => this.#current(whip) && this.#speaker.attach(receiver, stream),
    });
    this.#whip = whip;
    this.#timer = window.setTimeout(() => this.#retry(), CONNECT_MS);
    try {
      await whip.connect(this.#session.whip);
    } catch (error) {
      if (this.#current(whip)) this.#refused(error);
    }
  }

  /** @param {Whip} whip */
  #current(whip) {
    return this.#whip === whip;
  }

  /** @param {RTCPeerConnectionState} state */
  #onState(state) {
    if (state === "connected") {
      clearTimeout(this.#timer);
      this.#attempts = 0;
      this.#set("live");
      return;
    }
    const decision = onConnectionState(state);
    if (decision === "retry") this.#retry();
    if (decision === "wait") {
      this.#set("reconnecting");
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#retry(), GRACE_MS);
    }
  }

  #onOpen() {
    this.send({ type: "resume", after: this.#inbox.watermark });
    this.#signOfLife();
  }

  /** @param {unknown} error */
  #refused(error) {
    const status = error instanceof RequestError ? error.status : 0;
    if (onStatus(status) === "gone") this.#gone();
    else this.#retry();
  }

  #retry() {
    if (this.#settled) return;
    this.#drop();
    if (this.#link !== "connecting") this.#set("reconnecting");
    this.#timer = window.setTimeout(() => this.#attempt(), delayMs(this.#attempts, Math.random()));
    this.#attempts += 1;
    this.#onChange();
  }

  /** Another tab or device has taken the session over: this page must not take it back by itself. */
  moved() {
    this.#drop(false);
    this.#speaker.detach();
    this.#set("moved");
  }

  #gone() {
    this.hangUp();
    this.#set("gone");
  }

  /** @param {Link} link */
  #set(link) {
    if (link === this.#link) return;
    this.#link = link;
    this.#onChange();
  }

  /**
   * What is sounding now. Before the first sound, and in long silence, a ping says that somebody
   * listens; while the browser holds the sound back nobody does, and the team waits.
   */
  #signOfLife() {
    if (this.#speaker.blocked) return;
    const source = this.#speaker.receiver?.getSynchronizationSources?.()[0];
    const atMs = source ? source.timestamp - performance.timeOrigin : 0;
    if (!source || performance.now() - atMs > FRESH_MS) {
      this.send({ type: "ping" });
      return;
    }
    this.send({
      type: "playout",
      rtp_timestamp: source.rtpTimestamp,
      at_ms: Math.round(atMs),
      jitter_buffer_ms: this.figures.jitterBufferMs,
      rtt_ms: this.figures.rttMs,
    });
  }

  async #follow() {
    const { signal } = this.#stream;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const receive = (/** @type {string} */ data) => {
          failures = 0;
          this.#inbox.receive(data, "stream");
        };
        await readEvents(this.#session.events, this.#session.token, this.#inbox.watermark, receive, signal);
      } catch (error) {
        if (error instanceof RequestError && onStatus(error.status) === "gone") return this.#gone();
      }
      await pause(Math.max(500, delayMs(failures, Math.random())));
    }
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
