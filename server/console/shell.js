// @ts-check
// What stands around every view: the rail with the space above and the person below, banner, announcements, help.

import { Icon } from "./icons.js"
import { Account } from "./parts/account.js"
import { Announcements } from "./parts/announce.js"
import { Banner } from "./parts/banner.js"
import { Help } from "./parts/help.js"
import { Overlay } from "./parts/overlay.js"
import { Skeleton } from "./parts/skeleton.js"
import { Spaces } from "./parts/spaces.js"
import { Unread } from "./parts/unread.js"
import { address, go, match, usePlace } from "./router.js"
import { FIRST, VIEWS } from "./routes.js"
import { may, session } from "./session.js"
import { useShortcuts } from "./shortcuts.js"
import { errors, help, shell, views } from "./strings.js"
import { html, useEffect, useErrorBoundary, useState } from "./vendor/htm-preact-standalone.js"

const listed = () => VIEWS.filter((view) => view.listed && (!view.permission || may(view.permission)) && (!view.personal || session.value?.member))

/** Letters that lead to a view, behind g. */
const LETTERS = /** @type {Record<string, string>} */ ({
  overview: "o", jobs: "j", definitions: "d", actions: "a", schedules: "s", hooks: "h", endpoints: "e", events: "v", inbox: "i", listeners: "l", settings: "t",
}) // prettier-ignore

export function Shell() {
  const { path } = usePlace()
  const [helping, setHelping] = useState(false)
  const [menu, setMenu] = useState(false)
  const showHelp = () => setHelping(true)
  useShortcuts([
    { keys: "?", label: help.show, run: showHelp },
    ...listed().map(({ name, path }) => ({ keys: `g ${LETTERS[name]}`, label: help.goTo(views[name]), run: () => go(path) })),
  ])
  useEffect(() => setMenu(false), [path])
  return html`
    <a class="skip" href="#main">${shell.skip}</a>
    <header class="topbar">
      <button type="button" class="quiet" aria-expanded=${menu} aria-controls="rail" aria-label=${shell.menu} onClick=${() => setMenu(!menu)}>
        <${Icon} name=${menu ? "close" : "menu"} />
      </button>
      <span class="brand">${shell.product}</span>
    </header>
    <section id="rail" class="rail" aria-label=${shell.product} data-open=${menu ? "" : undefined}>
      <${Spaces} />
      <${Rail} path=${path} />
      <${Account} showHelp=${showHelp} />
    </section>
    <main id="main" tabindex="-1">
      <${Banner} />
      <${Current} key=${path} path=${path} />
    </main>
    <${Overlay} />
    <${Announcements} />
    ${helping && html`<${Help} close=${() => setHelping(false)} />`}
  `
}

/** @param {{ path: string }} props */
function Rail({ path }) {
  const here = match(VIEWS, path)?.view.name
  return html`
    <nav aria-label=${shell.nav}>
      <ul>
        ${listed().map(
          ({ name, path }) => html`
            <li key=${name}>
              <a href=${address(path)} aria-current=${name === here ? "page" : undefined} title=${views[name]}>
                <${Icon} name=${name} /><span class="label">${views[name]}</span>${name === "inbox" && html`<${Unread} />`}
              </a>
            </li>
          `,
        )}
      </ul>
    </nav>
  `
}

/** Views that were loaded once are there at once. @type {Map<import("./routes.js").View, any>} */
const loaded = new Map()

/** The view of the address. @param {{ path: string }} props */
function Current({ path }) {
  const found = match(VIEWS, path)
  const [, draw] = useState(0)
  const [missing, setMissing] = useState(/** @type {Error | null} */ (null))
  const [error] = useErrorBoundary((thrown) => console.error(thrown))
  const view = found?.view
  useEffect(() => {
    if (path === "/") go(FIRST, undefined, { replace: true })
    if (!view || loaded.has(view)) return
    view.load().then(
      (module) => {
        loaded.set(view, module.default)
        draw((count) => count + 1)
      },
      (refused) => setMissing(refused),
    )
  }, [view])
  const reload = () => location.reload()
  if (error || missing) {
    return html`<div class="trouble" role="alert"><p>${errors.unforeseen}</p><button type="button" onClick=${reload}>${errors.reload}</button></div>`
  }
  if (!found) return path === "/" ? null : html`<section class="empty"><h1>${shell.notFound}</h1><p><a href=${address(FIRST)}>${shell.home}</a></p></section>`
  const Component = loaded.get(found.view)
  return Component ? html`<${Component} ...${found.params} />` : html`<${Skeleton} />`
}
