// @ts-check
// The live list of jobs: filters in the address, rows to select, and one of them opened beside it.

import { count } from "../format.js"
import { asked, readFilters } from "../jobfilters.js"
import { JobList } from "../joblist.js"
import { jobOf } from "../jobs.js"
import { now } from "../live.js"
import { BulkBar } from "../parts/bulkbar.js"
import { Empty, FirstListener } from "../parts/empty.js"
import { JobFilters } from "../parts/jobfilters.js"
import { JobDrawer } from "../parts/jobdrawer.js"
import { JobRow } from "../parts/jobrow.js"
import { LiveMark } from "../parts/livemark.js"
import { Heading } from "../parts/page.js"
import { SavedViews } from "../parts/savedviews.js"
import { Skeleton } from "../parts/skeleton.js"
import { Selection, Table } from "../parts/table.js"
import { Trouble } from "../parts/trouble.js"
import { address, setQuery, usePlace } from "../router.js"
import { may, useSession } from "../session.js"
import { useCell } from "../store.js"
import { jobs as say } from "../strings.js"
import { html, useEffect, useMemo, useState } from "../vendor/htm-preact-standalone.js"

const COLUMNS = ["status", "job", "progress", "left", "by", "age"].map((name) => ({ name, title: say[/** @type {"job"} */ (name)] }))
const NARROW = matchMedia("(max-width: 720px)")

export default function Jobs() {
  const { query } = usePlace()
  const filters = readFilters(query)
  const key = JSON.stringify(filters)
  const list = useMemo(() => new JobList(asked(filters, now())), [key])
  const selection = useMemo(() => new Selection(), [key])
  useEffect(() => () => list.close(), [list])
  const { ids, fresh } = useCell(list.cell)
  const current = query.get("open")
  return html`
    <${Heading} title=${say.title}>
      <span class="fresh">${fresh > 0 && html`<button type="button" class="pill" onClick=${() => list.admit()}>${say.fresh(fresh)}</button>`}</span>
      <${Live} key=${key} list=${list} />
      <${SavedViews} filters=${filters} />
    <//>
    <${JobFilters} filters=${filters} />
    <div class="jobsplit">
      <div class="listing"><${Listing} list=${list} selection=${selection} filters=${filters} current=${current} /></div>
      ${current && html`<${JobDrawer} key=${current} id=${current} close=${() => closeDrawer(current)} />`}
    </div>
    <${BulkBar} selection=${selection} shown=${ids} more=${list.cell.value.more} filters=${filters} />
  `
}

/** @param {string} id */
function open(id) {
  setQuery({ open: id }, { replace: Boolean(new URLSearchParams(location.search).get("open")) })
}

/** The row that was open gets the focus back. @param {string} id */
function closeDrawer(id) {
  setQuery({ open: null })
  const link = document.querySelector(`tr[data-id="${CSS.escape(id)}"] a.name`)
  if (link instanceof HTMLElement) link.focus()
}

/** @param {{ list: JobList }} props */
function Live({ list }) {
  const [paused, setPaused] = useState(false)
  const turn = () => {
    list.pause(!paused)
    setPaused(!paused)
  }
  return html`<${LiveMark} paused=${paused} turn=${turn} />`
}

/** @param {{ list: JobList, selection: Selection, filters: Record<string, string>, current: string | null }} props */
function Listing({ list, selection, filters, current }) {
  const { space } = useSession()
  const { state, ids, more, error } = useCell(list.cell)
  const chosen = useCell(selection.cell).size
  const [inside, setInside] = useState(false)
  // Nothing moves away under the pointer, nor from among what is selected.
  useEffect(() => list.hold(inside || chosen > 0), [list, inside, chosen > 0])
  const isFiltered = Object.keys(filters).length > 0
  const draw = (/** @type {string} */ id, /** @type {any} */ lead) => html`<${JobRow} key=${id} id=${id} lead=${lead} current=${id === current} />`
  const nameOf = (/** @type {string} */ id) => `${jobOf(id)?.job ?? ""} ${id}`
  return html`
    ${state === "loading" && !ids.length && html`<${Skeleton} lines=${12} />`}
    ${state === "failed" && html`<${Trouble} error=${error} again=${() => list.load()} />`}
    ${ids.length > 0 &&
    html`<${Table}
      class="jobs"
      label=${say.title}
      columns=${COLUMNS}
      rows=${ids}
      keyOf=${(/** @type {string} */ id) => id}
      nameOf=${nameOf}
      draw=${draw}
      selection=${may("run") ? selection : undefined}
      open=${NARROW.matches ? undefined : open}
      current=${current}
      hold=${setInside}
    />`}
    ${more && state === "ready" && html`<${More} list=${list} found=${ids.length} />`}
    ${state === "ready" && !ids.length && !more && isFiltered && html`<${Empty} title=${say.noneFiltered}><p><a href=${address("/jobs")}>${say.clear}</a></p><//>`}
    ${state === "ready" && !ids.length && !isFiltered && html`<${Empty} title=${say.none}><${FirstListener} help=${say.noneHelp} space=${space} /><//>`}
  `
}

/** @param {{ list: JobList, found: number }} props */
function More({ list, found }) {
  const [busy, setBusy] = useState(false)
  const further = async () => {
    setBusy(true)
    await list.more().finally(() => setBusy(false))
  }
  return html`
    <p class="more">
      ${found < 20 && html`<span class="soft">${found ? say.foundSoFar(count(found)) : say.noneSoFar}</span>`}
      <button type="button" disabled=${busy} onClick=${further}>${found < 20 ? say.lookFurther : say.older}</button>
    </p>
  `
}
