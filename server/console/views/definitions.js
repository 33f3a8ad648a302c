// @ts-check
// All definitions: how they are, when they ran last, and when they run next.

import { get, patch } from "../api.js"
import { day, moment, rough } from "../format.js"
import { Icon } from "../icons.js"
import { put } from "../jobs.js"
import { pathOf } from "../launches.js"
import { announce } from "../parts/announce.js"
import { Empty } from "../parts/empty.js"
import { Health } from "../parts/health.js"
import { LastRun } from "../parts/lastrun.js"
import { Launch } from "../parts/launch.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Switch } from "../parts/switch.js"
import { useNow } from "../parts/time.js"
import { told, Trouble } from "../parts/trouble.js"
import { useAnswer } from "../answers.js"
import { address, setQuery, usePlace } from "../router.js"
import { may } from "../session.js"
import { definitions as say, launch } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

const PAGE_SIZE = 100
const TOPICS = ["definition:*", "schedule:*", "job:created", "job:completed", "job:failed", "job:canceled"]
const FILTERS = /** @type {const} */ ([
  [{}, say.all],
  [{ health: "failed" }, say.failing],
  [{ enabled: "true" }, say.enabled],
  [{ enabled: "false" }, say.off],
])

/** @typedef {import("../launches.js").Definition} Definition */

/** @param {import("../live.js").LogEvent} event */
const concerns = ({ topic, payload }) => !topic.startsWith("job:") || Boolean(payload.definition)

/** Pages of the list, and the running jobs, of which the rows show how far they are. @param {import("../router.js").Query} filters @param {number} pages */
const reader = (filters, pages) => async (/** @type {AbortSignal} */ signal) => {
  const running = get("/v1/jobs", { status: "executing", pageSize: PAGE_SIZE }, signal)
  const first = await get("/v1/job-definitions", { ...filters, pageSize: PAGE_SIZE }, signal)
  const rows = [...first.data]
  let { cursor } = first
  for (let page = 1; page < pages && cursor; page += 1) {
    const next = await get("/v1/job-definitions", { ...filters, pageSize: PAGE_SIZE, cursor }, signal)
    rows.push(...next.data)
    cursor = next.cursor
  }
  const { data, asOf } = await running
  put(data, asOf)
  return { data: { rows: /** @type {Definition[]} */ (rows), more: Boolean(cursor) }, asOf: first.asOf }
}

