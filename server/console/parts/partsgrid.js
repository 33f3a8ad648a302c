// @ts-check
// The parts of a job that was split, each a small square: arrows, Home and End move through them, Enter opens one.

import { get } from "../api.js"
import { count } from "../format.js"
import { address } from "../router.js"
import { partsGrid as say, statuses } from "../strings.js"
import { html, useEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"
import { glyph } from "./status.js"

/** @typedef {{ id: string, part: number, status: string, progress?: number, info?: string }} Part */

const MOST = 1_000
const AGAIN_MS = 1_000
const ENDED = ["complete", "failed", "canceled"]

/** @param {{ job: import("../jobs.js").Job, model: import("../onejob.js").OneJob }} props */
export function PartsGrid({ job, model }) {
  const [parts, setParts] = useState(/** @type {Map<string, Part>} */ (new Map()))
  const [at, setAt] = useState(0)
  /** The one that had the focus last. */
  const last = useRef(-1)
  const grid = useRef(/** @type {HTMLElement | null} */ (null))
  useEffect(() => {
    const stop = new AbortController()
    /** @type {number | undefined} */
    let timer
    const read = () => {
      timer = undefined
      get("/v1/jobs", { parentId: job.id, pageSize: MOST, quick: true, sortDirection: "asc" }, stop.signal).then(({ data }) => {
        const found = data.filter((/** @type {any} */ one) => one.part !== undefined)
        setParts(new Map(found.map((/** @type {Part} */ one) => [one.id, one])))
      }, () => {})
    }
    read()
    const unwatch = model.heard.watch((event) => {
      if (event?.payload.parentId === job.id) timer ??= setTimeout(read, AGAIN_MS)
    })
    return () => {
      stop.abort()
      clearTimeout(timer)
      unwatch()
    }
  }, [job.id, job.parts])
  const all = [...parts.values()].sort((one, other) => one.part - other.part)
  const tally = all.reduce((found, { status }) => ({ ...found, [status]: (found[status] ?? 0) + 1 }), /** @type {Record<string, number>} */ ({}))
  const goTo = (/** @type {number} */ next) => {
    setAt(next)
    const square = grid.current?.children[next]?.firstElementChild
    if (square instanceof HTMLElement) square.focus()
  }
  const move = (/** @type {KeyboardEvent} */ event) => {
    const { [event.key]: step = 0 } = { ...stepsIn(grid.current), Home: -at, End: all.length - 1 - at }
    const next = at + step
    if (!step || next < 0 || next >= all.length) return
    event.preventDefault()
    goTo(next)
  }
  const toFailed = () => {
    const failed = all.flatMap(({ status }, place) => (status === "failed" ? place : []))
    goTo(failed.find((place) => place > last.current) ?? failed[0])
  }
  const summary = Object.entries(tally).map(([status, number]) => `${count(number)} ${statuses[status]}`)
  return html`
    <section class="card" aria-label=${say.title}>
      <header><h2>${say.title}</h2><span class="soft">${summary.join(" · ")}</span>
        ${tally.failed > 0 && html`<button type="button" class="quiet" onClick=${toFailed}>${say.toFailed}</button>`}
        <a href=${address("/jobs", { parentId: job.id })}>${say.asList}</a></header>
      <ul ref=${grid} class="parts" onKeyDown=${move}>
        ${all.map(
          (one, place) => html`
            <li key=${one.id}>
              <a
                href=${address(`/jobs/${one.id}`)}
                data-status=${one.status}
                tabindex=${place === at ? 0 : -1}
                title=${named(one)}
                aria-label=${named(one)}
                onFocus=${() => {
                  setAt(place)
                  last.current = place
                }}
              >
                ${ENDED.includes(one.status) ? glyph(one.status, 10) : html`<span style=${{ transform: `scaleY(${(one.progress ?? 0) / 100})` }}></span>`}
              </a>
            </li>
          `,
        )}
      </ul>
    </section>
  `
}

/** @param {Part} part */
const named = ({ part, status, progress, info }) =>
  [say.part(part), statuses[status], status === "executing" && progress !== undefined ? `${progress} %` : "", info ?? ""].filter(Boolean).join(", ")

/** How far each key goes. @param {HTMLElement | null} grid @returns {Record<string, number>} */
function stepsIn(grid) {
  const first = grid?.children[0]
  const wide = first instanceof HTMLElement && grid ? Math.max(1, Math.floor(grid.clientWidth / (first.offsetWidth + 3))) : 1
  return { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide }
}

