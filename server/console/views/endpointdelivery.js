// @ts-check
// One delivery: what is posted, and how each attempt went.

import { postOnce } from "../api.js"
import { moment } from "../format.js"
import { announce } from "../parts/announce.js"
import { CopyButton } from "../parts/copy.js"
import { Json } from "../parts/json.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { told, Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address } from "../router.js"
import { may } from "../session.js"
import { endpoints as say, views } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { Answer, Next, Stands } from "./endpoint.js"
import { nameOf } from "./endpoints.js"

/** Of an attempt that went well the log tells nothing. */
const EVERY_MS = 2_000

/** @param {{ id: string }} props */
export default function EndpointDelivery({ id }) {
  const { data, error, again } = useReading(`/v1/endpoint-deliveries/${id}`, {}, { everyMs: EVERY_MS })
  const { data: endpoint } = useReading(data ? `/v1/endpoints/${data.endpointId}` : "")
  const [busy, setBusy] = useState(false)
  if (!data) return html`<${Heading} title=${say.delivery} /><${Trouble} error=${error} again=${again} />${!error && html`<${Skeleton} />`}`
  const replay = async () => {
    setBusy(true)
    try {
      await postOnce(`/v1/endpoint-deliveries/${id}/replay`)
      announce(say.replayedOne)
      await again()
    } catch (refused) {
      announce(told(/** @type {any} */ (refused)), "bad")
    } finally {
      setBusy(false)
    }
  }
  const name = endpoint ? nameOf(endpoint) : data.endpointId
  const isOver = data.status !== "pending"
  return html`
    <nav class="crumbs" aria-label=${say.crumbs}><a href=${address("/endpoints")}>${views.endpoints}</a><a href=${address(`/endpoints/${data.endpointId}`)}>${name}</a></nav>
    <${Heading} title=${data.topic}>
      <${Stands} status=${data.status} />
      ${!isOver && data.nextAttemptAt && html`<${Next} at=${data.nextAttemptAt} />`}
      ${may("define") && data.position && html`<button type="button" class="primary aside" disabled=${busy || (!isOver && !data.nextAttemptAt)} onClick=${replay}>${say.replay}</button>`}
    <//>
    <div class="beside">
      <section aria-labelledby="attempts">
        <h2 id="attempts">${say.attempts}</h2>
        ${data.attempts?.length ? html`<${Attempts} rows=${data.attempts} />` : html`<p class="soft lead">${say.notYet}</p>`}
        <${Json} label=${say.posted} value=${data.body} depth=${4} />
      </section>
      <aside aria-label=${say.facts}>
        <dl class="facts">
          <dt>${say.to}</dt><dd>${endpoint?.url ? html`<code>${endpoint.url}</code>` : data.endpointId}</dd>
          <dt>${say.made_}</dt><dd>${moment(data.createdAt)}</dd>
          ${data.endedAt && html`<dt>${say.ended}</dt><dd>${moment(data.endedAt)}</dd>`}
          ${data.position && html`<dt>${say.position}</dt><dd class="copied"><code>${data.position}</code><${CopyButton} text=${data.position} /></dd>`}
          <dt>webhook-id</dt><dd><code>${id}</code></dd>
        </dl>
      </aside>
    </div>
  `
}

/** @param {{ rows: any[] }} props */
const Attempts = ({ rows }) => html`
  <table class="rows attempts">
    <colgroup><col class="c-attempt" /><col class="c-at" /><col /></colgroup>
    <thead><tr><th scope="col">${say.attempt}</th><th scope="col">${say.at}</th><th scope="col">${say.answer}</th></tr></thead>
    <tbody>
      ${rows.map(
        (one) => html`
          <tr key=${`${one.number}-${one.at}`}>
            <td>${one.number}</td>
            <td class="soft">${moment(one.at)}</td>
            <td><${Answer} attempt=${one} />${one.answer && !one.message?.includes(one.answer) && html`<pre class="answer" tabindex="0">${one.answer}</pre>`}</td>
          </tr>
        `,
      )}
    </tbody>
  </table>
`
