// @ts-check
// All schedules of the space, each with its two days.

import { Icon } from "../icons.js"
import { Empty } from "../parts/empty.js"
import { CodeBlock } from "../parts/copy.js"
import { Heading } from "../parts/page.js"
import { ownerOf } from "../parts/scheduleacts.js"
import { ScheduleTable, useTimetable } from "../parts/schedulerow.js"
import { ScheduleTabs } from "../parts/scheduletabs.js"
import { Skeleton } from "../parts/skeleton.js"
import { Legend } from "../parts/timetable.js"
import { Trouble } from "../parts/trouble.js"
import { address, go, setQuery, usePlace } from "../router.js"
import { may, session } from "../session.js"
import { useShortcuts } from "../shortcuts.js"
import { schedules as say } from "../strings.js"
import { html, useRef, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../timetable.js").Shown} Shown */

const SHOWN = 100
const NEEDS_A_LOOK = ["paused", "owner_inactive"]
const CHOICES = /** @type {Record<string, (schedule: Shown) => boolean>} */ ({
  all: () => true,
  on: ({ enabled }) => enabled,
  off: ({ enabled }) => !enabled,
  attention: ({ state, failures }) => NEEDS_A_LOOK.includes(state) || failures > 0,
  mine: ({ owner }) => owner === session.value?.keyId,
})

export default function Schedules() {
  const { query } = usePlace()
  const definition = query.get("definition") ?? undefined
  const { timetable, state, schedules, runs, error } = useTimetable({ definition })
  const [most, setMost] = useState(SHOWN)
  const which = query.get("show") ?? "all"
  const text = query.get("q") ?? ""
  const found = schedules.filter(CHOICES[which] ?? CHOICES.all).filter((one) => fits(one, text)).sort(byPlace)
  const isFiltered = Boolean(text || definition || which !== "all")
  return html`
    <${Heading} title=${say.title}>
      <${ScheduleTabs} />
      <span class="gap"></span>
      ${may("schedule") && html`<${Create} definition=${definition} />`}
    <//>
    ${(schedules.length > 0 || isFiltered) && html`<${Filters} which=${which} text=${text} definition=${definition} shown=${found.length} all=${schedules.length} />`}
    ${state === "loading" && html`<${Skeleton} lines=${8} />`}
    ${state === "failed" && html`<${Trouble} error=${error} again=${() => timetable.load()} />`}
    ${found.length > 0 && html`<${ScheduleTable} label=${say.title} schedules=${found.slice(0, most)} runs=${runs} />`}
    ${found.length > most && html`<p class="more"><button type="button" onClick=${() => setMost(most + SHOWN)}>${say.more}</button></p>`}
    ${found.length > 0 && html`<${Legend} />`}
    ${state === "ready" && !found.length && (isFiltered ? html`<${NoneFits} />` : html`<${None} />`)}
  `
}

/** @param {Shown} schedule @param {string} text */
function fits(schedule, text) {
  const { name, words, definition = "", timeZone } = schedule
  const all = [name, words, definition, timeZone, ownerOf(schedule)].join(" ").toLowerCase()
  return text.toLowerCase().split(/\s+/).every((word) => all.includes(word))
}

/** Beside each other those of one definition, so that rows stay where they are. @param {Shown} one @param {Shown} other */
const byPlace = (one, other) => (one.definition ?? "").localeCompare(other.definition ?? "") || one.name.localeCompare(other.name) || one.id.localeCompare(other.id)

/** @param {{ definition?: string }} props */
function Create({ definition }) {
  const to = () => go("/schedules/new", { definition })
  useShortcuts([{ keys: "n", label: say.create, run: to }], [definition])
  return html`<a class="button primary" href=${address("/schedules/new", { definition })}><${Icon} name="plus" size=${14} />${say.create}</a>`
}

/** @param {{ which: string, text: string, definition?: string, shown: number, all: number }} props */
function Filters({ which, text, definition, shown, all }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null))
  useShortcuts([{ keys: "/", label: say.find, run: () => field.current?.focus() }])
  /** @param {any} event */
  const typed = (event) => setQuery({ q: event.currentTarget.value })
  /** @param {any} event */
  const chosen = (event) => setQuery({ show: event.currentTarget.value === "all" ? null : event.currentTarget.value })
  return html`
    <form class="filters" role="search" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <input ref=${field} type="search" aria-label=${say.find} placeholder=${say.find} value=${text} onInput=${typed} />
      <select aria-label=${say.states_} value=${which} onChange=${chosen}>
        ${Object.entries(say.chosen).map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
      </select>
      ${definition && html`<a class="chip" href=${address("/schedules")} title=${say.clear}>${definition}<${Icon} name="close" size=${12} /></a>`}
      <span class="soft" role="status">${shown < all ? say.some(String(shown), String(all)) : ""}</span>
    </form>
  `
}

const NoneFits = () => html`<${Empty} title=${say.noneFiltered}><p><a href=${address("/schedules")}>${say.clear}</a></p><//>`

const COMMAND = `tickwire definitions create nightly --type noop --enabled
tickwire schedules create nightly "0 3 * * *" --zone Europe/Paris --name Nights`

const None = () => html`
  <${Empty} title=${say.none}>
    <p>${say.noneHelp}</p>
    <p class="soft">${say.noneCommand}</p>
    <${CodeBlock} label="shell" text=${COMMAND} />
  <//>
`
