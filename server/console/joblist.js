// @ts-check
// A list of jobs, newest first, that stays true: its first page is read again when something has happened to it.

import { Again } from "./again.js"
import { get } from "./api.js"
import { absorb, hold, jobOf, put, release, tick } from "./jobs.js"
import { follow } from "./live.js"
import { Cell } from "./store.js"

/** @typedef {import("./jobs.js").Job} Job */
/** @typedef {{ data: Job[], asOf: string, cursor: string | null }} Page */
/**
 * @typedef {object} Shown
 * @property {"loading" | "ready" | "failed"} state
 * @property {string[]} ids
 * @property {number} fresh how many new ones wait to be shown
 * @property {boolean} more whether there are older ones
 * @property {import("./api.js").Refused | null} error
 */

const PAGE_SIZE = 50
/** Where a filter is met rarely, the server looks at some jobs at a time: how many pages are asked for before a person is. */
const ROUNDS = 4
const ENOUGH = 20
/** Rows that are shown at most: who wants to see further back filters. */
const MOST = 1_000

export class JobList {
  /** @type {Cell<Shown>} */
  cell = new Cell(/** @type {Shown} */ ({ state: "loading", ids: [], fresh: 0, more: false, error: null }))
  #filters
  #stop = () => {}
  #gone = new AbortController()
  /** @type {string | null} */
  #cursor = null
  /** @type {Page | null} */
  #waiting = null
  #held = false
  /** Whether more than the first page is shown. */
  #deep = false
  #paused = false
  #again = new Again(() => this.#renew())

  /** @param {import("./router.js").Query} filters of the API */
  constructor(filters) {
    this.#filters = filters
    this.load()
  }

  /** Read the first page, and follow from there. */
  async load() {
    try {
      const page = await this.#read()
      if (this.#gone.signal.aborted) return
      put(page.data, page.asOf)
      this.#cursor = page.cursor
      this.#deep = false
      this.#show(page.data.map(({ id }) => id), { state: page.data.length || !page.cursor ? "ready" : "loading", error: null, fresh: 0 })
      this.#stop()
      this.#stop = follow(["job:*"], page.asOf, {
        onEvent: (event) => this.#hear(event),
        onTick: (news) => this.#paused || tick(news),
        onGap: () => this.load(),
      })
      await this.#fill()
    } catch (error) {
      if (!this.#gone.signal.aborted) this.#set({ state: "failed", error: /** @type {any} */ (error) })
    }
  }

  /** Read on until there is something to see. */
  async #fill() {
    for (let round = 0; round < ROUNDS && this.#cursor && this.cell.value.ids.length < ENOUGH; round++) await this.#further()
    this.#set({ state: "ready" })
  }

  /** Show older ones. */
  async more() {
    const { length } = this.cell.value.ids
    for (let round = 0; round < ROUNDS && this.#cursor && this.cell.value.ids.length < length + ENOUGH; round++) await this.#further()
  }

  async #further() {
    const cursor = this.#cursor
    if (!cursor) return
    const page = await this.#read(cursor)
    if (this.#gone.signal.aborted || cursor !== this.#cursor) return
    put(page.data, page.asOf)
    this.#cursor = page.cursor
    this.#deep = true
    const { ids } = this.cell.value
    this.#show([...ids, ...page.data.map(({ id }) => id).filter((id) => !ids.includes(id))])
  }

  /** While held, nothing moves: what is new is counted. @param {boolean} held */
  hold(held) {
    this.#held = held
    if (!held) this.admit()
  }

  /** Stop and go on with everything that is live. @param {boolean} paused */
  pause(paused) {
    this.#paused = paused
    if (!paused) this.#again.later()
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
    release(this.cell.value.ids)
  }

  /** @param {string} [cursor] @returns {Promise<Page>} */
  #read(cursor) {
    return get("/v1/jobs", { ...this.#filters, quick: true, pageSize: PAGE_SIZE, cursor }, this.#gone.signal)
  }

  /** @param {import("../client/tickwire.js").LogEvent} event */
  #hear(event) {
    if (this.#paused) return
    if (absorb(event)) this.#again.later()
  }

  async #renew() {
    try {
      const page = await this.#read()
      if (this.#gone.signal.aborted || this.#paused) return
      put(page.data, page.asOf)
      if (this.#held) this.#wait(page)
      else this.#merge(page)
    } catch (error) {
      // The line says that the server is away, and brings a new reading when it is back.
      if (!this.#gone.signal.aborted && /** @type {any} */ (error).code !== "network") throw error
    }
  }

  /** @param {Page} page */
  #wait(page) {
    const { ids } = this.cell.value
    const fresh = page.data.filter(({ id }) => !ids.includes(id)).length
    this.#waiting = page
    this.#set({ fresh })
  }

  /** @param {Page} page */
  #merge(page) {
    const { ids } = this.cell.value
    const first = page.data.map(({ id }) => id)
    // Ids rise, and the page is true of all down to its cursor: what is older stays as it was read.
    const end = page.cursor
    const older = this.#deep && end ? ids.filter((id) => id < end && this.#fits(id)) : []
    this.#deep &&= end !== null && first.length + older.length <= MOST
    if (!this.#deep) {
      older.length = 0
      this.#cursor = end
    }
    put(page.data, page.asOf)
    this.#show([...first, ...older], { fresh: 0 })
  }

  /** @param {string} id */
  #fits(id) {
    const { status } = this.#filters
    const job = jobOf(id)
    return job && (!status || String(status).split(",").includes(job.status))
  }

  /** @param {string[]} ids @param {Partial<Shown>} [more] */
  #show(ids, more = {}) {
    const before = this.cell.value.ids
    hold(ids)
    release(before)
    const same = ids.length === before.length && ids.every((id, at) => id === before[at])
    this.#set({ ids: same ? before : ids, more: this.#cursor !== null, ...more })
  }

  /** @param {Partial<Shown>} changes */
  #set(changes) {
    const next = { ...this.cell.value, ...changes }
    const differs = Object.keys(next).some((name) => /** @type {any} */ (next)[name] !== /** @type {any} */ (this.cell.value)[name])
    if (differs) this.cell.set(next)
  }
}
