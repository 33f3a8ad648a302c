// @ts-check
// Schedules as they are, with what has become of their last due times and which come next; it stays true.

import { Again } from "./again.js"
import { get, part } from "./api.js"
import { follow, now } from "./live.js"
import { Cell } from "./store.js"

/** @typedef {{ utc: string, local: string, note?: string, skipped?: boolean }} DueTime */
/**
 * @typedef {object} Schedule
 * @property {string} id
 * @property {string} name what people call it: its timing in words, unless it has a name
 * @property {string} words
 * @property {"active" | "off" | "paused" | "asleep" | "owner_inactive" | "finished"} state
 * @property {"own" | "definition" | "action"} origin
 * @property {boolean} enabled
 * @property {string} timeZone
 * @property {string} owner
 * @property {string} [definition]
 * @property {string} [ownerName]
 * @property {string} [nextAt]
 * @property {string} [nextNote]
 * @property {DueTime[]} [due]
 * @property {boolean} [dueMore]
 * @property {Record<string, any>} params
 */
/** @typedef {Schedule & Record<string, any>} Shown */
/** @typedef {{ id: string, jobId?: string, result: string, createdAt: string, dueAt?: string, trigger: Record<string, any>, [more: string]: any }} Run */
/** @typedef {{ state: "loading" | "ready" | "failed" | "gone", schedules: Shown[], runs: Map<string, Run>, error: Error | null }} Known */

export const SIDE_MS = 86_400_000
const PAGE_SIZE = 100
const RUN_PAGE = 500
/** Runs of the last day that are looked at, at most. */
const MOST_RUNS = 3_000
/** Schedules that are read one by one when something has happened to them; of more all are read. */
const FEW = 5
const ENDS = /** @type {Record<string, string>} */ ({ "job:failed": "failed", "job:canceled": "canceled" })
const TOPICS = ["schedule:*", "definition:*", "job:created", "job:completed", "job:failed", "job:canceled"]

export class Timetable {
  /** @type {Cell<Known>} */
  cell = new Cell(/** @type {Known} */ ({ state: "loading", schedules: [], runs: new Map(), error: null }))
  #only
  #stop = () => {}
  #gone = new AbortController()
  /** Ids of schedules to be read again; null where all are. @type {Set<string> | null} */
  #changed = new Set()
  /** What runs came to while they were read, since the answer may be older. @type {Map<string, string> | null} */
  #ended = null
  #again = new Again(() => this.#renew())

  /** @param {{ definition?: string, schedule?: string }} [only] those of a definition, or one */
  constructor(only = {}) {
    this.#only = only
    this.load()
  }

