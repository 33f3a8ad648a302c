// @ts-check
// Another secret for an endpoint.

import { postOnce, Refused } from "../api.js"
import { endpoints as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { Dialog } from "./dialog.js"
import { isElsewhere, Labelled } from "./labelled.js"
import { Once } from "./once.js"
import { OVERLAPS } from "./overlaps.js"
import { Trouble } from "./trouble.js"

/** @param {{ endpoint: Record<string, any>, close: () => void, made: () => Promise<void> }} props */
export function EndpointRotate({ endpoint, close, made }) {
  const [error, setError] = useState(/** @type {Refused | null} */ (null))
  const [done, setDone] = useState(/** @type {any} */ (null))
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault()
    const given = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget))
    try {
      const { data } = await postOnce(`/v1/endpoints/${endpoint.id}/rotate`, { overlapS: Number(given.get("overlapS")) })
      setDone(data)
      await made()
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
    }
  }
  if (done) return html`<${Once} title=${say.rotated} secret=${done.secret} help=${say.secretHelp} close=${close} />`
  return html`
    <${Dialog} title=${say.rotateTitle} close=${close}>
      <form class="form" onSubmit=${submit}>
        <${Trouble} error=${isElsewhere(error, []) ? error : null} />
        <p>${say.rotateHelp}</p>
        <${Labelled} label=${say.overlap} name="overlapS">
          ${(/** @type {object} */ marks) => html`
            <select ...${marks}>
              ${OVERLAPS.map(([seconds, words]) => html`<option key=${seconds} value=${seconds} selected=${seconds === 86_400}>${words}</option>`)}
            </select>
          `}
        <//>
        <footer>
          <button type="button" onClick=${close}>${say.cancel}</button>
          <button class="primary">${say.rotate}</button>
        </footer>
      </form>
    <//>
  `
}
