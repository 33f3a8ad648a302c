// @ts-check
// Times as the fields of browsers have them, which know no zone: "2026-01-31T09:00" is meant in the zone of the viewer.

import { ownZone, zone } from "./preferences.js"
import { clockText, offsetOf } from "./zones.js"

const DAY_MS = 86_400_000
const viewer = () => zone.value || ownZone

export const zoneName = () => viewer().replaceAll("_", " ")

/** @param {string} iso @param {string} [inZone] */
export function toLocal(iso, inZone = viewer()) {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return ""
  return clockText(inZone, at).replace(/:00$/, "")
}

/** The moment at which clocks of the zone show this; of two the first, and in a gap as if there was none. @param {string} text @param {string} [inZone] */
export function fromLocal(text, inZone = viewer()) {
  const shown = Date.parse(`${text}Z`)
  if (Number.isNaN(shown)) return undefined
  const offset = (/** @type {number} */ at) => offsetOf(inZone, at) * 60_000
  const [before, after] = [shown - offset(shown - DAY_MS), shown - offset(shown + DAY_MS)]
  const fits = [Math.min(before, after), Math.max(before, after)].find((at) => at + offset(at) === shown)
  return new Date(fits ?? before).toISOString()
}
