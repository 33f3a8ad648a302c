// @ts-check
// Jobs by their ids, as they are now. What changes is told to those alone who show that job.

import { isAfter } from "./positions.js"
import { drawSoon } from "./store.js"
import { useEffect, useState } from "./vendor/htm-preact-standalone.js"

/** @typedef {import("../client/tickwire.js").Job} ClientJob */
/** @typedef {ClientJob & { type: string, operation: string, createdAt: string, updatedAt: string, createdBy?: string, [more: string]: any }} Job */
/** ``more`` is whether the event at this position told more than progress. @typedef {{ job: Job, position: string, more: boolean, listed: number }} Known */

const ENDED = ["complete", "failed", "canceled"]
const MOVES = ["progress", "done", "total", "stalledSince", "estimatedCompletionAt"]

/** Whether an event tells how far a job is. @param {Record<string, any>} payload */
export const tellsMoves = (payload) => MOVES.some((name) => name in payload)

/** @param {{ status: string }} job */
export const hasEnded = ({ status }) => ENDED.includes(status)

/** @type {Map<string, Known>} */
const known = new Map()
/** Who is told of a job, also of one that is not known yet. @type {Map<string, Set<() => void>>} */
const watchers = new Map()

/** @param {string} id @returns {Job | undefined} */
export const jobOf = (id) => known.get(id)?.job

/**
 * What the server answered, as of a position of the log. What is known better already stays.
 * @param {Job[]} jobs @param {string} asOf
 */
export function put(jobs, asOf) {
  for (const job of jobs) {
    const found = known.get(job.id)
    if (!found) {
      known.set(job.id, { job, position: asOf, more: false, listed: 0 })
      watchers.get(job.id)?.forEach(drawSoon)
    } else if (!isAfter(found.position, asOf)) {
      found.position = asOf
      change(found, job)
    }
  }
}

/**
 * Take over what an event tells; whether it is more than progress. All who follow an event are answered the same, whoever of them hears it
 * first. Of a job that is not known it is so too: it may be on its way, or fit a filter from now on.
 * @param {import("../client/tickwire.js").LogEvent} event
 */
export function absorb({ topic, position, createdAt, context, payload }) {
  const found = known.get(context.jobId)
  if (position === found?.position) return found.more
  const moves = tellsMoves(payload)
  if (!found) return topic !== "job:updated" || !moves
  if (!isAfter(position, found.position)) return false
  found.position = position
  const { domain: _, isPart: __, parentId: ___, result, ...news } = payload
  const { estimatedCompletionAt, stalledSince, ...kept } = found.job
  const before = found.job.status
  change(found, { ...(moves ? kept : found.job), ...news, ...times(topic, news.status, found.job, createdAt) })
  found.more = before !== found.job.status || !moves
  return found.more
}

/** @param {string} topic @param {string} status @param {Job} job @param {string} at */
function times(topic, status, job, at) {
  if (topic === "job:outcome-acknowledged") return { updatedAt: at, outcomeAcknowledgedAt: at }
  if (status === job.status) return { updatedAt: at }
  const name = ENDED.includes(status) ? "finishedAt" : status === "executing" ? "startedAt" : status === "ready" ? "readyAt" : ""
  return { updatedAt: at, ...(name && { [name]: at }) }
}

/** The newest progress of a running job. @param {import("../client/tickwire.js").Tick} tick */
export function tick(tick) {
  const found = known.get(tick.id)
  if (!found || hasEnded(found.job)) return
  const { estimatedCompletionAt, stalledSince, ...kept } = found.job
  change(found, { ...kept, ...tick })
}

/** @param {Known} found @param {Job} job */
function change(found, job) {
  const { attempt, progress = 0 } = found.job
  // Answers may be older than ticks.
  const back = job.attempt === attempt && (job.progress ?? 0) < progress && !hasEnded(job)
  found.job = back ? { ...job, progress } : job
  watchers.get(job.id)?.forEach(drawSoon)
}

/** Keep jobs of a list as long as it shows them. @param {Iterable<string>} ids */
export function hold(ids) {
  for (const id of ids) {
    const found = known.get(id)
    if (found) found.listed += 1
  }
}

/** @param {Iterable<string>} ids */
export function release(ids) {
  for (const id of ids) {
    const found = known.get(id)
    if (!found) continue
    found.listed -= 1
    forget(id, found)
  }
}

/** @param {string} id @param {Known} found */
function forget(id, found) {
  if (found.listed < 1 && !watchers.has(id)) known.delete(id)
}

/** @param {string} id @param {() => void} told @returns {() => void} which ends it */
export function watch(id, told) {
  const those = watchers.get(id) ?? new Set()
  watchers.set(id, those.add(told))
  return () => {
    those.delete(told)
    if (those.size) return
    watchers.delete(id)
    const found = known.get(id)
    if (found) forget(id, found)
  }
}

/** Draw the component again when one of these jobs has changed. @param {string[]} ids */
export function useChanges(ids) {
  const [, draw] = useState(0)
  useEffect(() => {
    const again = () => draw((count) => count + 1)
    const ends = ids.map((id) => watch(id, again))
    again()
    return () => ends.forEach((end) => end())
  }, [ids.join()])
}

/** A job as it is; the component is drawn again when it changes. @param {string} id @returns {Job | undefined} */
export function useJob(id) {
  const [, draw] = useState(0)
  const shown = jobOf(id)
  useEffect(() => {
    const again = () => draw((count) => count + 1)
    // Effects come after a frame: what was told meanwhile was told to nobody.
    if (jobOf(id) !== shown) again()
    return watch(id, again)
  }, [id])
  return shown
}
