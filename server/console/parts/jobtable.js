// @ts-check
// What stands above rows of jobs, where their columns say enough by themselves: names for screen readers, and widths.

import { jobs as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"

const COLUMNS = [["c-status", say.status], ["c-job", say.job], ["c-progress", say.progress], ["c-left", say.left], ["c-by", say.by], ["c-age", say.age]] // prettier-ignore

export const JobHead = () => html`
  <colgroup>${COLUMNS.map(([name]) => html`<col key=${name} class=${name} />`)}</colgroup>
  <thead class="slim">
    <tr>${COLUMNS.map(([name, label]) => html`<th key=${name} scope="col" class=${name}><span class="unseen">${label}</span></th>`)}</tr>
  </thead>
`
