// @ts-check
// Two days of a schedule as a strip: a tick for each due time, a line for now, and the hours above.

import { clock, count, viewer, weekday } from "../format.js"
import { zone } from "../preferences.js"
import { counts, slotsOf, ticksOf } from "../slots.js"
import { useCell } from "../store.js"
import { schedules as say } from "../strings.js"
import { SIDE_MS } from "../timetable.js"
import { html, useMemo } from "../vendor/htm-preact-standalone.js"
import { clockChange, hoursBetween } from "../zones.js"
import { useNow } from "./time.js"

/** @typedef {import("../slots.js").Kind} Kind */
/** @typedef {import("../slots.js").Tick} Tick */

/** Ticks that have room beside each other. */
const PLACES = 96
const NAMED = 5
const MINUTE_MS = 60_000
const SHAPES = /** @type {Kind[]} */ (["ran", "partial", "failed", "skipped", "running", "coming"])

/** Where the strip begins, in milliseconds; it moves on by the minute. */
export const useSpan = () => useNow((time) => Math.floor(time / MINUTE_MS) * MINUTE_MS - SIDE_MS, [])

/** @param {number} at @param {number} from */
const placed = (at, from) => `${(Math.max(0, Math.min(1, (at - from) / (2 * SIDE_MS))) * 100).toFixed(2)}%`

/** The hours above strips. */
export function Axis() {
  useCell(zone)
  const from = useSpan()
  const hours = useMemo(() => hoursBetween(viewer(), from, from + 2 * SIDE_MS, 6), [from, viewer()])
  return html`
    <svg class="axis" width="100%" height="20" aria-hidden="true">
      ${hours.map(({ at, hour }) => {
        const isNear = Math.abs(at - from - SIDE_MS) < 2.5 * 3_600_000
        const text = hour ? String(hour).padStart(2, "0") : say.midnight(weekday(at).slice(0, 3))
        return html`
          <line key=${at} x1=${placed(at, from)} x2=${placed(at, from)} y1="16" y2="20" />
          ${!isNear && html`<text key=${`${at}t`} x=${placed(at, from)} y="12" text-anchor="middle">${text}</text>`}
        `
      })}
      <text class="now" x="50%" y="12" text-anchor="middle">${say.now}</text>
    </svg>
  `
}

/**
 * @param {{ schedule: import("../timetable.js").Shown, runs: Iterable<import("../timetable.js").Run>, tall?: boolean }} props
 */
export function Strip({ schedule, runs, tall = false }) {
  useCell(zone)
  const from = useSpan()
  const until = from + 2 * SIDE_MS
  const slots = useMemo(() => slotsOf(schedule, runs), [schedule, runs])
  const ticks = useMemo(() => ticksOf(slots, from, until, PLACES), [slots, from])
  const days = useMemo(() => hoursBetween(viewer(), from, until, 24), [from, viewer()])
  const change = useMemo(() => clockChange(schedule.timeZone, from, until), [schedule.timeZone, from])
  const rest = schedule.dueMore && schedule.due?.length ? Date.parse(schedule.due[schedule.due.length - 1].utc) : null
  const height = tall ? 40 : 24
  return html`
    <svg class="strip" width="100%" height=${height} role="img" aria-label=${summary(slots, from)}>
      <line class="base" x1="0" x2="100%" y1=${height / 2} y2=${height / 2} />
      ${days.map(({ at }) => html`<line key=${at} class="midnight" x1=${placed(at, from)} x2=${placed(at, from)} y1="0" y2=${height} />`)}
      ${rest && html`<rect class="rest" x=${placed(rest, from)} y=${height / 2 - 6} width=${placed(until - rest + from, from)} height="12"><title>${say.goesOn(schedule.words)}</title></rect>`}
      ${ticks.map((tick) => html`<${Mark} key=${`${tick.at} ${tick.kind}`} tick=${tick} from=${from} middle=${height / 2} />`)}
      <line class="now" x1="50%" x2="50%" y1="0" y2=${height} />
      ${change && html`<${Change} change=${change} from=${from} height=${height} />`}
    </svg>
  `
}

/** @param {{ tick: Tick, from: number, middle: number }} props */
function Mark({ tick, from, middle }) {
  const x = placed(tick.at, from)
  const isWide = tick.until - tick.at > (2 * SIDE_MS) / PLACES
  return html`
    <svg x=${x} y=${middle - 8} width="1" height="16" overflow="visible" class="tick" data-kind=${tick.kind} aria-hidden="true">
      <title>${told(tick)}</title>
      <rect class="reach" x="-5" y="-2" width="10" height="20" />
      ${shape(tick.kind)}
    </svg>
    ${isWide && html`<line class="missed" x1=${x} x2=${placed(tick.until, from)} y1=${middle} y2=${middle} />`}
  `
}

/** @param {Kind} kind */
function shape(kind) {
  const box = html`<rect class="box" x="-3" y="1" width="6" height="14" rx="1.500" />`
  if (kind === "partial") return html`${box}<rect class="half" x="-3" y="8" width="6" height="7" />`
  if (kind === "failed") return html`${box}<path d="M-2.500 4.500l5 7M2.500 4.500l-5 7" />`
  return box
}

/** @param {{ change: { at: number, minutes: number }, from: number, height: number }} props */
const Change = ({ change, from, height }) => html`
  <svg x=${placed(change.at, from)} y="0" width="1" height=${height} overflow="visible" class="change" aria-hidden="true">
    <title>${say.clocksChange(change.minutes, weekday(change.at))}</title>
    <path d=${`M0 0v${height}`} /><path class="flag" d="M-4 0h8l-4 6z" />
  </svg>
`

/** A few of the due times in words. @param {Tick} tick */
function told({ slots }) {
  const lines = slots.slice(0, NAMED).map(({ at, until, kind, count: many, reason }) => {
    const when = until > at ? `${weekday(at)} \u2013 ${clock(until)}` : weekday(at)
    return [`${when} \u00b7 ${many > 1 ? `${count(many)} \u00d7 ` : ""}${say.kinds[kind]}`, reason].filter(Boolean).join("\n")
  })
  return [...lines, ...(slots.length > NAMED ? [say.andMore(slots.length - NAMED)] : [])].join("\n")
}

/** What the strip shows, for who does not see it. @param {import("../slots.js").Slot[]} slots @param {number} from */
function summary(slots, from) {
  const known = counts(slots.filter(({ at }) => at >= from && at <= from + 2 * SIDE_MS))
  const parts = [...known].map(([kind, many]) => `${count(many)} ${say.kinds[kind].toLowerCase()}`)
  return parts.length ? say.stripOf(parts.join(", ")) : say.stripEmpty
}

export const Legend = () => html`
  <ul class="legend" aria-label=${say.legend}>
    ${SHAPES.map(
      (kind) => html`
        <li key=${kind}>
          <svg class="tick" width="8" height="16" data-kind=${kind} aria-hidden="true"><g transform="translate(4)">${shape(kind)}</g></svg>
          ${say.kinds[kind]}
        </li>
      `,
    )}
  </ul>
`
