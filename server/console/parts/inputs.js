// @ts-check
// What is typed into, or chosen from: each gives the value that is meant, and undefined where nothing is given.

import { fromLocal, toLocal, zoneName } from "../localtime.js"
import { Draft, range } from "../problems.js"
import { forms as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("./form.js").FieldProps & { attributes: import("./form.js").Attributes }} Props */
/** @typedef {{ currentTarget: HTMLInputElement & HTMLTextAreaElement & HTMLSelectElement }} Typed */

/** Takes over what was typed. @param {Props["change"]} change @param {(text: string) => any} meant */
const typed = (change, meant) => (/** @type {Typed} */ { currentTarget: { value } }) => change(() => meant(value))

const TYPES = /** @type {Record<string, string>} */ ({ email: "email", uri: "url", password: "password" })

/** Nothing is left out, unless something else counts then. @param {import("../schema.js").Field} field */
const nothing = ({ usual, nullable }) => (usual === undefined || usual === null ? undefined : nullable ? null : undefined)

/** @param {import("../schema.js").Field} field @param {string} text */
const textOrNothing = (field, text) => (text === "" ? (field.usual && !field.nullable ? "" : nothing(field)) : text)

/** @param {Props} props */
export const Text = ({ field, value, change, attributes }) => html`
  <input
    type=${TYPES[field.format ?? ""] ?? "text"} autocomplete="off" spellcheck=${false} ...${attributes} value=${value ?? (value === undefined ? field.usual : "") ?? ""}
    onInput=${typed(change, (text) => textOrNothing(field, text))}
  />
`

/** @param {Props} props */
export const Lines = ({ field, value, change, attributes }) => html`
  <textarea
    rows="3" ...${attributes} value=${value ?? (value === undefined ? field.usual : "") ?? ""}
    onInput=${typed(change, (text) => textOrNothing(field, text))}
  ></textarea>
`

/** @param {Pick<Props, "value" | "change" | "attributes">} props */
export const TemplateInput = ({ value, change, attributes }) => html`
  <input
    class="template" type="text" autocomplete="off" spellcheck=${false} placeholder=${say.templateExample} ...${attributes} value=${value ?? ""}
    onInput=${typed(change, (text) => text || undefined)}
  />
`

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** A text that is no number is kept as it is, to be told of. @param {string} text */
function numberOf(text) {
  const bare = text.trim().replace(/[\u2009\u00a0\u202f]/g, "").replace("\u2212", "-")
  return bare === "" ? undefined : NUMBER.test(bare) ? Number(bare) : text
}

/** @param {Props} props */
export function NumberInput({ field, value, change, attributes }) {
  const given = value === undefined ? field.usual : value
  const [kept, setKept] = useState("")
  const text = given === undefined || given === null ? "" : numberOf(kept) === given ? kept : String(given)
  const bounds = range(field)
  /** @param {Typed} event */
  const type = ({ currentTarget }) => {
    const text = currentTarget.value
    setKept(text)
    change(() => numberOf(text) ?? nothing(field))
  }
  return html`
    <span class="in-line">
      <input type="text" class="numberinput" inputmode=${field.whole ? "numeric" : "decimal"} autocomplete="off" ...${attributes} value=${text} onInput=${type} />
      ${bounds && html`<small>${bounds}</small>`}
    </span>
  `
}

/** Colours come from whoever wrote the form: what is none is not used. @param {{ color?: string }} props */
export const Dot = ({ color }) => (color && CSS.supports("color", color) ? html`<i class="dot" style=${{ backgroundColor: color }}></i>` : null)

