// @ts-check
// A hook: what came to it, and what it is.

import { remove } from "../api.js"
import { moment, size } from "../format.js"
import { announce } from "../parts/announce.js"
import { Confirm } from "../parts/confirm.js"
import { CodeBlock, CopyButton } from "../parts/copy.js"
import { Empty } from "../parts/empty.js"
import { HookReplay } from "../parts/hookreplay.js"
import { HookRotate } from "../parts/hookrotate.js"
import { Json } from "../parts/json.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Status } from "../parts/status.js"
import { Age } from "../parts/time.js"
import { Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address, go, usePlace } from "../router.js"
import { may } from "../session.js"
import { hooks as say, views } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { startsOf, OnOff } from "./hooks.js"

/** @typedef {Record<string, any>} Hook */

const STATUSES = ["", "started", "published", "ignored", "failed"]
/** What each looks like. */
const LOOKS = /** @type {Record<string, string>} */ ({ started: "complete", published: "complete", ignored: "canceled", failed: "failed" })
/** Of calls that are ignored the log tells nothing. */
const EVERY_MS = 4_000

/** @param {{ status: string }} props */
export const Became = ({ status }) => html`<${Status} status=${LOOKS[status] ?? "created"} word=${say.became[status] ?? status} />`

/** @param {{ id: string }} props */
export default function HookPage({ id }) {
  const { data: hook, error, again } = useReading(`/v1/hooks/${id}`, {}, { topics: ["hook:*"], concerns: ({ payload }) => payload.hookId === id })
  const [asking, setAsking] = useState("")
  const close = () => setAsking("")
  if (!hook) return html`<${Heading} title=${views.hooks} /><${Trouble} error=${error} again=${again} />${!error && html`<${Skeleton} />`}`
  const gone = async () => {
    await remove(`/v1/hooks/${id}`)
    announce(say.removed(hook.name))
    go("/hooks")
  }
  return html`
    <nav class="crumbs" aria-label=${say.crumbs}><a href=${address("/hooks")}>${views.hooks}</a></nav>
    <${Heading} title=${hook.name}>
      <${OnOff} hook=${hook} again=${again} />
      <span class="aside">
        ${may("run") && html`<a class="button" href=${address(`/hooks/${id}/mapping`)}>${say.mapping}</a>`}
        ${may("define") && hook.verification.kind !== "none" && html`<button type="button" onClick=${() => setAsking("rotate")}>${say.rotate}</button>`}
        ${may("define") && html`<button type="button" class="danger" onClick=${() => setAsking("remove")}>${say.remove}</button>`}
      </span>
    <//>
    <${Trouble} error=${error} again=${again} />
    <div class="beside">
      <${Deliveries} hook=${hook} replay=${() => setAsking("replay")} />
      <${Facts} hook=${hook} />
    </div>
    ${asking === "rotate" && html`<${HookRotate} hook=${hook} close=${close} made=${again} />`}
    ${asking === "replay" && html`<${HookReplay} hook=${hook} close=${close} />`}
    ${asking === "remove" &&
    html`<${Confirm} title=${say.removeTitle(hook.name)} button=${say.remove} act=${gone} close=${close} dangerous><p>${say.removeHelp}</p><//>`}
  `
}

/** @param {{ hook: Hook, replay: () => void }} props */
function Deliveries({ hook, replay }) {
  const { query } = usePlace()
  const status = query.get("status") ?? ""
  const topics = ["hook:*", "job:created", ...(hook.event ? [hook.event] : [])]
  const { data, cursor, error, again, more } = useReading(`/v1/hooks/${hook.id}/deliveries`, { status, pageSize: 50 }, { topics, everyMs: EVERY_MS })
  return html`
    <section aria-labelledby="deliveries">
      <header class="heading">
        <h2 id="deliveries">${say.deliveries}</h2>
        <nav class="tabs" aria-label=${say.status}>
          ${STATUSES.map(
            (one) => html`
              <a key=${one} href=${address(`/hooks/${hook.id}`, { status: one })} aria-current=${one === status ? "true" : undefined}>${one ? say.became[one] : say.all}</a>
            `,
          )}
        </nav>
        ${may("run") && data?.length > 0 && html`<button type="button" class="aside" onClick=${replay}>${say.replaySpan}</button>`}
      </header>
      <${Trouble} error=${error} again=${again} />
      ${data === undefined && !error && html`<${Skeleton} />`}
      ${data?.length > 0 && html`<${Table} rows=${data} />`}
      ${cursor && html`<p class="more"><button type="button" onClick=${more}>${say.older}</button></p>`}
      ${data?.length === 0 && (status ? html`<p class="soft lead">${say.noneSuch}</p>` : html`<${Nothing} hook=${hook} />`)}
    </section>
  `
}

/** @param {{ rows: any[] }} props */
const Table = ({ rows }) => html`
  <table class="rows deliveries">
    <colgroup><col class="c-status" /><col class="c-time" /><col /><col class="c-size" /></colgroup>
    <thead>
      <tr>
        <th scope="col">${say.status}</th>
        <th scope="col">${say.came}</th>
        <th scope="col">${say.result}</th>
        <th scope="col" class="number">${say.size}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (one) => html`
          <tr key=${one.id} data-id=${one.id} data-status=${one.status}>
            <td><${Became} status=${one.status} /></td>
            <td><a class="name" href=${address(`/hook-deliveries/${one.id}`)}><span class="unseen">${say.delivery}</span> <${Age} at=${one.at} /></a></td>
            <td><${Result} delivery=${one} /></td>
            <td class="number soft">${size(one.size)}</td>
          </tr>
        `,
      )}
    </tbody>
  </table>
