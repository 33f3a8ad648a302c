// @ts-check
// Schedules as a table: what each is, whether it is on, when it is next due, and its two days.

import { moment, span, weekday } from "../format.js"
import { zone } from "../preferences.js"
import { address } from "../router.js"
import { useCell } from "../store.js"
import { schedules as say } from "../strings.js"
import { html, useEffect, useMemo } from "../vendor/htm-preact-standalone.js"
import { Timetable } from "../timetable.js"
import { ownerOf, ScheduleMenu, ScheduleSwitch } from "./scheduleacts.js"
import { useNow } from "./time.js"
import { Axis, Strip } from "./timetable.js"

/** @typedef {import("../timetable.js").Shown} Shown */
/** @typedef {import("../timetable.js").Run} Run */

/** A timetable, as long as the component is there. @param {{ definition?: string, schedule?: string }} only */
export function useTimetable({ definition, schedule }) {
  const timetable = useMemo(() => new Timetable({ definition, schedule }), [definition, schedule])
  useEffect(() => () => timetable.close(), [timetable])
  return { timetable, ...useCell(timetable.cell) }
}

/** @param {{ schedules: Shown[], runs: Map<string, Run>, label: string }} props */
export function ScheduleTable({ schedules, runs, label }) {
  const bySchedule = useMemo(() => grouped(runs), [runs])
  return html`
    <table class="rows schedules" aria-label=${label}>
      <colgroup><col class="c-on" /><col class="c-name" /><col class="c-next" /><col class="c-strip" /><col class="c-owner" /><col class="c-acts" /></colgroup>
      <thead>
        <tr>
          <th scope="col">${say.on}</th>
          <th scope="col">${say.schedule}</th>
          <th scope="col">${say.next}</th>
          <th scope="col"><span class="unseen">${say.strip}</span><${Axis} /></th>
          <th scope="col">${say.owner}</th>
          <th scope="col"><span class="unseen">${say.actions}</span></th>
        </tr>
      </thead>
      <tbody>
        ${schedules.map((one) => html`<${Row} key=${one.id} schedule=${one} runs=${bySchedule.get(one.id) ?? NOTHING} />`)}
      </tbody>
    </table>
  `
}

/** @type {Run[]} */
const NOTHING = []

/** @param {Map<string, Run>} runs @returns {Map<string, Run[]>} */
function grouped(runs) {
  /** @type {Map<string, Run[]>} */
  const found = new Map()
  for (const run of runs.values()) {
    const id = run.trigger.scheduleId
    const mine = found.get(id)
    if (mine) mine.push(run)
    else found.set(id, [run])
  }
  return found
}

/** @param {{ schedule: Shown, runs: Run[] }} props */
function Row({ schedule, runs }) {
  const { id, name, words, definition, state } = schedule
  return html`
    <tr data-id=${id} data-state=${state}>
      <td><${ScheduleSwitch} schedule=${schedule} /></td>
      <td>
        <a class="name" href=${address(`/schedules/${id}`)} title=${words}>${name}</a>
        <span class="under">${[definition ?? say.button, name !== words && words].filter(Boolean).join(" \u00b7 ")}</span>
      </td>
      <td class="next"><${Next} schedule=${schedule} /></td>
      <td class="two-days"><${Strip} schedule=${schedule} runs=${runs} /></td>
      <td class="owner" title=${schedule.owner}>${ownerOf(schedule)}</td>
      <td class="acts"><${ScheduleMenu} schedule=${schedule} /></td>
    </tr>
  `
}

/** When it is next due, or why it is not. @param {{ schedule: Shown }} props */
export function Next({ schedule }) {
  useCell(zone)
  const { nextAt, nextNote, queuedAt, state, timeZone } = schedule
  const left = useNow((time) => (nextAt ? Date.parse(nextAt) - time : null), [nextAt])
  if (queuedAt) return html`<span title=${moment(queuedAt)}>${say.queued}</span>`
  if (!nextAt || left === null) return html`<span class="state" data-state=${state} title=${say.why[state]}>${say.states[state]}</span>`
  return html`
    <time dateTime=${nextAt} title=${[moment(nextAt), moment(nextAt, timeZone), nextNote].filter(Boolean).join("\n")}>
      <span class="date">${weekday(nextAt)}</span><span class="under">${say.inSpan(span(Math.max(0, left)))}${nextNote ? " · \u26a0" : ""}</span>
    </time>
  `
}
