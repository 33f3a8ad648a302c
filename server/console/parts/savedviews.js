// @ts-check
// Filters under a name: some that all have, and those that a person has saved in this browser, for themselves.

import { Icon } from "../icons.js"
import { NAMES, UNFINISHED } from "../jobfilters.js"
import { jobViews } from "../preferences.js"
import { address } from "../router.js"
import { useCell } from "../store.js"
import { savedViews as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { Menu } from "./menu.js"

/** @type {{ name: string, filters: Record<string, string> }[]} */
const OWN = [
  { name: say.all, filters: {} },
  { name: say.unfinished, filters: { status: UNFINISHED.join() } },
  { name: say.failed, filters: { status: "failed", since: "24h" } },
]

/** What is typed anew is not taken yet. @param {any} event */
const free = ({ currentTarget }) => currentTarget.setCustomValidity("")

/** @param {{ filters: Record<string, string> }} props */
export function SavedViews({ filters }) {
  const saved = useCell(jobViews)
  const key = (/** @type {Record<string, string>} */ some) => JSON.stringify(NAMES.map((name) => some[name] ?? ""))
  const kept = saved.map(({ name, query }) => ({ name, filters: Object.fromEntries(new URLSearchParams(query)) }))
  const current = [...kept, ...OWN].find((one) => key(one.filters) === key(filters))
  const save = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault()
    const form = /** @type {HTMLFormElement} */ (event.currentTarget)
    const name = String(new FormData(form).get("name")).trim()
    if (!name) return
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("name"))
    field.setCustomValidity(OWN.some((one) => one.name === name) ? say.taken(name) : "")
    if (!form.reportValidity()) return
    jobViews.set([...saved.filter((one) => one.name !== name), { name, query: new URLSearchParams(filters).toString() }])
    form.reset()
    announce(saved.some((one) => one.name === name) ? say.replaced(name) : say.saved(name))
  }
  /** @param {string} name @param {MouseEvent} event */
  const drop = (name, { currentTarget }) => {
    // The focus stays in the list that one was in.
    const row = /** @type {HTMLElement} */ (currentTarget).closest("li")
    const link = row?.previousElementSibling?.querySelector("a")
    if (link instanceof HTMLElement) link.focus()
    jobViews.set(saved.filter((one) => one.name !== name))
    announce(say.dropped(name))
  }
  const link = (/** @type {{ name: string, filters: Record<string, string> }} */ one) => html`
    <a class="item" href=${address("/jobs", one.filters)} aria-current=${one === current ? "true" : undefined} title=${one.name}>${one.name}</a>
  `
  return html`
    <${Menu} label=${current?.name ?? say.title} name=${say.title} icon="view">
      <ul>
        ${OWN.map((one) => html`<li key=${one.name}>${link(one)}</li>`)}
        ${kept.map(
          (one) => html`
            <li key=${`own ${one.name}`} class="with">
              ${link(one)}<button type="button" class="quiet" aria-label=${say.drop(one.name)} onClick=${(/** @type {MouseEvent} */ event) => drop(one.name, event)}><${Icon} name="close" size=${12} /></button>
            </li>
          `,
        )}
      </ul>
      <form class="choosing" onSubmit=${save}>
        <input name="name" required maxlength="60" placeholder=${say.nameHint} aria-label=${say.name} onInput=${free} /><button>${say.save}</button>
      </form>
    <//>
  `
}
