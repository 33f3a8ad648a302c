// @ts-check
// A switch that is on or off, and turns when the server has said so.

import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @param {{ on: boolean, label: string, disabled?: boolean, title?: string, turn: (on: boolean) => Promise<unknown> }} props */
export function Switch({ on, label, disabled = false, title, turn }) {
  const [busy, setBusy] = useState(false)
  const press = async () => {
    setBusy(true)
    try {
      await turn(!on)
    } finally {
      setBusy(false)
    }
  }
  return html`
    <button type="button" class="switch" role="switch" aria-checked=${on} aria-label=${label} aria-busy=${busy} title=${title} disabled=${disabled || busy} onClick=${press}>
      <span></span>
    </button>
  `
}
