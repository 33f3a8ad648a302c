// @ts-check
// An endpoint, new or changed: where events go, and which.

import { patch, postOnce, Refused } from "../api.js"
import { endpoints as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { Dialog } from "./dialog.js"
import { isElsewhere, Labelled } from "./labelled.js"
import { Once } from "./once.js"
import { fromRows, Pairs, toRows } from "./pairs.js"
import { Trouble } from "./trouble.js"

const FIELDS = ["name", "url", "topics", "description", "secret"]

/** @param {{ endpoint?: Record<string, any>, close: () => void, saved: () => Promise<void> }} props */
export function EndpointForm({ endpoint, close, saved }) {
  const [filter, setFilter] = useState(() => toRows(endpoint?.filter))
  const [error, setError] = useState(/** @type {Refused | null} */ (null))
  const [done, setDone] = useState(/** @type {any} */ (null))
  const passed = fromRows(filter)
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault()
    if (passed.isWrong) return
    const body = bodyOf(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)), passed.value)
    try {
      if (endpoint) await patch(`/v1/endpoints/${endpoint.id}`, body)
      else setDone((await postOnce("/v1/endpoints", withoutNull(body))).data)
      await saved()
      if (endpoint) close()
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
    }
  }
  if (done) return html`<${Once} title=${say.made} secret=${done.secret} help=${say.secretHelp} close=${close} />`
  return html`
    <${Dialog} title=${endpoint ? say.editTitle : say.make} close=${close} wide=${true}>
      <form class="form" onSubmit=${submit}>
        <${Trouble} error=${isElsewhere(error, FIELDS) ? error : null} />
        <${Labelled} label=${say.url} help=${say.urlHelp} name="url" error=${error}>
          ${(/** @type {object} */ marks) =>
            html`<input ...${marks} type="url" required maxlength="2048" defaultValue=${endpoint?.url} placeholder="https://example.com/events" autofocus spellcheck="false" />`}
        <//>
        <${Labelled} label=${say.topics} help=${say.topicsHelp} name="topics" error=${error}>
          ${(/** @type {object} */ marks) =>
            html`<textarea ...${marks} rows="2" required defaultValue=${(endpoint?.topics ?? []).join("\n")} placeholder="job:failed" spellcheck="false"></textarea>`}
        <//>
        <${Pairs} label=${say.filter} names=${say.path} values=${say.condition} add=${say.addCondition} rows=${filter} set=${setFilter} wrong=${passed.wrong} />
        <div class="columns">
          <${Labelled} label=${say.name} name="name" error=${error}>
            ${(/** @type {object} */ marks) => html`<input ...${marks} maxlength="256" defaultValue=${endpoint?.name} placeholder=${say.nameExample} />`}
          <//>
          <${Labelled} label=${say.description} name="description" error=${error}>
            ${(/** @type {object} */ marks) => html`<input ...${marks} maxlength="1024" defaultValue=${endpoint?.description} />`}
          <//>
        </div>
        ${!endpoint &&
        html`
          <${Labelled} label=${say.ownSecret} help=${say.ownSecretHelp} name="secret" error=${error}>
            ${(/** @type {object} */ marks) => html`<input ...${marks} type="password" autocomplete="off" maxlength="128" placeholder="whsec_…" />`}
          <//>
        `}
        <footer>
          <button type="button" onClick=${close}>${say.cancel}</button>
          <button class="primary">${endpoint ? say.save : say.makeIt}</button>
        </footer>
      </form>
    <//>
  `
}

/** @param {FormData} given @param {Record<string, unknown>} filter */
function bodyOf(given, filter) {
  const text = (/** @type {string} */ name) => String(given.get(name) ?? "").trim() || null
  return {
    url: text("url"),
    topics: (text("topics") ?? "").split(/[\s,]+/).filter(Boolean),
    filter: Object.keys(filter).length ? filter : null,
    name: text("name"),
    description: text("description"),
    ...(given.get("secret") && { secret: given.get("secret") }),
  }
}

/** @param {object} body */
const withoutNull = (body) => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
