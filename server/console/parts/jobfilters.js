// @ts-check
// The bar of filters above the list of jobs: each a button that says what it is set to.

import { get } from "../api.js"
import { moment } from "../format.js"
import { Icon } from "../icons.js"
import { NAMES, SPANS, STATUSES } from "../jobfilters.js"
import { setQuery } from "../router.js"
import { useShortcuts } from "../shortcuts.js"
import { jobFilters as say, statuses } from "../strings.js"
import { html, useEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"
import { Menu } from "./menu.js"
import { Status } from "./status.js"

const TYPED_MS = 250

/** @typedef {Record<string, string>} Filters */

/** @param {{ filters: Filters, children?: any }} props */
export function JobFilters({ filters, children }) {
  const isSet = NAMES.some((name) => filters[name])
  const clear = () => setQuery(Object.fromEntries(NAMES.map((name) => [name, null])))
  return html`
    <div class="jobfilters" role="search" aria-label=${say.title}>
      <${Search} text=${filters.q ?? ""} />
      <${StatusFilter} chosen=${filters.status?.split(",") ?? []} />
      <${Choice} name="job" value=${filters.job} path="/v1/job-types" read=${typeNames} help=${say.jobHelp} />
      <${Choice} name="definition" value=${filters.definition} path="/v1/job-definitions" read=${definitionCodes} />
      <${Choice} name="tag" value=${filters.tag} />
      <${TimeFilter} filters=${filters} />
      ${filters.parentId && html`<button type="button" class="set" onClick=${() => setQuery({ parentId: null })}>${say.parentId}<${Icon} name="close" size=${12} /></button>`}
      <label class="jobcheck"><input type="checkbox" checked=${Boolean(filters.children)} onChange=${() => setQuery({ children: filters.children ? null : "1" })} />${say.children}</label>
      ${isSet && html`<button type="button" class="quiet" onClick=${clear}>${say.clear}</button>`}
      ${children}
    </div>
  `
}

const typeNames = (/** @type {any} */ answer) =>
  answer.data.map((/** @type {any} */ one) => ({ value: `${one.domain}:${one.operation}`, label: one.label }))
const definitionCodes = (/** @type {any} */ answer) =>
  (answer.data ?? answer.jobDefinitions ?? []).map((/** @type {any} */ one) => ({ value: one.jobDefinitionCode, label: one.name }))

/** @param {{ text: string }} props */
function Search({ text }) {
  const ref = useRef(/** @type {HTMLInputElement | null} */ (null))
  const timer = useRef(/** @type {number | undefined} */ (undefined))
  useShortcuts([{ keys: "/", label: say.search, run: () => ref.current?.focus() }])
  useEffect(() => {
    if (ref.current && document.activeElement !== ref.current) ref.current.value = text
  }, [text])
  const typed = (/** @type {any} */ event) => {
    const { value } = event.currentTarget
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setQuery({ q: value.trim() || null }), TYPED_MS)
  }
  const leave = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && ref.current?.blur()
  return html`<input ref=${ref} type="search" class="search" placeholder=${say.searchHint} aria-label=${say.search} maxlength="200" onInput=${typed} onKeyDown=${leave} />`
}

/** @param {{ name: string, value?: string }} props what stands on the button of a filter */
const title = ({ name, value }) => (value ? `${say.names[name]}: ${value}` : say.names[name])

/** @param {{ chosen: string[] }} props */
function StatusFilter({ chosen }) {
  const turn = (/** @type {string} */ status) => {
    const next = chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status]
    setQuery({ status: STATUSES.filter((one) => next.includes(one)).join() || null })
  }
  const value = chosen.map((one) => statuses[one] ?? one).join(", ")
  return html`
    <${Menu} label=${title({ name: "status", value })} class=${value ? "set" : ""}>
      <fieldset class="choice">
        <legend class="unseen">${say.names.status}</legend>
        ${STATUSES.map(
          (one) => html`
            <label key=${one}><input type="checkbox" checked=${chosen.includes(one)} onChange=${() => turn(one)} /><${Status} status=${one} /></label>
          `,
        )}
      </fieldset>
    <//>
  `
}

