"use strict";
// Runs Flatfile listeners on Tickwire: jobs are pushed to them under a lease that is renewed while this process lives, and go to
// another listener when it dies. All other events come from the log, in order. One websocket; frames as in docs/reference/frames.md.

const { randomUUID } = require("node:crypto");
const { EventDriver } = require("@flatfile/listener");
const WebSocket = require("ws");

const READY = "job:ready";
const LISTEN = 1; // the id of the one request whose answer is waited for
const GIVE_UP = new Set([1008, 1009]); // close codes; 4400 to 4499 say the same: connecting again would not help
const RESOURCES = { us_wb_: "workbookId", us_sh_: "sheetId", us_dc_: "documentId", us_fl_: "fileId" };

class TickwireDriver extends EventDriver {
  /**
   * `url` and `token` default to the variables that Flatfile's packages read. `jobs`: names or globs of the jobs to take; by default
   * those for which the listener has a callback on job:ready. `credit`: jobs at a time. `name`: the server keeps the place in the log
   * under it, so that no event is missed while nothing runs; without one, events begin with the start.
   */
  constructor({ url, token, jobs, credit = 10, name } = {}) {
    super();
    const { AGENT_INTERNAL_URL, FLATFILE_API_URL, FLATFILE_BEARER_TOKEN, FLATFILE_API_KEY } = process.env;
    this.url = (url ?? AGENT_INTERNAL_URL ?? FLATFILE_API_URL ?? "").replace(/(\/v1)?\/*$/, "");
    this.token = token ?? FLATFILE_BEARER_TOKEN ?? FLATFILE_API_KEY;
    if (!this.url || !this.token) throw new Error("Set AGENT_INTERNAL_URL and FLATFILE_BEARER_TOKEN, or give url and token.");
    Object.assign(this, { jobs, credit, name, session: randomUUID(), held: new Map(), running: new Set() });
    this.position = "now";
    this.heard = Promise.resolve();
  }

  /** Resolves when jobs and events come, and rejects when the server refuses this listener. */
  start() {
    return new Promise((resolve, reject) => {
      Object.assign(this, { resolve, reject });
      this.connect();
    });
  }

  /** Take nothing new, let what runs end, and leave. */
  async shutdown() {
    this.stopped = true;
    this.send({ type: "listen", jobs: [], credit: 0 }, { type: "unsubscribe", sub: "events" });
    await Promise.all(this.running);
    await this.heard;
    this.left = true;
    this.socket.close();
  }

  connect() {
    if (this.left) return;
    const headers = { Authorization: `Bearer ${this.token}` };
    const socket = (this.socket = new WebSocket(`${this.url.replace(/^http/, "ws")}/v1/stream`, { headers }));
    socket.on("open", () => this.send({ type: "hello", session: this.session, held: this.leases(), client: "flatfile-node" }));
    socket.on("message", (data) => [JSON.parse(data)].flat().forEach((frame) => this.take(frame)));
    socket.on("pong", () => (this.answers = true));
    socket.on("error", (error) => (this.trouble = error));
    socket.on("close", (code) => {
      clearInterval(this.renewal);
      const refused = /response: 4(?!29)/.test(this.trouble?.message) || GIVE_UP.has(code) || (code >= 4400 && code < 4500);
      if (refused) this.giveUp(this.trouble ?? new Error(`Tickwire closed the stream with ${code}.`));
      else if (!this.left) setTimeout(() => this.connect(), 200 + 1800 * Math.random());
    });
  }

  take(frame) {
    if (frame.type === "welcome") this.welcome(frame);
    else if (frame.type === "ok" && frame.id === LISTEN) this.resolve(this);
    else if (frame.type === "grants") frame.jobs.forEach((grant) => this.begin(grant));
    else if (frame.type === "cancel") this.giveBack(frame.job, frame.fence);
    else if (frame.type === "stale") this.lost(frame.leases);
    else if (frame.type === "events") this.hear(frame.events);
    else if (frame.type === "subscribed") this.position = frame.from;
    else if (frame.type === "position") this.position = frame.position;
    else if (frame.type === "error") this.refused(frame);
  }

  welcome({ stale, leaseS }) {
    this.trouble = undefined;
    this.answers = true;
    stale.forEach(({ job, fence }) => this.letGo(job, fence));
    this.renewal = setInterval(() => this.renew(), (leaseS * 1000) / 3);
    this.send({ type: "listen", id: LISTEN, jobs: this.wishes(), credit: this.stopped ? 0 : this.credit });
    this.subscribe();
  }

  giveUp(error) {
    console.error(`No job comes any more: ${error.message}`);
    this.reject(error);
  }

  refused({ id, code, sub, message }) {
    if (id === LISTEN) this.giveUp(new Error(message));
    else if (["cursor_too_old", "cursor_ahead", "epoch_changed"].includes(code)) this.subscribe("oldest");
    if (code !== "stale_lease") console.error(`Tickwire refused ${sub ?? "a frame"}: ${message} (${code})`);
  }

  // ---- jobs

  begin({ job, fence, cancel }) {
    if (this.held.get(job.id) === fence) return;
    if (cancel) return this.giveBack(job.id, fence);
    this.held.set(job.id, fence);
    this.send({ type: "ack", job: job.id, fence });
    const done = this.run(job, fence).catch((error) => this.fail(job.id, fence, `The listener's driver: ${error.message}`));
    this.running.add(done);
    done.then(() => this.running.delete(done));
  }

  async run(job, fence) {
    this.account ??= (await this.get(`environments/${job.environmentId}`)).accountId;
    await this.handler.dispatchEvent(readyEvent(job, fence, this.account));
    if (this.held.get(job.id) !== fence) return;
    // A job that was split is completed later, when its parts have ended: its lease is kept until then.
    const { parts, finishedAt } = await this.get(`jobs/${job.id}`);
    if (parts !== undefined && !finishedAt) return;
    if (finishedAt) this.letGo(job.id, fence);
    else this.fail(job.id, fence, "The listener has neither completed nor failed the job.");
  }

  /** This attempt is over; another follows after a pause, while any remain. */
  fail(job, fence, message) {
    this.letGo(job, fence);
    this.send({ type: "fail", job, fence, message });
  }

  leases() {
    return [...this.held].map(([job, fence]) => ({ job, fence }));
  }

  renew() {
    if (!this.answers) return this.socket.terminate();
    this.answers = false;
    this.socket.ping();
    this.send({ type: "renew", leases: this.leases() });
  }

  lost(leases) {
    leases.forEach(({ job, fence }) => this.letGo(job, fence));
    this.send({ type: "renew", leases: this.leases() }); // until it is heard from, a session that lost a lease is granted nothing
  }

  letGo(job, fence) {
    if (this.held.get(job) === fence) this.held.delete(job);
  }

  giveBack(job, fence) {
    this.letGo(job, fence);
    this.send({ type: "release", leases: [{ job, fence }] });
  }

  // ---- events

  subscribe(after = this.position) {
    const topics = [...new Set([...callbacks(this.handler)].flatMap(({ topics }) => topics))].filter((topic) => topic !== READY);
    if (topics.length === 0 || this.stopped) return;
    this.send({ type: "subscribe", sub: "events", topics: topics.length > 32 ? ["**"] : topics, after, durable: this.name });
  }

  hear(events) {
    this.position = events.at(-1).position;
    for (const event of events) this.heard = this.heard.then(() => this.tell(event)).catch(console.error);
  }

  async tell(event) {
    if (event.topic !== READY) await this.handler.dispatchEvent(event);
    if (this.name) this.send({ type: "acked", sub: "events", position: event.position });
  }

  // ---- between

  /** What is taken: names of jobs, each with what else the callback filters by. */
  wishes() {
    if (this.jobs) return this.jobs.map((job) => ({ job }));
    return [...callbacks(this.handler)]
      .filter(({ topics }) => topics.includes(READY))
      .flatMap(({ filter: { job = "**", ...filter } }) => [job].flat().map((name) => ({ job: name, filter })));
  }

  send(...frames) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frames));
  }

  async get(path) {
    const answer = await fetch(`${this.url}/v1/${path}`, { headers: { Authorization: `Bearer ${this.token}` } });
    if (!answer.ok) throw new Error(`GET /v1/${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).data;
  }
}

/** All callbacks of a listener and of those within it: their topics, and the filter that an event must pass on its way to them. */
function* callbacks(listener, above = {}) {
  const inherited = { ...above, ...listener.filterQuery };
  for (const [topics, filter] of listener.listeners) yield { topics: [topics].flat(), filter: { ...inherited, ...filter } };
  for (const inner of listener.nodes) yield* callbacks(inner, inherited);
}

/** The event of a job as Flatfile has it: what the callbacks are called with. */
function readyEvent(job, fence, accountId) {
  const { environmentId, spaceId, fileId, type, operation, parentId, info, tags, input, metadata, mode, trigger, subject } = job;
  const context = { accountId, environmentId, spaceId, jobId: job.id, actorId: job.createdBy, fileId };
  const resource = RESOURCES[job.source.slice(0, 6)];
  if (resource) context[resource] ??= job.source;
  if (job.startedBy?.actionId) Object.assign(context, { actionId: job.startedBy.actionId, actionName: job.job });
  const about = { domain: type, operation, job: `${type}:${operation}`, status: "ready", isPart: job.part !== undefined };
  const payload = { ...about, parentId, info, tags, input, metadata, mode, trigger, subject };
  const event = { id: `${job.id}-${fence}`, topic: READY, domain: "job", createdAt: job.updatedAt, context, payload };
  return JSON.parse(JSON.stringify(event)); // without what is undefined
}

module.exports = { TickwireDriver };
