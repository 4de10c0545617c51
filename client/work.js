/** The workspace's contents, and the messages about the work that fill them. */

import { explain, whatWentWrong } from "./explain.js";
import { onStatus } from "./reconnect.js";
import { hostOf, nameOf, tabOf, wear, workerOf } from "./people.js";
import { RequestError, Session } from "./session.js";
import { BriefCards } from "./workspace/brief-cards.js";
import { BuildPanel } from "./workspace/build.js";
import { PostPanel } from "./workspace/post.js";
import { ResearchPanel } from "./workspace/research.js";
import { SummaryPanel } from "./workspace/summary.js";
import { Workspace } from "./workspace/workspace.js";

/** @typedef {import("./people.js").Tab} Tab */
/** @typedef {import("./wire.js").Inbox} Inbox */

/** @type {Record<string, {tab: Tab, does: string}>} job kind → where it shows, what is done */
const JOBS = {
  research: { tab: "research", does: "is researching" },
  website: { tab: "build", does: "is building" },
  post: { tab: "post", does: "is drafting" },
  picture: { tab: "post", does: "is making a picture" },
  publish: { tab: "post", does: "is taking care of it" },
};

export class Work {
  cards;
  workspace;
  #session;
  #research;
  #build;
  #post;
  #summary;
  #onChange;
  #gone = false;
  /** @type {Map<string, {kind: string, percent: number}>} */
  #running = new Map();

