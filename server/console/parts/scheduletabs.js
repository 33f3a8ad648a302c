// @ts-check
// From the schedules to their history, and back.

import { address, usePlace } from "../router.js"
import { schedules as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"

const TABS = /** @type {const} */ ([["/schedules", "title"], ["/runs", "history"]]) // prettier-ignore

export function ScheduleTabs() {
  const { path } = usePlace()
  return html`
    <nav class="tabs" aria-label=${say.tabs}>
      ${TABS.map(([to, name]) => html`<a key=${to} href=${address(to)} aria-current=${path === to ? "page" : undefined}>${say[name]}</a>`)}
    </nav>
  `
}
