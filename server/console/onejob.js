// @ts-check
// One job, looked at closely: as it is, and all that happens to it and its children.

import { get, part } from "./api.js"
import { absorb, hold, jobOf, put, release, tick } from "./jobs.js"
import { follow } from "./live.js"
import { Cell, useCell } from "./store.js"
import { useEffect, useMemo } from "./vendor/htm-preact-standalone.js"

/** @typedef {import("../client/tickwire.js").LogEvent} LogEvent */
/** @typedef {{ state: "loading" | "ready" | "failed" | "deleted", error: import("./api.js").Refused | null }} Shown */

const SOON_MS = 120

export class OneJob {
  cell = new Cell(/** @type {Shown} */ ({ state: "loading", error: null }))
  /** The events of the job and its children that have come since it was read, to be watched. @type {Cell<LogEvent | null>} */
  heard = new Cell(/** @type {LogEvent | null} */ (null))
  /** Where the log stood when the job was read first: what was before is to be read, what comes after is heard. */
  readAt = ""
  #stop = () => {}
  #gone = new AbortController()
  #held = false
  /** @type {number | undefined} */
  #timer

  /** @param {string} id */
  constructor(id) {
    this.id = id
    this.load()
  }

  async load() {
    try {
      const asOf = await this.#read()
      if (asOf === undefined) return
      this.readAt ||= asOf
      this.#stop()
      this.#stop = follow(["job:*"], asOf, {
        onEvent: (event) => this.#hear(event),
        onTick: (news) => news.id === this.id && tick(news),
        onGap: () => this.load(),
      })
    } catch (error) {
      if (!this.#gone.signal.aborted) this.cell.set({ state: "failed", error: /** @type {any} */ (error) })
    }
  }

  close() {
    this.#gone.abort()
    clearTimeout(this.#timer)
    this.#stop()
    if (this.#held) release([this.id])
  }

  /** Read the job; the position that the answer shows, unless nobody looks any more. */
  async #read() {
    const { data, asOf } = await get(`/v1/jobs/${part(this.id)}`, {}, this.#gone.signal)
    if (this.#gone.signal.aborted) return undefined
    put([data], asOf)
    if (!this.#held) hold([this.id])
    this.#held = true
    this.cell.set({ state: "ready", error: null })
    return /** @type {string} */ (asOf)
  }

  /** @param {LogEvent} event */
  #hear(event) {
    const mine = event.context.jobId === this.id
    if (!mine && event.payload.parentId !== this.id) return
    if (mine && event.topic === "job:deleted") {
      clearTimeout(this.#timer)
      this.cell.set({ state: "deleted", error: null })
    } else if (mine && absorb(event)) this.#again()
    this.heard.set(event)
  }

  // Events do not tell all: links, times and the lease are read.
  #again() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#read().catch((error) => {
        if (!this.#gone.signal.aborted && error.code !== "network" && error.code !== "not_found") throw error
      })
    }, SOON_MS)
  }
}

/** A job for as long as a component is there. @param {string} id */
export function useOneJob(id) {
  const model = useMemo(() => new OneJob(id), [id])
  useEffect(() => () => model.close(), [model])
  return { model, ...useCell(model.cell), job: jobOf(id) }
}
