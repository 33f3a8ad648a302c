// @ts-check
// The button that starts a definition: its main part does what it always does, the arrow offers the other ways.

import { get } from "../api.js"
import { Icon } from "../icons.js"
import { holdsTemplate, pathOf, promise, start } from "../launches.js"
import { fieldsOf } from "../schema.js"
import { may } from "../session.js"
import { forms, launch as say } from "../strings.js"
import { html, useEffect, useMemo, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { Dialog } from "./dialog.js"
import { Fields, useForm, useSending } from "./form.js"
import { Panel } from "./menu.js"
import { told, Troubles } from "./trouble.js"

/** @typedef {import("../launches.js").Definition} Definition */
/** @typedef {import("../launches.js").JobType} JobType */
/** @typedef {import("../launches.js").Watermark} Watermark */

/**
 * @param {{ definition: Definition, type?: JobType, primary?: boolean, done?: (jobId: string) => void }} props ``type`` is read when it is
 * needed first, unless it is given
 */
export function Launch({ definition, type, primary = false, done = () => {} }) {
  const { jobDefinitionCode: code, name, enabled } = definition
  const [busy, setBusy] = useState(false)
  const [asking, setAsking] = useState(/** @type {{ error?: any } | null} */ (null))
  if (!may("run")) return null
  /** @param {string} [mode] */
  const run = async (mode) => {
    setBusy(true)
    try {
      const id = await start(`${pathOf(code)}/_execute`, mode ? { mode } : {})
      announce(say.started(name))
      done(id)
    } catch (refused) {
      const error = /** @type {any} */ (refused)
      // What is missing can be given there.
      if (error.key?.startsWith("params")) setAsking({ error })
      else announce(told(error), "bad")
    }
    setBusy(false)
  }
  const began = (/** @type {string} */ id) => {
    setAsking(null)
    announce(say.started(name))
    done(id)
  }
  const title = enabled ? undefined : say.disabled
  return html`
    <span class="split" title=${title}>
      <button type="button" class=${primary ? "primary" : ""} disabled=${!enabled || busy} aria-label=${primary ? undefined : say.title(name)} onClick=${() => run()}>
        <${Icon} name="play" />${say.launch}
      </button>
      <${Panel} class=${primary ? "primary" : ""} name=${`${say.ways}: ${name}`} disabled=${!enabled || busy}>
        ${(/** @type {() => void} */ close) => html`
          <${Ways} definition=${definition} type=${type} choose=${(/** @type {string} */ mode) => {
            close()
            run(mode)
          }} other=${() => {
            close()
            setAsking({})
          }} />
        `}
      <//>
    </span>
    ${asking && html`<${LaunchDialog} definition=${definition} type=${type} error=${asking.error} done=${began} close=${() => setAsking(null)} />`}
  `
}

/** The type and the watermark, read when they are shown. @param {Definition} definition @param {JobType} [given] */
function useAbout(definition, given) {
  const [found, setFound] = useState(/** @type {{ type?: JobType, watermark?: Watermark, error?: any }} */ ({}))
  useEffect(() => {
    const stop = new AbortController()
    const type = given ?? get(`/v1/job-types/${encodeURIComponent(definition.jobType)}`, {}, stop.signal).then(({ data }) => data)
    const watermark = get(`${pathOf(definition.jobDefinitionCode)}/watermark`, {}, stop.signal).then(({ data }) => data)
    Promise.all([type, watermark]).then(([type, watermark]) => setFound({ type, watermark }), (error) => stop.signal.aborted || setFound({ error }))
    return () => stop.abort()
  }, [definition.jobDefinitionCode, definition.version])
  return found
}

/** @param {{ definition: Definition, type?: JobType, choose: (mode: string) => void, other: () => void }} props */
function Ways({ definition, type: given, choose, other }) {
  const { type, watermark, error } = useAbout(definition, given)
  const modes = ["full", "delta"].filter((mode) => type?.modes.includes(mode))
  return html`
    <ul class="ways">
      ${error && html`<li><p class="bad">${told(error)}</p></li>`}
      ${modes.map(
        (mode) => html`
          <li key=${mode}>
            <button type="button" class="item" onClick=${() => choose(mode)}>
              <strong>${mode === "full" ? say.full : say.delta}</strong><small>${promise(mode, definition, watermark)}</small>
            </button>
          </li>
        `,
      )}
      <li><button type="button" class="item" onClick=${other}><strong>${say.other}</strong><small>${say.otherHelp}</small></button></li>
      ${type && !type.online && html`<li class="notice">${say.offline}</li>`}
    </ul>
  `
}

/** @param {{ definition: Definition, type?: JobType, error?: any, done: (jobId: string) => void, close: () => void }} props */
function LaunchDialog({ definition, type: given, error, done, close }) {
  const { type, watermark, error: unread } = useAbout(definition, given)
  return html`
    <${Dialog} title=${say.title(definition.name)} close=${close} wide>
      ${unread && html`<${Troubles} errors=${[unread]} />`}
      ${type && html`<${LaunchForm} definition=${definition} type=${type} watermark=${watermark} error=${error} done=${done} close=${close} />`}
    <//>
  `
}

/** @param {{ definition: Definition, type: JobType, watermark?: Watermark, error?: any, done: (jobId: string) => void, close: () => void }} props */
function LaunchForm({ definition, type, watermark, error, done, close }) {
  const { params } = definition
  const fields = useMemo(() => ofLaunch(definition, type, watermark), [])
  const given = useMemo(() => ({ params: Object.fromEntries(Object.entries(params).filter(([, value]) => !holdsTemplate(value))) }), [])
  const form = useForm(fields, given)
  const { others, busy, refuse, submit } = useSending(form, async () => {
    const changed = Object.entries(form.values.params ?? {}).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(params[name]))
    done(await start(`${pathOf(definition.jobDefinitionCode)}/_execute`, { ...form.values, params: Object.fromEntries(changed) }))
  })
  useEffect(() => {
    if (error) refuse(error)
  }, [])
  return html`
    <form class="form" novalidate ref=${form.ref} onSubmit=${submit}>
      <${Troubles} errors=${others} />
      ${!type.online && html`<p class="notice">${say.offline}</p>`}
      <${Fields} fields=${fields} values=${form.values} change=${form.change} problems=${form.problems} />
      <footer><button type="button" onClick=${close}>${forms.cancel}</button><button class="primary" disabled=${busy}>${say.launch}</button></footer>
    </form>
  `
}

