// @ts-check
// The person's menu: how things look, which clock counts, the password, and the way out.

import { put, Refused } from "../api.js"
import { ownZone, theme, zone } from "../preferences.js"
import { address } from "../router.js"
import { logOut, useSession } from "../session.js"
import { useCell } from "../store.js"
import { password, shell } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { Dialog } from "./dialog.js"
import { Menu } from "./menu.js"
import { told, Trouble } from "./trouble.js"

const THEMES = /** @type {const} */ (["system", "light", "dark"])

/** @param {{ showHelp: () => void }} props */
export function Account({ showHelp }) {
  const { member, role } = useSession()
  const [setting, setSetting] = useState(false)
  const name = member?.name ?? (role === "admin" ? shell.administrator : shell.key)
  const leave = () => logOut().catch((error) => announce(told(error), "bad"))
  return html`
    <${Menu} label=${name} icon="person" name=${shell.person} class="person">
      <p class="who"><strong>${name}</strong><br />${member?.email ? `${member.email} · ` : ""}${shell.roles[role] ?? role}</p>
      <${Themes} />
      <${Zones} />
      <a class="item button" href=${address("/settings/profile")}>${shell.profile}</a>
      <button type="button" class="item" onClick=${showHelp}>${shell.shortcuts}<kbd>?</kbd></button>
      ${member && html`<button type="button" class="item" onClick=${() => setSetting(true)}>${shell.setPassword}</button>`}
      <button type="button" class="item" onClick=${leave}>${shell.logOut}</button>
    <//>
    ${setting && html`<${Password} close=${() => setSetting(false)} />`}
  `
}

export function Themes() {
  const chosen = useCell(theme)
  return html`
    <fieldset class="choice">
      <legend>${shell.theme}</legend>
      ${THEMES.map(
        (one) => html`
          <label key=${one}>
            <input type="radio" name="theme" checked=${one === chosen} onChange=${() => theme.set(one)} /><span>${shell.themes[one]}</span>
          </label>
        `,
      )}
    </fieldset>
  `
}

export function Zones() {
  const chosen = useCell(zone)
  const all = Intl.supportedValuesOf("timeZone")
  /** @param {any} event */
  const choose = (event) => zone.set(event.currentTarget.value)
  return html`
    <label class="field">
      <span>${shell.zone}</span>
      <select value=${chosen} onChange=${choose}>
        <option value="">${shell.ownZone(ownZone)}</option>
        ${["UTC", ...all.filter((one) => one !== "UTC")].map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
      </select>
    </label>
  `
}

/** @param {{ close: () => void }} props */
export function Password({ close }) {
  const [error, setError] = useState(/** @type {Refused | null} */ (null))
  /** @param {SubmitEvent} event */
  const save = async (event) => {
    event.preventDefault()
    const given = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget))
    try {
      await put("/v1/members/me/password", { old: given.get("old") || undefined, new: given.get("new") })
      close()
      announce(password.done)
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
    }
  }
  return html`
    <${Dialog} title=${password.title} close=${close}>
      <form class="form" onSubmit=${save}>
        <${Trouble} error=${error} />
        <label class="field">
          <span>${password.old}</span><input name="old" type="password" autocomplete="current-password" />
          <small>${password.oldHelp}</small>
        </label>
        <label class="field">
          <span>${password.new}</span>
          <input name="new" type="password" autocomplete="new-password" required minlength="12" /><small>${password.newHelp}</small>
        </label>
        <footer><button class="primary">${password.save}</button></footer>
      </form>
    <//>
  `
}
