// @ts-check
// The space that is shown. Only keys of the whole store open several.

import { useAnswer } from "../answers.js"
import { get } from "../api.js"
import { go } from "../router.js"
import { useSession } from "../session.js"
import { shell } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { FIRST } from "../routes.js"
import { Icon } from "../icons.js"
import { Menu } from "./menu.js"

/** @typedef {{ id: string, code?: string, name: string }} Space */

/** @param {Space} space */
const codeOf = ({ id }) => id.replace(/^us_sp_/, "")

export function Spaces() {
  const { space, home, everySpace } = useSession()
  const { data: spaces = [] } = useAnswer((signal) => get("/v1/spaces", { pageSize: 200 }, signal), ["space:*"], [space])
  const name = spaces.find((/** @type {Space} */ one) => codeOf(one) === space)?.name ?? space
  if (!everySpace || spaces.length < 2) return html`<p class="space"><${Icon} name="space" /><span class="label">${name}</span></p>`
  return html`
    <${Menu} label=${name} icon="space" name=${shell.space} class="space">
      <ul>
        ${spaces.map((/** @type {Space} */ one) => {
          const code = codeOf(one)
          const choose = () => go(FIRST, { space: code === home ? null : code })
          return html`
            <li key=${code}>
              <button type="button" class="item" aria-current=${code === space ? "true" : undefined} onClick=${choose}>
                ${one.name}<small>${code}</small>
              </button>
            </li>
          `
        })}
      </ul>
    <//>
  `
}