export default function Definitions() {
  const { query } = usePlace()
  const [pages, setPages] = useState(1)
  const filters = Object.fromEntries(["q", "health", "enabled", "jobType", "target"].map((name) => [name, query.get(name)]))
  const { data, error, again } = useAnswer(reader(filters, pages), TOPICS, [JSON.stringify(filters), pages], concerns)
  const isFiltered = Object.values(filters).some(Boolean)
  return html`
    <${Heading} title=${say.title}>
      <span class="actions">
        <a class="button" href=${address("/types")}>${say.types}</a>
        ${may("define") && html`<a class="button primary" href=${address("/new-definition")}><${Icon} name="add" />${say.create}</a>`}
      </span>
    <//>
    ${(isFiltered || (data && data.rows.length > 0)) && html`<${Filters} />`}
    ${error && html`<${Trouble} error=${error} again=${again} />`}
    ${!data && !error && html`<${Skeleton} lines=${10} />`}
    ${data && data.rows.length > 0 && html`<${Table} rows=${data.rows} />`}
    ${data?.more && html`<p class="more"><button type="button" onClick=${() => setPages(pages + 1)}>${say.more}</button></p>`}
    ${data && !data.rows.length && (isFiltered ? html`<${Empty} title=${say.noneFitting}><p><a href=${address("/definitions")}>${say.clear}</a></p><//>` : html`<${None} />`)}
  `
}

function Filters() {
  const { query } = usePlace()
  const chosen = (/** @type {Record<string, string>} */ one) => ["health", "enabled"].every((name) => (query.get(name) ?? "") === (one[name] ?? ""))
  return html`
    <div class="filters">
      <label class="search">
        <${Icon} name="search" /><span class="unseen">${say.search}</span>
        <input type="search" placeholder=${say.search} value=${query.get("q") ?? ""} onInput=${(/** @type {any} */ event) => setQuery({ q: event.currentTarget.value })} />
      </label>
      <div class="segmented" role="group" aria-label=${say.show}>
        ${FILTERS.map(
          ([one, label]) => html`
            <button key=${label} type="button" aria-pressed=${chosen(one)} onClick=${() => setQuery({ health: null, enabled: null, ...one })}>${label}</button>
          `,
        )}
      </div>
    </div>
  `
}

/** @param {{ rows: Definition[] }} props */
const Table = ({ rows }) => html`
  <table class="rows definitions">
    <colgroup><col class="c-on" /><col /><col class="c-health" /><col class="c-last" /><col class="c-next" /><col class="c-act" /></colgroup>
    <thead>
      <tr>
        <th scope="col"><span class="unseen">${say.enabled}</span></th>
        <th scope="col">${say.name}</th>
        <th scope="col">${say.health}</th>
        <th scope="col">${say.last}</th>
        <th scope="col">${say.next}</th>
        <th scope="col"><span class="unseen">${launch.launch}</span></th>
      </tr>
    </thead>
    <tbody>
      ${rows.map((row) => html`<${Row} key=${row.id} definition=${row} />`)}
    </tbody>
  </table>
`

/** @param {{ definition: Definition }} props */
function Row({ definition }) {
  const { jobDefinitionCode: code, name, jobType, enabled, nextAt } = definition
  return html`
    <tr data-code=${code} data-off=${enabled ? undefined : ""}>
      <td><${EnableSwitch} definition=${definition} /></td>
      <td><div class="titled"><a class="name" href=${address(`/definitions/${encodeURIComponent(code)}`)}>${name}</a><span class="about">${name === code ? jobType : `${code} · ${jobType}`}</span></div></td>
      <td><${Health} definition=${definition} /></td>
      <td><${LastRun} definition=${definition} /></td>
      <td class="soft-cell"><${Next} at=${nextAt} enabled=${enabled} /></td>
      <td class="act"><${Launch} definition=${definition} /></td>
    </tr>
  `
}

/** @param {{ at?: string, enabled: boolean }} props */
function Next({ at, enabled }) {
  const text = useNow((time) => (at ? `${day(at, time)}` : ""), [at])
  const left = useNow((time) => (at ? rough(Date.parse(at) - time) : ""), [at])
  if (!at) return html`<span>${enabled ? say.noNext : say.nextOff}</span>`
  return html`<time dateTime=${at} title=${moment(at)}>${text}<small class="in">${say.inSpan(left)}</small></time>`
}

/** @param {{ definition: Definition, shown?: boolean }} props ``shown`` says beside it in words how it is */
export function EnableSwitch({ definition: { jobDefinitionCode: code, name, enabled }, shown = false }) {
  const turn = async (/** @type {boolean} */ on) => {
    try {
      await patch(pathOf(code), { jobDefinition: { enabled: on } })
      announce(on ? say.isOn(name) : say.isOff(name))
    } catch (refused) {
      announce(told(/** @type {any} */ (refused)), "bad")
    }
  }
  const reason = may("define") ? undefined : say.whoDefines
  return html`
    <span class="in-line">
      <${Switch} label=${say.enable(name)} on=${enabled} turn=${turn} disabled=${Boolean(reason)} title=${reason} />
      ${shown && html`<span>${enabled ? say.enabled : say.off}</span>`}
    </span>
  `
}

const None = () => html`
  <${Empty} title=${say.none}>
    <p>${may("define") ? say.noneHelp : say.noneHelpReader}</p>
    <p><a class="button primary" href=${address("/types")}>${say.types}</a></p>
  <//>
`
