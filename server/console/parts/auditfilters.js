// @ts-check
// Which lines of the audit are shown; it stands in the address.

import { fromLocal, toLocal, zoneName } from "../localtime.js"
import { address, go } from "../router.js"
import { may } from "../session.js"
import { audit as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"

/** As the API calls them. */
export const FILTERS = ["actor", "action", "target", "since", "until", "deletedSpace"]
const TIMES = ["since", "until"]
const PRESETS = ["", "member:*", "key:*", "secret:*", "definition:*", "job:*", "session:*", "access:*"]

/** @param {{ wanted: Record<string, string | null>, names: Map<string, string> }} props */
export function AuditFilters({ wanted, names }) {
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault()
    const given = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget))
    const text = (/** @type {string} */ name) => String(given.get(name) ?? "").trim()
    go("/settings/audit", Object.fromEntries(FILTERS.map((name) => [name, TIMES.includes(name) ? fromLocal(text(name)) : text(name)])))
  }
  // Somebody may be named in the address who is no member any more.
  const actors = wanted.actor && !names.has(wanted.actor) ? [[wanted.actor, wanted.actor], ...names] : [...names]
  return html`
    <form class="eventfilters" role="search" onSubmit=${submit} key=${JSON.stringify(wanted)}>
      <label class="field">
        <span>${say.columns.who}</span>
        <select name="actor">
          <option value="">${say.anybody}</option>
          ${actors.map(([id, name]) => html`<option key=${id} value=${id} selected=${id === wanted.actor}>${name}</option>`)}
        </select>
      </label>
      <${Text} name="action" value=${wanted.action} example="key:*" />
      <${Text} name="target" value=${wanted.target} example="us_mem_…" />
      <${Time} name="since" value=${wanted.since} />
      <${Time} name="until" value=${wanted.until} />
      ${may("own") && html`<${Text} name="deletedSpace" value=${wanted.deletedSpace} example="acme" />`}
      <button>${say.show}</button>
    </form>
    <nav class="tabs lead" aria-label=${say.presets}>
      ${PRESETS.map(
        (one) => html`<a key=${one} href=${address("/settings/audit", { ...wanted, action: one })} aria-current=${one === (wanted.action ?? "") ? "true" : undefined}>${say.presetOf[one]}</a>`,
      )}
    </nav>
  `
}

/** @param {{ name: string, value: string | null, example: string }} props */
const Text = ({ name, value, example }) => html`
  <label class="field">
    <span>${say.fields[name]}</span>
    <input name=${name} defaultValue=${value ?? ""} placeholder=${example} spellcheck="false" autocapitalize="off" autocomplete="off" maxlength="512" />
  </label>
`

/** @param {{ name: string, value: string | null }} props */
const Time = ({ name, value }) => html`
  <label class="field">
    <span>${say.fields[name]}</span>
    <input name=${name} type="datetime-local" step="1" defaultValue=${value ? toLocal(value) : ""} title=${zoneName()} />
  </label>
`
