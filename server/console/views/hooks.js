// @ts-check
// Hooks: addresses at which other programs start jobs or publish events.

import { patch } from "../api.js"
import { announce } from "../parts/announce.js"
import { CodeBlock, CopyButton } from "../parts/copy.js"
import { Empty } from "../parts/empty.js"
import { HookForm } from "../parts/hookform.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Age } from "../parts/time.js"
import { Switch } from "../parts/switch.js"
import { told, Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address } from "../router.js"
import { may } from "../session.js"
import { useShortcuts } from "../shortcuts.js"
import { hooks as say, views } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {Record<string, any>} Hook */

/** What a hook starts, in words. @param {Hook} hook */
export function startsOf({ definition, jobType, event }) {
  if (definition) return html`${say.ofDefinition} <code>${definition}</code>`
  if (jobType) return html`${say.ofJobType} <code>${jobType}</code>`
  return html`${say.ofEvent} <code>${event}</code>`
}

export default function Hooks() {
  const { data, cursor, error, again, more } = useReading("/v1/hooks", {}, { topics: ["hook:*"], concerns: ({ topic }) => topic !== "hook:rejected" })
  const [making, setMaking] = useState(false)
  const canMake = may("define")
  const make = () => setMaking(true)
  useShortcuts(canMake ? [{ keys: "n", label: say.make, run: make }] : [])
  return html`
    <${Heading} title=${views.hooks}>
      ${canMake && data?.length > 0 && html`<button type="button" class="primary aside" onClick=${make}>${say.make}</button>`}
    <//>
    <${Trouble} error=${error} again=${again} />
    ${data === undefined && !error && html`<${Skeleton} />`}
    ${data?.length > 0 && html`<p class="soft lead">${say.what}</p><${Table} rows=${data} again=${again} />`}
    ${cursor && html`<p class="more"><button type="button" onClick=${more}>${say.more}</button></p>`}
    ${data?.length === 0 &&
    html`
      <${Empty} title=${say.none}>
        <p>${say.noneHelp}</p>
        ${canMake && html`<p><button type="button" class="primary" onClick=${make}>${say.make}</button></p>`}
        <${CodeBlock} label="shell" text=${say.noneExample} />
      <//>
    `}
    ${making && html`<${HookForm} close=${() => setMaking(false)} made=${again} />`}
  `
}

/** @param {{ rows: Hook[], again: () => Promise<void> }} props */
function Table({ rows, again }) {
  const shown = rows.some(({ url }) => url)
  return html`
    <table class="rows hooks">
      <colgroup><col class="c-on" /><col class="c-name" /><col class="c-starts" /><col class="c-kind" />${shown && html`<col class="c-copy" />`}<col class="c-age" /></colgroup>
      <thead>
        <tr>
          <th scope="col">${say.on}</th>
          <th scope="col">${say.name}</th>
          <th scope="col">${say.starts}</th>
          <th scope="col">${say.proves}</th>
          ${shown && html`<th scope="col">${say.address}</th>`}
          <th scope="col">${say.changed}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map((hook) => html`<${Row} key=${hook.id} hook=${hook} shown=${shown} again=${again} />`)}
      </tbody>
    </table>
  `
}

/** @param {{ hook: Hook, shown: boolean, again: () => Promise<void> }} props */
function Row({ hook, shown, again }) {
  return html`
    <tr data-id=${hook.id}>
      <td><${OnOff} hook=${hook} again=${again} /></td>
      <td><a class="name" href=${address(`/hooks/${hook.id}`)}>${hook.name}</a><span class="beneath">${startsOf(hook)}</span></td>
      <td>${startsOf(hook)}${hook.filter && html` <span class="soft">${say.filtered}</span>`}</td>
      <td class="soft">${say.kinds[hook.verification.kind]}</td>
      ${shown && html`<td>${hook.url && html`<${CopyButton} text=${hook.url} label=${say.copyAddress} />`}</td>`}
      <td class="soft"><${Age} at=${hook.updatedAt} /></td>
    </tr>
  `
}

/** @param {{ hook: Hook, again: () => Promise<void> }} props */
export function OnOff({ hook, again }) {
  /** @param {boolean} enabled */
  const set = async (enabled) => {
    try {
      await patch(`/v1/hooks/${hook.id}`, { enabled })
      announce(enabled ? say.isOn(hook.name) : say.isOff(hook.name))
      await again()
    } catch (error) {
      announce(told(/** @type {any} */ (error)), "bad")
    }
  }
  const able = may("define")
  return html`<${Switch} on=${hook.enabled} label=${say.takesCalls(hook.name)} turn=${set} disabled=${!able} title=${able ? undefined : say.mayNot} />`
}
