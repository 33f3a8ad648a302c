// @ts-check
// An object as rows of names and values: what is a text stands there as it is, all else as JSON.

import { Icon } from "../icons.js"
import { pairs as say } from "../strings.js"
import { html, useId } from "../vendor/htm-preact-standalone.js"

/** @typedef {{ id: number, name: string, isText: boolean, value: string }} Row */

let count = 0

/** @param {string} [name] @param {unknown} [value] @returns {Row} */
export function newRow(name = "", value = "") {
  const isText = typeof value === "string"
  return { id: ++count, name, isText, value: isText ? value : JSON.stringify(value) }
}

/** @param {Record<string, unknown> | undefined | null} object */
export const toRows = (object) => Object.entries(object ?? {}).map(([name, value]) => newRow(name, value))

/** The object, without rows that are empty; what is wrong stands by the ids of rows. @param {Row[]} rows */
export function fromRows(rows) {
  const value = /** @type {Record<string, unknown>} */ ({})
  const wrong = /** @type {Record<number, string>} */ ({})
  for (const row of rows) {
    if (!row.name && !row.value) continue
    if (!row.name) wrong[row.id] = say.noName
    else if (row.name in value) wrong[row.id] = say.twice
    else value[row.name] = row.isText ? row.value : parsed(row, wrong)
  }
  return { value, wrong, isWrong: Object.keys(wrong).length > 0 }
}

/** @param {Row} row @param {Record<number, string>} wrong */
function parsed(row, wrong) {
  try {
    return JSON.parse(row.value)
  } catch {
    wrong[row.id] = say.noJson
    return null
  }
}

/**
 * @param {{ label: string, names: string, values: string, add: string, rows: Row[], set: (rows: Row[]) => void, disabled?: boolean,
 * wrong?: Record<string, string>, touch?: (row: Row, field: HTMLTextAreaElement) => void }} props ``wrong``: by the name or id of a row;
 * ``touch``: a value has the focus
 */
export function Pairs({ label, names, values, add, rows, set, disabled = false, wrong = {}, touch }) {
  const id = useId()
  /** @param {Row} row @param {Partial<Row>} changes */
  const change = (row, changes) => set(rows.map((one) => (one.id === row.id ? { ...one, ...changes } : one)))
  return html`
    <fieldset class="pairs" disabled=${disabled}>
      <legend>${label}</legend>
      ${rows.map((row, at) => {
        const message = wrong[row.id] ?? wrong[row.name]
        const about = message ? `${id}-${row.id}` : undefined
        return html`
          <div class="mappingpair" key=${row.id}>
            <input
              aria-label=${`${names} ${at + 1}`}
              placeholder=${names}
              value=${row.name}
              spellcheck="false"
              onInput=${(/** @type {any} */ event) => change(row, { name: event.currentTarget.value })}
            />
            <textarea
              aria-label=${`${values} ${at + 1}`}
              aria-invalid=${message ? "true" : undefined}
              aria-describedby=${about}
              placeholder=${values}
              rows="1"
              spellcheck="false"
              value=${row.value}
              onFocus=${(/** @type {any} */ event) => touch?.(row, event.currentTarget)}
              onInput=${(/** @type {any} */ event) => change(row, { value: event.currentTarget.value })}
            ></textarea>
            <select
              aria-label=${`${say.kind} ${at + 1}`}
              value=${row.isText ? "text" : "json"}
              onChange=${(/** @type {any} */ event) => change(row, { isText: event.currentTarget.value === "text" })}
            >
              <option value="text">${say.text}</option>
              <option value="json">${say.json}</option>
            </select>
            <button type="button" class="quiet" aria-label=${say.remove(row.name || String(at + 1))} onClick=${() => set(rows.filter((one) => one.id !== row.id))}>
              <${Icon} name="close" size=${14} />
            </button>
            ${message && html`<small class="wrong" id=${about}>${message}</small>`}
          </div>
        `
      })}
      <button type="button" onClick=${() => set([...rows, newRow()])}>${add}</button>
    </fieldset>
  `
}
