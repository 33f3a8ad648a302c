// @ts-check
// The builder of schedules: of a new one, or of one that is changed.

import { get, part, patch, postOnce } from "../api.js"
import { now } from "../live.js"
import { announce } from "../parts/announce.js"
import { Heading } from "../parts/page.js"
import { PreviewPanel, usePreview } from "../parts/preview.js"
import { Policies, policiesOf } from "../parts/policies.js"
import { Skeleton } from "../parts/skeleton.js"
import { Field, TimingFields } from "../parts/timingfields.js"
import { told, Trouble } from "../parts/trouble.js"
import { address, go, usePlace } from "../router.js"
import { may, session } from "../session.js"
import { scheduleForm as say, schedules } from "../strings.js"
import { draftOf, freshDraft, timingOf } from "../timing.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"
import { localText } from "../zones.js"

/** @typedef {import("../timetable.js").Shown} Shown */
/** @typedef {import("../timing.js").Draft} Draft */
/** @typedef {{ jobDefinitionCode: string, name: string, enabled: boolean }} Definition */
/** @typedef {{ definitions: Definition[], zone: string, schedule: Shown | null }} Known */

/** Fields of a timing that a change takes away where they are not sent. */
const BOUNDS = { start: null, end: null }

/** @param {{ id?: string }} props */
export default function ScheduleForm({ id }) {
  const [known, setKnown] = useState(/** @type {Known | null} */ (null))
  const [error, setError] = useState(/** @type {Error | null} */ (null))
  useEffect(() => {
    load(id).then(setKnown, setError)
  }, [id])
  const title = id ? say.editTitle(known?.schedule?.name ?? "") : say.title
  return html`
    <p class="crumbs">
      <a href=${address("/schedules")}>${schedules.title}</a>
      ${known?.schedule && html`<a href=${address(`/schedules/${part(known.schedule.id)}`)}>${known.schedule.name}</a>`}
    </p>
    <${Heading} title=${title} />
    <${Trouble} error=${error} />
    ${!may("schedule") && html`<p>${schedules.mayNot}</p>`}
    ${!known && !error && html`<${Skeleton} />`}
    ${known && may("schedule") && !known.schedule && !known.definitions.length && html`<p>${say.noDefinition}</p>`}
    ${known && may("schedule") && (known.schedule || known.definitions.length > 0) && html`<${Form} known=${known} />`}
  `
}

/** @param {string} [id] @returns {Promise<Known>} */
async function load(id) {
  const own = /** @type {import("../session.js").Session} */ (session.value)
  const [definitions, space, schedule] = await Promise.all([
    get("/v1/job-definitions", { pageSize: 500 }),
    get(`/v1/spaces/us_sp_${part(own.space)}`),
    id ? get(`/v1/schedules/${part(id)}`) : { data: null },
  ])
  return { definitions: definitions.data, zone: space.data.timeZone, schedule: schedule.data }
}

/** @param {{ known: Known }} props */
function Form({ known: { definitions, zone, schedule } }) {
  const { query } = usePlace()
  const [draft, setDraft] = useState(() => {
    const timeZone = schedule?.timeZone ?? zone
    const fresh = freshDraft(timeZone, localText(timeZone, now()))
    return schedule ? draftOf(schedule, fresh) : fresh
  })
  const [definition, setDefinition] = useState(schedule?.definition ?? query.get("definition") ?? definitions[0]?.jobDefinitionCode ?? "")
  const [policies, setPolicies] = useState(() => policiesOf(schedule))
  const [errors, setErrors] = useState(/** @type {import("../api.js").Refused[]} */ ([]))
  const [busy, setBusy] = useState(false)
  const preview = usePreview(draft, schedule?.id)
  const change = (/** @type {Partial<Draft>} */ changes) => {
    setErrors([])
    setDraft({ ...draft, ...changes })
  }
  const all = [...preview.errors, ...errors]
  const problem = (/** @type {string} */ key) => all.filter((one) => one.key === key).map((one) => told(one).replace(`${key}: `, "")).join(" ")
  const chosen = definitions.find((one) => one.jobDefinitionCode === definition)

  /** @param {SubmitEvent} event */
  const save = async (event) => {
    event.preventDefault()
    setBusy(true)
    setErrors([])
    try {
      const sent = { ...timingOf(draft), ...policies.read(schedule !== null) }
      const { data } = schedule
        ? await patch(`/v1/schedules/${part(schedule.id)}`, { ...BOUNDS, ...sent })
        : await postOnce("/v1/schedules", { ...sent, definition })
      announce(schedule ? say.changed(data.name) : say.made(data.name))
      go(`/schedules/${data.id}`)
    } catch (refused) {
      setErrors(/** @type {any} */ (refused).all ?? [refused])
      setBusy(false)
    }
  }
  return html`
    <div class="builder">
      <form class="form" onSubmit=${save} aria-label=${say.form}>
        ${errors.map((one) => html`<${Trouble} key=${one.message} error=${one} />`)}
        <div class="pair">
          ${schedule
            ? html`<${Field} label=${schedules.definition}><input value=${definition} disabled /><//>`
            : html`
                <${Field} label=${schedules.definition} help=${chosen && !chosen.enabled ? say.disabled : ""} problem=${problem("definition")}>
                  <select value=${definition} onChange=${(/** @type {any} */ event) => setDefinition(event.currentTarget.value)}>
                    ${definitions.map(({ jobDefinitionCode: code, name }) => html`<option key=${code} value=${code}>${name === code ? code : `${name} (${code})`}</option>`)}
                  </select>
                <//>
              `}
          <${Field} label=${say.name} problem=${problem("name")}>
            <input maxlength="256" value=${policies.name} placeholder=${preview.answer?.words ?? ""} onInput=${(/** @type {any} */ event) => setPolicies({ ...policies, name: event.currentTarget.value })} />
          <//>
        </div>
        <${TimingFields} draft=${draft} change=${change} problem=${problem} />
        <${Policies} policies=${policies} set=${setPolicies} draft=${draft} change=${change} problem=${problem} />
        <footer>
          <a class="button" href=${address(schedule ? `/schedules/${schedule.id}` : "/schedules")}>${say.cancel}</a>
          <button class="primary" disabled=${busy || preview.errors.length > 0}>${schedule ? say.save : say.create}</button>
        </footer>
        ${schedule && html`<p class="soft">${schedules.whoTurns}</p>`}
      </form>
      <${PreviewPanel} preview=${preview} draft=${draft} change=${change} />
    </div>
  `
}
