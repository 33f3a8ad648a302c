// @ts-check
// Forms made of fields (see schema.js): what is typed is kept as the value that it means, and each thing that is wrong stands where it is.

import { check, isBelow, isTemplate, ofServer, valueAt } from "../problems.js"
import { forms as say } from "../strings.js"
import { html, useId, useLayoutEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"
import { FileInput } from "./fileinput.js"
import { Choice, Choices, DateInput, Json, Lines, Moment, NumberInput, TemplateInput, Text } from "./inputs.js"
import { List, Pairs } from "./lists.js"

/** @typedef {import("../schema.js").Field} Field */
/** @typedef {import("../schema.js").Steps} Steps */
/** @typedef {import("../problems.js").Problem} Problem */
/** @typedef {(update: (before: any) => any) => void} Change told how the value comes about from that which is there then */
/** @typedef {{ templates?: boolean }} How with ``templates`` each value may be one */
/** @typedef {{ field: Field, value: any, change: Change, problems: Problem[], steps: Steps, how: How }} FieldProps */
/** @typedef {Record<string, any>} Attributes of what is typed into: its id, and what tells of it */

/**
 * The state of a form. ``right()`` looks through all and goes to the first thing that is wrong; ``refuse()`` shows what the server found.
 * @param {Field[]} fields @param {any} given @param {How} [how]
 */
export function useForm(fields, given, how = {}) {
  const [values, setValues] = useState(() => begun(fields, given))
  const [problems, setProblems] = useState(/** @type {Problem[]} */ ([]))
  const [asked, setAsked] = useState(0)
  const ref = useRef(/** @type {HTMLElement | null} */ (null))
  useLayoutEffect(() => {
    const found = asked ? ref.current?.querySelector("[aria-invalid=true]") : null
    if (found instanceof HTMLElement) found.focus()
  }, [asked])
  /** @param {Problem[]} found */
  const tell = (found) => {
    setProblems(found)
    setAsked((count) => count + 1)
  }
  return {
    ref,
    values,
    problems,
    /** @type {Change} */
    change: (update) =>
      setValues((/** @type {any} */ before) => {
        const after = update(before)
        setProblems((all) => all.filter(({ steps }) => valueAt(before, steps) === valueAt(after, steps)))
        return after
      }),
    right() {
      const found = check(fields, values, how)
      tell(found)
      return !found.length
    },
    /** Gives what has no place in the form. @param {any} error @param {string} [within] see ofServer */
    refuse(error, within) {
      const { placed, others } = ofServer(error, fields, within)
      tell(placed)
      return others
    },
  }
}

/**
 * How a form is sent: once at a time, and only where all is right. What is refused stands at its field, what has no place there in ``others``.
 * @param {ReturnType<typeof useForm>} form @param {() => unknown} send @param {string} [within] see ofServer
 */
export function useSending(form, send, within) {
  const [others, setOthers] = useState(/** @type {any[]} */ ([]))
  const [busy, setBusy] = useState(false)
  const refuse = (/** @type {any} */ error) => setOthers(form.refuse(error, within))
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault()
    if (busy || !form.right()) return
    setBusy(true)
    setOthers([])
    try {
      await send()
    } catch (refused) {
      refuse(refused)
    }
    setBusy(false)
  }
  return { others, busy, refuse, submit }
}

/** What nobody touches is sent as it is shown, where it must be there: a switch that is off. @param {Field[]} fields @param {any} given */
function begun(fields, given) {
  const values = { ...given }
  for (const { name, kind, required, usual, fields: inner } of fields) {
    const isGiven = values[name] !== undefined
    if (kind === "group" && (required || isGiven)) values[name] = begun(inner ?? [], values[name] ?? {})
    if (kind === "boolean" && required && !isGiven && usual === undefined) values[name] = false
  }
  return values
}

/** @param {{ fields: Field[], values: any, change: Change, problems: Problem[], steps?: Steps, how?: How }} props */
export const Fields = ({ fields, values, change, problems, steps = [], how = {} }) =>
  fields.map((field) => {
    const { name } = field
    /** @type {Change} */
    const changeOne = (update) => change((all) => withOne(all, name, update(all?.[name])))
    return html`
      <${FieldView} key=${name} field=${field} value=${values?.[name]} change=${changeOne} problems=${problems} steps=${[...steps, name]} how=${how} />
    `
  })

/** @param {any} all @param {string} name @param {any} value */
function withOne(all, name, value) {
  const { [name]: _, ...others } = all ?? {}
  return value === undefined ? others : { ...all, [name]: value }
}

const GROUPED = ["choices", "list", "map", "group", "file"]
const WRITTEN = ["text", "lines", "json", "group", "map"]

/** @param {FieldProps} props */
function FieldView(props) {
  const { field, value, change, problems, steps, how } = props
  if (field.kind === "group" && field.bare) return html`<${Control} ...${props} attributes=${{}} />`
  return html`<${Framed} ...${{ field, value, change, problems, steps, how }} />`
}