  /**
   * @param {Session} session
   * @param {{change: () => void, again: () => void, forgotten: () => void, sent: () => void}} on
   *   change: what is being done changed; sent: what was written is written no more
   */
  constructor(session, on) {
    this.#session = session;
    this.#onChange = on.change;
    const cancel = (/** @type {string} */ job) => void attempt(() => session.cancel(job));
    this.cards = new BriefCards((key, text) => {
      on.sent();
      return attempt(() => session.correct(key, text));
    });
    this.#research = new ResearchPanel(cancel, (address) => session.withToken(address));
    this.#build = new BuildPanel(cancel);
    this.#post = new PostPanel({
      edit: (text) => {
        on.sent();
        return attempt(() => session.editPost(text));
      },
      describe: (alt) => {
        on.sent();
        return attempt(() => session.describePicture(alt));
      },
      picture: (picture) => attempt(() => session.changePicture(picture)),
      decide: (approval, decision) => attempt(() => session.decide(approval, decision)),
      cancel,
      asset: (address) => session.withToken(address),
      account: {
        connect: () => session.signIn,
        disconnect: () => attempt(() => session.disconnect()),
      },
    });
    this.#summary = new SummaryPanel({
      file: (name) => session.file(name),
      fetch: (address) => session.download(address),
      explain: (error) => ({ why: whatWentWrong(error), gone: isGone(error) }),
      deleteData: () => attempt(async () => {
        await session.deleteData();
        Session.forget();
        on.forgotten();
      }),
      again: on.again,
    });
    this.workspace = new Workspace({
      brief: this.cards.element,
      research: this.#research.element,
      build: this.#build.element,
      post: this.#post.element,
      summary: this.#summary.element,
    });
  }

  /** What is being done now and how far it is, or "". */
  get sentence() {
    const job = [...this.#running.values()].at(-1);
    if (!job) return "";
    const does = JOBS[job.kind]?.does ?? "is at work";
    const far = job.percent > 0 ? `, ${job.percent} %` : "";
    const worker = workerOf(job.kind === "picture" ? "post" : job.kind);
    return `${nameOf(worker) || "The team"} ${does}${far}`;
  }

  /** @param {Inbox} inbox */
  listen(inbox) {
    this.#listenBrief(inbox);
    this.#listenJobs(inbox);
    this.#listenResults(inbox);
  }

  /**
   * The session is over.
   * @param {Record<string, unknown>} summary @param {string} title
   */
  close(summary, title) {
    this.cards.freeze({ keep: this.#gone });
    this.#post.freeze({ keep: this.#gone });
    this.#running.clear();
    this.#summary.show(summary, title);
    this.workspace.finish("summary");
  }

  /** What was done, known a moment after the end. @param {Record<string, unknown>} summary */
  done(summary) {
    this.#summary.fill(summary);
  }

  /** The server knows this session no more. */
  gone() {
    if (this.#gone) return;
    this.#gone = true;
    this.cards.freeze({ keep: true });
    this.#post.freeze({ keep: true });
    this.#running.clear();
    this.#summary.gone();
  }

  /** @param {import("./wire.js").Brief} brief */
  brief(brief) {
    this.cards.update(brief);
    this.workspace.note(`${this.cards.answered} of ${brief.answers.length} answered`);
  }

  /** @param {Inbox} inbox */
  #listenBrief(inbox) {
    inbox.on("brief.updated", ({ brief }) => this.brief(brief));
    wear(this.cards.element, hostOf("interview"));
    inbox.on("question.asked", ({ question }) => this.cards.ask(question));
    inbox.on("phase.entered", ({ phase }) => {
      const tab = tabOf(phase);
      if (tab) this.workspace.follow(tab);
      if (phase !== "interview") this.cards.ask("");
    });
  }

  /** @param {Inbox} inbox */
  #listenJobs(inbox) {
    inbox.on("job.started", ({ job, kind, title }) => {
      this.#running.set(job, { kind, percent: 0 });
      if (kind === "picture") this.#post.draws(true);
      this.#panel(kind)?.progress.started(job, title);
      this.#panel(kind)?.started();
      const tab = JOBS[kind]?.tab;
      if (tab) this.workspace.follow(tab);
      this.#onChange();
    });
    inbox.on("job.progress", ({ job, kind, percent, message }) => {
      if (this.#running.has(job)) this.#running.set(job, { kind, percent });
      this.#panel(kind)?.progress.moved(percent, message);
      this.#onChange();
    });
    inbox.on("job.log", (log) => {
      if (log.kind === "website") this.#build.terminal.append(log);
    });
    inbox.on("job.finished", ({ job, kind }) => {
      this.#running.delete(job);
      if (kind === "picture") this.#post.draws([...this.#running.values()].some((one) => one.kind === kind));
      this.#panel(kind)?.progress.finished();
      this.#onChange();
    });
    inbox.on("job.failed", ({ job, kind, reason }) => {
      this.#running.delete(job);
      if (kind === "picture") this.#post.draws([...this.#running.values()].some((one) => one.kind === kind));
      this.#panel(kind)?.progress.failed(reason);
      if (kind === "website") this.#build.failed();
      this.#onChange();
    });
  }

  /** @param {Inbox} inbox */
  #listenResults(inbox) {
    inbox.on("research.ready", ({ research }) => this.#research.show(research));
    let built = 0; // a preview that was told late must not undo the site
    inbox.on("site.building", ({ url, live }, { seq }) => {
      if (seq < built) return;
      if (live) this.#build.live(url);
      else this.#build.still();
      if (live) this.workspace.follow("build", true);
    });
    inbox.on("site.ready", ({ url, site }, { seq }) => {
      built = seq;
      this.#build.ready(url, site ?? {});
      this.#summary.haveSite();
      this.workspace.follow("build", true);
    });
    inbox.on("post.drafted", (post) => {
      this.#post.drafted(post);
      this.#summary.havePost(post.text, post.image && this.#session.withToken(post.image));
    });
    inbox.on("approval.requested", (request) => {
      this.#post.requested(request);
      this.workspace.follow("post", true);
    });
    inbox.on("approval.resolved", (resolved) => {
      this.#post.publishing.ended("", ""); // what comes of this decision is not known yet
      this.#post.resolved(resolved);
    });
    inbox.on("recording.changed", ({ on, recorded_ms }) => this.#summary.haveRecording(on || recorded_ms > 0));
    inbox.on("account.changed", (account) => this.#post.publishing.changed(account));
    inbox.on("post.published", (published) => this.#post.published(published));
  }

  /** @param {string} kind */
  #panel(kind) {
    if (kind === "research") return this.#research;
    if (kind === "website") return this.#build;
    return kind === "post" || kind === "picture" || kind === "publish" ? this.#post : null;
  }
}

/** Whether the server knows the session no more; a single file of it may be missing all the same. @param {unknown} error */
function isGone(error) {
  return error instanceof RequestError && onStatus(error.status) === "gone" && error.code !== "not_found";
}

/**
 * Runs a request; what went wrong comes back in words, "" when nothing did.
 * @param {() => Promise<void>} request
 */
async function attempt(request) {
  try {
    await request();
    return "";
  } catch (error) {
    return explain(error);
  }
}
