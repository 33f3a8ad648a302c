// @ts-check
// A button that opens a panel below it: the browser's own popover, which closes by Escape and by a press elsewhere.

import { Icon } from "../icons.js"
import { html, useEffect, useId, useRef, useState } from "../vendor/htm-preact-standalone.js"

/**
 * @param {{ label: string, icon?: string, name?: string, bare?: boolean, class?: string, children?: any }} props ``label`` is what stands on the
 * button, unless it is ``bare``; ``name`` what it is called where that says too little
 */
export function Menu({ label, icon, name, bare = false, class: kind = "", children }) {
  const id = useId()
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null))
  const panel = useRef(/** @type {HTMLDivElement | null} */ (null))
  const [open, setOpen] = useState(false)
  usePlace(open, button, panel)
  // What was chosen is done, and the panel in the way.
  /** @param {any} event */
  const chosen = (event) => event.target.closest(".item") && panel.current?.hidePopover()
  /** @param {any} event */
  const toggled = (event) => setOpen(event.newState === "open")
  return html`
    <button ref=${button} type="button" class=${`menu ${kind}`} popovertarget=${id} aria-expanded=${open} aria-label=${bare ? label : name && `${name}: ${label}`}>
      ${icon && html`<${Icon} name=${icon} />`}${!bare && html`<span class="label">${label}</span><${Icon} name="down" size=${12} />`}
    </button>
    <div ref=${panel} id=${id} class="panel" popover="auto" onToggle=${toggled} onClick=${chosen}>${open && children}</div>
  `
}

/**
 * The arrow of a split button. ``children`` is a function that gets how to close the panel, and gives what is in it.
 * @param {{ name: string, class?: string, disabled?: boolean, children?: any }} props
 */
export function Panel({ name, class: kind = "", disabled = false, children }) {
  const id = useId()
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null))
  const panel = useRef(/** @type {HTMLDivElement | null} */ (null))
  const [open, setOpen] = useState(false)
  usePlace(open, button, panel)
  /** @param {any} event */
  const toggled = (event) => setOpen(event.newState === "open")
  return html`
    <button ref=${button} type="button" class=${`arrow ${kind}`} popovertarget=${id} aria-expanded=${open} aria-label=${name} disabled=${disabled}>
      <${Icon} name="down" size=${12} />
    </button>
    <div ref=${panel} id=${id} class="panel" popover="auto" onToggle=${toggled}>${open && children(() => panel.current?.hidePopover())}</div>
  `
}

/** Near its button, as long as it is open. @param {boolean} open @param {{ current: HTMLElement | null }} button @param {{ current: HTMLElement | null }} panel */
function usePlace(open, button, panel) {
  useEffect(() => {
    const [from, to] = [button.current, panel.current]
    if (!open || !from || !to) return
    const put = () => place(from, to)
    put()
    // What is in it may come later, and what is on the button change.
    const watching = new ResizeObserver(put)
    watching.observe(to)
    watching.observe(from)
    return () => watching.disconnect()
  }, [open])
}

/** @param {HTMLElement} button @param {HTMLElement} panel */
function place(button, panel) {
  const { left, bottom, top } = button.getBoundingClientRect()
  const { offsetWidth, offsetHeight } = panel
  panel.style.left = `${Math.max(8, Math.min(left, innerWidth - offsetWidth - 8))}px`
  const below = bottom + 4
  panel.style.top = `${below + offsetHeight > innerHeight ? Math.max(8, top - offsetHeight - 4) : below}px`
}
