// @ts-check
// What a schedule does when something stands in its way, and what its jobs are given.

import { scheduleForm as say, schedules, runs } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { Field } from "./timingfields.js"

/** @typedef {import("../timing.js").Draft} Draft */
/**
 * @typedef {object} Said
 * @property {string} name
 * @property {boolean} enabled
 * @property {string} late
 * @property {string} overlap
 * @property {string} jitterS
 * @property {string} pauseAfter
 * @property {string} mode
 * @property {string} params JSON
 * @property {(isChange: boolean) => Record<string, unknown>} read what the API takes; what is left empty is taken away by a change
 */

/** @type {Partial<import("../timetable.js").Shown>} */
const NEW = {}

/** @param {import("../timetable.js").Shown | null} schedule @returns {Said} */
export function policiesOf(schedule) {
  const { name, words, enabled = true, late = "latest", overlap = "skip", jitterS = 0, pauseAfter = "", mode = "", params = {} } = schedule ?? NEW
  return {
    name: name === words ? "" : (name ?? ""), enabled, late, overlap, jitterS: jitterS ? String(jitterS) : "", pauseAfter: String(pauseAfter), mode,
    params: Object.keys(params).length ? JSON.stringify(params, null, 2) : "",
    read(isChange) {
      const optional = { name: this.name.trim(), pauseAfter: Number(this.pauseAfter) || null, mode: this.mode }
      const given = Object.entries(optional).map(([key, value]) => [key, value || null]).filter(([, value]) => isChange || value !== null)
      const { enabled, late, overlap, jitterS } = this
      return { ...Object.fromEntries(given), enabled, late, overlap, jitterS: Number(jitterS) || 0, params: read(this.params) }
    },
  } // prettier-ignore
}

/** @param {{ policies: Said, set: (policies: Said) => void, draft: Draft, change: (changes: Partial<Draft>) => void, problem: (key: string) => string }} props */
export function Policies({ policies, set, draft, change, problem }) {
  const to = (/** @type {keyof Said} */ name) => (/** @type {any} */ event) => set({ ...policies, [name]: event.currentTarget.value })
  return html`
    <label class="tick-box">
      <input type="checkbox" checked=${policies.enabled} onChange=${() => set({ ...policies, enabled: !policies.enabled })} /><span>${say.enabled}</span>
    </label>
    <details class="more-fields">
      <summary>${say.more}</summary>
      <div class="form">
        <div class="pair">
          <${Choice} label=${schedules.overlap} value=${policies.overlap} words=${schedules.overlaps} choose=${to("overlap")} />
          <${Choice} label=${schedules.late} value=${policies.late} words=${schedules.lates} choose=${to("late")} />
        </div>
        <div class="pair">
          <${Field} label=${say.jitter} help=${say.jitterHelp} problem=${problem("jitterS")}><input type="number" min="0" max="3600" value=${policies.jitterS} placeholder="0" onInput=${to("jitterS")} /><//>
          <${Field} label=${say.pauseAfter} help=${say.pauseAfterHelp} problem=${problem("pauseAfter")}><input type="number" min="1" max="1000" value=${policies.pauseAfter} placeholder=${say.never} onInput=${to("pauseAfter")} /><//>
        </div>
        <div class="pair">
          <${Choice} label=${say.gap} value=${draft.gap} words=${say.gaps} choose=${(/** @type {any} */ event) => change({ gap: event.currentTarget.value })} />
          <${Choice} label=${say.fold} value=${draft.fold} words=${say.folds} choose=${(/** @type {any} */ event) => change({ fold: event.currentTarget.value })} />
        </div>
        ${draft.kind !== "once" && html`
          <div class="pair">
            <${Field} label=${say.start} problem=${problem("start")}><input type="date" value=${draft.start.slice(0, 10)} onInput=${(/** @type {any} */ event) => change({ start: event.currentTarget.value })} /><//>
            <${Field} label=${say.end} problem=${problem("end")}><input type="date" value=${draft.end.slice(0, 10)} onInput=${(/** @type {any} */ event) => change({ end: event.currentTarget.value })} /><//>
          </div>
        `}
        <${Choice} label=${schedules.mode} value=${policies.mode} words=${{ "": say.modeOfDefinition, ...runs.modes }} choose=${to("mode")} problem=${problem("mode")} />
        <${Field} label=${schedules.params} help=${say.paramsHelp} problem=${problem("params")}><textarea class="json" rows="5" spellcheck=${false} placeholder="{}" value=${policies.params} onInput=${to("params")}></textarea><//>
      </div>
    </details>
  `
}

/** @param {{ label: string, value: string, words: Record<string, string>, problem?: string, choose: (event: any) => void }} props */
const Choice = ({ label, value, words, problem, choose }) => html`
  <${Field} label=${label} problem=${problem}>
    <select value=${value} onChange=${choose}>${Object.entries(words).map(([key, text]) => html`<option key=${key} value=${key}>${text}</option>`)}</select>
  <//>
`

/** @param {string} text @returns {Record<string, unknown>} */
function read(text) {
  let found
  try {
    found = JSON.parse(text.trim() || "{}")
  } catch (error) {
    throw new Error(`${say.noJson} ${/** @type {Error} */ (error).message}`)
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) throw new Error(`${say.noJson} ${text.slice(0, 40)}`)
  return found
}
