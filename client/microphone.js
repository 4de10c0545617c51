/** The human's microphone: asked for inside a tap, and watched, for calls and headsets take it away. */

/**
 * @typedef {"off" | "on" | "refused" | "missing" | "busy" | "lost" | "silenced" | "insecure"} MicrophoneState
 *   lost: the device went away; silenced: the system holds it (a call); insecure: http on a network address
 */

const WANTED = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } };

export class Microphone {
  /** @type {MediaStreamTrack | null} */
  #track = null;
  /** @type {MicrophoneState} */
  #state = "off";
  #muted = false;
  #held = false;
  #onChange;

  /** @param {() => void} onChange  the state, the mute or the track changed */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  get track() {
    return this.#track;
  }

  get state() {
    return this.#state;
  }

  get muted() {
    return this.#muted;
  }

  /** Whether what is said now reaches the team. */
  get live() {
    return this.#state === "on" && this.#track?.enabled === true;
  }

  /** Asks for the microphone. False when there is none to have; `state` says why. */
  async open() {
    if (!navigator.mediaDevices) return this.#fail("insecure");
    try {
      const stream = await navigator.mediaDevices.getUserMedia(WANTED);
      this.#adopt(/** @type {MediaStreamTrack} */ (stream.getAudioTracks()[0]));
      return true;
    } catch (error) {
      return this.#fail(reasonOf(error));
    }
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.#muted = muted;
    this.#apply();
  }

  /** Push-to-talk opens a muted microphone while it is held. @param {boolean} held */
  hold(held) {
    this.#held = held;
    this.#apply();
  }

  close() {
    this.#track?.stop();
    this.#track = null;
    this.#set("off");
  }

  /** @param {MediaStreamTrack} track */
  #adopt(track) {
    this.#track?.stop();
    this.#track = track;
    const current = () => this.#track === track;
    track.onended = () => current() && this.#set("lost");
    track.onmute = () => current() && this.#set("silenced");
    track.onunmute = () => current() && this.#set("on");
    this.#state = track.muted ? "silenced" : "on";
    this.#apply();
  }

  #apply() {
    if (this.#track) this.#track.enabled = !this.#muted || this.#held;
    this.#onChange();
  }

  /** @param {MicrophoneState} state */
  #set(state) {
    this.#state = state;
    this.#onChange();
  }

  /** @param {MicrophoneState} state */
  #fail(state) {
    this.#set(state);
    return false;
  }
}

/** @param {unknown} error @returns {MicrophoneState} */
function reasonOf(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "missing";
}

/** @type {Record<MicrophoneState, string>} What to do about it; empty when there is nothing to do. */
export const ADVICE = {
  on: "",
  off: "",
  refused: "The microphone was refused. Allow it in the address bar, or type your answers.",
  missing: "No microphone was found. Plug one in and try again, or type your answers.",
  busy: "Another program holds the microphone. Close it and try again, or type your answers.",
  lost: "The microphone went away. Choose “Use microphone” to pick it up again, or type your answers.",
  silenced: "The system is holding your microphone, perhaps for a call. It comes back by itself; you can type meanwhile.",
  insecure: "Browsers give the microphone to https pages alone. Open the https address, or type your answers.",
};
