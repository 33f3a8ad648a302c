// @ts-check
// What became of due times, and which come: the ticks of a strip. Pure.

/** @typedef {import("./timetable.js").Run} Run */
/** @typedef {import("./timetable.js").Shown} Shown */
/** @typedef {"ran" | "partial" | "failed" | "canceled" | "running" | "skipped" | "coming" | "leftOut"} Kind */
/** @typedef {{ at: number, until: number, kind: Kind, count: number, reason?: string, jobId?: string }} Slot */
/** @typedef {{ at: number, until: number, kind: Kind, slots: Slot[] }} Tick */

const KINDS = /** @type {Record<string, Kind>} */ ({
  running: "running", success: "ran", partial: "partial", failed: "failed", canceled: "canceled", skipped: "skipped",
}) // prettier-ignore
/** Of several in one place the first of these is shown. */
const WORST = ["failed", "partial", "skipped", "leftOut", "canceled", "running", "ran", "coming"]

/** @param {Shown} schedule @param {Iterable<Run>} runs of any schedules @returns {Slot[]} */
export function slotsOf(schedule, runs) {
  /** @type {Slot[]} */
  const found = []
  for (const run of runs) {
    if (run.trigger.scheduleId !== schedule.id) continue
    const at = Date.parse(run.dueAt ?? run.createdAt)
    const until = run.untilAt ? Date.parse(run.untilAt) : at
    const reason = run.error?.message ?? (run.jobId ? undefined : run.message)
    found.push({ at, until, kind: KINDS[run.result] ?? "ran", count: run.count ?? 1, reason, jobId: run.jobId })
  }
  const known = new Set(found.map(({ at }) => at))
  for (const { utc, note, skipped } of schedule.due ?? []) {
    const at = Date.parse(utc)
    if (!known.has(at)) found.push({ at, until: at, kind: skipped ? "leftOut" : "coming", count: 1, reason: note })
  }
  return found.sort((one, other) => one.at - other.at)
}

/**
 * Slots that would lie upon each other become one tick.
 * @param {Slot[]} slots in order @param {number} from @param {number} until @param {number} count how many ticks have room
 * @returns {Tick[]}
 */
export function ticksOf(slots, from, until, count) {
  const width = (until - from) / count
  /** @type {Map<string, Slot[]>} */
  const places = new Map()
  for (const slot of slots) {
    if (slot.until < from || slot.at > until) continue
    // What comes is no part of what was, though it lies beside it.
    const key = `${Math.floor((slot.at - from) / width)} ${slot.kind === "coming" || slot.kind === "leftOut"}`
    places.set(key, [...(places.get(key) ?? []), slot])
  }
  return [...places.values()].map((together) => {
    const kind = /** @type {Kind} */ (WORST.find((one) => together.some((slot) => slot.kind === one)))
    return { at: together[0].at, until: Math.max(...together.map((slot) => slot.until)), kind, slots: together }
  })
}

/** How many of each kind. @param {Slot[]} slots @returns {Map<Kind, number>} */
export function counts(slots) {
  /** @type {Map<Kind, number>} */
  const found = new Map()
  for (const { kind, count } of slots) found.set(kind, (found.get(kind) ?? 0) + count)
  return found
}
