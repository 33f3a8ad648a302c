// @ts-check
// A span of time: the last so much, or from one moment to another by the viewer's clock.

import { now } from "../live.js"
import { fromLocal, toLocal } from "../localtime.js"
import { ownZone, zone } from "../preferences.js"
import { useCell } from "../store.js"
import { span as say } from "../strings.js"
import { html, useMemo, useState } from "../vendor/htm-preact-standalone.js"

const HOUR_MS = 3_600_000
const LAST = /** @type {Record<string, number>} */ ({ hour: HOUR_MS, six: 6 * HOUR_MS, day: 24 * HOUR_MS, three: 72 * HOUR_MS, week: 168 * HOUR_MS })

/** @typedef {{ last: string, setLast: (last: string) => void, from: string, setFrom: (from: string) => void, to: string, setTo: (to: string) => void, since: number, until: number | undefined, wrong: string }} Chosen ``wrong`` is why it is none yet */

/** @param {string} text of a field */
const moment = (text) => (text ? Date.parse(fromLocal(text) ?? "") || undefined : undefined)

/** What was chosen; ``since`` and ``until`` in milliseconds. @returns {Chosen} */
export function useSpan() {
  const [last, setLast] = useState("day")
  const [from, setFrom] = useState(() => toLocal(new Date(now() - LAST.day).toISOString()).slice(0, 16))
  const [to, setTo] = useState("")
  const { since, until } = useMemo(() => {
    if (last in LAST) return { since: now() - LAST[last], until: undefined }
    return { since: moment(from) ?? 0, until: moment(to) }
  }, [last, from, to])
  const wrong = last in LAST ? "" : !moment(from) ? say.noFrom : until !== undefined && until <= since ? say.turned : ""
  return { last, setLast, from, setFrom, to, setTo, since, until, wrong }
}

/** @param {{ span: Chosen }} props */
export function Span({ span }) {
  const chosen = useCell(zone)
  const value = (/** @type {any} */ event) => event.currentTarget.value
  return html`
    <label class="field">
      <span>${say.title}</span>
      <select value=${span.last} onChange=${(/** @type {any} */ event) => span.setLast(value(event))}>
        ${Object.keys(LAST).map((one) => html`<option key=${one} value=${one}>${say.last[one]}</option>`)}
        <option value="between">${say.between}</option>
      </select>
    </label>
    ${span.last === "between" &&
    html`
      <div class="columns">
        <label class="field"><span>${say.from}</span><input type="datetime-local" value=${span.from} onInput=${(/** @type {any} */ event) => span.setFrom(value(event))} /></label>
        <label class="field"><span>${say.to}</span><input type="datetime-local" value=${span.to} onInput=${(/** @type {any} */ event) => span.setTo(value(event))} /><small>${say.toNow}</small></label>
      </div>
      <p class="soft">${say.zone(chosen || ownZone)}</p>
      <p class="bad" role="status">${span.wrong}</p>
    `}
  `
}