  async load() {
    try {
      const { schedules, asOf } = await this.#readAll()
      const runs = await this.#readRuns(now() - SIDE_MS)
      if (this.#gone.signal.aborted) return
      this.cell.set({ state: "ready", schedules, runs: byId(runs), error: null })
      this.#stop()
      this.#stop = follow(TOPICS, asOf, { onEvent: (event) => this.#hear(event), onGap: () => this.load() })
    } catch (error) {
      if (this.#gone.signal.aborted) return
      const { code } = /** @type {any} */ (error)
      this.#set({ state: code === "not_found" ? "gone" : "failed", error: /** @type {Error} */ (error) })
    }
  }

  close() {
    this.#gone.abort()
    this.#again.end()
    this.#stop()
  }

  /** @returns {Promise<{ schedules: Shown[], asOf: string }>} */
  async #readAll() {
    const query = { dueUntil: new Date(now() + SIDE_MS).toISOString() }
    const { signal } = this.#gone
    const { schedule, definition } = this.#only
    if (schedule) {
      const { data, asOf } = await get(`/v1/schedules/${part(schedule)}`, query, signal)
      return { schedules: [data], asOf }
    }
    const schedules = []
    let first = ""
    for (let cursor = null; ; ) {
      const page = await get("/v1/schedules", { ...query, definition, pageSize: PAGE_SIZE, cursor }, signal)
      schedules.push(...page.data)
      first ||= page.asOf
      cursor = page.cursor
      if (!cursor) return { schedules, asOf: first }
    }
  }

  /** @param {number} since @returns {Promise<Run[]>} */
  async #readRuns(since) {
    const runs = []
    const query = { ...this.#only, trigger: "schedule", since: new Date(since).toISOString(), pageSize: RUN_PAGE }
    for (let cursor = null; ; ) {
      const page = await get("/v1/runs", { ...query, cursor }, this.#gone.signal)
      runs.push(...page.data)
      cursor = page.cursor
      if (!cursor || runs.length >= MOST_RUNS) return runs
    }
  }

  /** @param {import("../client/tickwire.js").LogEvent} event */
  #hear({ topic, context, payload }) {
    if (topic === "schedule:deleted") return this.#drop(payload.schedule)
    if (topic.startsWith("definition:")) return this.#later(null)
    if (topic.startsWith("schedule:")) return this.#later([payload.schedule])
    if (topic === "job:created") {
      // Events do not say which schedule has made a job: it is one of its definition, if it is one at all.
      const ids = this.cell.value.schedules.filter((one) => payload.definition && one.definition === payload.definition).map(({ id }) => id)
      return ids.length ? this.#later(ids) : undefined
    }
    const result = ENDS[topic] ?? payload.result ?? "success"
    this.#ended?.set(context.jobId, result)
    const run = this.cell.value.runs.get(context.jobId)
    if (run) this.#set({ runs: new Map(this.cell.value.runs).set(run.id, { ...run, result }) })
  }

  /** @param {string} id */
  #drop(id) {
    this.#changed?.delete(id)
    const schedules = this.cell.value.schedules.filter((one) => one.id !== id)
    this.#set({ schedules, state: this.#only.schedule === id ? "gone" : this.cell.value.state })
  }

  /** @param {string[] | null} ids null for all */
  #later(ids) {
    if (ids === null) this.#changed = null
    else for (const id of ids) if (!this.#only.schedule || this.#only.schedule === id) this.#changed?.add(id)
    this.#again.later()
  }

  async #renew() {
    const changed = this.#changed
    this.#changed = new Set()
    const ended = (this.#ended = new Map())
    try {
      const schedules = changed && changed.size <= FEW ? await this.#readSome(changed) : (await this.#readAll()).schedules
      const newest = Math.max(now() - SIDE_MS, ...[...this.cell.value.runs.values()].map((run) => Date.parse(run.createdAt)))
      const read = await this.#readRuns(newest)
      const runs = read.map((run) => (ended.has(run.id) ? { ...run, result: ended.get(run.id) } : run))
      if (this.#gone.signal.aborted) return
      this.#set({ schedules, runs: new Map([...this.cell.value.runs, ...byId(runs)]) })
    } catch (error) {
      const { code } = /** @type {any} */ (error)
      if (code === "not_found") this.#set({ state: "gone" })
      // The line says that the server is away, and what has happened meanwhile comes when it is back.
      else if (!this.#gone.signal.aborted && code !== "network") throw error
    } finally {
      this.#ended = null
    }
  }

  /** Those that are gone are left out; new ones come last. @param {Set<string>} ids */
  async #readSome(ids) {
    const found = new Map(this.cell.value.schedules.map((one) => [one.id, one]))
    const query = { dueUntil: new Date(now() + SIDE_MS).toISOString() }
    for (const id of ids) {
      try {
        const { data } = await get(`/v1/schedules/${part(id)}`, query, this.#gone.signal)
        if (!this.#only.definition || data.definition === this.#only.definition) found.set(id, data)
      } catch (error) {
        if (/** @type {any} */ (error).code !== "not_found" || this.#only.schedule) throw error
        found.delete(id)
      }
    }
    return [...found.values()]
  }

  /** @param {Partial<Known>} changes */
  #set(changes) {
    this.cell.set({ ...this.cell.value, ...changes })
  }
}

/** @param {Run[]} runs @returns {Map<string, Run>} */
const byId = (runs) => new Map(runs.map((run) => [run.id, run]))
