// @ts-check
// What a person is asked before an action's job starts: the form, what is worked on, and whether it is meant.

import { part, postOnce } from "../api.js"
import { put } from "../jobs.js"
import { fieldsOf } from "../schema.js"
import { actions as say, forms } from "../strings.js"
import { html, useLayoutEffect, useMemo, useRef } from "../vendor/htm-preact-standalone.js"
import { Dialog } from "./dialog.js"
import { Fields, useForm, useSending } from "./form.js"
import { Troubles } from "./trouble.js"

/** @typedef {import("./toolbar.js").Action} Action */
/** @typedef {import("../jobs.js").Job} Job */

/** @param {Action} action @param {string} type */
const demands = ({ constraints = [] }, type) => constraints.some((one) => one.type === type)

/** @param {Action} action */
const needsSelection = (action) => Boolean(action.requireSelection) || demands(action, "hasSelection")

/** Whether a person is asked anything. @param {Action} action */
export const needsAsking = (action) => Boolean(action.confirm || action.guardrail || action.inputForm?.fields.length || needsSelection(action))

/** Press it; throws Refused. @param {Action} action @param {any} body @returns {Promise<Job>} */
export async function press(action, body) {
  const { data } = await postOnce(`/v1/actions/${part(action.id)}/execute`, { ...body, confirm: true })
  put([data], "")
  return data
}

/** @param {Action} action @returns {import("../schema.js").Field[]} */
function ofAction(action) {
  const asked = fieldsOf({}, action.inputForm)
  const picked = { name: "selection", kind: /** @type {const} */ ("list"), label: say.selection, help: say.selectionHelp, required: true, least: 1 }
  const item = { name: "", kind: /** @type {const} */ ("text"), label: say.record, required: true }
  return [
    ...(needsSelection(action) ? [{ ...picked, item }] : []),
    ...(asked.length ? [{ name: "input", kind: /** @type {const} */ ("group"), label: forms.params, required: true, bare: true, fields: asked }] : []),
  ]
}

/** @param {{ action: Action, error?: any, done: (job: Job) => void, close: () => void }} props */
export function Press({ action, error, done, close }) {
  const { label, targetId, description, guide, guardrail } = action
  const fields = useMemo(() => ofAction(action), [action.id])
  const form = useForm(fields, needsSelection(action) ? { selection: [""] } : {})
  const { others, busy, refuse, submit } = useSending(form, async () => {
    const { input, selection } = form.values
    done(await press(action, { input, ...(selection && { subject: subject(action, selection) }) }))
  })
  const back = useRef(/** @type {HTMLButtonElement | null} */ (null))
  useLayoutEffect(() => {
    if (error) refuse(error)
    const first = form.ref.current?.querySelector("input, textarea, select")
    if (first instanceof HTMLElement) first.focus()
    else back.current?.focus()
  }, [])
  return html`
    <${Dialog} title=${action.confirm ? say.confirm(label, targetId) : say.press(label, targetId)} close=${close}>
      <form class="form" novalidate ref=${form.ref} onSubmit=${submit}>
        ${description ? html`<p>${description}</p>` : html`<p>${say.willStart(action.job, targetId)}</p>`}
        ${guide && html`<p class="notice plain">${guide.content}</p>`}
        ${guardrail && html`<p class="notice plain" data-tone="warn">${guardrail.content}</p>`}
        <${Conditions} action=${action} />
        <${Troubles} errors=${others} />
        <${Fields} fields=${fields} values=${form.values} change=${form.change} problems=${form.problems} />
        <footer>
          <button ref=${back} type="button" onClick=${close}>${forms.cancel}</button>
          <button class=${action.confirm && !fields.length ? "danger" : "primary"} disabled=${busy}>${label}</button>
        </footer>
      </form>
    <//>
  `
}

/** What must hold that neither this page nor the server can see. @param {{ action: Action }} props */
function Conditions({ action }) {
  const told = [...new Set([...(action.constraints ?? []).map(({ type }) => type), ...(action.requireAllValid ? ["hasAllValid"] : [])])]
  const known = told.filter((type) => type in say.conditions)
  return known.length > 0 && html`<ul class="conditions">${known.map((type) => html`<li key=${type}>${say.conditions[type]}</li>`)}</ul>`
}

/** @param {Action} action @param {string[]} ids */
const subject = ({ domain }, ids) => ({ type: "collection", resource: domain === "workbook" || domain === "sheet" ? "records" : domain, params: { ids } })
