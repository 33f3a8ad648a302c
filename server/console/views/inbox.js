// @ts-check
// The inbox: what whoever looks on was told of runs, schedules and endpoints.

import { part, post } from "../api.js"
import { moment } from "../format.js"
import { Icon } from "../icons.js"
import { announce } from "../parts/announce.js"
import { CodeBlock } from "../parts/copy.js"
import { Empty } from "../parts/empty.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Status } from "../parts/status.js"
import { Age } from "../parts/time.js"
import { told, Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address, usePlace } from "../router.js"
import { useSession } from "../session.js"
import { inbox as say, views } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"

/** @typedef {{ id: string, at: string, title: string, text?: string, result: string, readAt?: string, jobDefinitionCode?: string, jobId?: string, runs?: Record<string, any>[] }} Notification */

const TABS = { all: undefined, unread: true }
const NAMED = 10
/** A status that looks as this result does. */
const LOOKS = /** @type {Record<string, string>} */ ({
  failed: "failed", partial: "partial", success: "complete", canceled: "canceled", recovered: "complete", missed: "skipped", paused: "partial",
  disabled: "failed", mixed: "partial",
}) // prettier-ignore

/** The page of what it is about. @param {Notification} one @returns {string | undefined} */
function placeOf({ jobId, jobDefinitionCode, runs = [] }) {
  const [first = {}] = runs
  if (jobId) return `/jobs/${part(jobId)}`
  if (first.endpointId) return `/endpoints/${part(first.endpointId)}`
  if (first.scheduleId) return `/schedules/${part(first.scheduleId)}`
  return jobDefinitionCode && `/definitions/${part(jobDefinitionCode)}`
}

export default function Inbox() {
  const { query } = usePlace()
  const { member } = useSession()
  const shown = query.get("show") === "unread" ? "unread" : "all"
  return html`
    <${Heading} title=${views.inbox} />
    ${member ? html`<${List} shown=${shown} />` : html`<${Empty} title=${say.noMember}><p>${say.noMemberHelp}</p><${CodeBlock} label="shell" text=${say.noMemberExample} /><//>`}
  `
}

/** @param {{ shown: "all" | "unread" }} props */
function List({ shown }) {
  const { data, cursor, beside, error, again, more } = useReading("/v1/notifications", { unread: TABS[shown] }, { topics: ["notification:*"] })
  const { unread = 0 } = beside
  const readAll = () => done(async () => {
    const first = data?.[0]?.id
    // What has come since is not read with it. Where only unread ones are shown, newer ones that were read stand before.
    await post("/v1/notifications/read", first ? { upTo: first } : {})
    announce(say.allRead)
    await again()
  })
  return html`
    <div class="inboxhead">
      <nav class="tabs" aria-label=${say.show}>
        ${Object.keys(TABS).map((one) => html`<a key=${one} href=${address("/inbox", { show: one === "all" ? "" : one })} aria-current=${one === shown ? "page" : undefined}>${say.tabs[one]}</a>`)}
      </nav>
      <span class="soft" role="status">${say.unread(unread)}</span>
      ${unread > 0 && html`<button type="button" onClick=${readAll}><${Icon} name="check" />${say.readAll}</button>`}
    </div>
    <${Trouble} error=${error} again=${again} />
    ${data === undefined && !error && html`<${Skeleton} />`}
    ${data?.length > 0 && html`<ul class="inbox">${data.map((/** @type {Notification} */ one) => html`<${Row} key=${one.id} one=${one} again=${again} />`)}</ul>`}
    ${cursor && html`<p class="more"><button type="button" onClick=${more}>${say.older}</button></p>`}
    ${data?.length === 0 && (shown === "unread" ? html`<p class="soft lead">${say.nothingUnread}</p>` : html`<${Nothing} />`)}
  `
}

const Nothing = () => html`
  <${Empty} title=${say.none}>
    <p>${say.noneHelp}</p>
    <${CodeBlock} label="JSON" text=${say.noneExample} />
  <//>
`

/** @param {{ one: Notification, again: () => Promise<void> }} props */
function Row({ one, again }) {
  const { id, at, title, text, result, readAt, runs = [] } = one
  const place = placeOf(one)
  const read = async () => {
    await post(`/v1/notifications/${part(id)}/read`)
    await again()
  }
  // Who opens what it is about has read it.
  const open = () => {
    if (!readAt) done(read)
  }
  return html`
    <li data-id=${id} data-unread=${readAt ? undefined : ""}>
      <${Status} status=${LOOKS[result] ?? "created"} word=${say.results[result] ?? result} />
      <div>
        <p class="inboxtitle">${place ? html`<a href=${address(place)} onClick=${open}>${title}</a>` : title}${!readAt && html` <span class="badge">${say.new}</span>`}</p>
        ${text && runs.length < 2 && html`<p class="inboxtext">${text}</p>`}
        ${runs.length > 1 && html`<${Runs} runs=${runs} />`}
      </div>
      <${Age} at=${at} />
      ${readAt ? html`<span class="soft" title=${moment(readAt)}>${say.read}</span>` : html`<button type="button" aria-label=${say.markOf(title)} onClick=${() => done(read)}>${say.mark}</button>`}
    </li>
  `
}

/** @param {{ runs: Record<string, any>[] }} props */
const Runs = ({ runs }) => html`
  <ul class="inboxruns">
    ${runs.slice(0, NAMED).map(
      ({ jobId, result, message }, at) => html`
        <li key=${at}>
          ${jobId && html`<a href=${address(`/jobs/${jobId}`)}><code>${jobId}</code></a>`} <span class="soft">${say.results[result] ?? result}</span> ${message}
        </li>
      `,
    )}
  </ul>
`

/** @param {() => Promise<void>} act */
async function done(act) {
  try {
    await act()
  } catch (error) {
    announce(told(/** @type {any} */ (error)), "bad")
  }
}
