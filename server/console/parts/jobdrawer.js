// @ts-check
// A job beside the list.

import { useJob } from "../jobs.js"
import { useOneJob } from "../onejob.js"
import { address } from "../router.js"
import { jobView as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { Drawer } from "./drawer.js"
import { JobFacts } from "./jobfacts.js"
import { JobHead, JobProgress } from "./jobview.js"
import { PartsGrid } from "./partsgrid.js"
import { Skeleton } from "./skeleton.js"
import { Trouble } from "./trouble.js"

/** @param {{ id: string, close: () => void }} props */
export function JobDrawer({ id, close }) {
  const { model, state, error } = useOneJob(id)
  const found = useJob(id)
  const job = state === "ready" ? found : undefined
  return html`
    <${Drawer} title=${job ? (job.label ?? job.job) : say.title} label=${say.title} close=${close} href=${address(`/jobs/${id}`)}>
      <${Trouble} error=${error} again=${() => model.load()} />
      ${state === "deleted" && html`<p class="soft">${say.deleted}</p>`}
      ${state === "loading" && html`<${Skeleton} />`}
      ${job &&
      html`
        <${JobHead} job=${job} /><${JobProgress} job=${job} />
        ${job.parts && html`<${PartsGrid} job=${job} model=${model} />`}
        <${JobFacts} job=${job} />
      `}
    <//>
  `
}
