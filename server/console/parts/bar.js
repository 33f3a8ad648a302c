// @ts-check
// A bar that glides. It is drawn by a transform, which costs the page no layout.

import { html } from "../vendor/htm-preact-standalone.js"

/**
 * @param {{ label: string, status: string, progress?: number, text?: string }} props ``progress`` in percent; without it the bar is
 * that of something which goes on, nobody knows how far
 */
export function Bar({ label, status, progress, text }) {
  const known = progress !== undefined
  return html`
    <div
      class="bar"
      role="progressbar"
      data-status=${status}
      data-unknown=${!known && status === "executing" ? "" : undefined}
      aria-label=${label}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${known ? progress : undefined}
      aria-valuetext=${known ? `${progress} %${text ? `, ${text}` : ""}` : text}
    >
      <div style=${{ transform: `scaleX(${(known ? progress : 0) / 100})` }}></div>
    </div>
  `
}
