// @ts-check
// How often a job was tried, and why each attempt ended.

import { get, part } from "../api.js"
import { clock, lasted, moment } from "../format.js"
import { hasEnded } from "../jobs.js"
import { attempts as say, statuses } from "../strings.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"
import { useNow } from "./time.js"

/** @typedef {{ attempt: number, fence: number, reason: string, message?: string, startedAt?: string, endedAt: string }} Attempt */

/** @param {{ job: import("../jobs.js").Job }} props */
export function Attempts({ job }) {
  const [ended, setEnded] = useState(/** @type {Attempt[]} */ ([]))
  useEffect(() => {
    const stop = new AbortController()
    get(`/v1/jobs/${part(job.id)}/attempts`, {}, stop.signal).then(({ data }) => setEnded(data), () => {})
    return () => stop.abort()
  }, [job.id, job.attempt, job.fence, job.status])
  const now = useNow((time) => (hasEnded(job) ? 0 : Math.floor(time / 1000) * 1000), [job.status])
  if (!ended.length) return null
  const known = ended.some(({ fence }) => fence === job.fence)
  const last = known || !job.attempt ? [] : [{ attempt: job.attempt, fence: job.fence, reason: "", message: "", startedAt: started(job, ended), endedAt: job.finishedAt }]
  const all = [...ended, ...last]
  const begin = Math.min(...all.flatMap(({ startedAt, endedAt }) => (startedAt ?? endedAt ? [Date.parse(startedAt ?? endedAt)] : [])))
  const end = Math.max(now, ...all.map(({ endedAt }) => Date.parse(endedAt) || 0), begin + 1)
  const share = (/** @type {number} */ at) => `${(((at - begin) / (end - begin)) * 100).toFixed(2)}%`
  return html`
    <section class="card" aria-label=${say.title}>
      <header><h2>${say.title}</h2><span class="soft">${say.of(job.attempt, job.maxAttempts)}</span></header>
      <ol class="jobattempts">
        ${all.map(({ attempt, fence, reason, message, startedAt, endedAt }) => {
          const from = Date.parse(startedAt ?? endedAt)
          const to = endedAt ? Date.parse(endedAt) : now || end
          const status = reason ? "failed" : job.status
          return html`
            <li key=${fence}>
              <span class="number">${attempt}</span>
              <div class="stretch" data-status=${status}><div style=${{ left: share(from), width: share(begin + to - from) }}></div></div>
              <span class="when" title=${startedAt && moment(startedAt)}>${startedAt ? clock(startedAt, { seconds: true }) : ""} · ${lasted(to - from)}</span>
              <span class="reason">${reason ? `${say.reasons[reason] ?? reason.replaceAll("_", " ")}` : statuses[job.status]}${message ? html`: ${message}` : ""}</span>
            </li>
          `
        })}
      </ol>
    </section>
  `
}

/** When the present attempt began: the first start of the job is that of its first attempt. @param {import("../jobs.js").Job} job @param {Attempt[]} ended */
function started(job, ended) {
  const before = ended.at(-1)?.endedAt
  return job.startedAt && (!before || job.startedAt > before) ? job.startedAt : (job.readyAt ?? before)
}
