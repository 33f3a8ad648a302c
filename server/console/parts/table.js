// @ts-check
// A list as a table: rows to move through by j and k, to open, and to select; it says when the pointer is in it.

import { useShortcuts } from "../shortcuts.js"
import { Cell, useCell } from "../store.js"
import { table as say } from "../strings.js"
import { html, useEffect, useRef } from "../vendor/htm-preact-standalone.js"

/**
 * @typedef {object} Column
 * @property {string} name of the classes ``c-…`` of its col, and of its cells
 * @property {string} title
 * @property {boolean} [untitled] whether only screen readers are told the title
 * @property {(row: any) => any} [cell] what stands in it; not needed where rows draw themselves
 */

/** Which rows are selected, by their keys. */
export class Selection {
  /** @type {Cell<ReadonlySet<string>>} */
  cell = new Cell(/** @type {ReadonlySet<string>} */ (new Set()))
  /** @type {string | undefined} */
  #last

  /** Turn one; with ``through`` (all rows in their order), all from the last one that was turned. @param {string} key @param {string[]} [through] */
  toggle(key, through) {
    const next = new Set(this.cell.value)
    const turn = next.has(key) ? (/** @type {string} */ one) => next.delete(one) : (/** @type {string} */ one) => next.add(one)
    const [from, to] = [through?.indexOf(this.#last ?? "") ?? -1, through?.indexOf(key) ?? -1].sort((a, b) => a - b)
    for (const one of from < 0 || !through ? [key] : through.slice(from, to + 1)) turn(one)
    this.#last = key
    this.cell.set(next)
  }

  /** @param {Iterable<string>} keys */
  set(keys) {
    this.cell.set(new Set(keys))
  }
}

/**
 * @param {object} props
 * @param {string} props.label what the table is called
 * @param {Column[]} props.columns
 * @param {any[]} props.rows
 * @param {(row: any) => string} [props.keyOf]
 * @param {(row: any, lead: any) => any} [props.draw] the ``tr`` of a row, with ``data-id``; ``lead`` is its first cell
 * @param {Selection} [props.selection]
 * @param {(row: any) => string} [props.nameOf] what a row is called, where it can be selected
 * @param {(key: string) => void} [props.open] what a press on a row does; its links do the same
 * @param {string | null} [props.current] the row that is open
 * @param {(held: boolean) => void} [props.hold] told when the pointer comes and goes
 * @param {string} [props.class]
 */
export function Table({ label, columns, rows, keyOf = (row) => row.id, draw, selection, nameOf = keyOf, open, current, hold, class: kind = "" }) {
  const body = useRef(/** @type {HTMLElement | null} */ (null))
  const keys = rows.map(keyOf)
  const move = (/** @type {number} */ by) => focusBeside(body.current, by, current, open)
  useShortcuts(
    [
      { keys: "j", label: say.next, run: () => move(1) },
      { keys: "k", label: say.previous, run: () => move(-1) },
      ...(selection ? [{ keys: "x", label: say.select, run: () => turnFocused(body.current, selection) }] : []),
    ],
    [current, open, selection],
  )
  useEffect(() => () => hold?.(false), [])
  /** @param {MouseEvent} event */
  const press = (event) => {
    const key = pressed(event)
    if (!key || !open) return
    event.preventDefault()
    open(key)
  }
  const entered = (/** @type {PointerEvent} */ event) => event.pointerType === "mouse" && hold?.(true)
  const plain = (/** @type {any} */ row, /** @type {any} */ lead) => html`
    <tr key=${keyOf(row)} data-id=${keyOf(row)}>
      ${lead}${columns.map(({ name, cell }) => html`<td class=${name}>${cell?.(row)}</td>`)}
    </tr>
  `
  return html`
    <table class=${`rows ${kind}`} aria-label=${label} onPointerEnter=${entered} onPointerLeave=${() => hold?.(false)}>
      <colgroup>
        ${selection && html`<col class="c-lead" />`}${columns.map(({ name }) => html`<col class=${`c-${name}`} />`)}
      </colgroup>
      <thead>
        <tr>
          ${selection && html`<th scope="col" class="lead"><${PickAll} selection=${selection} keys=${keys} /></th>`}
          ${columns.map(({ name, title, untitled }) => html`<th scope="col" class=${`c-${name}`}>${untitled ? html`<span class="unseen">${title}</span>` : title}</th>`)}
        </tr>
      </thead>
      <tbody ref=${body} onClick=${press} data-opens=${open ? "" : undefined}>
        ${rows.map((row) => {
          const lead = selection && html`<td class="lead"><${Pick} selection=${selection} id=${keyOf(row)} name=${nameOf(row)} keys=${keys} /></td>`
          return (draw ?? plain)(row, lead)
        })}
      </tbody>
    </table>
  `
}

/** The row that a press opens: not one on a control of its own, or with a key that means another tab. @param {MouseEvent} event */
function pressed(event) {
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return undefined
  if (!(event.target instanceof Element) || getSelection()?.type === "Range") return undefined
  const control = event.target.closest("a, button, input, label, select, summary")
  if (control && !control.matches("a.name")) return undefined
  return event.target.closest("tr")?.dataset.id
}

/** @param {HTMLElement | null} body @param {number} by @param {string | null | undefined} current @param {((key: string) => void) | undefined} open */
function focusBeside(body, by, current, open) {
  const rows = [.../** @type {NodeListOf<HTMLElement> | never[]} */ (body?.querySelectorAll("tr[data-id]") ?? [])]
  const at = rows.findIndex((row) => row.contains(document.activeElement) || row.dataset.id === current)
  const row = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))]
  const link = row?.querySelector("a.name, a, button")
  if (link instanceof HTMLElement) link.focus()
  if (current && row?.dataset.id) open?.(row.dataset.id)
}

/** @param {HTMLElement | null} body @param {Selection} selection */
function turnFocused(body, selection) {
  const row = document.activeElement?.closest("tr")
  if (row && body?.contains(row) && row.dataset.id) selection.toggle(row.dataset.id)
}

/** @param {{ selection: Selection, id: string, name: string, keys: string[] }} props */
function Pick({ selection, id, name, keys }) {
  const chosen = useCell(selection.cell).has(id)
  /** @param {MouseEvent} event */
  const turn = (event) => selection.toggle(id, event.shiftKey ? keys : undefined)
  return html`<label><input type="checkbox" checked=${chosen} onClick=${turn} aria-label=${say.selectOne(name)} /></label>`
}

/** @param {{ selection: Selection, keys: string[] }} props */
function PickAll({ selection, keys }) {
  const chosen = useCell(selection.cell)
  const count = keys.filter((key) => chosen.has(key)).length
  const turn = () => selection.set(count ? [] : keys)
  return html`
    <label>
      <input type="checkbox" checked=${count > 0} indeterminate=${count > 0 && count < keys.length} onClick=${turn} aria-label=${say.selectAll} />
    </label>
  `
}
