// @ts-check
// What went wrong: what happened, what to do, and the code, small.

import { errors } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"

/** In words. @param {Error & { code?: string }} error */
export function told(error) {
  if (error.code === "network") return errors.network
  if (error.code === "http") return errors.http
  return error.message || errors.unforeseen
}

/** @param {{ error: Error & { code?: string } | null | undefined, again?: () => void }} props */
export function Trouble({ error, again }) {
  if (!error) return null
  return html`
    <div class="trouble" role="alert">
      <p>${told(error)} ${error.code && html`<code>${error.code}</code>`}</p>
      ${again && html`<button type="button" onClick=${again}>${errors.again}</button>`}
    </div>
  `
}

/** All that was refused at once. @param {{ errors: (Error & { code?: string })[] }} props */
export function Troubles({ errors }) {
  if (errors.length < 2) return html`<${Trouble} error=${errors[0]} />`
  return html`
    <div class="trouble" role="alert">
      <ul>
        ${errors.map((error, at) => html`<li key=${at}>${told(error)}</li>`)}
      </ul>
    </div>
  `
}
