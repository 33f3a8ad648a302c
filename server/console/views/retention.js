// @ts-check
// Retention: how long what is kept, and for how long this space keeps its jobs and files.

import { patch } from "../api.js"
import { count } from "../format.js"
import { announce } from "../parts/announce.js"
import { FormDialog } from "../parts/formdialog.js"
import { Heading } from "../parts/page.js"
import { Settings } from "../parts/settings.js"
import { Skeleton } from "../parts/skeleton.js"
import { Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { may, useSession } from "../session.js"
import { forms, retention as say, settings } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

const MOST_DAYS = 36_500
/** What a space may keep for a time of its own. */
const OWN = /** @type {Record<string, string>} */ ({ jobs: "jobDays", files: "fileDays" })

/** @type {() => import("../schema.js").Field[]} */
const fields = () =>
  Object.values(OWN).map((name) => ({ name, kind: "number", label: say.fields[name], help: say.help, required: false, least: 0, exclusiveLeast: true, most: MOST_DAYS }))

export default () => html`<${Settings} name="retention"><${Retention} /><//>`

function Retention() {
  const { space: code } = useSession()
  const path = `/v1/spaces/${code}`
  const { data, error, again } = useReading(path, {}, { topics: ["space:*"] })
  const [changing, setChanging] = useState(false)
  /** @param {any} values */
  const save = async ({ jobDays = null, fileDays = null }) => {
    await patch(path, { retention: { jobDays, fileDays } })
    announce(say.saved)
    await again()
    setChanging(false)
  }
  return html`
    <${Heading} title=${settings.pages.retention}>
      ${may("administer") && data && html`<button type="button" class="aside" onClick=${() => setChanging(true)}>${say.change}</button>`}
    <//>
    <p class="soft lead">${say.what}</p>
    <${Trouble} error=${error} again=${again} />
    ${!data && !error && html`<${Skeleton} />`}
    ${data && html`<${Kept} own=${data.retention} />`}
    ${changing && html`<${FormDialog} title=${say.changeTitle(data.name)} button=${forms.save} fields=${fields} given=${given(data.retention)} within="retention" save=${save} close=${() => setChanging(false)} />`}
  `
}

/** What is left out has no time of its own. @param {Record<string, number | null>} own */
const given = (own) => Object.fromEntries(Object.entries(own).filter(([, days]) => days !== null))

/** @param {{ own: Record<string, number | null> }} props */
const Kept = ({ own }) => html`
  <table class="rows settings-table settings-retention">
    <colgroup><col class="c-what" /><col class="c-long" /><col class="c-setting" /></colgroup>
    <thead>
      <tr><th scope="col">${say.kept}</th><th scope="col">${say.long}</th><th scope="col">${say.setting}</th></tr>
    </thead>
    <tbody>
      ${say.rows.map(({ name, what, usual, settings }) => {
        const days = own[OWN[name] ?? ""] ?? null
        return html`
          <tr key=${name} data-id=${name}>
            <td>${what}</td>
            <td>${days === null ? html`${usual} ${OWN[name] && html`<span class="soft">${say.byServer}</span>`}` : html`<strong>${say.days(count(days))}</strong> <span class="soft">${say.bySpace}</span>`}</td>
            <td>${settings.map((one) => html`<code key=${one} class="topic">${one}</code> `)}</td>
          </tr>
        `
      })}
    </tbody>
  </table>
`
