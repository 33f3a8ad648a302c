// @ts-check
// A secret is set, or set anew. Its value is covered while it is typed, and stands nowhere once it was sent.

import { post, Refused } from "../api.js"
import { forms, secrets as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { Dialog } from "./dialog.js"
import { isElsewhere, Labelled } from "./labelled.js"
import { Trouble } from "./trouble.js"

/**
 * @typedef {{ id: string, name: string, jobs: string[], description?: string | null, locked: boolean, actorId?: string | null, version: number, updatedAt: string }} Secret
 */

const FIELDS = ["name", "value", "jobs", "description"]
const LONGEST_NAME = 128
const LONGEST_DESCRIPTION = 1_024
const NAME = "[A-Za-z_][A-Za-z0-9_.\\-]*"

/** @param {{ secret?: Secret, close: () => void, done: () => Promise<void> }} props with a secret, that one */
export function SecretForm({ secret, close, done }) {
  const [value, setValue] = useState("")
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState(/** @type {Refused | null} */ (null))
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault()
    const body = bodyOf(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)), value, secret)
    setBusy(true)
    try {
      await post("/v1/secrets", body)
      announce(say.set(body.name))
      await done()
      close()
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
      setBusy(false)
    }
  }
  return html`
    <${Dialog} title=${secret ? say.setTitle(secret.name) : say.make} close=${close} wide=${true}>
      <form class="form" onSubmit=${submit}>
        <${Trouble} error=${isElsewhere(error, FIELDS) ? error : null} />
        ${!secret &&
        html`
          <${Labelled} label=${say.name} help=${say.nameHelp} name="name" error=${error}>
            ${(/** @type {object} */ marks) => html`<input ...${marks} required maxlength=${LONGEST_NAME} pattern=${NAME} autofocus autocomplete="off" spellcheck="false" placeholder="crm_token" />`}
          <//>
        `}
        <${Value} value=${value} set=${setValue} first=${Boolean(secret)} error=${error} />
        <${Labelled} label=${say.jobs} help=${say.jobsHelp} name="jobs" error=${error}>
          ${(/** @type {object} */ marks) => html`<textarea ...${marks} rows="2" defaultValue=${globsOf(secret)} placeholder="crm:*" spellcheck="false"></textarea>`}
        <//>
        <${Labelled} label=${say.description} name="description" error=${error}>
          ${(/** @type {object} */ marks) => html`<input ...${marks} maxlength=${LONGEST_DESCRIPTION} defaultValue=${secret?.description ?? ""} placeholder=${say.descriptionExample} />`}
        <//>
        <footer>
          <button type="button" onClick=${close}>${forms.cancel}</button>
          <button class="primary" disabled=${busy}>${say.setIt}</button>
        </footer>
      </form>
    <//>
  `
}

/** What is secret: of several lines, as keys are. @param {{ value: string, set: (value: string) => void, first: boolean, error: Refused | null }} props */
function Value({ value, set, first, error }) {
  const [shown, setShown] = useState(false)
  return html`
    <${Labelled} label=${say.value} help=${say.valueHelp} name="value" error=${error}>
      ${(/** @type {object} */ marks) => html`
        <textarea
          ...${marks} class="settings-value" data-shown=${shown ? "" : undefined} rows="3" required autofocus=${first} autocomplete="off" autocapitalize="off" spellcheck="false"
          value=${value} onInput=${(/** @type {any} */ event) => set(event.currentTarget.value)}
        ></textarea>
      `}
    <//>
    <label class="check"><input type="checkbox" checked=${shown} onChange=${() => setShown(!shown)} /><span>${say.show}</span></label>
  `
}

/** @param {Secret | undefined} secret */
const globsOf = (secret) => (secret && !secret.jobs.includes("**") ? secret.jobs.join("\n") : "")

/** What is left empty is taken away. @param {FormData} given @param {string} value @param {Secret} [secret] */
function bodyOf(given, value, secret) {
  const text = (/** @type {string} */ name) => String(given.get(name) ?? "").trim()
  const globs = text("jobs").split(/[\s,]+/).filter(Boolean)
  return {
    name: secret?.name ?? text("name"),
    value,
    jobs: globs.length ? globs : null,
    description: text("description") || null,
    ...(secret?.actorId && { actorId: secret.actorId }),
  }
}
