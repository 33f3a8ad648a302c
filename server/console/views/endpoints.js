// @ts-check
// Endpoints: addresses to which events are posted.

import { patch } from "../api.js"
import { moment } from "../format.js"
import { now } from "../live.js"
import { announce } from "../parts/announce.js"
import { CodeBlock } from "../parts/copy.js"
import { Empty } from "../parts/empty.js"
import { EndpointForm } from "../parts/endpointform.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Status } from "../parts/status.js"
import { Age } from "../parts/time.js"
import { Switch } from "../parts/switch.js"
import { told, Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address } from "../router.js"
import { may } from "../session.js"
import { useShortcuts } from "../shortcuts.js"
import { endpoints as say, views } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {Record<string, any>} Endpoint */

/** What a list and a page call it. @param {Endpoint} endpoint */
export const nameOf = ({ name, url }) => name ?? url.replace(/^https?:\/\//, "")

export default function Endpoints() {
  const { data, cursor, error, again, more } = useReading("/v1/endpoints", {}, { topics: ["endpoint:*"] })
  const [making, setMaking] = useState(false)
  const canMake = may("define")
  const make = () => setMaking(true)
  useShortcuts(canMake ? [{ keys: "n", label: say.make, run: make }] : [])
  return html`
    <${Heading} title=${views.endpoints}>
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
    ${making && html`<${EndpointForm} close=${() => setMaking(false)} saved=${again} />`}
  `
}

/** @param {{ rows: Endpoint[], again: () => Promise<void> }} props */
const Table = ({ rows, again }) => html`
  <table class="rows endpoints">
    <colgroup><col class="c-on" /><col class="c-name" /><col class="c-topics" /><col class="c-state" /><col class="c-age" /></colgroup>
    <thead>
      <tr>
        <th scope="col">${say.on}</th>
        <th scope="col">${say.name}</th>
        <th scope="col">${say.topics}</th>
        <th scope="col">${say.state}</th>
        <th scope="col">${say.changed}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (one) => html`
          <tr key=${one.id} data-id=${one.id}>
            <td><${OnOff} endpoint=${one} again=${again} /></td>
            <td><div class="titled"><a class="name" href=${address(`/endpoints/${one.id}`)}>${nameOf(one)}</a>${one.name && html`<span class="about">${one.url}</span>`}</div></td>
            <td>${one.topics.map((/** @type {string} */ topic) => html`<code key=${topic} class="topic">${topic}</code> `)}${one.filter && html`<span class="soft">${say.filtered}</span>`}</td>
            <td><${Health} endpoint=${one} /></td>
            <td class="soft"><${Age} at=${one.updatedAt} /></td>
          </tr>
        `,
      )}
    </tbody>
  </table>
`

/** How it fares. @param {{ endpoint: Endpoint }} props */
export function Health({ endpoint: { enabled, disabledBecause, failingSince, restsUntil } }) {
  if (disabledBecause) return html`<${Status} status="failed" word=${say.disabledBecause[disabledBecause] ?? disabledBecause} />`
  if (!enabled) return html`<${Status} status="canceled" word=${say.off} />`
  if (failingSince) return html`<span title=${moment(failingSince)}><${Status} status="partial" word=${say.failing} /></span>`
  if (restsUntil && Date.parse(restsUntil) > now()) return html`<span title=${moment(restsUntil)}><${Status} status="scheduled" word=${say.rests} /></span>`
  return html`<${Status} status="complete" word=${say.well} />`
}

/** @param {{ endpoint: Endpoint, again: () => Promise<void> }} props */
export function OnOff({ endpoint, again }) {
  const name = nameOf(endpoint)
  /** @param {boolean} enabled */
  const set = async (enabled) => {
    try {
      await patch(`/v1/endpoints/${endpoint.id}`, { enabled })
      announce(enabled ? say.isOn(name) : say.isOff(name))
      await again()
    } catch (error) {
      announce(told(/** @type {any} */ (error)), "bad")
    }
  }
  const able = may("define")
  return html`<${Switch} on=${endpoint.enabled} label=${say.getsEvents(name)} turn=${set} disabled=${!able} title=${able ? undefined : say.mayNot} />`
}
