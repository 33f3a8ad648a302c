// @ts-check
// An endpoint: what was posted to it, and what it is.

import { post, remove } from "../api.js"
import { count, moment, span } from "../format.js"
import { now } from "../live.js"
import { announce } from "../parts/announce.js"
import { Confirm } from "../parts/confirm.js"
import { CopyButton } from "../parts/copy.js"
import { Empty } from "../parts/empty.js"
import { EndpointForm } from "../parts/endpointform.js"
import { EndpointReplay } from "../parts/endpointreplay.js"
import { EndpointRotate } from "../parts/endpointrotate.js"
import { Json } from "../parts/json.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Status } from "../parts/status.js"
import { Age, useNow } from "../parts/time.js"
import { told, Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address, go, usePlace } from "../router.js"
import { may } from "../session.js"
import { endpoints as say, views } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { Health, nameOf, OnOff } from "./endpoints.js"

/** @typedef {Record<string, any>} Endpoint */

const STATUSES = ["", "pending", "delivered", "failed", "disabled"]
const LOOKS = /** @type {Record<string, string>} */ ({ pending: "scheduled", delivered: "complete", failed: "failed", disabled: "canceled" })
/** Of posts that went well the log tells nothing. */
const EVERY_MS = 4_000

/** @param {{ status: string }} props */
export const Stands = ({ status }) => html`<${Status} status=${LOOKS[status] ?? "created"} word=${say.stands[status] ?? status} />`

/** @param {{ id: string }} props */
export default function EndpointPage({ id }) {
  const { data: endpoint, error, again } = useReading(`/v1/endpoints/${id}`, {}, { topics: ["endpoint:*"], concerns: ({ payload }) => payload.endpointId === id, everyMs: EVERY_MS })
  const [asking, setAsking] = useState("")
  const [testing, setTesting] = useState(false)
  const close = () => setAsking("")
  if (!endpoint) return html`<${Heading} title=${views.endpoints} /><${Trouble} error=${error} again=${again} />${!error && html`<${Skeleton} />`}`
  const name = nameOf(endpoint)
  const gone = async () => {
    await remove(`/v1/endpoints/${id}`)
    announce(say.removed(name))
    go("/endpoints")
  }
  const test = async () => {
    setTesting(true)
    try {
      const { data } = await post(`/v1/endpoints/${id}/test`)
      announce(say.tested(data.status === "delivered"), data.status === "delivered" ? "good" : "bad")
      go(`/endpoint-deliveries/${data.id}`)
    } catch (refused) {
      announce(told(/** @type {any} */ (refused)), "bad")
    } finally {
      setTesting(false)
    }
  }
  return html`
    <nav class="crumbs" aria-label=${say.crumbs}><a href=${address("/endpoints")}>${views.endpoints}</a></nav>
    <${Heading} title=${name}>
      <${OnOff} endpoint=${endpoint} again=${again} />
      ${may("define") &&
      html`
        <span class="aside">
          <button type="button" disabled=${testing} onClick=${test}>${testing ? say.testing : say.test}</button>
          <button type="button" onClick=${() => setAsking("edit")}>${say.edit}</button>
          <button type="button" onClick=${() => setAsking("rotate")}>${say.rotate}</button>
          <button type="button" class="danger" onClick=${() => setAsking("remove")}>${say.remove}</button>
        </span>
      `}
    <//>
    <${Trouble} error=${error} again=${again} />
    <div class="beside">
      <${Deliveries} endpoint=${endpoint} replay=${() => setAsking("replay")} />
      <${Facts} endpoint=${endpoint} />
    </div>
    ${asking === "edit" && html`<${EndpointForm} endpoint=${endpoint} close=${close} saved=${again} />`}
    ${asking === "rotate" && html`<${EndpointRotate} endpoint=${endpoint} close=${close} made=${again} />`}
    ${asking === "replay" && html`<${EndpointReplay} endpoint=${endpoint} close=${close} />`}
    ${asking === "remove" &&
    html`<${Confirm} title=${say.removeTitle(name)} button=${say.remove} act=${gone} close=${close} dangerous><p>${say.removeHelp}</p><//>`}
  `
}

/** @param {{ endpoint: Endpoint, replay: () => void }} props */
function Deliveries({ endpoint, replay }) {
  const { query } = usePlace()
  const status = query.get("status") ?? ""
  const { data, cursor, error, again, more } = useReading(`/v1/endpoints/${endpoint.id}/deliveries`, { status, pageSize: 50 }, { topics: ["endpoint:*"], everyMs: EVERY_MS })
  return html`
    <section aria-labelledby="deliveries">
      <header class="heading">
        <h2 id="deliveries">${say.deliveries}</h2>
        <nav class="tabs" aria-label=${say.state}>
          ${STATUSES.map(
            (one) => html`
              <a key=${one} href=${address(`/endpoints/${endpoint.id}`, { status: one })} aria-current=${one === status ? "true" : undefined}>${one ? say.stands[one] : say.all}</a>
            `,
          )}
        </nav>
        ${may("define") && html`<button type="button" class="aside" onClick=${replay}>${say.replaySpan}</button>`}
      </header>
      <${Trouble} error=${error} again=${again} />
      ${data === undefined && !error && html`<${Skeleton} />`}
      ${data?.length > 0 && html`<${Table} rows=${data} />`}
      ${cursor && html`<p class="more"><button type="button" onClick=${more}>${say.older}</button></p>`}
      ${data?.length === 0 && (status ? html`<p class="soft lead">${say.noneSuch}</p>` : html`<${Empty} title=${say.noDelivery}><p>${say.noDeliveryHelp}</p><//>`)}
    </section>
  `
}

/** @param {{ rows: any[] }} props */
const Table = ({ rows }) => html`
  <table class="rows deliveries posts">
    <colgroup><col class="c-status" /><col class="c-topic" /><col /><col class="c-attempt" /><col class="c-time" /></colgroup>
    <thead>
      <tr>
        <th scope="col">${say.state}</th>
        <th scope="col">${say.topic}</th>
        <th scope="col">${say.answer}</th>
        <th scope="col" class="number">${say.attempt}</th>
        <th scope="col">${say.made_}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (one) => html`
          <tr key=${one.id} data-id=${one.id} data-status=${one.status}>
            <td><${Stands} status=${one.status} /></td>
            <td>
              <a class="name" href=${address(`/endpoint-deliveries/${one.id}`)}>${one.topic}</a>
              <span class="beneath"><${Answer} attempt=${one.last} /></span>
            </td>
            <td><${Answer} attempt=${one.last} /> ${one.status === "pending" && one.nextAttemptAt && html`<${Next} at=${one.nextAttemptAt} />`}</td>
            <td class="number soft">${one.attempt}</td>
            <td class="soft"><${Age} at=${one.createdAt} /></td>
          </tr>
        `,
      )}
    </tbody>
  </table>
