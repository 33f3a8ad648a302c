// @ts-check
// What is known of a job, as a list of facts.

import { lasted, moment, span } from "../format.js"
import { hasEnded } from "../jobs.js"
import { ownZone, zone } from "../preferences.js"
import { address } from "../router.js"
import { useCell } from "../store.js"
import { jobFacts as say, jobs } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { useSession } from "../session.js"
import { CopyButton } from "./copy.js"
import { shownStatus, Status } from "./status.js"
import { Age, Clock, useNow } from "./time.js"

/** @typedef {import("../jobs.js").Job} Job */

const SINCE = /** @type {Record<string, string>} */ ({ executing: "startedAt", ready: "readyAt", complete: "finishedAt", failed: "finishedAt", canceled: "finishedAt" })

/** @param {{ job: Job }} props */
export function JobFacts({ job }) {
  const since = job[SINCE[job.status] ?? "updatedAt"] ?? job.updatedAt
  const facts = [
    ["status", html`<${Status} status=${shownStatus(/** @type {any} */ (job))} /> <span class="soft"><${Age} at=${since} /></span>`],
    ["attempt", job.attempt ? say.attemptOf(job.attempt, job.maxAttempts) : null],
    ["startedBy", html`<${StartedBy} job=${job} />`],
    ["definition", job.definition && html`<a href=${address("/jobs", { definition: job.definition })}>${job.definition}</a>${job.definitionVersion ? ` ${say.version(job.definitionVersion)}` : ""}`],
    ["runMode", job.runMode],
    ["about", job.subject?.id ?? job.subject?.resource ?? (job.source?.startsWith("us_sp_") ? null : job.source)],
    ["file", job.fileId],
    ["parent", job.parentId && html`<a href=${address(`/jobs/${job.parentId}`)}>${job.part === undefined ? say.parentJob : say.partOf(job.part)}</a>`],
    ["rerunOf", job.rerunOf && html`<a href=${address(`/jobs/${job.rerunOf}`)}>${job.rerunOf}</a>`],
    ["tags", job.tags?.length && job.tags.map((/** @type {string} */ tag) => html`<a key=${tag} class="tag" href=${address("/jobs", { tag })}>#${tag}</a> `)],
    ["priority", job.priority || null],
    ["uniqueKey", job.uniqueKey],
    ["id", html`<code>${job.id}</code><${CopyButton} text=${job.id} label="" />`],
  ]
  return html`
    <section class="card jobfacts" aria-label=${say.title}>
      <${Facts} facts=${facts} />
      <h3>${say.times}</h3>
      <${Times} job=${job} />
      <${Data} name="input" value=${job.input} open />
      ${["config", "partData", "metadata", "result", "watermark"].map((name) => html`<${Data} key=${name} name=${name} value=${job[name]} />`)}
    </section>
  `
}

/** @param {{ facts: any[][] }} props */
export const Facts = ({ facts }) => html`
  <dl>
    ${facts.map(([name, value]) => value !== null && value !== undefined && value !== false && value !== "" && value !== 0 && html`<div key=${name}><dt>${say.names[name] ?? name}</dt><dd>${value}</dd></div>`)}
  </dl>
`

/** Who or what started it. @param {{ job: Job }} props */
function StartedBy({ job: { startedBy = {}, createdBy = "" } }) {
  const { keyId, member } = useSession()
  const kind = startedBy.kind ?? (createdBy.startsWith("us_mem_") ? "person" : "api")
  const named = startedBy.name ?? startedBy.topic ?? startedBy.scheduleId ?? startedBy.hookId ?? startedBy.actionId
  const who = createdBy === keyId ? (member?.name ?? jobs.you) : createdBy
  return html`${jobs.kinds[kind] ?? kind}${named ? html` · ${named}` : ""}${createdBy && ["person", "api", "action"].includes(kind) ? html` · <span title=${createdBy}>${who}</span>` : ""}`
}

/** @param {{ job: Job }} props */
function Times({ job }) {
  useCell(zone)
  const { createdAt, readyAt, startedAt, finishedAt, scheduledAt, estimatedCompletionAt, leaseExpiresAt, cancelRequestedAt } = job
  const ended = hasEnded(job)
  const took = useNow((time) => {
    if (!startedAt) return null
    return finishedAt ? lasted(Date.parse(finishedAt) - Date.parse(startedAt)) : span(Math.floor(time / 1000) * 1000 - Date.parse(startedAt))
  }, [startedAt, finishedAt])
  const at = (/** @type {string | undefined} */ time) => time && html`<span title=${bothZones(time)}><${Clock} at=${time} seconds /></span>`
  return html`<${Facts}
    facts=${[
      ["created", html`<span title=${bothZones(createdAt)}>${moment(createdAt)}</span>`],
      ["scheduled", at(scheduledAt)],
      ["ready", at(readyAt)],
      ["started", at(startedAt)],
      ["waited", startedAt && readyAt && Date.parse(startedAt) - Date.parse(readyAt) > 100 ? lasted(Date.parse(startedAt) - Date.parse(readyAt)) : null],
      ["finished", at(finishedAt)],
      [ended ? "took" : "running", took],
      ["estimated", !ended && at(estimatedCompletionAt)],
      ["lease", !ended && at(leaseExpiresAt)],
      ["cancelRequested", !ended && at(cancelRequestedAt)],
      ["limits", job.runTimeoutS && say.limits(span(job.runTimeoutS * 1000), span(job.totalTimeoutS * 1000))],
    ]}
  />`
}

/** The time in the viewer's zone, and in UTC. @param {string} at */
function bothZones(at) {
  const own = moment(at)
  return (zone.value || ownZone) === "UTC" ? own : `${own}\n${moment(at, "UTC")}`
}

/** @param {{ name: string, value: unknown, open?: boolean }} props */
function Data({ name, value, open = false }) {
  if (value === undefined || value === null || (typeof value === "object" && !Object.keys(value).length)) return null
  const text = JSON.stringify(value, null, 2)
  return html`
    <details class="data" open=${open && text.length < 2_000}>
      <summary>${say.names[name] ?? name}</summary>
      <figure class="code">
        <pre tabindex="0"><code>${text}</code></pre>
        <${CopyButton} text=${text} label="" />
      </figure>
    </details>
  `
}

