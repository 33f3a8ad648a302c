// @ts-check
// Keys: how programs are let in, what each is restricted to, and when it was used last.

import { remove } from "../api.js"
import { moment } from "../format.js"
import { now } from "../live.js"
import { announce } from "../parts/announce.js"
import { Confirm } from "../parts/confirm.js"
import { Empty } from "../parts/empty.js"
import { KeyForm, KeyRotate } from "../parts/keyforms.js"
import { Menu } from "../parts/menu.js"
import { Heading } from "../parts/page.js"
import { Settings } from "../parts/settings.js"
import { Skeleton } from "../parts/skeleton.js"
import { Status } from "../parts/status.js"
import { Age, useNow } from "../parts/time.js"
import { Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { setQuery, usePlace } from "../router.js"
import { session } from "../session.js"
import { useShortcuts } from "../shortcuts.js"
import { apiKeys as say, settings, shell } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../parts/keyforms.js").Key} Key */
/** @typedef {"make" | "edit" | "rotate" | "revoke"} Act */

/** When a key was used last is no event. */
const EVERY_MS = 30_000

export default () => html`<${Settings} name="keys"><${Keys} /><//>`

/** How a key stands at a time. @param {Key} key @param {number} time */
function stateOf({ revokedAt, expiresAt }, time) {
  if (revokedAt) return "revoked"
  return expiresAt && Date.parse(expiresAt) <= time ? "expired" : "valid"
}

function Keys() {
  const { query } = usePlace()
  const all = query.get("all") !== null
  const { data, cursor, error, again, more } = useReading("/v1/keys", {}, { topics: ["key:*"], everyMs: EVERY_MS })
  const [asked, setAsked] = useState(/** @type {{ act: Act, key?: Key } | null} */ (null))
  const make = () => setAsked({ act: "make" })
  useShortcuts([{ keys: "n", label: say.make, run: make }])
  const rows = data?.filter((/** @type {Key} */ key) => all || stateOf(key, now()) === "valid")
  return html`
    <${Heading} title=${settings.pages.keys}>
      <label class="check"><input type="checkbox" checked=${all} onChange=${() => setQuery({ all: all ? null : "1" })} /><span>${say.all}</span></label>
      <button type="button" class="primary aside" onClick=${make}>${say.make}</button>
    <//>
    <p class="soft lead">${say.what}</p>
    <${Trouble} error=${error} again=${again} />
    ${rows === undefined && !error && html`<${Skeleton} />`}
    ${rows?.length > 0 && html`<${Table} rows=${rows} ask=${(/** @type {Act} */ act, /** @type {Key} */ key) => setAsked({ act, key })} />`}
    ${cursor && html`<p class="more"><button type="button" onClick=${more}>${say.more}</button></p>`}
    ${rows?.length === 0 && html`<${Empty} title=${say.none}><p>${say.noneHelp}</p><//>`}
    ${asked && html`<${Asked} act=${asked.act} one=${asked.key} close=${() => setAsked(null)} done=${again} />`}
  `
}

/** @param {{ rows: Key[], ask: (act: Act, key: Key) => void }} props */
const Table = ({ rows, ask }) => html`
  <table class="rows settings-table settings-keys">
    <colgroup><col class="c-name" /><col class="c-role" /><col class="c-limits" /><col class="c-used" /><col class="c-state" /><col class="c-acts" /></colgroup>
    <thead>
      <tr>
        <th scope="col">${say.name}</th>
        <th scope="col">${say.role}</th>
        <th scope="col">${say.limits}</th>
        <th scope="col">${say.used}</th>
        <th scope="col">${say.state}</th>
        <th scope="col"><span class="unseen">${say.acts}</span></th>
      </tr>
    </thead>
    <tbody>
      ${rows.map((one) => html`<${Row} key=${one.id} one=${one} ask=${ask} />`)}
    </tbody>
  </table>
`

/** @param {{ one: Key, ask: (act: Act, key: Key) => void }} props */
function Row({ one, ask }) {
  const { id, name, role, everySpace, jobs, topics, lastUsedAt } = one
  const state = useNow((time) => stateOf(one, time), [one])
  /** @param {Act} act @param {string} label */
  const item = (act, label) => html`<button type="button" class="item" onClick=${() => ask(act, one)}>${label}</button>`
  return html`
    <tr data-id=${id} data-state=${state}>
      <td><span class="name">${name}</span>${id === session.value?.keyId && html` <small>${settings.you}</small>`}<span class="beneath">${shell.roles[role]}</span><span class="under">${id}</span></td>
      <td>${shell.roles[role]}</td>
      <td>
        ${everySpace && html`<span class="badge">${say.everySpace}</span> `}
        ${[...(jobs ?? []), ...(topics ?? [])].map((glob) => html`<code key=${glob} class="topic">${glob}</code> `)}
        ${!jobs && !topics && !everySpace && html`<span class="soft">${say.noLimits}</span>`}
      </td>
      <td class="soft">${lastUsedAt ? html`<${Age} at=${lastUsedAt} /> ${say.ago}` : say.never}</td>
      <td><${State} one=${one} state=${state} /></td>
      <td class="settings-acts">
        ${state === "valid" && html`<${Menu} label=${settings.actsOn(name)} icon="more" bare class="quiet">${item("edit", say.edit)} ${item("rotate", say.rotate)} ${item("revoke", say.revoke)}<//>`}
      </td>
    </tr>
  `
}

/** @param {{ one: Key, state: string }} props */
function State({ one: { revokedAt, expiresAt, oldSecretUntil }, state }) {
  const ends = revokedAt ?? expiresAt
  const overlaps = useNow((time) => oldSecretUntil && Date.parse(oldSecretUntil) > time, [oldSecretUntil])
  return html`
    <${Status} status=${state === "valid" ? "complete" : "canceled"} word=${say.states[state]} />
    ${ends && html`<span class="under" title=${moment(ends)}>${say.since[state](moment(ends))}</span>`}
    ${state === "valid" && overlaps && html`<span class="under">${say.oldUntil(moment(/** @type {string} */ (oldSecretUntil)))}</span>`}
  `
}

/** What was asked for. @param {{ act: Act, one?: any, close: () => void, done: () => Promise<void> }} props */
function Asked({ act, one, close, done }) {
  if (act === "rotate") return html`<${KeyRotate} one=${one} close=${close} done=${done} />`
  if (act !== "revoke") return html`<${KeyForm} one=${one} close=${close} done=${done} />`
  const revoke = async () => {
    await remove(`/v1/keys/${one.id}`)
    announce(say.revoked(one.name))
    await done()
  }
  return html`
    <${Confirm} title=${say.revokeTitle(one.name)} button=${say.revoke} act=${revoke} close=${close} dangerous>
      <p>${say.revokeHelp}</p>
      <p class="soft">${one.lastUsedAt ? say.usedLast(moment(one.lastUsedAt)) : say.neverUsed}</p>
      ${one.id === session.value?.keyId && html`<p class="warned">${say.isYours}</p>`}
    <//>
  `
}
