// @ts-check
// The newest run of a definition: how it went, or how far it is.

import { useJob } from "../jobs.js"
import { address } from "../router.js"
import { definitions as say, jobs } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { Bar } from "./bar.js"
import { shownStatus, Status } from "./status.js"
import { Age } from "./time.js"

/** @param {{ definition: import("../launches.js").Definition }} props */
export function LastRun({ definition: { lastJob, name } }) {
  const job = useJob(lastJob?.jobId ?? "")
  if (!lastJob) return html`<span class="soft-cell">${say.neverRun}</span>`
  const status = job ? shownStatus(/** @type {any} */ (job)) : lastJob.status
  const isRunning = status === "executing" && job
  return html`
    <a class="lastrun" href=${address(`/jobs/${lastJob.jobId}`)}>
      <${Status} status=${status} /><span class="unseen">${say.lastRunOf(name)}</span>
      ${isRunning ? html`<${Bar} label=${jobs.barOf(name)} status=${status} progress=${job.progress} text=${job.info} />` : html`<small><${Age} at=${lastJob.finishedAt ?? lastJob.createdAt} /></small>`}
    </a>
  `
}
