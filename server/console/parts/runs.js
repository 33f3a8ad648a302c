// @ts-check
// The history as a table: what ran, what started it, and what became of it; and what did not run, and why.

import { day, moment, span } from "../format.js"
import { now } from "../live.js"
import { zone } from "../preferences.js"
import { address } from "../router.js"
import { RunList } from "../runlist.js"
import { useCell } from "../store.js"
import { runs as say } from "../strings.js"
import { html, useEffect, useMemo, useState } from "../vendor/htm-preact-standalone.js"
import { RunAgain } from "./runagain.js"
import { RunSummary } from "./runsummary.js"
import { canRunAgain, nameOf, outcomeOf, starterOf, statusOf } from "./runwords.js"
import { Skeleton } from "./skeleton.js"
import { Status } from "./status.js"
import { Trouble } from "./trouble.js"

/** @typedef {import("../timetable.js").Run} Run */

/**
 * Runs of some filters of the API.
 * @param {{ filters: import("../router.js").Query, label: string, none: any, brief?: boolean, above?: (runs: Run[], more: boolean) => any }} props
 * ``none`` stands where there are none, ``brief`` leaves out what is the same for all; ``above`` stands above the table
 */
export function Runs({ filters, label, none, brief = false, above }) {
  const key = JSON.stringify(filters)
  const list = useMemo(() => new RunList(filters), [key])
  useEffect(() => () => list.close(), [list])
  const { state, runs, fresh, more, error } = useCell(list.cell)
  return html`
    ${above?.(runs, more)}
    ${state === "loading" && html`<${Skeleton} lines=${6} />`}
    ${state === "failed" && html`<${Trouble} error=${error} again=${() => list.load()} />`}
    ${fresh > 0 && html`<p class="fresh-above"><button type="button" class="pill" onClick=${() => list.admit()}>${say.fresh(fresh)}</button></p>`}
    ${runs.length > 0 && html`<${Table} runs=${runs} list=${list} label=${label} brief=${brief} />`}
    ${more && html`<p class="more"><button type="button" onClick=${() => list.more()}>${say.older}</button></p>`}
    ${state === "ready" && !runs.length && none}
  `
}

/** @param {{ runs: Run[], list: RunList, label: string, brief: boolean }} props */
function Table({ runs, list, label, brief }) {
  const [asked, ask] = useState(/** @type {{ run: Run, what: "again" | "summary" } | null} */ (null))
  const close = () => ask(null)
  return html`
    <table class=${brief ? "rows runs brief" : "rows runs"} aria-label=${label} onMouseEnter=${() => list.hold(true)} onMouseLeave=${() => list.hold(false)}>
      <colgroup>
        <col class="c-result" />${!brief && html`<col class="c-what" />`}<col class="c-at" />${!brief && html`<col class="c-by" />`}<col class="c-took" /><col class="c-outcome" /><col class="c-acts" />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">${say.result}</th>
          ${!brief && html`<th scope="col">${say.what}</th>`}
          <th scope="col">${say.at}</th>
          ${!brief && html`<th scope="col">${say.trigger}</th>`}
          <th scope="col">${say.took}</th>
          <th scope="col">${say.outcome}</th>
          <th scope="col"><span class="unseen">${say.actions}</span></th>
        </tr>
      </thead>
      <tbody>
        ${runs.map((run) => html`<${Row} key=${run.id} run=${run} brief=${brief} ask=${ask} />`)}
      </tbody>
    </table>
    ${asked?.what === "again" && html`<${RunAgain} run=${asked.run} name=${nameOf(asked.run)} close=${close} />`}
    ${asked?.what === "summary" && html`<${RunSummary} run=${asked.run} close=${close} again=${() => ask({ run: asked.run, what: "again" })} />`}
  `
}

/** @param {{ run: Run, brief: boolean, ask: (asked: { run: Run, what: "again" | "summary" }) => void }} props */
function Row({ run, brief, ask }) {
  useCell(zone)
  const name = nameOf(run)
  const at = run.dueAt ?? run.createdAt
  const when = day(at, now())
  const outcome = outcomeOf(run)
  return html`
    <tr data-id=${run.id} data-result=${run.result}>
      <td><${Status} status=${statusOf(run)} /></td>
      ${!brief && html`<td class="what">${run.jobId ? html`<a class="name" href=${address(`/jobs/${run.jobId}`)}>${name}</a>` : html`<span class="name">${name}</span>`}${run.label && run.label !== name && html`<span class="about">${run.label}</span>`}${!run.jobId && html`<span class="about why">${outcome}</span>`}</td>`}
      <td class="at"><time dateTime=${at} title=${moment(at)}>${brief && run.jobId ? html`<a href=${address(`/jobs/${run.jobId}`)}>${when}</a>` : when}</time></td>
      ${!brief && html`<td class="by">${starterOf(run)}</td>`}
      <td class="took">${took(run)}</td>
      <td class="ending" title=${outcome}>${outcome}${run.fileCount > 0 && html`<span class="about">${say.files(run.fileCount)}</span>`}</td>
      <td class="acts">
        <button type="button" class="quiet" aria-label=${say.showOf(name)} onClick=${() => ask({ run, what: "summary" })}>${say.show}</button>
        ${canRunAgain(run) && html`<button type="button" class="quiet" aria-label=${say.againOf(name)} onClick=${() => ask({ run, what: "again" })}>${say.again}</button>`}
      </td>
    </tr>
  `
}

/** @param {Run} run */
const took = ({ startedAt, finishedAt, jobId }) => (jobId && startedAt && finishedAt ? span(Date.parse(finishedAt) - Date.parse(startedAt)) : "")
