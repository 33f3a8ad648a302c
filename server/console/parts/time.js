// @ts-check
// Times: relative ones that go on by themselves, with the absolute one on hover. They go by the clock of the server.

import { clock, moment, rough, span } from "../format.js"
import { now } from "../live.js"
import { zone } from "../preferences.js"
import { Cell, drawSoon, useCell } from "../store.js"
import { html, useEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"

/** Once a second, while the page is seen. */
const beat = new Cell(0)
setInterval(() => document.visibilityState === "visible" && beat.set(beat.value + 1), 1_000)

/**
 * A value that depends on the time: the component is drawn again when it has changed.
 * @template T @param {(now: number) => T} ofNow @param {unknown[]} inputs @returns {T}
 */
export function useNow(ofNow, inputs) {
  const [, draw] = useState(0)
  const last = useRef(/** @type {any} */ (0))
  useEffect(() => {
    const again = () => draw((count) => count + 1)
    return beat.watch(() => ofNow(now()) === last.current || drawSoon(again))
  }, inputs)
  return (last.current = ofNow(now()))
}

/** How long ago: "3 m". @param {{ at: string }} props */
export function Age({ at }) {
  useCell(zone)
  const text = useNow((time) => rough(time - Date.parse(at)), [at])
  return html`<time dateTime=${at} title=${moment(at)}>${text}</time>`
}

/** How long it is until then: "1 m 12 s". @param {{ at: string }} props */
export const useLeft = ({ at }) => useNow((time) => span(Date.parse(at) - time), [at])

/** How long it has been since: "1 m 12 s". @param {{ at: string }} props */
export const useSince = ({ at }) => useNow((time) => span(time - Date.parse(at)), [at])

/** A time of day, with the date on hover. @param {{ at: string, seconds?: boolean }} props */
export function Clock({ at, seconds }) {
  useCell(zone)
  return html`<time dateTime=${at} title=${moment(at)}>${clock(at, { seconds })}</time>`
}