/** @param {FieldProps} props */
function Framed(props) {
  const { field, value, change, problems, steps, how } = props
  const { label, help, required, kind } = field
  const id = useId()
  const [templated, setTemplated] = useState(() => !WRITTEN.includes(kind) && isTemplate(value))
  const own = problems.filter((one) => (isLeaf(field) ? isBelow(one, steps) : one.steps.length === steps.length && isBelow(one, steps)))
  const tells = [help && `${id}-help`, own.length && `${id}-bad`].filter(Boolean).join(" ") || undefined
  const attributes = { id, "aria-describedby": tells, "aria-invalid": own.length ? "true" : undefined, "aria-required": required || undefined }
  const about = html`
    ${help && html`<small id=${`${id}-help`}>${help}</small>`}
    ${own.length > 0 && html`<p class="bad" id=${`${id}-bad`}>${own.map(({ message }) => message).join(" ")}</p>`}
  `
  const mark = required && kind !== "group" ? html`<em class="must">${say.required}</em>` : null
  const toggle = how.templates && !WRITTEN.includes(kind) && html`
    <button type="button" class="quiet braces" aria-pressed=${templated} title=${say.useTemplate} aria-label=${say.templateFor(label)} onClick=${() => {
      setTemplated(!templated)
      change(() => undefined)
    }}>{{ }}</button>
  `
  if (templated) {
    return html`<div class="field"><span class="name"><label for=${id}>${label}</label>${mark}${toggle}</span>
      <${TemplateInput} value=${value} change=${change} attributes=${attributes} />${about}</div>`
  }
  if (kind === "boolean") {
    return html`<div class="field"><span class="name"><label class="check">
      <input type="checkbox" ...${attributes} checked=${Boolean(value ?? field.usual)} onChange=${(/** @type {any} */ event) => change(() => event.currentTarget.checked)} />
      <span>${label}</span></label>${toggle}</span>${about}</div>`
  }
  if (GROUPED.includes(kind) || isRadio(field)) {
    return html`<fieldset class=${`field of-${kind}`} aria-describedby=${tells}><legend>${label}${mark}${toggle}</legend>
      <${Control} ...${props} attributes=${attributes} />${about}</fieldset>`
  }
  return html`<div class="field"><span class="name"><label for=${id}>${label}</label>${mark}${toggle}</span>
    <${Control} ...${props} attributes=${attributes} />${about}</div>`
}

/** What it holds has no fields of its own that would show what is wrong there. @param {Field} field */
const isLeaf = ({ kind }) => !["group", "list", "map"].includes(kind)

/** @param {Field} field */
const isRadio = ({ kind, options = [] }) => kind === "choice" && options.length <= 6

/** What is typed into, or chosen from. @param {FieldProps & { attributes: Attributes }} props */
export function Control(props) {
  const { field, value, change, problems, steps, how } = props
  switch (field.kind) {
    case "lines":
      return html`<${Lines} ...${props} />`
    case "number":
      return html`<${NumberInput} ...${props} />`
    case "choice":
      return html`<${Choice} ...${props} radio=${isRadio(field)} />`
    case "choices":
      return html`<${Choices} ...${props} />`
    case "date":
      return html`<${DateInput} ...${props} />`
    case "moment":
      return html`<${Moment} ...${props} />`
    case "file":
      return html`<${FileInput} ...${props} />`
    case "json":
      return html`<${Json} ...${props} />`
    case "group":
      return html`<${Fields} fields=${field.fields ?? []} values=${value ?? field.usual} change=${change} problems=${problems} steps=${steps} how=${field.templates ? { templates: true } : how} />`
    case "list":
      return html`<${List} ...${props} Item=${ItemView} />`
    case "map":
      return html`<${Pairs} ...${props} Item=${ItemView} />`
    default:
      return html`<${Text} ...${props} />`
  }
}

/** One of a list: its number is its label. @param {FieldProps & { label: string }} props */
function ItemView(props) {
  const { field, label, problems, steps, value, change } = props
  const id = useId()
  const own = problems.filter((one) => isBelow(one, steps))
  if (["group", "list", "choices", "map", "file"].includes(field.kind)) return html`<${FieldView} ...${props} field=${{ ...field, label, required: false }} />`
  const attributes = { id, "aria-label": label, "aria-invalid": own.length ? "true" : undefined, "aria-describedby": own.length ? `${id}-bad` : undefined }
  const control =
    field.kind === "boolean"
      ? html`<label class="check"><input type="checkbox" ...${attributes} checked=${Boolean(value)} onChange=${(/** @type {any} */ event) => change(() => event.currentTarget.checked)} /></label>`
      : html`<${Control} ...${props} attributes=${attributes} />`
  return html`<div class="item-value">${control}${own.length > 0 && html`<p class="bad" id=${`${id}-bad`}>${own.map(({ message }) => message).join(" ")}</p>`}</div>`
}
