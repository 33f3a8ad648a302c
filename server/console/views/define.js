// @ts-check
// A definition is made, or changed. The job types are those that are there; what is wrong stands at its place, also what only the server sees.

import { ask, get, part, patch, post } from "../api.js"
import { holdsTemplate, pathOf } from "../launches.js"
import { announce } from "../parts/announce.js"
import { CodeBlock } from "../parts/copy.js"
import { Fields, useForm, useSending } from "../parts/form.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Trouble, Troubles } from "../parts/trouble.js"
import { address, go, setQuery, usePlace } from "../router.js"
import { may } from "../session.js"
import { define as say, definitions, forms } from "../strings.js"
import { html, useEffect, useMemo, useState } from "../vendor/htm-preact-standalone.js"
import { same } from "../diff.js"
import { ofDefinition } from "../definitionfields.js"

/** @typedef {import("../launches.js").Definition} Definition */
/** @typedef {import("../launches.js").JobType} JobType */

const PAGE_SIZE = 1_000
const DRY_MS = 400

/** @param {{ code?: string }} props without a code it is a new one */
export default function Define({ code }) {
  const { query } = usePlace()
  const [found, setFound] = useState(/** @type {{ types?: JobType[], definition?: Definition, error?: any }} */ ({}))
  const load = () => {
    const stop = new AbortController()
    const types = get("/v1/job-types", { pageSize: PAGE_SIZE }, stop.signal)
    const definition = code ? get(pathOf(code), {}, stop.signal) : Promise.resolve({})
    Promise.all([types, definition]).then(
      ([{ data }, { jobDefinition }]) => setFound({ types: data, definition: jobDefinition }),
      (error) => stop.signal.aborted || setFound({ error }),
    )
    return () => stop.abort()
  }
  useEffect(load, [code])
  const { types, definition, error } = found
  const able = may("define")
  const title = code ? say.editTitle(definition?.name ?? code) : say.newTitle
  const chosen = definition?.jobType ?? query.get("type") ?? ""
  const type = types?.find((one) => one.code === chosen)
  return html`
    <p class="crumbs">
      <a href=${address("/definitions")}>${definitions.title}</a>
      ${definition && html`<a href=${address(`/definitions/${part(definition.jobDefinitionCode)}`)}>${definition.name}</a>`}
    </p>
    <${Heading} title=${title} />
    ${error && html`<${Trouble} error=${error} again=${load} />`}
    ${!types && !error && html`<${Skeleton} lines=${8} />`}
    ${!able && html`<p>${definitions.mayNot}</p>`}
    ${able && types && !definition && html`<${ChooseType} types=${types} chosen=${chosen} />`}
    ${able && type && html`<${Editor} key=${type.code} type=${type} definition=${definition} />`}
    ${types && definition && !type && html`<${Trouble} error=${new Error(say.typeGone(chosen))} />`}
  `
}

/** @param {{ types: JobType[], chosen: string }} props */
const ChooseType = ({ types, chosen }) => html`
  <div class="form narrow">
    <div class="field">
      <label class="name" for="type">${definitions.type}</label>
      <select id="type" value=${chosen} onChange=${(/** @type {any} */ event) => setQuery({ type: event.currentTarget.value })}>
        <option value="">${forms.choose}</option>
        ${types.map(({ code, label, online }) => html`<option key=${code} value=${code}>${label ? `${label} (${code})` : code}${online ? "" : ` · ${definitions.offline}`}</option>`)}
      </select>
      ${chosen
        ? html`<small>${types.find((one) => one.code === chosen)?.description}</small>`
        : html`<small>${say.typeHelp}</small>`}
    </div>
  </div>
`

/** @param {{ type: JobType, definition?: Definition }} props */
function Editor({ type, definition }) {
  const fields = useMemo(() => ofDefinition(type, !definition), [])
  const before = useMemo(() => /** @type {any} */ (definition ? picked(definition, fields) : {}), [])
  const form = useForm(fields, before)
  const leave = () => go(definition ? `/definitions/${part(definition.jobDefinitionCode)}` : "/definitions")
  const save = async () => {
    const code = await keep(definition, type, before, form.values, fields)
    announce(definition ? say.saved : say.made)
    go(`/definitions/${part(code)}`)
  }
  const { others, busy, submit } = useSending(form, save, "jobDefinition")
  return html`
    <form class="form narrow" novalidate ref=${form.ref} onSubmit=${submit}>
      <${Troubles} errors=${others} />
      <${Fields} fields=${fields} values=${form.values} change=${form.change} problems=${form.problems} />
      ${holdsTemplate(form.values.params) && html`<${DryRun} type=${type} params=${form.values.params} />`}
      <footer class="bar-below">
        <button type="button" onClick=${leave}>${forms.cancel}</button>
        <button class="primary" disabled=${busy}>${definition ? forms.save : say.make}</button>
      </footer>
    </form>
  `
}

/** What of a definition the form changes. @param {Definition} definition @param {import("../schema.js").Field[]} fields */
const picked = (definition, fields) =>
  Object.fromEntries(fields.map(({ name }) => [name, definition[name]]).filter(([, value]) => value !== undefined))

/**
 * @param {Definition | undefined} definition @param {JobType} type @param {any} before @param {any} values @param {import("../schema.js").Field[]} fields
 * @returns {Promise<string>} its code
 */
async function keep(definition, type, before, values, fields) {
  if (!definition) {
    const { jobDefinition } = await post("/v1/job-definitions", { jobDefinition: { jobType: type.code, ...values } })
    return jobDefinition.jobDefinitionCode
  }
  const changed = fields.map(({ name }) => name).filter((name) => !same(before[name], values[name]))
  const empty = /** @type {Record<string, any>} */ ({ params: {}, triggers: [], options: {}, modes: {} })
  const sent = Object.fromEntries(changed.map((name) => [name, values[name] ?? empty[name] ?? null]))
  if (changed.length) await patch(pathOf(definition.jobDefinitionCode), { jobDefinition: sent })
  return definition.jobDefinitionCode
}

/** What templates give, tried on an event. @param {{ type: JobType, params: any }} props */
function DryRun({ type, params }) {
  const [text, setText] = useState('{"payload": {}}')
  const [found, setFound] = useState(/** @type {any} */ (null))
  const [error, setError] = useState(/** @type {any} */ (null))
  const key = JSON.stringify(params)
  useEffect(() => {
    const stop = new AbortController()
    const timer = setTimeout(async () => {
      try {
        const event = text.trim() ? JSON.parse(text) : undefined
        const { data } = await ask("/v1/job-definitions/_dry-run", { jobType: type.code, params, context: { event } }, stop.signal)
        setFound(data)
        setError(null)
      } catch (refused) {
        if (!stop.signal.aborted) setError(refused instanceof SyntaxError ? new Error(forms.notJson) : refused)
      }
    }, DRY_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [key, text])
  return html`
    <fieldset class="field group">
      <legend>${say.tryIt}</legend>
      <div class="field">
        <label class="name" for="event">${say.event}</label>
        <textarea id="event" class="template" rows="3" spellcheck=${false} value=${text} onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)}></textarea>
        <small>${say.eventHelp}</small>
      </div>
      <${Trouble} error=${error} />
      ${found?.problems?.length > 0 && html`<ul class="bad">${found.problems.map((/** @type {any} */ one) => html`<li key=${one.path + one.message}><code>${one.path}</code> ${one.message}</li>`)}</ul>`}
      ${found?.params && html`<${CodeBlock} label=${say.gives} text=${JSON.stringify(found.params, null, 2)} />`}
    </fieldset>
  `
}
