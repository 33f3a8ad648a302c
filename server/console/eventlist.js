// @ts-check
// The log, newest first: its end as it grows, and older pages as they are asked for.

import { get } from "./api.js"
import { follow } from "./live.js"
import { Cell } from "./store.js"

/** @typedef {import("../client/tickwire.js").LogEvent} LogEvent */
/**
 * @typedef {object} Shown
 * @property {"loading" | "ready" | "failed"} state
 * @property {LogEvent[]} events
 * @property {number} fresh how many new ones wait to be shown
 * @property {boolean} more whether there may be older ones
 * @property {boolean} busy whether older ones are being looked for
 * @property {string} asOf the position that was read last
 * @property {import("./api.js").Refused | null} error
 */

const PAGE_SIZE = 100
/** Rows that a look for older ones wants, and pages that it reads at most. */
const ENOUGH = 50
const MOST_PAGES = 10
/** Rows that are kept as the log grows. */
const MOST = 1_000

export class EventList {
  /** @type {Cell<Shown>} */
  cell = new Cell(/** @type {Shown} */ ({ state: "loading", events: [], fresh: 0, more: false, busy: true, asOf: "", error: null }))
  #topics
  #passes
  #gone = new AbortController()
  #stop = () => {}
  /** @type {string | null} */
  #cursor = null
  /** @type {LogEvent[]} the newest first */
  #waiting = []
  #held = false
  #paused = false
  /** @type {number | undefined} */
  #frame

  /** @param {string[]} topics patterns @param {(event: LogEvent) => boolean} passes of these, those that are shown */
  constructor(topics, passes) {
    this.#topics = topics
    this.#passes = passes
    this.load()
  }

  /** Read the end of the log, and follow it from there. */
  async load() {
    try {
      const { events, asOf } = await this.#read(null)
      if (this.#gone.signal.aborted) return
      this.#waiting = []
      this.#set({ state: "ready", events, fresh: 0, asOf, error: null })
      this.#stop()
      this.#stop = follow(this.#topics, asOf, { onEvent: (event) => this.#hear(event), onGap: () => this.load() })
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Read older ones, until some pass. */
  async more() {
    if (!this.#cursor || this.cell.value.busy) return
    try {
      const { events } = await this.#read(this.#cursor)
      if (!this.#gone.signal.aborted) this.#set({ events: [...this.cell.value.events, ...events] })
    } catch (error) {
      this.#fail(error)
    }
  }

  /** While held nothing moves: what is new is counted. @param {boolean} held */
  hold(held) {
    this.#held = held
    if (!held && !this.#paused) this.admit()
  }

  /** @param {boolean} paused */
  pause(paused) {
    this.#paused = paused
    if (!paused && !this.#held) this.admit()
  }

  /** Show what is new. */
  admit() {
    const events = [...this.#waiting, ...this.cell.value.events]
    this.#waiting = []
    // Who has gone back further than that reads on from there.
    const cut = events.length > MOST && events.length - this.cell.value.events.length > 0
    if (cut) this.#cursor = events[MOST - 1].id
    this.#set({ events: cut ? events.slice(0, MOST) : events, fresh: 0, more: this.#cursor !== null })
  }

  close() {
    this.#gone.abort()
    this.#stop()
    if (this.#frame) cancelAnimationFrame(this.#frame)
  }

  /** @param {string | null} cursor */
  async #read(cursor) {
    this.#set({ busy: true })
    /** @type {LogEvent[]} */
    const events = []
    let asOf = ""
    try {
      for (let pages = 0; pages < MOST_PAGES && events.length < ENOUGH; pages++) {
        const query = { topics: this.#topics.join(), sortDirection: "desc", includeAcknowledged: true, pageSize: PAGE_SIZE, cursor }
        const page = await get("/v1/events", query, this.#gone.signal)
        asOf ||= page.asOf
        events.push(...page.data.filter(this.#passes))
        cursor = page.cursor
        if (!cursor) break
      }
    } finally {
      if (!this.#gone.signal.aborted) this.#set({ busy: false })
    }
    this.#cursor = cursor
    this.#set({ more: cursor !== null })
    return { events, asOf }
  }

  /** @param {LogEvent} event */
  #hear(event) {
    if (!this.#passes(event)) return
    this.#waiting.unshift(event)
    if (this.#waiting.length > MOST) this.#waiting.length = MOST
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined
      if (this.#held || this.#paused) this.#set({ fresh: this.#waiting.length })
      else this.admit()
    })
  }

  /** @param {unknown} error */
  #fail(error) {
    if (!this.#gone.signal.aborted) this.#set({ state: this.cell.value.events.length ? "ready" : "failed", error: /** @type {any} */ (error) })
  }

  /** @param {Partial<Shown>} changes */
  #set(changes) {
    this.cell.set({ ...this.cell.value, ...changes })
  }
}
