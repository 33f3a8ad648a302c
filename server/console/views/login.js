// @ts-check
// Logging in, also anew over the page of who was there, by a link or a password. The link's secret stands behind #, which browsers send nowhere; it is taken out of the address at once.

import { Refused } from "../api.js"
import { announce } from "../parts/announce.js"
import { CodeBlock } from "../parts/copy.js"
import { Trouble } from "../parts/trouble.js"
import { go, place } from "../router.js"
import { FIRST } from "../routes.js"
import { leave, logIn, session } from "../session.js"
import { useCell } from "../store.js"
import { login as say, shell } from "../strings.js"
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {Refused | null} Problem */

export function Login() {
  const found = useCell(session)
  const [link] = useState(takeLink)
  const [asked, setAsked] = useState(Boolean(link && found))
  const [byLink, setByLink] = useState(Boolean(link && !found))
  const [busy, setBusy] = useState(byLink)
  const [error, setError] = useState(/** @type {Problem} */ (null))

  /** @param {Parameters<typeof logIn>[0]} how */
  const enter = async (how) => {
    setAsked(false)
    setByLink("link" in how)
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
        : busy && byLink
          ? html`<p role="status">${say.byLink}</p>`
          : html`<${ByPassword} enter=${enter} busy=${busy} /><${Help} />`}
    </main>
  `
}

/**
 * Over the page of who was there, which stays as it is and is not seen meanwhile: they find what they had typed, and whoever else comes begins anew.
 * @param {{ session: import("../session.js").Session }} props
 */
export function LoginAgain({ session: { home } }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null))
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState(/** @type {Problem} */ (null))
  const open = () => ref.current?.showModal()
  // Before the page is drawn without what has the focus, which would lose it.
  useLayoutEffect(() => {
    const { title, activeElement } = document
    document.title = `${say.over} · ${shell.product}`
    open()
    return () => {
      document.title = title
      // What was pressed last may have been dark, and lost the focus by that.
      const before = activeElement === document.body ? document.getElementById("main") : activeElement
      queueMicrotask(() => before instanceof HTMLElement && before.focus())
    }
  }, [])
  /** @param {Parameters<typeof logIn>[0]} how */
  const enter = async (how) => {
    setBusy(true)
    setError(null)
    try {
      await logIn(how)
      announce(say.back)
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
      setBusy(false)
    }
  }
  // There is no way round it, neither by a key nor by the gesture that goes back.
  const stay = (/** @type {Event} */ event) => event.preventDefault()
  const onKey = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && stay(event)
  return html`
    <dialog ref=${ref} class="login-again" role="alertdialog" aria-labelledby="again" aria-describedby="again-help" onKeyDown=${onKey} onCancel=${stay} onClose=${open}>
      <div class="login">
        <h1 id="again">${say.over}</h1>
        <p id="again-help">${say.overHelp}</p>
        <${Trouble} error=${error} />
        <${ByPassword} enter=${enter} busy=${busy} space=${home} />
        <${Help} />
        <p class="soft">${say.overLink}</p>
        <p><button type="button" onClick=${leave}>${say.anew}</button></p>
      </div>
    </dialog>
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

/** @param {{ enter: (how: { email: string, password: string, space: string }) => void, busy: boolean, space?: string }} props */
function ByPassword({ enter, busy, space = place.value.query.get("space") ?? "default" }) {
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
        <span>${say.space}</span><input name="space" value=${space} maxlength="80" autocomplete="organization" />
        <small>${say.spaceHelp}</small>
      </label>
      <footer><button class="primary" disabled=${busy}>${say.submit}</button></footer>
    </form>
  `
}

const Help = () => html`<p class="soft">${say.linkHelp}</p><${CodeBlock} label="shell" text=${say.linkCommand} />`
