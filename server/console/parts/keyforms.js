// @ts-check
// A key, new or changed, and another secret for one.

import { patch, postOnce, Refused } from "../api.js"
import { may, session } from "../session.js"
import { apiKeys as say, forms, settings, shell } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { Dialog } from "./dialog.js"
import { FormDialog } from "./formdialog.js"
import { Labelled } from "./labelled.js"
import { Once } from "./once.js"
import { OVERLAPS } from "./overlaps.js"
import { Trouble } from "./trouble.js"

/**
 * @typedef {{ id: string, name: string, role: string, everySpace: boolean, jobs?: string[] | null, topics?: string[] | null, expiresAt?: string | null,
 * revokedAt?: string | null, oldSecretUntil?: string | null, lastUsedAt?: string | null }} Key
 */
/** @typedef {import("../schema.js").Field} Field */

const ROLES = ["listener", "viewer", "operator", "developer", "admin"]
const MOST_GLOBS = 32
const LONGEST = 128
const DAY_S = 86_400

/** @param {string} name @param {Partial<Field> & { kind: Field["kind"] }} more @returns {Field} */
const field = (name, more) => ({ name, required: false, label: say.fields[name], help: say.help[name], ...more })

/** @param {string} name @returns {Field} */
const globs = (name) => field(name, { kind: "list", most: MOST_GLOBS, item: field("glob", { kind: "text", label: say.fields[name], required: true, most: LONGEST }) })

/** Who administers would lift its own restrictions, so it has none. @param {string} role @param {boolean} isNew @returns {Field[]} */
const fieldsFor = (role, isNew) => [
  field("name", { kind: "text", required: true, most: LONGEST }),
  ...(isNew ? [field("role", { kind: "choice", required: true, options: ROLES.map((value) => ({ value, label: shell.roles[value], help: settings.roleHelp[value] })) })] : []),
  ...(role === "admin" ? [] : [globs("jobs"), globs("topics")]),
  field("expiresAt", { kind: "moment" }),
  ...(isNew && may("own") ? [field("everySpace", { kind: "boolean" })] : []),
]

/** @param {{ one?: Key, close: () => void, done: () => Promise<void> }} props */
export function KeyForm({ one, close, done }) {
  const [made, setMade] = useState(/** @type {any} */ (null))
  const given = one ? { name: one.name, jobs: one.jobs ?? undefined, topics: one.topics ?? undefined, expiresAt: one.expiresAt ?? undefined } : { role: "listener" }
  /** @param {any} values */
  const save = async (values) => {
    if (!one) setMade((await postOnce("/v1/keys", values)).data)
    else await patch(`/v1/keys/${one.id}`, cleared(values))
    await done()
    if (!one) return
    announce(say.changed(values.name))
    close()
  }
  if (made) return html`<${Once} title=${say.made(made.name)} secret=${made.key} help=${say.madeHelp} close=${close} />`
  const fields = (/** @type {any} */ values) => fieldsFor(one?.role ?? values.role, !one)
  return html`<${FormDialog} title=${one ? say.editTitle(one.name) : say.make} button=${one ? forms.save : say.makeIt} fields=${fields} given=${given} save=${save} close=${close} wide=${true} />`
}

/** What was taken out of the form is taken from the key. @param {Record<string, any>} values */
const cleared = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? null]))

/** @param {{ one: Key, close: () => void, done: () => Promise<void> }} props */
export function KeyRotate({ one, close, done }) {
  const [error, setError] = useState(/** @type {Refused | null} */ (null))
  const [made, setMade] = useState(/** @type {any} */ (null))
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault()
    const given = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget))
    try {
      setMade((await postOnce(`/v1/keys/${one.id}/rotate`, { overlapS: Number(given.get("overlapS")) })).data)
      await done()
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
    }
  }
  if (made) return html`<${Once} title=${say.rotated(one.name)} secret=${made.key} help=${say.madeHelp} close=${close} />`
  return html`
    <${Dialog} title=${say.rotateTitle(one.name)} close=${close}>
      <form class="form" onSubmit=${submit}>
        <${Trouble} error=${error?.key === "overlapS" ? null : error} />
        <p>${say.rotateHelp}</p>
        ${one.id === session.value?.keyId && html`<p class="warned">${say.rotatesYours}</p>`}
        <${Labelled} label=${say.overlap} name="overlapS" error=${error}>
          ${(/** @type {object} */ marks) => html`
            <select ...${marks}>
              ${OVERLAPS.map(([seconds, words]) => html`<option key=${seconds} value=${seconds} selected=${seconds === DAY_S}>${words}</option>`)}
            </select>
          `}
        <//>
        <footer>
          <button type="button" onClick=${close}>${forms.cancel}</button>
          <button class="primary">${say.rotate}</button>
        </footer>
      </form>
    <//>
  `
}
