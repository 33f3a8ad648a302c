// @ts-check
// The shape of what is to come.

import { shell } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"

/** @param {{ lines?: number }} props */
export const Skeleton = ({ lines = 6 }) => html`
  <div class="skeleton" role="status">
    <span class="unseen">${shell.loading}</span>
    ${Array.from({ length: lines }, (_, at) => html`<div key=${at}></div>`)}
  </div>
`
