// @ts-check
// The filters of the list of jobs: how they stand in the address, and what the API is asked for by them.

/** @typedef {import("./router.js").Query} Query */

/** Names in the address, each a filter. */
export const NAMES = ["q", "status", "type", "job", "definition", "tag", "parentId", "since", "createdAfter", "createdBefore", "children"]
/** What of them calls about many jobs take too. */
const OF_BULK = ["status", "type", "job", "definition", "tag", "parentId", "createdAfter", "createdBefore"]

/** Spans before now, in milliseconds. */
export const SPANS = /** @type {Record<string, number>} */ ({ "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000, "30d": 2_592_000_000 })
export const UNFINISHED = ["created", "planning", "scheduled", "ready", "waiting", "executing"]
export const STATUSES = ["executing", "ready", "waiting", "scheduled", "planning", "created", "complete", "failed", "canceled"]

/** @param {URLSearchParams} query @returns {Record<string, string>} */
export function readFilters(query) {
  return Object.fromEntries(NAMES.flatMap((name) => (query.get(name) ? [[name, /** @type {string} */ (query.get(name))]] : [])))
}

/** The query of ``GET /v1/jobs``. @param {Record<string, string>} filters @param {number} now @returns {Query} */
export function asked({ since, children, ...filters }, now) {
  const after = since && SPANS[since] ? new Date(now - SPANS[since]).toISOString() : undefined
  return { createdAfter: after, ...filters, excludeChildJobs: children || filters.parentId ? undefined : true }
}

/**
 * The same as a filter of calls about many jobs; undefined where those know it not.
 * @param {Record<string, string>} filters @param {number} now
 */
export function asFilter(filters, now) {
  if (filters.q) return undefined
  const { excludeChildJobs, ...given } = asked(filters, now)
  const kept = Object.fromEntries(OF_BULK.filter((name) => given[name]).map((name) => [name, given[name]]))
  return { ...kept, ...(excludeChildJobs && { excludeChildJobs }) }
}
