// @ts-check
// All that the log tells of a job: each event opens to what it says.

import { get } from "../api.js"
import { clock, count, moment } from "../format.js"
import { hasEnded, jobOf } from "../jobs.js"
import { timeline as say } from "../strings.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"
import { CopyButton } from "./copy.js"
import { Trouble } from "./trouble.js"

/** @typedef {import("../../client/tickwire.js").LogEvent} LogEvent */

const PAGE = 500
/** So many pages are read without being asked for. */
const ROUNDS = 4

/** @param {{ id: string, model: import("../onejob.js").OneJob }} props */
export function Timeline({ id, model }) {
  const [events, setEvents] = useState(/** @type {LogEvent[]} */ ([]))
  const [cursor, setCursor] = useState(/** @type {string | null | undefined} */ (undefined))
  const [error, setError] = useState(/** @type {any} */ (null))
  const add = (/** @type {LogEvent[]} */ more) =>
    setEvents((known) => {
      const all = new Map([...known, ...more].map((event) => [event.id, event]))
      return [...all.values()].sort((one, other) => (one.id < other.id ? -1 : 1))
    })
  const read = async (/** @type {string | null | undefined} */ from, /** @type {AbortSignal} */ signal) => {
    try {
      let next = from
      for (let round = 0; round < ROUNDS; round++) {
        const page = await get("/v1/events", { topics: "job:*", jobId: id, includeAcknowledged: true, pageSize: PAGE, cursor: next }, signal)
        add(page.data)
        next = page.cursor
        const job = jobOf(id)
        // Behind its end there is little to find, and what comes now is heard.
        const whole = job && hasEnded(job) && page.data.some((/** @type {LogEvent} */ { topic }) => topic === `job:${job.status === "complete" ? "completed" : job.status}`)
        if (whole) next = null
        if (!next) break
      }
      setCursor(next ?? null)
    } catch (refused) {
      if (!signal.aborted) setError(refused)
    }
  }
  useEffect(() => {
    const stop = new AbortController()
    const unwatch = model.heard.watch((event) => event?.context.jobId === id && add([event]))
    read(undefined, stop.signal)
    return () => {
      stop.abort()
      unwatch()
    }
  }, [id])
  return html`
    <section class="card" aria-label=${say.title}>
      <header><h2>${say.title}</h2><span class="soft">${say.events(count(events.length))}</span></header>
      <${Trouble} error=${error} />
      <ol class="timeline">
        ${grouped(events).map((group) => html`<${Group} key=${group[0].id} group=${group} />`)}
      </ol>
      ${cursor && html`<p class="more"><button type="button" onClick=${() => read(cursor, new AbortController().signal)}>${say.further}</button></p>`}
    </section>
  `
}

/** Whether an event tells of progress alone. @param {LogEvent} event */
const isTick = ({ topic, payload }) => topic === "job:updated" && payload.status === "executing" && "progress" in payload && !("cancelRequestedAt" in payload)

/** Ticks in a row are one line. @param {LogEvent[]} events @returns {LogEvent[][]} */
function grouped(events) {
  /** @type {LogEvent[][]} */
  const found = []
  for (const event of events) {
    const last = found.at(-1)
    if (last && isTick(event) && isTick(last[0])) last.push(event)
    else found.push([event])
  }
  return found
}

/** @param {{ group: LogEvent[] }} props */
function Group({ group }) {
  const [open, setOpen] = useState(false)
  const [first, last] = [group[0], group[group.length - 1]]
  const toggled = (/** @type {any} */ event) => setOpen(event.currentTarget.open)
  return html`
    <li data-topic=${first.topic}>
      <details onToggle=${toggled}>
        <summary>
          <time dateTime=${first.createdAt} title=${moment(first.createdAt)}>${clock(first.createdAt, { seconds: true })}</time>
          <span class="what">${wordsOf(first, last)}</span>
          <code>${first.topic}${group.length > 1 ? ` × ${count(group.length)}` : ""}</code>
        </summary>
        ${open && group.slice(-20).map((event) => html`<${Payload} key=${event.id} event=${event} />`)}
      </details>
    </li>
  `
}

/** @param {{ event: LogEvent }} props */
function Payload({ event }) {
  const text = JSON.stringify(event, null, 2)
  return html`
    <figure class="code">
      <figcaption><span>${say.position(event.position)}</span><${CopyButton} text=${text} /></figcaption>
      <pre tabindex="0"><code>${text}</code></pre>
    </figure>
  `
}

/** What an event says, in short. @param {LogEvent} first @param {LogEvent} last */
function wordsOf(first, last) {
  const { topic, payload } = first
  if (first !== last) return say.ticks(payload.progress, last.payload.progress)
  if (isTick(first)) return say.tick(payload.progress, payload.info ?? "")
  if (payload.cancelRequestedAt) return say.cancelRequested
  if (topic === "job:updated" && payload.status === "executing" && !payload.info) return say.taken
  const said = payload.outcome?.heading ?? payload.outcome?.message ?? payload.message ?? payload.info
  return [say.topics[topic] ?? "", said].filter(Boolean).join(": ")
}
