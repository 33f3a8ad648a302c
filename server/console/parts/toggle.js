// @ts-check
// A switch: on or off, at once.

import { html } from "../vendor/htm-preact-standalone.js"

/** @param {{ on: boolean, label: string, set: (on: boolean) => void, disabled?: boolean, title?: string }} props */
export const Toggle = ({ on, label, set, disabled = false, title }) => html`
  <button type="button" role="switch" class="toggle" aria-checked=${on} aria-label=${label} title=${title} disabled=${disabled} onClick=${() => set(!on)}>
    <span></span>
  </button>
`
