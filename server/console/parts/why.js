// @ts-check
// Why a job is not running, and what would let it.

import { get, part } from "../api.js"
import { day, span } from "../format.js"
import { address } from "../router.js"
import { ended } from "../session.js"
import { why as say } from "../strings.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"
import { CodeBlock } from "./copy.js"
import { Status } from "./status.js"
import { useNow } from "./time.js"

/** @typedef {import("../jobs.js").Job} Job */

const AGAIN_MS = 5_000

/** @param {{ job: Job }} props nothing, where it runs or has ended */
export function Why({ job }) {
  switch (job.status) {
    case "created":
      return html`<p>${say.created}</p>`
    case "planning":
      return html`<p>${say.planning}</p>`
    case "scheduled":
      return html`<${Scheduled} job=${job} />`
    case "waiting":
      return html`<${Waiting} job=${job} />`
    case "ready":
      return html`<${Ready} job=${job} />`
    default:
      return job.cancelRequestedAt && job.status === "executing" ? html`<p>${say.stopping}</p>` : null
  }
}

/** @param {{ job: Job }} props */
function Scheduled({ job }) {
  const text = useNow((time) => {
    const left = Date.parse(job.scheduledAt) - time
    return left > 0 ? say.scheduled(day(job.scheduledAt, time), span(left)) : say.scheduledNow
  }, [job.scheduledAt])
  return html`<p>${text}${job.attempt > 0 ? ` ${say.afterAttempt(job.attempt, job.maxAttempts)}` : ""}</p>`
}

/** @param {{ job: Job }} props */
function Waiting({ job }) {
  const [others, setOthers] = useState(/** @type {Job[]} */ ([]))
  const ids = /** @type {string[]} */ (job.predecessorIds ?? [])
  useEffect(() => repeat((signal) => Promise.all(ids.slice(0, 20).map((id) => get(`/v1/jobs/${part(id)}`, {}, signal).then(({ data }) => data, () => null))).then((found) => setOthers(found.filter(Boolean)))), [job.id])
  const open = others.filter(({ status }) => status !== "complete")
  if (!ids.length) return html`<p>${job.part === undefined ? say.waiting : say.turn}</p>`
  return html`
    <p>${say.predecessors(ids.length)}</p>
    <ul class="told">
      ${open.map((one) => html`<li key=${one.id}><${Status} status=${one.status} short /> <a href=${address(`/jobs/${one.id}`)}>${one.label ?? one.job}</a></li>`)}
    </ul>
  `
}

/** @param {{ job: Job }} props */
function Ready({ job }) {
  const [online, setOnline] = useState(/** @type {boolean | null} */ (null))
  useEffect(() => repeat(async (signal) => {
    const found = await get("/v1/job-types", { q: job.job, pageSize: 50 }, signal)
    const mine = found.data.filter((/** @type {any} */ one) => one.name === job.job || `${one.domain}:${one.operation}` === job.job)
    setOnline(mine.some((/** @type {any} */ one) => one.online))
  }), [job.job])
  if (online === null) return html`<p>${say.ready}</p>`
  if (online) return html`<p>${say.busy(job.job)}</p>`
  return html`<p>${say.nobody(job.job)}</p><${CodeBlock} label="shell" text=${say.listen} />`
}

/** Now, and every few seconds. @param {(signal: AbortSignal) => Promise<void>} look */
function repeat(look) {
  const stop = new AbortController()
  const again = () => look(stop.signal).catch(() => {})
  again()
  const timer = setInterval(() => document.visibilityState === "visible" && !ended.value && again(), AGAIN_MS)
  return () => {
    stop.abort()
    clearInterval(timer)
  }
}
