// @ts-check
// A space is made, changed, archived or deleted.

import { part, patch, post, remove } from "../api.js"
import { forms, spaces as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { zoneNames } from "../zones.js"
import { announce } from "./announce.js"
import { Confirm } from "./confirm.js"
import { FormDialog } from "./formdialog.js"
import { Labelled } from "./labelled.js"

/**
 * @typedef {{ id: string, code: string, name: string, status: string, timeZone: string, linkTemplate?: string | null, createdAt: string, archivedAt?: string | null }} Space
 */
/** @typedef {import("../schema.js").Field} Field */
/** @typedef {{ space: Space, close: () => void, done: () => Promise<void> }} Props */

/** @param {string} code */
const path = (code) => `/v1/spaces/${part(code)}`

/** @param {string} name @param {Partial<Field> & { kind: Field["kind"] }} more @returns {Field} */
const field = (name, more) => ({ name, required: false, label: say.fields[name], help: say.help[name], ...more })

/** The server knows zones that this browser does not. @param {Space | undefined} space */
function zones(space) {
  const names = zoneNames()
  const all = space && !names.includes(space.timeZone) ? [space.timeZone, ...names] : names
  return all.map((value) => ({ value, label: value }))
}

/** @param {Space | undefined} space @returns {Field[]} */
const fieldsOf = (space) => [
  field("name", { kind: "text", required: true, most: 128 }),
  ...(space ? [] : [field("code", { kind: "text", most: 63 })]),
  field("timeZone", { kind: "choice", required: true, options: zones(space) }),
  field("linkTemplate", { kind: "text", most: 2_048 }),
]

/** @param {{ space?: Space, close: () => void, done: () => Promise<void> }} props */
export function SpaceForm({ space, close, done }) {
  /** @param {any} values */
  const save = async (values) => {
    if (space) await patch(path(space.code), { ...values, linkTemplate: values.linkTemplate ?? null })
    else await post("/v1/spaces", values)
    announce(space ? say.changed(values.name) : say.made(values.name))
    await done()
    close()
  }
  const given = space ? { name: space.name, timeZone: space.timeZone, linkTemplate: space.linkTemplate ?? undefined } : { timeZone: "UTC" }
  return html`
    <${FormDialog} title=${space ? say.editTitle(space.name) : say.make} button=${space ? forms.save : say.makeIt} fields=${() => fieldsOf(space)} given=${given} save=${save} close=${close}>
      ${!space && html`<p class="soft">${say.makeHelp}</p>`}
    <//>
  `
}

/** @param {Props} props */
export function ArchiveForm({ space: { code, name }, close, done }) {
  const act = async () => {
    await patch(path(code), { archived: true })
    announce(say.archived(name))
    await done()
  }
  return html`<${Confirm} title=${say.archiveTitle(name)} button=${say.archive} act=${act} close=${close} dangerous><p>${say.archiveHelp}</p><//>`
}

/** What cannot be taken back is asked for by its code. @param {Props} props */
export function DeleteForm({ space: { code, name }, close, done }) {
  const [typed, setTyped] = useState("")
  const act = async () => {
    await remove(path(code))
    announce(say.removed(name))
    await done()
  }
  return html`
    <${Confirm} title=${say.removeTitle(name)} button=${say.remove} act=${act} close=${close} ready=${typed.trim() === code} dangerous>
      <p>${say.removeHelp}</p>
      <${Labelled} label=${say.typeCode(code)}>
        ${(/** @type {object} */ marks) => html`<input ...${marks} value=${typed} autocomplete="off" spellcheck="false" onInput=${(/** @type {any} */ event) => setTyped(event.currentTarget.value)} />`}
      <//>
    <//>
  `
}
