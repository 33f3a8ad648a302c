// @ts-check
// How it goes: what came and ended, what failed, how long jobs wait, how punctual schedules are.

import { count, lasted, span } from "../format.js"
import { Heading } from "../parts/page.js"
import { Plot } from "../parts/plot.js"
import { Skeleton } from "../parts/skeleton.js"
import { Status } from "../parts/status.js"
import { Age, useNow } from "../parts/time.js"
import { Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address, usePlace } from "../router.js"
import { overview as say, views } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"

/** @typedef {{ at: string, created: number, completed: number, failed: number, canceled: number, queueAgeS: number, lateS?: number }} Bucket */
/** @typedef {{ hours: number, bucketS: number, buckets: Bucket[], queue: { waiting: number, running: number, oldestReadyAt?: string }, failures: { jobId: string, job: string, label?: string, message?: string, at: string }[], schedules: { due: number, ran: number, skipped: number, failed: number, lateP95S?: number }, listeners: number }} Overview */

const EVERY_MS = 5_000
const HOURS = [6, 24, 168]
/** More are not counted. */
const MOST = 10_000

/** @param {number} seconds */
const time = (seconds) => lasted(seconds * 1000)
/** @param {number} jobs */
const atLeast = (jobs) => (jobs >= MOST ? say.orMore(count(jobs)) : count(jobs))

export default function Overview() {
  const { query } = usePlace()
  const asked = Number(query.get("hours"))
  const hours = HOURS.includes(asked) ? asked : 24
  const { data, error, again } = useReading("/v1/overview", { hours }, { everyMs: EVERY_MS })
  return html`
    <${Heading} title=${views.overview}>
      <nav class="tabs" aria-label=${say.span}>
        ${HOURS.map((one) => html`<a key=${one} href=${address("/overview", { hours: one === 24 ? "" : one })} aria-current=${one === hours ? "page" : undefined}>${say.hours[one]}</a>`)}
      </nav>
    <//>
    <${Trouble} error=${error} again=${again} />
    ${data === undefined && !error && html`<${Skeleton} lines=${6} />`}
    ${data && html`<${Now} found=${data} /><${Plots} found=${data} /><${Failures} rows=${data.failures} />`}
  `
}

/** How it stands at this moment. @param {{ found: Overview }} props */
function Now({ found: { queue, listeners, schedules, hours } }) {
  const { waiting, running } = queue
  const missed = schedules.skipped + schedules.failed
  return html`
    <dl class="overviewnow">
      <${Figure} name=${say.waiting} value=${atLeast(waiting)} place=${address("/jobs", { status: "ready" })}>${queue.oldestReadyAt && html`<${Oldest} at=${queue.oldestReadyAt} />`}<//>
      <${Figure} name=${say.running} value=${atLeast(running)} place=${address("/jobs", { status: "executing" })} />
      <${Figure} name=${views.listeners} value=${count(listeners)} place=${address("/listeners")}>${listeners === 0 && waiting > 0 && html`<span class="wrong">${say.nobody}</span>`}<//>
      <${Figure} name=${say.due(say.hours[hours])} value=${count(schedules.due)} place=${address("/runs", { trigger: "schedule" })}>
        ${schedules.due > 0 && say.ran(count(schedules.ran))}${missed > 0 && html` <span class="wrong">${say.missed(count(missed))}</span>`}
      <//>
    </dl>
  `
}

/** @param {{ name: string, value: string, place: string, children?: any }} props */
const Figure = ({ name, value, place, children }) => html`<div><dt>${name}</dt><dd><a href=${place}>${value}</a> <small>${children}</small></dd></div>`

/** @param {{ at: string }} props */
const Oldest = ({ at }) => html`${say.oldest(useNow((now) => span(now - Date.parse(at)), [at]))}`

/** @param {{ found: Overview }} props */
function Plots({ found: { buckets, queue, schedules, hours } }) {
  const sum = (/** @type {"created" | "completed" | "failed" | "canceled"} */ name) => buckets.reduce((all, bucket) => all + bucket[name], 0)
  const [created, completed, failed] = [sum("created"), sum("completed"), sum("failed")]
  const longest = Math.max(0, ...buckets.map(({ queueAgeS }) => queueAgeS))
  const latest = Math.max(0, ...buckets.map(({ lateS = 0 }) => lateS))
  const ended = completed + failed + sum("canceled")
  const p95 = schedules.lateP95S
  const within = say.hours[hours]
  return html`
    <div class="plots">
      <${Plot} title=${say.throughput} figure=${say.done(count(completed))} told=${say.throughputTold(count(created), count(completed), within)} column=${say.completed} second=${say.created} show=${count}
        bars=${buckets.map(({ at, completed: value, created: beside }) => ({ at, value, beside }))} />
      <${Plot} title=${say.failures} figure=${count(failed)} tone="bad" told=${say.failuresTold(count(failed), count(ended), within)} column=${say.failed} show=${count}
        bars=${buckets.map(({ at, failed: value }) => ({ at, value }))} />
      <${Plot} title=${say.queueAge} figure=${queue.oldestReadyAt ? html`<${Waits} at=${queue.oldestReadyAt} />` : say.noneWaits} tone="warn" told=${say.queueAgeTold(time(longest), within)} column=${say.longestWait} show=${time}
        bars=${buckets.map(({ at, queueAgeS: value }) => ({ at, value }))} />
      <${Plot} title=${say.punctuality} figure=${p95 === undefined ? say.noneDue : say.late(time(p95))} told=${p95 === undefined ? say.noneDue : say.punctualityTold(time(p95), time(latest))} column=${say.latest} show=${time}
        bars=${buckets.map(({ at, lateS }) => ({ at, value: lateS ?? null }))} />
    </div>
  `
}

/** @param {{ at: string }} props */
const Waits = ({ at }) => html`${useNow((now) => span(now - Date.parse(at)), [at])}`

/** @param {{ rows: Overview["failures"] }} props */
const Failures = ({ rows }) => html`
  <section class="card overviewfailures">
    <header><h2>${say.lastFailures}</h2>${rows.length > 0 && html`<a href=${address("/jobs", { status: "failed" })}>${say.allFailures}</a>`}</header>
    ${rows.length === 0 && html`<p class="soft">${say.noFailure}</p>`}
    <ul>
      ${rows.map(
        ({ jobId, job, label, message, at }) => html`
          <li key=${jobId} data-id=${jobId}>
            <${Status} status="failed" short=${true} />
            <a href=${address(`/jobs/${jobId}`)}>${label ?? job}</a>
            <span class="overviewmessage">${message}</span>
            <span class="soft"><${Age} at=${at} /></span>
          </li>
        `,
      )}
    </ul>
  </section>
`
