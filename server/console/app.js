// @ts-check
// The start: who is there decides what is shown.

import { Skeleton } from "./parts/skeleton.js"
import { Trouble } from "./parts/trouble.js"
import { reset, resume } from "./live.js"
import * as preferences from "./preferences.js"
import * as router from "./router.js"
import { ended, load, session, standing, trouble } from "./session.js"
import { VIEWS } from "./routes.js"
import { Shell } from "./shell.js"
import * as shortcuts from "./shortcuts.js"
import { useCell } from "./store.js"
import { html, render, useEffect } from "./vendor/htm-preact-standalone.js"
import { Login, LoginAgain } from "./views/login.js"

function App() {
  const found = useCell(session)
  const error = useCell(trouble)
  const isOver = useCell(ended)
  const { path, query } = router.usePlace()
  const space = query.get("space")
  const shown = found && (space ?? found.home)
  useEffect(() => {
    // Another space is another world: nothing of the last one may stay on the page.
    if (found && found.space !== shown) load()
  }, [found, shown])
  if (error && !(found && found.space === shown)) return html`<main class="alone"><${Trouble} error=${error} again=${load} /></main>`
  if (found === undefined) return html`<main class="alone"><${Skeleton} /></main>`
  if (found === null || path === "/login") return html`<${Login} />`
  return html`<${Shell} key=${standing(found)} />${isOver && html`<${LoginAgain} session=${found} />`}`
}

preferences.begin()
router.begin()
shortcuts.begin()
let stood = standing(session.value)
session.watch((found) => {
  if (standing(found) === stood) resume()
  else reset()
  stood = standing(found)
})
load()
// What will be shown is fetched meanwhile; who shows it says so where it is missing.
router.match(VIEWS, router.place.value.path)?.view.load().catch(() => undefined)
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")))
