// @ts-check
// A new hook: who calls, and what a call starts. What it takes of a call is said afterwards, where calls can be tried.

import { get, postOnce, Refused } from "../api.js"
import { hooks as say, once } from "../strings.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"
import { Dialog } from "./dialog.js"
import { isElsewhere, Labelled } from "./labelled.js"
import { Once } from "./once.js"
import { Trouble } from "./trouble.js"

const KINDS = ["standard", "github", "stripe", "slack", "hmac", "bearer", "none"]
const TARGETS = /** @type {const} */ (["definition", "jobType", "event"])
/** What a kind may say beside; as the API takes it. */
const MORE = /** @type {Record<string, string[]>} */ ({ hmac: ["header", "prefix", "encoding", "algorithm", "signed", "timestampHeader", "idHeader"], bearer: ["header", "prefix"] })
const CHOICES = /** @type {Record<string, string[]>} */ ({ encoding: ["", "hex", "base64", "base64url"], algorithm: ["", "sha256", "sha512", "sha384", "sha1"] })
const FIELDS = ["name", ...TARGETS, "secret", ...Object.values(MORE).flat().map((name) => `verification.${name}`)]

/** @param {{ close: () => void, made: () => Promise<void> }} props */
export function HookForm({ close, made }) {
  const [kind, setKind] = useState("standard")
  const [target, setTarget] = useState(/** @type {typeof TARGETS[number]} */ ("definition"))
  const [error, setError] = useState(/** @type {Refused | null} */ (null))
  const [done, setDone] = useState(/** @type {any} */ (null))
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault()
    try {
      const { data } = await postOnce("/v1/hooks", body(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)), kind, target))
      setDone(data)
      await made()
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
    }
  }
  if (done) return html`<${Once} title=${say.made(done.name)} secret=${done.secret} url=${done.url} help=${done.secret ? say.madeHelp : once.noSecret} close=${close} />`
  return html`
    <${Dialog} title=${say.make} close=${close} wide=${true}>
      <form class="form" onSubmit=${submit}>
        <${Trouble} error=${isElsewhere(error, FIELDS) ? error : null} />
        <${Labelled} label=${say.name} name="name" error=${error}>
          ${(/** @type {object} */ marks) => html`<input ...${marks} required maxlength="256" autofocus placeholder=${say.nameExample} />`}
        <//>
        <${Labelled} label=${say.proves} help=${say.kindHelp[kind]}>
          ${(/** @type {object} */ marks) => html`
            <select ...${marks} value=${kind} onChange=${(/** @type {any} */ event) => setKind(event.currentTarget.value)}>
              ${KINDS.map((one) => html`<option key=${one} value=${one}>${say.kinds[one]}</option>`)}
            </select>
          `}
        <//>
        ${MORE[kind] && html`<${Details} kind=${kind} error=${error} key=${kind} />`}
        <${Targets} target=${target} set=${setTarget} error=${error} />
        ${kind !== "none" &&
        html`
          <${Labelled} label=${say.ownSecret} help=${say.ownSecretHelp} name="secret" error=${error}>
            ${(/** @type {object} */ marks) => html`<input ...${marks} type="password" autocomplete="off" minlength="8" maxlength="512" />`}
          <//>
        `}
        <footer>
          <button type="button" onClick=${close}>${say.cancel}</button>
          <button class="primary">${say.makeIt}</button>
        </footer>
      </form>
    <//>
  `
}

/** Where its signature or token stands. @param {{ kind: string, error: Refused | null }} props */
const Details = ({ kind, error }) => html`
  <div class="columns">
    ${MORE[kind].map(
      (name) => html`
        <${Labelled} key=${name} label=${say.way[name]} name=${`verification.${name}`} error=${error}>
          ${(/** @type {object} */ marks) =>
            CHOICES[name]
              ? html`<select ...${marks}>
                  ${CHOICES[name].map((one) => html`<option key=${one} value=${one}>${one || say.usual}</option>`)}
                </select>`
              : html`<input ...${marks} required=${kind === "hmac" && name === "header"} placeholder=${say.wayExample[name]} spellcheck="false" />`}
        <//>
      `,
    )}
  </div>
`

/** What a call starts. @param {{ target: typeof TARGETS[number], set: (target: typeof TARGETS[number]) => void, error: Refused | null }} props */
function Targets({ target, set, error }) {
  const [known, setKnown] = useState(/** @type {Record<string, { code: string, label: string }[]>} */ ({}))
  useEffect(() => {
    const stop = new AbortController()
    const lists = [get("/v1/job-definitions", { pageSize: 1_000 }, stop.signal), get("/v1/job-types", { pageSize: 1_000 }, stop.signal)]
    Promise.all(lists).then(
      ([definitions, types]) => setKnown({ definition: definitions.data.map(choice), jobType: types.data.map(choice) }),
      () => {},
    )
    return () => stop.abort()
  }, [])
  const choices = known[target]
  return html`
    <fieldset class="segments">
      <legend>${say.starts}</legend>
      ${TARGETS.map(
        (one) => html`
          <label key=${one}><input type="radio" name="target" checked=${one === target} onChange=${() => set(one)} /><span>${say.targets[one]}</span></label>
        `,
      )}
    </fieldset>
    <${Labelled} key=${target} label=${say.target[target]} help=${say.targetHelp[target]} name=${target} error=${error}>
      ${(/** @type {object} */ marks) =>
        target === "event"
          ? html`<input ...${marks} required placeholder="shop:paid" pattern="[a-z][a-z0-9_\\-]*:[a-zA-Z0-9_\\-]+" spellcheck="false" />`
          : html`<select ...${marks} required>
              <option value="">${choices?.length === 0 ? say.noTarget[target] : say.choose}</option>
              ${(choices ?? []).map(({ code, label }) => html`<option key=${code} value=${code}>${label}</option>`)}
            </select>`}
    <//>
  `
}

/** @param {any} one */
function choice(one) {
  const code = one.jobDefinitionCode ?? one.code
  const name = one.label ?? one.name
  return { code, label: name && name !== code ? `${code} · ${name}` : code }
}

/** @param {FormData} given @param {string} kind @param {string} target */
function body(given, kind, target) {
  const text = (/** @type {string} */ name) => String(given.get(name) ?? "").trim() || undefined
  const beside = Object.fromEntries((MORE[kind] ?? []).map((name) => [name, text(`verification.${name}`)]))
  return { name: text("name"), verification: { kind, ...beside }, [target]: text(target), secret: text("secret") }
}
