// @ts-check
// The start: who is there decides what is shown.

import { Skeleton } from "./parts/skeleton.js"
import { Trouble } from "./parts/trouble.js"
import { reset } from "./live.js"
import * as preferences from "./preferences.js"
import * as router from "./router.js"
import { load, session, trouble } from "./session.js"
import { Shell } from "./shell.js"
import * as shortcuts from "./shortcuts.js"
import { useCell } from "./store.js"
import { html, render, useEffect } from "./vendor/htm-preact-standalone.js"
import { Login } from "./views/login.js"

function App() {
  const found = useCell(session)
  const error = useCell(trouble)
  const { path, query } = router.usePlace()
  const space = query.get("space")
  const shown = found && (space ?? found.home)
  useEffect(() => {
    // Another space is another world: nothing of the last one may stay on the page.
    if (found && found.space !== shown) load()
  }, [found, shown])
  if (error) return html`<main class="alone"><${Trouble} error=${error} again=${load} /></main>`
  if (found === undefined) return html`<main class="alone"><${Skeleton} /></main>`
  if (found === null || path === "/login") return html`<${Login} />`
  return html`<${Shell} key=${found.space + found.keyId} />`
}

preferences.begin()
router.begin()
shortcuts.begin()
session.watch(reset)
load()
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")))
