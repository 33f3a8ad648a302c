// @ts-check
// A value as a tree that opens and closes. What others have sent is text: nothing of it becomes markup, and what looks like a secret is covered.

import { moment } from "../format.js"
import { address } from "../router.js"
import { json as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { CopyButton } from "./copy.js"

/** @typedef {{ mask: boolean, pick?: (path: string) => void, depth: number }} How ``depth``: levels that are open at first */

const SECRET = /auth|cookie|signature|secret|token|api-?_?key|passw|credential|session/i
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
const LINK = /^(https?:\/\/|mailto:)\S+$/i
const VIEWS = /** @type {Record<string, string>} */ ({ us_jb_: "/jobs/", us_hk_: "/hooks/", us_hd_: "/hook-deliveries/", us_ep_: "/endpoints/", us_ev_: "/events/", us_msg_: "/endpoint-deliveries/" })
const LONG = 300
const MANY = 100

/** Whether a value of this name is covered until somebody asks for it. @param {string} name @param {unknown} value */
export const looksSecret = (name, value) => SECRET.test(name) && (typeof value === "string" ? value !== "***" && value !== "" : typeof value === "number")

/**
 * A step into an object or list, as expressions write it: ``a``, ``."x-y"``, ``[0]``.
 * @param {string} path @param {string | number} step
 */
export function stepped(path, step) {
  if (typeof step === "number") return `${path}[${step}]`
  const name = /^[A-Za-z_]\w*$/.test(step) ? step : JSON.stringify(step)
  return path ? `${path}.${name}` : name
}

/**
 * @param {{ value: unknown, label: string, mask?: boolean, depth?: number, root?: string, pick?: (path: string) => void, text?: string }} props
 * ``mask`` covers what looks like a secret; ``pick`` gets the path of a value that is pressed, below ``root``; ``text`` is copied in the
 * value's place
 */
export function Json({ value, label, mask = false, depth = 2, root = "", pick, text = JSON.stringify(value, null, 2) }) {
  const [raw, setRaw] = useState(false)
  const how = { mask, pick, depth }
  return html`
    <figure class="code json">
      <figcaption>
        <span>${label}</span>
        <span class="tools">
          ${isWhole(value) && html`<button type="button" class="quiet" aria-pressed=${raw} onClick=${() => setRaw(!raw)}>${say.raw}</button>`}
          <${CopyButton} text=${text} />
        </span>
      </figcaption>
      ${raw || !isWhole(value)
        ? html`<pre tabindex="0">${typeof value === "string" ? value : JSON.stringify(mask ? covered(value) : value, null, 2)}</pre>`
        : html`<div class="tree" tabindex="0" role="group" aria-label=${label}><${Inner} value=${value} path=${root} level=${0} how=${how} /></div>`}
    </figure>
  `
}

/** @param {unknown} value */
const isWhole = (value) => typeof value === "object" && value !== null

/** A value with its secrets covered. @param {unknown} value @returns {any} */
export function covered(value) {
  if (Array.isArray(value)) return value.map(covered)
  if (!isWhole(value)) return value
  return Object.fromEntries(Object.entries(/** @type {any} */ (value)).map(([name, one]) => [name, looksSecret(name, one) ? "***" : covered(one)]))
}

/** The entries of an object or list. @param {{ value: any, path: string, level: number, how: How }} props */
function Inner({ value, path, level, how }) {
  const [shown, setShown] = useState(MANY)
  const all = Array.isArray(value) ? value.map((one, at) => /** @type {const} */ ([at, one])) : Object.entries(value)
  if (!all.length) return html`<span class="nothing">${Array.isArray(value) ? say.emptyList : say.emptyObject}</span>`
  const more = () => setShown(shown + MANY)
  return html`
    <ul>
      ${all.slice(0, shown).map(([name, one]) => html`<li key=${name}><${Entry} name=${name} value=${one} path=${stepped(path, name)} level=${level} how=${how} /></li>`)}
      ${all.length > shown && html`<li><button type="button" class="link" onClick=${more}>${say.more(all.length - shown)}</button></li>`}
    </ul>
  `
}

/** @param {{ name: string | number, value: any, path: string, level: number, how: How }} props */
function Entry({ name, value, path, level, how }) {
  const [open, setOpen] = useState(level + 1 < how.depth)
  if (!isWhole(value) || !Object.keys(value).length) return html`<${Name} name=${name} path=${path} how=${how} />: <${Leaf} name=${String(name)} value=${value} how=${how} />`
  /** @param {any} event */
  const toggled = (event) => setOpen(event.currentTarget.open)
  return html`
    <details open=${open} onToggle=${toggled}>
      <summary><span class="name">${name}</span>: <span class="count">${Array.isArray(value) ? say.items(value.length) : say.fields(Object.keys(value).length)}</span></summary>
      ${open && html`<${Inner} value=${value} path=${path} level=${level + 1} how=${how} />`}
    </details>
  `
}

/** @param {{ name: string | number, path: string, how: How }} props */
function Name({ name, path, how }) {
  const { pick } = how
  if (!pick) return html`<span class="name">${name}</span>`
  return html`<button type="button" class="link name" title=${say.pick(path)} onClick=${() => pick(path)}>${name}</button>`
}

/** @param {{ name: string, value: any, how: How }} props */
function Leaf({ name, value, how }) {
  const [bare, setBare] = useState(false)
  if (how.mask && !bare && looksSecret(name, value)) {
    return html`<button type="button" class="link covered" onClick=${() => setBare(true)}><span class="unseen">${say.uncover(name)}</span><span aria-hidden="true">••••••</span></button>`
  }
  if (typeof value === "string") return html`<${Text} text=${value} />`
  if (isWhole(value)) return html`<span class="nothing">${Array.isArray(value) ? say.emptyList : say.emptyObject}</span>`
  return html`<span class="plain">${String(value)}</span>`
}

/** @param {{ text: string }} props */
function Text({ text }) {
  const [whole, setWhole] = useState(false)
  if (text.length > LONG && !whole) {
    return html`<span class="text">${text.slice(0, LONG)}…</span> <button type="button" class="link" onClick=${() => setWhole(true)}>${say.whole(text.length)}</button>`
  }
  const view = VIEWS[text.match(/^us_[a-z]+_/)?.[0] ?? ""]
  if (view && /^\w+$/.test(text)) return html`<a class="text" href=${address(view + text)}>${text}</a>`
  if (LINK.test(text)) return html`<a class="text" href=${text} target="_blank" rel="noopener noreferrer">${text}</a>`
  return html`<span class="text" title=${TIME.test(text) ? moment(text) : undefined}>${text || say.emptyText}</span>`
}
