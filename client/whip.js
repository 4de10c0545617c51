/**
 * One connection to the session (WHIP, RFC 9725, with a track coming back and a data channel).
 * Made, used, closed once; a reconnect makes another one.
 */

import { refusal } from "./session.js";

const TRICKLE = "application/trickle-ice-sdpfrag"; // RFC 8840
const TRICKLE_EVERY_MS = 40;

/**
 * @typedef {object} WhipEvents
 * @property {(state: RTCPeerConnectionState) => void} state
 * @property {(text: string) => void} message  from the data channel
 * @property {() => void} open  the data channel is open
 * @property {() => void} closed  the data channel was closed by the other side: sooner known than any state
 * @property {(receiver: RTCRtpReceiver, stream: MediaStream) => void} track
 */

export class Whip {
  /** @type {RTCPeerConnection} */
  #pc;
  #channel;
  #sender;
  #events;
  #token;
  #resource = "";
  #etag = "";
  /** @type {RTCIceCandidate[]} */
  #candidates = [];
  #ended = false;
  #timer = 0;
  #closed = false;

  /**
   * @param {{iceServers: RTCIceServer[], token: string, microphone: MediaStreamTrack | null}} options
   *   without a microphone the human types: the offer only receives
   * @param {WhipEvents} events
   */
  constructor({ iceServers, token, microphone }, events) {
    this.#events = events;
    this.#token = token;
    this.#pc = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#channel = this.#pc.createDataChannel("events", { ordered: true });
    const direction = microphone ? "sendrecv" : "recvonly";
    this.#sender = this.#pc.addTransceiver(microphone ?? "audio", { direction }).sender;
    this.#listen();
  }

  get pc() {
    return this.#pc;
  }

  /** Offers and takes the answer. Throws RequestError. @param {string} endpoint */
  async connect(endpoint) {
    await this.#pc.setLocalDescription();
    const response = await fetch(endpoint, {
      method: "POST",
      headers: this.#headers("application/sdp"),
      body: this.#pc.localDescription?.sdp ?? "",
    });
    if (!response.ok) throw await refusal(response);
    const location = response.headers.get("Location");
    this.#resource = location ? new URL(location, response.url).pathname : ""; // always this server
    this.#etag = response.headers.get("ETag") ?? "";
    if (this.#closed) return this.#hangUp();
    this.#useIceServers(response.headers.get("Link"));
    await this.#pc.setRemoteDescription({ type: "answer", sdp: await response.text() });
    this.#trickleSoon();
  }

  /** Sends over the data channel; false when it is not open. @param {object} message */
  send(message) {
    if (this.#channel.readyState !== "open") return false;
    this.#channel.send(JSON.stringify(message));
    return true;
  }

  /** The microphone came back on another device. @param {MediaStreamTrack} track */
  async useMicrophone(track) {
    await this.#sender.replaceTrack(track);
  }

  /** @param {boolean} tell  whether the server is told to drop the connection */
  close(tell = true) {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    if (tell) this.#hangUp();
    this.#pc.close();
  }

  #listen() {
    const pc = this.#pc;
    pc.onconnectionstatechange = () => this.#closed || this.#events.state(pc.connectionState);
    pc.ontrack = ({ receiver, streams, track }) =>
      this.#events.track(receiver, streams[0] ?? new MediaStream([track]));
    pc.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) this.#candidates.push(candidate);
      else this.#ended = true;
      this.#trickleSoon();
    };
    this.#channel.onopen = () => this.#closed || this.#events.open();
    this.#channel.onclose = () => {
      this.#resource = ""; // the other side ended it: there is nothing left to hang up
      if (!this.#closed) this.#events.closed();
    };
    this.#channel.onmessage = ({ data }) => this.#closed || this.#events.message(String(data));
  }

  #trickleSoon() {
    if (this.#timer || !this.#resource || this.#closed) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      this.#trickle().catch(() => {}); // a lost candidate is not fatal: the connection's state tells
    }, TRICKLE_EVERY_MS);
  }

  async #trickle() {
    if (this.#candidates.length === 0 && !this.#ended) return;
    const body = fragment(this.#pc.localDescription?.sdp ?? "", this.#candidates.splice(0), this.#ended);
    this.#ended = false;
    const headers = this.#headers(TRICKLE);
    if (this.#etag) headers["If-Match"] = this.#etag;
    await fetch(this.#resource, { method: "PATCH", headers, body });
  }

  #hangUp() {
    if (!this.#resource) return;
    const headers = { Authorization: `Bearer ${this.#token}` };
    fetch(this.#resource, { method: "DELETE", headers, keepalive: true }).catch(() => {});
    this.#resource = "";
  }

  /** @param {string} type @returns {Record<string, string>} */
  #headers(type) {
    return { "Content-Type": type, Authorization: `Bearer ${this.#token}` };
  }

  /** @param {string | null} link */
  #useIceServers(link) {
    const servers = iceServers(link ?? "");
    if (servers.length > 0) this.#pc.setConfiguration({ ...this.#pc.getConfiguration(), iceServers: servers });
  }
}

/**
 * Candidates as an SDP fragment (RFC 8840 section 9): credentials, then one pseudo m-section.
 * @param {string} sdp  the offer that they belong to
 * @param {RTCIceCandidate[]} candidates
 * @param {boolean} ended
 */
export function fragment(sdp, candidates, ended) {
  const lines = [line(sdp, "a=ice-ufrag:"), line(sdp, "a=ice-pwd:"), line(sdp, "m="), line(sdp, "a=mid:")];
  for (const { candidate } of candidates) lines.push(`a=${candidate}`);
  if (ended) lines.push("a=end-of-candidates");
  return lines.filter((text) => text !== "").join("\r\n") + "\r\n";
}

/** The first line of an SDP with this prefix, or "". @param {string} sdp @param {string} prefix */
function line(sdp, prefix) {
  return sdp.split(/\r?\n/).find((text) => text.startsWith(prefix)) ?? "";
}

/** The servers of a Link header with rel="ice-server" (RFC 9725 section 4.6). @param {string} link */
export function iceServers(link) {
  /** @type {RTCIceServer[]} */
  const servers = [];
  for (const [, urls, parameters] of link.matchAll(/<([^>]+)>([^<]*)/g)) {
    if (!/rel="?ice-server"?/.test(parameters ?? "")) continue;
    const value = (/** @type {string} */ name) =>
      new RegExp(`${name}="([^"]*)"`).exec(parameters ?? "")?.[1];
    const username = value("username");
    const credential = value("credential");
    servers.push(username && credential ? { urls: urls ?? "", username, credential } : { urls: urls ?? "" });
  }
  return servers;
}
