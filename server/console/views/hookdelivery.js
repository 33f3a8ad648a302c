// @ts-check
// One call of a hook: what came, what became of it, and once more.

import { postOnce } from "../api.js"
import { moment, size } from "../format.js"
import { announce } from "../parts/announce.js"
import { Confirm } from "../parts/confirm.js"
import { Json } from "../parts/json.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address, go } from "../router.js"
import { may } from "../session.js"
import { hooks as say, views } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { Became } from "./hook.js"

/** The body as value, where it is one. @param {{ body?: string, contentType?: string }} delivery @returns {unknown} */
export function bodyOf({ body = "", contentType = "" }) {
  if (/x-www-form-urlencoded/.test(contentType) && !/^\s*[{[]/.test(body)) return Object.fromEntries(new URLSearchParams(body))
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

/** @param {{ id: string }} props */
export default function HookDelivery({ id }) {
  const { data, error, again } = useReading(`/v1/hook-deliveries/${id}`)
  const { data: hook } = useReading(data ? `/v1/hooks/${data.hookId}` : "")
  const [asking, setAsking] = useState(false)
  if (!data) return html`<${Heading} title=${say.delivery} /><${Trouble} error=${error} again=${again} />${!error && html`<${Skeleton} />`}`
  const replay = async () => {
    const { data: done } = await postOnce(`/v1/hook-deliveries/${id}/replay`)
    announce(say.replayBecame(say.became[done.status]), done.status === "failed" ? "bad" : "good")
    go(`/hook-deliveries/${done.deliveryId}`)
  }
  const name = hook?.name ?? data.hookId
  return html`
    <nav class="crumbs" aria-label=${say.crumbs}><a href=${address("/hooks")}>${views.hooks}</a><a href=${address(`/hooks/${data.hookId}`)}>${name}</a></nav>
    <${Heading} title=${say.deliveryAt(moment(data.at))}>
      <${Became} status=${data.status} />
      <span class="aside">
        ${may("run") && html`<a class="button" href=${address(`/hooks/${data.hookId}/mapping`, { delivery: id })}>${say.tryOn}</a>`}
        ${may("run") && html`<button type="button" class="primary" onClick=${() => setAsking(true)}>${say.replay}</button>`}
      </span>
    <//>
    ${data.problems?.length > 0 &&
    html`
      <section class="trouble" aria-label=${say.problems}>
        <ul>${data.problems.map((/** @type {any} */ one, /** @type {number} */ at) => html`<li key=${at}>${one.message} ${one.path && !one.message.startsWith(one.path) && html`<code>${one.path}</code>`}</li>`)}</ul>
      </section>
    `}
    <div class="beside">
      <section aria-label=${say.body}><${Json} label=${say.body} value=${bodyOf(data)} text=${data.body} mask=${true} depth=${3} /></section>
      <aside aria-label=${say.facts}>
        <dl class="facts">
          <dt>${say.became[data.status] ?? data.status}</dt>
          <dd>${data.jobId ? html`<a href=${address(`/jobs/${data.jobId}`)}><code>${data.jobId}</code></a>` : say.becameHelp[data.status]}</dd>
          <dt>${say.came}</dt><dd>${moment(data.at)}</dd>
          ${data.replayOf && html`<dt>${say.replayOf}</dt><dd><a href=${address(`/hook-deliveries/${data.replayOf}`)}><code>${data.replayOf}</code></a></dd>`}
          <dt>${say.contentType}</dt><dd>${data.contentType}, ${size(data.size)}</dd>
          <dt>${say.id}</dt><dd><code>${id}</code></dd>
        </dl>
        <${Json} label=${say.headers} value=${data.headers} />
        ${Object.keys(data.query ?? {}).length > 0 && html`<${Json} label=${say.query} value=${data.query} mask=${true} />`}
        <p class="soft">${say.redacted}</p>
      </aside>
    </div>
    ${asking && html`<${Confirm} title=${say.replayOne} button=${say.replay} act=${replay} close=${() => setAsking(false)}><p>${say.replayOneHelp(name)}</p><//>`}
  `
}
