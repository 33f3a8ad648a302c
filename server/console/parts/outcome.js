// @ts-check
// What a job has come to, and what a person can do next.

import { part, post } from "../api.js"
import { count } from "../format.js"
import { Icon } from "../icons.js"
import { safe } from "../links.js"
import { may } from "../session.js"
import { outcome as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { CopyButton } from "./copy.js"
import { waitsForAck } from "./jobrow.js"
import { shownStatus, Status } from "./status.js"
import { Clock } from "./time.js"
import { told } from "./trouble.js"

/** @typedef {import("../jobs.js").Job} Job */
/** @typedef {import("../../client/tickwire.js").Next} Next */

/** Messages with so many letters may be higher than their place: who has no mouse scrolls them by keys. */
const SCROLLS_FROM = 200

/** @param {{ job: Job, again?: () => void, then?: () => void }} props ``again`` is what a ``retry`` opens, ``then`` what follows an acknowledgement */
export function OutcomeCard({ job, again, then }) {
  const found = job.outcome ?? {}
  const status = shownStatus(/** @type {any} */ (job))
  const { heading, message, counts, next, errorFiles = [] } = /** @type {any} */ (found)
  return html`
    <section class="outcome" data-status=${status} aria-label=${say.title}>
      <header><${Status} status=${status} />${heading && html`<h2>${heading}</h2>`}</header>
      ${(message ?? job.info) && html`<p class="message" tabindex=${(message ?? job.info).length > SCROLLS_FROM ? 0 : undefined}>${message ?? job.info}</p>`}
      ${counts && html`<${Counts} counts=${counts} />`}
      ${next?.type === "wait" && html`<${Wait} next=${next} />`}
      <footer>
        ${next && html`<${NextAction} next=${next} again=${again} />`}
        ${errorFiles.map((/** @type {any} */ file) => html`<${FileLink} key=${file.fileId} file=${file} label=${file.label ?? say.errorFile} />`)}
        <${Acknowledge} job=${job} then=${then} />
      </footer>
    </section>
  `
}

/** @param {{ counts: Record<string, number> }} props */
const Counts = ({ counts }) => html`
  <ul class="counts">
    ${["total", "ok", "failed", "skipped"].map((name) => counts[name] !== undefined && html`<li key=${name} data-count=${name}><strong>${count(counts[name])}</strong> ${say.counts[name]}</li>`)}
  </ul>
`

/** @param {{ next: Next, again?: () => void }} props */
function NextAction({ next, again }) {
  const { type, label } = next
  if (type === "wait") return null
  if (type === "retry") return again && may("run") ? html`<button type="button" class="primary" onClick=${again}><${Icon} name="retry" />${label ?? say.retry}</button>` : null
  if (type === "files") return (next.files ?? []).map((file, at) => html`<${FileLink} key=${file.fileId} file=${file} primary=${!at} label=${file.label ?? label ?? say.download} />`)
  if (type === "download") return html`<${FileLink} file=${{ fileId: String(next.fileId), url: next.url }} name=${next.fileName} primary label=${label ?? next.fileName ?? say.download} />`
  const url = safe(next.url)
  if (url) {
    const here = type !== "url" || next.replace
    return html`<a class="button primary" href=${url} target=${here ? undefined : "_blank"} rel="noopener noreferrer"><${Icon} name="open" />${label ?? say.open}</a>`
  }
  return html`<${Named} next=${next} />`
}

/** What opens in a product whose addresses the space does not know. @param {{ next: Next }} props */
function Named({ next }) {
  const id = next.id ?? next.snapshotId ?? next.sheetId
  return html`<span class="named">${next.label ?? say.kinds[next.type] ?? next.type}${id ? html` <code>${id}</code><${CopyButton} text=${String(id)} />` : ""}</span>`
}

/** @param {{ file: { fileId: string, url?: string }, label: string, name?: string, primary?: boolean }} props */
function FileLink({ file, label, name, primary }) {
  const url = safe(file.url)
  if (!url) return html`<span class="named">${label} <code>${file.fileId}</code></span>`
  return html`<a class=${`button ${primary ? "primary" : ""}`} href=${url} download=${name ?? ""}><${Icon} name="download" />${label}</a>`
}

/** @param {{ next: Next }} props */
const Wait = ({ next }) => html`<div class="wait" role="status"><div class="bar" data-unknown data-status="executing"><div></div></div><p>${next.label ?? say.wait}</p></div>`

/** Whether whoever looks on is asked to say that they have seen it. @param {Job} job */
export const asks = (job) => waitsForAck(job) && may("run") && !(/** @type {any} */ (job.outcome)?.hideDefaultButton)

/** @param {{ job: Job, then?: () => void }} props */
function Acknowledge({ job, then }) {
  const [busy, setBusy] = useState(false)
  const found = /** @type {any} */ (job.outcome ?? {})
  if (job.outcomeAcknowledgedAt) return html`<span class="soft">${say.acknowledged} <${Clock} at=${job.outcomeAcknowledgedAt} /></span>`
  if (!asks(job)) return null
  const press = async () => {
    setBusy(true)
    try {
      await post(`/v1/jobs/${part(job.id)}/outcome/ack`)
      announce(say.acknowledgedNow)
      then?.()
    } catch (error) {
      announce(told(/** @type {any} */ (error)), "bad")
    }
    setBusy(false)
  }
  return html`<button type="button" class=${found.next ? "" : "primary"} disabled=${busy} onClick=${press}><${Icon} name="check" />${found.buttonText ?? say.acknowledge}</button>`
}
