// @ts-check
// How a job went on: its percent over time, how fast it is, and where that leads.

import { get, part } from "../api.js"
import { clock, count, span } from "../format.js"
import { hasEnded, useJob } from "../jobs.js"
import { now } from "../live.js"
import { curve as say } from "../strings.js"
import { html, useEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"
import { useNow } from "./time.js"

/** @typedef {{ at: number, percent: number }} Point */

const WIDTH = 600
const HEIGHT = 96
const MOST = 600
/** The rate is that of the last stretch of this length, in milliseconds. */
const RECENT_MS = 20_000

/** @param {{ id: string }} props */
export function Curve({ id }) {
  const job = useJob(id)
  const points = useRef(/** @type {Point[]} */ ([]))
  const [, draw] = useState(0)
  useEffect(() => {
    const stop = new AbortController()
    get(`/v1/jobs/${part(id)}/progress`, {}, stop.signal).then(({ data }) => {
      const read = data.points.flatMap((/** @type {any} */ point) => (point.percent === undefined ? [] : [{ at: Date.parse(point.at), percent: point.percent }]))
      const last = read.at(-1)?.at ?? 0
      points.current = [...read, ...points.current.filter(({ at }) => at > last)]
      draw((count) => count + 1)
    }, () => {})
    return () => stop.abort()
  }, [id])
  const percent = job?.progress
  useEffect(() => {
    const last = points.current.at(-1)
    if (percent === undefined || !job || hasEnded(job) || last?.percent === percent) return
    points.current.push({ at: now(), percent })
    if (points.current.length > MOST) points.current = points.current.filter((_, at) => at % 2 || at === points.current.length - 1)
  }, [percent])
  const time = useNow((moment) => (job && hasEnded(job) ? 0 : Math.floor(moment / 1000) * 1000), [job?.status])
  if (!job?.startedAt || points.current.length < 2) return null
  return html`<${Plot} points=${points.current} job=${job} now=${time} />`
}

/** @param {{ points: Point[], job: import("../jobs.js").Job, now: number }} props */
function Plot({ points, job, now: time }) {
  // Of a job that was tried several times, the curve is that of the last attempt.
  const start = job.attempt > 1 ? points[0].at : Math.min(Date.parse(job.startedAt), points[0].at)
  const last = points[points.length - 1]
  const eta = job.estimatedCompletionAt && !hasEnded(job) ? Date.parse(job.estimatedCompletionAt) : undefined
  const end = Math.max(last.at, job.finishedAt ? Date.parse(job.finishedAt) : time, eta ?? 0, start + 1000)
  const x = (/** @type {number} */ at) => (((at - start) / (end - start)) * WIDTH).toFixed(1)
  const y = (/** @type {number} */ percent) => (HEIGHT - (percent / 100) * HEIGHT).toFixed(1)
  const line = [...(job.attempt > 1 ? [] : [`${x(start)},${y(0)}`]), ...points.map(({ at, percent }) => `${x(at)},${y(percent)}`)]
  const until = Math.max(last.at, Math.min(time || last.at, end))
  line.push(`${x(until)},${y(last.percent)}`)
  const rate = rateOf(points, job)
  return html`
    <figure class="curve">
      <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${say.told(last.percent, span(last.at - start))}>
        <path class="grid" d=${`M0,${y(25)}H${WIDTH}M0,${y(50)}H${WIDTH}M0,${y(75)}H${WIDTH}`} />
        <polygon class="area" points=${`${line.join(" ")} ${x(until)},${HEIGHT} 0,${HEIGHT}`} />
        ${eta && html`<path class="hope" d=${`M${x(until)},${y(last.percent)}L${x(eta)},0`} />`}
        <polyline class="line" points=${line.join(" ")} />
      </svg>
      <figcaption><span>${clock(start, { seconds: true })}</span><span>${rate}</span><span>${eta ? say.end(clock(eta, { seconds: true })) : clock(end, { seconds: true })}</span></figcaption>
    </figure>
  `
}

/** How fast it is: in what it counts where it says so, else in percent. @param {Point[]} points @param {import("../jobs.js").Job} job */
function rateOf(points, job) {
  const last = points[points.length - 1]
  const first = hasEnded(job) ? points[0] : (points.find(({ at }) => at > last.at - RECENT_MS) ?? points[0])
  const perS = (last.percent - first.percent) / ((last.at - first.at) / 1000)
  if (!(perS > 0)) return ""
  if (job.total) return say.perS(short((perS / 100) * job.total))
  return perS >= 0.1 ? say.percentPerS(short(perS)) : say.percentPerM(short(perS * 60))
}

/** @param {number} value */
const short = (value) => (value >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(2))))
