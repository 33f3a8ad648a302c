// @ts-check
// What can be done with a schedule: switched, run now, changed, taken over, deleted. What would be refused is not offered.

import { part, patch, post, postOnce, remove } from "../api.js"
import { Icon } from "../icons.js"
import { address } from "../router.js"
import { may, session } from "../session.js"
import { schedules as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { Confirm } from "./confirm.js"
import { Menu } from "./menu.js"
import { Switch } from "./switch.js"
import { told } from "./trouble.js"

/** @typedef {import("../timetable.js").Shown} Shown */
/** @typedef {{ schedule: Shown, gone?: () => void }} Props ``gone`` is called when it was deleted */

/** @param {string} id */
const path = (id) => `/v1/schedules/${part(id)}`

/** Who owns it, in a word. @param {Shown} schedule */
export function ownerOf({ owner, ownerName }) {
  if (owner === session.value?.keyId) return say.you
  return ownerName ?? (owner.startsWith("us_mem_") ? say.colleague : say.key)
}

/** Why its switch cannot be pressed, if so. @param {Shown} schedule */
const kept = ({ origin }) => (origin === "definition" ? say.ofDefinition : origin === "action" ? say.ofAction : undefined)

/** @param {{ schedule: Shown }} props */
export function ScheduleSwitch({ schedule }) {
  const { id, name, enabled } = schedule
  const reason = may("schedule") ? kept(schedule) : say.mayNot
  /** @param {boolean} on */
  const turn = async (on) => {
    try {
      await patch(path(id), { enabled: on })
      announce(on ? say.switchedOn(name) : say.switchedOff(name))
    } catch (error) {
      announce(told(/** @type {Error} */ (error)), "bad")
    }
  }
  return html`<${Switch} on=${enabled} label=${say.switchOf(name)} disabled=${Boolean(reason)} title=${reason ?? say.whoTurns} turn=${turn} />`
}

/** @param {string} id */
async function runNow(id) {
  try {
    const { data } = await postOnce(`${path(id)}/run`)
    announce(say.started)
    return data.jobId
  } catch (error) {
    announce(told(/** @type {Error} */ (error)), "bad")
  }
}

/** All of it behind one small button. @param {Props} props */
export function ScheduleMenu({ schedule, gone }) {
  const [asked, ask] = useState(/** @type {"" | "remove" | "take"} */ (""))
  if (!may("schedule")) return null
  const close = () => ask("")
  const mine = schedule.owner === session.value?.keyId
  return html`
    <${Menu} label=${say.actionsOf(schedule.name)} icon="more" bare class="quiet">
      <button type="button" class="item" title=${say.runNowHelp} onClick=${() => runNow(schedule.id)}>${say.runNow}</button>
      ${schedule.origin === "own" && html`<a class="item button" href=${address(`/schedules/${schedule.id}/edit`)}>${say.edit}</a>`}
      ${!mine && html`<button type="button" class="item" onClick=${() => ask("take")}>${say.takeOver}</button>`}
      <a class="item button" href=${address("/runs", { schedule: schedule.id })}>${say.showHistory}</a>
      ${schedule.origin === "own" && html`<button type="button" class="item" onClick=${() => ask("remove")}>${say.remove}</button>`}
    <//>
    ${asked === "remove" && html`<${Remove} schedule=${schedule} gone=${gone} close=${close} />`}
    ${asked === "take" && html`<${TakeOver} schedule=${schedule} close=${close} />`}
  `
}

/** The same as buttons of a page. @param {Props} props */
export function ScheduleButtons({ schedule, gone }) {
  const [asked, ask] = useState(/** @type {"" | "remove" | "take"} */ (""))
  if (!may("schedule")) return null
  const close = () => ask("")
  const mine = schedule.owner === session.value?.keyId
  return html`
    <button type="button" title=${say.runNowHelp} onClick=${() => runNow(schedule.id)}><${Icon} name="play" size=${14} />${say.runNow}</button>
    ${schedule.origin === "own" && html`<a class="button" href=${address(`/schedules/${schedule.id}/edit`)}>${say.edit}</a>`}
    ${!mine && html`<button type="button" onClick=${() => ask("take")}>${say.takeOver}</button>`}
    ${schedule.origin === "own" && html`<button type="button" class="danger" onClick=${() => ask("remove")}>${say.remove}</button>`}
    ${asked === "remove" && html`<${Remove} schedule=${schedule} gone=${gone} close=${close} />`}
    ${asked === "take" && html`<${TakeOver} schedule=${schedule} close=${close} />`}
  `
}

/** @param {Props & { close: () => void }} props */
function Remove({ schedule, gone, close }) {
  const act = async () => {
    await remove(path(schedule.id))
    announce(say.removed(schedule.name))
    gone?.()
  }
  return html`
    <${Confirm} title=${say.removeTitle(schedule.name)} button=${say.remove} dangerous act=${act} close=${close}>
      <p>${say.removeHelp(schedule.definition ?? schedule.name)}</p>
    <//>
  `
}

/** @param {{ schedule: Shown, close: () => void }} props */
function TakeOver({ schedule, close }) {
  const [replaces, setReplaces] = useState(true)
  const act = async () => {
    const { data } = await post(`${path(schedule.id)}/owner`, { owner: session.value?.keyId, replaceRecipient: replaces })
    announce([say.takenOver(schedule.name), data.stillRecipient ? say.stillRecipient(data.stillRecipient) : ""].join(" "))
  }
  return html`
    <${Confirm} title=${say.takeOverTitle(schedule.name)} button=${say.takeOver} act=${act} close=${close}>
      <p>${say.takeOverHelp(ownerOf(schedule))}</p>
      <label class="tick-box">
        <input type="checkbox" checked=${replaces} onChange=${() => setReplaces(!replaces)} /><span>${say.replaceRecipient}</span>
      </label>
    <//>
  `
}
