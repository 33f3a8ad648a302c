// @ts-check
// Members: the people of the space and their roles.

import { patch } from "../api.js"
import { announce } from "../parts/announce.js"
import { Empty } from "../parts/empty.js"
import { LeaveForm, LinkForm, LogOutForm, MemberForm } from "../parts/memberacts.js"
import { Menu } from "../parts/menu.js"
import { Heading } from "../parts/page.js"
import { Settings } from "../parts/settings.js"
import { Skeleton } from "../parts/skeleton.js"
import { Status } from "../parts/status.js"
import { Age } from "../parts/time.js"
import { told, Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address, setQuery, usePlace } from "../router.js"
import { session } from "../session.js"
import { useShortcuts } from "../shortcuts.js"
import { members as say, settings, shell } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../parts/memberacts.js").Member} Member */
/** @typedef {"add" | "edit" | "link" | "logOut" | "setAside" | "remove"} Act */

const ROLES = ["viewer", "operator", "developer", "admin"]
const ACTIVE = /** @type {Record<string, string>} */ ({ active: "true", aside: "false" })

export default () => html`<${Settings} name="members"><${Members} /><//>`

function Members() {
  const { query } = usePlace()
  const [role, show] = [query.get("role") ?? "", query.get("show") ?? ""]
  const { data, cursor, error, again, more } = useReading("/v1/members", { role, active: ACTIVE[show] }, { topics: ["member:*"] })
  const [asked, setAsked] = useState(/** @type {{ act: Act, member?: Member } | null} */ (null))
  const ask = (/** @type {Act} */ act, /** @type {Member} */ member) => setAsked({ act, member })
  const add = () => setAsked({ act: "add" })
  useShortcuts([{ keys: "n", label: say.add, run: add }])
  const isFiltered = Boolean(role || show)
  return html`
    <${Heading} title=${settings.pages.members}>
      <button type="button" class="primary aside" onClick=${add}>${say.add}</button>
    <//>
    ${(isFiltered || data?.length > 0) && html`<${Filters} role=${role} show=${show} />`}
    <${Trouble} error=${error} again=${again} />
    ${data === undefined && !error && html`<${Skeleton} />`}
    ${data?.length > 0 && html`<${Table} rows=${data} ask=${ask} again=${again} />`}
    ${cursor && html`<p class="more"><button type="button" onClick=${more}>${say.more}</button></p>`}
    ${data?.length === 0 && isFiltered && html`<${Empty} title=${say.noneFiltered}><p><a href=${address("/settings/members")}>${say.clear}</a></p><//>`}
    ${data?.length === 0 && !isFiltered && html`<${Empty} title=${say.none}><p>${say.noneHelp}</p><//>`}
    ${asked && html`<${Asked} ...${asked} ask=${setAsked} again=${again} />`}
  `
}

/** @param {{ role: string, show: string }} props */
function Filters({ role, show }) {
  /** @param {string} name */
  const chosen = (name) => (/** @type {any} */ event) => setQuery({ [name]: event.currentTarget.value || null })
  return html`
    <form class="filters" role="search" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <select aria-label=${say.role} value=${role} onChange=${chosen("role")}>
        <option value="">${say.anyRole}</option>
        ${ROLES.map((one) => html`<option key=${one} value=${one}>${shell.roles[one]}</option>`)}
      </select>
      <select aria-label=${say.state} value=${show} onChange=${chosen("show")}>
        <option value="">${say.anyState}</option>
        <option value="active">${say.active}</option>
        <option value="aside">${say.aside}</option>
      </select>
    </form>
  `
}

/** @param {{ rows: Member[], ask: (act: Act, member: Member) => void, again: () => Promise<void> }} props */
const Table = ({ rows, ask, again }) => html`
  <table class="rows settings-table settings-members">
    <colgroup><col class="c-name" /><col class="c-email" /><col class="c-role" /><col class="c-state" /><col class="c-password" /><col class="c-acts" /></colgroup>
    <thead>
      <tr>
        <th scope="col">${say.name}</th>
        <th scope="col">${say.email}</th>
        <th scope="col">${say.role}</th>
        <th scope="col">${say.state}</th>
        <th scope="col">${say.password}</th>
        <th scope="col"><span class="unseen">${say.acts}</span></th>
      </tr>
    </thead>
    <tbody>
      ${rows.map((one) => html`<${Row} key=${one.id} member=${one} ask=${ask} again=${again} />`)}
    </tbody>
  </table>
`

/** @param {{ member: Member, ask: (act: Act, member: Member) => void, again: () => Promise<void> }} props */
function Row({ member, ask, again }) {
  const { id, name, email, role, active, deactivatedAt, passwordSetAt } = member
  const letIn = async () => {
    try {
      await patch(`/v1/members/${id}`, { active: true })
      announce(say.isActive(name))
      await again()
    } catch (error) {
      announce(told(/** @type {any} */ (error)), "bad")
    }
  }
  /** @param {Act} act @param {string} label */
  const item = (act, label) => html`<button type="button" class="item" onClick=${() => ask(act, member)}>${label}</button>`
  return html`
    <tr data-id=${id}>
      <td><span class="name">${name}</span>${id === session.value?.keyId && html` <small>${settings.you}</small>`}<span class="beneath">${email}</span></td>
      <td title=${email}>${email}</td>
      <td>${shell.roles[role]}</td>
      <td><${Status} status=${active ? "complete" : "canceled"} word=${active ? say.active : say.aside} />${deactivatedAt && html` <small><${Age} at=${deactivatedAt} /></small>`}</td>
      <td class="soft">${passwordSetAt ? html`${say.passwordSet} <${Age} at=${passwordSetAt} />` : say.noPassword}</td>
      <td class="settings-acts">
        <${Menu} label=${settings.actsOn(name)} icon="more" bare class="quiet">
          ${item("edit", say.edit)} ${active && item("link", say.link)} ${active && item("logOut", say.logOut)}
          ${active ? item("setAside", say.setAside) : html`<button type="button" class="item" onClick=${letIn}>${say.letIn}</button>`} ${item("remove", say.remove)}
        <//>
      </td>
    </tr>
  `
}

/** What was asked for. @param {{ act: Act, member?: any, ask: (next: { act: Act, member?: Member } | null) => void, again: () => Promise<void> }} props */
function Asked({ act, member, ask, again }) {
  const close = () => ask(null)
  if (act === "link") return html`<${LinkForm} member=${member} close=${close} />`
  if (act === "logOut") return html`<${LogOutForm} member=${member} close=${close} />`
  if (act === "setAside" || act === "remove") return html`<${LeaveForm} member=${member} removes=${act === "remove"} close=${close} done=${again} />`
  const added = (/** @type {Member} */ made) => ask({ act: "link", member: made })
  return html`<${MemberForm} member=${member} added=${added} close=${close} done=${again} />`
}
