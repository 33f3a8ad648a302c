// @ts-check
// What can be done: the job types that listeners have declared, and those of the server.

import { get } from "../api.js"
import { Icon } from "../icons.js"
import { Empty, FirstListener } from "../parts/empty.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Trouble } from "../parts/trouble.js"
import { useAnswer } from "../answers.js"
import { address, setQuery, usePlace } from "../router.js"
import { may, useSession } from "../session.js"
import { definitions, launch, types as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../launches.js").JobType} JobType */

const PAGE_SIZE = 1_000

/** @param {AbortSignal} signal */
const read = async (signal) => {
  const { data, asOf } = await get("/v1/job-types", { pageSize: PAGE_SIZE }, signal)
  return { data: /** @type {JobType[]} */ (data), asOf }
}

export default function Types() {
  const { query } = usePlace()
  const { space } = useSession()
  const { data, error, again } = useAnswer(read, ["job-type:*", "listener:*"], [])
  const text = (query.get("q") ?? "").toLowerCase()
  const found = (data ?? []).filter(({ code, name, label }) => [code, name, label].some((one) => one?.toLowerCase().includes(text)))
  const declared = found.filter(({ builtIn }) => !builtIn)
  const builtIn = found.filter(({ builtIn }) => builtIn)
  return html`
    <p class="crumbs"><a href=${address("/definitions")}>${definitions.title}</a></p>
    <${Heading} title=${say.title} />
    <div class="filters">
      <label class="search">
        <${Icon} name="search" /><span class="unseen">${definitions.search}</span>
        <input type="search" placeholder=${definitions.search} value=${query.get("q") ?? ""} onInput=${(/** @type {any} */ event) => setQuery({ q: event.currentTarget.value })} />
      </label>
    </div>
    ${error && html`<${Trouble} error=${error} again=${again} />`}
    ${!data && !error && html`<${Skeleton} lines=${8} />`}
    ${declared.length > 0 && html`<${Table} title=${say.declared} rows=${declared} />`}
    ${data && !declared.length && !text && html`<${Empty} title=${say.none}><${FirstListener} help=${say.noneHelp} space=${space} /><//>`}
    ${builtIn.length > 0 && html`<${Table} title=${say.builtIn} rows=${builtIn} />`}
    ${data && !found.length && html`<p class="soft">${definitions.noneFitting}</p>`}
  `
}

/** @param {{ title: string, rows: JobType[] }} props */
const Table = ({ title, rows }) => html`
  <section class="block">
    <h2>${title}</h2>
    <table class="rows types">
      <colgroup><col class="c-name" /><col class="c-does" /><col class="c-modes" /><col class="c-served" /><col class="c-act" /></colgroup>
      <thead>
        <tr>
          <th scope="col">${say.type}</th>
          <th scope="col">${say.does}</th>
          <th scope="col">${say.modes}</th>
          <th scope="col">${say.served}</th>
          <th scope="col"><span class="unseen">${say.use}</span></th>
        </tr>
      </thead>
      <tbody>
        ${rows.map((one) => html`<${Row} key=${one.code} type=${one} />`)}
      </tbody>
    </table>
  </section>
`

/** @param {{ type: JobType }} props */
function Row({ type: { code, name, label, description, modes, online, builtIn } }) {
  const path = `/types/${encodeURIComponent(code)}`
  return html`
    <tr data-code=${code}>
      <td><div class="titled"><a class="name" href=${address(path)}>${label ?? code}</a><span class="about">${label ? code : name === code ? "" : name}</span></div></td>
      <td class="soft-cell" title=${description}>${description}</td>
      <td class="soft-cell">${modes.map((one) => (one === "delta" ? launch.delta : launch.full)).join(", ")}</td>
      <td><${Served} online=${online} builtIn=${builtIn} /></td>
      <td class="act">
        ${may("define") && html`<a class="button" href=${address("/new-definition", { type: code })} aria-label=${say.defineOf(label ?? code)}>${say.define}</a>`}
      </td>
    </tr>
  `
}

/** @param {{ online: boolean, builtIn: boolean }} props */
export const Served = ({ online, builtIn }) =>
  online
    ? html`<span class="health" data-tone="good"><${Icon} name="check" />${builtIn ? say.byServer : say.online}</span>`
    : html`<span class="health" data-tone="warn"><${Icon} name="pause" />${say.offline}</span>`