`

/** What one post was answered. @param {{ attempt?: any }} props */
export function Answer({ attempt }) {
  if (!attempt) return html`<span class="soft">${say.notYet}</span>`
  const { status, message, durationMs, delivered } = attempt
  const text = delivered ? status : (message ?? status)
  return html`<span class=${delivered ? "" : "wrong"}>${text}</span> <span class="soft">${durationMs} ms</span>`
}

/** When it is tried again. @param {{ at: string }} props */
export function Next({ at }) {
  const text = useNow((time) => (Date.parse(at) > time ? say.next(span(Date.parse(at) - time)) : say.nextNow), [at])
  return html`<span class="soft" title=${moment(at)}>${text}</span>`
}

/** @param {{ endpoint: Endpoint }} props */
function Facts({ endpoint }) {
  const { failingSince, restsUntil, missed, pending, oldSecretUntil } = endpoint
  return html`
    <aside aria-label=${say.facts}>
      <dl class="facts">
        <dt>${say.state}</dt><dd><${Health} endpoint=${endpoint} />${failingSince && html`<br /><span class="soft">${say.since(moment(failingSince))}</span>`}</dd>
        <dt>${say.url}</dt><dd class="copied"><code>${endpoint.url}</code><${CopyButton} text=${endpoint.url} label=${say.copyUrl} /></dd>
        <dt>${say.topics}</dt><dd>${endpoint.topics.map((/** @type {string} */ topic) => html`<code key=${topic} class="topic">${topic}</code> `)}</dd>
        ${endpoint.description && html`<dt>${say.description}</dt><dd>${endpoint.description}</dd>`}
        ${pending !== undefined && html`<dt>${say.pending}</dt><dd>${count(pending)}</dd>`}
        ${missed > 0 && html`<dt>${say.missed}</dt><dd>${count(missed)} <span class="soft">${say.missedHelp}</span></dd>`}
        ${restsUntil && Date.parse(restsUntil) > now() && html`<dt>${say.rests}</dt><dd>${say.until(moment(restsUntil))}</dd>`}
        ${oldSecretUntil && html`<dt>${say.oldSecret}</dt><dd>${say.until(moment(oldSecretUntil))}</dd>`}
        <dt>${say.changed}</dt><dd><${Age} at=${endpoint.updatedAt} /></dd>
        <dt>${say.id}</dt><dd><code>${endpoint.id}</code></dd>
      </dl>
      ${endpoint.filter && html`<${Json} label=${say.filter} value=${endpoint.filter} />`}
    </aside>
  `
}
