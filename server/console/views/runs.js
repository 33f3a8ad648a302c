// @ts-check
// The history: every run of every definition, and every due time at which none was made.

import { get } from "../api.js"
import { count, span } from "../format.js"
import { Icon } from "../icons.js"
import { Empty } from "../parts/empty.js"
import { now } from "../live.js"
import { Export } from "../parts/export.js"
import { Heading } from "../parts/page.js"
import { Runs } from "../parts/runs.js"
import { ScheduleTabs } from "../parts/scheduletabs.js"
import { address, setQuery, usePlace } from "../router.js"
import { runs as say } from "../strings.js"
import { html, useEffect, useMemo, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../timetable.js").Run} Run */

/** What of the address goes to the API as it is. */
const FILTERS = ["definition", "schedule", "target", "result", "mode", "trigger"]
const HOUR_MS = 3_600_000
const SINCE_MS = /** @type {Record<string, number>} */ ({ "1h": HOUR_MS, "24h": 24 * HOUR_MS, "7d": 168 * HOUR_MS, "30d": 720 * HOUR_MS })

export default function History() {
  const { query } = usePlace()
  const since = query.get("since") ?? ""
  const from = useMemo(() => (SINCE_MS[since] ? new Date(now() - SINCE_MS[since]).toISOString() : since), [since])
  const filters = { ...Object.fromEntries(FILTERS.map((name) => [name, query.get(name)])), since: from || null }
  const isFiltered = Object.values(filters).some(Boolean)
  return html`
    <${Heading} title=${say.title}>
      <${ScheduleTabs} />
      <span class="gap"></span>
      <${Export} what="runs" wanted=${filters} form="csv" title=${say.exportHelp}>${say.exportCsv}<//>
    <//>
    <${Choices} query=${query} since=${since} />
    <${Runs} filters=${filters} label=${say.title} none=${html`<${None} isFiltered=${isFiltered} />`} above=${summary} />
  `
}

/** What became of the runs that are shown, in numbers. @param {Run[]} runs @param {boolean} more */
function summary(runs, more) {
  if (!runs.length) return html`<p class="summary"></p>`
  const counts = Object.keys(say.results).map((result) => /** @type {const} */ ([result, runs.filter((run) => run.result === result).length]))
  const times = runs.flatMap(({ jobId, startedAt, finishedAt }) => (jobId && startedAt && finishedAt ? [Date.parse(finishedAt) - Date.parse(startedAt)] : []))
  const middle = times.sort((one, other) => one - other)[times.length >> 1]
  const shown = count(runs.length)
  return html`
    <p class="summary">
      ${more ? say.summary(shown) : say.summaryAll(shown)}
      ${counts.map(([result, many]) => many > 0 && html` <button type="button" class="quiet" key=${result} data-result=${result} onClick=${() => setQuery({ result })}>${say.inResult(count(many), say.results[result])}</button>`)}
      ${middle !== undefined && html`<span class="soft">${say.typical(span(middle))}</span>`}
    </p>
  `
}

/** @param {{ query: URLSearchParams, since: string }} props */
function Choices({ query, since }) {
  const definitions = useDefinitions()
  const chosen = query.get("definition")
  const codes = chosen && !definitions.includes(chosen) ? [chosen, ...definitions] : definitions
  return html`
    <form class="filters" role="search" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <${Choice} name="definition" value=${chosen} words=${Object.fromEntries(codes.map((code) => [code, code]))} />
      <${Choice} name="result" value=${query.get("result")} words=${say.results} />
      <${Choice} name="trigger" value=${query.get("trigger")} words=${say.triggers} />
      <${Choice} name="mode" value=${query.get("mode")} words=${say.modes} />
      <${Choice} name="since" value=${since} words=${since && !(since in say.sinces) ? { ...say.sinces, [since]: since } : say.sinces} />
      ${query.get("schedule") && html`<button type="button" class="chip" onClick=${() => setQuery({ schedule: null })}>${say.ofSchedule}<${Icon} name="close" size=${12} /></button>`}
    </form>
  `
}

/** @param {{ name: "definition" | "result" | "trigger" | "mode" | "since", value: string | null, words: Record<string, string> }} props */
function Choice({ name, value, words }) {
  /** @param {any} event */
  const choose = (event) => setQuery({ [name]: event.currentTarget.value || null })
  return html`
    <select aria-label=${say.filters[name]} value=${value ?? ""} onChange=${choose}>
      <option value="">${say.any[name]}</option>
      ${Object.entries(words).map(([key, label]) => html`<option key=${key} value=${key}>${label}</option>`)}
    </select>
  `
}

/** Codes of the definitions, as many as one list has room for. @returns {string[]} */
function useDefinitions() {
  const [codes, setCodes] = useState(/** @type {string[]} */ ([]))
  useEffect(() => {
    const stop = new AbortController()
    get("/v1/job-definitions", { pageSize: 500 }, stop.signal).then(
      ({ data }) => setCodes(data.map((/** @type {any} */ one) => one.jobDefinitionCode).sort()),
      () => {},
    )
    return () => stop.abort()
  }, [])
  return codes
}

/** @param {{ isFiltered: boolean }} props */
const None = ({ isFiltered }) =>
  isFiltered
    ? html`<${Empty} title=${say.noneFiltered}><p><a href=${address("/runs")}>${say.clear}</a></p><//>`
    : html`<${Empty} title=${say.none}><p>${say.noneHelp}</p><//>`