/**
 * A word that is typed, or chosen among those that the server knows.
 * @param {{ name: string, value?: string, path?: string, read?: (answer: any) => { value: string, label?: string }[], help?: string }} props
 */
function Choice({ name, value = "", path, read, help }) {
  return html`
    <${Menu} label=${title({ name, value })} class=${value ? "set" : ""}>
      <${Choosing} name=${name} value=${value} path=${path} read=${read} help=${help} />
    <//>
  `
}

/** @param {Parameters<typeof Choice>[0]} props */
function Choosing({ name, value = "", path, read, help }) {
  const [typed, setTyped] = useState(value)
  const [known, setKnown] = useState(/** @type {{ value: string, label?: string }[]} */ ([]))
  useEffect(() => {
    const stop = new AbortController()
    if (path) get(path, { pageSize: 200 }, stop.signal).then((answer) => setKnown(read?.(answer) ?? []), () => {})
    return () => stop.abort()
  }, [path])
  /** @param {string} text @param {Event} event */
  const choose = (text, event) => {
    event.preventDefault()
    setQuery({ [name]: text.trim() || null })
    const panel = /** @type {HTMLElement} */ (event.currentTarget).closest("[popover]")
    if (panel instanceof HTMLElement) panel.hidePopover()
  }
  const like = typed.toLowerCase()
  const shown = known.filter((one) => value === typed || `${one.value} ${one.label ?? ""}`.toLowerCase().includes(like)).slice(0, 50)
  return html`
    <form class="choosing" onSubmit=${(/** @type {Event} */ event) => choose(typed, event)}>
      <input autofocus value=${typed} maxlength="192" aria-label=${say.names[name]} onInput=${(/** @type {any} */ event) => setTyped(event.currentTarget.value)} />
      <button class="primary">${say.use}</button>
    </form>
    ${help && html`<p class="soft">${help}</p>`}
    ${value && html`<button type="button" class="item" onClick=${(/** @type {Event} */ event) => choose("", event)}>${say.any}</button>`}
    <ul>
      ${shown.map(
        (one) => html`
          <li key=${one.value}>
            <button type="button" class="item" aria-current=${one.value === value ? "true" : undefined} onClick=${(/** @type {Event} */ event) => choose(one.value, event)}>
              <span>${one.value}</span>${one.label && one.label !== one.value && html`<small>${one.label}</small>`}
            </button>
          </li>
        `,
      )}
    </ul>
  `
}

/** @param {{ filters: Filters }} props */
function TimeFilter({ filters: { since, createdAfter, createdBefore } }) {
  const told = [createdAfter && say.from(moment(createdAfter)), createdBefore && say.to(moment(createdBefore))].filter(Boolean).join(" ")
  const value = since ? (say.spans[since] ?? since) : told
  const between = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault()
    const given = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget))
    const time = (/** @type {string} */ name) => (given.get(name) ? new Date(String(given.get(name))).toISOString() : null)
    setQuery({ since: null, createdAfter: time("after"), createdBefore: time("before") })
  }
  const set = (/** @type {string | null} */ span) => setQuery({ since: span, createdAfter: null, createdBefore: null })
  return html`
    <${Menu} label=${title({ name: "time", value })} class=${value ? "set" : ""}>
      <fieldset class="choice">
        <legend class="unseen">${say.names.time}</legend>
        ${[null, ...Object.keys(SPANS)].map(
          (span) => html`
            <label key=${span}>
              <input type="radio" name="since" checked=${span === (since ?? (told ? "" : null))} onChange=${() => set(span)} />
              <span>${span ? say.spans[span] : say.anyTime}</span>
            </label>
          `,
        )}
      </fieldset>
      <form class="form between" onSubmit=${between}>
        <label class="field"><span>${say.after}</span><input type="datetime-local" name="after" value=${local(createdAfter)} /></label>
        <label class="field"><span>${say.before}</span><input type="datetime-local" name="before" value=${local(createdBefore)} /></label>
        <footer><button>${say.use}</button></footer>
      </form>
    <//>
  `
}

/** A time as fields of forms take it, on the clock of this device. @param {string | undefined} at */
function local(at) {
  if (!at || Number.isNaN(Date.parse(at))) return ""
  const date = new Date(at)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
