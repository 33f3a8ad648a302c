// @ts-check
// A job as a page has it, and a drawer: what it is doing, what came of it, what can be done.

import { hasEnded } from "../jobs.js"
import { jobs as words, jobView as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { Curve } from "./curve.js"
import { Bar } from "./bar.js"
import { JobActs, RunAgain } from "./jobacts.js"
import { Left, shownProgress } from "./jobrow.js"
import { OutcomeCard } from "./outcome.js"
import { shownStatus, Status } from "./status.js"
import { Why } from "./why.js"

/** @typedef {import("../jobs.js").Job} Job */

/** What stands at the top of a job, with what can be done. @param {{ job: Job }} props */
export function JobHead({ job }) {
  const [repeating, setRepeating] = useState(false)
  const again = () => setRepeating(true)
  return html`
    <div class="jobhead">
      <${Status} status=${shownStatus(/** @type {any} */ (job))} />
      ${job.label && html`<span class="soft">${job.job}</span>`}
      <${JobActs} job=${job} again=${again} />
    </div>
    ${repeating && html`<${RunAgain} job=${job} close=${() => setRepeating(false)} />`}
  `
}

/** The bar and where it leads, or why it does not go on; then the outcome. @param {{ job: Job }} props */
export function JobProgress({ job }) {
  const [repeating, setRepeating] = useState(false)
  const going = job.status === "executing" || hasEnded(job)
  return html`
    <section class="card going" aria-label=${words.progress}>
      ${going && html`<${Figures} job=${job} />`}
      <${Why} job=${job} />
      <${Curve} id=${job.id} />
    </section>
    ${hasEnded(job) && html`<${OutcomeCard} job=${job} again=${() => setRepeating(true)} />`}
    ${repeating && html`<${RunAgain} job=${job} close=${() => setRepeating(false)} />`}
  `
}

/** @param {{ job: Job }} props */
function Figures({ job }) {
  const status = shownStatus(/** @type {any} */ (job))
  const progress = shownProgress(job)
  return html`
    <div class="figures">
      <strong class="percent">${progress === undefined ? "" : `${progress} %`}</strong>
      <span class="info">${hasEnded(job) && job.outcome?.message === job.info ? "" : job.info}</span>
      ${job.total && html`<span class="soft">${say.counted(job.done ?? 0, job.total)}</span>`}
      <${Left} job=${job} />
    </div>
    <${Bar} label=${words.barOf(job.job)} status=${status} progress=${progress} text=${job.info} />
  `
}
