// @ts-check
// A run again, as it was or with other parameters.

import { get, part, postOnce } from "../api.js"
import { weekday } from "../format.js"
import { address } from "../router.js"
import { runs as say } from "../strings.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { Dialog } from "./dialog.js"
import { Skeleton } from "./skeleton.js"
import { Trouble } from "./trouble.js"

/** @typedef {import("../timetable.js").Run} Run */
/** @typedef {Record<string, unknown>} Params */

/** @param {{ run: Run, name: string, close: () => void }} props */
export function RunAgain({ run, name, close }) {
  const [before, setBefore] = useState(/** @type {Params | null} */ (run.jobId ? null : {}))
  const [error, setError] = useState(/** @type {Error | null} */ (null))
  const [made, setMade] = useState(/** @type {string | null} */ (null))
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    if (run.jobId) get(`/v1/runs/${part(run.id)}`).then(({ data }) => setBefore(data.params ?? {}), setError)
  }, [run.id])
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault()
    const given = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget))
    setBusy(true)
    setError(null)
    try {
      const params = changed(before ?? {}, read(String(given.get("params"))))
      const { data } = await postOnce(`/v1/runs/${part(run.id)}/_again`, { params, mode: given.get("mode") || undefined })
      announce(say.madeAgain)
      setMade(data.jobId)
    } catch (refused) {
      setError(/** @type {Error} */ (refused))
    }
    setBusy(false)
  }
  const help = run.jobId ? say.againHelp(name) : say.makeUp(name, weekday(run.dueAt ?? run.createdAt))
  return html`
    <${Dialog} title=${say.againTitle(name)} close=${close} wide>
      ${made && html`<p>${say.madeAgain} <a href=${address(`/jobs/${made}`)}>${say.openJob}</a></p>`}
      ${!made && html`<p>${help}</p><${Trouble} error=${error} />`}
      ${!made && !before && !error && html`<${Skeleton} lines=${3} />`}
      ${!made && before && html`
        <form class="form" onSubmit=${submit}>
          <label class="field">
            <span>${say.params}</span>
            <textarea name="params" rows="10" spellcheck=${false} class="json">${JSON.stringify(before, null, 2)}</textarea>
            <small>${say.paramsHelp}</small>
          </label>
          ${run.mode && html`
            <label class="field">
              <span>${say.mode}</span>
              <select name="mode">
                <option value="">${say.asItWas}</option>
                ${Object.entries(say.modes).map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
              </select>
            </label>
          `}
          <footer>
            <button type="button" onClick=${close}>${say.cancel}</button>
            <button class="primary" disabled=${busy}>${say.again}</button>
          </footer>
        </form>
      `}
    <//>
  `
}

/** @param {string} text @returns {Params} */
export function read(text) {
  let found
  try {
    found = JSON.parse(text.trim() || "{}")
  } catch (error) {
    throw new Error(`${say.noJson} ${/** @type {Error} */ (error).message}`)
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) throw new Error(`${say.noJson} ${text.slice(0, 40)}`)
  return found
}

/** Those that differ: all others are the run's. @param {Params} before @param {Params} after */
function changed(before, after) {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])))
}