/** @param {Props & { radio: boolean }} props */
export function Choice({ field, value, change, attributes, radio }) {
  const { options = [], required } = field
  const given = value === undefined ? field.usual : value
  const none = !required && (field.usual ?? undefined) === undefined
  const at = options.findIndex((one) => one.value === given)
  const choose = (/** @type {number} */ index) => change(() => options[index]?.value ?? nothing(field))
  if (!radio) {
    const current = options[at]
    return html`
      <span class="in-line">
        <${Dot} color=${current?.color} />
        <select ...${attributes} value=${String(at)} onChange=${(/** @type {Typed} */ event) => choose(Number(event.currentTarget.value))}>
          ${(none || at < 0) && html`<option value="-1">${none ? say.notGiven : say.choose}</option>`}
          ${options.map(({ label }, index) => html`<option key=${index} value=${String(index)}>${label}</option>`)}
        </select>
      </span>
      ${current?.help && html`<small>${current.help}</small>`}
    `
  }
  const { id, "aria-invalid": invalid, "aria-required": _, ...others } = attributes
  const shown = none ? [...options.map((one, index) => ({ ...one, index })), { label: say.notGiven, index: -1 }] : options.map((one, index) => ({ ...one, index }))
  return html`
    <div class="options" role="radiogroup" aria-labelledby=${others["aria-labelledby"]} aria-label=${attributes["aria-label"] ?? field.label} aria-required=${required || undefined}>
      ${shown.map(
        (/** @type {any} */ { index, label, help, color }) => html`
          <label key=${index} class="option" data-chosen=${index === at ? "" : undefined}>
            <input type="radio" name=${id} checked=${index === at} aria-invalid=${invalid} aria-describedby=${attributes["aria-describedby"]} onChange=${() => choose(index)} />
            <${Dot} color=${color} /><span>${label}${help && html`<small>${help}</small>`}</span>
          </label>
        `,
      )}
    </div>
  `
}

/** @param {Props} props */
export function Choices({ field, value, change, attributes }) {
  const { options = [] } = field
  const given = /** @type {any[]} */ (value ?? field.usual ?? [])
  const toggle = (/** @type {any} */ one, /** @type {boolean} */ on) =>
    change((before) => options.map((option) => option.value).filter((it) => (it === one ? on : (before ?? field.usual ?? []).includes(it))))
  return html`
    <div class="options">
      ${options.map(
        ({ value: one, label, help, color }, index) => html`
          <label key=${index} class="option" data-chosen=${given.includes(one) ? "" : undefined}>
            <input type="checkbox" checked=${given.includes(one)} aria-invalid=${attributes["aria-invalid"]} onChange=${(/** @type {Typed} */ event) => toggle(one, event.currentTarget.checked)} />
            <${Dot} color=${color} /><span>${label}${help && html`<small>${help}</small>`}</span>
          </label>
        `,
      )}
    </div>
  `
}

/** @param {Props} props */
export const DateInput = ({ field, value, change, attributes }) => html`
  <input
    type="date" class="date" ...${attributes} value=${value ?? field.usual ?? ""}
    onInput=${typed(change, (text) => text || nothing(field))}
  />
`

/** A time in the viewer's zone; what is sent is the same moment in UTC. @param {Props} props */
export function Moment({ field, value, change, attributes }) {
  const given = value ?? field.usual
  return html`
    <span class="in-line">
      <input type="datetime-local" step="1" class="date" ...${attributes} value=${given ? toLocal(given) : ""} onInput=${typed(change, (text) => (text ? fromLocal(text) : nothing(field)))} /><small>${zoneName()}</small>
    </span>
  `
}

/** Whatever has no fields of its own. @param {Props} props */
export function Json({ field, value, change, attributes }) {
  const given = value === undefined ? field.usual : value
  const [kept, setKept] = useState("")
  const text = given instanceof Draft ? given.text : given === undefined || (given === null && value === undefined) ? "" : same(kept, given) ? kept : JSON.stringify(given, null, 2)
  /** @param {Typed} event */
  const type = ({ currentTarget }) => {
    const text = currentTarget.value
    setKept(text)
    change(() => parsed(text))
  }
  return html`<textarea class="template" rows=${Math.min(16, Math.max(3, text.split("\n").length))} spellcheck=${false} ...${attributes} value=${text} onInput=${type}></textarea>`
}

/** @param {string} text */
function parsed(text) {
  if (!text.trim()) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return new Draft(text)
  }
}

/** @param {string} text @param {unknown} value */
function same(text, value) {
  const found = parsed(text)
  return found !== undefined && !(found instanceof Draft) && JSON.stringify(found) === JSON.stringify(value)
}
