// @ts-check
// One schedule: its two days, what comes, what has run, and what it says.

import { ask } from "../api.js"
import { moment, span, weekday } from "../format.js"
import { Heading } from "../parts/page.js"
import { Runs } from "../parts/runs.js"
import { ownerOf, ScheduleButtons, ScheduleSwitch } from "../parts/scheduleacts.js"
import { Next, useTimetable } from "../parts/schedulerow.js"
import { Skeleton } from "../parts/skeleton.js"
import { Axis, Legend, Strip } from "../parts/timetable.js"
import { Trouble } from "../parts/trouble.js"
import { ownZone, zone } from "../preferences.js"
import { address, go } from "../router.js"
import { useCell } from "../store.js"
import { runs as sayRuns, schedules as say } from "../strings.js"
import { html, useEffect, useMemo, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../timetable.js").Shown} Shown */

const NEXT_SHOWN = 5

/** @param {{ id: string }} props */
export default function Schedule({ id }) {
  const { timetable, state, schedules, runs, error } = useTimetable({ schedule: id })
  const [schedule] = schedules
  const own = useMemo(() => [...runs.values()], [runs])
  if (state === "gone") return html`<${Heading} title=${say.gone} /><p><a href=${address("/schedules")}>${say.back}</a></p>`
  if (!schedule) return html`<${Heading} title=${say.title} />${state === "failed" ? html`<${Trouble} error=${error} again=${() => timetable.load()} />` : html`<${Skeleton} />`}`
  return html`
    <p class="crumbs"><a href=${address("/schedules")}>${say.title}</a></p>
    <${Heading} title=${schedule.name}>
      <${ScheduleSwitch} schedule=${schedule} />
      <span class="state" data-state=${schedule.state}>${say.states[schedule.state]}</span>
      <span class="gap"></span>
      <${ScheduleButtons} schedule=${schedule} gone=${() => go("/schedules")} />
    <//>
    ${say.why[schedule.state] && html`<p class="why" data-state=${schedule.state}>${say.why[schedule.state]}</p>`}
    <section class="strip-box" aria-label=${say.strip}><${Axis} /><${Strip} schedule=${schedule} runs=${own} tall /><${Legend} /></section>
    <div class="schedulecolumns">
      <div>
        <section aria-labelledby="coming"><h2 id="coming">${say.coming}</h2><${Coming} schedule=${schedule} /></section>
        <section aria-labelledby="history">
          <h2 id="history">${say.history}</h2>
          <${Runs} filters=${{ schedule: id }} label=${say.history} brief none=${html`<p class="soft">${sayRuns.none}</p>`} />
        </section>
      </div>
      <section aria-labelledby="facts"><h2 id="facts">${say.facts}</h2><${Facts} schedule=${schedule} /></section>
    </div>
  `
}

/** @typedef {{ utc: string, local: string, note?: string }} Time */

/** The next times, however far they are. @param {Shown} schedule @returns {Time[]} */
function useComing({ cron, dialect, repeat, once, timeZone, gap, fold, start, end, nextAt }) {
  const [times, setTimes] = useState(/** @type {Time[]} */ ([]))
  const asked = JSON.stringify({ cron, dialect, repeat, once, timeZone, gap, fold, start, end, count: NEXT_SHOWN })
  useEffect(() => {
    let isOver = false
    const show = (/** @type {Time[]} */ found) => isOver || setTimes(found)
    if (!nextAt) show([])
    else ask("/v1/schedules/preview", JSON.parse(asked)).then(({ data }) => show(data.times), () => show([]))
    return () => void (isOver = true)
  }, [asked, nextAt])
  return times
}

/** @param {{ schedule: Shown }} props */
function Coming({ schedule }) {
  const own = useCell(zone) || ownZone
  const { timeZone } = schedule
  const shown = useComing(schedule)
  const isHome = own === timeZone
  const hasNotes = shown.some(({ note }) => note)
  if (!shown.length) return html`<p class="soft"><${Next} schedule=${schedule} /></p>`
  return html`
    <table class="rows times">
      <thead>
        <tr>
          <th scope="col">${say.inZone(timeZone)}</th>
          ${!isHome && html`<th scope="col">${say.yours(own)}</th>`}
          ${hasNotes && html`<th scope="col">${say.note}</th>`}
        </tr>
      </thead>
      <tbody>
        ${shown.map(
          ({ utc, local, note }) => html`
            <tr key=${utc}>
              <td>${weekday(`${local.slice(0, 19)}Z`, "UTC")}</td>
              ${!isHome && html`<td>${weekday(utc)}</td>`}
              ${hasNotes && html`<td class="note">${note}</td>`}
            </tr>
          `,
        )}
      </tbody>
    </table>
  `
}

/** @param {{ schedule: Shown }} props */
function Facts({ schedule }) {
  const { cron, dialect, once, words, timeZone, late, overlap, jitterS, pauseAfter, mode, params, start, end, definition, failures } = schedule
  return html`
    <dl class="schedulefacts">
      <${Fact} name=${say.next} value=${html`<${Next} schedule=${schedule} />`} />
      <${Fact} name=${say.definition} value=${definition && html`<a href=${address(`/definitions/${definition}`)}>${definition}</a>`} />
      <${Fact} name=${say.timing} value=${words} />
      <${Fact} name=${dialect ?? ""} value=${cron && html`<code>${cron}</code>`} />
      <${Fact} name=${say.zone} value=${say.inZone(timeZone)} />
      <${Fact} name=${say.bounds} value=${!once && (start || end) && `${start ?? ""} \u2013 ${end ?? ""}`} />
      <${Fact} name=${say.overlap} value=${say.overlaps[overlap]} />
      <${Fact} name=${say.late} value=${say.lates[late]} />
      <${Fact} name=${say.jitter} value=${jitterS > 0 && say.upTo(span(jitterS * 1000))} />
      <${Fact} name=${say.pauseAfter} value=${pauseAfter && say.afterFailures(pauseAfter)} />
      <${Fact} name=${say.failures} value=${failures > 0 && String(failures)} />
      <${Fact} name=${say.mode} value=${sayRuns.modes[mode]} />
      <${Fact} name=${say.owner} value=${ownerOf(schedule)} />
      <${Fact} name=${say.changed} value=${moment(schedule.updatedAt)} />
      <${Fact} name=${say.params} value=${Object.keys(params).length > 0 && html`<pre class="json" tabindex="0">${JSON.stringify(params, null, 2)}</pre>`} />
    </dl>
  `
}

/** @param {{ name: string, value: unknown }} props */
const Fact = ({ name, value }) => (value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : null)
