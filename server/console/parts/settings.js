// @ts-check
// What stands around each page of the settings: the way to the others, and who may see it.

import { address } from "../router.js"
import { may } from "../session.js"
import { settings as say, views } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { Heading } from "./page.js"

/** Each page, and the permission that it takes. */
const PAGES = /** @type {const} */ ([
  ["members", "administer"],
  ["keys", "administer"],
  ["secrets", "read"],
  ["notifications", "read"],
  ["retention", "read"],
  ["spaces", "read"],
  ["audit", "administer"],
  ["profile", "read"],
])

/** The pages that who is logged in may see. @returns {string[]} */
export const pages = () => PAGES.filter(([, permission]) => may(permission)).map(([name]) => name)

/** @param {{ name: string, children?: any }} props the page is drawn, and reads, only for who may see it */
export function Settings({ name, children }) {
  const shown = pages()
  return html`
    <nav class="tabs settings-pages" aria-label=${views.settings}>
      ${shown.map((one) => html`<a key=${one} href=${address(`/settings/${one}`)} aria-current=${one === name ? "page" : undefined}>${say.pages[one]}</a>`)}
    </nav>
    ${shown.includes(name) ? children : html`<${Heading} title=${say.pages[name]} /><p class="notice">${say.onlyAdministrators}</p>`}
  `
}
