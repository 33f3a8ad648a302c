// @ts-check
// Lists of values, and values by names.

import { Icon } from "../icons.js"
import { forms as say } from "../strings.js"
import { html, useLayoutEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("./form.js").FieldProps & { Item: import("../vendor/htm-preact-standalone.js").ComponentType<any>, attributes: import("./form.js").Attributes }} Props */

const EMPTY = /** @type {Record<string, any>} */ ({ text: "", lines: "", group: {}, list: [], choices: [], map: {}, boolean: false })

/** @param {Props} props */
export function List({ field, value, change, problems, steps, how, Item }) {
  const item = /** @type {import("../schema.js").Field} */ (field.item)
  const given = /** @type {any[]} */ (Array.isArray(value) ? value : (field.usual ?? []))
  const list = useRef(/** @type {HTMLElement | null} */ (null))
  const [added, setAdded] = useState(0)
  useLayoutEffect(() => {
    const last = added ? list.current?.lastElementChild?.querySelector("input, textarea, select") : null
    if (last instanceof HTMLElement) last.focus()
  }, [added])
  const all = (/** @type {any} */ before) => /** @type {any[]} */ (Array.isArray(before) ? before : (field.usual ?? []))
  const add = () => {
    change((before) => [...all(before), item.usual ?? EMPTY[item.kind] ?? null])
    setAdded((count) => count + 1)
  }
  const remove = (/** @type {number} */ at) => change((before) => emptied(all(before).filter((_, index) => index !== at), field))
  return html`
    <ol class="entries" ref=${list}>
      ${given.map((one, at) => {
        const label = say.entry(field.label, at + 1)
        const changeOne = (/** @type {(before: any) => any} */ update) =>
          change((before) => all(before).map((it, index) => (index === at ? (update(it) ?? EMPTY[item.kind] ?? null) : it)))
        return html`
          <li key=${at}>
            <${Item} field=${item} label=${label} value=${one} change=${changeOne} problems=${problems} steps=${[...steps, at]} how=${how} />
            <button type="button" class="quiet" aria-label=${say.remove(label)} onClick=${() => remove(at)}><${Icon} name="close" /></button>
          </li>
        `
      })}
    </ol>
    ${!(given.length >= (field.most ?? Infinity)) && html`<button type="button" class="add" onClick=${add}><${Icon} name="add" />${say.add}</button>`}
  `
}

/** An empty list that need not be there is not there. @param {any[]} list @param {import("../schema.js").Field} field */
const emptied = (list, { required, usual }) => (list.length || required || usual?.length ? list : undefined)

/** @typedef {[name: string, value: any]} Pair */

/** @param {Props} props */
export function Pairs({ field, value, change, problems, steps, how, Item }) {
  const item = /** @type {import("../schema.js").Field} */ (field.item)
  const given = value ?? field.usual ?? {}
  const [typed, setTyped] = useState(/** @type {Pair[]} */ ([]))
  const pairs = same(typed, given) ? typed : Object.entries(given)
  // A name that is not written yet is kept here alone.
  const set = (/** @type {Pair[]} */ next) => {
    setTyped(next)
    const found = Object.fromEntries(next.filter(([name]) => name))
    change(() => (Object.keys(found).length || field.required ? found : undefined))
  }
  const replace = (/** @type {number} */ at, /** @type {Pair} */ pair) => set(pairs.map((one, index) => (index === at ? pair : one)))
  return html`
    <ol class="entries pairs">
      ${pairs.map(
        ([name, one], at) => html`
          <li key=${at}>
            <input type="text" aria-label=${say.nameOf(field.label, at + 1)} placeholder=${say.name} spellcheck=${false} value=${name}
              onInput=${(/** @type {any} */ { currentTarget }) => replace(at, [currentTarget.value, one])} />
            <${Item} field=${item} label=${say.valueOf(name || field.label)} value=${one} problems=${problems} steps=${[...steps, name]} how=${how}
              change=${(/** @type {(before: any) => any} */ update) => replace(at, [name, update(one) ?? EMPTY[item.kind] ?? null])} />
            <button type="button" class="quiet" aria-label=${say.remove(name || say.entry(field.label, at + 1))} onClick=${() => set(pairs.filter((_, index) => index !== at))}>
              <${Icon} name="close" />
            </button>
          </li>
        `,
      )}
    </ol>
    <button type="button" class="add" onClick=${() => setTyped([...pairs, ["", item.usual ?? EMPTY[item.kind] ?? ""]])}><${Icon} name="add" />${say.add}</button>
  `
}

/** @param {Pair[]} pairs @param {any} value */
const same = (pairs, value) => JSON.stringify(Object.fromEntries(pairs.filter(([name]) => name))) === JSON.stringify(value)
