// @ts-check
// When something is to be due: a repetition that is picked, a cron expression, or one time; in a zone that is searched for.

import { now } from "../live.js"
import { ownZone, zone as chosenZone } from "../preferences.js"
import { useCell } from "../store.js"
import { timing as say } from "../strings.js"
import { UNITS, WEEKDAYS } from "../timing.js"
import { html, useEffect, useId, useRef } from "../vendor/htm-preact-standalone.js"
import { isZone, localText, offsetText, zoneNames } from "../zones.js"
import { useNow } from "./time.js"

/** @typedef {import("../timing.js").Draft} Draft */
/** @typedef {{ draft: Draft, change: (changes: Partial<Draft>) => void, problem: (key: string) => string }} Props */

const KINDS = /** @type {const} */ (["repeat", "cron", "once"])
const NTHS = ["1", "2", "3", "4", "5", "last"]
const DAYS = [...Array.from({ length: 31 }, (_, at) => String(at + 1)), "last"]

/** @param {any} event @returns {string} */
const valueOf = (event) => event.currentTarget.value

/** @param {Props} props */
export function TimingFields({ draft, change, problem }) {
  return html`
    <fieldset class="kinds">
      <legend>${say.when}</legend>
      ${KINDS.map(
        (kind) => html`
          <label key=${kind}><input type="radio" name="kind" checked=${draft.kind === kind} onChange=${() => change({ kind })} /><span>${say.kinds[kind]}</span></label>
        `,
      )}
    </fieldset>
    ${draft.kind === "cron" && html`<${CronFields} draft=${draft} change=${change} problem=${problem} />`}
    ${draft.kind === "repeat" && html`<${RepeatFields} draft=${draft} change=${change} problem=${problem} />`}
    ${draft.kind === "once" && html`<${Field} label=${say.at} problem=${problem("once")}><input type="datetime-local" step="1" required value=${draft.once} onInput=${(/** @type {any} */ event) => change({ once: valueOf(event) })} /><//>`}
    <${ZoneField} zone=${draft.timeZone} problem=${problem("timeZone")} choose=${(/** @type {string} */ timeZone) => change({ timeZone })} />
  `
}

/** A field with its help, and what is wrong with it. @param {{ label: string, help?: string, problem?: string, children?: any }} props */
export function Field({ label, help, problem, children }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null))
  const id = useId()
  const isTold = Boolean(help || problem)
  useEffect(() => {
    // The name of a field is its label alone.
    const field = ref.current?.querySelector("input, select, textarea")
    if (isTold) field?.setAttribute("aria-describedby", id)
    else if (field?.getAttribute("aria-describedby") === id) field.removeAttribute("aria-describedby")
  }, [isTold])
  return html`
    <div ref=${ref} class="field" data-wrong=${problem ? "" : undefined}>
      <label class="field"><span>${label}</span>${children}</label>
      ${isTold && html`<small id=${id}>${help}${help && problem && html`<br />`}${problem && html`<span class="wrong">${problem}</span>`}</small>`}
    </div>
  `
}

/** @param {Props} props */
const CronFields = ({ draft, change, problem }) => html`
  <div class="pair">
    <${Field} label=${say.cron}>
      <input class="json" required value=${draft.cron} maxlength="256" spellcheck=${false} autocomplete="off" aria-invalid=${problem("cron") ? "true" : undefined} aria-describedby=${problem("cron") ? "cron-problem" : undefined} onInput=${(/** @type {any} */ event) => change({ cron: valueOf(event) })} />
    <//>
    <${Field} label=${say.dialect} problem=${problem("dialect")}>
      <select value=${draft.dialect} onChange=${(/** @type {any} */ event) => change({ dialect: /** @type {Draft["dialect"]} */ (valueOf(event)) })}>
        ${Object.entries(say.dialects).map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
      </select>
    <//>
  </div>
  ${problem("cron") && html`<p class="wrong" id="cron-problem">${problem("cron")}</p>`}
  <p class="soft examples">
    ${say.examples}
    ${Object.entries(say.cronExamples).map(([cron, label]) => html` <button type="button" class="quiet" key=${cron} title=${cron} onClick=${() => change({ cron, dialect: "" })}>${label}</button>`)}
  </p>
`

/** Nothing where nothing is typed. @param {any} event */
const numberOf = (event) => (valueOf(event) === "" ? undefined : Number(valueOf(event)))

/** @param {Props} props */
function RepeatFields({ draft, change, problem }) {
  const { every, unit, begin } = draft
  return html`
    <div class="row">
      <${Field} label=${say.every} problem=${problem("repeat.every")}>
        <input type="number" min="1" max="10000" required value=${every} onInput=${(/** @type {any} */ event) => change({ every: numberOf(event) })} />
      <//>
      <${Field} label=${say.unit}>
        <select value=${unit} onChange=${(/** @type {any} */ event) => change({ unit: /** @type {Draft["unit"]} */ (valueOf(event)) })}>
          ${UNITS.map((one) => html`<option key=${one} value=${one}>${say.units[one]}</option>`)}
        </select>
      <//>
      <${Field} label=${say.begin} problem=${problem("repeat.start")}>
        <input type="datetime-local" required value=${begin.slice(0, 16)} onInput=${(/** @type {any} */ event) => change({ begin: valueOf(event) })} />
      <//>
    </div>
    ${unit === "weeks" && html`<${Weekdays} draft=${draft} change=${change} />`}
    ${unit === "months" && html`<${Monthly} draft=${draft} change=${change} />`}
    <${Ends} draft=${draft} change=${change} problem=${problem} />
  `
}

/** @param {{ draft: Draft, change: Props["change"] }} props */
function Weekdays({ draft: { weekdays }, change }) {
  /** @param {string} day */
  const turn = (day) => change({ weekdays: weekdays.includes(day) ? weekdays.filter((one) => one !== day) : [...weekdays, day] })
  return html`
    <fieldset class="days">
      <legend>${say.weekdays}</legend>
      ${WEEKDAYS.map((day) => html`<label key=${day}><input type="checkbox" checked=${weekdays.includes(day)} onChange=${() => turn(day)} /><span>${say.days[day]}</span></label>`)}
      <small>${say.weekdaysHelp}</small>
    </fieldset>
  `
}

/** @param {{ draft: Draft, change: Props["change"] }} props */
const Monthly = ({ draft, change }) => html`
  <fieldset class="monthly">
    <legend>${say.monthly}</legend>
    <div>
      <label><input type="radio" name="monthly" checked=${draft.monthly === "day"} onChange=${() => change({ monthly: "day" })} /><span>${say.onDay}</span></label>
      <select aria-label=${say.day} value=${draft.day} onChange=${(/** @type {any} */ event) => change({ monthly: "day", day: valueOf(event) })}>
        ${DAYS.map((day) => html`<option key=${day} value=${day}>${day === "last" ? say.lastDay : day}</option>`)}
      </select>
    </div>
    <div>
      <label><input type="radio" name="monthly" checked=${draft.monthly === "nth"} onChange=${() => change({ monthly: "nth" })} /><span>${say.onNth}</span></label>
      <select aria-label=${say.nth} value=${draft.nth} onChange=${(/** @type {any} */ event) => change({ monthly: "nth", nth: valueOf(event) })}>
        ${NTHS.map((nth) => html`<option key=${nth} value=${nth}>${say.nths[nth]}</option>`)}
      </select>
      <select aria-label=${say.weekday} value=${draft.weekday} onChange=${(/** @type {any} */ event) => change({ monthly: "nth", weekday: valueOf(event) })}>
        ${WEEKDAYS.map((day) => html`<option key=${day} value=${day}>${say.longDays[day]}</option>`)}
      </select>
    </div>
  </fieldset>
`

/** @param {Props} props */
const Ends = ({ draft: { ends, until, count }, change, problem }) => html`
  <div class="row">
    <${Field} label=${say.ends}>
      <select value=${ends} onChange=${(/** @type {any} */ event) => change({ ends: /** @type {Draft["ends"]} */ (valueOf(event)) })}>
        ${Object.entries(say.endings).map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
      </select>
    <//>
    ${ends === "until" && html`<${Field} label=${say.until} problem=${problem("repeat.until")}><input type="date" required value=${until.slice(0, 10)} onInput=${(/** @type {any} */ event) => change({ until: valueOf(event) })} /><//>`}
    ${ends === "count" && html`<${Field} label=${say.count} problem=${problem("repeat.count")}><input type="number" min="1" max="100000" required value=${count} onInput=${(/** @type {any} */ event) => change({ count: numberOf(event) })} /><//>`}
  </div>
`

/** A zone that is searched for by typing a part of its name. @param {{ zone: string, problem: string, choose: (zone: string) => void }} props */
export function ZoneField({ zone, problem, choose }) {
  const list = useId()
  const own = useCell(chosenZone) || ownZone
  const there = useNow((time) => (isZone(zone) ? say.there(localText(zone, time).slice(11), offsetText(zone, time)) : ""), [zone])
  /** @param {any} event */
  const typed = (event) => choose(valueOf(event).trim().replaceAll(" ", "_"))
  return html`
    <${Field} label=${say.zone} help=${there || say.zoneHelp} problem=${problem}>
      <input list=${list} required value=${zone} maxlength="64" autocomplete="off" spellcheck=${false} onFocus=${(/** @type {any} */ event) => event.currentTarget.select()} onInput=${typed} />
      <datalist id=${list}>${options()}</datalist>
    <//>
    ${own !== zone && html`<p class="examples"><button type="button" class="quiet" onClick=${() => choose(own)}>${say.useOwn(own)}</button></p>`}
  `
}

/** @type {any} */
let made

/** Made once: there are four hundred. */
function options() {
  made ??= zoneNames().map((name) => html`<option key=${name} value=${name}>${offsetText(name, now())}</option>`)
  return made
}
