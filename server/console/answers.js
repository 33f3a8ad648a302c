// @ts-check
// What a view makes of several answers, made anew when something has happened to it; of one alone see reading.js.

import { Again } from "./again.js"
import { get } from "./api.js"
import { absorb, tick } from "./jobs.js"
import { follow } from "./live.js"
import { useEffect, useState } from "./vendor/htm-preact-standalone.js"

/** Where the log is now, for answers that do not say what they show. @param {AbortSignal} [signal] @returns {Promise<string>} */
export const position = async (signal) => (await get("/v1/whoami", {}, signal)).data.position

/**
 * What ``read`` gives, again after each event that concerns it: soon, and then once a second at most.
 * @template T
 * @param {(signal: AbortSignal) => Promise<{ data: T, asOf: string }>} read
 * @param {string[]} topics @param {unknown[]} inputs when to begin anew
 * @param {(event: import("./live.js").LogEvent) => boolean} [concerns] those of the topics for which it is read again
 * @returns {{ data: T | undefined, error: Error | null, again: () => void }}
 */
export function useAnswer(read, topics, inputs, concerns = () => true) {
  const [found, setFound] = useState(/** @type {{ data: T | undefined, error: Error | null }} */ ({ data: undefined, error: null }))
  const [round, setRound] = useState(0)
  useEffect(() => {
    const gone = new AbortController()
    let stop = () => {}
    const load = async () => {
      try {
        const { data, asOf } = await read(gone.signal)
        if (!gone.signal.aborted) setFound({ data, error: null })
        return asOf
      } catch (refused) {
        // The banner says that the server is away; what is shown stays.
        const error = /** @type {any} */ (refused)
        if (!gone.signal.aborted) setFound(({ data }) => (data && error.code === "network" ? { data, error: null } : { data: undefined, error }))
      }
    }
    const renewal = new Again(load)
    const begin = async () => {
      const asOf = await load()
      if (!asOf || gone.signal.aborted) return
      stop = follow(topics, asOf, {
        onEvent: (event) => {
          absorb(event)
          if (concerns(event)) renewal.later()
        },
        onTick: tick,
        onGap: begin,
      })
    }
    setFound({ data: undefined, error: null })
    begin()
    return () => {
      gone.abort()
      renewal.end()
      stop()
    }
  }, [...inputs, round])
  return { ...found, again: () => setRound((count) => count + 1) }
}
