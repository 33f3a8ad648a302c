// @ts-check
// Whether the server sends mails, and as whom; administrators check and try it.

import { get, post } from "../api.js"
import { useReading } from "../reading.js"
import { may, session } from "../session.js"
import { notifications as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { FormDialog } from "./formdialog.js"
import { Status } from "./status.js"
import { told, Trouble } from "./trouble.js"

export function Mails() {
  const { data, error, again } = useReading("/v1/notifications/channels")
  const [found, setFound] = useState(/** @type {{ reachable?: boolean, problem?: string } | null} */ (null))
  const [busy, setBusy] = useState(false)
  const [testing, setTesting] = useState(false)
  const check = async () => {
    setBusy(true)
    try {
      setFound((await get("/v1/notifications/channels", { check: true })).data)
    } catch (refused) {
      announce(told(/** @type {any} */ (refused)), "bad")
    }
    setBusy(false)
  }
  return html`
    <section class="block" aria-labelledby="mails">
      <h2 id="mails">${say.mails}</h2>
      <${Trouble} error=${error} again=${again} />
      ${data && !data.configured && html`<p class="notice" data-tone="warn">${say.notConfigured} ${data.problem}</p>`}
      ${data?.configured &&
      html`
        <dl class="facts-shown settings-mails">
          <div><dt>${say.sender}</dt><dd>${data.sender}</dd></div>
          <div><dt>${say.server}</dt><dd><code>${data.server}</code></dd></div>
          <div><dt>${say.links}</dt><dd>${data.publicUrl ? html`<code>${data.publicUrl}</code>` : say.noLinks}</dd></div>
        </dl>
        ${may("administer") &&
        html`
          <p class="buttons">
            <button type="button" disabled=${busy} onClick=${check}>${busy ? say.checking : say.check}</button>
            <button type="button" onClick=${() => setTesting(true)}>${say.test}</button>
          </p>
          <p role="status">${found && (found.reachable ? html`<${Status} status="complete" word=${say.reachable} />` : html`<span class="wrong">${found.problem}</span>`)}</p>
        `}
      `}
    </section>
    ${testing && html`<${Test} close=${() => setTesting(false)} />`}
  `
}

/** @param {{ close: () => void }} props */
function Test({ close }) {
  /** @param {any} values */
  const send = async ({ address }) => {
    await post("/v1/notifications/test", { address })
    announce(say.sent(address))
    close()
  }
  const fields = () => [{ name: "address", kind: /** @type {const} */ ("text"), format: "email", label: say.address, required: true, most: 254 }]
  return html`<${FormDialog} title=${say.test} button=${say.send} fields=${fields} given=${{ address: session.value?.member?.email }} save=${send} close=${close} />`
}
