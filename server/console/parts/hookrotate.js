// @ts-check
// Another secret for a hook, and another address where the old one is known to too many.

import { postOnce, Refused } from "../api.js"
import { hooks as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { Dialog } from "./dialog.js"
import { isElsewhere, Labelled } from "./labelled.js"
import { Once } from "./once.js"
import { OVERLAPS } from "./overlaps.js"
import { Trouble } from "./trouble.js"

/** @param {{ hook: Record<string, any>, close: () => void, made: () => Promise<void> }} props */
export function HookRotate({ hook, close, made }) {
  const [error, setError] = useState(/** @type {Refused | null} */ (null))
  const [done, setDone] = useState(/** @type {any} */ (null))
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault()
    const given = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget))
    try {
      const body = { overlapS: Number(given.get("overlapS")), address: given.has("address"), secret: given.get("secret") || undefined }
      const { data } = await postOnce(`/v1/hooks/${hook.id}/rotate`, body)
      setDone(data)
      await made()
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
    }
  }
  if (done) return html`<${Once} title=${say.rotated(hook.name)} secret=${done.secret} url=${done.url !== hook.url ? done.url : undefined} help=${say.rotatedHelp} close=${close} />`
  return html`
    <${Dialog} title=${say.rotateTitle(hook.name)} close=${close}>
      <form class="form" onSubmit=${submit}>
        <${Trouble} error=${isElsewhere(error, ["secret"]) ? error : null} />
        <p>${say.rotateHelp}</p>
        <${Labelled} label=${say.overlap} name="overlapS" error=${error}>
          ${(/** @type {object} */ marks) => html`
            <select ...${marks}>
              ${OVERLAPS.map(([seconds, words]) => html`<option key=${seconds} value=${seconds} selected=${seconds === 86_400}>${words}</option>`)}
            </select>
          `}
        <//>
        <${Labelled} label=${say.ownSecret} help=${say.ownSecretHelp} name="secret" error=${error}>
          ${(/** @type {object} */ marks) => html`<input ...${marks} type="password" autocomplete="off" minlength="8" maxlength="512" />`}
        <//>
        <label class="check"><input type="checkbox" name="address" /><span>${say.newAddress}</span></label>
        <footer>
          <button type="button" onClick=${close}>${say.cancel}</button>
          <button class="primary">${say.rotate}</button>
        </footer>
      </form>
    <//>
  `
}
