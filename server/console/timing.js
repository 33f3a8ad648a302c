// @ts-check
// A timing as a form holds it, and as the API takes it. Pure.

/** @typedef {"repeat" | "cron" | "once"} Kind */
/**
 * @typedef {object} Draft all that the form holds, also of the kinds that are not chosen now
 * @property {Kind} kind
 * @property {string} cron
 * @property {"" | "unix" | "quartz"} dialect
 * @property {string} once
 * @property {number} [every]
 * @property {"minutes" | "hours" | "days" | "weeks" | "months"} unit
 * @property {string} begin of a repetition
 * @property {string[]} weekdays
 * @property {"day" | "nth"} monthly
 * @property {string} day
 * @property {string} nth
 * @property {string} weekday
 * @property {"never" | "until" | "count"} ends
 * @property {string} until
 * @property {number} [count]
 * @property {string} timeZone
 * @property {"next-valid" | "skip"} gap
 * @property {"first" | "both"} fold
 * @property {string} start
 * @property {string} end
 */

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
export const UNITS = /** @type {const} */ (["minutes", "hours", "days", "weeks", "months"])
const CRONS = 5

/** A new one: each day at the next full hour. @param {string} timeZone @param {string} nowLocal what its clocks show, "2026-11-23T09:14" @returns {Draft} */
export function freshDraft(timeZone, nowLocal) {
  const next = new Date(Date.parse(`${nowLocal.slice(0, 13)}:00Z`) + 3_600_000).toISOString().slice(0, 16)
  return {
    kind: "repeat", cron: "0 9 * * 1-5", dialect: "", once: next, every: 1, unit: "days", begin: next, weekdays: [], monthly: "day",
    day: String(Number(next.slice(8, 10))), nth: "1", weekday: "mon", ends: "never", until: "", count: 10, timeZone, gap: "next-valid",
    fold: "first", start: "", end: "",
  } // prettier-ignore
}

/** @param {Record<string, any>} schedule as the API shows it @param {Draft} fresh @returns {Draft} */
export function draftOf(schedule, fresh) {
  const { cron, repeat, once, dialect, timeZone, gap, fold, start = "", end = "" } = schedule
  const common = { ...fresh, timeZone, gap: gap ?? "next-valid", fold: fold ?? "first", start, end }
  if (cron) return { ...common, kind: "cron", cron, dialect: dialect ?? "" }
  if (once) return { ...common, kind: "once", once }
  const { every, unit, start: begin, weekdays = [], day, nth, weekday, until, count } = repeat
  return {
    ...common, kind: "repeat", every, unit, begin: begin.length > 10 ? begin : `${begin}T00:00`, weekdays, monthly: nth ? "nth" : "day",
    day: String(day ?? Number(begin.slice(8, 10))), nth: String(nth ?? fresh.nth), weekday: weekday ?? fresh.weekday,
    ends: until ? "until" : count ? "count" : "never", until: until ?? "", count: count ?? fresh.count,
  } // prettier-ignore
}

/** What the API takes. @param {Draft} draft @returns {Record<string, any>} */
export function timingOf(draft) {
  const { kind, cron, dialect, once, timeZone, gap, fold, start, end } = draft
  const said = kind === "cron" ? { cron, ...(dialect && { dialect }) } : kind === "once" ? { once } : { repeat: repeatOf(draft) }
  const bounds = kind === "once" ? {} : { ...(start && { start }), ...(end && { end }) }
  return { ...said, timeZone, gap, fold, ...bounds }
}

/** @param {Draft} draft */
function repeatOf({ every, unit, begin, weekdays, monthly, day, nth, weekday, ends, until, count }) {
  const number = (/** @type {string} */ text) => (text === "last" ? "last" : Number(text))
  return {
    every, unit, start: begin,
    ...(unit === "weeks" && weekdays.length > 0 && { weekdays: WEEKDAYS.filter((one) => weekdays.includes(one)) }),
    ...(unit === "months" && (monthly === "nth" ? { nth: number(nth), weekday } : { day: number(day) })),
    ...(ends === "until" && until && { until }),
    ...(ends === "count" && { count }),
  } // prettier-ignore
}

/**
 * The same at another minute; null where its expression names more than one.
 * @param {Draft} draft @param {string} from the local time that it is due at first @param {string} to the free one
 * @returns {Draft | null}
 */
export function moved(draft, from, to) {
  const [hour, minute] = [to.slice(11, 13), to.slice(14, 16)]
  if (draft.kind === "once") return { ...draft, once: to.slice(0, 16) }
  if (draft.kind === "repeat") {
    if (draft.unit === "minutes" || draft.unit === "hours") return { ...draft, begin: to.slice(0, 16) }
    return to.slice(0, 10) === from.slice(0, 10) ? { ...draft, begin: `${draft.begin.slice(0, 10)}T${hour}:${minute}` } : null
  }
  const fields = draft.cron.trim().split(/\s+/)
  const at = fields.length > CRONS ? 1 : 0
  const isSameHour = to.slice(0, 13) === from.slice(0, 13)
  if (fields.length < CRONS || !/^\d+$/.test(fields[at])) return null
  if (!isSameHour && (!/^\d+$/.test(fields[at + 1]) || to.slice(0, 10) !== from.slice(0, 10))) return null
  fields[at] = String(Number(minute))
  if (!isSameHour) fields[at + 1] = String(Number(hour))
  return { ...draft, cron: fields.join(" ") }
}
