// @ts-check
// What a job was given, to be given again: the fields of its job type where that asks for all of it, else one of JSON.

import { get, part, Refused } from "../api.js"
import { fieldsOf } from "../schema.js"
import { again as say, forms } from "../strings.js"
import { html, useEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"
import { Fields, useForm, useSending } from "./form.js"
import { Skeleton } from "./skeleton.js"
import { Troubles } from "./trouble.js"

/** @typedef {import("../schema.js").Field} Field */
/** @typedef {Record<string, any>} Params */
/**
 * @typedef {object} Props
 * @property {Params} given
 * @property {string} label of what it was given
 * @property {(isSame: boolean) => string} help
 * @property {Field[]} [others] asked behind it
 * @property {(params: Params | undefined, values: any) => Promise<unknown>} run gets what was given only where it was changed
 * @property {() => void} close
 */

/** @param {Props & { type?: string }} props ``type`` is the code of its job type */
export function AgainForm({ type: code, ...props }) {
  const type = useType(code)
  return type === undefined ? html`<${Skeleton} lines=${4} />` : html`<${Form} ...${props} type=${type} />`
}

/** Null where there is none, undefined until that is known. @param {string} [code] */
function useType(code) {
  const [type, setType] = useState(/** @type {any} */ (code ? undefined : null))
  useEffect(() => {
    if (!code) return
    const stop = new AbortController()
    // What cannot be asked for by fields is written as JSON: also where there is no such type any more, or it cannot be read just now.
    read(code, stop.signal).then(setType, () => stop.signal.aborted || setType(null))
    return () => stop.abort()
  }, [code])
  return type
}

/** Jobs need no type: that there is none is no error. @param {string} code @param {AbortSignal} signal */
async function read(code, signal) {
  const { data: near } = await get("/v1/job-types", { q: code, pageSize: 50 }, signal)
  if (!near.some((/** @type {any} */ one) => one.code === code)) return null
  return (await get(`/v1/job-types/${part(code)}`, {}, signal)).data
}

/** @param {Props & { type: any }} props */
function Form({ type, given, label, help, others = [], run, close }) {
  const [fields] = useState(() => [ofGiven(type, given, label), ...others])
  const form = useForm(fields, { params: given })
  const first = useRef(form.values.params)
  const params = form.values.params ?? {}
  const isSame = JSON.stringify(params) === JSON.stringify(first.current)
  const { others: errors, busy, submit } = useSending(form, () => {
    if (typeof params !== "object" || Array.isArray(params)) throw new Refused({ code: "invalid", message: say.noObject, key: "params" }, 0)
    return run(isSame ? undefined : params, form.values)
  })
  return html`
    <form class="form" novalidate ref=${form.ref} onSubmit=${submit}>
      <${Troubles} errors=${errors} />
      <${Fields} fields=${fields} values=${form.values} change=${form.change} problems=${form.problems} />
      <p class="soft">${help(isSame)}</p>
      <footer>
        <button type="button" onClick=${close}>${forms.cancel}</button>
        <button class="primary" autofocus disabled=${busy}>${say.again}</button>
      </footer>
    </form>
  `
}

/** @param {any} type @param {Params} given @param {string} label @returns {Field} */
function ofGiven(type, given, label) {
  const fields = type ? fieldsOf(type.inputSchema, type.inputForm) : []
  const asked = new Set(fields.map(({ name }) => name))
  const isAll = asked.size > 0 && Object.keys(given).every((name) => asked.has(name))
  return isAll ? { name: "params", kind: "group", label, required: true, fields } : { name: "params", kind: "json", label, required: false }
}
