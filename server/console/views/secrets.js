// @ts-check
// Secrets: their names and whom each is for. A value that was set is never shown.

import { remove } from "../api.js"
import { announce } from "../parts/announce.js"
import { Confirm } from "../parts/confirm.js"
import { CodeBlock } from "../parts/copy.js"
import { Empty } from "../parts/empty.js"
import { Menu } from "../parts/menu.js"
import { Heading } from "../parts/page.js"
import { SecretForm } from "../parts/secretform.js"
import { Settings } from "../parts/settings.js"
import { Skeleton } from "../parts/skeleton.js"
import { Status } from "../parts/status.js"
import { Age } from "../parts/time.js"
import { Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { may } from "../session.js"
import { useShortcuts } from "../shortcuts.js"
import { secrets as say, settings } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../parts/secretform.js").Secret} Secret */
/** @typedef {"set" | "remove"} Act */

export default () => html`<${Settings} name="secrets"><${Secrets} /><//>`

function Secrets() {
  const { data, error, again } = useReading("/v1/secrets", {}, { topics: ["secret:*"] })
  const [asked, setAsked] = useState(/** @type {{ act: Act, secret?: Secret } | null} */ (null))
  const able = may("set_secrets")
  const set = () => setAsked({ act: "set" })
  useShortcuts(able ? [{ keys: "n", label: say.make, run: set }] : [])
  return html`
    <${Heading} title=${settings.pages.secrets}>
      ${able && html`<button type="button" class="primary aside" onClick=${set}>${say.make}</button>`}
    <//>
    <p class="soft lead">${say.what}</p>
    <${Trouble} error=${error} again=${again} />
    ${data === undefined && !error && html`<${Skeleton} />`}
    ${data?.length > 0 && html`<${Table} rows=${data} able=${able} ask=${(/** @type {Act} */ act, /** @type {Secret} */ secret) => setAsked({ act, secret })} />`}
    ${data?.length === 0 &&
    html`
      <${Empty} title=${say.none}>
        <p>${say.noneHelp}</p>
        <${CodeBlock} label="listener.py" text=${say.example} />
      <//>
    `}
    ${asked?.act === "set" && html`<${SecretForm} secret=${asked.secret} close=${() => setAsked(null)} done=${again} />`}
    ${asked?.act === "remove" && html`<${Remove} secret=${asked.secret} close=${() => setAsked(null)} done=${again} />`}
  `
}

/** @param {{ rows: Secret[], able: boolean, ask: (act: Act, secret: Secret) => void }} props */
const Table = ({ rows, able, ask }) => html`
  <table class="rows settings-table settings-secrets">
    <colgroup><col class="c-name" /><col class="c-jobs" /><col class="c-about" /><col class="c-state" /><col class="c-age" />${able && html`<col class="c-acts" />`}</colgroup>
    <thead>
      <tr>
        <th scope="col">${say.name}</th>
        <th scope="col">${say.jobs}</th>
        <th scope="col">${say.description}</th>
        <th scope="col">${say.state}</th>
        <th scope="col">${say.changed}</th>
        ${able && html`<th scope="col"><span class="unseen">${say.acts}</span></th>`}
      </tr>
    </thead>
    <tbody>
      ${rows.map((one) => html`<${Row} key=${one.id} secret=${one} able=${able} ask=${ask} />`)}
    </tbody>
  </table>
`

/** @param {{ secret: Secret, able: boolean, ask: (act: Act, secret: Secret) => void }} props */
function Row({ secret, able, ask }) {
  const { id, name, jobs, description, locked, actorId, version, updatedAt } = secret
  const forAll = jobs.includes("**")
  return html`
    <tr data-id=${id}>
      <td><code class="name">${name}</code>${actorId && html` <small>${say.of} <code>${actorId}</code></small>`}<span class="beneath">${forAll ? say.allJobs : jobs.join(", ")}</span></td>
      <td>${forAll ? html`<span class="soft">${say.allJobs}</span>` : jobs.map((glob) => html`<code key=${glob} class="topic">${glob}</code> `)}</td>
      <td class="soft" title=${description}>${description}</td>
      <td>${locked ? html`<span title=${say.lockedHelp}><${Status} status="failed" word=${say.locked} /></span>` : html`<${Status} status="complete" word=${say.isSet} />`}</td>
      <td class="soft" title=${say.version(version)}><${Age} at=${updatedAt} /></td>
      ${able &&
      html`
        <td class="settings-acts">
          <${Menu} label=${settings.actsOn(name)} icon="more" bare class="quiet">
            <button type="button" class="item" onClick=${() => ask("set", secret)}>${say.setAnew}</button>
            <button type="button" class="item" onClick=${() => ask("remove", secret)}>${say.remove}</button>
          <//>
        </td>
      `}
    </tr>
  `
}

/** @param {{ secret: any, close: () => void, done: () => Promise<void> }} props */
function Remove({ secret: { id, name }, close, done }) {
  const act = async () => {
    await remove(`/v1/secrets/${id}`)
    announce(say.removed(name))
    await done()
  }
  return html`<${Confirm} title=${say.removeTitle(name)} button=${say.remove} act=${act} close=${close} dangerous><p>${say.removeHelp}</p><//>`
}
