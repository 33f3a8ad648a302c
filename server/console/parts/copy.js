// @ts-check
// Text to copy.

import { Icon } from "../icons.js"
import { copy } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"

const SAID_MS = 2_000

/** @param {string} text */
export async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  // Pages that came over plain HTTP from another machine have no clipboard.
  const field = Object.assign(document.createElement("textarea"), { value: text, className: "unseen" })
  document.body.append(field)
  field.select()
  document.execCommand("copy")
  field.remove()
}

/** @param {{ text: string, label?: string }} props an empty ``label`` leaves the icon alone */
export function CopyButton({ text, label = copy.copy }) {
  const [done, setDone] = useState(false)
  const press = async () => {
    await toClipboard(text)
    announce(copy.copied)
    setDone(true)
    setTimeout(() => setDone(false), SAID_MS)
  }
  return html`<button type="button" class="quiet" aria-label=${label ? undefined : copy.copy} onClick=${press}>
    <${Icon} name=${done ? "check" : "copy"} />${label && (done ? copy.copied : label)}
  </button>`
}

/** @param {{ text: string, label: string }} props */
export const CodeBlock = ({ text, label }) => html`
  <figure class="code">
    <figcaption><span>${label}</span><${CopyButton} text=${text} /></figcaption>
    <pre tabindex="0"><code>${text}</code></pre>
  </figure>
`
