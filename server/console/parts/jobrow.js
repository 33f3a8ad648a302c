// @ts-check
// A job as one line of a list: it is drawn again when that job changes, and its neighbours are not.

import { clock, day, lasted, moment, span } from "../format.js"
import { Icon } from "../icons.js"
import { hasEnded, useJob } from "../jobs.js"
import { address } from "../router.js"
import { useSession } from "../session.js"
import { jobs as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { Bar } from "./bar.js"
import { shownStatus, Status } from "./status.js"
import { Age, useNow } from "./time.js"

/** @typedef {import("../jobs.js").Job} Job */

/** @param {{ id: string, lead?: any, current?: boolean, short?: boolean }} props ``lead`` is its first cell; ``short`` leaves the last ones out */
export function JobRow({ id, lead, current, short }) {
  const job = useJob(id)
  if (!job) return null
  const status = shownStatus(/** @type {any} */ (job))
  return html`
    <tr data-id=${id} data-status=${status} aria-current=${current ? "true" : undefined}>
      ${lead}
      <td class="state"><${Status} status=${status} /></td>
      <td class="job">
        <a class="name" href=${address(`/jobs/${id}`)}>${job.job}</a>
        <span class="about">${about(job)}</span>
      </td>
      <td class="progress">
        <div class="cell">
          <${Bar} label=${say.barOf(job.job)} status=${status} progress=${shownProgress(job)} text=${job.info} />
          <span class="percent">${shownProgress(job) === undefined ? "" : `${shownProgress(job)} %`}</span>
          ${waitsForAck(job) && html`<span class="badge" title=${say.toAcknowledge}><${Icon} name="inbox" /><span class="words">${say.toAcknowledge}</span></span>`}
          <span class="info">${textOf(job)}</span>
        </div>
      </td>
      <td class="left"><div class="cell"><${Left} job=${job} /></div></td>
      ${!short && html`<td class="by"><${By} job=${job} /></td>`}
      ${!short && html`<td class="age"><${Age} at=${job.createdAt} /></td>`}
    </tr>
  `
}

/** @param {Job} job */
export function shownProgress({ status, progress }) {
  if (status === "complete") return 100
  // A job that waits for its next attempt begins anew.
  return status === "executing" || hasEnded({ status }) ? progress : undefined
}

/** Whether a person is still to say that they have seen what it came to. @param {Job} job */
export const waitsForAck = (job) => Boolean(hasEnded(job) && job.outcome?.acknowledge && !job.outcomeAcknowledgedAt)

/** What it is about: its label, what it works on, or its definition. @param {Job} job */
export function about({ label, subject, definition, part, tags }) {
  const what = label ?? definition ?? subject?.id ?? subject?.resource
  return [what, part && `${say.partOf} ${part}`, ...(tags ?? []).map((/** @type {string} */ tag) => `#${tag}`)].filter(Boolean).join(" · ")
}

/** What it says of itself; once it has ended, what it ended with. @param {Job} job */
export const textOf = ({ status, outcome, info }) => (hasEnded({ status }) ? (outcome?.message ?? outcome?.heading ?? info) : info) ?? ""

/** The time that is left, or how long it took. @param {{ job: Job }} props */
export function Left({ job }) {
  const { status, estimatedCompletionAt: end, stalledSince, scheduledAt, startedAt, finishedAt } = job
  const text = useNow((time) => {
    if (finishedAt) return startedAt ? say.took(lasted(Date.parse(finishedAt) - Date.parse(startedAt))) : ""
    if (status === "scheduled" && scheduledAt) return say.startsAt(day(scheduledAt, time))
    if (status !== "executing") return ""
    if (stalledSince) return say.stalled(span(time - Date.parse(stalledSince)))
    if (!end) return ""
    const left = Date.parse(end) - time
    return left > 500 ? say.timeLeft(span(left), clock(end)) : say.anyMoment
  }, [status, end, stalledSince, scheduledAt, startedAt, finishedAt])
  const at = finishedAt ?? end ?? scheduledAt
  return html`<span title=${at && moment(at)}>${text}</span>`
}

/** Who or what started it. @param {{ job: Job }} props */
export function By({ job: { startedBy, createdBy } }) {
  const { keyId } = useSession()
  const kind = startedBy?.kind ?? (createdBy?.startsWith("us_mem_") ? "person" : "api")
  const who = startedBy?.name ?? (createdBy === keyId ? say.you : startedBy?.topic)
  return html`<span title=${createdBy}>${say.kinds[kind] ?? kind}${who ? ` · ${who}` : ""}</span>`
}
