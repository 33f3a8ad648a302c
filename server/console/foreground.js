// @ts-check
// Jobs that ask for more than a line in the list: those in the foreground, of whoever looks on.

import { get, part } from "./api.js"
import { UNFINISHED } from "./jobfilters.js"
import { follow } from "./live.js"
import { inBackground } from "./preferences.js"
import { session } from "./session.js"
import { Cell } from "./store.js"

/** @typedef {import("./jobs.js").Job} Job */

const REMEMBERED = 50

/** The ids of jobs in the foreground that are shown one after the other. @type {Cell<string[]>} */
export const foreground = new Cell(/** @type {string[]} */ ([]))

/** Done when all that was heard of is taken. */
let taken = Promise.resolve()

/** Leave a job to go on by itself, or done with. @param {string} id */
export function dismiss(id) {
  foreground.set(foreground.value.filter((one) => one !== id))
  inBackground.set([...inBackground.value.filter((one) => one !== id), id].slice(-REMEMBERED))
}

/** Look out for such jobs, as long as somebody is logged in. @returns {() => void} which ends it */
export function watch() {
  const gone = new AbortController()
  let stop = () => {}
  const begin = async () => {
    const query = { status: UNFINISHED.join(), quick: true, pageSize: 200, excludeChildJobs: true }
    const page = await get("/v1/jobs", query, gone.signal)
    if (gone.signal.aborted) return
    for (const job of [...page.data].sort((/** @type {Job} */ one, /** @type {Job} */ other) => (one.id < other.id ? -1 : 1))) take(job)
    stop = follow(["job:created", "job:ready"], page.asOf, { onEvent: hear, onGap: start })
  }
  // Without it the list still shows them: it is no error of the page.
  const start = () => void begin().catch(() => {})
  start()
  return () => {
    gone.abort()
    stop()
    foreground.set([])
  }
}

/** @param {import("../client/tickwire.js").LogEvent} event */
function hear({ context, payload }) {
  if (payload.parentId || payload.mode !== "foreground") return
  const read = get(`/v1/jobs/${part(context.jobId)}`).then(({ data }) => data, () => undefined)
  // They come in the order of their events, whichever is read first.
  taken = taken.then(async () => {
    const job = await read
    if (job) take(job)
  })
}

/** @param {Job} job */
function take({ id, mode, createdBy }) {
  const mine = createdBy === session.value?.keyId
  if (mode !== "foreground" || !mine || foreground.value.includes(id) || inBackground.value.includes(id)) return
  foreground.set([...foreground.value, id])
}
