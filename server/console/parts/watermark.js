// @ts-check
// How far the runs of a definition have come, and the ways to change that.

import { call, put } from "../api.js"
import { pathOf, shown } from "../launches.js"
import { address } from "../router.js"
import { may } from "../session.js"
import { definitions as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { Confirm } from "./confirm.js"
import { FormDialog } from "./formdialog.js"
import { Age } from "./time.js"

/** @typedef {{ definition: import("../launches.js").Definition, watermark: import("../launches.js").Watermark }} Props */

/** @param {Props} props */
export function WatermarkPart({ definition, watermark }) {
  const { value, movedAt, jobId, succeededAt } = watermark
  const [asking, setAsking] = useState("")
  const path = `${pathOf(definition.jobDefinitionCode)}/watermark`
  const close = () => setAsking("")
  const reset = async () => {
    await call("DELETE", path)
    announce(say.wasReset)
  }
  const by = jobId ? html`<a href=${address(`/jobs/${jobId}`)}>${say.aJob}</a>` : say.aPerson
  return html`
    <section aria-labelledby="watermark">
      <header><h2 id="watermark">${say.watermark}</h2></header>
      ${value
        ? html`<p class="watermark"><code title=${value}>${shown(value)}</code></p><p class="soft">${say.watermarkAt} ${movedAt && html`${say.movedBy} ${by}, <${Age} at=${movedAt} /> ${say.ago}.`}</p>`
        : html`<p class="soft">${say.watermarkNone}</p>`}
      ${may("define") && html`
        <p class="buttons">
          <button type="button" onClick=${() => setAsking("set")}>${say.set}</button>
          <button type="button" class="danger" disabled=${!value && !succeededAt} onClick=${() => setAsking("reset")}>${say.reset}</button>
        </p>
      `}
      ${asking === "set" && html`<${SetDialog} path=${path} value=${value} close=${close} />`}
      ${asking === "reset" && html`<${Confirm} title=${say.resetTitle(definition.name)} button=${say.reset} dangerous act=${reset} close=${close}><p>${say.resetHelp}</p><//>`}
    </section>
  `
}

/** @type {import("../schema.js").Field[]} */
const FIELDS = [{ name: "value", kind: "text", label: say.value, help: say.setHelp, required: true, most: 256 }]

/** @param {{ path: string, value?: string, close: () => void }} props */
function SetDialog({ path, value, close }) {
  const save = async (/** @type {any} */ values) => {
    await put(path, values)
    close()
    announce(say.moved)
  }
  return html`<${FormDialog} title=${say.setTitle} button=${say.set} fields=${() => FIELDS} given=${{ value }} save=${save} close=${close} />`
}
