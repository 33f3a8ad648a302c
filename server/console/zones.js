// @ts-check
// Time zones: their names, what their clocks show, and when these are changed.

import { formatter } from "./format.js"

const HOUR_MS = 3_600_000
/** @type {string[] | undefined} */
let names

/** Names as browsers know them; the server knows some more. */
export function zoneNames() {
  names ??= ["UTC", ...Intl.supportedValuesOf("timeZone").filter((one) => one !== "UTC")]
  return names
}

/** Whether the browser knows a zone, by any of its names. @param {string} zone */
export function isZone(zone) {
  try {
    return Boolean(zone && new Intl.DateTimeFormat("en-GB", { timeZone: zone }))
  } catch {
    return false
  }
}

/** By how many minutes clocks of a zone are ahead of UTC. @param {string} zone @param {number} at */
export function offsetOf(zone, at) {
  const parts = formatter(zone, { timeZoneName: "longOffset" }).formatToParts(new Date(at))
  const text = parts.find(({ type }) => type === "timeZoneName")?.value ?? ""
  const [, sign, hours, minutes] = text.match(/([+-])(\d+):(\d+)/) ?? ["", "+", "0", "0"]
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

/** "UTC+01:00" @param {string} zone @param {number} at */
export function offsetText(zone, at) {
  const minutes = offsetOf(zone, at)
  const both = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map((part) => String(part).padStart(2, "0"))
  return `UTC${minutes < 0 ? "\u2212" : "+"}${both.join(":")}`
}

/**
 * When clocks of a zone are changed, and by how many minutes: once at most in so short a span.
 * @param {string} zone @param {number} from @param {number} until
 */
export function clockChange(zone, from, until) {
  const before = offsetOf(zone, from)
  const by = offsetOf(zone, until) - before
  if (!by) return null
  let [low, high] = [from, until]
  while (high - low > 60_000) {
    const middle = (low + high) / 2
    if (offsetOf(zone, middle) === before) low = middle
    else high = middle
  }
  return { at: Math.round(high / 60_000) * 60_000, minutes: by }
}

/** What a zone's clocks show, to the second: "2026-11-23T09:00:00". @param {string} zone @param {number} at */
export const clockText = (zone, at) => new Date(at + offsetOf(zone, at) * 60_000).toISOString().slice(0, 19)

/** The same as forms and the API write it: "2026-11-23T09:00". @param {string} zone @param {number} at */
export const localText = (zone, at) => clockText(zone, at).slice(0, 16)

/** Full hours from one instant to another that a zone's clocks show as every so many. @param {string} zone @param {number} from @param {number} until @param {number} every */
export function hoursBetween(zone, from, until, every) {
  const found = []
  for (let at = Math.ceil(from / HOUR_MS) * HOUR_MS; at <= until; at += HOUR_MS) {
    const shown = new Date(at + offsetOf(zone, at) * 60_000)
    const hour = shown.getUTCHours()
    if (hour % every === 0 && !shown.getUTCMinutes()) found.push({ at, hour })
  }
  return found
}
