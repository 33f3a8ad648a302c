// @ts-check
// All that one line of the audit says: who, from where, and what has changed.

import { changes } from "../diff.js"
import { moment } from "../format.js"
import { address } from "../router.js"
import { audit as say, definitions } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { Value } from "./definition.js"
import { Json } from "./json.js"

/** @typedef {{ id: string, at: string, actor: string, address: string | null, action: string, target: string, before: any, after: any }} Line */

/** @param {{ line: Line, names: Map<string, string> }} props */
export function AuditLine({ line, names }) {
  const found = changes(line.before ?? {}, line.after ?? {})
  return html`
    <div class="event">
      <div>
        ${found.length > 0 ? html`<${Changes} found=${found} />` : html`<p class="soft">${say.noChange}</p>`}
        <${Json} label=${say.whole} value=${line} depth=${1} />
      </div>
      <dl class="facts">
        <dt>${say.columns.at}</dt><dd>${moment(line.at)}</dd>
        <dt>${say.columns.who}</dt>
        <dd>${names.has(line.actor) && html`${names.get(line.actor)}<br />`}<code>${line.actor}</code><br /><a href=${address("/settings/audit", { actor: line.actor })}>${say.allOfActor}</a></dd>
        ${line.address && html`<dt>${say.from}</dt><dd><code>${line.address}</code></dd>`}
        <dt>${say.columns.target}</dt>
        <dd>${names.has(line.target) && html`${names.get(line.target)}<br />`}<code>${line.target}</code><br /><a href=${address("/settings/audit", { target: line.target })}>${say.allOfTarget}</a></dd>
        <dt>${say.id}</dt><dd><code>${line.id}</code></dd>
      </dl>
    </div>
  `
}

/** @param {{ found: import("../diff.js").Change[] }} props */
const Changes = ({ found }) => html`
  <table class="diff">
    <thead><tr><th scope="col">${definitions.place}</th><th scope="col">${definitions.before}</th><th scope="col">${definitions.after}</th></tr></thead>
    <tbody>
      ${found.map(
        ({ path, before, after }) => html`<tr key=${path}><th scope="row"><code>${path}</code></th><td class="was"><${Value} value=${before} /></td><td class="is"><${Value} value=${after} /></td></tr>`,
      )}
    </tbody>
  </table>
`
