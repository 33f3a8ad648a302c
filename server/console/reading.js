// @ts-check
// Something of the API that stays true while it is shown: read again when the log tells of a change, and now and then where it tells nothing.

import { Again } from "./again.js"
import { get, Refused } from "./api.js"
import { follow } from "./live.js"
import { ended } from "./session.js"
import { useEffect, useRef, useState } from "./vendor/htm-preact-standalone.js"

/**
 * @typedef {object} Kept
 * @property {string[]} [topics] of events after which it is read again
 * @property {(event: import("../client/tickwire.js").LogEvent) => boolean} [concerns] of these events, those that count
 * @property {number} [everyMs] how often it is read although the log tells nothing, while the page is seen
 */
/**
 * @typedef {object} Reading
 * @property {any} data undefined until the first answer
 * @property {string | null} cursor of older rows that there are
 * @property {Record<string, any>} beside what else the first page says
 * @property {Refused | null} error
 * @property {() => Promise<void>} again
 * @property {() => Promise<void>} more read the next page
 */
/** @typedef {{ data: any, cursor: string | null, beside: Record<string, any>, error: Refused | null }} State */

const NOTHING = /** @type {State} */ ({ data: undefined, cursor: null, beside: {}, error: null })

/**
 * A list, or one thing. Rows of further pages stay when the first is read again.
 * @param {string} path nothing is read where it is empty
 * @param {import("./router.js").Query} [query] @param {Kept} [kept] @returns {Reading}
 */
export function useReading(path, query = {}, kept = {}) {
  const [state, setState] = useState(NOTHING)
  const last = useRef(state)
  last.current = state
  const key = path + JSON.stringify([query, kept.topics])
  const told = useRef(kept)
  told.current = kept
  const work = useRef(/** @type {Work | null} */ (null))
  useEffect(() => {
    setState(NOTHING)
    last.current = NOTHING
    if (!path) return
    const one = new Work(path, query, () => told.current, () => last.current, (next) => setState((last.current = next)))
    work.current = one
    one.again()
    return () => one.close()
  }, [key])
  return { ...state, again: async () => work.current?.again(), more: async () => work.current?.more() }
}

class Work {
  #gone = new AbortController()
  #stop = () => {}
  #following = false
  #wide = false
  #renewal = new Again(() => this.again())
  /** @type {number | undefined} */
  #clock

  /**
   * @param {string} path @param {import("./router.js").Query} query @param {() => Kept} kept
   * @param {() => State} state @param {(state: State) => void} show
   */
  constructor(path, query, kept, state, show) {
    this.path = path
    this.query = query
    this.kept = kept
    this.state = state
    this.show = show
    const { everyMs } = kept()
    if (everyMs) this.#clock = setInterval(() => document.visibilityState === "visible" && !ended.value && this.again(), everyMs)
  }

  close() {
    this.#gone.abort()
    this.#renewal.end()
    clearInterval(this.#clock)
    this.#stop()
  }

  async again() {
    try {
      const { data, asOf, cursor = null, ...beside } = await get(this.path, this.query, this.#gone.signal)
      if (this.#gone.signal.aborted) return
      this.#follow(asOf)
      const { data: before, cursor: beyond } = this.state()
      const kept = this.#wide && Array.isArray(data) ? older(before, data) : []
      this.show({ data: kept.length ? [...data, ...kept] : data, cursor: kept.length ? beyond : cursor, beside, error: null })
    } catch (error) {
      this.#fail(error)
    }
  }

  async more() {
    const { cursor } = this.state()
    if (!cursor) return
    try {
      const page = await get(this.path, { ...this.query, cursor }, this.#gone.signal)
      const { data, beside } = this.state()
      const known = new Set(data.map((/** @type {any} */ one) => one.id))
      this.#wide = true
      this.show({ data: [...data, ...page.data.filter((/** @type {any} */ one) => !known.has(one.id))], cursor: page.cursor, beside, error: null })
    } catch (error) {
      this.#fail(error)
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#gone.signal.aborted) return
    if (!(error instanceof Refused)) throw error
    // What is shown stays while the server is away: the banner says so, and it is read again.
    if (error.code === "network" && this.state().data !== undefined) return
    this.show({ ...this.state(), error })
  }

  /** @param {string | undefined} asOf */
  #follow(asOf) {
    const { topics } = this.kept()
    if (!topics || this.#following) return
    this.#following = true
    this.#stop = follow(topics, asOf, {
      onEvent: (event) => {
        if (this.kept().concerns?.(event) ?? true) this.#renewal.later()
      },
      onGap: () => {
        this.#following = false
        this.again()
      },
    })
  }
}

/** Rows behind a page that was read again. @param {any[]} before @param {any[]} first */
function older(before = [], first) {
  const known = new Set(first.map((one) => one.id))
  const at = before.findLastIndex((one) => known.has(one.id))
  return at < 0 ? [] : before.slice(at + 1)
}
