// @ts-check
// Numbers and times as people read them.

import { ownZone, zone } from "./preferences.js"
import { units } from "./strings.js"

const THIN = "\u2009"
const DAY_S = 86_400

/** 1234567 as 1 234 567. @param {number} number */
export function count(number) {
  const [whole, rest] = String(Math.abs(number)).split(".")
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, THIN) : whole
  return (number < 0 ? "\u2212" : "") + grouped + (rest ? `.${rest}` : "")
}

/** 72 s as "1 m 12 s": the two largest units. @param {number} ms */
export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 60) return `${s} ${units.s}`
  if (s < 3600) return both(Math.floor(s / 60), units.m, s % 60, units.s)
  if (s < DAY_S) return both(Math.floor(s / 3600), units.h, Math.floor((s % 3600) / 60), units.m)
  return both(Math.floor(s / DAY_S), units.d, Math.floor((s % DAY_S) / 3600), units.h)
}

/** How long something took: below ten seconds with tenths. @param {number} ms */
export const lasted = (ms) => (ms < 9_950 ? `${(Math.max(0, ms) / 1000).toFixed(1)} ${units.s}` : span(ms))

/** @param {number} large @param {string} unit @param {number} small @param {string} smaller */
const both = (large, unit, small, smaller) => `${large} ${unit}` + (small ? ` ${small} ${smaller}` : "")

/** 72 s as "1 m": the largest unit alone, for ages. @param {number} ms */
export function rough(ms) {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 60) return `${s} ${units.s}`
  if (s < 3600) return `${Math.floor(s / 60)} ${units.m}`
  if (s < DAY_S) return `${Math.floor(s / 3600)} ${units.h}`
  return `${Math.floor(s / DAY_S)} ${units.d}`
}

/** @param {number} bytes */
export function size(bytes) {
  const steps = ["B", "kB", "MB", "GB", "TB"]
  const at = Math.min(steps.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const value = bytes / 1000 ** at
  return `${at && value < 10 ? value.toFixed(1) : Math.round(value)} ${steps[at]}`
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const made = new Map()

/** @param {string} inZone @param {Intl.DateTimeFormatOptions} options */
export function formatter(inZone, options) {
  const key = inZone + JSON.stringify(options)
  const found = made.get(key) ?? new Intl.DateTimeFormat("en-GB", { ...options, timeZone: inZone })
  made.set(key, found)
  return found
}

/** The zone in which times are shown. */
export const viewer = () => zone.value || ownZone

/** "14:32", or with the seconds "14:32:05". @param {string | number} at @param {{ seconds?: boolean }} [how] */
export function clock(at, { seconds = false } = {}) {
  return formatter(viewer(), { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined }).format(new Date(at))
}

/** "22 Nov 2026, 14:32:05 CET", in the viewer's zone or another. @param {string | number} at @param {string} [inZone] */
export function moment(at, inZone = viewer()) {
  return formatter(inZone, {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
  }).format(new Date(at)) // prettier-ignore
}

/** "14:32" today, "22 Nov, 14:32" else. @param {string | number} at @param {number} now */
export function day(at, now) {
  const short = formatter(viewer(), { day: "numeric", month: "short" })
  const date = short.format(new Date(at))
  return date === short.format(new Date(now)) ? clock(at) : `${date}, ${clock(at)}`
}

/** "Mon 23 Nov, 09:00" in a zone; with seconds where it has some. @param {string | number} at @param {string} [inZone] */
export function weekday(at, inZone = viewer()) {
  const moment = new Date(at)
  const second = moment.getTime() % 60_000 ? "2-digit" : undefined
  const text = formatter(inZone, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second }).format(moment)
  return text.replace(",", "")
}
