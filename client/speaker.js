/**
 * What the human hears: one media element for the received track, and the exact RTP time that is
 * sounding now, so that captions need no estimate.
 */

const RTP_PER_MS = 48;
const WRAP = 2 ** 32;

/** Signed distance a − b of two RTP times, in samples of 48 kHz. @param {number} a @param {number} b */
export function rtpDistance(a, b) {
  const distance = (((a - b) % WRAP) + WRAP) % WRAP;
  return distance >= WRAP / 2 ? distance - WRAP : distance;
}

export class Speaker {
  #element;
  /** @type {RTCRtpReceiver | null} */
  #receiver = null;
  /** @type {{rtp: number, atMs: number} | null} atMs on performance.now() */
  #anchor = null;
  #onBlocked;
  #blocked = false;

  /**
   * @param {HTMLAudioElement} element
   * @param {(blocked: boolean) => void} onBlocked  whether the browser waits for a tap before it plays
   */
  constructor(element, onBlocked) {
    this.#element = element;
    this.#onBlocked = onBlocked;
  }

  get blocked() {
    return this.#blocked;
  }

  get receiver() {
    return this.#receiver;
  }

  /** Called inside the start tap, so that the element may play later without another one. */
  unlock() {
    this.#element.srcObject ??= new MediaStream();
    this.#element.play().catch(() => {});
  }

  /** @param {RTCRtpReceiver} receiver @param {MediaStream} stream */
  async attach(receiver, stream) {
    this.#receiver = receiver;
    this.#anchor = null;
    this.#element.srcObject = stream;
    await this.play();
  }

  async play() {
    try {
      await this.#element.play();
      this.#setBlocked(false);
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#setBlocked(true);
    }
  }

  detach() {
    this.#receiver = null;
    this.#element.srcObject = null;
    this.#setBlocked(false);
  }

  /**
   * The RTP time sounding at `nowMs` (performance.now()), or null before the first sound. RTP time
   * is the session's clock, across pauses too, so it runs on from the last packet played.
   * @param {number} nowMs
   */
  rtpAt(nowMs) {
    const source = this.#receiver?.getSynchronizationSources?.()[0];
    if (source) {
      this.#anchor = { rtp: source.rtpTimestamp, atMs: source.timestamp - performance.timeOrigin };
    }
    if (!this.#anchor) return null;
    const samples = Math.round((nowMs - this.#anchor.atMs) * RTP_PER_MS);
    return (((this.#anchor.rtp + samples) % WRAP) + WRAP) % WRAP;
  }

  /** The level that the received packets state (0 to 1), or null when they state none. */
  statedLevel() {
    const source = this.#receiver?.getSynchronizationSources?.()[0];
    if (!source || source.audioLevel === undefined) return null;
    const ageMs = performance.timeOrigin + performance.now() - source.timestamp;
    return ageMs < 200 ? source.audioLevel : 0;
  }

  /** @param {boolean} blocked */
  #setBlocked(blocked) {
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    this.#onBlocked(blocked);
  }
}
