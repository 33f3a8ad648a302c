// @ts-check
// Runs of the history, newest first. Its first page is read again when something has happened.

import { Again } from "./again.js"
import { get } from "./api.js"
import { tellsMoves } from "./jobs.js"
import { follow } from "./live.js"
import { Cell } from "./store.js"

/** @typedef {import("./timetable.js").Run} Run */
/** @typedef {{ state: "loading" | "ready" | "failed", runs: Run[], fresh: number, more: boolean, error: Error | null }} Known */

const PAGE_SIZE = 50
const TOPICS = ["job:created", "job:updated", "job:completed", "job:failed", "job:canceled", "job:deleted", "schedule:skipped", "schedule:failed"]

export class RunList {
  /** @type {Cell<Known>} */
  cell = new Cell(/** @type {Known} */ ({ state: "loading", runs: [], fresh: 0, more: false, error: null }))
  #filters
  #stop = () => {}
  #gone = new AbortController()
  /** @type {string | null} */
  #cursor = null
  /** @type {{ data: Run[], cursor: string | null } | null} */
  #waiting = null
  #held = false
  #again = new Again(() => this.#renew())

  /** @param {import("./router.js").Query} filters of the API */
  constructor(filters) {
    this.#filters = filters
    this.load()
  }

  async load() {
    try {
      const page = await this.#read()
      if (this.#gone.signal.aborted) return
      this.#cursor = page.cursor
      this.cell.set({ state: "ready", runs: page.data, fresh: 0, more: page.cursor !== null, error: null })
      this.#stop()
      this.#stop = follow(TOPICS, page.asOf, { onEvent: (event) => this.#hear(event), onGap: () => this.load() })
    } catch (error) {
      if (!this.#gone.signal.aborted) this.#set({ state: "failed", error: /** @type {Error} */ (error) })
    }
  }

  /** Read the next older page. */
  async more() {
    const cursor = this.#cursor
    if (!cursor) return
    const page = await this.#read(cursor)
    if (this.#gone.signal.aborted || cursor !== this.#cursor) return
    this.#cursor = page.cursor
    this.#set({ runs: [...this.cell.value.runs, ...page.data], more: page.cursor !== null })
  }

  /** While held no row moves: what is new is counted. @param {boolean} held */
  hold(held) {
    this.#held = held
    if (!held) this.admit()
  }

  /** Show what is new. */
  admit() {
    const page = this.#waiting
    this.#waiting = null
    if (page) this.#merge(page)
  }

  close() {
    this.#gone.abort()
    this.#again.end()
    this.#stop()
  }

  /** @param {string} [cursor] @returns {Promise<{ data: Run[], asOf: string, cursor: string | null }>} */
  #read(cursor) {
    return get("/v1/runs", { ...this.#filters, pageSize: PAGE_SIZE, cursor }, this.#gone.signal)
  }

  /** @param {import("../client/tickwire.js").LogEvent} event */
  #hear({ topic, context, payload }) {
    const run = this.cell.value.runs.find(({ jobId }) => jobId === context.jobId)
    // Progress is many events; who wants to see it looks at the job.
    if (topic === "job:updated" && (run ? payload.status === run.status : tellsMoves(payload))) return
    this.#again.later()
  }

  async #renew() {
    try {
      const page = await this.#read()
      if (this.#gone.signal.aborted) return
      if (this.#held) this.#wait(page)
      else this.#merge(page)
    } catch (error) {
      // The line says that the server is away, and what has happened meanwhile comes when it is back.
      if (!this.#gone.signal.aborted && /** @type {any} */ (error).code !== "network") throw error
    }
  }

  // Known rows change at once, new ones wait.
  /** @param {{ data: Run[], cursor: string | null }} page */
  #wait(page) {
    const news = new Map(page.data.map((run) => [run.id, run]))
    const runs = this.cell.value.runs.map((run) => news.get(run.id) ?? run)
    const known = new Set(runs.map(({ id }) => id))
    this.#waiting = page
    this.#set({ runs, fresh: page.data.filter(({ id }) => !known.has(id)).length })
  }

  /** @param {{ data: Run[], cursor: string | null }} page */
  #merge(page) {
    const first = new Set(page.data.map(({ id }) => id))
    const { runs } = this.cell.value
    const last = page.data.length ? runs.findIndex(({ id }) => id === page.data[page.data.length - 1].id) : -1
    const older = last < 0 ? [] : runs.slice(last + 1).filter(({ id }) => !first.has(id))
    if (!older.length) this.#cursor = page.cursor
    this.#set({ runs: [...page.data, ...older], fresh: 0, more: this.#cursor !== null })
  }

  /** @param {Partial<Known>} changes */
  #set(changes) {
    this.cell.set({ ...this.cell.value, ...changes })
  }
}
