// @ts-check
// Notifications: whether mails are sent, and who is told of which runs.

import { useAnswer } from "../answers.js"
import { Icon } from "../icons.js"
import { keepRule, MOST, ofWhich, readRules, TOPICS } from "../notificationrules.js"
import { announce } from "../parts/announce.js"
import { Confirm } from "../parts/confirm.js"
import { Empty } from "../parts/empty.js"
import { Mails } from "../parts/mails.js"
import { Menu } from "../parts/menu.js"
import { Heading } from "../parts/page.js"
import { RuleForm } from "../parts/ruleform.js"
import { Settings } from "../parts/settings.js"
import { Skeleton } from "../parts/skeleton.js"
import { Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address } from "../router.js"
import { may, session } from "../session.js"
import { useShortcuts } from "../shortcuts.js"
import { notifications as say, settings } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../notificationrules.js").Owner} Owner */
/** @typedef {import("../notificationrules.js").Placed} Placed */

export default () => html`<${Settings} name="notifications"><${Notifications} /><//>`

/** Whether the rules of it may be changed. @param {Owner} owner */
const mayChange = ({ kind }) => may(kind === "definition" ? "define" : "schedule")

/** Names of members by their ids, of which only administrators read more than their own. @returns {Map<string, string>} */
function useMembers() {
  const { data } = useReading(may("administer") ? "/v1/members" : "", { pageSize: MOST, active: true }, { topics: ["member:*"] })
  return new Map((data ?? []).map((/** @type {any} */ { id, name }) => [id, name]))
}

function Notifications() {
  const { data, error, again } = useAnswer(readRules, TOPICS, [])
  const members = useMembers()
  const [asked, setAsked] = useState(/** @type {{ act: "make" | "edit" | "remove", placed?: Placed } | null} */ (null))
  const close = () => setAsked(null)
  const owners = data?.owners.filter(mayChange) ?? []
  const make = () => setAsked({ act: "make" })
  useShortcuts(owners.length ? [{ keys: "n", label: say.make, run: make }] : [], [owners.length > 0])
  return html`
    <${Heading} title=${settings.pages.notifications}>
      ${owners.length > 0 && html`<button type="button" class="primary aside" onClick=${make}>${say.make}</button>`}
    <//>
    <${Mails} />
    <section class="block" aria-labelledby="rules">
      <h2 id="rules">${say.rules}</h2>
      <p class="soft lead">${say.what}</p>
      <${Trouble} error=${error} again=${again} />
      ${!data && !error && html`<${Skeleton} />`}
      ${data && data.rules.length > 0 && html`<${Table} rules=${data.rules} members=${members} ask=${(/** @type {"edit" | "remove"} */ act, /** @type {Placed} */ placed) => setAsked({ act, placed })} />`}
      ${data && !data.rules.length && html`<${Empty} title=${say.none}><p>${data.owners.length ? say.noneHelp : say.noDefinition}</p><//>`}
    </section>
    ${asked?.act === "remove" && html`<${Remove} placed=${asked.placed} close=${close} />`}
    ${asked && asked.act !== "remove" && html`<${RuleForm} owner=${asked.placed?.owner} rule=${asked.placed?.rule} owners=${owners} members=${members} close=${close} />`}
  `
}

/** @param {{ rules: Placed[], members: Map<string, string>, ask: (act: "edit" | "remove", placed: Placed) => void }} props */
const Table = ({ rules, members, ask }) => html`
  <table class="rows settings-table settings-rules">
    <colgroup><col class="c-of" /><col class="c-which" /><col class="c-how" /><col class="c-whom" /><col class="c-acts" /></colgroup>
    <thead>
      <tr>
        <th scope="col">${say.of}</th>
        <th scope="col">${say.which}</th>
        <th scope="col">${say.how}</th>
        <th scope="col">${say.whom}</th>
        <th scope="col"><span class="unseen">${say.acts}</span></th>
      </tr>
    </thead>
    <tbody>
      ${rules.map((one) => html`<${Row} key=${one.key} placed=${one} members=${members} ask=${ask} />`)}
    </tbody>
  </table>
`

/** @param {{ placed: Placed, members: Map<string, string>, ask: (act: "edit" | "remove", placed: Placed) => void }} props */
function Row({ placed, members, ask }) {
  const { owner, rule, key } = placed
  const path = owner.kind === "definition" ? `/definitions/${encodeURIComponent(owner.id)}` : `/schedules/${owner.id}`
  const channels = rule.channels.map((/** @type {string} */ name) => say.channels[name]).join(", ")
  const whom = whomOf(rule, members).join(", ")
  return html`
    <tr data-id=${key}>
      <td><${Icon} name=${owner.kind === "definition" ? "definitions" : "schedules"} size=${14} /> <a class="name" href=${address(path)}>${owner.name}</a><span class="beneath">${ofWhich(rule)}</span></td>
      <td title=${ofWhich(rule)}>${ofWhich(rule)}</td>
      <td>${channels}</td>
      <td title=${whom}>${whom}</td>
      <td class="settings-acts">
        ${mayChange(owner) &&
        html`
          <${Menu} label=${say.actsOn(owner.name)} icon="more" bare class="quiet">
            <button type="button" class="item" onClick=${() => ask("edit", placed)}>${say.edit}</button>
            <button type="button" class="item" onClick=${() => ask("remove", placed)}>${say.remove}</button>
          <//>
        `}
      </td>
    </tr>
  `
}

/** Whom it tells, in words. @param {import("../notificationrules.js").Rule} rule @param {Map<string, string>} members */
function whomOf({ starter, members: ids = [], addresses = [], slack, webhook }, members) {
  const own = session.value?.keyId
  const people = ids.map((/** @type {string} */ id) => (id === own ? settings.you : (members.get(id) ?? id)))
  return [starter && say.starter, ...people, ...addresses, slack && say.channels.slack, webhook && say.channels.webhook].filter(Boolean)
}

/** @param {{ placed: any, close: () => void }} props the log tells of the change */
function Remove({ placed: { owner, rule }, close }) {
  const act = async () => {
    await keepRule(owner, rule, null)
    announce(say.removed)
  }
  return html`<${Confirm} title=${say.removeTitle(owner.name)} button=${say.remove} act=${act} close=${close} dangerous><p>${say.removeHelp(ofWhich(rule))}</p><//>`
}