`

/** What became of it, and of what it is a replay. @param {{ delivery: any }} props */
export function Result({ delivery: { jobId, problems, replayOf, status } }) {
  return html`
    ${jobId && html`<a href=${address(`/jobs/${jobId}`)}><code>${jobId}</code></a>`}
    ${problems?.[0] && html`<span class="wrong">${problems[0].message}</span>`}
    ${status === "published" && html`<span class="soft">${say.publishedIt}</span>`} ${status === "ignored" && html`<span class="soft">${say.filteredOut}</span>`}
    ${replayOf && html` <a class="soft" href=${address(`/hook-deliveries/${replayOf}`)}>${say.replayed}</a>`}
  `
}

/** Nobody has called yet: how one does. @param {{ hook: Hook }} props */
function Nothing({ hook }) {
  const { kind } = hook.verification
  const signs = kind === "none" ? "" : `\n  -H @<(tickwire hooks sign ${kind} call.json --secret-file hook.secret)`
  const text = `echo '{"hello": "world"}' > call.json
curl ${hook.url ?? "$HOOK_URL"} -H 'Content-Type: application/json'${signs.replace("\n", " \\\n")} --data-binary @call.json
`
  return html`
    <${Empty} title=${say.noCall}>
      <p>${say.noCallHelp}</p>
      <${CodeBlock} label="shell" text=${text} />
    <//>
  `
}

/** @param {{ hook: Hook }} props */
function Facts({ hook }) {
  const { kind, ...way } = hook.verification
  return html`
    <aside aria-label=${say.facts}>
      <dl class="facts">
        ${hook.url && html`<dt>${say.address}</dt><dd class="copied"><code>${hook.url}</code><${CopyButton} text=${hook.url} label=${say.copyAddress} /></dd>`}
        <dt>${say.starts}</dt><dd>${startsOf(hook)}</dd>
        <dt>${say.proves}</dt><dd>${say.kinds[kind]}${Object.entries(way).map(([name, value]) => html`<br key=${name} /><span class="soft">${say.way[name] ?? name}</span> <code>${value}</code>`)}</dd>
        <dt>${say.again}</dt><dd>${say.replayBy[hook.replayBy]}${hook.replayHeader && html` <code>${hook.replayHeader}</code>`}</dd>
        ${hook.oldSecretUntil && html`<dt>${say.oldSecret}</dt><dd>${say.until(moment(hook.oldSecretUntil))}</dd>`}
        ${hook.waitS > 0 && html`<dt>${say.waits}</dt><dd>${hook.waitS} s</dd>`}
        <dt>${say.changed}</dt><dd><${Age} at=${hook.updatedAt} /></dd>
        <dt>${say.id}</dt><dd><code>${hook.id}</code></dd>
      </dl>
      ${hook.params ? html`<${Json} label=${say.params} value=${hook.params} />` : html`<p class="soft">${say.wholeBody[hook.definition ? "definition" : "other"]}</p>`}
      ${hook.filter && html`<${Json} label=${say.filter} value=${hook.filter} />`}
    </aside>
  `
}