/** @param {Definition} definition @param {JobType} type @param {Watermark} [watermark] @returns {import("../schema.js").Field[]} */
function ofLaunch(definition, type, watermark) {
  const asked = fieldsOf(type.inputSchema, type.inputForm).map((field) => {
    const own = definition.params[field.name]
    return holdsTemplate(own) ? { ...field, required: false, usual: undefined, help: say.filledIn(typeof own === "string" ? own : JSON.stringify(own)) } : field
  })
  const modes = type.modes.map((mode) => ({ value: mode, label: mode === "full" ? say.full : say.delta, help: promise(mode, definition, watermark) }))
  return [
    ...(modes.length > 1 ? [{ name: "mode", kind: /** @type {const} */ ("choice"), label: say.mode, required: false, usual: definition.modes?.default ?? type.modes[0], options: modes }] : []),
    ...(asked.length ? [{ name: "params", kind: /** @type {const} */ ("group"), label: forms.params, required: true, fields: asked }] : []),
    ...(type.needsFile ? [{ name: "fileId", kind: /** @type {const} */ ("file"), label: forms.file, required: true }] : []),
    ...ofEveryJob(),
  ]
}

/** What may be said of every job that a person starts. @returns {import("../schema.js").Field[]} */
export const ofEveryJob = () => [
  { name: "label", kind: "text", label: say.label, help: say.labelHelp, required: false, most: 256 },
  { name: "scheduledAt", kind: "moment", label: say.startsAt, help: say.startsAtHelp, required: false },
]
