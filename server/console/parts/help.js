// @ts-check
// All keys of what is on the page.

import { shortcuts } from "../shortcuts.js"
import { useCell } from "../store.js"
import { help } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { Dialog } from "./dialog.js"

/** @param {{ close: () => void }} props */
export function Help({ close }) {
  const all = useCell(shortcuts)
  return html`
    <${Dialog} title=${help.title} close=${close}>
      <dl class="keys">
        ${all.map(
          ({ keys, label }) => html`
            <div key=${keys + label}>
              <dt>${keys.split(" ").map((key) => html`<kbd>${key}</kbd>`)}</dt>
              <dd>${label}</dd>
            </div>
          `,
        )}
      </dl>
    <//>
  `
}
