// @ts-check
// The audit: who has changed what, from where, and how it was before.

import { day, moment } from "../format.js"
import { now } from "../live.js"
import { AuditFilters, FILTERS } from "../parts/auditfilters.js"
import { AuditLine } from "../parts/auditline.js"
import { Empty } from "../parts/empty.js"
import { Export } from "../parts/export.js"
import { Heading } from "../parts/page.js"
import { Settings } from "../parts/settings.js"
import { Skeleton } from "../parts/skeleton.js"
import { Table } from "../parts/table.js"
import { Trouble } from "../parts/trouble.js"
import { zone } from "../preferences.js"
import { useReading } from "../reading.js"
import { address, usePlace } from "../router.js"
import { useCell } from "../store.js"
import { audit as say, settings } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../parts/auditline.js").Line} Line */

/** Of most lines there is an event; of some, such as log-ins, there is none. */
const TOPICS = ["member:*", "key:*", "secret:*", "space:*", "definition:*", "schedule:*", "action:*", "hook:*", "endpoint:*", "job-type:*"]
const EVERY_MS = 10_000
const FORMS = /** @type {const} */ (["csv", "jsonl"])
const COLUMNS = ["at", "action", "who", "target"].map((name) => ({ name, title: say.columns[name] }))
/** Members and keys that have names here; lists of the API have no more on one page. */
const MOST_NAMES = 1_000

export default () => html`<${Settings} name="audit"><${Audit} /><//>`

/** Names of members and keys by their ids. @returns {Map<string, string>} */
function useNames() {
  const members = useReading("/v1/members", { pageSize: MOST_NAMES }, { topics: ["member:*"] })
  const keys = useReading("/v1/keys", { pageSize: MOST_NAMES }, { topics: ["key:*"] })
  return new Map([...(members.data ?? []), ...(keys.data ?? [])].map(({ id, name }) => /** @type {[string, string]} */ ([id, name])))
}

function Audit() {
  const { query } = usePlace()
  useCell(zone)
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, query.get(name)]))
  const { data, cursor, error, again, more } = useReading("/v1/audit", wanted, { topics: TOPICS, everyMs: EVERY_MS })
  const names = useNames()
  const [open, setOpen] = useState("")
  const isFiltered = Object.values(wanted).some(Boolean)
  const turn = (/** @type {string} */ id) => setOpen(open === id ? "" : id)
  const draw = (/** @type {Line} */ line) => html`<${Row} key=${line.id} line=${line} names=${names} open=${open === line.id} turn=${turn} />`
  return html`
    <${Heading} title=${settings.pages.audit}>
      <span class="aside">${FORMS.map((form) => html`<${Export} key=${form} what="audit" wanted=${wanted} form=${form}>${say.exportAs[form]}<//>`)}</span>
    <//>
    <${AuditFilters} wanted=${wanted} names=${names} />
    <${Trouble} error=${error} again=${again} />
    ${data === undefined && !error && html`<${Skeleton} lines=${12} />`}
    ${data?.length > 0 && html`<${Table} label=${settings.pages.audit} class="settings-audit" columns=${COLUMNS} rows=${data} draw=${draw} open=${turn} />`}
    ${cursor && html`<p class="more"><button type="button" onClick=${more}>${say.older}</button></p>`}
    ${data?.length === 0 && html`<${Empty} title=${isFiltered ? say.noneFiltered : say.none}>${isFiltered && html`<p><a href=${address("/settings/audit")}>${say.clear}</a></p>`}<//>`}
  `
}

/** @param {{ line: Line, names: Map<string, string>, open: boolean, turn: (id: string) => void }} props */
function Row({ line, names, open, turn }) {
  const { id, at, actor, action, target } = line
  const who = names.get(actor) ?? actor
  return html`
    <tr data-id=${id}>
      <td class="soft"><time dateTime=${at} title=${moment(at)}>${day(at, now())}</time></td>
      <td>
        <button type="button" class="quiet what" aria-expanded=${open} onClick=${() => turn(id)}>${action}</button>
        <span class="beneath">${who}</span>
      </td>
      <td title=${actor}>${who}</td>
      <td class="soft" title=${names.get(target)}><code>${target}</code></td>
    </tr>
    ${open && html`<tr class="opened"><td colspan="4"><${AuditLine} line=${line} names=${names} /></td></tr>`}
  `
}
