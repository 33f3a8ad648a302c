// @ts-check
// One job: what it does, what came of it, and all that is known of it.

import { JobList } from "../joblist.js"
import { useJob } from "../jobs.js"
import { useOneJob } from "../onejob.js"
import { Attempts } from "../parts/attempts.js"
import { Empty } from "../parts/empty.js"
import { JobFacts } from "../parts/jobfacts.js"
import { JobLog } from "../parts/joblog.js"
import { JobRow } from "../parts/jobrow.js"
import { JobHead, JobProgress } from "../parts/jobview.js"
import { Heading } from "../parts/page.js"
import { PartsGrid } from "../parts/partsgrid.js"
import { Skeleton } from "../parts/skeleton.js"
import { Table } from "../parts/table.js"
import { Timeline } from "../parts/timeline.js"
import { Trouble } from "../parts/trouble.js"
import { address } from "../router.js"
import { useCell } from "../store.js"
import { jobs, jobView as say, views } from "../strings.js"
import { html, useEffect, useMemo } from "../vendor/htm-preact-standalone.js"

/** @param {{ id: string }} props */
export default function Job({ id }) {
  return html`<${One} key=${id} id=${id} />`
}

/** @param {{ id: string }} props */
function One({ id }) {
  const { model, state, error } = useOneJob(id)
  const found = useJob(id)
  const job = state === "ready" ? found : undefined
  return html`
    <${Heading} title=${job ? (job.label ?? job.job) : say.title}>
      <a class="back" href=${address("/jobs")}>${views.jobs}</a>
    <//>
    ${state === "failed" && (error?.code === "not_found" ? html`<${Empty} title=${say.missing}><p>${say.missingHelp}</p><//>` : html`<${Trouble} error=${error} again=${() => model.load()} />`)}
    ${state === "deleted" && html`<${Empty} title=${say.deleted} />`} ${state === "loading" && html`<${Skeleton} lines=${12} />`}
    ${job &&
    html`
      <${JobHead} job=${job} />
      <div class="jobcolumns">
        <div>
          <${JobProgress} job=${job} />
          ${job.parts ? html`<${PartsGrid} job=${job} model=${model} />` : html`<${Children} id=${id} />`}
          <${Attempts} job=${job} />
          <${JobLog} id=${id} />
        </div>
        <div><${JobFacts} job=${job} /></div>
      </div>
      <${Timeline} id=${id} model=${model} />
    `}
  `
}

const COLUMNS = ["status", "job", "progress", "left"].map((name) => ({ name, title: jobs[/** @type {"job"} */ (name)] }))

/** @param {{ id: string }} props */
function Children({ id }) {
  const list = useMemo(() => new JobList({ parentId: id }), [id])
  useEffect(() => () => list.close(), [list])
  const { ids, more } = useCell(list.cell)
  if (!ids.length) return null
  return html`
    <section class="card listing" aria-label=${say.children}>
      <header><h2>${say.children}</h2><a href=${address("/jobs", { parentId: id })}>${more ? say.allChildren : say.asList}</a></header>
      <${Table} class="jobs short" label=${say.children} columns=${COLUMNS} rows=${ids} keyOf=${(/** @type {string} */ one) => one} draw=${(/** @type {string} */ one) => html`<${JobRow} key=${one} id=${one} short />`} />
    </section>
  `
}
