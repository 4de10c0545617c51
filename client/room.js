/** A session on the page: who is heard, what is understood, how you are connected. */

import { Bar } from "./bar.js";
import { Captions } from "./captions.js";
import { Connection } from "./connection.js";
import { byId, button, setText, show } from "./dom.js";
import { endTitle, explain, withRemedy } from "./explain.js";
import { stateOf } from "./human-state.js";
import { Inspector } from "./inspector.js";
import { Meters } from "./meters.js";
import { Microphone } from "./microphone.js";
import { noticeOf } from "./notice.js";
import { RecordSwitch } from "./recording.js";
import { Speaker, rtpDistance } from "./speaker.js";
import { Awake } from "./awake.js";
import { Inbox, everything } from "./wire.js";
import { Work } from "./work.js";
import { Typing } from "./writing.js";

/** @typedef {Pick<import("./human-state.js").Facts, "paused" | "listening" | "deciding" | "heard" | "pending" | "speaker">} TalkFacts */

const METER_MS = 100;
const PENDING_MS = 8000; // after this long nobody is thinking any more
const LAST_WORD_MS = 1500; // what was sent is still heard when the session completes

export class Room {
  microphone = new Microphone(() => this.#refresh());
  speaker = new Speaker(/** @type {HTMLAudioElement} */ (byId("voice")), () => this.#refresh());
  #stage;
  #captions = new Captions(byId("caption"), byId("caption-live"), (now) => this.speaker.rtpAt(now));
  #inspector = new Inspector();
  #meters = new Meters();
  #awake = new Awake();
  #inbox = new Inbox();
  #bar;
  #typing = new Typing((typing) => this.#connection?.send({ type: "human.typing", typing }));
  #recording = new RecordSwitch({ record: (on) => this.#record(on), tell: (problem) => this.#tell(problem) });
  /** @type {import("./session.js").Session | null} */
  #session = null;
  /** @type {Connection | null} */
  #connection = null;
  /** @type {Work | null} */
  #work = null;
  #onAgain;
  /** @type {TalkFacts} */
  #facts = { paused: false, listening: false, deciding: false, heard: false, pending: false, speaker: "" };
  #pendingTimer = 0;
  #problem = "";
  #away = ""; // why the team cannot speak, until it can
  #problemTimer = 0;
  #question = ""; // the one that what was understood last belongs to
  #begun = false; // somebody has spoken in this session
  #over = false;

  /** @param {import("./stage.js").Stage} stage @param {() => void} onAgain  the human wants a new session */
  constructor(stage, onAgain) {
    this.#stage = stage;
    this.#onAgain = onAgain;
    this.#bar = new Bar({
      mute: () => this.microphone.mute(!this.microphone.muted),
      talk: (down) => this.#talk(down),
      say: (text) => this.#say(text),
      stop: () => this.#stop(),
    });
    button("tap").onclick = () => this.speaker.play().then(() => this.#refresh());
    button("notice-act").onclick = () => this.#act();
    button("understood-edit").onclick = () => this.#correct();
  }

  /** @param {import("./session.js").Session} session @param {boolean} [over]  it has ended already */
  enter(session, over = false) {
    this.#session = session;
    this.#work = new Work(session, {
      change: () => this.#refresh(),
      again: this.#onAgain,
      forgotten: () => this.#captions.hint("Thank you, and all the best."),
      sent: () => this.#typing.over(),
    });
    this.#work.listen(this.#inbox);
    this.#listen();
    this.#recording.listen(this.#inbox);
    document.body.dataset["view"] = "room";
    show(byId("start-panel"), false);
    show(byId("talk-panel"), true);
    show(byId("bar"), true);
    this.#work.workspace.reveal();
    this.#captions.hint(over ? "" : "The team is coming in.");
    const parts = { session, inbox: this.#inbox, speaker: this.speaker, microphone: this.microphone };
    this.#connection = new Connection(parts, () => this.#refresh());
    this.#connection.start(over);
    this.#firstBrief();
    for (const id of ["workspace", "type-form"]) this.#typing.watch(byId(id));
    const measure = () => this.#measure().finally(() => setTimeout(measure, METER_MS));
    measure(); // one reading at a time: a busy machine takes longer
    window.addEventListener("pagehide", () => this.#connection?.hangUp());
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
    window.addEventListener("online", () => this.#connection?.renew());
    this.#refresh();
  }

  #listen() {
    const inbox = this.#inbox;
    inbox.on("phase.entered", ({ phase }) => {
      this.#stage.phase(phase);
      this.#begun = true;
      this.#refresh();
      if (phase !== "interview") this.#tidy();
    });
    inbox.on("turn.started", (turn) => this.#turnStarted(turn));
    inbox.on("caption", (caption) => this.#captions.add(caption));
    inbox.on("turn.ended", (turn) => {
      this.#captions.end(turn);
      if (this.#facts.speaker === turn.speaker) this.#set({ speaker: "" });
    });
    inbox.on("question.asked", ({ n, of, title }) => setText(byId("question"), `Question ${n} of ${of}: ${title}`));
    inbox.on("brief.updated", ({ brief, changed }) => {
      const answer = everything(brief).find(({ key }) => key === changed);
      if (answer && changed === this.#question) setText(byId("understood-text"), answer.text);
    });
    inbox.on("human.listening", ({ listening }) => this.#set({ listening }));
    inbox.on("approval.requested", () => this.#set({ deciding: true }));
    inbox.on("approval.resolved", ({ decision }) => this.#set({ deciding: decision === "superseded" }));
    inbox.on("human.speaking", ({ speaking }) => {
      this.#set({ heard: speaking, pending: !speaking });
      if (!speaking) this.#think();
    });
    inbox.on("human.said", (said) => this.#understood(said));
    inbox.on("metrics.turn", (metrics) => this.#inspector.turn(metrics));
    inbox.on("error", ({ code, message }, { route }) => this.#failed(code, message, route));
    inbox.on("session.state", ({ state, reason }) => this.#sessionState(state, reason));
    inbox.on("session.completed", ({ summary }) => {
      this.#stage.finish();
      this.#end(summary, "What was done");
      if (this.#session) this.#session.over = "completed";
    });
  }

  /** @param {import("./wire.js").Messages["turn.started"]} turn */
  #turnStarted({ speaker, rtp_timestamp }) {
    const rtp = this.speaker.rtpAt(performance.now());
    const aheadMs = rtp === null ? 0 : rtpDistance(rtp_timestamp, rtp) / 48;
    clearTimeout(this.#pendingTimer);
    this.#set({ speaker, pending: false, heard: false });
    this.#stage.speaking("");
    setTimeout(() => {
      if (this.#facts.speaker === speaker) this.#stage.speaking(speaker);
    }, Math.min(500, Math.max(0, aheadMs)));
  }

  /** @param {import("./wire.js").Messages["human.said"]} said */
  #understood({ text, question }) {
    byId("understood").dataset["shown"] = String(text !== "");
    setText(byId("understood-text"), text);
    this.#question = question;
    show(button("understood-edit"), question !== "");
    this.#set({ heard: false, pending: true });
    this.#think();
  }

  #think() {
    clearTimeout(this.#pendingTimer);
    this.#pendingTimer = window.setTimeout(() => this.#set({ pending: false }), PENDING_MS);
  }

  /** The interview is over: its question and its last answer make room. */
  #tidy() {
    setText(byId("question"), "");
    byId("understood").dataset["shown"] = "false";
  }

  /** The brief before any of it changed: the questions, and answers that were given with the session. */
  async #firstBrief() {
    const state = await this.#session?.state().catch(() => null);
    if (state?.brief && this.#work?.cards.empty) this.#work.brief(state.brief);
  }

  #correct() {
    this.#work?.workspace.go("brief");
    this.#work?.cards.edit(this.#question);
  }

  /** @param {string} code @param {string} message @param {import("./wire.js").Route} route */
  #failed(code, message, route) {
    if (code === "replaced") {
      if (route === "channel") this.#connection?.moved();
      return;
    }
    this.#away = code === "line_lost" ? withRemedy(message, code) : code === "line_restored" ? "" : this.#away;
    if (code === "line_lost") this.#refresh();
    else this.#tell(withRemedy(message, code));
  }

  /** @param {string} state @param {string} reason */
  #sessionState(state, reason) {
    this.#set({ paused: state === "waiting" });
    if (state === "stopped") this.#stopped(reason);
    if (state === "expired") this.#stopped("expired");
  }

  /** It ended before its last word: what was done so far is told by the server, unless it is going, too. */
  async #stopped(/** @type {string} */ reason) {
    if (this.#over) return;
    if (reason === "shutdown") this.#work?.gone();
    this.#end({}, endTitle(reason), reason !== "human" && reason !== "expired");
    if (this.#session) this.#session.over = reason;
    if (reason === "shutdown") return;
    const summary = await this.#session?.summary().catch(() => null);
    if (summary) this.#work?.done(summary);
  }

  /** @param {Record<string, unknown>} summary @param {string} title @param {boolean} broken  what went wrong stays shown */
  #end(summary, title, broken = false) {
    if (this.#over) return;
    this.#over = true;
    this.#connection?.settle();
    clearTimeout(this.#problemTimer);
    if (!broken) this.#problem = "";
    this.#work?.close(summary, title);
    this.#bar.close();
    this.#recording.close();
    this.microphone.close();
    this.#bar.level(0);
    this.#tidy();
    setTimeout(() => {
      this.#captions.hint(title === endTitle("shutdown") ? "The session is over." : "Thank you. Everything is in the summary.");
      this.#set({ speaker: "", listening: false, heard: false, pending: false });
      this.#connection?.end();
    }, title === "What was done" ? LAST_WORD_MS : 0);
  }

  /** @param {boolean} down */
  #talk(down) {
    this.microphone.hold(down);
    this.#connection?.send({ type: "human.push_to_talk", down });
  }

  /** @param {string} text */
  async #say(text) {
    this.#typing.over();
    try {
      await this.#session?.say(text);
      return true;
    } catch (error) {
      this.#tell(explain(error));
      return false;
    }
  }

  /** @param {boolean} on */
  async #record(on) {
    try {
      await this.#session?.record(on);
    } catch (error) {
      this.#tell(explain(error));
    }
  }

  async #stop() {
    button("stop").disabled = true;
    try {
      await this.#session?.stop();
      this.#stopped("human");
    } catch (error) {
      button("stop").disabled = this.#over;
      this.#tell(explain(error));
    }
  }

  /** @param {string} problem  shown for a while, for it passes */
  #tell(problem) {
    this.#problem = problem;
    clearTimeout(this.#problemTimer);
    this.#problemTimer = window.setTimeout(() => this.#tell(""), 12_000);
    this.#refresh();
  }

  /** The one thing that can be done about what the notice says. */
  async #act() {
    const action = this.#notice().action;
    if (action === "Take it back here") this.#connection?.renew();
    if (action === "Start a new session") this.#onAgain();
    if (action === "Dismiss") this.#tell("");
    if (action !== "Use microphone" || !(await this.microphone.open())) return;
    if (this.#session) this.#session.spoken = true;
    this.#connection?.renew();
  }

  /** The server knows the session no more: nothing can be said to it, or fetched from it, and nobody listens. */
  #gone() {
    if (this.microphone.track) this.microphone.close();
    this.#work?.gone();
    this.#bar.close();
    this.#recording.close();
  }

  #notice() {
    const { link } = this.#connection ?? {};
    const { state: microphone } = this.microphone;
    return noticeOf({ link, problem: this.#problem, away: this.#away, over: this.#over, microphone });
  }

  async #measure() {
    const pc = this.#connection?.pc;
    if (!pc || !this.#connection || this.#over) return this.#bar.level(0);
    const figures = await this.#meters.read(pc);
    this.#connection.figures = { jitterBufferMs: figures.jitterBufferMs, rttMs: figures.rttMs };
    this.#stage.level(this.speaker.statedLevel() ?? figures.voice);
    const heard = this.microphone.live && this.#connection.link === "live";
    this.#bar.level(heard ? figures.microphone : 0);
    if (!this.#inspector.open) return;
    const { link, attempts } = this.#connection;
    this.#inspector.show(figures, { link, attempts, microphone: this.microphone.state });
  }

  /** @param {Partial<TalkFacts>} facts */
  #set(facts) {
    Object.assign(this.#facts, facts);
    if (facts.speaker === "") this.#stage.speaking("");
    this.#refresh();
  }

  #refresh() {
    const connection = this.#connection;
    if (!connection) return;
    const hasMicrophone = this.microphone.track !== null && this.microphone.state === "on";
    this.#bar.state(stateOf({
      ...this.#facts,
      link: connection.link,
      over: this.#over,
      attempts: connection.attempts,
      blocked: this.speaker.blocked,
      away: this.#away !== "",
      work: this.#work?.sentence ?? "",
      hasMicrophone,
      muted: this.microphone.muted,
    }));
    if (!this.#over) this.#bar.microphone({ available: hasMicrophone, muted: this.microphone.muted });
    document.body.dataset["link"] = connection.link;
    if (this.#begun && connection.link === "live" && !this.#over) this.#captions.clearHint();
    if (connection.link === "gone") this.#gone();
    const notice = this.#notice();
    setText(byId("notice-text"), notice.text);
    setText(byId("notice-act"), notice.action);
    show(button("notice-act"), notice.action !== "");
    byId("notice").dataset["urgent"] = String(notice.urgent);
    byId("notice").dataset["shown"] = String(notice.text !== "");
    show(button("tap"), this.speaker.blocked && connection.link === "live");
    this.#awake.keep(connection.link === "live" || connection.link === "reconnecting");
  }
}
