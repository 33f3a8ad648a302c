// @ts-check
// Spaces: that in which one is, and for keys of the whole store all the others.

import { part, patch } from "../api.js"
import { moment } from "../format.js"
import { announce } from "../parts/announce.js"
import { Menu } from "../parts/menu.js"
import { Heading } from "../parts/page.js"
import { Settings } from "../parts/settings.js"
import { Skeleton } from "../parts/skeleton.js"
import { ArchiveForm, DeleteForm, SpaceForm } from "../parts/spaceforms.js"
import { Status } from "../parts/status.js"
import { Age } from "../parts/time.js"
import { told, Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { go } from "../router.js"
import { FIRST } from "../routes.js"
import { may, useSession } from "../session.js"
import { useShortcuts } from "../shortcuts.js"
import { settings, spaces as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../parts/spaceforms.js").Space} Space */
/** @typedef {"make" | "edit" | "archive" | "remove"} Act */

/** The log of one space does not tell of others. */
const EVERY_MS = 5_000
const LOOKS = /** @type {Record<string, string>} */ ({ active: "complete", archived: "canceled", deleting: "failed" })
/** Keys of the whole store belong to it, so it stays. */
const FIRST_SPACE = "default"

export default () => html`<${Settings} name="spaces"><${Spaces} /><//>`

function Spaces() {
  const { everySpace } = useSession()
  const { data, cursor, error, again, more } = useReading("/v1/spaces", {}, { topics: ["space:*"], everyMs: everySpace ? EVERY_MS : undefined })
  const [asked, setAsked] = useState(/** @type {{ act: Act, space?: Space } | null} */ (null))
  const make = () => setAsked({ act: "make" })
  const able = may("own")
  useShortcuts(able ? [{ keys: "n", label: say.make, run: make }] : [])
  return html`
    <${Heading} title=${settings.pages.spaces}>
      ${able && html`<button type="button" class="primary aside" onClick=${make}>${say.make}</button>`}
    <//>
    <p class="soft lead">${say.what}</p>
    <${Trouble} error=${error} again=${again} />
    ${data === undefined && !error && html`<${Skeleton} />`}
    ${data && html`<${Table} rows=${data} ask=${(/** @type {Act} */ act, /** @type {Space} */ space) => setAsked({ act, space })} again=${again} />`}
    ${cursor && html`<p class="more"><button type="button" onClick=${more}>${say.more}</button></p>`}
    ${asked && html`<${Asked} ...${asked} close=${() => setAsked(null)} done=${again} />`}
  `
}

/** @param {{ rows: Space[], ask: (act: Act, space: Space) => void, again: () => Promise<void> }} props */
const Table = ({ rows, ask, again }) => html`
  <table class="rows settings-table settings-spaces">
    <colgroup><col class="c-name" /><col class="c-code" /><col class="c-zone" /><col class="c-state" /><col class="c-age" /><col class="c-acts" /></colgroup>
    <thead>
      <tr>
        <th scope="col">${say.name}</th>
        <th scope="col">${say.code}</th>
        <th scope="col">${say.zone}</th>
        <th scope="col">${say.state}</th>
        <th scope="col">${say.age}</th>
        <th scope="col"><span class="unseen">${say.acts}</span></th>
      </tr>
    </thead>
    <tbody>
      ${rows.map((one) => html`<${Row} key=${one.id} space=${one} ask=${ask} again=${again} />`)}
    </tbody>
  </table>
`

/** @param {{ space: Space, ask: (act: Act, space: Space) => void, again: () => Promise<void> }} props */
function Row({ space, ask, again }) {
  const { space: here, home, everySpace } = useSession()
  const { id, code, name, timeZone, linkTemplate, status, createdAt, archivedAt } = space
  const enter = () => go(FIRST, { space: code === home ? null : code })
  const restore = async () => {
    try {
      await patch(`/v1/spaces/${part(code)}`, { archived: false })
      announce(say.restored(name))
      await again()
    } catch (error) {
      announce(told(/** @type {any} */ (error)), "bad")
    }
  }
  /** @param {Act} act @param {string} label */
  const item = (act, label) => html`<button type="button" class="item" onClick=${() => ask(act, space)}>${label}</button>`
  const isOpen = status !== "deleting"
  return html`
    <tr data-id=${id} data-state=${status}>
      <td><span class="name">${name}</span>${code === here && html` <small>${say.here}</small>`}<span class="beneath">${code}</span>${linkTemplate && html`<span class="under" title=${linkTemplate}>${linkTemplate}</span>`}</td>
      <td><code>${code}</code></td>
      <td class="soft">${timeZone}</td>
      <td title=${archivedAt ? moment(archivedAt) : undefined}><${Status} status=${LOOKS[status]} word=${say.states[status]} /></td>
      <td class="soft"><${Age} at=${createdAt} /></td>
      <td class="settings-acts">
        ${isOpen &&
        (may("administer") || everySpace) &&
        html`
          <${Menu} label=${settings.actsOn(name)} icon="more" bare class="quiet">
            ${everySpace && code !== here && html`<button type="button" class="item" onClick=${enter}>${say.enter}</button>`}
            ${may("administer") && item("edit", say.edit)}
            ${may("administer") && (status === "archived" ? html`<button type="button" class="item" onClick=${restore}>${say.restore}</button>` : item("archive", say.archive))}
            ${may("own") && code !== FIRST_SPACE && code !== here && item("remove", say.remove)}
          <//>
        `}
      </td>
    </tr>
  `
}

/** What was asked for. @param {{ act: Act, space?: any, close: () => void, done: () => Promise<void> }} props */
function Asked({ act, space, close, done }) {
  if (act === "archive") return html`<${ArchiveForm} space=${space} close=${close} done=${done} />`
  if (act === "remove") return html`<${DeleteForm} space=${space} close=${close} done=${done} />`
  return html`<${SpaceForm} space=${space} close=${close} done=${done} />`
}
