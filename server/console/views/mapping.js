// @ts-check
// What a hook takes of a call: written beside a call that came, with what would become of it.

import { ask, patch, Refused } from "../api.js"
import { day } from "../format.js"
import { now } from "../live.js"
import { announce } from "../parts/announce.js"
import { Json } from "../parts/json.js"
import { Heading } from "../parts/page.js"
import { fromRows, newRow, Pairs, toRows } from "../parts/pairs.js"
import { Skeleton } from "../parts/skeleton.js"
import { Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address, setQuery, usePlace } from "../router.js"
import { may } from "../session.js"
import { useShortcuts } from "../shortcuts.js"
import { hooks as hook_, mapping as say, views } from "../strings.js"
import { html, useEffect, useMemo, useRef, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../parts/pairs.js").Row} Row */
/** @typedef {{ ignored?: boolean, params?: any, problems: { path?: string, message: string }[], hook: any }} Trial */
/** @typedef {{ whole: boolean, params: Row[], filter: Row[] }} Draft */

const PAUSE_MS = 300
const OWN = "own"
const EXAMPLE = '{\n  "order": 1001,\n  "customer": { "name": "Ada" }\n}'

/** @param {{ id: string }} props */
export default function Mapping({ id }) {
  const { data: hook, error, again } = useReading(`/v1/hooks/${id}`)
  const { data: deliveries } = useReading(`/v1/hooks/${id}/deliveries`, { pageSize: 50 })
  if (!hook || !deliveries) {
    return html`<${Heading} title=${say.title} /><${Trouble} error=${error} again=${again} />${!error && html`<${Skeleton} />`}`
  }
  return html`<${Editor} key=${hook.version} hook=${hook} deliveries=${deliveries} saved=${again} />`
}

/** What a hook has, as it is written here. @param {any} hook @returns {Draft} */
const draftOf = (hook) => ({ whole: !hook.params, params: toRows(hook.params), filter: toRows(hook.filter) })

/** As it goes to the API, and what is wrong in it. @param {Draft} draft */
function changesOf({ whole, params, filter }) {
  const [taken, passed] = [fromRows(params), fromRows(filter)]
  const hasFilter = Object.keys(passed.value).length > 0
  const changes = { params: whole ? null : taken.value, filter: hasFilter ? passed.value : null }
  return { changes, taken, passed, isWrong: (!whole && taken.isWrong) || passed.isWrong }
}

/** @param {{ hook: any, deliveries: any[], saved: () => Promise<void> }} props */
function Editor({ hook, deliveries, saved }) {
  const { query } = usePlace()
  const wanted = query.get("delivery")
  const chosen = wanted ?? deliveries[0]?.id ?? OWN
  const [own, setOwn] = useState(EXAMPLE)
  const [draft, setDraft] = useState(() => draftOf(hook))
  const [error, setError] = useState(/** @type {Refused | null} */ (null))
  const { changes, taken, passed, isWrong } = changesOf(draft)
  const before = useMemo(() => JSON.stringify(changesOf(draftOf(hook)).changes), [hook])
  const isChanged = JSON.stringify(changes) !== before
  const { trial, refused } = useTrial(hook.id, chosen, own, isWrong ? null : changes)
  const field = useRef(/** @type {{ row: Row, field: HTMLTextAreaElement } | null} */ (null))
  const able = may("define")
  const save = async () => {
    if (isWrong || !isChanged || !able) return
    try {
      await patch(`/v1/hooks/${hook.id}`, changes)
      announce(say.saved)
      await saved()
    } catch (found) {
      setError(/** @type {Refused} */ (found))
    }
  }
  useShortcuts([{ keys: "s", label: say.save, run: save }], [JSON.stringify(changes)])
  /** What stands at a path goes where one writes, or into a parameter of its own. @param {string} path */
  const pick = (path) => {
    const text = `{{ ${path} }}`
    const at = field.current
    const row = at && draft.params.find((one) => one.id === at.row.id)
    if (!at || !row || draft.whole) {
      const name = path.match(/\w+(?=\W*$)/)?.[0] ?? "value"
      return setDraft({ ...draft, whole: false, params: [...draft.params, newRow(name, text)] })
    }
    const { selectionStart: start, selectionEnd: end } = at.field
    const value = row.value.slice(0, start) + text + row.value.slice(end)
    setDraft({ ...draft, params: draft.params.map((one) => (one === row ? { ...one, isText: true, value } : one)) })
    at.field.focus()
  }
  return html`
    <nav class="crumbs" aria-label=${hook_.crumbs}><a href=${address("/hooks")}>${views.hooks}</a><a href=${address(`/hooks/${hook.id}`)}>${hook.name}</a></nav>
    <${Heading} title=${say.title}>
      <span class="aside">
        <span class="soft" role="status">${isChanged ? say.unsaved : ""}</span>
        ${able && html`<button type="button" disabled=${!isChanged} onClick=${() => setDraft(draftOf(hook))}>${say.undo}</button>`}
        ${able && html`<button type="button" class="primary" disabled=${!isChanged || isWrong} onClick=${save}>${say.save}</button>`}
      </span>
    <//>
    <${Trouble} error=${error} />
    <div class="mapping">
      <section aria-labelledby="call">
        <h2 id="call">${say.call}</h2>
        <${Choice} chosen=${chosen} deliveries=${deliveries} />
        ${chosen === OWN &&
        html`<textarea class="own" rows="8" aria-label=${say.ownBody} spellcheck="false" value=${own} onInput=${(/** @type {any} */ event) => setOwn(event.currentTarget.value)}></textarea>`}
        ${trial && html`<${Json} label="hook" value=${inOrder(trial.hook)} root="hook" mask=${true} depth=${3} pick=${able ? pick : undefined} />`}
        ${able && html`<p class="soft">${say.pickHelp}</p>`}
      </section>
      <section aria-labelledby="taken">
        <h2 id="taken">${say.taken}</h2>
        ${!hook.definition &&
        html`
          <label class="check">
            <input type="checkbox" checked=${draft.whole} disabled=${!able} onChange=${(/** @type {any} */ event) => setDraft({ ...draft, whole: event.currentTarget.checked })} />
            <span>${say.whole}</span>
          </label>
        `}
        ${!(draft.whole && !hook.definition) &&
        html`
          <${Pairs}
            label=${say.params} names=${say.name} values=${say.template} add=${say.add} rows=${draft.params} disabled=${!able}
            wrong=${{ ...byName(trial), ...taken.wrong }}
            set=${(/** @type {Row[]} */ params) => setDraft({ ...draft, whole: params.length === 0 && Boolean(hook.definition), params })}
            touch=${(/** @type {Row} */ row, /** @type {HTMLTextAreaElement} */ found) => (field.current = { row, field: found })}
          />
          <p class="soft">${hook.definition ? say.joins : say.templateHelp}</p>
        `}
        <${Pairs}
          label=${say.filter} names=${say.path} values=${say.condition} add=${say.addCondition} rows=${draft.filter} disabled=${!able} wrong=${passed.wrong}
          set=${(/** @type {Row[]} */ filter) => setDraft({ ...draft, filter })}
        />
        <p class="soft">${say.filterHelp}</p>
      </section>
      <section aria-labelledby="outcome" aria-live="polite">
        <h2 id="outcome">${say.outcome}</h2>
        ${isWrong ? html`<p class="soft">${say.mend}</p>` : html`<${Outcome} trial=${trial} refused=${refused} hook=${hook} />`}
      </section>
    </div>
  `
}

/** What people look for stands first. @param {any} hook */
const inOrder = ({ body, headers, query, ...more }) => ({ body, headers, query, ...more })

/** Problems of parameters, by the first step of their paths. @param {Trial | null} trial */
function byName(trial) {
  const found = /** @type {Record<string, string>} */ ({})
  for (const { path = "", message } of trial?.problems ?? []) {
    const name = path.match(/^params\.([^.[]+)/)?.[1]
    if (name) found[name] ??= message
  }
  return found
}

/** @param {{ chosen: string, deliveries: any[] }} props */
function Choice({ chosen, deliveries }) {
  const known = deliveries.some(({ id }) => id === chosen) || chosen === OWN
  return html`
    <select aria-label=${say.call} value=${chosen} onChange=${(/** @type {any} */ event) => setQuery({ delivery: event.currentTarget.value })}>
      ${!known && html`<option value=${chosen}>${chosen}</option>`}
      ${deliveries.map(({ id, at, status }) => html`<option key=${id} value=${id}>${day(at, now())} · ${hook_.became[status]} · ${id}</option>`)}
      <option value=${OWN}>${say.own}</option>
    </select>
  `
}

/** @param {{ trial: Trial | null, refused: Refused | null, hook: any }} props */
function Outcome({ trial, refused, hook }) {
  if (refused) return html`<${Trouble} error=${refused} />`
  if (!trial) return html`<${Skeleton} lines=${4} />`
  const { ignored, params, problems } = trial
  return html`
    ${ignored && html`<p class="verdict" data-tone="calm"><strong>${say.ignored}</strong> ${say.ignoredHelp}</p>`}
    ${!ignored && !problems.length && html`<p class="verdict" data-tone="good"><strong>${hook.event ? say.publishes : say.starts}</strong> ${say.startsHelp}</p>`}
    ${problems.length > 0 &&
    html`
      <div class="verdict" data-tone="bad">
        <strong>${say.fails}</strong>
        <ul>${problems.map(({ path, message }, at) => html`<li key=${at}>${path && html`<code>${path}</code> `}${message}</li>`)}</ul>
      </div>
    `}
    ${params !== null && params !== undefined && html`<${Json} label=${hook.event ? say.payload : say.params} value=${params} depth=${3} />`}
  `
}

/**
 * What would become of a call, a moment after the last change.
 * @param {string} id @param {string} chosen a delivery, or one's own body @param {string} own @param {object | null} changes
 */
function useTrial(id, chosen, own, changes) {
  const [state, setState] = useState({ trial: /** @type {Trial | null} */ (null), refused: /** @type {Refused | null} */ (null) })
  const key = changes && JSON.stringify([chosen, chosen === OWN ? own : "", changes])
  useEffect(() => {
    if (!key) return
    let isOver = false
    const call = chosen === OWN ? { text: own, contentType: "application/json" } : { deliveryId: chosen }
    const timer = setTimeout(
      () =>
        ask(`/v1/hooks/${id}/try`, { ...call, changes }).then(
          ({ data }) => isOver || setState({ trial: data, refused: null }),
          (refused) => isOver || setState(({ trial }) => ({ trial, refused })),
        ),
      PAUSE_MS,
    )
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [key])
  return state
}
