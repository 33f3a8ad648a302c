// @ts-check
// Listeners: who takes jobs, what each has in its hands, and who gets no new ones.

import { part, post } from "../api.js"
import { count } from "../format.js"
import { announce } from "../parts/announce.js"
import { Confirm } from "../parts/confirm.js"
import { Empty, FirstListener } from "../parts/empty.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Status } from "../parts/status.js"
import { Table } from "../parts/table.js"
import { Age } from "../parts/time.js"
import { Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address } from "../router.js"
import { may, useSession } from "../session.js"
import { listeners as say, views } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {{ id: string, host?: string, client?: string, keyId: string, state: string, server: string, jobs: { job: string, online: boolean }[], jobCount: number, credit: number, inFlight: number, jobIds: string[], connectedAt: string, lastHeardAt?: string, drainedAt?: string }} Listener */

/** That somebody comes or goes is told by no event. */
const EVERY_MS = 3_000
const NAMED = 4
const LINKED = 2
/** A status that looks as this state does. */
const LOOKS = /** @type {Record<string, string>} */ ({ connected: "complete", draining: "ready", away: "partial" })

/** @param {Listener} one */
const nameOf = ({ host, keyId }) => host ?? keyId

export default function Listeners() {
  const { space } = useSession()
  const { data, cursor, error, again, more } = useReading("/v1/listeners", {}, { topics: ["listener:*"], everyMs: EVERY_MS })
  const [asked, setAsked] = useState(/** @type {Listener | null} */ (null))
  const able = may("run")
  return html`
    <${Heading} title=${views.listeners} />
    <${Trouble} error=${error} again=${again} />
    ${data === undefined && !error && html`<${Skeleton} />`}
    ${data?.length > 0 && html`<p class="soft lead">${say.what}</p><${Table} label=${views.listeners} class="listeners" columns=${columns(able && setAsked)} rows=${data} />`}
    ${cursor && html`<p class="more"><button type="button" onClick=${more}>${say.more}</button></p>`}
    ${data?.length === 0 && html`<${Empty} title=${say.none}><${FirstListener} help=${say.noneHelp} space=${space} /><//>`}
    ${asked && html`<${Question} one=${asked} close=${() => setAsked(null)} again=${again} />`}
  `
}

/** @param {false | ((one: Listener) => void)} ask @returns {import("../parts/table.js").Column[]} */
const columns = (ask) => [
  { name: "host", title: say.host, cell: (one) => html`<strong>${nameOf(one)}</strong><small>${one.client}</small>` },
  { name: "state", title: say.state, cell: (one) => html`<${Status} status=${LOOKS[one.state]} word=${say.states[one.state]} />` },
  { name: "takes", title: say.takes, cell: (one) => html`<${Takes} one=${one} />` },
  { name: "hands", title: say.hands, cell: (one) => html`<${InHand} one=${one} />` },
  { name: "since", title: say.since, cell: (one) => html`<${Age} at=${one.connectedAt} />` },
  { name: "heard", title: say.heard, cell: (one) => one.lastHeardAt && html`<${Age} at=${one.lastHeardAt} />` },
  { name: "server", title: say.server, cell: (one) => html`<code>${one.server}</code>` },
  ...(ask ? [{ name: "turn", title: say.act, untitled: true, cell: (/** @type {Listener} */ one) => html`<${Turn} one=${one} ask=${ask} />` }] : []),
]

/** @param {{ one: Listener }} props */
function Takes({ one: { jobs, jobCount } }) {
  const more = jobCount - Math.min(jobs.length, NAMED)
  return html`
    <span title=${jobs.map(({ job }) => job).join(", ")}>
      ${jobs.slice(0, NAMED).map(({ job, online }) => html`<code key=${job} class="topic">${job}</code>${!online && html` <span class="soft">${say.offline}</span>`} `)}
      ${more > 0 && html`<span class="soft">${say.andMore(count(more))}</span>`}
    </span>
  `
}

/** @param {{ one: Listener }} props */
function InHand({ one: { credit, inFlight, jobIds } }) {
  const more = inFlight - Math.min(jobIds.length, LINKED)
  return html`
    <span>${say.of(count(inFlight), count(credit))}</span>
    ${inFlight > 0 &&
    html`<small>
      ${jobIds.slice(0, LINKED).map((id) => html`<a key=${id} href=${address(`/jobs/${id}`)}>${id}</a> `)} ${more > 0 && say.andMore(count(more))}
    </small>`}
  `
}

/** @param {{ one: Listener, ask: (one: Listener) => void }} props */
function Turn({ one, ask }) {
  if (one.state === "away" && !one.drainedAt) return null
  const word = one.drainedAt ? say.resume : say.drain
  return html`<button type="button" aria-label=${`${word} ${nameOf(one)}`} onClick=${() => ask(one)}>${word}</button>`
}

/** @param {{ one: Listener, close: () => void, again: () => Promise<void> }} props */
function Question({ one, close, again }) {
  const name = nameOf(one)
  const drains = !one.drainedAt
  const act = async () => {
    await post(`/v1/listeners/${part(one.id)}/${drains ? "drain" : "resume"}`)
    announce(drains ? say.isDrained(name) : say.isResumed(name))
    await again()
  }
  return html`
    <${Confirm} title=${drains ? say.drainAsk(name) : say.resumeAsk(name)} button=${drains ? say.drain : say.resume} close=${close} act=${act}>
      <p>${drains ? say.drainHelp(one.inFlight) : say.resumeHelp}</p>
    <//>
  `
}
