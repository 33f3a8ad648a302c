// @ts-check
// Logging in, by a link or a password. The link's secret stands behind #, which browsers send nowhere; it is taken out of the address at once.

import { Refused } from "../api.js"
import { CodeBlock } from "../parts/copy.js"
import { Trouble } from "../parts/trouble.js"
import { go, place } from "../router.js"
import { FIRST } from "../routes.js"
import { logIn, session } from "../session.js"
import { useCell } from "../store.js"
import { login as say, shell } from "../strings.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {Refused | null} Problem */

export function Login() {
  const found = useCell(session)
  const [link] = useState(takeLink)
  const [asked, setAsked] = useState(Boolean(link && found))
  const [busy, setBusy] = useState(Boolean(link && !found))
  const [error, setError] = useState(/** @type {Problem} */ (null))

  /** @param {Parameters<typeof logIn>[0]} how */
  const enter = async (how) => {
    setAsked(false)
    setBusy(true)
    setError(null)
    try {
      await logIn(how)
      if (place.value.path === "/login") go(FIRST, undefined, { replace: true })
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
      setBusy(false)
    }
  }
  useEffect(() => {
    document.title = `${say.title} · ${shell.product}`
    if (link && !found) enter({ link })
    else if (found && !link) go(FIRST, undefined, { replace: true })
  }, [])

  return html`
    <main class="login">
      <h1>${shell.product}</h1>
      <${Trouble} error=${error} />
      ${asked && link
        ? html`<${Other} name=${found?.member?.name ?? shell.administrator} use=${() => enter({ link })} />`
        : busy
          ? html`<p role="status">${say.byLink}</p>`
          : html`<${ByPassword} enter=${enter} /><${Help} />`}
    </main>
  `
}

/** The secret of the address, which then stands there no more. */
function takeLink() {
  const { path, hash } = place.value
  if (path !== "/login" || !hash) return undefined
  history.replaceState(null, "", location.pathname + location.search)
  return hash
}

/** @param {{ name: string, use: () => void }} props */
const Other = ({ name, use }) => html`
  <p>${say.otherSession(name)}</p>
  <footer>
    <button type="button" onClick=${() => go(FIRST, undefined, { replace: true })}>${say.keepSession}</button>
    <button type="button" class="primary" onClick=${use}>${say.useLink}</button>
  </footer>
`

/** @param {{ enter: (how: { email: string, password: string, space: string }) => void }} props */
function ByPassword({ enter }) {
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault()
    const given = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget))
    const text = (/** @type {string} */ name) => String(given.get(name) ?? "")
    enter({ email: text("email"), password: text("password"), space: text("space") || "default" })
  }
  return html`
    <form class="form" onSubmit=${submit}>
      <label class="field">
        <span>${say.email}</span><input name="email" type="email" autocomplete="username" required autofocus />
      </label>
      <label class="field">
        <span>${say.password}</span><input name="password" type="password" autocomplete="current-password" required />
      </label>
      <label class="field">
        <span>${say.space}</span><input name="space" value=${place.value.query.get("space") ?? "default"} maxlength="80" autocomplete="organization" />
        <small>${say.spaceHelp}</small>
      </label>
      <footer><button class="primary">${say.submit}</button></footer>
    </form>
  `
}

const Help = () => html`<p class="soft">${say.linkHelp}</p><${CodeBlock} label="shell" text=${say.linkCommand} />`
